"""What is kept of a recording, a graph or a layout goes with it: nothing is alive that nobody holds."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sample_graphs import lesson_of, long_chain
from tui_backprop.debugger import left as leaving
from tui_backprop.debugger.followed import Followed, is_by_point
from tui_backprop.debugger.kept import kept
from tui_backprop.debugger.left import MANY, Left
from tui_backprop.debugger.measuring import measure
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.code_view import code_lines
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .looking import Looking


def look_at_a_gradient(moment: Moment) -> None:
    measure(moment.recording, moment.graph.variables[0], (0, 0))


def look_at_a_point(moment: Moment) -> None:
    assert is_by_point(moment, moment.graph.nodes[0], (100, 2))


def look_at_every_view(moment: Moment) -> None:
    for node in moment.graph.nodes:
        for view in ("overview", "value", "ledger", "update", "code", "check"):
            draw_inspector(moment, view, Followed(), 78, 24, node)
    draw_inspector(moment, "overview", Followed(), 78, 24)


def look_at_the_picture(moment: Moment) -> None:
    pane = Looking(moment.graph)
    for width in (80, 120):
        pane.draw(moment, width, 20, diagram=True)
        pane.draw(moment, width, 20, diagram=False)


@pytest.mark.parametrize("look", [look_at_a_gradient, look_at_a_point, look_at_every_view, look_at_the_picture])
def test_a_training_that_is_dropped_is_let_go(look: Callable[[Moment], None]) -> None:
    timeline = Timeline(open_program("perceptron"))
    timeline.go_to(Place(3))
    look(timeline.moment)
    held = timeline.recording, timeline.graph, timeline.graph.loss.graph, timeline.branch
    dropped = [weakref.ref(thing) for thing in held]
    del timeline, held
    gc.collect()
    assert [ref() for ref in dropped] == [None] * 4


def test_a_recording_that_is_left_is_let_go_though_the_training_goes_on() -> None:
    timeline = Timeline(open_program("perceptron"))
    timeline.go_to(Place(3))
    look_at_every_view(timeline.moment)
    left = weakref.ref(timeline.recording)
    timeline.go_to(Place(5))
    gc.collect()
    assert left() is None


def test_the_code_of_a_function_is_let_go_with_it() -> None:
    timeline = Timeline(open_program("perceptron"))
    node = next(node for node in timeline.graph.nodes if node.name == "p")

    def own(*arrays: object) -> object:
        return arrays

    definition = node.definition
    object.__setattr__(node, "definition", _WithCompute(definition, own))
    code_lines(timeline.moment, node, 80, Followed())
    object.__setattr__(node, "definition", definition)
    dropped = weakref.ref(own)
    del own
    gc.collect()
    assert dropped() is None


class _WithCompute:
    def __init__(self, definition: object, compute: object) -> None:
        self._definition, self.compute = definition, compute

    def __getattr__(self, name: str) -> object:
        return getattr(self._definition, name)


def test_a_result_is_found_once_for_each_owner_and_its_latest_arguments() -> None:
    class Owner:
        pass

    asked = []

    @kept
    def find(owner: Owner, number: int) -> int:
        asked.append((owner, number))
        return number

    one, other = Owner(), Owner()
    assert [find(one, 1), find(one, 1), find(other, 1), find(one, 1), find(one, 2), find(one, 1)] == [1, 1, 1, 1, 2, 1]
    assert asked == [(one, 1), (other, 1), (one, 2), (one, 1)]


def test_what_was_left_of_a_large_graph_is_let_go_piece_by_piece() -> None:
    timeline, left = Timeline(program_of(lesson_of("long-chain", lambda: long_chain(2100)))), Left()
    timeline.leave = left.take
    timeline.forward(after_iteration)
    recording, events = weakref.ref(timeline.recording), timeline.recording.events
    count = len(events)
    assert count > MANY
    timeline.begin_next()
    seen, pieces = timeline.recording, 0
    assert recording() is None
    while left:
        left.let_go(lambda: True)
        pieces += 1
        assert len(events) >= count - 500 * pieces
        assert pieces < 200
    assert not events
    assert pieces > 10
    assert timeline.recording is seen


def test_what_an_engine_found_stays_where_its_recording_was_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "MANY", 5)
    path = Path(__file__).parents[2] / "docs" / "own_engine.py"
    timeline, left = Timeline(open_program(str(path))), Left()
    timeline.leave = left.take

    def found() -> tuple[int, list[str]]:
        timeline.go_to(Place(1))
        return len(timeline.recording.theirs), [node.name for node in timeline.moment.parted]

    before = found()
    timeline.go_to(Place(2))
    assert left
    left.let_go(lambda: False)
    assert before == found() != (0, [])


def test_what_somebody_looks_at_is_not_taken_apart() -> None:
    timeline, left = Timeline(program_of(lesson_of("long-chain", lambda: long_chain(2100)))), Left()
    timeline.leave = left.take
    timeline.forward(after_iteration)
    moment, events = timeline.moment, len(timeline.recording.events)
    timeline.begin_next()
    timeline.open(1)
    left.let_go(lambda: False)
    assert not left
    assert len(moment.recording.events) == events
