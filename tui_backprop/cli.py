"""The command line: which lesson or file, which numbers, in the terminal or headless.

Neither Textual nor NumPy is imported before the arguments are known to be good.
"""

from __future__ import annotations

import argparse
import difflib
import math
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from . import __version__
from .lessons import lesson_names, title_of
from .programs import FORMULA, HUNT, PRESETS, is_path

if TYPE_CHECKING:
    from .session.opening import Asked
    from .settings import Settings

SESSION = ".backprop"
EXPORTS = ("numpy", "torch", "minidl")

DESCRIPTION = "Step through backpropagation in a terminal, forwards and backwards in time."
EXAMPLES = """\
examples:
  backprop-tui                               the path of the lessons: what comes next, what you have done
  backprop-tui perceptron                    open a lesson; press space to step, b to step back
  backprop-tui my_model.py                   open your own graph (see below)
  backprop-tui -e "sigmoid(w*x + b)" --set x=2 w=0.5 b=-1      open a formula
  backprop-tui my_engine.py                  find the mistake in your own engine
  backprop-tui two-paths                     why gradients are added
  backprop-tui skip                          why the order matters
  backprop-tui --learning-rate 0.01          a step that is too large to watch
  backprop-tui two-paths --at 4:b:2          iteration 4, visit of b, second step
  backprop-tui --headless perceptron         train 100 iterations and print the losses and a picture
  backprop-tui --headless chain --json       the same for programs
  backprop-tui perceptron --class monday     lead a class on this machine; pupils type backprop-tui --join monday
  backprop-tui serve --class monday          the same for pupils without accounts, who come by ssh
  backprop-tui xor --export numpy            print it as a script of plain NumPy; also torch, minidl
  backprop-tui hunt                          one thing in the engine is broken: find it
  backprop-tui exercise mine.py              write your own engine: a file with gaps, checked as you save it
  backprop-tui grade chain.backprop          compute a session that was handed in again, and judge its answers

opening your own graph: my_model.py is any script that trains with minidl_core. It is run as python my_model.py would
run it; then the minimisation step that it ran last is opened as it was before training, with the feeds of that run.
What the script prints goes to the standard error output. Ctrl+C opens what it has so far. A notebook (.ipynb) is the
script of its code cells. A file that defines a lesson is opened as that lesson.

a formula has + - * / ** @, comparisons, indexing, numbers, lists, pi, e, and every operation by our name or NumPy's;
parts of it can have names: "h = tanh(w*x); h**2". What is set is a variable; what comes from a file, or stands behind
--data, is data. Where it is not one number, its entries are summed.

your own engine: a script with a class of yours whose instances have a number and its gradient. Its gradients are shown
beside the right ones; backprop-tui --headless my_engine.py says which part, with exit status 3. So are those of a loop
in plain NumPy, where one for W is called dW, d_W or grad_W.

moments, for --at and for the key G; the key w says where you are:
  7            the end of iteration 7; 0 is the very start
  7:b          iteration 7, when the gradient of node b is complete
  7:b:2        iteration 7, visit of b, second step: its second contribution
  7:b:forward  iteration 7, when b has its value
  7:W:update   iteration 7, when the variable W is updated
  7.31         iteration 7, event 31, as the key s counts them

exit status: 0 done, 1 training stopped at a NaN or an infinity, 2 the command line, the file or the terminal is no
good, 3 headless, an engine of your own found a wrong gradient, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and how to go on, instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _lesson(name: str) -> str:
    names = lesson_names()
    if name in names or is_path(name) or name.endswith(SESSION):
        return name
    file = f"{name}.py"
    near = [file] if os.path.isfile(file) else difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]}? There are" if near else "there are"
    raise argparse.ArgumentTypeError(f"there is no lesson '{name}'; {meant}: {', '.join(names)}")


def _number(kind: Callable[[str], float], least: float, wanted: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (least <= value < math.inf):
            raise argparse.ArgumentTypeError(f"'{text}' is not {wanted}")
        return value

    return parse


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(
        prog="backprop-tui",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "lesson",
        nargs="?",
        type=_lesson,
        metavar="LESSON",
        help=f"one of {', '.join(lesson_names())}, a Python file or a notebook; without one the path of them",
    )
    parser.add_argument(
        FORMULA, "--expression", metavar="FORMULA", help="open a formula, such as 'sigmoid(w*x + b)' (see below)"
    )
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="the variables of the formula: w=0.5 W=[[1,2],[3,4]]; NAME=@FILE is data from a CSV or .npy file",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        default=[],
        metavar="DATA",
        help="data of the formula, NAME=VALUE as for --set; of a lesson on points a CSV file (x, y and a class), "
        f"or {', '.join(PRESETS)}",
    )
    parser.add_argument(
        "--points",
        type=_number(int, 2, "a whole number, 2 or above"),
        metavar="N",
        help="how many points --data moons and the like draws (default: 100)",
    )
    parser.add_argument(
        "--noise",
        type=_number(float, 0, "a number, 0 or above"),
        metavar="X",
        help="how far they are scattered: a standard deviation",
    )
    parser.add_argument(
        "--variant", metavar="NAME", help="a lesson with something else in it: vanishing --variant tanh, relu, skip"
    )
    parser.add_argument(
        "--seed",
        type=_number(int, 0, "a whole number, 0 or above"),
        metavar="N",
        help="draw random data and starting weights from this seed (default: the lesson's own; not for a script)",
    )
    parser.add_argument(
        "--learning-rate",
        type=_number(float, 5e-324, "a number above 0"),
        metavar="X",
        help="how far an update moves (default: the lesson's or the script's own)",
    )
    parser.add_argument(
        "--steps",
        type=_number(int, 0, "a whole number, 0 or above"),
        metavar="N",
        help="iterations after which a run pauses, or that --headless trains (default: 100, or those of the script)",
    )
    parser.add_argument("--at", default="0", metavar="MOMENT", help="where to start: 4, 4:b, 4:b:2 ... (see below)")
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="EDIT",
        help="an edit with which an iteration starts, as in '4: W[0,0] = 1'; may be given again",
    )
    parser.add_argument("--save", metavar="FILE", help="at the end keep the session in FILE.backprop, which opens it")
    parser.add_argument(
        "--record", metavar="FILE", help="record what the screen shows, as an asciicast with marks: lesson.cast"
    )
    parser.add_argument(
        "--replay", metavar="FILE", help="do again what a kept session says, without you, into the --record"
    )
    parser.add_argument("--class", dest="leads", metavar="NAME", help="lead a class of this name on this machine")
    parser.add_argument("--group", metavar="GROUP", help="of whom may join the class (default: your own group)")
    parser.add_argument("--join", metavar="NAME", help="join the class of this name, and follow its teacher")
    parser.add_argument("--name", default="", metavar="NAME", help="your name, for the teacher (default: none)")
    parser.add_argument("--headless", action="store_true", help="no screen: train, print the losses and a picture")
    parser.add_argument("--json", action="store_true", help="headless, printing JSON")
    parser.add_argument("--picture", metavar="NAME", help="headless: end with curve, map, data or layers")
    parser.add_argument("--plain", action="store_true", help="no screen: commands are read and answered line by line")
    parser.add_argument("--narrate", action="store_true", help="no screen: a sentence for each event of an iteration")
    parser.add_argument(
        "--export",
        nargs="+",
        metavar=("KIND", "FILE"),
        help=f"no screen: print it as a script ({', '.join(EXPORTS)}) that trains to the same losses, or write FILE.py",
    )
    count = _number(int, 1, "a whole number, 1 or above")
    parser.add_argument("--questions", type=count, metavar="N", help="no screen: a quiz of N questions, as Markdown")
    parser.add_argument("--theme", metavar="NAME", help="colours: dark, light, colour-blind, or auto (default)")
    parser.add_argument("--ascii", action="store_true", help="for fonts without box drawing and arrows")
    parser.add_argument("--print-config", action="store_true", help="print what is set, as a file to be changed")
    parser.add_argument("--forget", action="store_true", help="forget which lessons you have done, and where you were")
    parser.add_argument("--list", action="store_true", help="name the lessons")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    return parser


def build_serve_parser() -> argparse.ArgumentParser:
    """Return the parser of `backprop-tui serve`."""
    parser = _Parser(
        prog="backprop-tui serve",
        description="Let a class come by ssh without accounts: each gets a viewer of their own, and nothing else.",
    )
    count = _number(int, 1, "a whole number, 1 or above")
    parser.add_argument("--class", dest="leads", required=True, metavar="NAME", help="what the class is called")
    parser.add_argument(
        "--program",
        default="perceptron",
        type=_lesson,
        metavar="PROGRAM",
        help="a lesson, or a file (perceptron)",
    )
    parser.add_argument("--host", default="", metavar="ADDRESS", help="where to listen (default: everywhere)")
    parser.add_argument("--port", default=2222, type=_number(int, 0, "a port"), metavar="N", help="default: 2222")
    parser.add_argument(
        "--web",
        type=_number(int, 0, "a port"),
        metavar="PORT",
        help="let them come in a browser, too: from this machine, unless --host names an address",
    )
    parser.add_argument("--word", default="", metavar="WORD", help="a password for the class (default: none)")
    parser.add_argument("--most", default=60, type=count, metavar="N", help="connections at once (default: 60)")
    parser.add_argument("--tries", default=3, type=count, metavar="N", help="wrong words a connection (default: 3)")
    parser.add_argument("--rate", default=30, type=count, metavar="N", help="connections a minute of an address (30)")
    parser.add_argument(
        "--idle", default=60.0, type=_number(float, 0.001, "a number"), metavar="MINUTES", help="without a key (60)"
    )
    return parser


def build_hunt_parser() -> argparse.ArgumentParser:
    """Return the parser of `backprop-tui hunt`."""
    parser = _Parser(
        prog="backprop-tui hunt",
        description="One thing in the engine is broken: find it. H guesses what, --plain has the command guess.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "lesson", nargs="?", type=_lesson, metavar="PROGRAM", help="a lesson, or a file with operations"
    )
    seed = _number(int, 0, "a whole number, 0 or above")
    parser.add_argument("--seed", type=seed, metavar="N", help="which mistake (default: a kind that you found worst)")
    parser.add_argument("--at", default="0", metavar="MOMENT", help="where to start: 4, 4:b, 4:b:2")
    parser.add_argument("--edit", action="append", default=[], metavar="EDIT", help="as in '4: W[0,0] = 1'")
    parser.add_argument("--save", metavar="FILE", help="at the end keep the session in FILE.backprop, which opens it")
    parser.add_argument("--plain", action="store_true", help="no screen: commands are read and answered line by line")
    parser.add_argument("--theme", metavar="NAME", help="colours: dark, light, colour-blind, or auto (default)")
    parser.add_argument("--ascii", action="store_true", help="for fonts without box drawing and arrows")
    return parser


def _run_hunt(arguments: Sequence[str]) -> int:
    """Open a hunt, and return the exit status."""
    parser = build_hunt_parser()
    asked = parser.parse_args(arguments)
    if asked.save and not asked.save.endswith(SESSION):
        parser.error(f"--save {asked.save}: the name must end with {SESSION}")
    settings = _settings(asked, parser)
    from .hunt.planting import hunt_address
    from .session.hunting import any_seed
    from .session.opening import Asked

    seed = any_seed() if asked.seed is None else asked.seed
    opened = Asked(hunt_address(seed, asked.lesson), at=asked.at, edits=asked.edit)
    if settings.plain:
        from .plain.front_end import run_plain

        return run_plain(opened, asked.save)
    from .app import run_app

    return run_app(opened, asked.save, settings)


def build_grade_parser() -> argparse.ArgumentParser:
    """Return the parser of `backprop-tui grade`."""
    parser = _Parser(prog="backprop-tui grade", description="Compute kept sessions again, and judge their answers.")
    parser.add_argument("files", nargs="+", metavar="FILE", help=f"sessions, kept with the key K or --save: *{SESSION}")
    parser.add_argument(
        "--program", metavar="PROGRAM", help="the lesson or file they should be about (default: their own)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--gradescope", metavar="FILE", help="write the first one's results.json for Gradescope")
    return parser


def build_exercise_parser() -> argparse.ArgumentParser:
    """Return the parser of `backprop-tui exercise`."""
    parser = _Parser(
        prog="backprop-tui exercise",
        description="Write an engine with gaps into a file, and check it each time you save it, until all is right.",
    )
    parser.add_argument("file", metavar="FILE.py", help="the exercise; it is written where it is not there yet")
    parser.add_argument("--once", action="store_true", help="check it once: exit status 0 right, 3 not yet")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
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
        from .exercise.watching import run_exercise

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
        if (asked.at != "0" or asked.edit or asked.save) and (asked.headless or asked.json or asked.export):
            parser.error("--at, --edit and --save are for the screen and --plain; all else starts at the beginning")
        if asked.picture and (asked.json or not asked.headless):
            parser.error("--picture is what --headless prints at its end, without --json; the key V shows it here")
        if asked.save and not asked.save.endswith(SESSION):
            parser.error(f"--save {asked.save}: the name must end with {SESSION}")
        in_class = asked.leads is not None or asked.join is not None
        if in_class and (asked.headless or asked.json or asked.narrate or asked.export):
            parser.error("a class is led and followed without --headless, --json, --narrate and --export")
        if in_class and (asked.expression is not None or asked.data or asked.variant is not None):
            parser.error(
                "a class is led with a lesson or a file; its pupils cannot open a formula, --data or --variant"
            )
        if asked.leads is not None and asked.plain:
            parser.error("a class is led on the screen; only pupils can have --plain")
        if asked.leads is not None and asked.join is not None:
            parser.error("either lead a class, by --class, or join one, by --join")
        settings = _settings(asked, parser)
        _check_record(asked, parser, plain=settings.plain, starts=starts)
        status = _print_something(asked, settings, starts=starts)
        sys.stdout.flush()
        if status is not None:
            return status
    except OSError as error:
        # Python would try to write the rest once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 0  # the reader of the pipe has seen enough
        print(f"backprop-tui: the output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if asked.leads is not None:
        from .in_class import lead_class

        return lead_class(asked.leads, asked.group, session_of(asked), asked.save, asked.record, settings)
    if asked.join is not None:
        from .in_class import join_class

        return join_class(asked.join, asked.name, asked.save, asked.record, settings)
    from .app import run_app
    from .session.progress import Progress

    progress = Progress()
    if starts:
        asked.lesson = progress.next_lesson
    return run_app(session_of(asked), asked.save, settings, None, progress, record=asked.record, offers_path=starts)


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


def _check_record(asked: argparse.Namespace, parser: argparse.ArgumentParser, *, plain: bool, starts: bool) -> None:
    """End with a sentence where there is no screen to record, or nothing to replay into."""
    without = asked.headless or asked.json or asked.narrate or asked.export or asked.questions
    if asked.record and (without or (plain and not asked.replay)):
        parser.error("--record is for the screen; it goes without --headless, --json, --plain, --narrate, --export")
    if asked.replay and not (asked.record and asked.replay.endswith(SESSION)):
        parser.error(f"--replay FILE{SESSION} goes with --record FILE.cast, into which it is recorded")
    if asked.replay and not starts:
        parser.error(f"--replay {asked.replay} says what to open; leave out the rest")


def _settings(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> Settings:
    """Return what is set in the file and on the command line; what is wrong in the file is said."""
    from dataclasses import replace

    from .settings import CHOICES, read_settings

    settings = read_settings()
    for wrong in settings.wrong:
        print(f"{parser.prog}: {wrong}", file=sys.stderr)
    if asked.theme is not None:
        if asked.theme not in CHOICES["theme"]:
            parser.error(f"there is no theme '{asked.theme}'; there are {', '.join(CHOICES['theme'])}")
        settings = replace(settings, theme=asked.theme)
    return replace(settings, ascii=settings.ascii or asked.ascii, plain=settings.plain or asked.plain)


def _print_something(asked: argparse.Namespace, settings: Settings, *, starts: bool) -> int | None:
    """Do what needs no screen and return the exit status; None where the screen is asked for."""
    if asked.print_config:
        from .settings import write_config

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
        from .plain.front_end import narrate

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
        from .plain.front_end import run_plain
        from .session.progress import Progress

        progress = Progress()
        if starts:
            asked.lesson = progress.next_lesson
        return run_plain(session_of(asked), asked.save, progress, offers_path=starts)
    return None


def session_of(asked: argparse.Namespace) -> Asked:
    """Return what is asked to be opened."""
    from .session.opening import Asked

    pause_every = 100 if asked.steps is None else asked.steps
    return Asked(asked.lesson, asked.seed, asked.learning_rate, pause_every, asked.at, asked.edit)


def _forget() -> int:
    from .session.progress import Progress

    progress = Progress()
    try:
        progress.forget()
    except OSError as error:
        print(f"backprop-tui: {progress.path} cannot be taken away: {error.strerror}", file=sys.stderr)
        return 1
    print("your progress in the lessons is forgotten")
    return 0


def _list_lessons() -> int:
    width = max(map(len, lesson_names()))
    for name in lesson_names():
        print(f"{name:{width}}  {title_of(name)}")
    return 0
