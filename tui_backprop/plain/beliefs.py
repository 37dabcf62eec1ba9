"""Beliefs beside the truth as lines: which matter here, and each step up to the first in which they part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..beliefs.belief import WrongMachine
from ..beliefs.beliefs import WRONG_MACHINES
from ..beliefs.side_by_side import Course, SideBySide
from ..debugger.believing import naming
from ..narration.beliefs import NO_NUMBERS, explain_belief, write_sum, wrong_index
from ..narration.wording import in_list
from ..notation.listing import listed
from ..session import Viewer

_MOST_STEPS = 12
_MOST_QUEUED = 4


def write_beliefs(viewer: Viewer) -> Iterator[str]:
    """Yield the beliefs with their numbers, and whether something comes out wrong by each."""
    found = naming(viewer.moment.recording)
    if found is None:
        yield NO_NUMBERS
        return
    for number, wrong in enumerate(WRONG_MACHINES, 1):
        matters = "something comes out wrong" if found.beside(wrong).wrong_at else "nothing comes out wrong"
        yield f"{number}. Suppose {wrong.clause}: {matters}."


def write_belief(viewer: Viewer, wrong: WrongMachine) -> Iterator[str]:
    """Yield the steps of a belief and of the truth up to where they part, and what comes out wrong."""
    found = naming(viewer.moment.recording)
    if found is None:
        yield NO_NUMBERS
        return
    side = found.beside(wrong)
    yield f"Suppose {wrong.clause}."
    if side.parted is not None:
        last = side.parted if side.early is None else side.believed.ranks[side.early]
        skipped = max(last + 1 - _MOST_STEPS, 0)
        if skipped:
            yield f"The first {skipped} steps are left out."
        for step in range(skipped, last + 1):
            believed, right = (_step(viewer, side, course, step) for course in (side.believed, side.right))
            both = "both visit" if believed == right else "it visits"
            yield f"Step {step + 1}: {both} {believed}{'' if believed == right else f'; in truth {right}'}."
    yield from explain_belief(side, viewer.moment, viewer.followed)


def _step(viewer: Viewer, side: SideBySide, course: Course, step: int) -> str:
    """Say which node is visited, with which gradient, and what is in the queue then, where that is what differs."""
    position, nodes = course.visits[step], course.graph.nodes
    index = wrong_index(side, viewer.moment, viewer.followed, position)
    text = f"{in_list(nodes[position])}, its gradient {write_sum(course, position, index)}"
    if side.wrong.waits:
        return text
    queue = [nodes[each] for each in islice(course.queue(step), _MOST_QUEUED + 1)]
    more = " and more" if len(queue) > _MOST_QUEUED else ""
    return f"{text}, then in the queue {listed(queue[:_MOST_QUEUED], in_list) if queue else 'nothing'}{more}"
