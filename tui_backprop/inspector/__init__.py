"""The inspector: where the numbers of the node in view come from, one pinned element written out."""

from __future__ import annotations

from minidl_core import IterationFinished, Node, Operation, Variable

from ..moment import Moment
from ..palette import Line
from .ledger_view import draw_ledger, slope_name
from .pinned import Pinned, grid_index, grid_place, grid_shape, is_by_point, shape_of
from .value_view import draw_value

__all__ = ["Pinned", "automatic_view", "draw_inspector", "inspector_title", "move_pinned", "views"]

def automatic_view(moment: Moment, node=None) -> str:
    return {"forward":"value","backward":"ledger","update":"update"}[moment.phase]
def draw_inspector(
    moment: Moment, view: str, pinned: Pinned, width: int, height: int, node: Node | None = None
) -> list[Line]:
    """Draw what the inspector shows, in at most height lines; the node is the one of now if none is given."""
    node = node or moment.now
    if not node: return []
    if view=='ledger': return draw_ledger(moment,node,pinned,width,height)
    return draw_value(moment, node, pinned, width, height) if node else []
