"""The app: one lesson, opened in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import ModalScreen, Screen

from minidl_core import MinidlError

from .complaints import complain
from .debugger.timeline import Timeline
from .driver import DifferenceDriver
from .keys import KEY_OF, REPAINT, SECTIONS
from .lessons import lesson_names, load_lesson
from .narration.messages import sentences
from .notation.conditions import IN_WORDS
from .notation.moments import NoMomentError, read_moment
from .programs.opening import open_program
from .programs.program import Program, ProgramError
from .screens.main_screen import MainScreen
from .session import DebugSession
from .terminal import refusal, run

if TYPE_CHECKING:
    from textual.widgets import Input


class BackpropApp(App[None]):
    """Steps through the training of a lesson; `session` is that of the one which is open."""

    TITLE = "backprop-tui"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [replace(REPAINT, priority=True)]  # an overlay hides what has none
    DEFAULT_MODE = "the first lesson"  # each lesson that was opened has a mode, which keeps its screen

    def __init__(
        self, program: str | Program, seed: int | None = None, learning_rate: float | None = None, steps: int = 100
    ) -> None:
        # passed here already, because the filter for NO_COLOR is chosen now: a theme's would make greys of the colours
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self._steps = steps
        if isinstance(program, str):
            program = open_program(program, seed, learning_rate)
        self.session = DebugSession(program, steps)
        self._waiting = 0
        self._sessions = {program.address: self.session}
        self.add_mode(self.DEFAULT_MODE, self._make_screen)

    @property
    def timeline(self) -> Timeline:
        """The timeline of the lesson that is open."""
        return self.session.timeline

    def on_main_screen_lessons_asked(self) -> None:
        """Show the lessons, and open the one that is chosen, or go back to it where it was left."""
        from .screens.lessons import LessonsScreen

        def open_lesson(address: str | None) -> None:
            if address is None:
                return
            if address not in self._sessions:
                self._sessions[address] = DebugSession(open_program(address), self._steps)
                self.add_mode(address, self._make_screen)
            self.session = self._sessions[address]
            self.switch_mode(address if address != next(iter(self._sessions)) else self.DEFAULT_MODE)

        opened = {address: session.program.lesson for address, session in self._sessions.items()}
        lessons = {name: load_lesson(name) for name in lesson_names()} | opened
        self.push_screen(LessonsScreen(lessons, self.session.program.address), open_lesson)

    def _make_screen(self) -> Screen[None]:
        return MainScreen(self.session)

    def on_key(self, event: events.Key) -> None:
        """Let keys that come before a screen has opened, or before its field has the focus, wait until it has."""
        screen = self.screen
        if isinstance(screen, ModalScreen) and (not screen.is_mounted or self._waiting or _typed(event, screen)):
            event.prevent_default()
            self._waiting += screen.call_later(self._type, event)

    async def _type(self, event: events.Key) -> None:
        self._waiting -= 1
        field = _typed(event, self.screen)
        binding = self.screen.active_bindings.get(event.key)
        if field is not None:
            field.replace(event.character or "", *field.selection)
        elif binding is not None:
            await self.run_action(binding.binding.action, binding.node)

    def action_repaint(self) -> None:
        """Send the terminal the whole screen."""
        if isinstance(self._driver, DifferenceDriver):
            self._driver.forget()
        self.screen.refresh()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG in the reader's own monospace font; Textual's would be fetched from elsewhere."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield every key's action, then Textual's own commands except the list of keys, which the help has."""
        if isinstance(screen, MainScreen):
            for section, bindings in SECTIONS.items():
                for binding in bindings:
                    yield SystemCommand(
                        f"{section}: {binding.description} ({binding.key_display})",
                        binding.tooltip,
                        lambda action=binding.action: screen.run_action(action),
                    )
            yield SystemCommand(
                "Change: learning rate",
                "Edit the learning rate: a branch begins",
                lambda: screen.run_action("edit('learning rate')"),
            )
            for description, condition in IN_WORDS.items():
                yield SystemCommand(
                    f"Break {description}",
                    f"Set a breakpoint: {condition}",
                    lambda condition=condition: screen.run_action(f"break({condition!r})"),
                )
        yield from (command for command in super().get_system_commands(screen) if command.title != "Keys")


def _typed(event: events.Key, screen: Screen[object]) -> Input | None:
    """Return the field that a key is typed into, if it is."""
    from textual.widgets import Input  # not before a screen with a field has been opened: it takes time to import

    return screen.focused if event.is_printable and isinstance(screen.focused, Input) else None


def run_app(name: str, seed: int | None, learning_rate: float | None, steps: int, at: str = "0") -> int:
    """Open a program at a named moment and return the exit status.

    That is 2 where the terminal cannot show it, the program cannot be opened or trained, or there is no such moment.
    """
    refused = refusal()
    if refused is not None:
        complain(refused)
        return 2
    try:
        program = open_program(name, seed, learning_rate)
        if program.warning:
            complain(program.warning)
        app = BackpropApp(program, steps=steps)
        place = read_moment(at, app.timeline)
        app.timeline.go_to(place)
        missed = app.timeline.missed(place)
        if missed is not None:
            raise NoMomentError(sentences(missed, KEY_OF)[0])
    except ProgramError as error:
        complain(error)
        return 2
    except NoMomentError as error:
        complain(f"--at {at}: {error}")
        return 2
    except KeyboardInterrupt:
        return 130
    except MinidlError as error:
        complain(f"{name} cannot be trained: {error}")
        return 2
    return run(app)
