"""The last line: the next keys to press, as many as there is room for, the most needed first."""

from __future__ import annotations

from ..debugger.moment import Moment
from ..drawing.palette import Line, key_sign
from ..narration.messages import Keys, sentences
from ..notation.fitting import first_that_fits, fit, leading, width_of
from ..session import Viewer
from .pane import Pane, Size
from .step_pane import IN_THE_TITLE

Named = tuple[tuple[str, str], ...]
"""Actions by their names in the table of keys, and what is said of them, the most needed first."""

STEPPING: Named = (
    ("step", "step"),
    ("back", "back"),
    ("keys", "keys"),
    ("quit", "quit"),
    ("inside", "inside"),
    ("run", "run"),
    ("iteration", "iteration"),
    ("panes", "panes"),
    ("find", "find"),
    ("edit", "edit"),
    ("phase", "phase"),
    ("node", "node"),
    ("view", "diagram/tape"),
    ("go to", "go to"),
    ("log", "log"),
    ("ask", "ask me"),
)
SEEKING: Named = (("step", "pause"), ("quit", "quit"))
RUNNING: Named = (("step", "pause"), ("faster", "faster"), ("slower", "slower"), ("quit", "quit"))
_ALWAYS: Named = (("back", "back"), ("keys", "keys"), ("quit", "quit"))
CHOOSING: Named = (("choices", "answer"), ("skip", "skip"), *_ALWAYS, ("ask", "ask the room"))
_WHILE_TYPING: Named = (("back while typing", "back"), ("keys while typing", "keys"))
TYPING: Named = (("answer", "answer"), ("skip", "skip"), *_WHILE_TYPING)
IN_THE_ROOM: Named = (("step", "reveal"), ("back", "back"), ("ask", "stop asking"), ("keys", "keys"), ("quit", "quit"))
OF_A_TEACHER: Named = (("choices", "answer"), ("keys", "keys"), ("quit", "quit"))
CHOOSING_A_NODE: Named = (
    ("arrows", "select"),
    ("answer", "choose"),
    ("skip", "show it"),
    ("back", "back"),
    ("keys", "keys"),
    ("drive", "stop driving"),
)
DRIVING: Named = (("answer", "answer"), ("skip", "show it"), *_WHILE_TYPING, ("drive", "stop driving"))
_FIRST = "choices,arrows,answer,skip,step,back,back while typing,inside,node,phase,iteration,run,go to,log,edit,view"
_LAST = "find,panes,ask,drive,slower,faster,keys,keys while typing,quit"
ORDER = tuple(f"{_FIRST},{_LAST}".split(","))


class KeyBar(Pane):
    """A notice about the last key, and the keys that come next."""

    name = "keys"
    titled = False

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw one line."""
        session = viewer.session
        running = None if session.running is None else session.running.label
        return [draw_keys(size.width, _keys(viewer), running, _notice(viewer, size.width - 1), _standing(viewer))]


def _notice(viewer: Viewer, width: int) -> str:
    """Return what there is to say that no other pane shows, in the longest wording that fits."""
    message = viewer.message
    if message is None or message.is_about_place or message.kind in IN_THE_TITLE:
        return ""
    return first_that_fits(width, *sentences(message, viewer.keys))


def _keys(viewer: Viewer) -> Keys:
    """Return the key of each action; of a question with choices as many as it has."""
    question = viewer.session.quiz.question
    if question is None or not question.choices:
        return viewer.keys
    return {**viewer.keys, "choices": f"1-{len(question.choices)}"}


def _standing(viewer: Viewer) -> Named:
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


def draw_keys(width: int, keys: Keys, running: str | None, notice: str = "", standing: Named = ()) -> Line:
    """Draw the key bar.

    An action that has no key is left out. `running` is the speed of a run that is going on, `notice` is about the last
    key, `standing` are the actions of a question that stands.
    """
    line: Line = [(" ", "text")]
    gap = 3 if width >= 100 else 2
    if running is not None:
        notice = f"running: {running}"
    if notice:
        line.append((fit(notice, min(width_of(notice) + 3, width - 1)), "now"))
    actions = standing or (STEPPING if running is None else RUNNING)
    named: list[tuple[str, Line]] = [
        (action, [(key_sign(keys[action]), "key"), (f" {does}" + " " * gap, "text")])
        for action, does in actions
        if action in keys
    ]
    shown = leading([piece for _, piece in named], width - width_of(line))
    for _, piece in sorted(named[: len(shown)], key=lambda each: ORDER.index(each[0])):
        line += piece
    return line
