"""The edges over which a node's numbers came: a gradient's from its consumers, a value's from its operands."""

from __future__ import annotations

from math import inf

from minidl_core import ContributionAdded, Node, Operation, Variable
from minidl_core.arrays import Array

from .followed import Followed
from .moment import Moment

GradientEdge = tuple[Operation, int, ContributionAdded | None]
"""A consumer, the index of its input, and the contribution, once it has arrived."""


def gradient_edges(moment: Moment, node: Node) -> list[GradientEdge]:
    """Return the edges that leave a node in the order in which they contribute, as far as that is known."""
    arrived: list[GradientEdge] = [(event.consumer, event.input_index, event) for event in moment.contributions(node)]
    known = {(consumer, input_index) for consumer, input_index, _ in arrived}
    visits, position = moment.recording.visited, moment.graph.position

    def order(consumer: Operation) -> tuple[float, int]:
        time = visits.get(consumer, inf)
        # what is not visited yet is mostly visited against the order of evaluation
        return time if time < moment.cursor else inf, -position[consumer]

    consumers = sorted(moment.graph.consumers(node), key=order)
    pending: list[GradientEdge] = [
        (consumer, input_index, None)
        for consumer in consumers
        for input_index, source in enumerate(consumer.inputs)
        if source is node and (consumer, input_index) not in known
    ]
    return arrived + pending


def edge_in_focus(moment: Moment, node: Node, edges: list[GradientEdge], followed: Followed) -> GradientEdge | None:
    """Return the edge that is looked at: the chosen one, that of now, or the latest over which something came."""
    chosen = next((edge for edge in edges if edge[:2] == followed.edge), None)
    if chosen is not None:
        return chosen
    arrived = [edge for edge in edges if edge[2] is not None]
    if isinstance(moment.event, ContributionAdded) and moment.event.node is node:
        arrived = [edge for edge in arrived if edge[2] is moment.event]
    return arrived[-1] if arrived else None


def input_in_focus(operation: Operation, followed: Followed) -> int:
    """Return the operand that is looked at: the chosen one, or the first that was computed, then that is trained."""
    if followed.edge is not None and followed.edge[0] is operation:
        return followed.edge[1]

    def rank(input_index: int) -> tuple[bool, bool]:
        source = operation.inputs[input_index]
        return not isinstance(source, Operation), not isinstance(source, Variable)

    return min(range(len(operation.inputs)), key=rank)


def operands(moment: Moment, operation: Operation) -> tuple[list[Array], Array | None]:
    """Return the values of an operation's inputs that this iteration's forward pass has brought, and its own."""
    inputs = [array for source in operation.inputs if (array := moment.evaluated_value(source)) is not None]
    return inputs, moment.evaluated_value(operation)
