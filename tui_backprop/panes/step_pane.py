"""The Step pane: the sentence of the moment, and under it what is done, what is now and what comes next.

The sentence has all rows but the last, whether it fills them or not: nothing moves because a text is longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice, takewhile
from typing import NamedTuple

from minidl_core import ContributionAdded, IterationFinished, Node, NodesEnqueued

from ..debugger.kept import kept
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..drawing.glyphs import ELLIPSIS, HIDDEN
from ..drawing.palette import Line
from ..narration.messages import Keys, sentences
from ..narration.narration import narrate_line
from ..narration.wording import ROOMS, choose_sentence, in_list
from ..notation.fitting import cut, width_of, wrap
from ..session import Viewer
from .frame import TITLE_EDGES
from .pane import Pane, Size
from .question_pane import draw_mode, draw_outcome

ABOUT_THE_QUIZ = ("quiz mode", "no run in a quiz", "would answer")
ABOUT_DRIVING = ("learner drives", "engine drives", "engine's move", "move comes again")
IN_THE_TITLE = (*ABOUT_THE_QUIZ, *ABOUT_DRIVING)
"""The kinds of messages that stand in this pane's title."""

_WIDE = ROOMS[0][0]
_NAME_LENGTHS = (24, 16, 10)
_MOST = 24
"""More names than this are never listed: of a queue of thousands, only the first count."""


class Part(NamedTuple):
    """A part of the row, in ever shorter wordings, its `choices`; parts of a low `rank` are shortened first.

    A rank of 0 is for what the screen shows elsewhere too, 1 for the past, 2 for what waits or comes, 3 for the queue.
    """

    rank: int
    choices: list[Line]


class StepPane(Pane):
    """What has just happened, or the question about what happens next."""

    name = "step"

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return what came of the last question, and who is asked, in the longest wordings for which there is room."""
        quiz, message = viewer.session.quiz, viewer.session.message
        name = "Step" if quiz.question is None else "Your move" if quiz.mode == "drive" else "Question"
        notes: list[Line] = []
        if message is not None and message.kind in IN_THE_TITLE:
            style = "key" if message.kind in ("quiz mode", *ABOUT_DRIVING) else "error"
            notes = [[(text, style)] for text in sentences(message, viewer.keys)]
        elif quiz.outcome is not None:
            notes = draw_outcome(quiz.outcome)
        left: list[Line] = [[(name, "title"), ("   ", "text"), *note] for note in notes] or [[(name, "title")]]
        pairs = [(title, mode) for title in left for mode in draw_mode(quiz)]
        # where nothing fits, the shortest is cut
        return next((pair for pair in pairs if sum(map(width_of, pair)) < size.width - TITLE_EDGES), pairs[-1])

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw the sentence, which may be that of a message or a question, and the row below it."""
        question, message = viewer.session.quiz.question, viewer.session.message
        instead = () if question is None else question.wordings
        if message is not None and message.is_about_place and not instead and moment.error is None:
            instead = sentences(message, viewer.keys)
        return draw_step(moment, *size, viewer.keys, instead)


def draw_step(moment: Moment, width: int, height: int, keys: Keys, instead: Sequence[str] = ()) -> list[Line]:
    """Draw the pane in exactly `height` lines of at most `width` cells, with a margin of one cell on both sides.

    A sentence needs one line where the width is 118, and two where it is 80; in less room it says less. A sentence
    `instead` of the moment's comes in ever shorter wordings.
    """
    inner, lines = width - 2, height - 1
    rooms = (*ROOMS, (inner, lines))
    sentence = wrap(choose_sentence(instead, rooms) if instead else narrate_line(moment, keys, rooms), inner)
    rows = [*sentence, *([[]] * (lines - len(sentence))), _draw_row(moment, inner, keys)]
    return [[(" ", "text"), *row] if row else [] for row in rows]


def _draw_row(moment: Moment, width: int, keys: Keys) -> Line:
    wide = width >= _WIDE
    backward = partial(_backward, inside=keys["inside"])
    phases: dict[str, Callable[[Moment, bool, int], list[Part]]] = {
        "forward": _forward,
        "backward": backward,
        "update": _update,
    }
    draw = phases[moment.phase]
    line: Line = []
    for length in _NAME_LENGTHS:
        line = _joined(draw(moment, wide, length), width, "    " if wide else "   ")
        if width_of(line) <= width:
            break
    return line


def _joined(parts: Sequence[Part], width: int, gap: str) -> Line:
    """Put parts beside each other, shortened one after the other as far as the width asks for it."""
    chosen = [0] * len(parts)

    def line() -> Line:
        written = [part.choices[choice] for part, choice in zip(parts, chosen, strict=True)]
        return [span for spans in written if spans for span in ((gap, "text"), *spans)][1:]

    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        while width_of(line()) > width and chosen[index] < len(parts[index].choices) - 1:
            chosen[index] += 1
    return line()


def _forward(moment: Moment, wide: bool, length: int) -> list[Part]:
    nodes, now = moment.graph.nodes, moment.now
    done = 0 if now is None else moment.graph.position[now]
    following = done if now is None else done + 1
    return [
        _past("done", nodes[max(done - _MOST, 0) : done], done, wide, length),
        _now(now, wide, length),
        _first("next", nodes[following : following + _MOST], len(nodes) - following, wide, length),
    ]


def _backward(moment: Moment, wide: bool, length: int, inside: str) -> list[Part]:
    visited = moment.last_visited(_MOST + 1)
    now = moment.now if moment.now in visited else None
    # what joins the queue then joins it because the visit is over
    over = isinstance(moment.event, NodesEnqueued)
    past = [node for node in visited if node is not now or over]
    waiting = [
        [(in_list(node, length), "waiting"), (f" (for {count})", "dim")]
        for node, count in islice(moment.waiting, _MOST if wide else 4)
    ]
    if moment.queue_is_hidden:
        return [
            _past("visited", past, moment.visit_count - (now is not None), wide, length),
            _now(now, wide, length),
            Part(3, [[*_label("queue", wide), (HIDDEN, "dim")]]),
            Part(2, [[*_label("waiting", wide), (HIDDEN, "dim")]]),
        ]
    queue, waiters = moment.queue, moment.waiting_count
    # the sentence of a step is about its contribution; a + tells who joined with it
    joined = {node for node in queue[:_MOST] if moment.recording.enqueued[node] > moment.shown}
    queued: list[Line] = [
        [(f"q{position} {'+' * (node in joined)}", "dim"), (in_list(node, length), "key")]
        for position, node in enumerate(queue[:_MOST], 1)
    ]
    parts = [
        _past("visited", past, moment.visit_count - (now is not None and not over), wide, length),
        _now(now, wide, length),
        Part(3, _listed("queue", queued, len(queue), wide)),
        Part(2, [*_listed("waiting", waiting, waiters, wide), *([_counted("waiting", waiters)] if waiters else [])]),
    ]
    # a step does not stop at data, so the queue may seem to be out of order
    passed = [*takewhile(moment.graph.is_data, reversed(past))][::-1]
    if passed and now is not None and not over:
        shown = "it" if len(passed) == 1 else "them"
        if wide:  # where they are named as the last of those visited
            kinds = "a constant" if (kinds := _kinds(passed)) == "constant" else kinds
            last = "the last is" if len(passed) == 1 else f"the last {len(passed)} are"
            parts.append(Part(0, [[(f"({last} {kinds}: {inside} shows {shown})", "dim")], []]))
        else:
            also = cut(" ".join(in_list(node, length) for node in passed), 2 * length)
            parts.append(Part(1, [[("also visited: ", "dim"), (also, "text")], []]))
            parts.append(Part(0, [[(f"({_kinds(passed)}: {inside} shows {shown})", "dim")], []]))
    event = moment.event
    if not wide and isinstance(event, ContributionAdded):
        parts.append(Part(0, [[("G comes from ", "dim"), (cut(event.consumer.name, length), "flow")], []]))
    return parts


def _update(moment: Moment, wide: bool, length: int) -> list[Part]:
    updated, now = moment.updated, moment.now
    following = moment.recording.update_order[len(updated) :]
    finished: Line = [("iteration finished", "text")]
    if isinstance(moment.event, IterationFinished):
        present = Part(4, [[*_label("now", wide), *finished]])
        coming = Part(2, [[*_label("next", wide), (f"iteration {moment.iteration + 1}", "text")]])
    else:
        present = _now(now, wide, length)
        coming = _first("next", following[:_MOST], len(following), wide, length)
        if not following:
            coming = Part(2, [[*_label("next", wide), *finished]])
    past = [node for node in updated if node is not now]
    parts = [_past("updated", past[-_MOST:], len(past), wide, length), present, coming]
    data = moment.graph.data
    if wide and data:
        names, kinds = _first("unchanged", data[:_MOST], len(data), wide, length), _kinds_of_data(moment.graph)
        parts.append(Part(0, [[*choice, (f" ({kinds})", "dim")] for choice in names.choices] + [[]]))
    return parts


def _kinds(data: Sequence[Node]) -> str:
    """Say what kind of nodes they are that training does not change."""
    kinds = {node.kind for node in data}
    if kinds == {"constant"}:
        return "constant" if len(data) == 1 else "constants"
    return "data" if kinds == {"placeholder"} else "data and constants"


@kept
def _kinds_of_data(graph: LossGraph) -> str:
    return _kinds(graph.data)


def _past(label: str, nodes: Sequence[Node], count: int, wide: bool, length: int) -> Part:
    """Write what has been: the last of it by name where there is room, else how many."""
    if not count:
        return Part(1, [[*_label(label, wide), ("none", "dim")], []])
    choices: list[Line] = []
    names = _names(nodes, length) if wide else []
    for first in range(len(names)):
        more = [(f"{ELLIPSIS} ", "dim")] if count > len(names) - first else []
        choices.append([*_label(label, wide), *more, (" ".join(names[first:]), "done")])
    return Part(1, [*choices, _counted(label, count), []])


def _now(node: Node | None, wide: bool, length: int) -> Part:
    name = ("none", "dim") if node is None else (in_list(node, length), "now")
    return Part(4, [[*_label("now", wide), name]])


def _first(label: str, nodes: Sequence[Node], count: int, wide: bool, length: int) -> Part:
    """Write what comes: the first of it by name."""
    if not count:
        return Part(2, [[*_label(label, wide), ("none", "dim")]])
    choices: list[Line] = []
    names = _names(nodes, length)
    for last in range(len(names), 0, -1):
        more = [(f" {ELLIPSIS}", "dim")] if count > last else []
        choices.append([*_label(label, wide), (" ".join(names[:last]), "text"), *more])
    return Part(2, choices)


def _listed(label: str, items: Sequence[Line], count: int, wide: bool) -> list[Line]:
    """Write the first items, and how many more there are."""
    if not count:
        return [[*_label(label, wide), ("none", "dim")]]
    choices: list[Line] = []
    for last in range(len(items), 0, -1):
        spans = [span for item in items[:last] for span in (("  ", "text"), *item)][1:]
        more = [(f"  +{count - last}", "dim")] if count > last else []
        choices.append([*_label(label, wide), *spans, *more])
    return choices


def _counted(label: str, count: int) -> Line:
    return [(f"{label} ", "dim"), (str(count), "text")]


def _label(label: str, wide: bool) -> Line:
    return [(f"{label}  " if wide else f"{label} ", "dim")]


def _names(nodes: Sequence[Node], length: int) -> list[str]:
    return [in_list(node, length) for node in nodes]
