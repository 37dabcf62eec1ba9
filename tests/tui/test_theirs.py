"""A learner's gradient beside the right one: in ledger, graph, log, header, code and without a screen."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.beliefs.comparison import parting
from tui_backprop.commands import headless
from tui_backprop.commands.cli import main
from tui_backprop.debugger import diagnosing
from tui_backprop.debugger.edits import NumberEdit
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place, after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.graph.foldings import Foldings
from tui_backprop.graph.item_views import node_marks, row_view
from tui_backprop.graph.labels import legend
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.code_view import code_lines
from tui_backprop.inspector.value_view import gradient_state
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.narration.theirs import explanation
from tui_backprop.panes.header import draw_header
from tui_backprop.programs.learners_engine import LearnersEngine
from tui_backprop.programs.program import Program
from tui_backprop.programs.recorded import RecordedStep
from tui_backprop.verdict import _spread, judge

from .learners_engine import program_of_theirs
from .moments import finish, narrate_event


def completed(program: Program, name: str) -> tuple[Moment, dl.Node]:
    """Return the moment at which the gradient of a node is complete, and the node."""
    timeline = Timeline(program)
    while timeline.forward(after_event):
        event = timeline.moment.event
        if isinstance(event, dl.GradientCompleted) and event.node.name == name:
            return timeline.moment, event.node
    raise AssertionError(f"no gradient of {name}")


def one_operation(theirs: dict[str, object], *, scopes: bool = False) -> Program:
    """Return J = Σ(w + w + b)², w (2,2), with these gradients as those of a learner's engine."""
    with dl.Graph().as_default():
        w, b = dl.Variable([[1.0, 2.0], [3.0, 4.0]], name="w"), dl.Variable(1.0, name="b")
        with dl.name_scope("model"):
            inner = dl.add(dl.add(w, w, name="twice"), b, name="sum")
        loss = dl.reduce_sum(dl.square(inner, name="square"), name="J")
    example, optimizer = Example(loss, {}), GradientDescentOptimizer(0.01)
    nodes = {node.name: node for node in (w, b, inner, loss, *loss.inputs, inner.inputs[0])}
    found = {nodes[name]: np.asarray(value) for name, value in theirs.items()}
    step = RecordedStep(loss, optimizer, optimizer, {}, 0.0, theirs=found)
    lesson = Lesson("mine.py", "Mine.", lambda _: example, 0.01)
    return Program(lesson, example, optimizer, None, "mine.py", steps=[step], engine=ENGINE)


ENGINE = LearnersEngine("Tensor", "mine.py", "data", "grad", {})
RIGHT_W = [[12.0, 20.0], [28.0, 36.0]]


def ledger(moment: Moment, node: dl.Node, followed: Followed | None = None) -> str:
    return plain(draw_inspector(moment, "ledger", followed or Followed(), 62, 40, node))


# the rule


@pytest.mark.parametrize(
    ("theirs", "right", "contributions", "expected"),
    [
        (1.0, 1.0 + 1e-12, [], False),
        (1.0, 1.0 + 1e-6, [], True),
        (1e-9, 0.0, [], True),
        (1e-17, 0.0, [1.0, -1.0], False),
        (1e-8, 1e-8 + 3e-9, [], True),
        (np.nan, np.nan, [], False),
        (np.nan, 1.0, [], True),
        (np.inf, np.inf, [], False),
        (1.0, np.inf, [], True),
        (-np.inf, np.inf, [], True),
        (np.float32(0.1), 0.1, [], False),
        (np.float32(0.1), 0.1001, [], True),
    ],
)
def test_gradients_part_by_more_than_rounding(
    theirs: float, right: float, contributions: list[float], expected: bool
) -> None:
    parts = parting(np.asarray(theirs), np.asarray(right), [np.abs(each) for each in contributions])
    assert parts is not None
    assert bool(parts) is expected


def test_arrays_of_other_shapes_cannot_be_compared() -> None:
    assert parting(np.zeros(2), np.zeros((2, 1)), []) is None


# on the screen


def test_a_number_that_parts_stands_beside_the_right_one_with_what_explains_it() -> None:
    moment, a = completed(program_of_theirs(), "a")
    text = ledger(moment, a)
    assert "yours      2   ✗ parts" in text
    assert "right     -1" in text
    assert "yours is contribution 3 of 4 alone, from add" in text
    assert "Yours parts: it is 2, not -1." in narrate_event(moment, moment.cursor - 1)


def test_a_number_that_agrees_says_so() -> None:
    moment, a = completed(program_of_theirs(right=True), "a")
    assert "yours     ✓ agrees" in ledger(moment, a)
    assert "Yours agrees." in narrate_event(moment, moment.cursor - 1)


def test_nothing_of_theirs_is_seen_before_the_right_one_is_complete() -> None:
    moment, a = completed(program_of_theirs(), "a")
    before = replace(moment, cursor=moment.cursor - 1, shown=moment.cursor - 2)
    assert "yours" not in ledger(before, a)
    assert before.agrees(a) is None
    assert [node.name for node in before.parted] == ["b"]
    assert [node.name for node in moment.parted] == ["b", "a"]


def test_two_numbers_that_look_alike_are_written_so_that_they_differ() -> None:
    moment, b = completed(one_operation({"b": 48.0000001}), "b")
    text = ledger(moment, b)
    assert "48.0000001" in text
    assert "48.0000000" in text


def test_of_an_array_the_first_entry_that_parts_is_named_and_how_many_do() -> None:
    moment, w = completed(one_operation({"w": [[12.0, 10.0], [14.0, 36.0]]}), "w")
    text = " ".join(ledger(moment, w).split())
    assert "yours 12 ✓ agrees here" in text
    assert "2 of 4 entries part, first w[0,1]: yours 10, right 20" in text
    assert "Yours parts in 2 of 4 entries" in narrate_event(moment, moment.cursor - 1)


def test_an_array_of_another_shape_is_said() -> None:
    moment, w = completed(one_operation({"w": [12.0, 10.0]}), "w")
    assert "✗ parts: it is (2,), and the right one (2,2)" in ledger(moment, w)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (np.divide(RIGHT_W, 2), "yours is the last contribution alone, from model/twice"),
        (np.zeros((2, 2)), "yours is 0: nothing has come to it"),
        (np.multiply(RIGHT_W, 1.5), "yours has the contribution from model/twice twice"),
        (np.negative(RIGHT_W), "yours has the other sign"),
        (np.multiply(RIGHT_W, 7), ""),
    ],
)
def test_what_explains_a_gradient_that_parts(found: np.ndarray, words: str) -> None:
    moment, w = completed(one_operation({"w": found, "model/twice": np.divide(RIGHT_W, 2)}), "w")
    assert explanation(moment, w) == words


def test_a_gradient_made_from_one_that_parts_already_names_that() -> None:
    moment, w = completed(one_operation({"w": np.zeros((2, 2)), "model/twice": np.zeros((2, 2))}), "w")
    assert explanation(moment, w) == "it is made from yours of model/twice, which parts already"


def test_the_graph_signs_what_parts_what_agrees_and_what_has_nothing_beside_it() -> None:
    timeline = Timeline(one_operation({"b": 1.0, "J": 1.0}))
    finish(timeline, 1)
    moment = timeline.moment
    marks = {node.name: node_marks(node, moment)[1] for node in moment.graph.nodes}
    assert marks == {"w": "g-", "b": "g✗", "J": "g✓", "square": "g-", "model/twice": "g-", "model/sum": "g-"}
    assert plain([legend(moment, 200)]).startswith("g✗ yours parts  g✓ agrees  g- not in yours")


def test_a_folded_box_says_how_many_of_its_nodes_part() -> None:
    timeline = Timeline(one_operation({"model/twice": np.zeros((2, 2)), "model/sum": np.zeros((2, 2)), "w": RIGHT_W}))
    folded = Foldings(timeline.graph).close(frozenset({"model"}))
    item = next(item for item in folded.rows.items.values() if item.scope == "model")
    finish(timeline, 1)
    row = row_view(item, timeline.moment, folded.progress, 1, narrow=False)
    assert (row.details, row.gradient) == (("✗ 2 of 2",), "g✗")
    timeline.go_to(Place(1, 1))
    row = row_view(item, timeline.moment, folded.progress, 1, narrow=False)
    assert (row.details, row.gradient) == (("2 nodes",), "g·")


def test_the_first_line_counts_what_agrees() -> None:
    timeline = Timeline(program_of_theirs())
    texts = set()
    while timeline.moment.iteration == 1 and timeline.forward(after_event):
        line = plain([draw_header(timeline.moment, 120)])
        texts |= {part for part in line.split("  ") if "agree" in part}
        assert "agree" not in plain([draw_header(timeline.moment, 60)])
        if isinstance(timeline.moment.event, dl.IterationFinished):
            break
    assert {text.strip() for text in texts} >= {"✓ 6 of 6 agree", "✗ 6 of 7 agree", "✗ 6 of 8 agree"}


def test_in_a_narrow_first_line_each_number_has_its_own_sign() -> None:
    timeline = Timeline(program_of_theirs())
    texts = set()
    while timeline.forward(after_event) and not isinstance(timeline.moment.event, dl.IterationFinished):
        line = plain([draw_header(timeline.moment, 80)])
        texts |= set(re.findall(r"[✓✗].*?(?=  )", line))
    assert texts == {*(f"✓{count}" for count in range(1, 7)), "✗1 ✓6", "✗2 ✓6"}


def test_beside_a_cross_no_view_has_a_check_mark() -> None:
    moment, node = completed(program_of_theirs(), "b")
    assert moment.agrees(node) is False
    state = gradient_state(moment, node, Followed(), 60)
    assert state == "✗ yours parts; right: dtotal/db is -2"
    assert gradient_state(moment, node, Followed(), 30) == "✗ right: dtotal/db is -2"
    assert gradient_state(moment, node, Followed(), 12) == "✗ right: -2"
    assert gradient_state(moment, node, Followed(), 3) == "✗"
    moment, node = completed(program_of_theirs(right=True), "b")
    assert gradient_state(moment, node, Followed(), 60).startswith("✓ dtotal/db -2")


def test_the_end_of_an_iteration_says_how_many_agree_and_which_parts_first() -> None:
    timeline = Timeline(program_of_theirs())
    finish(timeline, 1)
    text = " ".join(plain(draw_inspector(timeline.moment, "", Followed(), 62, 25)).split())
    assert "✗ 6 of 8 agree; the first that parts, in the order of the search, is b" in text


SENTENCE = r"a gradient is set with = where \+= is needed \(learners_engine.py:\d+\)"


def test_the_diagnosis_comes_when_the_backward_pass_is_over() -> None:
    moment, a = completed(program_of_theirs(), "a")
    b, add = (next(node for node in moment.graph.nodes if node.name == name) for name in ("b", "add"))
    before = replace(moment, cursor=moment.cursor - 1, shown=moment.cursor - 2)
    assert before.parted == [b]
    for at, count in ((before, 0), (moment, 1)):
        assert len(re.findall(SENTENCE, " ".join(ledger(at, b).split()))) == count
        for node, title in ((b, "at fault: send"), (add, "add, backward of Number")):
            text = plain(code_lines(at, node, 80, Followed()))
            assert (title in text) is (count == 1 or node is add)
            assert ("self.slope = out.slope   ◄ ✗ here" in text) is (count == 1)
    assert not re.search(SENTENCE, " ".join(ledger(moment, a).split()))


def at_the_end(timeline: Timeline) -> str:
    finish(timeline, 1)
    return " ".join(plain(draw_inspector(timeline.moment, "", Followed(), 62, 25)).split())


def test_the_end_of_an_iteration_has_the_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(
        f"is b yours keeps .*{SENTENCE} how the variables moved", at_the_end(Timeline(program_of_theirs()))
    )
    assert at_the_end(Timeline(program_of_theirs(right=True))).count("yours") == 1
    unknown = at_the_end(Timeline(one_operation({"b": 1.0, "w": RIGHT_W})))
    assert "no mistake that is known explains it" in unknown
    monkeypatch.setattr(diagnosing, "MOST_NODES", 7)
    assert "is b the graph is too large to look for the mistake here: backprop-tui --headless does" in at_the_end(
        Timeline(program_of_theirs())
    )


def test_where_their_engine_did_not_run_the_screen_says_so() -> None:
    timeline = Timeline(program_of_theirs(steps=1))
    finish(timeline, 2)
    assert "your engine did not run this iteration: it ran 1" in plain(
        draw_inspector(timeline.moment, "", Followed(), 62, 25)
    )
    timeline.go_to(Place(1, 0))
    a = timeline.graph.nodes[0]
    assert isinstance(a, dl.Variable)
    timeline.fork(NumberEdit(a, None, 2.0, 5.0))
    text = at_the_end(timeline)
    assert "your engine did not run with these numbers" in text
    assert not re.search(SENTENCE, text)


def test_the_code_is_theirs_with_our_rule_below() -> None:
    moment, _ = completed(program_of_theirs(), "a")
    add = next(node for node in moment.graph.nodes if node.name == "add")
    text = plain(code_lines(moment, add, 80, Followed()))
    assert "def __add__(self, other: Number) -> Number:" in text
    assert "add, backward of Number" in text
    assert "other.slope = out.slope" in text
    assert "learners_engine.py:" in text
    assert "a += G" in text
    assert "G is dtotal/dadd" in text


# without a screen


@pytest.mark.parametrize("right", [True, False])
def test_headless_gives_a_verdict_and_an_exit_status(
    right: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(headless, "open_program", lambda *_: program_of_theirs(right=right))
    assert main(["--headless", "chain", "--steps", "2"]) == (0 if right else 3)
    text = capsys.readouterr().out
    if right:
        assert "✓ Number (own_engine.py): 8 gradients agree in all 2 steps" in text
    else:
        assert "✗ Number (own_engine.py): 6 of 8 gradients agree in iteration 1; the first that parts" in text
        assert re.search(r"a gradient is set with = where \+= is needed \(learners_engine.py:\d+\)", text)
        rows = [line.split() for line in text.splitlines() if line.startswith("  ")]
        assert [(row[0], *row[2:]) for row in rows[-2:]] == [("b", "2", "-2"), ("a", "2", "-1")]
    assert main(["--json", "chain", "--steps", "2"]) == (0 if right else 3)
    engine = json.loads(capsys.readouterr().out)["engine"]
    assert (engine["class"], engine["nodes"], engine["compared"]) == ("Number", 8, 8)
    found = [(each["node"], each["theirs"], each["right"]) for each in engine["disagree"]]
    assert {each["belief"] for each in engine["diagnosis"]} == (set() if right else {"overwritten"})
    assert found == ([] if right else [("b", 2.0, -2.0), ("a", 2.0, -1.0)])


def test_an_engine_that_found_no_gradient_does_not_pass() -> None:
    verdict = judge(one_operation({}))
    assert verdict is not None
    assert verdict.status == 3
    assert list(verdict.lines()) == ["✗ Tensor (mine.py): it found no gradient at all"]


def test_the_steps_of_a_long_run_are_looked_at_from_the_first_to_the_last() -> None:
    assert _spread(3, 5) == [1, 2, 3]
    assert _spread(1000, 3) == [1, 501, 1000]


def test_a_program_without_an_engine_of_its_own_has_no_verdict() -> None:
    assert judge(replace(program_of_theirs(), engine=None)) is None
