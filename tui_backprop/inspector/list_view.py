"""A list of scalars in the inspector: its numbers as the array that it is, of which one element is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array, Shape

from ..debugger.followed import Followed, grid_cell, grid_index, grid_shape, known_value
from ..debugger.moment import Moment
from ..drawing.palette import ACTION, Line
from ..graph.picture import Item
from ..graph.scopes import array_of, index_of, shape_of
from ..notation.fitting import fit
from ..notation.formats import notation, number

if TYPE_CHECKING:
    from .arrays import Block


def followed_element(item: Item, followed: Followed) -> Node | None:
    """Return the followed element of a list of scalars; None where this is none, or is ragged."""
    shape = shape_of(item.nodes) if item.is_list else None
    if shape is None:
        return None
    index = followed.index(shape, by_point=False)
    return next(node for node in item.nodes if index_of(node) == index)


def move_in_list(item: Item, followed: Followed, dx: int, dy: int) -> Followed:
    """Return what is followed so many columns and rows further in a list of scalars."""
    shape = shape_of(item.nodes) if item.is_list else None
    if shape is None:
        return followed
    rows, columns = grid_shape(shape, by_point=False)
    row, column = grid_cell(shape, followed.index(shape, by_point=False), by_point=False)
    there = min(max(row + dy, 0), rows - 1), min(max(column + dx, 0), columns - 1)
    return followed.at(grid_index(shape, *there, by_point=False), by_point=False)


def draw_list(item: Item, node: Node, moment: Moment, followed: Followed, width: int, height: int) -> list[Line]:
    """Draw the values and the gradients of a list; `node` is its followed element."""
    shape = shape_of(item.nodes) or ()
    value, gradient = known_value(moment, node), moment.gradient(node)
    numbers = [
        f"{sign} {number(array.item())}" for sign, array in (("=", value), ("gradient", gradient)) if array is not None
    ]
    lines: list[Line] = [
        [(fit(f"{len(item.nodes):,} scalars, drawn as one array", width), "dim")],
        [(fit(" ".join([node.name, *numbers]), width), "title")],
        [("origin", ACTION), (" goes to it, ", "dim"), ("fold", ACTION), (" opens the list", "dim")],
    ]
    arrays = {
        "value": array_of(item.nodes, lambda node: known_value(moment, node), shape),
        "gradient": array_of(item.nodes, moment.gradient, shape),
    }
    blocks = [_block(title, array, followed) for title, array in arrays.items() if array is not None]
    done = sum(moment.gradient(node) is not None for node in item.nodes)
    if 0 < done < len(item.nodes):
        lines.append([(fit(f"gradient: {done:,} of {len(item.nodes):,} are complete", width), "dim")])
    if blocks:
        from .arrays import draw_arrays

        lines += draw_arrays(blocks, width, max(height - len(lines), 0))
    return lines[:height]


def _block(title: str, array: Array, followed: Followed) -> Block:
    from .arrays import Block, number_width  # the first screen shows no array

    shape: Shape = array.shape
    rows, columns = grid_shape(shape, by_point=False)
    at = grid_cell(shape, followed.index(shape, by_point=False), by_point=False)
    used = np.zeros((rows, columns), dtype=bool)
    used[at] = True
    same = notation(array)

    def row_name(row: int) -> str:
        return (
            "" if rows == 1 else ",".join(map(str, grid_index(shape, row, 0, by_point=False)[: max(len(shape) - 1, 1)]))
        )

    return Block(
        titles=(title,),
        cells=array.reshape(rows, columns),
        at=at,
        used=used,
        row_name=row_name,
        row_names_width=max(len(row_name(row)) for row in range(rows)),
        column_names=tuple(map(str, range(columns))) if columns > 1 else (),
        in_step=False,
        notation=same,
        number_width=number_width(array, same),
    )
