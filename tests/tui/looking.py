"""A graph and a look at it, for the tests that draw it in rooms of many sizes."""

from __future__ import annotations

from tui_backprop.debugger.loss_graph import LossGraph
from tui_backprop.debugger.moment import Moment
from tui_backprop.drawing.palette import Line
from tui_backprop.graph.drawing import draw_graph
from tui_backprop.graph.foldings import Foldings
from tui_backprop.graph.look import GraphLook, Room
from tui_backprop.graph.shown import ShownGraph, show


class Looking:
    """Draws one graph; `look` may be replaced."""

    def __init__(self, graph: LossGraph) -> None:
        self.foldings = Foldings(graph)
        self.look = GraphLook()

    @property
    def drawable(self) -> bool:
        return self.foldings.is_drawable(self.look)

    def show(self, moment: Moment, width: int, height: int, *, diagram: bool) -> ShownGraph:
        return show(self.foldings, self.look, moment, Room(width, height, diagram))

    def draw(self, moment: Moment, width: int, height: int, *, diagram: bool) -> list[Line]:
        return draw_graph(self.show(moment, width, height, diagram=diagram))
