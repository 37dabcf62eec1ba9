"""What a moment shows in each box and each row: of a node its state, of a folded scope how far it has come.

A picture has three levels of detail: only names, then shapes as well, then the numbers of values and gradients.
"""

from __future__ import annotations

from collections.abc import Mapping

from minidl_core import Node, NodeEvaluated, NodeVisited, VariableUpdated
from minidl_core.arrays import Array, Shape

from ..debugger.moment import Mark, Moment
from ..drawing.glyphs import DONE, NOT_COMPARED, NOT_YET, NOW, PARTLY, PARTS, STALE, UPDATED
from ..notation.fitting import cut, first_that_fits, fit_name, width_of
from ..notation.formats import number, shape_text, vector
from .diagram import NodeView
from .labels import LEAST_INNER, MOST_INNER, detail, tape_title, title
from .layout import NodeBox
from .marks import sign_of
from .picture import Item
from .progress import Progress
from .scopes import is_of_data

NAMES, SHAPES, NUMBERS = range(3)
Shapes = Mapping[Node, Shape]
_MOST_PORTS = 12
_SWAPPABLE = {"add", "multiply"}
_SCALAR_INNER = len("() -0.1234")
_NUMBERS_INNER = 15
_NARROW_NUMBERS = 11


def box_of(item: Item, shapes: Shapes, level: int) -> NodeBox:
    """Return how much room an item takes in a diagram."""
    node = item.node
    kind = "" if node is None else node.kind
    if level == NAMES:
        name = min(width_of(item.nodes[0].name if node is not None else item.title), MOST_INNER)
        width, height = name + (0 if node is not None else len(f" {2 * str(len(item.nodes))}/")) + len("[ ✓q1]"), 1
    else:
        width = 2 + (_NUMBERS_INNER if level == NUMBERS else _inner_width(item, shapes))
        height = 2 + min(max(3 if level == NUMBERS else 2, len(item.inputs)), _MOST_PORTS)
    return NodeBox(item.name, item.inputs, width, height, kind in _SWAPPABLE, kind == "constant")


def row_widths(items: list[Item], shapes: Shapes, level: int, narrow: bool) -> tuple[int, int]:
    """Return how wide the longest title and the longest detail of a tape are; a narrow one has numbers or shapes."""
    titles = max((width_of(_row_title(item)) for item in items), default=0)
    extents = max((width_of(_extent(item, shapes)) for item in items), default=0)
    numbers = _NARROW_NUMBERS if narrow else extents + 1 + _NUMBERS_INNER
    return titles, {NAMES: 0, SHAPES: extents, NUMBERS: numbers}[level]


def box_view(item: Item, moment: Moment, progress: Progress, level: int, width: int) -> NodeView:
    """Return what stands in an item's box, which is so wide inside."""
    value, gradient = _marks(item, moment, progress)
    node = item.node
    if node is None:
        details: tuple[str, ...] = (_how_far(item, moment, progress),)
    elif level == NUMBERS and _shows_numbers(node, moment):
        details = _numbers(moment.value(node), moment.gradient(node), width)
    else:
        details = (detail(moment, node, width),)
    return NodeView(
        _name(item, moment, progress) if level == NAMES else _title(item, moment if level == NUMBERS else None, width),
        details,
        value,
        gradient,
        _style(item, moment),
        now=_is_now(item, moment, progress),
    )


def row_view(item: Item, moment: Moment, progress: Progress, level: int, narrow: bool) -> NodeView:
    """Return what stands in an item's row of the tape."""
    value, gradient = _marks(item, moment, progress)
    node = item.node
    if node is None:
        text = _how_far(item, moment, progress)
    else:
        text = shape_text(moment.shape(node))
        if level == NUMBERS and _shows_numbers(node, moment):
            backward = moment.phase != "forward" and moment.gradient(node) is not None
            room = _NARROW_NUMBERS if narrow else _NUMBERS_INNER
            numbers = _numbers(moment.value(node), moment.gradient(node), room)[backward]
            text = numbers if narrow else f"{numbers:<{_NUMBERS_INNER}} {text}"
    now = _is_now(item, moment, progress)
    title, end_tells = _row_title(item), is_of_data(item.scope)
    return NodeView(title, (text,), value, gradient, _style(item, moment), now=now, end_tells=end_tells)


def _shows_numbers(node: Node, moment: Moment) -> bool:
    return node in moment.graph.position and moment.shape(node) is not None


def _marks(item: Item, moment: Moment, progress: Progress) -> tuple[str, str]:
    if item.node is not None:
        return node_marks(item.node, moment)
    return "v" + _folded_value(item, moment, progress), "g" + _folded_gradient(item, moment, progress)


def node_marks(node: Node, moment: Moment) -> tuple[str, str]:
    """Return the marks of a node: v with the state of its value, g with that of its gradient, q and w with a count.

    Of a program with an engine of its own, a complete gradient is signed by whether that engine found it.
    """
    if node not in moment.graph.position:
        return "v" + NOT_YET, ""
    mark, count = moment.gradient_mark(node)
    gradient = sign_of(mark, count)
    if mark is Mark.DONE and moment.recording.theirs:
        gradient = {True: DONE, False: PARTS, None: NOT_COMPARED}[moment.agrees(node)]
    return "v" + sign_of(moment.value_mark(node)), gradient if count else "g" + gradient


def _is_now(item: Item, moment: Moment, progress: Progress) -> bool:
    if item.node is not None:
        return item.node is moment.now
    return moment.now is not None and progress.item_for(moment.now) == item.name


def _folded_value(item: Item, moment: Moment, progress: Progress) -> str:
    if _is_now(item, moment, progress) and moment.phase != "backward":
        return NOW
    if progress.count(moment, item.name, VariableUpdated):
        return UPDATED
    evaluated = progress.count(moment, item.name, NodeEvaluated)
    if evaluated < len(item.nodes):
        return PARTLY if evaluated else NOT_YET
    return STALE if moment.value_mark(item.nodes[-1]) is Mark.STALE else DONE


def _folded_gradient(item: Item, moment: Moment, progress: Progress) -> str:
    if _is_now(item, moment, progress) and moment.phase == "backward":
        return NOW
    visited = progress.count(moment, item.name, NodeVisited)
    if progress.count_parted(moment, item.name):
        return PARTS
    return NOT_YET if not visited else PARTLY if visited < len(item.nodes) else DONE


def _how_far(item: Item, moment: Moment, progress: Progress) -> str:
    """Return how many nodes a folded scope holds, and in a pass how many of them it has come to.

    Where the program's own engine found other gradients, it is of how many of them.
    """
    total, count = len(item.nodes), _count(item, moment, progress)
    if parted := progress.count_parted(moment, item.name):
        return f"{PARTS} {parted} of {total}"
    return f"{count} of {total}" if 0 < count < total else f"{total} nodes"


def _count(item: Item, moment: Moment, progress: Progress) -> int:
    """Return to how many of its nodes the pass has come, in an update how many of its variables are updated."""
    kind = {"forward": NodeEvaluated, "backward": NodeVisited, "update": VariableUpdated}[moment.phase]
    return progress.count(moment, item.name, kind)


def _numbers(value: Array | None, gradient: Array | None, width: int) -> tuple[str, str]:
    """Return a node's value and gradient in numbers, of large arrays the least and the greatest."""
    return tuple(f"{mark} {_range(array, width - 2)}" for mark, array in (("v", value), ("g", gradient)))  # type: ignore[return-value]


def _range(array: Array | None, width: int) -> str:
    if array is None or not array.size:
        return NOT_YET
    if array.size == 1:
        return number(array.item())
    if array.min() == array.max():
        return f"all {number(array.min())}"
    texts = [vector(array, digits) for digits in (4, 3) if array.ndim == 1 and array.size <= 3]
    texts += [f"{number(array.min(), digits)}{PARTLY}{number(array.max(), digits)}" for digits in (4, 3, 2, 1)]
    return first_that_fits(width, *texts)


def _style(item: Item, moment: Moment) -> str:
    node = item.node
    if node is None:
        return "title"
    if node not in moment.graph.position:
        return "dim"
    return "variable" if node.kind == "variable" else "text"


def _name(item: Item, moment: Moment, progress: Progress) -> str:
    if item.node is not None:
        return item.node.name
    return f"{_short(item, MOST_INNER)} {_count(item, moment, progress)}/{len(item.nodes)}"


def _title(item: Item, moment: Moment | None = None, room: int = 0) -> str:
    """Return the title of a box, with the shape at a moment where there is room for it."""
    if item.node is None:
        return _short(item, MOST_INNER)
    number, uses = item.use
    text = f"{item.node.name} {number}/{uses}" if uses > 1 else title(item.node)
    if moment is None:
        return text
    shape = shape_text(moment.shape(item.node))
    return first_that_fits(room, f"{text} {shape}", f"{item.node.name} {shape}", text)


def _short(item: Item, width: int) -> str:
    """Return the title of a folded scope; of a long one that which tells it from others: its end, or its function."""
    if is_of_data(item.scope):
        return cut(item.title, width)
    return fit_name(item.title, min(width_of(item.title), width))


def _row_title(item: Item) -> str:
    return item.title if item.node is None else tape_title(item.node)


def _extent(item: Item, shapes: Shapes) -> str:
    total = len(item.nodes)
    return f"{total} of {total}" if item.node is None else shape_text(shapes.get(item.node))


def _inner_width(item: Item, shapes: Shapes) -> int:
    """Return how wide a box must be inside: for its title, its shape, and, of a scalar, its value."""
    scalar = item.node is not None and shapes.get(item.node) == ()
    extent = len(_extent(item, shapes)) + (item.node is None)
    return min(max(LEAST_INNER, width_of(_title(item)), extent, _SCALAR_INNER if scalar else 0), MOST_INNER)
