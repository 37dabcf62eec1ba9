"""The update of a variable's element, written out: its old value less the learning rate times its gradient."""

from __future__ import annotations

import numpy as np

from minidl_core import VariableUpdated
from minidl_core.arrays import Array

from ..debugger.followed import grid_cell, grid_shape
from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line
from .expression import element_text
from .formats import Notation, addition, digits_of_change, number
from .names import called
from .sections import window
from .worked import rounds_to

ROWS, COLUMNS = 8, 4
"""So many rows and columns around the followed element are shown, and add up as they are shown."""


def update_equation(event: VariableUpdated, index: tuple[int, ...]) -> list[Line]:
    """Write the update of one element out."""
    with np.errstate(all="ignore"):
        step = event.learning_rate * event.gradient
    return worked_update(event, index, *update_notations(event.old, step, event.new, index))


def update_notations(old: Array, step: Array, new: Array, index: tuple[int, ...]) -> tuple[Notation, Notation]:
    """Return how old value and step, and how the new value are written, so that they add up around the element.

    There are digits enough to see that the element moved.
    """
    shape = grid_shape(new.shape, False)
    row, column = grid_cell(new.shape, index, False)
    rows, columns = window(shape[0], ROWS, row), window(shape[1], COLUMNS, column)

    def near(array: Array) -> Array:
        return array.reshape(shape)[rows.start : rows.stop, columns.start : columns.stop].reshape(-1)

    # the more sums there are, the more digits it takes to make all of them add up
    least = 4 if near(new).size < 10 else 3
    digits = digits_of_change(old[index], new[index], least, np.concatenate([near(old), near(new)]))
    return addition(np.stack([near(old), -near(step)]), near(new), digits)


def worked_update(event: VariableUpdated, index: tuple[int, ...], fine: Notation, coarse: Notation) -> list[Line]:
    """Write the element's update, with so many digits of the gradient that its step comes out as it is shown."""
    old, slope, new = (float(array[index]) for array in (event.old, event.gradient, event.new))
    moved = fine.text(-event.learning_rate * slope)
    rate = number(event.learning_rate, 15)
    texts = [number(slope, digits) for digits in range(4, 10)]
    gradient = next((text for text in texts if rounds_to(-float(rate) * float(text), moved)), texts[0])
    target = element_text(called(event.node), index)
    signed = f"- {moved[1:]}" if moved.startswith("-") else f"+ {moved}"
    factor = f"({gradient})" if gradient.startswith("-") else gradient
    before = fine.text(old) if old else "0"
    return [
        [(f"{RIGHT} {target}", "followed"), (f" = {before} - {rate}·{factor}", "text")],
        [(f"{'':{len(target) + 2}} = {before} {signed} = {coarse.text(new)}", "text")],
    ]
