"""A folded scope in the inspector: what goes in, what comes out, and how far each of its nodes has come."""

from __future__ import annotations

from minidl_core import Node

from ..debugger.moment import Moment
from ..drawing.glyphs import MORE
from ..drawing.palette import ACTION, Line
from ..graph.diagram import mark_style
from ..graph.item_views import node_marks
from ..graph.picture import Item
from ..notation.fitting import fit, fit_name
from ..notation.formats import shape_text
from ..notation.sections import centred

_SHAPE = 12


def draw_folded(item: Item, moment: Moment, width: int, height: int) -> list[Line]:
    """Draw a folded scope in at most `height` lines of at most `width` cells."""
    inside = set(item.nodes)
    sources = dict.fromkeys(source for node in item.nodes for source in node.inputs if source not in inside)
    results = [node for node in item.nodes if not inside.issuperset(node.consumers) or node is moment.graph.loss]
    lines: list[Line] = [
        [(fit(f"{len(item.nodes):,} nodes, folded into one", width), "title")],
        [(fit(f"needs  {_listed(list(sources))}", width), "text")],
        [(fit(f"gives  {_listed(results)}", width), "text")],
        [("origin", ACTION), (" or ", "dim"), ("fold", ACTION), (" opens it", "dim")],
        [],
    ]
    rows = max(height - len(lines), 0)
    shown = centred(len(item.nodes), rows, item.nodes.index(moment.now) if moment.now in item.nodes else 0)
    lines += [_row(item.nodes[position], moment, width) for position in shown]
    left = len(item.nodes) - shown.stop
    if left and shown:
        lines[-1] = [(fit(f"{MORE} {left + 1:,} more", width), "dim")]
    return lines[:height]


def _listed(nodes: list[Node]) -> str:
    more = f" and {len(nodes) - 8:,} more" if len(nodes) > 8 else ""
    return (", ".join(node.name for node in nodes[:8]) or "nothing") + more


def _row(node: Node, moment: Moment, width: int) -> Line:
    value, gradient = node_marks(node, moment)
    name = fit_name(node.name, max(width - _SHAPE - len(" v✓ q12"), 1))
    return [
        (name, "now" if node is moment.now else "variable" if node.kind == "variable" else "text"),
        (fit(" " + shape_text(moment.shape(node)), _SHAPE), "dim"),
        (" ", "text"),
        (value, mark_style(value)),
        (" ", "text"),
        (gradient, mark_style(gradient)),
    ]
