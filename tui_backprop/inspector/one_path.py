"""The gradient of a single number that reaches the loss along one path: all slopes of the path, multiplied."""

from __future__ import annotations

import re
from math import isfinite

import numpy as np

from minidl_core import Node

from ..debugger.edges import gradient_edges
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.equation import write_worked
from ..notation.expression import Entry
from ..notation.fitting import flow
from ..notation.formats import notation
from ..notation.names import called, slope_name
from ..notation.sections import Section
from ..notation.worked import worked_formula

MOST_SLOPES = 16
"""A longer product would not be read."""
_BETWEEN_FACTORS = re.compile(r"(?<=\))(?=\()")


def one_path_section(moment: Moment, node: Node, width: int) -> Section:
    """Write the gradient as one product, the slope at the loss first: de/da = de/dd·dd/dc·dc/da = (1)(-6)(2) = -12.

    There are no lines where more than one path leads to the loss, where the path is a single edge or very long, and
    where an array, an infinity or a gradient of 0 is on it: what a slope is cannot be told from 0. Of many slopes the
    numbers alone are written.
    """
    slopes: list[Entry] = []
    there, gradient = node, None
    while len(slopes) <= MOST_SLOPES and there is not moment.graph.loss:
        edges = gradient_edges(moment, there)
        event = edges[0][2] if len(edges) == 1 else None
        if event is None or event.contribution.shape or event.gradient.shape or not event.gradient.all():
            return Section(6)
        slope = float(event.contribution) / float(event.gradient)  # a contribution is G times the slope
        if not isfinite(slope):
            return Section(6)
        name = f"d{called(event.consumer)}/d{called(there)}"
        slopes.insert(0, Entry("", name, (), np.asarray(slope), notation([slope])))
        gradient = event.contribution if gradient is None else gradient
        there = event.consumer
    if gradient is None or not 1 < len(slopes) <= MOST_SLOPES:
        return Section(6)
    known = {f"s{place}": slope for place, slope in enumerate(slopes)}
    worked = worked_formula(slope_name(moment, node), "·".join(known), known, float(gradient))
    if worked.tree is None:
        return Section(6)
    lines = write_worked(worked, width)
    if len(worked.target) + len(worked.symbols) + len("   = ") > width:
        steps, sign = worked.steps
        factors = f"  {worked.target} = {f' {sign} '.join(steps)}"
        pieces: list[Line] = [[(piece, "text")] for piece in _BETWEEN_FACTORS.split(factors)]
        lines = flow(pieces, width, 4)
    return Section(6, [[("one path: its slopes, multiplied", "dim")], *lines])
