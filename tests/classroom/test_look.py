"""A pupil offers a look: then, and only then, the teacher sees that session and points into it, and moves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.classroom.meeting_room import End, room, until
from tests.classroom.test_following import class_of, edit, standing
from tui_backprop.app import BackpropApp
from tui_backprop.classroom.lead import Lead
from tui_backprop.classroom.look import Look
from tui_backprop.narration.messages import sentences
from tui_backprop.programs.opening import open_program
from tui_backprop.screens.look import LookScreen
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.session import DebugSession, Viewer


class Looking(End):
    """The teacher's look at a pupil."""

    def __init__(self, lead: Lead, member: Any) -> None:
        super().__init__(Look(lead, member), "perceptron")
        lead.changed = self.show

    def show(self) -> None:
        self.company.take_up(self.session, self.viewer)
        super().show()


async def test_a_pupil_who_offers_it_is_looked_at_and_pointed_at(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil, other] = await class_of(meeting, 2)
        lead = teacher.company
        member = next(each for each in lead.members.values() if each.name == "pupil 0")
        sent: list[Any] = []
        take = lead._take

        def watch(link: Any, says: Any) -> None:
            sent.append(says)
            take(link, says)

        for each in lead.members:
            each._received = watch
        pupil.session.step("iteration")
        edit(pupil, "W[0,0] = 5")
        pupil.session.step("phase")
        pupil.show()
        lead.look_at(member)  # somebody who looks at who does not offer it sees nothing
        await until(lambda: not pupil.company.follows and member.alone)
        assert not any("shows" in says for says in sent)
        assert "looked" not in standing(pupil)

        pupil.session.message = pupil.company.offer()
        await until(lambda: member.offers)
        look = Looking(lead, member)
        await until(lambda: member.shows)
        look.show()
        assert look.fingerprint == pupil.fingerprint != teacher.fingerprint
        assert standing(look) == "you look at pupil 0; q leads back"
        pupil.show()
        assert standing(pupil).endswith("the teacher looks at yours")
        assert teacher.session.timeline.place.iteration == 1

        node = next(node for node in look.session.timeline.graph.nodes if node.name == "p")
        look.viewer.select(node)
        look.viewer.followed = look.viewer.followed.at((7, 1), True)
        look.show()
        await until(lambda: pupil.viewer.look.node is not None)
        assert pupil.viewer.look.node.name == "p"
        assert pupil.viewer.followed.point == 7

        look.session.step()
        edit(look, "W[0,0] = 9")
        look.show()
        assert "the pupil's to move" in sentences(look.session.message, {})[0]
        look.show()
        assert look.fingerprint == pupil.fingerprint

        pupil.session.back("phase")
        pupil.show()
        await until(lambda: look.fingerprint == pupil.fingerprint)
        pupil.company.offer()
        pupil.show()
        await until(lambda: look.company.is_over)
        look.show()
        assert "no more" in standing(look)
        count = len(sent)
        pupil.session.step()
        pupil.show()
        other.show()
        lead.point(["nobody", "nothing", 10**9, [7]])
        pupil.company.offer()
        await until(lambda: len(sent) > count)
        assert not any("shows" in says for says in sent[count:])


async def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        teacher, [pupil] = await class_of(meeting)
        [member] = teacher.company.members.values()
        pupil.company.offer()
        await until(lambda: member.offers)
        look = Looking(teacher.company, member)
        for shows, wrong in (
            ({}, "too many edits"),
            ({"program": "chain"}, "another program"),
            ({**await shown(member), "branch": 99}, "cannot be shown"),
        ):
            member.shows = shows
            look.show()
            assert wrong in standing(look)


async def shown(member: Any) -> Any:
    await until(lambda: member.shows)
    return member.shows


async def test_the_teachers_screen_and_back(tmp_path: Path) -> None:
    async with room(tmp_path) as meeting:
        company = Lead("monday", meeting.listen(), "come in")
        app = BackpropApp("chain", company=company)
        async with app.run_test(size=(120, 30)) as pilot:
            pupil = await meeting.join("Ann", "chain")
            await until(lambda: pupil.company.is_there)
            pupil.session.step("iteration")
            pupil.show()
            pupil.company.offer()
            await until(lambda: [member.offers for member in company.members.values()] == [True])
            await pilot.press("F", "1")
            await until(lambda: isinstance(app.screen, LookScreen))
            await until(lambda: app.screen.session.timeline.place == pupil.session.timeline.place)
            first, other = pupil.session, DebugSession(open_program("two-paths"))
            pupil.session, pupil.viewer = other, Viewer(other, {"class": "F"})
            other.step("iteration")
            pupil.show()
            await until(lambda: app.screen.session.program.address == "two-paths")
            await until(lambda: app.screen.session.timeline.place == other.timeline.place)
            assert len(app.screen_stack) == 2
            pupil.session, pupil.viewer = first, Viewer(first, {"class": "F"})
            pupil.show()
            await until(lambda: app.screen.session.program.address == "chain")
            await until(lambda: app.screen.session.timeline.place == first.timeline.place)
            await pilot.press("r", "space", "i", "q")
            assert type(app.screen) is MainScreen
            assert app.session.timeline.place.cursor == 0
            await pilot.press("space")
            assert app.session.timeline.place.cursor > 0
