"""The app in this terminal: what is asked for is opened and shown, and what there is to say is said afterwards."""

from __future__ import annotations

from ..app import BackpropApp
from ..classroom.lead import Lead
from ..classroom.pupil import Pupil
from ..complaints import complain, say_where_interrupted
from ..crash import reported
from ..keys import names_of
from ..narration.messages import sentences
from ..notation.fitting import printable
from ..notation.moments import NoMomentError, command
from ..programs.output import opening
from ..session.opening import NOT_OPENED, Asked, open_session, why_not
from ..session.progress import Progress
from ..session.saving import path_of
from ..session.session_file import is_session
from ..settings import Settings
from ..terminal.cast import Cast
from ..terminal.run import leave, refusal, run


def run_app(
    asked: Asked,
    save: str | None,
    settings: Settings,
    company: Lead | Pupil | None = None,
    progress: Progress | None = None,
    *,
    record: str | None = None,
    has_files: bool = True,
    offers_path: bool = False,
) -> int:
    """Open a session, of a class if there is one, keep it in a file if one is named, and return the exit status.

    What the terminal shows is recorded as a cast, where a file for it is named.

    Who learns alone has a `progress`, and begins with the pages of the lesson, or before that with the path.

    That is 2 where the terminal cannot show it, the program cannot be opened or trained, or there is no such moment.
    Where it was quit, the command that comes back is printed.
    """
    refused = refusal()
    if refused is not None:
        complain(refused)
        return 2
    try:
        with opening(asked.name):
            opened = open_session(asked, has_files=has_files)
        if opened.warning:
            complain(opened.warning)
        if opened.missed is not None:
            raise NoMomentError(sentences(opened.missed, names_of(settings.keys))[0])
    except NoMomentError as error:
        complain(f"--at {asked.at}: {error}")
        return 2
    except NOT_OPENED as error:
        complain(why_not(asked.name, error))
        return 2
    except KeyboardInterrupt as error:
        return say_where_interrupted(error)
    begins = progress is not None and asked.at == "0" and not asked.edits and not is_session(asked.name)
    with reported(opened.session):
        app = BackpropApp(
            opened.session, None, None, asked.steps, company, progress, begins=begins, offers_path=offers_path
        )
        app.set_up(settings)
        return _run_app(app, settings, company, progress, save, record)


def _run_app(
    app: BackpropApp,
    settings: Settings,
    company: Lead | Pupil | None,
    progress: Progress | None,
    save: str | None,
    record: str | None,
) -> int:
    """Run the app in this terminal, say what there is to say afterwards, and return the exit status."""
    cast = None
    if record is not None:
        try:
            cast = Cast(path_of(record), app.session.program.lesson.name, lambda: app.pass_in_view)
        except OSError as error:
            complain(f"--record {record}: {error.strerror}")
            return 2
    if isinstance(company, Lead):
        complain(company.invitation)
    status = run(app, only_ascii=settings.only_ascii, asks_background=settings.follows_background, cast=cast)
    if cast is not None:
        cast.close()
        complain(f"{record} has what was shown" if not cast.problem else f"{record} is not whole: {cast.problem}")
    for said in app.fault:
        complain(said)
    if status == 0:
        print(printable(command(app.timeline)))
    if progress is not None and progress.problem:
        complain(progress.problem)
    if save is not None:
        app.session.keep(path_of(save))
        if app.session.message is not None and app.session.has_files:
            complain(sentences(app.session.message, names_of(settings.keys))[0])
    return leave(status)
