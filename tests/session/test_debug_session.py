"""A session without a screen: a whole lesson is stepped, run, asked, edited, broken into and saved, by calls alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from minidl_core import Variable
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.edits import NumberEdit
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.message import Kind, Message
from tui_backprop.debugger.running import SPEEDS
from tui_backprop.debugger.steps import Place
from tui_backprop.graph.look import Room
from tui_backprop.inspector import views
from tui_backprop.inspector.view_table import VIEWS
from tui_backprop.narration.messages import SENTENCES, sentences
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.conditions import read_breakpoint
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer
from tui_backprop.session.saving import save_lines

KEYS = {"step": "space", "back": "b", "run": "r", "branch": "E", "edit": "e", "continue": "c", "skip": "Esc"}


def opened(name: str = "perceptron", pause_every: int = 100) -> DebugSession:
    return DebugSession(open_program(name), pause_every)


def run_on(session: DebugSession, most: int = 10_000) -> None:
    for _ in range(most):
        if session.running is None:
            return
        session.tick()
    raise AssertionError("the run does not end")


def said(session: DebugSession) -> str:
    assert session.message is not None
    return sentences(session.message, KEYS)[0]


def test_no_screen_is_imported() -> None:
    script = (
        "import sys\n"
        "from tui_backprop.programs.opening import open_program\n"
        "from tui_backprop.session import DebugSession, Viewer\n"
        "session = DebugSession(open_program('two-paths'))\n"
        "viewer = Viewer(session, {})\n"
        "session.step('iteration')\n"
        "viewer.arrow('left')\n"
        "print(session.moment.loss, [name for name in sys.modules if name.split('.')[0] == 'textual'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "40.0 []\n"


@pytest.mark.parametrize("name", SWEPT)
def test_a_lesson_is_stepped_to_its_end_and_back(name: str) -> None:
    session = opened(name)
    places = [session.timeline.place]
    while session.moment.iteration < 3 and session.moment.error is None:
        if not session.step():
            break
        places.append(session.timeline.place)
    seen = []
    while session.back():
        seen.append(session.timeline.place)
    assert [place[:2] for place in seen] == [place[:2] for place in places[-2::-1]]
    assert session.timeline.place[:2] == (1, 0)


def test_a_run_pauses_and_says_where() -> None:
    session = opened("two-paths", pause_every=5)
    session.run()
    assert session.running is not None
    for _ in range(6):
        session.change_speed(1)
    run_on(session)
    assert session.timeline.place.iteration == 5
    assert said(session) == "paused: r runs on"
    session.run()
    session.step()  # while it runs, a step pauses
    assert session.running is None
    assert session.message is None


def test_a_breakpoint_stops_a_run_and_is_named() -> None:
    session = opened("two-paths")
    session.resume()
    assert said(session) == "no breakpoint is on"
    session.break_at(read_breakpoint("node b", session.timeline.graph))
    session.resume()
    run_on(session)
    assert said(session) == "breakpoint: node b"
    assert session.moment.now is not None
    assert session.moment.now.name == "b"
    session.toggle_breakpoint(session.moment.now)
    assert said(session) == "no breakpoint on node b any more"
    assert session.stops == frozenset()


def test_far_ahead_a_session_runs_there_and_near_by_it_goes() -> None:
    session = opened("two-paths")
    session.go(Place(2, 3))
    assert session.running is None
    assert session.timeline.place == (2, 3, False)
    session.go(Place(40, 3))
    assert session.running is not None
    run_on(session)
    assert session.timeline.place[:2] == (40, 3)


def test_an_edit_forks_and_the_way_back_is_one_call() -> None:
    session = opened("two-paths")
    session.step("iteration")
    before = session.moment.loss
    [a] = [node for node in session.timeline.graph.nodes if isinstance(node, Variable)]
    session.edit(NumberEdit(a, (), 3.0, 1.0))
    assert said(session).startswith("a ")
    assert "E: the branch without it" in said(session)
    assert session.switch_branch()
    assert said(session).startswith("This is branch 1 of 2")
    assert session.moment.loss == before


def answer(session: DebugSession, right: bool) -> None:
    quiz = session.quiz
    question = quiz.question
    assert question is not None
    if question.choices:
        place = question.choices.index(question.answer)
        quiz.choose(place if right else (place + 1) % len(question.choices))
    else:
        for character in question.answer if right else "123456":
            quiz.type(character)
        quiz.submit()
    session.take_answer()


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("right", [True, False])
def test_a_quiz_over_an_iteration(name: str, right: bool) -> None:
    session = opened(name)
    session.ask()
    assert said(session).startswith("space asks")
    asked = 0
    for _ in range(200):
        session.step("step", Followed())
        if session.quiz.takes_answers:
            asked += 1
            answer(session, right)
            outcome = session.quiz.outcome
            assert outcome is not None
            assert outcome.right == right
        if session.timeline.at_end_of_iteration or session.moment.error is not None:
            break
    score = session.quiz.score
    assert asked == score.answered.total() > 0
    assert score.right.total() == (asked if right else 0)


def test_going_far_withdraws_the_question_about_the_step_that_was_next() -> None:
    session = opened("chain")
    session.ask()
    session.step()
    assert session.quiz.question is not None
    session.go(Place(7, 3))
    run_on(session)
    assert session.timeline.place == Place(7, 3)
    assert session.quiz.question is None


def test_what_would_answer_a_question_is_refused_and_hidden() -> None:
    session = opened("perceptron")
    session.ask()
    session.run()
    assert said(session) == "no run while questions are asked"
    for _ in range(300):
        session.step("step", Followed())
        question = session.quiz.question
        if question is not None and question.hides_queue:
            break
        if session.quiz.takes_answers:
            answer(session, True)
    assert session.timeline.moment.queue
    assert session.moment.queue == []
    assert session.refuses_to_answer("log")
    assert said(session) == "the log would answer it; Esc skips the question"


def test_a_question_for_a_shape_is_not_answered_by_the_log() -> None:
    session = opened("perceptron")
    session.ask()
    for _ in range(10):
        session.step("step", Followed())
        question = session.quiz.question
        if question is not None and question.hides_shape_of is not None:
            break
        if session.quiz.takes_answers:
            answer(session, True)
    assert session.refuses_to_answer("log")


def test_viewers_share_a_session_and_nothing_else() -> None:
    session = opened("perceptron")
    teacher, pupil = Viewer(session, KEYS), Viewer(session, KEYS)
    pupil.take_room(Room(40, 6, diagram=False), ["loss"])
    session.step()
    teacher.arrow("left")
    assert teacher.look.selected is not None
    assert pupil.look.selected is None
    assert pupil.node is session.moment.now is not teacher.node
    pupil.other_pane()
    pupil.follow_or_stay()
    session.step()
    assert teacher.node is session.moment.now
    assert pupil.node is not session.moment.now
    del pupil
    session.step()
    assert list(session.viewers) == [teacher]


@pytest.mark.parametrize("name", ["perceptron", "xor", "skip"])
@pytest.mark.parametrize("diagram", [True, False])
def test_what_is_shown_depends_on_the_place_and_not_on_the_way_there(name: str, diagram: bool) -> None:
    session = opened(name)
    viewer = Viewer(session, KEYS)
    viewer.take_room(Room(50, 6, diagram), [])

    def corners() -> dict[Place, tuple[int, int]]:
        return {session.timeline.place: viewer.shown.corner}

    for stop in ("step", "event", "node", "phase"):
        session.first()
        forwards = corners()
        while session.timeline.place.iteration < 3:
            session.step(stop)
            forwards |= corners()
        while session.back(stop):
            assert forwards[session.timeline.place] == viewer.shown.corner


def test_a_solution_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    session = opened("two-paths")
    session.step("iteration")
    file = tmp_path / "solution.md"
    counts = list(save_lines(file, write_solution(session.timeline, Followed())))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert counts == list(range(1, len(lines) + 1))
    assert lines[0].startswith("# Backpropagation, worked out: two-paths")
    with pytest.raises(FileExistsError):
        list(save_lines(file, write_solution(session.timeline, Followed())))
    file.write_text("mine")
    given_up = save_lines(file, write_solution(session.timeline, Followed()), replace=True)
    next(given_up)
    given_up.close()
    assert file.read_text() == "mine"
    list(save_lines(file, write_solution(session.timeline, Followed()), replace=True))
    assert file.read_text(encoding="utf-8").splitlines() == lines
    assert [path.name for path in tmp_path.iterdir()] == ["solution.md"]


def test_every_message_has_a_sentence() -> None:
    assert set(SENTENCES) == set(get_args(Kind))


@pytest.mark.parametrize("kind", ["no breakpoint is on", "too small", "speed", "quiz mode"])
def test_a_front_end_without_keys_names_none(kind: Kind) -> None:
    session = opened("chain")
    data = {"speed": SPEEDS[0], "mode": "me"}
    assert session.message is None
    assert not {*KEYS.values()} & {*sentences(Message(kind, data), {})[0].replace(":", " ").replace(";", " ").split()}


ACTIONS = [
    *(lambda viewer, d=direction: viewer.arrow(d) for direction in ("left", "right", "up", "down")),
    Viewer.go_to_origin,
    Viewer.go_back,
    lambda viewer: viewer.choose_edge(1),
    lambda viewer: viewer.choose_term(-1),
    lambda viewer: viewer.show_on_request("check"),
    Viewer.next_view,
    Viewer.other_pane,
    Viewer.fold,
    Viewer.fold_all,
    Viewer.follow_or_stay,
    lambda viewer: viewer.pan((3, -2)),
    lambda viewer: viewer.change_detail(1),
    Viewer.change_picture,
    Viewer.next_picture,
]


@pytest.mark.parametrize("name", ["perceptron", "skip", "two-edges"])
@pytest.mark.parametrize("phase", range(5))
def test_whatever_is_looked_at_takes_every_action(name: str, phase: int) -> None:
    session = opened(name)
    for _ in range(phase):
        session.step("phase")
        session.step()
    for act in ACTIONS:
        for view in (None, *(view.name for view in VIEWS), "loss", "picture", "overview"):
            for in_graph in (True, False):
                viewer = Viewer(session, KEYS)
                viewer.take_room(Room(40, 8, diagram=False), ["loss", "picture"])
                viewer.view, viewer.in_graph = view, in_graph
                act(viewer)
                asked_for = [view.name for view in VIEWS if view.on_request]
                assert viewer.shown_view in (*views(session.moment, viewer.node), *asked_for, "loss", "picture")


def test_the_latest_message_is_shown_and_each_viewer_has_done_with_it_alone() -> None:
    session = opened("two-paths")
    teacher, pupil = Viewer(session, KEYS), Viewer(session, KEYS)
    session.step("iteration")
    for viewer in (teacher, pupil):
        assert viewer.message is None
    teacher.show_on_request("check")
    assert teacher.message is not None
    assert teacher.message.kind == "no number in view"
    session.resume()
    for viewer in (teacher, pupil):
        assert viewer.message is not None
        assert viewer.message.kind == "no breakpoint is on"
    pupil.arrow("left")
    assert pupil.message is None
    assert teacher.message is session.message


def test_a_key_that_finds_nothing_to_do_says_so() -> None:
    session = opened("two-paths")
    viewer = Viewer(session, KEYS)
    for act, told in {
        viewer.go_to_origin: "no number is in view",
        viewer.go_back: "there is no number to return to",
        session.switch_branch: "there is no other branch: e begins one",
    }.items():
        act()
        assert viewer.message is not None
        assert sentences(viewer.message, KEYS)[0].startswith(told)


def test_who_closes_a_check_still_has_the_node_in_view_that_was_checked() -> None:
    session = opened("two-paths")
    viewer = Viewer(session, KEYS)
    session.step("iteration")
    viewer.arrow("down")
    checked = viewer.node
    assert checked is not None
    viewer.show_on_request("check")
    viewer.show_on_request("check")
    assert viewer.node is checked
    assert viewer.view is None


def test_each_viewer_closes_the_score_for_itself() -> None:
    session = opened("two-paths")
    teacher, pupil = Viewer(session, KEYS), Viewer(session, KEYS)
    session.ask()
    while not session.timeline.at_end_of_iteration:
        session.step("step", Followed())
        if session.quiz.takes_answers:
            answer(session, True)
    assert teacher.sees_score
    pupil.next_view()
    assert not pupil.sees_score
    assert teacher.sees_score


def test_what_is_beside_a_file_and_how_it_may_be_read_stays(tmp_path: Path) -> None:
    session = opened("two-paths")
    file, other, pipe = tmp_path / "a.md", tmp_path / ".a.md.part", tmp_path / "pipe"
    file.write_text("old")
    file.chmod(0o640)
    other.write_text("another's")
    os.mkfifo(pipe)
    list(save_lines(file, write_solution(session.timeline, Followed()), replace=True))
    assert file.stat().st_mode & 0o777 == 0o640
    assert other.read_text() == "another's"
    with pytest.raises(OSError, match="no ordinary file"):
        list(save_lines(pipe, write_solution(session.timeline, Followed()), replace=True))
    long = tmp_path / f"{'x' * 250}.md"
    list(save_lines(long, write_solution(session.timeline, Followed())))
    assert long.stat().st_mode & 0o444
