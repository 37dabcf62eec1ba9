"""The main screen: a key does something with a session or its viewer, and the panes show what is then to be seen.

Data flows one way. A key calls the session or the viewer; the session says what the moment is; panes turn moment and
viewer into lines; canvases send the terminal what changed of them.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from ..classroom.lead import Lead
from ..classroom.look import Look
from ..classroom.pupil import Pupil
from ..debugger.left import Left
from ..debugger.message import Message
from ..debugger.steps import Place
from ..drawing.palette import Line
from ..keys import SECTIONS, Keymap, names_of
from ..panes.question_pane import choice_at
from ..session import DebugSession, Viewer
from ..session.looks import count_look
from ..widgets.canvas import Canvas
from ..widgets.graph_canvas import GraphCanvas
from .pane_canvases import Paint, PaneCanvases
from .slices import BETWEEN_SECONDS

FRAME_SECONDS = 0.04
"""So long a run goes on before it is painted again."""


class MainScreen(Screen[None]):
    """Shows a session to one viewer, and moves both by keys, or as a class moves that is its `company`."""

    DEFAULT_CSS = """
    MainScreen {
        layers: frame panes;
        overflow: hidden;
    }
    MainScreen > Canvas {
        layer: panes;
        position: absolute;
    }
    MainScreen > #frame {
        layer: frame;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [binding for section in SECTIONS.values() for binding in section]

    def __init__(
        self,
        session: DebugSession,
        company: Lead | Pupil | Look | None,
        keymap: Keymap,
        paint: Paint,
        is_awaited: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.session = session
        self._company = company
        self.keymap = keymap
        self.viewer = Viewer(session, names_of(keymap))
        self._canvases = PaneCanvases(session.moment, paint)
        self._is_awaited = is_awaited
        self._left = Left()
        session.timeline.leave = self._left.take
        self._laid_out = False
        self._due = self._gives_way = self._goes_on = self._lets_go = False
        self._timer: Timer | None = None
        self._pace = self._next_frame = 0.0
        self._chose = False

    def compose(self) -> ComposeResult:
        """Yield the canvases of the panes."""
        yield from self._canvases

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key but those of the program do anything while the terminal is too small to show what it does."""
        if not self._canvases.areas and (action, *parameters) != ("over", "explain"):
            return False
        return super().check_action(action, parameters)

    def action_session(self, what: str, *argument: object) -> None:
        """Do something with the session: call its method of this name, which takes at most one argument."""
        getattr(self.session, what)(*argument)
        self.show()

    def action_viewer(self, what: str, *argument: object) -> None:
        """Look at something else: call the viewer's method of this name, which takes at most one argument."""
        getattr(self.viewer, what)(*argument)
        self.show()

    # what takes more than one of them

    def action_forward(self, stop: str) -> None:
        """Move forward to where this kind of move stops; the first press while it runs pauses instead."""
        self.session.step(stop, self.viewer.followed, in_slices=True)
        self.show()

    def action_back(self, stop: str) -> None:
        """Move back to where this kind of move stops."""
        self.session.back(stop, in_slices=True)
        self.show()

    def action_last(self) -> None:
        """Move to the latest moment that was ever reached."""
        self.session.last(in_slices=True)
        self.show()

    def action_continue(self, direction: str) -> None:
        """Go on to the next breakpoint, forwards or back."""
        self.session.resume(backwards=direction == "back")
        self.show()

    def action_drive(self) -> None:
        """Have the learner make the engine's moves, or the engine again."""
        self.session.drive(self.viewer.followed)
        self.show()

    def action_breakpoint(self) -> None:
        """Set a breakpoint on the node in view, or take it away."""
        self.session.toggle_breakpoint(self.viewer.node)
        self.show()

    def go(self, place: Place | None) -> None:
        """Move to a place, if there is one."""
        if place is not None:
            self.session.go(place, in_slices=True)
            self.show()

    def _tick(self) -> None:
        """Go on with a run; what a key would wait for, or no eye can follow, is not painted."""
        if self._due:
            return  # what a key did is painted first
        self.session.tick(self._is_awaited)
        running = self.session.running
        if running is None and self.session.is_large:
            gc.freeze()  # to look through what was recorded for garbage would hold up one of the next keys for 200 ms
        if running is None and self._company is not None:
            self.look_at_class()
            return
        gives_way = running is not None and running.seconds < FRAME_SECONDS  # else the next frame is long in coming
        if not gives_way or (perf_counter() >= self._next_frame and not self._is_awaited()):
            self.show()
            self._gives_way = gives_way

    def _keep_pace(self) -> None:
        """Have as many ticks as the session's run asks for, and none where there is no run."""
        speed = self.session.running
        if self._timer is not None and (speed is None or speed.seconds != self._pace):
            self._timer.stop()
            self._timer = None
        if speed is not None and self._timer is None:
            self._pace = speed.seconds
            self._timer = self.set_interval(speed.seconds, self._tick)

    # answering

    def press(self, event: events.Key) -> bool:
        """Give a key to the question that stands, or to the lesson's page that asks; return if it took it.

        Enter behind the number of a choice takes that for the answer once more: it must not lead away from what is said
        to it.
        """
        confirms = self._chose and event.key == "enter"
        question = self.session.quiz.question or self.viewer.reading.question
        taken = bool(self._canvases.areas) and self._answer(event.key, event.character)
        self._chose = taken and question is not None and bool(question.choices)
        return taken or confirms or self._is_no_choice(event.character)

    def _is_no_choice(self, character: str | None) -> bool:
        """Return whether this is a number that none of the choices has, and then say so."""
        quiz, reading = self.session.quiz, self.viewer.reading
        of_page = quiz.question is None and not reading.right
        question = quiz.question if quiz.takes_answers else reading.question if of_page else None
        choices = 0 if question is None else len(question.choices)
        if not (self._canvases.areas and choices and character and character.isdecimal()):
            return False
        self.session.message = Message("no such choice", {"typed": character, "choices": choices})
        self.show()
        return True

    def _answer(self, key: str, character: str | None) -> bool:
        """Answer the question that stands, whose step is then shown, or else the page; return if it took the key."""
        quiz, node = self.session.quiz, None if self.viewer.look.whole else self.viewer.node
        if quiz.takes_answers and quiz.press(key, character, node):
            self.session.take_answer(self.viewer.followed)
        elif quiz.question is not None or not self.viewer.reading.take(key, character):
            return False
        self.show()
        return True

    def on_click(self, event: events.Click) -> None:
        """Take a click for the key it stands for: on the header, on a choice, or on the inspector."""
        name = None if event.widget is None else event.widget.id
        if name not in self._canvases.areas:
            return  # it has lost its place since the click, or is a title
        if name == "header":
            self.action_where()
        elif name == "inspector":
            key = choice_at(self._lines("inspector"), event.x, event.y) if self.session.quiz.takes_answers else None
            if key is None or not self._answer(key, key):
                self.viewer.go_to_pane()
                self.show()
        elif name == "page" and self.session.quiz.question is None:
            key = choice_at(self._lines("page"), event.x, event.y)
            if key is not None:
                self._answer(key, key)

    # looking

    def on_graph_canvas_picked(self, event: GraphCanvas.Picked) -> None:
        """Select what was clicked on."""
        self.viewer.select_at(event.x, event.y)
        self.show()

    def on_graph_canvas_panned(self, event: GraphCanvas.Panned) -> None:
        """Show the part of the graph that was dragged or wheeled into view."""
        self.viewer.pan((event.columns, event.rows))
        self.show()

    def action_where(self) -> None:
        """Say the command that opens the app at the current moment; some terminals copy it, too."""
        where = self.session.say_where()
        self.app.copy_to_clipboard(where)
        self.show()

    # what lies over it

    def action_over(self, what: str, *argument: object) -> None:
        """Lay a screen over this one that asks for something: call the function of this name in overlays.py."""
        from . import overlays  # not before the first paint, because widgets are slow to import

        getattr(overlays, what)(self, *argument)

    async def action_lessons(self) -> None:
        """Ask for another lesson."""
        self.session.pause()
        self.show()
        await self.run_action("app.lessons")

    def ask(self, screen: Screen[Any], answered: Callable[[Any], None] | None = None) -> None:
        """Let time stand still while a screen lies over this one, and then do something with what it returns."""
        self.session.pause()
        self.show()
        self.app.push_screen(screen, answered)

    # in a class

    def look_at_class(self) -> None:
        """Do what a teacher has done, where one is followed, and show what is new about the class."""
        if isinstance(self._company, Pupil | Look):
            self._company.take_up(self.session, self.viewer)
            if self.session.running is None and (self.viewer.belief is not None or self.app.screen is not self):
                self.action_over("follow_belief")
        self.show()

    async def action_class(self) -> None:
        """Follow the teacher again, or see who is in the class."""
        if isinstance(self._company, Pupil):
            self._company.follow_again()
        elif isinstance(self._company, Lead):
            self.session.pause()
            await self.run_action("app.members")
        else:
            self.session.message = Message("in no class")
        self.show()

    def action_offer(self) -> None:
        """Offer the teacher a look at this session, or no more."""
        self.session.message = self._company.offer() if isinstance(self._company, Pupil) else Message("in no class")
        self.show()

    def on_screen_resume(self) -> None:
        """Do what the class did while something lay over this screen."""
        if self._company is not None:
            self.look_at_class()

    # drawing

    def on_mount(self) -> None:
        """Draw before the first paint, so that there is no empty one."""
        self._draw()

    def on_resize(self) -> None:
        """Draw anew where the size is another one; while the app starts, Textual tells the same size three times."""
        if self._canvases.drawn_for != self.app.size:
            self._draw()

    def _compositor_refresh(self) -> None:
        """Paint, unless Textual would throw it away: while the app starts, nothing is shown before all is laid out."""
        if not self.app._batch_count:
            super()._compositor_refresh()

    def show(self) -> None:
        """Draw when all keys that have come so far are done: a held key is never ahead of the screen, none is lost."""
        self._keep_pace()
        self._gives_way = False
        if not self._due:
            self._due = True
            self.call_later(self._draw)

    def _draw(self) -> None:
        self._due = False
        if not self.children:
            return  # it was closed while this was due
        if self._company is not None:
            self._company.notice(self.session)
        self.viewer.follow_lesson()
        if self._canvases.arrange(self.viewer, self.app.size):  # its own is not known before the first layout
            self._laid_out = False
            self.call_after_refresh(self._know_layout)
            if not self._canvases.areas:
                self.session.pause(Message("too small"))
                self._keep_pace()
        count_look(self.viewer)
        moment = self.session.moment
        unfinished = self._canvases.prepare(moment, self.viewer)
        # of a run this would be no more than a frame; what a key does is drawn at once
        if not self._canvases.draw(moment, self.viewer, lambda: self._gives_way and self._is_awaited()):
            return
        self._canvases.paint(as_rows=self._laid_out and self.is_active and not self._is_covered)
        if unfinished and not self._goes_on:
            self._goes_on = True
            # not by a timer of Textual's: one that is late when it starts never rings
            asyncio.get_running_loop().call_later(BETWEEN_SECONDS, self._go_on)
        if self._left and not self._lets_go:
            self._lets_go = True
            asyncio.get_running_loop().call_later(BETWEEN_SECONDS, self._let_go)
        if self._company is not None:
            self._company.after_drawing(self.session, self.viewer)
        self._next_frame = perf_counter() + FRAME_SECONDS

    def _let_go(self) -> None:
        """Let go of some of what was left, and of more a little later."""
        end = perf_counter() + BETWEEN_SECONDS
        self._left.let_go(lambda: perf_counter() >= end)
        self._lets_go = bool(self._left)
        if self._lets_go:
            asyncio.get_running_loop().call_later(BETWEEN_SECONDS, self._let_go)

    def _go_on(self) -> None:
        """Draw again, because what a pane shows was not computed to its end."""
        self._goes_on = False
        self.show()

    @property
    def _is_covered(self) -> bool:
        """Whether something of Textual's lies over the panes: a hint, or a note, also one that is not laid out yet."""
        others = (child for child in self.children if not isinstance(child, Canvas))
        return any(each.children or (each.display and each.size) for each in others)

    def _know_layout(self) -> None:
        """Know that Textual has put the panes where they stand now."""
        self._laid_out = True

    def _lines(self, name: str) -> list[Line]:
        """Return what a pane shows."""
        return self._canvases.lines(name, self.session.moment, self.viewer)
