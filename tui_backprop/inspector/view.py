"""What a view of the inspector is: one way to explain a node. A view is one file, and a line in `VIEWS`."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from minidl_core import Node

from ..debugger.followed import Followed, grid_cell, grid_index, grid_shape, is_by_point
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.names import called
from .origin import Origin


class View(Protocol):
    """Explains a node at a moment, with the followed element written out; it has a `name`.

    One that is `on_request` has a key of its own and is not among those that Tab goes through.
    """

    name: str
    on_request: bool = False

    def applies(self, node: Node) -> bool:
        """Return whether there is such a view of a node."""
        return True

    def title(self, moment: Moment, node: Node) -> str:
        """Return what stands in the title of the pane."""
        return f"{called(node)}   {self.name}"

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return where the followed element came from, or the sentence that says why it came from nowhere."""
        return "goes nowhere: no number is looked at"

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return what can be read in full precision: of the followed element what the view writes out, by its name."""
        return {}

    def move(self, moment: Moment, followed: Followed, node: Node, dx: int, dy: int) -> Followed:
        """Return what is followed after a move by columns and rows of the array in view; at its edge it stays."""
        shape = moment.shape(node)
        if not shape or 0 in shape:
            return followed
        by_point = is_by_point(moment, node, shape)
        row, column = grid_cell(shape, followed.index(shape, by_point), by_point)
        rows, columns = grid_shape(shape, by_point)
        row, column = min(max(row + dy, 0), rows - 1), min(max(column + dx, 0), columns - 1)
        return followed.alone.at(grid_index(shape, row, column, by_point), by_point)

    @abstractmethod
    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Return at most `height` lines of at most `width` cells."""
