"""Pupils follow, let go, come back and answer, and see the same numbers as the teacher."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.classroom.meeting_room import End, Room, room, until
from tui_backprop.app import BackpropApp
from tui_backprop.beliefs.beliefs import WRONG_MACHINES
from tui_backprop.classroom import pupil as pupils
from tui_backprop.classroom.pupil import Pupil
from tui_backprop.debugger.steps import Place
from tui_backprop.graph.look import Room as GraphRoom
from tui_backprop.keys import KEY_OF
from tui_backprop.narration.messages import sentences
from tui_backprop.notation.edits import read_edit
from tui_backprop.panes.question_pane import draw_answers
from tui_backprop.plain.following import write_class_answers
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer
from tui_backprop.widgets.canvas import Canvas


def standing(end: End) -> str:
    assert end.session.standing is not None
    return sentences(end.session.standing, {"class": "F"})[0]


def edit(end: End, text: str) -> None:
    timeline = end.session.timeline
    end.session.edit(read_edit(text, timeline.edited_state, timeline.graph, "W"))


async def follows(pupil: End, teacher: End) -> None:
    await until(lambda: pupil.session.running is None and pupil.fingerprint == teacher.fingerprint)


async def class_of(meeting: Room, count: int = 1, lesson: str = "perceptron") -> tuple[End, list[End]]:
    teacher = await meeting.lead(lesson)
    pupils = [await meeting.join(f"pupil {number}", lesson) for number in range(count)]
    await until(lambda: len(teacher.company.members) == count)
    for each in pupils:
        await until(lambda each=each: each.company.is_there)
    return teacher, pupils


async def test_a_pupil_sees_the_moment_and_what_the_teacher_points_at(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        teacher.session.step("iteration")
        teacher.session.step("phase")
        teacher.session.step("step")
        node = next(node for node in teacher.session.timeline.graph.nodes if node.name == "p")
        teacher.viewer.select(node)
        teacher.viewer.look_at(node, "gradient", teacher.viewer.followed.at((7, 1), True))
        teacher.show()
        await follows(pupil, teacher)
        assert pupil.viewer.node is not None
        assert pupil.viewer.node.name == "p"
        assert pupil.viewer.followed == teacher.viewer.followed
        assert standing(pupil) == "you follow monday"
        assert standing(teacher) == "class monday: 1 follow"


async def test_the_teachers_picture_is_shown_and_a_pane_of_theirs_that_has_no_place(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [large, small] = await class_of(meeting, 2)
        small.viewer.take_room(GraphRoom(40, 20, diagram=False), ["loss", "picture"])
        for _ in range(3):
            teacher.viewer.next_picture()
            teacher.show()
            for pupil in (large, small):
                await until(lambda pupil=pupil: pupil.viewer.picture == teacher.viewer.picture)
            assert large.viewer.shown_view != "picture"
            assert small.viewer.shown_view == ("picture" if teacher.viewer.picture else large.viewer.shown_view)
        teacher.session.step()
        teacher.show()
        await follows(small, teacher)
        assert small.viewer.shown_view == teacher.viewer.shown_view
        teacher.viewer.take_room(GraphRoom(40, 20, diagram=False), ["loss", "picture"])
        teacher.viewer.view = "loss"
        teacher.show()
        await until(lambda: small.viewer.shown_view == "loss")
        await until(lambda: large.viewer.view == "loss")
        assert large.viewer.shown_view == "value"
        alone = large.viewer.picture
        large.session.back()
        large.show()
        teacher.viewer.picture = None
        teacher.show()
        await until(lambda: small.viewer.picture is None)
        assert large.viewer.picture == alone is not None


async def test_what_the_teacher_folds_and_shows_in_full_and_which_belief_they_compare(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        teacher.viewer.change_digits()
        teacher.viewer.fold_all()
        teacher.viewer.belief = 3
        teacher.show()
        await until(lambda: pupil.viewer.in_full and pupil.viewer.belief == 3)
        assert pupil.viewer.look.closed == teacher.viewer.look.closed is not None
        own = pupil.viewer
        own.fold_all()
        folded = own.look.closed
        teacher.session.step()
        teacher.show()
        await follows(pupil, teacher)
        assert own.look.closed == folded != teacher.viewer.look.closed, "it stays until the teacher folds again"
        teacher.viewer.belief = len(WRONG_MACHINES) + 1
        teacher.show()
        await until(lambda: standing(pupil) == "what the teacher did cannot be shown here")


async def test_the_comparison_with_a_belief_opens_changes_and_closes_on_a_pupils_screen(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher = await meeting.lead("skip")
        app = BackpropApp("skip", company=Pupil(meeting.path, "Ann", "monday"))
        async with app.run_test(size=(80, 24)) as pilot:

            async def shows(belief: int | None) -> bool:
                await pilot.pause()
                canvas = app.screen.query(Canvas).first()
                there = "\n".join(canvas.render_line(y).text for y in range(canvas.size.height))
                return type(app.screen) is MainScreen if belief is None else WRONG_MACHINES[belief - 1].clause in there

            for belief in (1, 4, None, 5):
                teacher.viewer.belief = belief
                teacher.show()
                while not await shows(belief):
                    pass
            teacher.session.step("phase")
            teacher.session.step("node")
            teacher.viewer.belief = 2
            teacher.show()
            while not await shows(2):
                pass
            assert app.screen._moment.cursor == teacher.session.moment.cursor
            first, other = teacher.session, DebugSession(open_program("chain"))
            for session in (other, first):
                teacher.session, teacher.viewer = session, Viewer(session, {"class": "F"})
                teacher.show()
                await until(lambda session=session: app.session.program.address == session.program.address)
                while not await shows(None):
                    pass
                assert [type(screen) for screen in app.screen_stack] == [MainScreen]
            teacher.viewer.belief = 2
            teacher.show()
            while not await shows(2):
                pass
            await pilot.press("t")
            assert await shows(None), "a pupil may close it"
            teacher.session.step()
            teacher.show()
            await until(lambda: app.session.timeline.place == teacher.session.timeline.place)
            assert await shows(None)
            assert app.session.standing is not None
            assert app.session.standing.kind == "follows a class"


async def test_a_step_of_the_teachers_is_one_of_the_pupil_not_an_iteration_computed_again(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        edit(teacher, "W[0,0] = 5")
        teacher.session.step("iteration")
        teacher.session.step("step")
        teacher.show()
        await follows(pupil, teacher)
        recording = pupil.session.timeline.recording
        for _ in range(3):
            teacher.session.step("step")
            teacher.show()
            await follows(pupil, teacher)
        assert pupil.session.timeline.recording is recording


async def test_a_move_of_the_pupils_own_lets_go_and_f_comes_back(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        teacher.session.step("iteration")
        teacher.session.step("step")
        teacher.show()
        await follows(pupil, teacher)
        pupil.session.back()
        pupil.show()
        assert standing(pupil) == "on your own since 2:matmul:forward; F follows"
        edit(pupil, "W[0,0] = 5")
        mine = pupil.fingerprint
        teacher.session.step("phase")
        teacher.show()
        await until(lambda: standing(teacher) == "class monday: 0 follow, 1 on their own")
        assert pupil.fingerprint == mine
        pupil.company.follow_again()
        await follows(pupil, teacher)
        await until(lambda: standing(teacher) == "class monday: 1 follow")


async def test_who_comes_late_or_is_far_behind_runs_there(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, _ = await class_of(meeting)
        edit(teacher, "W[0,0] = 2")
        teacher.session.timeline.train(300)
        teacher.session.ask()
        teacher.session.step("step")
        assert teacher.session.quiz.question is not None
        teacher.show()
        late = await meeting.join()
        await until(lambda: late.session.running)
        while late.session.running:
            late.session.tick()
            late.show()
        await follows(late, teacher)
        assert late.session.quiz.question is not None


async def test_the_class_answers_and_all_see_what_was_answered(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [one, two, three] = await class_of(meeting, 3)
        teacher.session.ask()
        teacher.session.ask()
        teacher.session.step("step")
        teacher.show()
        quiz = teacher.session.quiz
        question = quiz.question
        assert question is not None
        for pupil in (one, two, three):
            await follows(pupil, teacher)
        wrong = next(iter({*question.choices} - {question.answer}), "123456")
        for pupil, answer in ((one, question.answer), (two, wrong)):
            if question.choices:
                pupil.session.quiz.choose(question.choices.index(answer))
            else:
                pupil.session.quiz.typed = answer
                pupil.session.quiz.submit()
            pupil.session.take_answer()
            assert pupil.session.quiz.question is not None
            pupil.show()
        await until(lambda: len(quiz.answers_of_class or ()) == 2)
        assert quiz.class_size == 3
        three.session.step("step")
        assert three.session.quiz.question is not None
        teacher.session.step("step")
        teacher.show()
        for pupil, given, right in ((one, question.answer, True), (two, wrong, False), (three, None, False)):
            await follows(pupil, teacher)
            outcome = pupil.session.quiz.outcome
            assert outcome is not None
            assert (outcome.given, outcome.right) == (given, right)
            assert sorted(outcome.answers) == sorted([question.answer, wrong])
            assert pupil.session.quiz.question is None


async def test_a_teacher_who_is_gone_can_take_the_class_up_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pupils, "AGAIN", 0.01)
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        teacher.session.step("iteration")
        teacher.show()
        await follows(pupil, teacher)
        teacher.company.close()
        await until(lambda: not pupil.company.is_there)
        assert "the teacher is not there" in standing(pupil)
        pupil.session.step("phase")
        pupil.show()
        again = await meeting.lead()
        await until(lambda: standing(pupil) == "on your own since 1; F follows")
        pupil.company.follow_again()
        await follows(pupil, again)


def run_at_full_speed(teacher: End) -> None:
    """Run, as fast as it trains, for some ticks, which the class sees, and pause."""
    session = teacher.session
    session.run()
    for _ in range(10):
        session.change_speed(1)
    for _ in range(5):
        session.tick()
        teacher.show()
    session.pause()


async def test_nothing_differs_over_random_moves(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    chance = random.Random(4)
    async with room(tmp_path) as meeting:
        teacher, there = await class_of(meeting, 2)
        session = teacher.session
        for _ in range(request.config.getoption("--moves")):
            move = chance.choice(
                [
                    lambda: session.step(chance.choice(["event", "step", "node", "phase", "iteration"])),
                    lambda: session.back(chance.choice(["event", "step", "node", "phase", "iteration"])),
                    lambda: session.go(Place(chance.randrange(12), chance.randrange(30), chance.random() < 0.5)),
                    lambda: edit(teacher, f"W[{chance.randrange(2)},0] = {chance.random()}"),
                    session.switch_branch,
                    session.ask,
                    session.last,
                    lambda: session.go(Place(session.timeline.place.iteration + 3)),
                    lambda: run_at_full_speed(teacher),
                    teacher.viewer.next_picture,
                ]
            )
            move()
            while session.running:
                session.tick()
            teacher.show()
            for end in (teacher, *there):
                if chance.random() < 0.2:
                    width, height = chance.randrange(20, 300), chance.randrange(5, 60)
                    without = chance.choice([[], ["picture"], ["loss", "picture"]])
                    end.viewer.take_room(GraphRoom(width, height, diagram=chance.random() < 0.5), without)
            if chance.random() < 0.3:
                mover = chance.choice(there)
                mover.session.back("phase")
                mover.show()
                mover.company.follow_again()
            if chance.random() < 0.1:
                there.append(await meeting.join())
            if len(there) > 6:
                there.pop(0).company.close()
            for pupil in there:
                async with asyncio.timeout(5):
                    while pupil.session.running or pupil.fingerprint != teacher.fingerprint:
                        pupil.session.tick()
                        pupil.show()
                        await asyncio.sleep(0)
        assert len(there) > 2


async def test_a_wrong_answer_is_named_by_its_belief_on_all_screens(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, pupil = await meeting.lead("two-paths"), await meeting.join(lesson="two-paths")
        quiz = teacher.session.quiz
        teacher.session.ask()
        teacher.session.ask()
        while quiz.question is None or not quiz.question.mistakes:
            teacher.session.step()
        teacher.show()
        await until(lambda: pupil.session.quiz.question is not None)
        mistake = quiz.question.mistakes[0]
        if quiz.question.choices:
            pupil.session.quiz.choose(quiz.question.choices.index(mistake.answer))
        else:
            pupil.session.quiz.typed = mistake.answer
            pupil.session.quiz.submit()
        pupil.show()
        await until(lambda: quiz.answers_of_class)
        teacher.session.step()
        teacher.show()
        await follows(pupil, teacher)
        for end in (teacher, pupil):
            outcome = end.session.quiz.outcome
            assert outcome is not None
            lines = draw_answers(outcome, KEY_OF, 60, 20)
            drawn = " ".join("".join(text for text, _ in line).strip() for line in lines)
            for said in (drawn, " ".join(write_class_answers(outcome))):
                assert f"{mistake.sentence}." in said
