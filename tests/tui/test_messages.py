"""Messages: what happened is held without words, and a front end says it with its own keys, or with none."""

from __future__ import annotations

import pytest

from tui_backprop.debugger.breakpoints import Breakpoints
from tui_backprop.debugger.running import Run
from tui_backprop.debugger.steps import Place, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.keys import KEY_OF
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.conditions import read_breakpoint
from tui_backprop.notation.edits import read_edit
from tui_backprop.notation.moments import NoMomentError, read_moment
from tui_backprop.programs.opening import open_program

from .moments import finish

OTHER_KEYS = {"step": "Enter", "back": "z", "edit": "c", "branch": "n", "run": "g"}


def two_branches() -> Timeline:
    timeline = Timeline(open_program("chain"))
    timeline.fork(read_edit("a = 2", timeline.edited_state, timeline.graph, ""))
    return timeline


def test_a_fork_is_said_with_the_key_that_goes_back_where_there_is_one() -> None:
    timeline = Timeline(open_program("chain"))
    timeline.forward(after_step)
    message = timeline.fork(read_edit("a = 2", timeline.edited_state, timeline.graph, ""))
    assert message.kind == "forked"
    said = "a 1 → 2: iteration 1 was computed again from its start, to this same step."
    assert sentences(message, KEY_OF)[0] == f"{said} E: the branch without it."
    assert sentences(message, OTHER_KEYS)[0] == f"{said} n: the branch without it."
    assert set(sentences(message, {})) == {said}
    finish(timeline, 1)
    message = timeline.fork(read_edit("a = 3", timeline.edited_state, timeline.graph, ""))
    assert sentences(message, {})[-1] == "a 2.2 → 3: iteration 2 starts with it."


def test_a_switch_says_which_branch_it_is_and_where() -> None:
    timeline = two_branches()
    message = timeline.switch()
    assert message is not None
    assert sentences(message, KEY_OF) == (
        "This is branch 1 of 2, original, at the same step. E goes to the next.",
        "This is branch 1 of 2, original, at the same step.",
        "This is branch 1 of 2.",
    )
    assert sentences(message, {}) == sentences(message, KEY_OF)[1:]
    assert Timeline(open_program("chain")).switch() is None


def test_a_run_that_pauses_and_one_that_an_error_stops() -> None:
    timeline = Timeline(open_program("chain"))
    run = Run(timeline, 2)
    run.start()
    while run.tick():
        pass
    assert run.message is not None
    assert [sentences(run.message, keys) for keys in (KEY_OF, OTHER_KEYS, {})] == [
        ("paused: r runs on",),
        ("paused: g runs on",),
        ("paused",),
    ]
    timeline = Timeline(open_program("perceptron", learning_rate=1000.0))
    run = Run(timeline, 0)
    run.start()
    while run.tick():
        pass
    assert run.message is None
    assert not run.tick()
    said = "stopped at log: b steps back, e edits a number or the learning rate"
    assert sentences(run.message, KEY_OF) == (said,)
    assert sentences(run.message, {}) == ("stopped at log",)
    timeline.fork(read_edit("learning rate = 2000", timeline.edited_state, timeline.graph, ""))
    assert sentences(run.stopped(), KEY_OF) == (f"{said}, E returns",)


@pytest.mark.parametrize(
    ("condition", "backwards", "said"),
    [
        ("node b", False, "breakpoint: node b"),
        ("gradient > 1e9", False, "no breakpoint up to iteration 3, where a run pauses"),
        ("gradient > 1e9", True, "no breakpoint before here: this is the start"),
    ],
)
def test_what_ends_a_search_for_a_breakpoint(condition: str, backwards: bool, said: str) -> None:
    timeline = Timeline(open_program("chain"))
    timeline.forward(after_step)
    breakpoints = Breakpoints()
    breakpoints.add(read_breakpoint(condition, timeline.graph))
    run = Run(timeline, 3)
    run.look_for(breakpoints, backwards=backwards)
    while run.tick():
        pass
    assert run.message is not None
    assert sentences(run.message, {}) == (said,)


def test_no_further_stop_names_the_keys_that_go_on() -> None:
    run = Run(two_branches(), 0)
    said = "no further stop: b steps back, e edits a number or the learning rate, E returns"
    assert sentences(run.stopped("no further stop"), KEY_OF) == (said,)


def test_a_place_that_training_does_not_come_to() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000.0))
    timeline.go_to(Place(1))
    for name, called in {
        "4": "iteration 4",
        "3.7": "iteration 3, event 7",
        "2:W:update": "iteration 2, event 58",
    }.items():
        for asked_before in (True, False):
            # before: from a whole iteration; after: from one that an error ended
            timeline.go_to(Place(1) if asked_before else Place(4))
            asked = read_moment(name, timeline)
            timeline.go_to(asked)
            message = timeline.missed(asked)
            assert message is not None
            assert sentences(message, {}) == (
                f"There is no {called}: training stopped in iteration 2, after event {timeline.cursor}.",
            )
    timeline.go_to(Place(1))
    assert timeline.missed(Place(1)) is None


def test_in_a_first_iteration_that_stops_there_is_nothing_behind_the_stop() -> None:
    timeline = Timeline(open_program("perceptron"))
    timeline.fork(read_edit("W[0,0] = 1e12", timeline.edited_state, timeline.graph, ""))
    assert timeline.go_to(read_moment("1:p:forward", timeline))
    with pytest.raises(
        NoMomentError, match=r"^There is no 3:W:update: training stopped in iteration 1, after event 8\.$"
    ):
        read_moment("3:W:update", timeline)
