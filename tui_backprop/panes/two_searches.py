"""Plain breadth-first search against the right order, step by step: where they part, and what is then missing.

In plain search a node joins the queue when the first of its consumers has been visited, in the right one when the
last has. The order is the engine's own; so are the numbers of what would be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from minidl_core import (
    ContributionAdded,
    MinidlError,
    Node,
    Session,
    State,
    Stepper,
    TraversalError,
    search,
)
from minidl_core.graph import post_order

from ..debugger.followed import Followed, element_at
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..drawing.glyphs import MORE
from ..drawing.palette import Line, Span
from ..narration.wording import in_list
from ..notation.expression import element_text
from ..notation.fitting import fit, leading, prose, width_of
from ..notation.formats import addition, number, worked_sum
from ..notation.listing import listed
from ..notation.names import called, slope_name

PARTED = "≠"
_MOST_TERMS = 4
"""A sum of more terms than this is not written out."""
_HEADS = (
    ("plain: a node joins after its FIRST consumer", "right: a node joins after its LAST consumer"),
    ("plain: after the FIRST consumer", "right: after the LAST consumer"),
    ("plain: FIRST consumer", "right: LAST consumer"),
)


@dataclass(frozen=True)
class SearchStep:
    """A node that is visited, and the queue once its visit is over; it is `early` if consumers are still to come."""

    node: Node
    queue: tuple[Node, ...]
    early: bool = False


@dataclass(frozen=True)
class Searches:
    """The visits of both searches; plain search ends with the first node that it visits too early, if there is one.

    `parted` is the first step in which they differ, by a node or by the queue: None where they never do.
    """

    plain: tuple[SearchStep, ...]
    right: tuple[SearchStep, ...]
    parted: int | None

    @property
    def early(self) -> Node | None:
        """The node that plain search visits before the last of its consumers."""
        return self.plain[-1].node if self.plain[-1].early else None

    @property
    def complete(self) -> set[Node]:
        """The nodes that plain search visits rightly: all of their consumers have been visited before."""
        return {visit.node for visit in self.plain if not visit.early}


def compare(graph: LossGraph) -> Searches:
    """Return both searches of a graph."""
    plain, right = _visits(graph, "plain"), _visits(graph, "last consumer")
    pairs = enumerate(zip_longest(plain, right))
    return Searches(plain, right, next((step for step, (one, other) in pairs if one != other), None))


def _visits(graph: LossGraph, traversal: str) -> tuple[SearchStep, ...]:
    visits: list[SearchStep] = []
    queue: list[Node] = [graph.loss]
    try:
        for node, enqueued in search(graph.loss, traversal):
            queue = [*queue[1:], *enqueued]
            visits.append(SearchStep(node, tuple(queue)))
    except TraversalError:
        visits.append(SearchStep(queue[0], tuple(queue[1:]), early=True))
    return tuple(visits)


def contributions_to(node: Node, stepper: Stepper, start: State) -> list[ContributionAdded]:
    """Return all contributions to a node in the stepper's iteration that starts from a state, run apart from any other.

    There is none where a mistake keeps the iteration from going so far.
    """
    session = Session()
    session.variables = dict(start.variables)
    apart = Stepper(stepper.loss, start.feeds, session, optimizer=stepper.optimizer)
    try:
        events = [*apart.forward(), *apart.backward()]
    except MinidlError:
        return []
    return [event for event in events if isinstance(event, ContributionAdded) and event.node is node]


def explain(
    searches: Searches, moment: Moment, followed: Followed, contributions: Sequence[ContributionAdded]
) -> list[str]:
    """Say where the searches part, and what plain search misses; or why it misses nothing.

    `contributions` are all those to the node that is visited too early, if there is one.
    """
    graph = moment.graph
    if searches.parted is None:
        beside = any(consumer not in graph.position for node in graph.nodes for consumer in node.consumers)
        which = f" that leads to {called(graph.loss)}" if beside else ""
        same = f"Both searches are the same here: every node has one consumer{which}, so the first is also the last."
        return [same, "In the lesson skip they part: backprop-tui skip."]
    at = searches.plain[searches.parted]
    done = {visit.node for visit in searches.plain[: searches.parted + 1]}
    soon = [node for node in at.queue if node not in searches.right[searches.parted].queue]
    left = [consumer for consumer in graph.consumers(soon[0]) if consumer not in done]
    first = called(soon[0])
    lines = [
        f"They part at step {searches.parted + 1}, when {called(at.node)} is visited. In plain search "
        f"{listed(soon, in_list)} {'joins' if len(soon) == 1 else 'join'} the queue at once; "
        f"in the right one {first} still waits for {listed(left, in_list)}."
    ]
    if searches.early is None:
        return [*lines, _why_not_missing(searches, graph, soon)]
    missing = [consumer for consumer in graph.consumers(searches.early) if consumer not in searches.complete]
    which = f"its consumer{'s' if len(missing) > 1 else ''} {listed(missing, in_list)}"
    lines.append(
        f"At step {len(searches.plain)} plain search visits {called(searches.early)} before {which}: "
        f"what {'they contribute' if len(missing) > 1 else 'it contributes'} is missing."
    )
    return [*lines, _wrong_gradient(searches, moment, followed, contributions)] if contributions else lines


def _wrong_gradient(
    searches: Searches, moment: Moment, followed: Followed, contributions: Sequence[ContributionAdded]
) -> str:
    """Say what the gradient would be without the missing contributions, and what it is, at the followed element."""
    node, total = contributions[-1].node, contributions[-1].total
    index = element_at(moment, node, total.shape, followed)
    slope = element_text(slope_name(moment, node), index)
    terms = [float(event.contribution[index]) for event in contributions]
    there = [term for term, event in zip(terms, contributions, strict=True) if event.consumer in searches.complete]
    givers = dict.fromkeys(event.consumer for event in contributions if event.consumer in searches.complete)
    right, wrong = number(float(total[index])), number(sum(there))
    if len(terms) <= _MOST_TERMS:
        right = worked_sum(terms, float(total[index]))
        fine, _ = addition(terms, float(total[index]))
        wrong = worked_sum(there, sum(there)) if len(there) > 1 else fine.text(there[0])
    below = set(post_order([node]))
    moved = [variable for variable in moment.graph.variables if variable in below]
    so = f" So {listed(moved, called)} would be moved by a wrong gradient." if moved else ""
    return (
        f"Going on without it, {slope} would be {wrong}, from {listed(list(givers), called)} alone. "
        f"It is {right} (iteration {moment.iteration}).{so}"
    )


def _why_not_missing(searches: Searches, graph: LossGraph, soon: Sequence[Node]) -> str:
    loss = called(graph.loss)
    steps: dict[Node, int] = {graph.loss: 0}
    for visit in searches.plain:
        for source in visit.node.inputs:
            steps.setdefault(source, steps[visit.node] + 1)
    fine = "Yet plain search misses nothing here"
    for node in graph.nodes:
        if len({steps[consumer] for consumer in graph.consumers(node)}) > 1:
            return (
                f"{fine}, by luck: the consumers of {called(node)} are not equally far from {loss}, but the order of "
                f"the inputs brings the far one to the front of the queue in time."
            )
    return (
        f"{fine}: {listed(graph.consumers(soon[0]), called)}, the consumers of {called(soon[0])}, are equally far from "
        f"{loss}, so all of them have been visited when {called(soon[0])} comes to the front of the queue."
    )


def draw_searches(
    searches: Searches, words: Sequence[str], now: Node | None, first: int | None, width: int, height: int
) -> list[Line]:
    """Draw both searches beside each other, a line for each step, and below `words` about them.

    `first` is the step in the first line (None: shortly before they part), `now` the node that is visited now.
    """
    explained = [line for sentence in words for line in prose(sentence, width)]
    rows = max(height - len(explained) - 3, 1)
    digits = len(str(len(searches.right)))
    half = max((width - digits - 3) // 2 - 1, 8)
    longest = max(width_of(in_list(visit.node)) for visit in searches.right)
    name = min(max(longest, len("visits")) + 2, max(half // 2, 8))
    heads = next((heads for heads in _HEADS if max(map(len, heads)) <= half), _HEADS[-1])
    titles = [(fit(heads[0], half), "title"), ("  ", "text"), (fit(heads[1], half), "title")]
    columns = (fit(fit("visits", name) + "then in queue", half), "dim")
    lines: list[Line] = [
        [(" " * (digits + 3), "text"), *titles],
        [(" " * (digits + 3), "text"), columns, ("  ", "text"), columns],
    ]
    start = first_step(searches, rows) if first is None else min(first, max(len(searches.right) - rows, 0))
    shown = list(zip_longest(searches.plain, searches.right))[start : start + rows]
    for step, (plain, right) in enumerate(shown, start):
        parted = step == searches.parted
        mark = (f"{PARTED if parted else ' '} {step + 1:>{digits}} ", "followed" if parted else "dim")
        other = right.queue if parted and right else None
        sides = [*_side(plain, other, None, name, half), ("  ", "text"), *_side(right, None, now, name, half)]
        lines.append([mark, *sides])
    more = len(searches.right) - start - len(shown)
    return [*lines, [(f"{MORE} {more} more", "dim")] if more > 0 else [], *explained][:height]


def first_step(searches: Searches, rows: int) -> int:
    """Return which step to show first, so that the one in which the searches part is among them."""
    return max(min((searches.parted or 0) - 2, len(searches.right) - rows), 0)


def _side(
    visit: SearchStep | None, other: Sequence[Node] | None, now: Node | None, name: int, width: int
) -> list[Span]:
    """Draw a visit in this width; what is in the queue, but not in the other one, stands out."""
    if visit is None:
        return [(" " * width, "text")]
    node = (fit(in_list(visit.node), name - 1) + " ", "now" if visit.node is now else "text")
    room = width - name
    if visit.early:
        return [node, (fit("too early", room), "error")]
    if not visit.queue:
        return [node, (fit("nothing", room), "dim")]
    queued = [(f"{in_list(each)}  ", other is not None and each not in other) for each in visit.queue]
    shown = leading(([(text, "error" if extra else "text")] for text, extra in queued), room)
    spans = [span for piece in shown for span in piece]
    following, _ = queued[len(shown)] if len(shown) < len(queued) else ("", False)
    return [node, *spans, (fit(following, room - width_of(spans)), "dim" if following else "text")]
