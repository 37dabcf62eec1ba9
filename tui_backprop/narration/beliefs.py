"""What a wrong machine does beside the right one, in sentences: where they part, what comes out wrong, or why nothing.

Numbers are those of the followed element, or where that comes out right, of the one that is wrong by most.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minidl_core import Variable

from ..beliefs.at_the_start import NOT_ZEROED
from ..beliefs.evaluated_graph import EvaluatedGraph
from ..beliefs.in_a_sum import CONSUMER_LOST, EDGE_LOST, OVERWRITTEN
from ..beliefs.in_the_search import NO_ORDER, PLAIN_SEARCH
from ..beliefs.side_by_side import Course, SideBySide
from ..debugger.followed import Followed, element_at
from ..debugger.moment import Moment
from ..notation.formats import digits_of_change, element_text, number, worked_sum
from ..notation.listing import listed
from ..notation.names import called, slope_name
from .wording import in_list

Index = tuple[int, ...]

NO_NUMBERS = "In this iteration not every gradient is there, with numbers in it, so there is nothing to compare."
_MOST_TERMS = 4
"""A sum of more terms than this is not written out."""
_MOST_WRONG = 5
_LESSONS = {
    NO_ORDER: "skip",
    PLAIN_SEARCH: "skip",
    EDGE_LOST: "two-edges",
    OVERWRITTEN: "two-paths",
    CONSUMER_LOST: "two-paths",
}
"""Where a belief matters."""


def explain_belief(side: SideBySide, moment: Moment, followed: Followed) -> list[str]:
    """Return sentences about the first step in which a belief parts from the truth, and about what comes out wrong."""
    return list(_Explanation(side, moment, followed).sentences())


class _Explanation:
    def __init__(self, side: SideBySide, moment: Moment, followed: Followed) -> None:
        self.side, self.moment, self.followed = side, moment, followed
        self.wrong, self.graph = side.wrong, side.right.graph

    def sentences(self) -> list[str]:
        side, loss = self.side, called(self.moment.graph.loss)
        if side.parted is None:
            whole, why = self._why_never()
            where = "On this graph it never matters" if whole else "In this iteration it does not matter"
            lines = [f"{where}, because {why}."]
            if whole:
                lines.append(f"In the lesson {_LESSONS[self.wrong]} it does: backprop-tui {_LESSONS[self.wrong]}.")
            return lines
        lines = [self._how_they_part(side.parted)]
        if side.early is not None:
            lines.append(self._what_is_missing(side.early))
        if not side.wrong_at:
            late = "Yet nothing comes out wrong in this iteration: what comes too late is 0."
            return [*lines, late if side.early is not None else self._why_not_missing(loss)]
        first = side.wrong_at[0] if side.early is None else side.early
        if first in side.wrong_at:
            lines.append(self._first_wrong(first))
        return [*lines, self._all_wrong()]

    def _name(self, position: int) -> str:
        return in_list(self.graph.nodes[position])

    def _how_they_part(self, step: int) -> str:
        """Say what happens in the first step in which they differ."""
        side, believed = self.side, self.side.believed
        at = believed.visits[step]
        if not self.wrong.waits:
            soon = [each for each in believed.visits if believed.joins[each] == step < side.right.joins[each]]
            left = [user for user in self._consumers(soon[0]) if believed.ranks[user] > step]
            does = "joins the queue" if self.wrong is PLAIN_SEARCH else "goes next"
            also = does if len(soon) == 1 else "join the queue" if self.wrong is PLAIN_SEARCH else "go next"
            return (
                f"They part at step {step + 1}, when {self._name(at)} is visited. By this belief "
                f"{listed(soon, self._name)} {also} at once; in truth {self._name(soon[0])} still waits for "
                f"{listed(left, self._name)}."
            )
        counted = [edge for edge, _ in believed.summands(at) if edge is not None]
        lost = [edge for edge in self.graph.consumers[at] if edge not in counted]
        users, others = ([*dict.fromkeys(user for user, _ in edges)] for edges in (counted, lost))
        if self.wrong is NOT_ZEROED:
            why = f"its gradient of iteration {self.moment.iteration - 1} is still in the sum"
        elif users == others and self.wrong is OVERWRITTEN:
            which = "the second contribution" if len(lost) == 1 else "the last contribution"
            why = f"{which} of {listed(users, self._name)} replaces the {'first' if len(lost) == 1 else 'others'}"
        elif users == others or self.wrong is EDGE_LOST:
            why = f"{listed(others, self._name)} uses it more than once, and counts once"
        elif self.wrong is OVERWRITTEN:
            why = f"what {listed(users, self._name)} contributes replaces what came before, from "
            why += listed(others, self._name)
        else:
            why = f"what {listed(users, self._name)} contributes is all that counts, not what comes from "
            why += listed(others, self._name)
        return f"They part at step {step + 1}, when {self._name(at)} is visited: {why}."

    def _what_is_missing(self, early: int) -> str:
        """Say which consumers of a node that is visited too early are still to come."""
        ranks = self.side.believed.ranks
        missing = [user for user in self._consumers(early) if ranks[user] > ranks[early]]
        many = len(missing) > 1
        return (
            f"At step {ranks[early] + 1} {self._name(early)} is visited before its consumer{'s' * many} "
            f"{listed(missing, self._name)}: what {'they contribute' if many else 'it contributes'} is missing."
        )

    def _first_wrong(self, position: int) -> str:
        """Say what the first wrong gradient is, and what it should be, as sums."""
        slope, index = self._slope(position)
        believed, right = (write_sum(course, position, index) for course in (self.side.believed, self.side.right))
        if self.wrong is NOT_ZEROED:
            return f"So {slope} is {believed}; it should be {right} (iteration {self.moment.iteration})."
        users = dict.fromkeys(edge[0] for edge, _ in self.side.believed.summands(position) if edge is not None)
        alone = f", from {listed(list(users), self._name)} alone" if len(users) < len(self._consumers(position)) else ""
        return f"So {slope} is {believed}{alone}; it should be {right} (iteration {self.moment.iteration})."

    def _all_wrong(self) -> str:
        """List the wrong gradients beside the right ones, those of data only where there are no others."""
        nodes, wrong = self.graph.nodes, self.side.wrong_at
        told = [each for each in wrong if not self.moment.graph.is_data(nodes[each])] or wrong

        def write(position: int) -> str:
            slope, index = self._slope(position)
            return f"{slope} {' instead of '.join(write_both(self.side, position, index))}"

        count = f"{len(wrong)} gradient{'s' * (len(wrong) > 1)} of {len(nodes)}"
        moved = [nodes[each] for each in wrong if isinstance(nodes[each], Variable)]
        so = f" So {listed(moved, called)} would be moved by a wrong gradient." if moved else ""
        return f"Wrong in the end: {listed(told, write, _MOST_WRONG)} ({count}).{so}"

    def _slope(self, position: int) -> tuple[str, Index]:
        node, index = self.graph.nodes[position], wrong_index(self.side, self.moment, self.followed, position)
        return element_text(slope_name(self.moment, node), index), index

    def _consumers(self, position: int) -> list[int]:
        return list(dict.fromkeys(user for user, _ in self.graph.consumers[position]))

    def _why_never(self) -> tuple[bool, str]:
        """Return whether it never matters on this graph, in no iteration, and why."""
        consumers, loss = self.graph.consumers, called(self.moment.graph.loss)
        if self.wrong is NOT_ZEROED:
            if self.moment.iteration == 1:
                return False, "this is the first one: no gradient stands anywhere before it. Look again in the next one"
            if self.moment.recording.previous_loss is None:
                return False, "the one before had another loss"
            return False, "the gradients of the one before were 0"
        beside = any(user not in self.moment.graph.position for node in self.graph.nodes for user in node.consumers)
        which = f" that leads to {loss}" if beside else ""
        if not self.wrong.waits:
            return True, f"every node has one consumer{which}, so the first is also the last"
        if self.wrong is EDGE_LOST and not any(_repeats(self.graph)):
            return True, "no operation has the same node in two of its inputs"
        if all(len(edges) < 2 for edges in consumers):
            paths = (
                f"there is one path from {loss} to each node" if self.wrong is CONSUMER_LOST else "nothing is added up"
            )
            return True, f"every node has one consumer{which}, which uses it once: {paths}"
        return False, "what would be lost is 0"

    def _why_not_missing(self, loss: str) -> str:
        """Say why a search that does not wait comes in time."""
        steps = {0: 0}
        for position in self.side.believed.visits:
            for source in self.graph.inputs[position]:
                steps.setdefault(source, steps[position] + 1)
        fine = "Yet it misses nothing here"
        for position in range(len(self.graph.nodes)):
            if len({steps[user] for user in self._consumers(position)}) > 1:
                return (
                    f"{fine}, by luck: the consumers of {self._name(position)} are not equally far from {loss}, but "
                    "the order of the inputs brings the far one to the front of the queue in time."
                )
        soon = next(at for at in range(len(self.graph.nodes)) if len(self._consumers(at)) > 1)
        users = listed(self._consumers(soon), self._name)
        return (
            f"{fine}: {users}, the consumers of {self._name(soon)}, are equally far from {loss}, so all of them have "
            f"been visited when {self._name(soon)} comes to the front of the queue."
        )


def _repeats(graph: EvaluatedGraph) -> list[bool]:
    return [len(set(sources)) < len(sources) for sources in graph.inputs]


def wrong_index(side: SideBySide, moment: Moment, followed: Followed, position: int) -> Index:
    """Return the index of the followed element of a gradient, or where that is right, of the one wrong by most."""
    one, other = (np.asarray(course.gradients[position]) for course in (side.believed, side.right))
    index = element_at(moment, side.right.graph.nodes[position], other.shape, followed)
    if one[index] != other[index] or np.array_equal(one, other):
        return index
    return tuple(map(int, np.unravel_index(int(np.argmax(np.abs(one - other))), other.shape)))


def write_both(side: SideBySide, position: int, index: Index) -> tuple[str, str]:
    """Write an element of a wrong gradient and of the right one, with digits enough to tell them apart."""
    pair = [float(np.asarray(course.gradients[position])[index]) for course in (side.believed, side.right)]
    digits = digits_of_change(pair[1], pair[0])
    return number(pair[0], digits), number(pair[1], digits)


def write_sum(course: Course, position: int, index: Index) -> str:
    """Write an element of a gradient as the sum that it is, if it has few terms."""
    total = float(np.asarray(course.gradients[position])[index])
    terms = [_element(each, index) for _, each in course.summands(position)]
    return worked_sum(terms, total) if 1 < len(terms) <= _MOST_TERMS else number(total)


def _element(array: Any, index: Index) -> float:
    return float(np.asarray(array)[index])
