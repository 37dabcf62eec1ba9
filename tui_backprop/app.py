"""The app: one lesson, opened in the terminal."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual import events
from textual._context import active_message_pump
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from .classroom.context import Context, is_about, open_lesson_of
from .classroom.lead import Lead, Member
from .classroom.look import Look
from .classroom.pupil import Pupil
from .crash import describe, report_crash
from .debugger.message import Message
from .debugger.timeline import Timeline
from .drawing.palette import ON_LIGHT, choose_theme
from .keys import REPAINT
from .later import import_later
from .lessons import lesson_names
from .notation.fitting import printable
from .programs.opening import open_program, variants_of
from .programs.program import Program
from .screens.main_screen import MainScreen
from .screens.turns import Turns
from .session import DebugSession
from .session.progress import Progress
from .settings import Settings, config_path, theme_of, theme_on
from .terminal.driver import DifferenceDriver
from .terminal.input import BackgroundReported
from .widgets.canvas import PaintedRow


class BackpropApp(App[None]):
    """Steps through the training of a lesson; `session` is that of the one which is open, `company` its class.

    The lesson `begins` with its pages, as any that is opened in the app. Before that the app `offers_path`, where it is
    to, and it tells the `progress` where somebody is on it.
    """

    TITLE = "backprop-tui"
    ENABLE_COMMAND_PALETTE = True
    # Textual 8.2.8's selection by the mouse, which no pane has, fails over panes drawn by line, and on a note just gone
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [  # an overlay hides what has no priority
        replace(REPAINT, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True),
    ]
    DEFAULT_MODE = "the first lesson"  # each lesson that was opened has a mode, which keeps its screen
    theme: Reactive[str] = Reactive("ansi-dark")  # to set it would have all style sheets parsed again at the start

    def __init__(
        self,
        program: str | Program | DebugSession,
        seed: int | None = None,
        learning_rate: float | None = None,
        steps: int = 100,
        company: Lead | Pupil | None = None,
        progress: Progress | None = None,
        *,
        begins: bool = False,
        offers_path: bool = False,
    ) -> None:
        self._company = company
        self._progress = progress
        self._begins = begins
        self._offers_path = offers_path
        self._settings = Settings()
        self._wrong_settings: list[str] = []
        self.fault: list[str] = []
        # passed here already, because the filter for NO_COLOR is chosen now: a theme's would make greys of the colours
        super().__init__(ansi_color=True)
        self._steps = steps
        if isinstance(program, str):
            program = open_program(program, seed, learning_rate)
        self.session = program if isinstance(program, DebugSession) else DebugSession(program, steps)
        self._turns = Turns(self._take)
        self._importing: asyncio.Task[None] | None = None  # nothing else would keep it
        self._sessions = {self.session.program.address: self.session}
        self.add_mode(self.DEFAULT_MODE, self._make_screen)

    @property
    def timeline(self) -> Timeline:
        """The timeline of the lesson that is open."""
        return self.session.timeline

    @property
    def pass_in_view(self) -> str:
        """The iteration and the pass that the screen shows, as a recording calls them."""
        moment = self.session.moment
        return f"iteration {moment.iteration}{f' {moment.phase}' if moment.event is not None else ''}"

    def action_lessons(self, *, starts: bool = False) -> None:
        """Show the path of the lessons, and open the one that is chosen, or go back to it where it was left."""
        from .screens.lessons import LessonsScreen, entries

        def open_lesson(address: str | None) -> None:
            if address is not None:
                if isinstance(self._company, Pupil):
                    self._company.let_go(self.session)
                self._show_session(self._sessions.get(address) or self._open(address))
            if starts and self._begins and isinstance(self.screen, MainScreen):
                self._begin(self.screen)
                self.screen.show()

        opened = {address: session.program.lesson.summary for address, session in self._sessions.items()}
        here, progress = self.session.program.address, self._progress
        opened = variants_of(here) | opened
        others = {address: summary for address, summary in opened.items() if address not in lesson_names()}
        then = self.session.program.lesson.then
        if progress is not None and progress.is_reached(here) and then is not None and then.lesson in lesson_names():
            here = then.lesson
        wrong = [*(self._wrong_settings if starts else ()), "" if progress is None else progress.problem]
        problem = ". ".join(filter(None, wrong))
        listed = entries(progress, others)
        self.push_screen(LessonsScreen(listed, here, self._settings.keys, starts=starts, problem=problem), open_lesson)

    def _open(self, address: str) -> DebugSession:
        return DebugSession(open_program(address), self._steps, has_files=self.session.has_files)

    def _show_session(self, session: DebugSession) -> None:
        """Show a session where it was left, or as it begins."""
        address = session.program.address
        if address not in self._sessions:
            self._sessions[address] = session
            self.add_mode(address, self._make_screen)
        self.session = session
        self.switch_mode(address if address != next(iter(self._sessions)) else self.DEFAULT_MODE)

    def _make_screen(self) -> Screen[None]:
        screen = MainScreen(self.session, self._company, self._settings.keys, self._paint, self._is_awaited)
        screen._css_update_count = self._css_update_count  # or Textual would parse all style sheets again for it
        screen.viewer.tell(self._progress)
        if (self._begins and not self._offers_path) or (len(self._sessions) > 1 and self._company is None):
            self._begin(screen)
        return screen

    def _begin(self, screen: MainScreen) -> None:
        """Open the pages of a lesson."""
        if screen.viewer.reading.count and not screen.viewer.reading.is_open:
            message = screen.session.message
            screen.viewer.turn_page(1)
            screen.session.message = message  # what was wrong still has to be read

    # in a class

    async def on_mount(self) -> None:
        """Meet the class, or show the path."""
        if self._offers_path:
            self.action_lessons(starts=True)
        if self._company is not None:
            self._company.changed = self._look_at_class
            await self._company.open()

    def on_ready(self) -> None:
        """Import in a terminal what was not needed so far, before somebody asks for it."""
        if isinstance(self._driver, DifferenceDriver):
            self._importing = asyncio.create_task(import_later())

    async def on_unmount(self) -> None:
        """Leave the class."""
        if self._company is not None:
            self._company.close()

    def _look_at_class(self) -> None:
        """Have the main screen show what is new in the class, unless something lies over it that the class does not."""
        if self._exit:
            return
        main = self._main_screen
        if main is None or (self.screen is not main and main.viewer.belief is None):
            return
        if isinstance(self._company, Pupil) and self._open_what_is_followed(self._company):
            main.viewer.belief = None  # which was compared in the program before
            main = self._main_screen or main
        main.look_at_class()

    @property
    def _main_screen(self) -> MainScreen | None:
        """The main screen, also beneath what lies over it; None before there is one."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, MainScreen)), None)

    def _open_what_is_followed(self, pupil: Pupil) -> bool:
        """Open the lesson that the teacher has opened, and return whether that is another one.

        A file is opened only by who joins.
        """
        context = pupil.context
        if not pupil.follows or context is None or is_about(context, self.session):
            return False
        address = str(context.get("program"))
        session = self._sessions.get(address)
        if session is None:
            session = open_lesson_of(context, self._steps, has_files=self.session.has_files)
        if session is None or not is_about(context, session):
            return False
        self._show_session(session)
        return True

    def action_members(self) -> None:
        """Show the teacher who is in the class, and the session of a pupil who offers it and is chosen."""
        from .screens.class_list import ClassScreen
        from .screens.look import LookScreen

        lead = self._company
        assert isinstance(lead, Lead), "only who leads a class sees its members"

        def look(member: Member | None, session: DebugSession | None = None) -> None:
            if member is None:
                return

            def look_elsewhere(context: Context) -> None:
                opened = open_lesson_of(context, self._steps)
                if opened is not None and isinstance(self.screen, LookScreen):
                    self.pop_screen()
                    look(member, opened)

            there, shown = Look(lead, member), session or DebugSession(self.session.program)
            self.push_screen(
                LookScreen(shown, there, self._settings.keys, self._paint, self._is_awaited, look_elsewhere)
            )

        self.push_screen(ClassScreen(lead), look)

    async def on_event(self, event: events.Event) -> None:
        """Let keys, pastes and the mouse wait for their turn."""
        try:
            if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
                self._turns.add(event)
            else:
                await super().on_event(event)
        except Exception as error:  # of an overlay's action, whose end is not to be that of the app's own loop
            self._handle_exception(error)

    async def _take(self, event: events.Event) -> bool:
        """Give an input to the screen that is on top, and return whether the next one may follow at once.

        The main screen acts on a key at once, and draws when there is none left.
        """
        if self._exit:
            return True
        if isinstance(self._driver, DifferenceDriver):
            self._driver.input_waits.clear()
        try:
            if isinstance(event, events.Key) and isinstance(self.screen, MainScreen):
                await self._press(event, self.screen)
                if isinstance(self.screen, MainScreen):
                    return True
            else:
                await super().on_event(event)
        except Exception as error:
            self._handle_exception(error)
        return isinstance(event, events.MouseMove)

    async def _press(self, event: events.Key, screen: MainScreen) -> None:
        if await self._check_bindings(event.key, priority=True) or screen.press(event):
            return
        letter = event.character or ""
        if not await self._check_bindings(event.key) and letter.isalpha() and not letter.isascii():
            self.session.message = Message("no such key", {"key": letter})
            screen.show()

    def _handle_exception(self, error: Exception) -> None:
        """Close the overlay that failed; where the main screen did, end the app."""
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            error = error.error  # which says where it was
        pump = active_message_pump.get()
        nodes = pump.ancestors_with_self if isinstance(pump, Widget) else self.screen_stack[-1:]
        failed = next((node for node in nodes if isinstance(node, Screen)), None)
        if not isinstance(failed, ModalScreen) and failed not in self.screen_stack[1:]:
            super()._handle_exception(error)
            return
        if failed in self.screen_stack:
            while self.screen is not failed:
                self.pop_screen()
            self.pop_screen()
        said = f"This failed and is closed. Time and edits are as they were. ({describe(error)})"
        self.notify(said, severity="error", markup=False)

    def notify(self, message: str, **options: Any) -> None:
        """Show a note in place of the one before: Textual leaves something of more than fit on the screen."""
        self.clear_notifications()
        super().notify(message, **options)

    def _fatal_error(self) -> None:
        """End the app, and have it said when the terminal is as before: what it was, where a report is."""
        if not self.fault and self._exception is not None:
            try:
                self.fault = report_crash(self._exception, self.session)
            finally:
                self._close_messages_no_wait()

    def set_up(self, settings: Settings) -> None:
        """Take over what is set: keys, the theme, the speed of a run, whether questions are asked."""
        message = self.session.message  # what was wrong with the program still has to be read
        self.set_keymap(settings.keys)
        self._settings = settings
        self.action_choose_theme(theme_of(settings))
        self.session.change_speed(settings.speed - Settings.speed)
        while self.session.quiz.mode != settings.ask and self.session.hunt is None:
            self.session.ask()
        folder = f"{config_path().parent}{os.sep}"
        self._wrong_settings = [wrong.replace(folder, "") for wrong in settings.wrong]
        if self._wrong_settings and message is None:
            message = Message("wrong settings", {"said": self._wrong_settings})
        self.session.message = message

    def action_choose_theme(self, name: str) -> None:
        """Show everything as a theme says, from now on."""
        choose_theme(name)
        self.theme = "ansi-light" if name in ON_LIGHT.values() else "ansi-dark"
        if self.is_running:
            self.action_repaint()

    def on_background_reported(self, event: BackgroundReported) -> None:
        """Take the theme that can be read on the terminal's background, where no other one is set."""
        if self._settings.follows_background:
            self.action_choose_theme(theme_on(self._settings, is_light=event.is_light))

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal, with nothing in it that a shell or an editor would obey when it is pasted."""
        super().copy_to_clipboard("\n".join(map(printable, text.split("\n"))))

    def action_help_quit(self) -> None:
        """Say which key quits where messages stand: a note of Textual's would lie over what is asked for next."""
        self.session.message = Message("how to quit")
        if isinstance(self.screen, MainScreen):
            self.screen.show()

    def action_suspend_process(self) -> None:
        """Suspend the app, where there is a shell that could go on with it."""
        if self.session.has_files:
            super().action_suspend_process()

    def _paint(self, rows: Sequence[PaintedRow]) -> bool:
        """Send the terminal what differs in these rows without Textual, and return whether that was possible.

        Textual composes all widgets of the rows, writes them as a frame, and the driver reads that: three quarters of
        the cost of a paint.
        """
        driver = self._driver
        if not isinstance(driver, DifferenceDriver) or not self._running or self._closed:
            return False
        self._begin_update()
        painted = driver.paint(rows)
        self._end_update()
        return painted

    def _is_awaited(self) -> bool:
        """Return whether a key waits until a tick of a run is over."""
        return isinstance(self._driver, DifferenceDriver) and self._driver.input_waits.is_set()

    def action_repaint(self) -> None:
        """Send the terminal the whole screen."""
        if isinstance(self._driver, DifferenceDriver):
            self._driver.forget()
        self.screen.refresh()

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Return the screen as SVG in the reader's own monospace font; Textual's would be fetched from elsewhere."""
        svg = super().export_screenshot(title=title, simplify=simplify)
        return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")

    def action_command_palette(self) -> None:
        """Open the palette of commands."""
        from .screens.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield the palette's commands, then Textual's own, except the list of keys, which the help has."""
        from .screens.palette import commands

        if isinstance(screen, MainScreen):
            yield from commands(screen, self._settings.keys, self.action_choose_theme)
        left_out = ("Keys",) if self.session.has_files else ("Keys", "Screenshot")
        yield from (command for command in super().get_system_commands(screen) if command.title not in left_out)
