"""The last line: the next keys to press, as many as there is room for, the most needed first."""

from __future__ import annotations

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..narration.messages import sentences
from ..notation.fitting import first_that_fits, fit, leading, width_of
from ..session import Viewer
from ..session.debug_session import ABOUT_A_PLACE
from .graph_pane import ABOUT_THE_GRAPH
from .pane import Pane, Size
from .step_pane import IN_THE_TITLE

Keys = tuple[tuple[str, str], ...]
"""Keys and what they do, the most needed first."""

STEPPING: Keys = (
    ("space", "step"),
    ("b", "back"),
    ("?", "keys"),
    ("q", "quit"),
    ("s", "inside"),
    ("r", "run"),
    ("i", "iteration"),
    ("tab", "panes"),
    ("/", "find"),
    ("e", "edit"),
    ("p", "phase"),
    ("n", "node"),
    ("v", "diagram/tape"),
    ("G", "go to"),
    ("o", "log"),
    ("m", "ask me"),
)
RUNNING = (("space", "pause"), (">", "faster"), ("<", "slower"), ("q", "quit"))
SEEKING = (("space", "pause"), ("q", "quit"))
CHOOSING = (("1-4", "answer"), ("esc", "skip"), ("b", "back"), ("?", "keys"), ("q", "quit"), ("m", "ask the room"))
TYPING = (("enter", "answer"), ("esc", "skip"), ("PgUp", "back"), ("F1", "keys"))
IN_THE_ROOM = (("space", "reveal"), ("b", "back"), ("m", "stop asking"), ("?", "keys"), ("q", "quit"))
OF_A_TEACHER = (("1-4", "answer"), ("?", "keys"), ("q", "quit"))
CHOOSING_A_NODE = (
    ("arrows", "select"),
    ("enter", "choose"),
    ("esc", "show it"),
    ("b", "back"),
    ("?", "keys"),
    ("D", "stop driving"),
)
DRIVING = (("enter", "answer"), ("esc", "show it"), ("PgUp", "back"), ("F1", "keys"), ("D", "stop driving"))
_ORDER = "1-4 arrows enter esc space b PgUp s n p i r G o e v / tab m D < > ? F1 q"
ORDER = tuple(_ORDER.split())


class KeyBar(Pane):
    """A notice about the last key, and the keys that come next."""

    name = "keys"
    titled = False

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw one line."""
        session = viewer.session
        running = None if session.running is None else session.running.label
        return [draw_keys(size.width, running, _notice(viewer, size.width - 1), _standing(viewer))]


def _notice(viewer: Viewer, width: int) -> str:
    """Return what there is to say that no other pane shows, in the longest wording that fits."""
    message = viewer.message
    if message is None or message.kind in (*ABOUT_A_PLACE, *ABOUT_THE_GRAPH, *IN_THE_TITLE):
        return ""
    return first_that_fits(width, *sentences(message, viewer.keys))


def _standing(viewer: Viewer) -> Keys:
    """Return the keys that are named instead of the usual ones, if there are any."""
    quiz = viewer.session.quiz
    if quiz.question is None:
        return SEEKING if viewer.session.is_seeking else ()
    if quiz.mode == "drive":
        return CHOOSING_A_NODE if quiz.picks_node else DRIVING
    if quiz.mode == "room":
        return IN_THE_ROOM
    if quiz.mode == "class" and quiz.question.choices:
        return OF_A_TEACHER
    return CHOOSING if quiz.question.choices else TYPING


def draw_keys(width: int, running: str | None, notice: str = "", standing: Keys = ()) -> Line:
    """Draw the key bar.

    `running` is the speed of a run that is going on, `notice` is about the last key, `standing` are the keys of a
    question that stands.
    """
    line: Line = [(" ", "text")]
    gap = 3 if width >= 100 else 2
    if running is not None:
        notice = f"running: {running}"
    if notice:
        line.append((fit(notice, min(width_of(notice) + 3, width - 1)), "now"))
    keys = standing or (STEPPING if running is None else RUNNING)
    named: list[Line] = [[(name, "key"), (f" {does}" + " " * gap, "text")] for name, does in keys]
    for key in sorted(leading(named, width - width_of(line)), key=lambda key: ORDER.index(key[0][0])):
        line += key
    return line
