"""Driving: what each move expects is what the event says, examples fade, and what went wrong comes again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import minidl_core as dl
from minidl_core import BackwardStarted, ContributionAdded, NodeVisited, VariableUpdated
from minidl_core.train import AdamOptimizer
from tests.tui.random_timelines import lesson_of, optimizers, timelines
from tui_backprop.commands.grade import grade
from tui_backprop.debugger.followed import Followed, element_at
from tui_backprop.debugger.steps import STOPS
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.driving.moves import Move, before_move, is_move, moves_at
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.edits import read_edit
from tui_backprop.programs.program import program_of
from tui_backprop.quiz import judge
from tui_backprop.session import DebugSession
from tui_backprop.session.opening import Asked, open_session

PROGRAMS = ("two-paths", "two-edges", "perceptron", "adam")


def opened(name: str) -> DebugSession:
    """Open a lesson, and have its learner drive from the end of the forward pass."""
    if name == "adam":
        lesson = replace(load_lesson("two-paths"), optimizer=AdamOptimizer, learning_rate=0.05)
        session = DebugSession(program_of(lesson))
    else:
        session = open_session(Asked(name)).session
    session.drive()
    session.step("phase")
    session.step()
    return session


def standing(session: DebugSession) -> Move:
    move = session.driving.move
    assert move is not None
    return move


def make(session: DebugSession, answer: float | None = None) -> None:
    """Make the move that stands, right unless another number is given."""
    move, driving = standing(session), session.driving
    if move.node is not None:
        driving.choose_node(move.node)
    else:
        driving.typed = move.question.answer if answer is None else repr(answer)
        driving.submit()
    session.take_answer()


def go_wrong(session: DebugSession) -> str:
    """Make a wrong move, and return what is said of it."""
    move, driving = standing(session), session.driving
    here = session.timeline.place
    if move.node is not None:
        driving.choose_node(next(node for node in session.moment.graph.nodes if node is not move.node))
    else:
        assert move.question.number is not None
        driving.typed = repr(2 * move.question.number + 7)
        driving.submit()
    session.take_answer()
    assert session.timeline.place == here
    assert driving.move is move
    assert driving.complaint is not None
    return sentences(driving.complaint, {})[0]


def to_the_end(session: DebugSession, iterations: int = 1) -> Iterator[Move]:
    """Drive through whole iterations, and yield each move before it is made."""
    while True:
        if session.driving.move is not None:
            yield standing(session)
            make(session)
        elif session.timeline.at_end_of_iteration and session.timeline.place.iteration >= iterations:
            return
        else:
            session.step()


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_kind_of_move_is_made_wrong_and_then_right(name: str) -> None:
    session = opened(name)
    kinds = set()
    for move in to_the_end(session, iterations=2):
        assert go_wrong(session).startswith("not ")
        kinds.add(move.question.kind)
    assert {"next nodes", "contributions", "new values"} <= kinds
    assert ("sums" in kinds) == (name != "perceptron")
    assert (name == "adam") == any(kind.startswith("term ") for kind in kinds)
    # of examples that were shown nothing counts, whatever is typed
    score = session.driving.score
    assert not score.right
    assert set(score.wrong) == kinds


@given(timelines(optimizers()))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_a_move_expects_is_what_the_event_says(timeline: Timeline) -> None:
    followed = Followed(1, (1, 1))
    timeline.forward(STOPS["phase"])
    while timeline.forward(before_move) and not timeline.at_end_of_iteration and timeline.recording.error is None:
        recording, moment = timeline.recording, timeline.moment
        moves = moves_at(timeline, followed)
        event = recording.events[timeline.cursor]
        if not moves:  # it cannot be written out, or it is an array without numbers
            continue
        assert is_move(event, recording.graph)
        match event:
            case NodeVisited(node):
                assert [move.node for move in moves] == [node]
                assert moment.queue[0] is node
                continue
            case ContributionAdded():
                arrays = [event.contribution, *([event.total] if event.number > 1 else [])]
            case VariableUpdated():
                arrays = [*(each.value for each in event.terms if len(event.terms) > 1), event.new]
        index = element_at(moment, event.node, arrays[-1].shape, followed)
        assert [move.question.number for move in moves] == [array[index] for array in arrays]
        for move in moves:
            number = move.question.number
            assert judge(move.question, move.question.answer)
            assert judge(move.question, repr(number))
            if isinstance(event, VariableUpdated) and move is moves[-1] and event.new[index] != event.old[index]:
                assert not judge(move.question, repr(float(event.old[index])))


def test_of_a_long_sum_one_term_is_asked_and_may_not_be_left_out() -> None:
    timeline = open_session(Asked("perceptron")).session.timeline
    timeline.forward(STOPS["phase"])
    moves = []
    while timeline.forward(before_move) and not timeline.at_end_of_iteration:
        moves += moves_at(timeline, Followed())
    [move] = [move for move in moves if "to dJ/dW[0,0]" in move.question.text]
    others = next(fact for fact in move.question.given if "of the other 99" in fact).rpartition(" = ")[2]
    assert not judge(move.question, others)
    assert "X[3,0]" in move.worked
    assert move.rest == "one of 4 numbers: the engine makes the others"


def test_the_first_of_a_kind_is_shown_the_second_is_begun_and_then_nothing_is_given() -> None:
    session = opened("two-paths")
    driving = session.driving
    seen: dict[str, int] = {}
    for move in to_the_end(session, iterations=2):
        before = seen.get(move.question.kind, 0)
        seen[move.question.kind] = before + 1
        assert driving.told == (before == 0)
        assert bool(driving.start) == (before == 1)
        assert session.moment.queue_is_hidden == (before > 1 and move.node is not None)
        if move.question.text == "What does b contribute to de/da?" and session.timeline.place.iteration == 1:
            begun, worked = move.start, move.worked
    assert (begun, worked) == ("(11)(_)", "G·2 = (11)(2) = 22")


def test_what_went_wrong_comes_again_after_three_and_then_after_seven_moves_of_its_kind() -> None:
    session = opened("chain")
    driving = session.driving
    made = []
    wrong = None
    for move in to_the_end(session, iterations=9):
        if move.question.kind != "contributions":
            continue
        if len(made) == 3:
            wrong = move.question.text
            assert go_wrong(session)
        if driving.again:
            assert move.question.text == wrong
        made.append(bool(driving.again))
    again = [place for place, each in enumerate(made) if each]
    assert again == [7, 15]  # three others between, then seven
    assert session.timeline.place.iteration == 9


def test_a_move_that_comes_again_brings_one_back_to_where_it_broke_in() -> None:
    session = opened("chain")
    places = [(session.timeline.place, session.driving.again)]
    for move in to_the_end(session, iterations=4):
        places.append((session.timeline.place, session.driving.again))
        if len(places) == 9:
            go_wrong(session)
            wrong = session.timeline.place, move.question.text
    [at] = [position for position, (_, again) in enumerate(places) if again][:1]
    assert places[at][0] == wrong[0]
    assert places[at + 1][0] > places[at - 1][0]


def test_a_move_counts_by_its_first_answer_and_once() -> None:
    session = opened("chain")
    for _ in range(6):
        make(session)
    driving = session.driving
    score = driving.score.asked.total()
    go_wrong(session)
    kind = standing(session).question.kind
    make(session)
    assert driving.score.wrong[kind] == 1
    assert driving.score.asked.total() == score + 1
    assert session.back()
    assert "comes again" not in go_wrong(session)
    make(session)
    assert driving.score.asked.total() == score + 1


def test_to_give_up_shows_it_and_then_has_the_engine_make_it() -> None:
    session = opened("chain")
    for _ in range(5):
        make(session)
    driving, move, here = session.driving, standing(session), session.timeline.place
    assert not driving.told
    driving.skip()
    session.take_answer()
    assert driving.told
    assert session.timeline.place == here
    driving.skip()
    session.take_answer()
    assert session.timeline.place > here
    assert driving.score.skipped[move.question.kind] == 1
    assert driving.outcome is not None
    assert driving.outcome.given is None


def test_to_go_back_to_edit_and_to_run_while_driving() -> None:
    session = opened("two-paths")
    for _ in range(6):
        make(session)
    here, text = session.timeline.place, standing(session).question.text
    make(session)
    assert session.back()
    assert (session.timeline.place, standing(session).question.text) == (here, text)
    session.run()
    assert session.running is None
    assert session.message is not None
    assert sentences(session.message, {"drive": "D"})[0] == "no run while you drive; D ends that"
    timeline = session.timeline
    old = standing(session).question.number
    session.edit(read_edit("a = 5", timeline.edited_state, timeline.graph, "a"))
    assert standing(session).question.text == text
    assert standing(session).question.number != old
    session.step("phase")
    assert standing(session).question.kind == "new values"
    session.ask()
    assert (session.driving.is_on, session.quiz.mode, session.quiz.question) == (False, "me", None)
    session.drive()
    assert session.quiz is session.driving
    session.drive()
    assert (session.driving.is_on, session.quiz.mode, session.driving.move) == (False, "off", None)


def test_the_engine_makes_what_cannot_be_written_out_and_says_so() -> None:
    @dl.operation(formula="Y = unnamed A", samples=[((2,),)])
    def unnamed(a, /):  # type: ignore[no-untyped-def]
        return np.sin(a)

    @dl.RegisterGradient("unnamed")
    def _gradient(op, grad):  # type: ignore[no-untyped-def]
        return [grad * np.cos(op.inputs[0])]

    with dl.Graph().as_default():
        loss = dl.reduce_sum(unnamed(dl.Variable([1.0, 2.0], name="w")))
    session = DebugSession(program_of(lesson_of(Example(loss, {}))))
    session.drive()
    session.step("phase")
    said = []
    for _ in range(20):
        if session.driving.move is not None:
            make(session)
        else:
            if session.message is not None:
                said.append(sentences(session.message, {"step": "space"})[0])
            session.step()
    assert "the engine's move: it cannot be written out; space makes it" in said


def test_driving_is_kept_in_the_file_and_graded(tmp_path: Path) -> None:
    session = opened("two-paths")
    path = tmp_path / "a.backprop"
    for position, _ in enumerate(to_the_end(session)):
        if position % 3 == 2:
            go_wrong(session)
    session.keep(path)
    given = session.driving.answers
    found = grade(str(path))
    assert [(answer.question, answer.right) for answer in found.answers] == [
        (answer.question, answer.right) for answer in given
    ]
    assert (len(found.answers) > 4, found.all_doubts) == (True, [])
    assert open_session(Asked(str(path))).session.driving.is_on
    says = json.loads(path.read_text())
    wrong = next(each for each in says["driving"] if not each["right"])
    wrong["right"] = True
    path.write_text(json.dumps(says))
    assert "the file says right" in grade(str(path)).all_doubts[0]


@pytest.mark.parametrize("way", ["kept", "gone back", "engine's"])
@pytest.mark.parametrize("gives_up", [False, True])
def test_a_wrong_move_counts_though_it_is_never_made_right(way: str, gives_up: bool, tmp_path: Path) -> None:
    session = opened("two-paths")
    for _ in range(6):
        make(session)
    driving, text = session.driving, standing(session).question.text
    before = len(driving.answers)
    if gives_up:
        driving.skip()
    else:
        go_wrong(session)
    if way == "gone back":
        session.back()
        make(session)
    elif way == "engine's":
        session.step("phase")
    path = tmp_path / "a.backprop"
    session.keep(path)
    answer = grade(str(path)).answers[before]
    assert (answer.question, answer.right, answer.given is None) == (text, False, gives_up)
    again = open_session(Asked(str(path))).session.driving
    assert again.score.written() == driving.score.written()
    if way == "kept":
        assert again.question is not None
        assert again.question.text == text
        again.typed = again.question.answer
        again.submit()
        assert len(again.answers) == before + 1, "it was counted when it went wrong"


def test_backward_starts_before_the_first_move() -> None:
    session = opened("chain")
    assert isinstance(session.moment.recording.events[session.timeline.cursor - 1], BackwardStarted)
