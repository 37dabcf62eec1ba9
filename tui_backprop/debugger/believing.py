"""The backward pass of an iteration as beliefs see it: its graph with all values, and what stood in the gradients."""

from __future__ import annotations

from minidl_core import MinidlError, Variable
from minidl_core.arrays import quiet

from ..beliefs.evaluated_graph import EvaluatedGraph
from ..beliefs.naming import Naming
from .kept import kept
from .recording import Recording


@kept
def naming(recording: Recording) -> Naming | None:
    """Return what names the beliefs behind wrong answers in an iteration.

    None where a mistake ends it before all gradients are there, or an array has no numbers.

    The gradients that stood in variables are the right ones of the iteration before, where that had the same loss.
    """
    loss, plan = recording.graph.loss, recording.graph.plan
    start, previous = recording.start, recording.previous
    before = {}
    try:
        with quiet():
            evaluation = plan.run(start.feeds, start.variables)
            if evaluation.has_empty:
                return None
            graph = EvaluatedGraph(evaluation, loss)
            if previous is not None and previous.loss is not None:
                earlier = EvaluatedGraph(plan.run(previous.start.feeds, previous.start.variables), loss)
                before = {at: earlier.right[at] for at, node in enumerate(graph.nodes) if isinstance(node, Variable)}
            graph.right  # noqa: B018 (it raises where a gradient is not finite)
    except MinidlError:
        return None
    return Naming(graph, before)
