"""The command line: which lesson or file, which numbers, in the terminal or headless.

Neither Textual nor NumPy is imported before the arguments are known to be good.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from ..drawing.ascii import write_ascii
from ..lessons import lesson_names, title_of
from ..programs import FORMULA, HUNT, PRESETS
from ..programs.collecting import importing
from .parsers import (
    COMMANDS,
    EXPORTS,
    SESSION,
    SWITCHES,
    build_exercise_parser,
    build_grade_parser,
    build_hunt_parser,
    build_parser,
    build_serve_parser,
)

if TYPE_CHECKING:
    from ..session.opening import Asked
    from ..settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        return _run(_command_first(sys.argv[1:] if arguments is None else arguments))
    except BrokenPipeError:  # the reader of the pipe has seen enough
        _write_nowhere()
        return 0


def _write_nowhere() -> None:
    """Have what is still to be written go nowhere: Python would try to write it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["grade"]:
        graded = build_grade_parser().parse_args(arguments[1:])
        from .grade import run_grade

        return run_grade(graded.files, graded.program, as_json=graded.json, gradescope=graded.gradescope)
    if arguments[:1] == [HUNT]:
        return _run_hunt(arguments[1:])
    if arguments[:1] == ["serve"]:
        serves = build_serve_parser().parse_args(arguments[1:])
        from .serve import run_server

        where, limits = (serves.host, serves.port), (serves.most, serves.tries, serves.rate, serves.idle)
        return run_server(serves.leads, serves.program, where, serves.web, serves.word, *limits)
    if arguments[:1] == ["exercise"]:
        exercises = build_exercise_parser().parse_args(arguments[1:])
        from ..exercise.watching import run_exercise

        return run_exercise(exercises.file, once=exercises.once)
    parser = build_parser()
    try:
        try:
            asked = parser.parse_args(_with_formula(arguments))
        finally:
            sys.stdout.flush()
        starts = offers_path(asked)
        try:
            asked.lesson = address_of(asked)
            _check_export(asked)
        except ValueError as error:
            parser.error(str(error))
        asked.command = shlex.join(["backprop-tui", *arguments])
        _check_together(asked, parser)
        settings = _settings(asked, parser)
        _check_record(asked, parser, plain=settings.plain, starts=starts)
        if settings.only_ascii and (settings.plain or _prints(asked)):
            write_ascii(sys.stdout)
        status = _print_something(asked, settings, starts=starts)
        sys.stdout.flush()
        if status is not None:
            return status
    except BrokenPipeError:
        raise
    except OSError as error:
        _write_nowhere()
        print(f"backprop-tui: the output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as error:
        from ..complaints import say_where_interrupted

        return say_where_interrupted(error)
    if asked.leads is not None:
        from .in_class import lead_class

        return lead_class(asked.leads, asked.group, session_of(asked), asked.save, asked.record, settings)
    if asked.join is not None:
        from .in_class import join_class

        return join_class(asked.join, asked.name, asked.save, asked.record, settings)
    with importing():
        from .in_terminal import run_app
    from ..session.progress import Progress

    progress = Progress()
    if starts:
        asked.lesson = progress.next_lesson
    return run_app(session_of(asked), asked.save, settings, None, progress, record=asked.record, offers_path=starts)


def _command_first(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments with the name of a command in front of the switches that were typed before it."""
    switches = list(takewhile(SWITCHES.__contains__, arguments))
    name, *others = [*arguments[len(switches) :], ""]
    return [name, *switches, *others[:-1]] if name in COMMANDS else arguments


def offers_path(asked: argparse.Namespace) -> bool:
    """Return whether nothing says what to open or to do, so that the path of the lessons is shown."""
    said = (asked.lesson, asked.expression, asked.seed, asked.learning_rate, asked.leads, asked.join, asked.export)
    does = asked.headless or asked.json or asked.narrate or asked.set or asked.data or asked.edit or asked.at != "0"
    return not does and all(each is None for each in said)


def _with_formula(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the formula and its option as one, for a formula may begin with a minus."""
    joined: list[str] = []
    for argument in arguments:
        if joined[-1:] == [FORMULA]:
            joined[-1] = f"--expression={argument}"
        else:
            joined.append(argument)
    return joined


def address_of(asked: argparse.Namespace) -> str:
    """Return the address of the program that is asked for; raises ValueError where options do not go together."""
    if asked.expression is not None:
        if asked.lesson is not None:
            raise ValueError(f"{FORMULA} opens a formula; leave out {asked.lesson}")
        if asked.variant is not None:
            raise ValueError("--variant is for a lesson, and a formula has none")
        _check_drawn(asked)
        words = [FORMULA, asked.expression]
        words += ["--set", *asked.set] if asked.set else []
        return shlex.join([*words, "--data", *asked.data] if asked.data else words)
    name: str = asked.lesson or "perceptron"
    if asked.set:
        raise ValueError(f"--set is for a formula: {FORMULA} 'w*x' --set {' '.join(asked.set)}")
    if name not in lesson_names() and (asked.data or asked.variant is not None):
        if asked.data:
            raise ValueError("--data FILE is for a lesson on points, --data NAME=VALUE for a formula")
        raise ValueError(f"--variant is for a lesson, and {name} is a file")
    if len(asked.data) > 1:
        raise ValueError(f"--data is one file, or one of {', '.join(PRESETS)}, not {' '.join(asked.data)}")
    _check_drawn(asked)
    words = [name]
    given = {
        "data": next(iter(asked.data), None),
        "variant": asked.variant,
        "points": asked.points,
        "noise": asked.noise,
    }
    for option, value in given.items():
        words += [] if value is None else [f"--{option}", str(value)]
    return shlex.join(words) if len(words) > 1 else name


def _check_drawn(asked: argparse.Namespace) -> None:
    """Raise ValueError where it is said how points are drawn, and none are."""
    drawn = next((option for option in ("points", "noise") if getattr(asked, option) is not None), None)
    if drawn is not None and (not asked.data or asked.data[0] not in PRESETS):
        raise ValueError(f"--{drawn} is for points that are drawn: add --data {', '.join(PRESETS)}")


def _check_together(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Say it where options do not go together, and exit."""
    if (asked.at != "0" or asked.edit or asked.save) and (asked.headless or asked.json or asked.export):
        parser.error("--at, --edit and --save are for the screen and --plain; all else starts at the beginning")
    if asked.questions and (asked.headless or asked.json or asked.narrate or asked.export or asked.save):
        parser.error("--questions prints a quiz and does nothing else")
    if asked.picture and (asked.json or not asked.headless):
        parser.error("--picture is what --headless prints at its end, without --json; the key V shows it here")
    in_class = asked.leads is not None or asked.join is not None
    if in_class and (asked.headless or asked.json or asked.narrate or asked.export):
        parser.error("a class is led and followed without --headless, --json, --narrate and --export")
    if in_class and (asked.expression is not None or asked.data or asked.variant is not None):
        parser.error("a class is led with a lesson or a file; its pupils cannot open a formula, --data or --variant")
    if asked.leads is not None and asked.plain:
        parser.error("a class is led on the screen; only pupils can have --plain")
    if asked.leads is not None and asked.join is not None:
        parser.error("either lead a class, by --class, or join one, by --join")


def _check_export(asked: argparse.Namespace) -> None:
    """Raise ValueError where an export is of no kind, or into no Python file."""
    if asked.export is None:
        return
    kind, *files = asked.export
    if kind not in EXPORTS:
        raise ValueError(f"--export {kind}: there are {', '.join(EXPORTS)}")
    if len(files) > 1 or not all(file.endswith(".py") for file in files):
        raise ValueError(
            f"--export {' '.join(asked.export)}: behind the kind comes one FILE.py; what to open goes first"
        )
    if asked.headless or asked.json or asked.plain or asked.narrate:
        raise ValueError("--export writes a script and does nothing else")


def _prints(asked: argparse.Namespace) -> bool:
    """Return whether what is asked for is printed, and needs no screen."""
    return bool(asked.headless or asked.json or asked.narrate or asked.export or asked.questions or asked.list)


def _check_record(asked: argparse.Namespace, parser: argparse.ArgumentParser, *, plain: bool, starts: bool) -> None:
    """End with a sentence where there is no screen to record, or nothing to replay into."""
    if asked.record and (_prints(asked) or (plain and not asked.replay)):
        others = "--headless, --json, --plain, --narrate, --export, --questions"
        parser.error(f"--record is for the screen; it goes without {others}")
    if asked.replay and not (asked.record and asked.replay.endswith(SESSION)):
        parser.error(f"--replay FILE{SESSION} goes with --record FILE.cast, into which it is recorded")
    if asked.replay and not starts:
        parser.error(f"--replay {asked.replay} says what to open; leave out the rest")


def _settings(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> Settings:
    """Return what is set in the file and on the command line; what is wrong in the file is said."""
    from dataclasses import replace

    from ..complaints import complain
    from ..settings import CHOICES, read_settings

    settings = read_settings()
    for wrong in settings.wrong:
        complain(wrong)
    if asked.theme is not None:
        if asked.theme not in CHOICES["theme"]:
            parser.error(f"there is no theme '{asked.theme}'; there are {', '.join(CHOICES['theme'])}")
        settings = replace(settings, theme=asked.theme)
    return replace(settings, ascii=settings.ascii or asked.ascii, plain=settings.plain or asked.plain)


def _print_something(asked: argparse.Namespace, settings: Settings, *, starts: bool) -> int | None:
    """Do what needs no screen and return the exit status; None where the screen is asked for."""
    if asked.print_config:
        from ..settings import write_config

        print(write_config(settings), end="")
        return 0
    if asked.forget:
        return _forget()
    if asked.list:
        return _list_lessons()
    if asked.export:
        from .exporting import run_export

        kind, file = [*asked.export, None][:2]
        return run_export(session_of(asked), kind, file, asked.steps, asked.command)
    if asked.narrate:
        from ..plain.front_end import narrate

        return narrate(session_of(asked))
    if asked.questions:
        from .questions import run_questions

        return run_questions(session_of(asked), asked.questions)
    if asked.replay:
        from .replaying import run_replay

        return run_replay(asked.replay, asked.record, settings)
    if asked.headless or asked.json:
        from .headless import run_headless

        return run_headless(
            asked.lesson, asked.seed, asked.learning_rate, asked.steps, as_json=asked.json, picture=asked.picture
        )
    if settings.plain and asked.leads is None and asked.join is None:
        from ..plain.front_end import run_plain
        from ..session.progress import Progress

        progress = Progress()
        if starts:
            asked.lesson = progress.next_lesson
        return run_plain(session_of(asked), asked.save, progress, offers_path=starts)
    return None


def session_of(asked: argparse.Namespace) -> Asked:
    """Return what is asked to be opened."""
    from ..session.opening import Asked

    pause_every = 100 if asked.steps is None else asked.steps
    return Asked(asked.lesson, asked.seed, asked.learning_rate, pause_every, asked.at, asked.edit)


def _forget() -> int:
    from ..complaints import complain
    from ..session.progress import Progress

    progress = Progress()
    try:
        progress.forget()
    except OSError as error:
        complain(f"{progress.path} cannot be taken away: {error.strerror}")
        return 1
    print("your progress in the lessons is forgotten")
    return 0


def _list_lessons() -> int:
    width = max(map(len, lesson_names()))
    for name in lesson_names():
        print(f"{name:{width}}  {title_of(name)}")
    return 0


def _run_hunt(arguments: Sequence[str]) -> int:
    """Open a hunt, and return the exit status."""
    parser = build_hunt_parser()
    asked = parser.parse_args(arguments)
    settings = _settings(asked, parser)
    from ..hunt.planting import hunt_address
    from ..session.hunting import any_seed
    from ..session.opening import Asked

    seed = any_seed() if asked.seed is None else asked.seed
    opened = Asked(hunt_address(seed, asked.lesson), at=asked.at, edits=asked.edit)
    if settings.plain:
        from ..plain.front_end import run_plain

        return run_plain(opened, asked.save)
    with importing():
        from .in_terminal import run_app

    return run_app(opened, asked.save, settings)
