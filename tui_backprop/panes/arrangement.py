"""Where each pane stands, for every size of the terminal: pure geometry, and the frame of lines between the panes.

Two arrangements. With the diagram on top, because graphs are wide and low: graph, step, then inspector beside the
charts. With the tape at the left, for small screens: tape above loss, inspector beside them, step below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..graph.shown import height_wanted
from ..session import Viewer
from .page_rows import page_height

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
CHART_HEIGHT = 4
"""A chart lower than this is left out."""


class Area(NamedTuple):
    """The cells of a pane, and in which row above it its title stands (the title is as wide as the pane)."""

    x: int
    y: int
    width: int
    height: int


class Arrangement(NamedTuple):
    """The panes that are shown, by name, and the frame: rules (y, x from, x to) and bars (x, y from, y to).

    A line that starts or ends outside the screen has no end on it. `left_out` are the panes that would have a
    place, and have nothing to show.
    """

    panes: Mapping[str, Area]
    rules: tuple[tuple[int, int, int], ...]
    bars: tuple[tuple[int, int, int], ...]
    left_out: tuple[str, ...] = ()


def arrange_for(viewer: Viewer, width: int, height: int) -> tuple[Arrangement | None, bool]:
    """Return where the panes stand on a screen of this size, and whether the graph is a diagram on it.

    Unless the viewer asked for one of both, it is a diagram where that fits.
    """
    look, foldings = viewer.look, viewer.session.foldings
    if look.diagram is None:
        diagram = _prefers_diagram(width, height) and foldings.fits(look, width - 2)
    else:
        diagram = look.diagram and foldings.is_drawable(look)
    wanted = height_wanted(foldings, look, width - 2, diagram=diagram)
    picture = viewer.picture is not None
    page = page_height(viewer.reading, width) if viewer.reading.is_open else 0
    return arrange(width, height, diagram=diagram, graph_height=wanted, picture=picture, page=page), diagram


def _prefers_diagram(width: int, height: int) -> bool:
    """Return whether a terminal of this size has the room for the diagram with all panes below it."""
    return width >= 100 and height >= 34


def arrange(
    width: int, height: int, *, diagram: bool, graph_height: int, picture: bool, page: int = 0, most: int = 0
) -> Arrangement | None:
    """Return where the panes stand; None where the terminal is too small.

    `graph_height` is the number of rows that the graph would like to have, as a diagram or as a tape; `picture`
    is whether there is one to show, and `page` how many rows a lesson's page needs, 0 where none is open. The diagram
    has up to `most` rows, so that a page takes no number from its boxes; 0: as many as a screen of this size has.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return None
    if page:
        most, left = _most_of_graph(height), height - page - 1
        above = arrange(width, left, diagram=diagram, graph_height=graph_height, picture=picture, most=most)
        if above is not None:
            return _with_page(above, width, height)
        # where it would leave the other panes too little, it has the place of the inspector
        whole = _with_tape(width, height, graph_height, picture)
        return whole._replace(panes={"page" if name == "inspector" else name: at for name, at in whole.panes.items()})
    if not diagram:
        return _with_tape(width, height, graph_height, picture)
    if _prefers_diagram(width, height):
        return _with_diagram(width, height, min(graph_height, most or _most_of_graph(height)), picture)
    return _with_small_diagram(width, height, graph_height)


def _most_of_graph(height: int) -> int:
    """Return how many rows a diagram has at most, so that the panes below it keep theirs."""
    return height - 28


def _with_diagram(width: int, height: int, graph_height: int, picture: bool) -> Arrangement:
    graph = max(graph_height, 5)
    step, inner = graph + 2, width - 2
    # a sentence fits into one line of 116 cells, or into two of 78
    text = 2 if inner >= 118 else 3
    below = step + text + 1
    split = min(width * 63 // 120, 80)
    body = height - below - 3
    loss = body // 2 if picture else body
    middle = below + loss + 1
    left, right = split - 1, width - split - 2
    panes = {
        "header": Area(0, 0, width, 1),
        "graph": Area(1, 2, inner, graph),
        "step": Area(1, step + 1, inner, text),
        "inspector": Area(1, below + 1, left, body),
        "loss": Area(split + 1, below + 1, right, loss),
        "keys": Area(0, height - 1, width, 1),
    }
    bottom, end = height - 2, width - 1
    rules = [(1, 0, end), (step, 0, end), (below, 0, end), (bottom, 0, end)]
    if picture:
        panes["picture"] = Area(split + 1, middle + 1, right, body - loss - 1)
        rules.append((middle, split, end))
    bars = ((0, 1, bottom), (end, 1, bottom), (split, below, bottom))
    return Arrangement(panes, tuple(rules), bars, () if picture else ("picture",))


def _with_small_diagram(width: int, height: int, graph_height: int) -> Arrangement:
    graph = min(max(graph_height, 3), max(height - 18, 4))
    step = graph + 2
    body = step + 4
    panes = {
        "header": Area(0, 0, width, 1),
        "graph": Area(0, 2, width, graph),
        "step": Area(0, step + 1, width, 3),
        "inspector": Area(0, body + 1, width, height - body - 2),
        "keys": Area(0, height - 1, width, 1),
    }
    return Arrangement(panes, tuple((y, -1, width) for y in (1, step, body)), ())


def _with_tape(width: int, height: int, graph_height: int, picture: bool) -> Arrangement:
    split = min(max(width * 7 // 16, 28), 48)
    step = height - 5
    body = step - 2
    rules = [(1, -1, width), (step, -1, width)]
    panes = {
        "header": Area(0, 0, width, 1),
        "inspector": Area(split + 1, 2, width - split - 1, body),
        "step": Area(0, step + 1, width, 3),
        "keys": Area(0, height - 1, width, 1),
    }
    tape = min(graph_height, body)
    spare = body - tape - 1
    if spare < CHART_HEIGHT and body >= 13:
        spare = CHART_HEIGHT
    if spare >= CHART_HEIGHT:
        lower = spare // 2 if picture and spare >= 20 else 0
        loss = spare - lower - bool(lower)
        tape = body - spare - 1
        panes["loss"] = Area(0, tape + 3, split, loss)
        rules.append((tape + 2, -1, split))
        if lower:
            panes["picture"] = Area(0, tape + loss + 4, split, lower)
            rules.append((tape + loss + 3, -1, split))
    else:
        tape = body
    panes["graph"] = Area(0, 2, split, tape)
    left_out = () if picture or spare < 20 else ("picture",)
    return Arrangement(panes, tuple(rules), ((split, 1, step),), left_out)


def _with_page(above: Arrangement, width: int, height: int) -> Arrangement:
    """Return an arrangement with a lesson's page under it, above the keys."""
    framed = above.rules[0][1] == 0
    rule = above.panes["keys"].y - framed
    page = Area(int(framed), rule + 1, width - 2 * framed, height - 1 - framed - (rule + 1))
    panes = {**above.panes, "page": page, "keys": Area(0, height - 1, width, 1)}
    if not framed:
        return above._replace(panes=panes, rules=(*above.rules, (rule, -1, width)))
    bottom, end = height - 2, width - 1
    bars = tuple((x, y, bottom if x in (0, end) else to) for x, y, to in above.bars)
    return above._replace(panes=panes, rules=(*above.rules, (bottom, 0, end)), bars=bars)
