"""An operation that cannot be computed from its inputs: why not, said of these inputs by their names."""

from __future__ import annotations

from collections.abc import Sequence

from .arrays import Array
from .definition import is_ours
from .errors import GraphError, MinidlError
from .finite import EMPTY_REMEDY, without_numbers
from .graph import Operation


def failure(node: Operation, values: Sequence[Array], error: Exception) -> MinidlError:
    """Return the error that says why an operation on these values raised one."""
    shapes = tuple([value.shape for value in values])
    try:
        node.definition.output_shape(shapes, node.attributes)
    except ValueError as misfit:
        return node.misfit(shapes, misfit)
    if isinstance(error, GraphError):  # what an operation itself finds wrong with its inputs
        return GraphError(str(error), node)
    empty = without_numbers([(source.name, value) for source, value in zip(node.inputs, values, strict=True)])
    if empty and is_ours(node.definition.compute):
        return GraphError(f"{empty}, so it cannot be computed; {EMPTY_REMEDY}.", node)
    remedy = "its inputs belong to others: return a new array" if "read-only" in str(error) else ""
    if empty:
        remedy = f"{empty}: {EMPTY_REMEDY}"
    said = f"computing it raised {type(error).__name__}: {error}"
    return GraphError(f"{said}; {remedy}." if remedy else f"{said}.", node)
