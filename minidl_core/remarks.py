"""What is computed as it stands, and is hardly ever meant: said of a node, and no reason to stop."""

from __future__ import annotations

from collections.abc import Sequence

from .arrays import Array, as_text, is_finite
from .graph import Node, Operation, post_order
from .plan import Evaluation


def remark_on(operation: Operation, inputs: Sequence[Array], output: Array) -> str:
    """Return what is remarkable about an operation that was computed from these inputs, as one sentence, or ''."""
    shapes = [array.shape for array in inputs]
    if operation.definition.elementwise and shapes and all(array.size < output.size for array in inputs):
        named = " and ".join(
            f"{node.name} is {as_text(shape)}" for node, shape in zip(operation.inputs, shapes, strict=True)
        )
        return f"{named}, so that every entry of the one meets every entry of the other: {as_text(output.shape)}."
    if not is_finite(output) and all(map(is_finite, inputs)):
        return "it makes a number that is infinite or NaN, which does not reach the loss."
    return ""


def remarks(loss: Node, evaluation: Evaluation) -> dict[Operation, str]:
    """Return what is remarkable about the operations below a loss in one of its evaluations, in their order."""
    found = {}
    for node in post_order([loss]):
        if isinstance(node, Operation):
            text = remark_on(node, [evaluation[source] for source in node.inputs], evaluation[node])
            if text:
                found[node] = text
    return found
