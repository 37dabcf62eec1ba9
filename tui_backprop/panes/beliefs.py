"""A belief beside the truth, step by step: what each visits, with which gradient or queue, and words about both."""

from __future__ import annotations

from collections.abc import Sequence

from minidl_core import Node

from ..beliefs.belief import WrongMachine
from ..beliefs.beliefs import WRONG_MACHINES
from ..beliefs.naming import MOST_NODES, Naming
from ..beliefs.side_by_side import Course, SideBySide
from ..debugger.followed import Followed
from ..debugger.moment import Moment
from ..drawing.glyphs import MORE
from ..drawing.palette import Line, Span
from ..narration.beliefs import write_both, write_sum, wrong_index
from ..narration.wording import in_list
from ..notation.fitting import first_that_fits, fit, flow, leading, prose, width_of

PARTED, WRONG = "≠", "✗"
_GRADIENT = 12
"""So many cells a gradient takes beside a queue."""
_LEAST_ROOM = 35
"""A side with less room shows no gradient beside its queue."""


def first_belief(naming: Naming) -> WrongMachine:
    """Return the first belief by which something comes out wrong; the first of all in a large graph."""
    looked_at = WRONG_MACHINES if len(naming.graph.nodes) <= MOST_NODES else ()
    return next((wrong for wrong in looked_at if naming.beside(wrong).wrong_at), WRONG_MACHINES[0])


def draw_choices(naming: Naming | None, chosen: WrongMachine, width: int) -> list[Line]:
    """Draw the beliefs to choose from, each with its number, those that matter here marked; and the chosen one."""
    pieces: list[Line] = []
    for number, wrong in enumerate(WRONG_MACHINES, 1):
        looked_at = naming is not None and (len(naming.graph.nodes) <= MOST_NODES or wrong is chosen)
        matters = looked_at and naming is not None and bool(naming.beside(wrong).wrong_at)
        style = "selected" if wrong is chosen else "text" if matters or not looked_at else "dim"
        mark = (f" {PARTED}" if matters else "  ", "error")
        pieces.append([(f"{number} ", "key"), (wrong.label, style), mark, ("  ", "text")])
    return [*flow(pieces, width), *prose(f"Suppose {chosen.clause}.", width, "title")]


def draw_beside(
    side: SideBySide,
    said: Sequence[str],
    moment: Moment,
    followed: Followed,
    first: int | None,
    width: int,
    height: int,
) -> list[Line]:
    """Draw both courses beside each other, a line for each step, and below what is `said` about them.

    `first` is the step in the first line (None: shortly before they part).
    """
    words = [line for sentence in said for line in prose(sentence, width)]
    steps = len(side.right.visits)
    rows = max(height - len(words) - 3, min(3, steps))
    digits = len(str(steps))
    half = max((width - digits - 3) // 2 - 1, 8)
    longest = max(width_of(in_list(node)) for node in side.right.graph.nodes[:MOST_NODES])
    name = min(max(longest, len("believed")) + 2, max(half // 2, 8))
    sides = _Sides(side, moment, followed, name, half)
    start = first_step(side, rows) if first is None else min(first, max(steps - rows, 0))
    lines: list[Line] = [[(" " * (digits + 3), "text"), *sides.head("believed"), ("  ", "text"), *sides.head("right")]]
    for step in range(start, min(start + rows, steps)):
        is_parting = step == side.parted
        mark = (f"{PARTED if is_parting else ' '} {step + 1:>{digits}} ", "followed" if is_parting else "dim")
        lines.append([mark, *sides.draw(side.believed, step), ("  ", "text"), *sides.draw(side.right, step)])
    more = steps - start - (len(lines) - 1)
    lines += [[(f"{MORE} {more} more", "dim")] if more > 0 else [], *words]
    if len(lines) > height:
        lines[height - 1 :] = [[(f"{MORE} more, where there is more room", "dim")]]
    return lines


def first_step(side: SideBySide, rows: int) -> int:
    """Return which step to show first, so that the one in which they part is among them."""
    return max(min((side.parted or 0) - 2, len(side.right.visits) - rows), 0)


class _Sides:
    """Draws a step of either course, its node in `name` cells, all of it in `width`."""

    def __init__(self, side: SideBySide, moment: Moment, followed: Followed, name: int, width: int) -> None:
        self.side, self.moment, self.followed, self.name, self.width = side, moment, followed, name, width
        self.has_queue = not side.wrong.waits
        room = width - name
        self.gradient = room if not self.has_queue else _GRADIENT if width >= _LEAST_ROOM else 0
        self.wrong = set(side.wrong_at)

    def head(self, whose: str) -> Line:
        """Return the heads of the columns."""
        line: Line = [(fit(whose, self.name), "title")]
        if not self.has_queue:
            wordings = ["its gradient", "gradient"]
            if not self.side.right.graph.is_scalar:
                wordings = ["its gradient, one element", "gradient, one entry", "one entry"]
            return [*line, (fit(first_that_fits(self.gradient - 1, *wordings), self.gradient), "dim")]
        line.append((fit("gradient", self.gradient), "dim"))
        return [*line, (fit("then in queue", self.width - self.name - self.gradient), "dim")]

    def draw(self, course: Course, step: int) -> Line:
        """Return a step; what is wrong, or in the queue of the wrong one alone, stands out."""
        position, is_believed = course.visits[step], course is self.side.believed
        node = course.graph.nodes[position]
        is_now = node is self.moment.now and self.moment.phase == "backward" and not is_believed
        line: Line = [(fit(in_list(node), self.name - 1) + " ", "now" if is_now else "text")]
        if self.gradient:
            index = wrong_index(self.side, self.moment, self.followed, position)
            is_wrong = is_believed and position in self.wrong
            text = write_both(self.side, position, index)[not is_believed]
            room = self.gradient - 1 - 2 * is_wrong
            if not self.has_queue and width_of(whole := write_sum(course, position, index)) <= room:
                text = whole
            if is_wrong:
                text = f"{text} {WRONG}"
            line.append((fit(text, self.gradient - 1) + " ", "error" if is_wrong else "text"))
        if self.has_queue:
            line += self._queue(course, step, self.width - self.name - self.gradient)
        return line

    def _queue(self, course: Course, step: int, room: int) -> list[Span]:
        extra: Sequence[Node] = ()
        nodes = course.graph.nodes
        if step == self.side.parted and course is self.side.believed:
            right = set(self.side.right.queue(step))
            extra = [nodes[each] for each in course.queue(step) if each not in right]
        queued: list[Line] = []
        for position in course.queue(step):
            queued.append([(f"{in_list(nodes[position])}  ", "error" if nodes[position] in extra else "text")])
            if sum(map(width_of, queued)) > room:
                break
        if not queued:
            return [(fit("nothing", room), "dim")]
        shown = leading(queued, room)
        spans = [span for piece in shown for span in piece]
        following = queued[len(shown)][0][0] if len(shown) < len(queued) else ""
        return [*spans, (fit(following, room - width_of(spans)), "dim" if following else "text")]
