"""What can be typed: the parsers of the command line, and its help. Neither Textual nor NumPy is imported for it."""

from __future__ import annotations

import argparse
import difflib
import math
import os
from collections.abc import Callable
from typing import NoReturn

from .. import __version__
from ..lessons import lesson_names
from ..programs import FORMULA, HUNT, PRESETS, is_path

SESSION = ".backprop"
COMMANDS = ("exercise", "grade", HUNT, "serve")
SWITCHES = ("--ascii", "--json", "--once", "--plain")
"""What takes no value, and may stand before the name of a command, too."""
EXPORTS = ("numpy", "torch", "minidl")
THEME = "colours: auto (default), dark, light, colour-blind, or colour-blind-light"

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
  backprop-tui --learning-rate 0.01          a step so large that little is left to watch
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
run it, to its end; then the run that it made is opened: each step that it took is an iteration, with its loss, feeds
and learning rate. What the script prints goes to the standard error output. Ctrl+C opens what it has so far. A notebook
(.ipynb) is the script of its code cells. A file that defines a lesson is opened as that lesson.

a formula has + - * / ** @, comparisons, indexing, numbers, lists, pi, e, and every operation by our name or NumPy's;
parts of it can have names: "h = tanh(w*x); h**2". What is set is a variable; what comes from a file, or stands behind
--data, is data. Where it is not one number, its entries are summed.

your own engine: a script with a class of yours whose instances have a number and its gradient. Its gradients are shown
beside the right ones; backprop-tui --headless my_engine.py says which part, with exit status 3. So are those of a
network in plain NumPy, wherever it keeps its weights.

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
        from ..notation.fitting import printable  # the help needs none of what it imports

        self.exit(2, f"{self.prog}: {printable(message)}; see {self.prog} --help\n")


def _lesson(name: str) -> str:
    names = lesson_names()
    if name in names or is_path(name) or name.endswith(SESSION):
        return name
    if name in COMMANDS:
        raise argparse.ArgumentTypeError(f"{name} goes first: backprop-tui {name}, and then the rest")
    if os.path.isdir(name):
        raise argparse.ArgumentTypeError(f"{name} is a directory; name a file in it")
    if os.path.isfile(name):
        raise argparse.ArgumentTypeError(
            f"{name} is no file that can be opened: those end with .py, .ipynb or {SESSION}"
        )
    near = [file for file in (f"{name}.py", f"{name}{SESSION}") if os.path.isfile(file)][:1]
    near = near or difflib.get_close_matches(name, names, n=1)
    meant = f"did you mean {near[0]}? There are" if near else "there are"
    raise argparse.ArgumentTypeError(f"there is no lesson '{name}'; {meant}: {', '.join(names)}")


def _session(name: str) -> str:
    return name if name.endswith(SESSION) else f"{name}{SESSION}"


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
        "--variant",
        metavar="NAME",
        help="a lesson with something else in it: vanishing --variant tanh, relu, skip; two-edges --variant matmul",
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
        help="iterations after which a run pauses, or that --headless trains and a script takes there (default: 100, or"
        " those of the script)",
    )
    parser.add_argument("--at", default="0", metavar="MOMENT", help="where to start: 4, 4:b, 4:b:2 ... (see below)")
    parser.add_argument(
        "--edit",
        action="append",
        default=[],
        metavar="EDIT",
        help="an edit with which an iteration starts, as in '4: W[0,0] = 1'; may be given again",
    )
    parser.add_argument(
        "--save", type=_session, metavar="FILE", help="at the end keep the session in FILE.backprop, which opens it"
    )
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
    parser.add_argument("--theme", metavar="NAME", help=THEME)
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
        help="a lesson, or a file (default: perceptron)",
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
    parser.add_argument(
        "--rate", default=30, type=count, metavar="N", help="connections a minute of an address (default: 30)"
    )
    parser.add_argument(
        "--idle",
        default=60.0,
        type=_number(float, 0.001, "a number"),
        metavar="MINUTES",
        help="how long somebody may press no key (default: 60)",
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
    parser.add_argument(
        "--save", type=_session, metavar="FILE", help="at the end keep the session in FILE.backprop, which opens it"
    )
    parser.add_argument("--plain", action="store_true", help="no screen: commands are read and answered line by line")
    parser.add_argument("--theme", metavar="NAME", help=THEME)
    parser.add_argument("--ascii", action="store_true", help="for fonts without box drawing and arrows")
    return parser


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
