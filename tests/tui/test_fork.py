"""Editing the past: what an edit means, that no branch loses a bit, and what is said of an edit that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from minidl_core import Graph, NonFiniteError, Session, Variable
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.debugger.branches import MOST_BRANCHES, States
from tui_backprop.debugger.edits import Edit, NumberEdit
from tui_backprop.debugger.message import Message
from tui_backprop.debugger.steps import after_event, after_iteration, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import load_lesson
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.edits import EditError, branch_label, label, read_edit, written_out
from tui_backprop.notation.formats import number
from tui_backprop.notation.losses_beside import losses_beside

from .moments import finish
from .test_timeline import fingerprint, open_lesson


def edit_of(timeline: Timeline, typed: str) -> Edit:
    return read_edit(typed, timeline.edited_state, timeline.graph, "")


def fork(timeline: Timeline, typed: str) -> Message:
    return timeline.fork(edit_of(timeline, typed))


def losses_by_hand(edits: dict[int, str], iterations: int) -> list[float]:
    """Train the perceptron with the engine alone; an edit is code that is run after so many iterations."""
    lesson = load_lesson("perceptron")
    example = lesson.build(lesson.seed)
    session, optimizer = Session(), GradientDescentOptimizer(lesson.learning_rate)
    step = optimizer.minimize(example.loss)
    names = {node.name: node for node in example.loss.graph.nodes}
    feeds = {node: array.copy() for node, array in example.feeds.items()}
    losses = []
    for iteration in range(iterations):
        match edits.get(iteration, "").split():
            case ["rate", value]:
                optimizer.learning_rate = float(value)
            case ["X", row, column, value]:
                feeds[names["X"]][int(row), int(column)] = float(value)
            case [name, row, column, value]:
                array = np.array(session.variables.get(names[name], names[name].initial_value))
                array[int(row), int(column)] = float(value)
                session.variables[names[name]] = array
        losses.append(float(session.run(example.loss, feeds)))
        session.run(step, feeds)
    return losses


def losses_of(timeline: Timeline, iterations: int) -> list[float]:
    finish(timeline, iterations)
    return [timeline.losses.loss_at(n) or 0.0 for n in range(1, iterations + 1)]


@pytest.mark.parametrize(
    ("typed", "by_hand"),
    [("W[0,0] = 1", "W 0 0 1"), ("X[3,1] = -2.5", "X 3 1 -2.5"), ("learning rate = 0.002", "rate 0.002")],
)
@pytest.mark.parametrize("finished", [0, 3])
def test_an_edit_trains_on_as_the_engine_does_from_there(typed: str, by_hand: str, finished: int) -> None:
    timeline = open_lesson()
    finish(timeline, 8)
    finish(timeline, finished)
    timeline.forward(after_step)  # in the middle of the iteration, which is computed again
    here = place_of(timeline)
    fork(timeline, typed)
    assert place_of(timeline) == here
    assert losses_of(timeline, 8) == losses_by_hand({finished: by_hand}, 8)


def place_of(timeline: Timeline) -> tuple[int, int]:
    return timeline.recording.iteration, timeline.cursor


@pytest.mark.parametrize("cursor", [1, 8, 20, 45, 58])
def test_in_the_middle_of_an_iteration_it_is_computed_again_up_to_the_same_step(cursor: int) -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    for _ in range(cursor):
        timeline.forward(after_event)
    event = timeline.moment.event
    fork(timeline, "W[1,0] = 0.5")
    assert place_of(timeline) == (3, cursor)
    assert type(timeline.moment.event) is type(event)
    assert timeline.moment.now is event.node
    variable = timeline.graph.variables[0]
    assert timeline.recording.start.variables[variable][1, 0] == 0.5


def test_at_the_end_of_an_iteration_the_next_one_starts_with_the_edit() -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    before = timeline.moment
    fork(timeline, "W[0,0] = 1")
    assert place_of(timeline) == (3, 0)
    assert timeline.moment.recording.previous_loss == before.loss
    assert timeline.moment.variable(timeline.graph.variables[0])[0, 0] == 1
    assert timeline.back(after_step)
    assert fingerprint(timeline.moment) == fingerprint(before)
    assert losses_of(timeline, 6) == losses_by_hand({2: "W 0 0 1"}, 6)


def test_the_losses_of_branches_stand_beside_each_other() -> None:
    timeline = open_lesson()
    finish(timeline, 4)
    assert losses_beside(timeline.moment) == ""
    finish(timeline, 2)
    fork(timeline, "W[0,0] = 1")
    assert losses_beside(timeline.moment) == "", "this branch has not measured its loss yet"
    finish(timeline, 3)
    here, there = (number(losses_by_hand(edits, 3)[2]) for edits in ({2: "W 0 0 1"}, {}))
    assert here != there
    assert losses_beside(timeline.moment) == f"J of iteration 3: {here} here, {there} on original"


def test_every_branch_keeps_its_bits_whichever_way_one_comes() -> None:
    timeline = open_lesson()
    walks = []
    for typed in ("", "W[0,0] = 1", "learning rate = 0.003", "X[0,0] = 9"):
        if typed:
            finish(timeline, len(walks) + 1)
            timeline.forward(after_step)
            fork(timeline, typed)
        timeline.first()
        walk = [fingerprint(timeline.moment)]
        while timeline.recording.iteration < 7:
            timeline.forward(after_iteration)
            walk.append(fingerprint(timeline.moment))
        walks.append((timeline.branch, walk, timeline.furthest))
    for _ in range(2):
        for branch, walk, furthest in walks[::-1]:
            assert timeline.branch is branch
            assert timeline.last() or timeline.place == furthest
            assert timeline.place == furthest
            assert fingerprint(timeline.moment) == walk[-1]
            back = [fingerprint(timeline.moment)]
            while timeline.back(after_iteration):
                back.append(fingerprint(timeline.moment))
            assert back[::-1] == walk
            timeline.last()
            assert timeline.switch()


def test_edits_are_found_again_between_states_that_have_thinned_out() -> None:
    timeline = open_lesson()
    timeline.branch.states = States(most=4)
    timeline.branch.states.keep(timeline.recording.start)
    finish(timeline, 501)
    finish(timeline, 301)
    timeline.forward(after_step)
    fork(timeline, "W[0,1] = 2")
    finish(timeline, 333)
    timeline.forward(after_step)
    fork(timeline, "learning rate = 0.001")
    assert len(timeline.branch.states._states) <= 4
    finish(timeline, 484)
    end = fingerprint(timeline.moment)
    timeline.first()
    timeline.last()
    assert fingerprint(timeline.moment) == end
    by_hand = losses_by_hand({301: "W 0 1 2", 333: "rate 0.001"}, 484)
    assert [timeline.losses.loss_at(n) for n in range(1, 485)] == by_hand


def test_two_edits_of_one_start_are_both_made() -> None:
    timeline = open_lesson()
    timeline.forward(after_step)
    fork(timeline, "W[0,0] = 1")
    fork(timeline, "W[0,1] = 2")
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0].tolist() == [1, 2]
    assert [branch_label(branch) for branch in timeline.branches] == [
        "original",
        "W[0,0] 0.0412 → 1",
        "W[0,1] 0.0978 → 2",
    ]


def test_going_back_before_the_fork_and_on_follows_the_branch() -> None:
    timeline = open_lesson()
    finish(timeline, 6)
    finish(timeline, 3)
    fork(timeline, "W[0,0] = 1")
    finish(timeline, 1)
    finish(timeline, 3)
    timeline.forward(after_event)
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0, 0] == 1
    timeline.first()
    timeline.last()
    assert place_of(timeline) == (4, 1)
    assert timeline.recording.start.variables[timeline.graph.variables[0]][0, 0] == 1


def test_so_many_branches_are_kept_and_never_is_that_of_now_forgotten() -> None:
    timeline = open_lesson("chain")
    for value in range(2 * MOST_BRANCHES):
        message = fork(timeline, f"a = {value + 10}")
        assert len(timeline.branches) <= MOST_BRANCHES
        assert timeline.branch in timeline.branches
    assert "The oldest branch, a " in sentences(message, KEY_OF)[0]
    while timeline.branch is not timeline.branches[0]:
        timeline.switch()
    fork(timeline, "a = 7")
    assert len(timeline.branches) == MOST_BRANCHES


def test_an_edit_that_leads_to_infinity_stops_there_and_the_way_back_is_named() -> None:
    timeline = open_lesson()
    finish(timeline, 2)
    timeline.back(after_step)
    before = fingerprint(timeline.moment)
    fork(timeline, "W[0,0] = 1e12")
    assert isinstance(timeline.moment.error, NonFiniteError)
    assert timeline.moment.error.node.name == "log"
    assert timeline.switch()
    assert timeline.recording.iteration == 2
    assert timeline.moment.error is None
    timeline.last()
    timeline.back(after_step)
    assert fingerprint(timeline.moment) == before


def test_from_a_branch_that_went_less_far_one_comes_back_to_where_one_was() -> None:
    timeline = open_lesson("perceptron")
    timeline.forward(after_step)
    fork(timeline, "W[0,0] = 1")
    timeline.forward(after_step)
    there = timeline.place
    for same in (False, True, False, True):
        said = timeline.switch()
        assert said is not None
        assert said.data["same"] is same
        assert (timeline.place == there) is same


def test_numbers_alone_all_of_an_array_and_odd_names() -> None:
    timeline = open_lesson()
    start, graph = timeline.edited_state, timeline.graph
    w, *_ = graph.variables
    assert label(read_edit("learning rate = W[1,0] = 2", start, graph, "")) == "W[1,0] -1.28 → 2"
    assert label(read_edit(" 2 ", start, graph, "W[1,0]")) == "W[1,0] -1.28 → 2"
    assert read_edit("W[ 1 , 0 ]=−2", start, graph, "").new == -2
    for twice in ("W[0,0] == 2", "W[0,0] = = 2", "learning rate = W[0,0] == 2"):
        edit = read_edit(twice, start, graph, "learning rate")
        assert (edit.node is not None and edit.node.name, edit.index, edit.new) == ("W", (0, 0), 2)
    assert label(read_edit("W[0,0] = W[1,1] = 3", start, graph, "")) == "W[1,1] -0.519 → 3"
    edit = read_edit("W = 0", start, graph, "")
    assert label(edit) == "all of W → 0"
    assert edit.applied(start).variables[w].tolist() == [[0, 0], [0, 0]]
    assert start.variables == {}
    with pytest.raises(EditError, match="Nothing would change: W is 0 already"):
        read_edit("W = 0", edit.applied(start), graph, "")
    chain = open_lesson("chain")
    with pytest.raises(EditError, match="2 is a constant of the graph, so it stays as it is; a and the learning rate"):
        read_edit("2 = 3", chain.edited_state, chain.graph, "")
    with pytest.raises(EditError, match="a is one number, without an index: write a = "):
        read_edit("a[0] = 3", chain.edited_state, chain.graph, "")


@pytest.mark.parametrize(
    ("old", "new", "short", "long"),
    [
        (0.25001, 0.25, "a 0.25001 → 0.25", "a = 0.25 instead of 0.25001"),
        (0.25, 0.2503, "a 0.25 → 0.2503", "a = 0.2503 instead of 0.25"),
        (0.22289, 1.0, "a 0.223 → 1", "a = 1 instead of 0.2229"),
    ],
)
def test_two_numbers_that_differ_look_different_in_a_label(old: float, new: float, short: str, long: str) -> None:
    with Graph().as_default():
        edit = NumberEdit(Variable(old, name="a"), (), old, new)
    assert (label(edit), written_out(edit)) == (short, long)
