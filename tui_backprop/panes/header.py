"""The first line: which lesson and iteration, in which pass and how far, and how large the loss is."""

from __future__ import annotations

from collections.abc import Sequence

from minidl_core import Variable

from ..debugger.moment import Moment
from ..drawing.glyphs import DONE, PARTS
from ..drawing.palette import Line
from ..narration.messages import sentences
from ..notation.fitting import first_that_fits, fit, width_of
from ..notation.formats import in_full, number
from ..notation.optimizer import OWN_UPDATE, repeats
from ..session import Viewer
from .pane import Pane, Size

PHASES = ("forward", "backward", "update")


# as wide as they get, so that the choice of what there is room for does not change from step to step
_LOSS, _BEFORE, _PLACE = len("-1.234e-05"), len(" (was -1.234e-05)"), len("iteration finished")
_RATE = len("0.01234")
_LOSS_IN_FULL = len("-1.2345678901234567e-05")
_AGAIN = " (recorded 1-{}; its feeds again)"
_OLD_SUMS = f"{PARTS} old sums"
_STANDING = (140, 44), (110, 32), (80, 22), (0, 14)
"""From which width on how one stands to a class has how many cells."""


class HeaderPane(Pane):
    """The lesson, the iteration, the phase and how far it is, and the loss."""

    name = "header"
    titled = False

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw one line; in a class it ends with how one stands to it."""
        standing = viewer.session.standing
        if standing is None:
            return [draw_header(moment, size.width, full=viewer.in_full)]
        room = next(room for least, room in _STANDING if size.width >= least)
        note = fit(first_that_fits(room, *sentences(standing, viewer.keys)), room)
        line = draw_header(moment, size.width - room - 2, full=viewer.in_full)
        return [[*line, (f" {note} ", "key")]]


def draw_header(moment: Moment, width: int, *, full: bool = False) -> Line:
    """Draw the header in one line of this width; what is least needed is left out first, the loss is always whole.

    The loss is in `full` precision where that is asked for.
    """
    loss = [(f"{fit(moment.graph.loss.name, 12).rstrip()} ", "dim"), *_loss(moment, full=full)]
    rate = [("η ", "dim"), (f"{moment.learning_rate:.4g}", "text")]
    if moment.recording.step is not None and repeats(moment.optimizer):
        rate = [(OWN_UPDATE, "dim"), ("", "text")]
    spare = max(_RATE - len(rate[1][0]), 0) if callable(moment.recording.start.learning_rate) else 0
    name, number_of = fit(moment.program.lesson.name, 20).rstrip(), str(moment.iteration)
    for gap, with_place, with_before, with_rate, in_words, again, phases in (
        (3, True, True, True, True, _AGAIN, PHASES),
        (2, False, False, True, True, _AGAIN, PHASES),
        (1, False, False, False, False, _AGAIN, PHASES),
        (1, False, False, False, None, _AGAIN, PHASES),
        (1, False, False, False, None, _AGAIN, (moment.phase,)),
        (1, False, False, False, None, _AGAIN, ()),
        (1, False, False, False, None, " (again)", ()),
    ):
        space = (" " * gap, "text")
        left = [(" ", "text"), (name, "title"), space, ("iteration ", "dim"), (number_of, "title")]
        left += [*_which(moment, again), space]
        left += _phases(moment, phases)
        right = [*_agreement(moment, in_words), *([*rate, space] if with_rate else [])]
        reserved = width_of([*left, *right]) + spare + len(loss[0][0]) + (_LOSS_IN_FULL if full else _LOSS) + 2
        if reserved + (gap + _PLACE if with_place else 0) + (_BEFORE if with_before else 0) <= width:
            break
    left += [space, (_progress(moment), "text")] if with_place else []
    right += [*loss, *(_loss_before(moment) if with_before else []), (" ", "text")]
    return [*left, (" " * max(width - width_of(left) - width_of(right), 1), "text"), *right]


def _which(moment: Moment, again: str) -> Line:
    """Say which of several steps of a program it is, and whether only its feeds come again."""
    step, count = moment.recording.step, len(moment.program.steps)
    if step is None:
        return []
    label: Line = [(f" {fit(step.label, 10).rstrip()}", "phase")] if step.label else []
    return [*label, (again.format(count), "dim")] if moment.iteration > count else label


def _phases(moment: Moment, phases: Sequence[str]) -> Line:
    spans: Line = []
    for phase in phases:
        now = phase == moment.phase and moment.event is not None
        spans += [(f"[{phase.upper()}]", "phase") if now else (phase, "dim"), ("  ", "text")]
    return spans[:-1]


def _agreement(moment: Moment, in_words: bool | None) -> Line:
    """Say how many gradients agree with those of the learner's own engine, as wide as it gets in this iteration.

    Where there is no room for words, each number has its own sign: 7/35 after a cross would read as 7 that are wrong.
    """
    step = moment.recording.step
    theirs, compared, parted = len(moment.recording.theirs), moment.compared, len(moment.parted)
    if not theirs or in_words is None:
        return []
    has_old_sums = step is not None and bool(step.old_sum)
    sign, style = (PARTS, "error") if parted else (DONE, "done")
    if has_old_sums and not parted and moment.backward_is_over:
        spans: Line = [(_OLD_SUMS, "error")]
    elif in_words:
        spans = [(f"{sign} {compared - parted} of {compared} agree", style)]
    else:
        spans = [*([(f"{PARTS}{parted} ", "error")] if parted else []), (f"{DONE}{compared - parted}", "done")]
    widest = width_of(f"{DONE} {theirs} of {theirs} agree" if in_words else f"{PARTS}{theirs} {DONE}{theirs}")
    widest = max(widest, width_of(_OLD_SUMS) if has_old_sums else 0)
    spans = spans if compared else []
    return [*spans, (" " * (widest - width_of(spans) + 2), "text")]


def _progress(moment: Moment) -> str:
    """Say how far the pass is, in nodes."""
    graph, recording = moment.graph, moment.recording
    node = moment.now
    if node is None:
        return "" if moment.event is None else "iteration finished"
    if isinstance(node, Variable) and moment.phase == "update":
        return f"variable {len(moment.updated)} of {len(graph.variables)}"
    if moment.phase == "forward":
        return f"node {graph.position[node] + 1} of {len(graph.nodes)}"
    place = recording.queue_positions.get(node)
    return "" if place is None else f"node {place + 1} of {len(graph.nodes)}"


def _loss(moment: Moment, *, full: bool) -> Line:
    write = in_full if full else number
    return [("· not yet", "dim") if moment.loss is None else (write(moment.loss), "title")]


def _loss_before(moment: Moment) -> Line:
    previous = moment.recording.previous_loss
    reads_the_same = previous is not None and moment.loss is not None and number(previous) == number(moment.loss)
    return [] if previous is None or reads_the_same else [(f" (was {number(previous)})", "dim")]
