"""What is computed as it stands, and is hardly ever meant: said of a node, and no reason to stop."""

from __future__ import annotations

from collections.abc import Sequence

from .arrays import Array, as_text, is_finite
from .graph import Node, Operation, post_order
from .plan import Evaluation


def remark_on(operation: Operation, inputs: Sequence[Array], output: Array) -> str:
    """Return what is remarkable about an operation that was computed from these inputs, in a sentence or two, or ''."""
    if output.ndim > 1 and operation.definition.elementwise and all(array.size < output.size for array in inputs):
        named = ", ".join(
            f"{node.name} is {as_text(array.shape)}" for node, array in zip(operation.inputs, inputs, strict=True)
        )
        pairs = f"every entry of one meets every entry of the other, {as_text(output.shape)}"
        return f"{named}: {pairs}. Reshape one where they are to be paired."
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
