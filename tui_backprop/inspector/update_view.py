"""The update of a variable: old value, gradient, step, new value, and what the step should bring."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from minidl_core import Variable, VariableUpdated
from minidl_core.arrays import Array

from ..formats import Notation, addition, notation, number
from ..formula import element_text
from ..glyphs import NOT_YET, RIGHT, STALE
from ..moment import Moment
from ..palette import Line
from .arrays import Block, block, draw_grid, window
from .pinned import Pinned, describe, is_by_point
from .sections import Section, compose, prose
from .value_view import element_at

ROWS, COLUMNS = 16, 8
"""Around the pinned element, so many rows and columns add up exactly as they are shown."""


def draw_update(moment: Moment, node: Variable, pinned: Pinned, width: int, height: int) -> list[Line]:
    """Draw what a variable's update does to it, or, before it has happened, what it will need."""
    from .ledger_view import slope_name

    slope = slope_name(moment, node)
    event = moment.update(node)
    rule = f"{node.name} new = {node.name} - η·{slope}"
    rate = f"η = {number(moment.learning_rate)}"
    title: Line = [(rule, "title"), (rate.rjust(max(width - len(rule) - 1, len(rate) + 2)), "text")]
    sections = [Section(6, [title])]
    if event is None:
        ready = moment.gradient(node) is not None
        missing = "comes when every gradient is complete" if ready else f"needs {slope} first"
        sections.append(Section(10, prose(f"{NOT_YET} not updated yet: it {missing}", width)))
        return compose(sections, width, height)
    sections += _arrays(moment, event, slope, pinned, width)
    return compose([*sections, *forecast(moment, width), *stale(moment, width)], width, height)


def _arrays(moment: Moment, event: VariableUpdated, slope: str, pinned: Pinned, width: int) -> list[Section]:
    node = event.node
    index = element_at(moment, node, event.new, pinned)
    step = event.learning_rate * event.gradient
    pinned = pinned.at(index, is_by_point(moment, node, event.new.shape))
    whole = block(moment, node, event.old, pinned)
    rows = window(whole.cells.shape[0], ROWS, whole.at[0])
    columns = window(whole.cells.shape[1], COLUMNS, whole.at[1])

    def near(array: Array) -> Array:
        return array.reshape(whole.cells.shape)[rows.start : rows.stop, columns.start : columns.stop].reshape(-1)

    fine, coarse = addition(np.stack([near(event.old), -near(step)]), near(event.new))
    names = {f"{node.name} before": event.old, slope: event.gradient, f"η·{slope}": step, f"{node.name} new": event.new}
    notations = [fine, notation(event.gradient), fine, coarse]
    blocks = [
        replace(block(moment, node, array, pinned, name=name, notation=same), shape=(), in_step=True)
        for (name, array), same in zip(names.items(), notations, strict=True)
    ]
    worked = _worked(event, index, fine, coarse)
    words = f"   {describe(moment, node, index, False)}"
    if index and "entry" not in words and sum(len(text) for text, _ in worked[0]) + len(words) <= width:
        worked[0].append((words, "dim"))
    return [_grid(blocks, width), Section(10, worked), Section(8, _meaning(moment, event, index, width), joined=True)]


def _grid(blocks: list[Block], width: int) -> Section:
    rows = len(blocks[0].cells)
    heads = len(draw_grid(blocks, width, rows=1)) // (2 if len(draw_grid(blocks, width, rows=1)) > 4 else 1)
    strips = len(draw_grid(blocks, width, rows=1)) // heads
    def draw(height: int) -> list[Line]:
        return draw_grid(blocks, width, rows=max(height // strips - heads + 1, 1))
    shown = min(rows, ROWS)
    return Section(9, draw=draw, least=strips * heads, comfort=strips * (heads + min(rows, 4) - 1), most=strips * (heads + shown - 1 + (rows > shown)))


def _worked(event: VariableUpdated, index: tuple[int, ...], fine: Notation, coarse: Notation) -> list[Line]:
    """Write the pinned element's update, with so many digits of the gradient that its step comes out as shown."""
    old, slope, new = (float(array[index]) for array in (event.old, event.gradient, event.new))
    step = event.learning_rate * slope
    rate = number(event.learning_rate, 15)
    gradient = next(
        (text for digits in range(4, 10) if fine.text(float(rate) * float(text := number(slope, digits))) == fine.text(step)),
        number(slope),
    )
    target = element_text(event.node.name, index)
    moved = fine.text(-step)
    signed = f"- {moved[1:]}" if moved.startswith("-") else f"+ {moved}"
    given = f"({gradient})" if gradient.startswith("-") else gradient
    return [
        [(f"{RIGHT} {target}", "pinned"), (f" = {fine.text(old)} - {rate}·{given}", "text")],
        [(f"{' ' * (len(target) + 2)} = {fine.text(old)} {signed} = {coarse.text(new)}", "text")],
    ]


def _meaning(moment: Moment, event: VariableUpdated, index: tuple[int, ...], width: int) -> list[Line]:
    slope = float(event.gradient[index])
    loss, target = moment.graph.loss.name, element_text(event.node.name, index)
    if slope == 0:
        said = f"its slope is 0: {loss} does not feel it; so it stays"
    elif slope < 0:
        said = f"its slope is negative: more {target}, less {loss}; so it rises"
    else:
        said = f"its slope is positive: more {target}, more {loss}; so it falls"
    return prose(f"  {said}", width, indent="  ")


def forecast(moment: Moment, width: int) -> list[Section]:
    """Say what the loss would become if it were a straight slope, and when the truth comes."""
    gradients = [moment.gradient(variable) for variable in moment.graph.variables]
    if moment.loss is None or any(gradient is None for gradient in gradients):
        return []
    with np.errstate(all="ignore"):
        squares = sum(float(np.sum(np.square(gradient))) for gradient in gradients if gradient is not None)
    change = -moment.learning_rate * squares
    new = moment.loss + change
    now_text, change_text, new_text = _sum_texts(moment.loss, change, new)
    loss, following = moment.graph.loss.name, moment.iteration + 1
    if width < 58:
        return [
            Section(4, [[(f"{loss} now ", "dim"), (now_text, "text"), ("   forecast ", "dim"), (f"{change_text}", "text"), (f", to {new_text}", "text")]]),
            Section(4, [[(f"new {loss} ", "dim"), (f"{NOT_YET} comes with iteration {following}", "text")]], joined=True),
        ]
    size = max(map(len, (now_text, change_text, new_text))) + 2
    rows = [
        (f"{loss} now", now_text, "measured before the update"),
        ("forecast -η·Σ grad²", change_text, f"if {loss} were a straight slope"),
        (f"forecast of the new {loss}", new_text, ""),
        (f"measured new {loss}", NOT_YET, f"comes with iteration {following}"),
    ]
    lines: list[Line] = [[("what this step should bring", "title")]]
    lines += [[(f"  {name:<22}", "dim"), (text.rjust(size), "text"), (f"   {said}", "dim")] for name, text, said in rows]
    return [Section(5, lines)]


def _sum_texts(now: float, change: float, new: float) -> tuple[str, str, str]:
    same = notation([now, change, new])
    texts = same.text(now), same.text(change), same.text(new)
    if np.isfinite(new) and Decimal(texts[0]) + Decimal(texts[1]) == Decimal(texts[2]):
        return texts
    fine, coarse = addition([now, change], new)
    return fine.text(now), fine.text(change), coarse.text(new)


def stale(moment: Moment, width: int) -> list[Section]:
    """Say which values on the screen are older than the variables."""
    names = ", ".join(node.name for node in moment.updated)
    return [Section(2, prose(f"{STALE} marks values made with the old {names}", width, "stale"))] if names else []
