"""What a wrong move comes of: the likely slip behind a number, and why a node is not the next."""

from __future__ import annotations

from minidl_core import Node

from ..debugger.moment import Mark, Moment
from ..notation.listing import listed
from ..notation.names import called
from ..notation.worked import Worked

Slip = tuple[float, str]
"""A number that is wrong, and what it comes of."""


def of_contribution(worked: Worked, consumer: str) -> tuple[Slip, ...]:
    """Return the slips in a contribution of a consumer: its sign, G alone, the slope without G."""
    slips = [(-worked.value, "its sign is the other one")]
    grads = [entry.value.item() for entry in worked.operands if entry.symbol == "G"]
    if len(grads) == 1:
        slips.append((grads[0], f"that is G alone: it is multiplied by the slope of {consumer}"))
    if len(grads) == 1 and grads[0]:
        slips.append((worked.value / grads[0], f"that is the slope of {consumer} alone: it is multiplied by G"))
    return tuple(slips)


def of_sum(so_far: float, part: float) -> tuple[Slip, ...]:
    """Return the slips in a sum that no belief makes: nothing added, or multiplied."""
    return (
        (so_far, "that is the sum before: the new contribution is added to it"),
        (so_far * part, "that is the product: contributions of different consumers are added"),
    )


def of_update(old: float, slope: float, taken: float) -> tuple[Slip, ...]:
    """Return the slips in an update: its direction, no learning rate, the step alone."""
    return (
        (old + taken, "that is uphill: the step is taken off, against the gradient"),
        (old - slope, "that takes off the whole gradient: the learning rate makes the step smaller"),
        (taken, "that is the step alone: it is taken off what the variable was"),
        (-taken, "that is the step alone: it is taken off what the variable was"),
        (old, "that is what it was before"),
    )


def why_not_next(moment: Moment, node: Node) -> str:
    """Say why a node is not the next that the search visits."""
    name = called(node)
    if node not in moment.graph.position:
        return f"{name} does not lead to the loss, so it has no gradient"
    mark, count = moment.gradient_mark(node)
    match mark:
        case Mark.QUEUED:
            others = "another node" if count == 2 else f"{count - 1} others"
            return f"{name} is in the queue, but {others} joined before it: first in, first out"
        case Mark.WAITING:
            waits = listed(moment.unvisited(node), called, 3)
            return f"{name} still waits for {waits}"
        case Mark.NOW | Mark.DONE:
            return f"{name} has been visited, and each node is visited once"
    return f"no consumer of {name} has been visited yet, so nothing has come to it"
