"""Recording a kept session without a person and without a terminal: what was done in it is done again, into a cast."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..app import BackpropApp
from ..complaints import complain
from ..screens.main_screen import MainScreen
from ..session.opening import NOT_OPENED, Asked, open_session, why_not
from ..session.replay import replay
from ..session.saving import path_of
from ..session.session_file import read_session
from ..settings import Settings
from ..terminal.cast import Cast
from ..terminal.run import run_into

STAGE = (80, 24)
"""The size of the terminal that is recorded, in columns and rows."""


def run_replay(name: str, record: str, settings: Settings) -> int:
    """Replay a session's file into a cast, and return the exit status, 2 where it cannot be replayed or recorded."""
    try:
        file = read_session(name)
        opened = open_session(Asked(name), has_files=False)  # a guess that is made again is no score
    except NOT_OPENED as error:
        complain(why_not(name, error))
        return 2
    if opened.warning:
        complain(opened.warning)
    session, passed = opened.session, 0.0
    moves = replay(session, file)
    seen = next(moves)  # the start, which is painted first
    app = BackpropApp(session)
    app.set_up(settings)
    try:
        cast = Cast(path_of(record), session.program.lesson.name, lambda: app.pass_in_view, lambda: passed)
    except OSError as error:
        complain(f"--record {record}: {error.strerror}")
        return 2
    damage = ""

    async def play(painted: Callable[[], Awaitable[None]]) -> None:
        nonlocal passed, damage
        passed += seen
        screen = app.screen
        assert isinstance(screen, MainScreen)
        try:
            for seconds in moves:
                while session.running is not None:
                    session.tick()
                screen.show()
                await painted()
                passed += seconds
        except (KeyError, IndexError, TypeError, ValueError) as error:
            damage = f"{name} is damaged in its answers: {error!r}"
        app.exit()

    run_into(cast, app, STAGE, play)
    cast.close()
    for wrong in filter(None, (damage, cast.problem and f"{record} is not whole: {cast.problem}")):
        complain(wrong)
        return 2
    print(f"{record} has {passed:.0f} seconds of {name}")
    return app.return_code or 0
