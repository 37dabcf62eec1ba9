"""The check of a gradient: the loss measured on both sides of the followed element, and the slope that this gives."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose

import numpy as np

from minidl_core import Node, Variable

from ..debugger.followed import Followed, element_at
from ..debugger.measuring import NUDGE, MeasuredGradient, measure
from ..debugger.moment import Moment
from ..drawing.glyphs import RIGHT
from ..drawing.palette import ACTION, Line
from ..notation.fitting import ends, first_that_fits, fit, prose, width_of
from ..notation.formats import element_text, number
from ..notation.names import called, slope_name
from ..notation.optimizer import is_straight
from ..notation.rounding import is_rounding
from ..notation.sections import Section, compose
from ..notation.worked import rounds_to
from .origin import Origin, draw_origin, own_gradient
from .view import View

_EQUAL = "equal in these digits"


class CheckView(View):
    """The gradient of the followed element beside what the loss does when that element is nudged."""

    name = "check"
    on_request = True

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return the element of the gradient that is checked."""
        return own_gradient(moment, followed, node)

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return the gradient and the slope that was measured."""
        index = element_at(moment, node, moment.shape(node) or (), followed)
        measured = _measured(moment, node, index)
        if isinstance(measured, str):
            return {}
        slope = element_text(slope_name(moment, node), index)
        return {slope: measured.check.gradient, "measured": measured.quotient}

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw the loss at x + h, x - h and x + 0.01, in digits from which the quotients come out as shown."""
        index = element_at(moment, node, moment.shape(node) or (), followed)
        slope = element_text(slope_name(moment, node), index)
        measured = _measured(moment, node, index)
        if isinstance(measured, str):
            sections = [Section(10, [[(f"{slope} cannot be checked", "title")]]), Section(9, prose(measured, width))]
            return compose(sections, width, height)
        check, loss = measured.check, called(moment.graph.loss)
        target = element_text(called(node), index)
        if node is moment.graph.loss:
            text = f"It is 1 by definition: if {loss} grows by some amount, {loss} grows by just that amount."
            sections = [Section(10, [[(f"{slope} = 1", "title")]]), Section(9, prose(text, width))]
            return compose(sections, width, height)
        step = f"h = {number(measured.step)}"
        title = first_that_fits(width - len(step) - 2, f"is {slope} right?", "is it right?")
        style = "error" if check.verdict == "differs" else "done" if check.verdict == "agrees" else "waiting"
        rounding = is_rounding(moment, node, index)
        verdict = f"{RIGHT} {f'{slope} is 0 but for rounding: ' if rounding else ''}{check.reason}"
        if moment.gradient(node) is None:
            verdict += f" The backward pass will find {slope}."
        sections = [
            Section(6, [ends([(title, "title")], (step, "dim"), width - 1)]),
            Section(9, _both_sides(measured, loss, target, slope, width, rounding=rounding)),
            Section(10, prose(verdict, width, style, indent=2), joined=True),
            Section(8, _step(moment, node, index, width)),
            Section(7, _nudge(measured, loss, target, slope, width)),
            Section(5, draw_origin(moment, own_gradient(moment, followed, node), width)),
            Section(
                2, prose("measured beside the training, at the values of this forward pass", width, "dim"), joined=True
            ),
        ]
        return compose(sections, width, height)


def _measured(moment: Moment, node: Node, index: tuple[int, ...]) -> MeasuredGradient | str:
    """Measure an element of a gradient; in a hunt, where a right one would tell too much, only of one that is found."""
    hunted = moment.program.is_hunted
    if hunted and moment.gradient(node) is None:
        return f"The backward pass has not found {slope_name(moment, node)} yet."
    return measure(moment.recording, node, index, hunted=hunted)


def _step(moment: Moment, node: Node, index: tuple[int, ...], width: int) -> list[Line]:
    """Draw in a hunt how far a variable has moved beside how far it should."""
    event = moment.update(node) if isinstance(node, Variable) and moment.program.is_hunted else None
    if event is None or not is_straight(moment.optimizer):
        return []
    moved, wanted = float(event.old[index] - event.new[index]), event.learning_rate * float(event.gradient[index])
    same = isclose(moved, wanted, rel_tol=1e-6, abs_tol=1e-12)
    verdict = "they agree" if same else "they differ"
    rows = [("taken off by the update", number(moved), ""), ("η·gradient", number(wanted), verdict)]
    return _rows(rows, width)


def _both_sides(
    measured: MeasuredGradient, loss: str, target: str, slope: str, width: int, *, rounding: bool
) -> list[Line]:
    """Draw the losses, their quotient and the gradient; where that is only rounding, no error is a part of it."""
    write = _losses((measured.above, measured.below), 2 * measured.step, measured.quotient)
    return _rows(
        [
            (f"{loss} at {target} + h", write(measured.above), ""),
            (f"{loss} at {target} - h", write(measured.below), ""),
            ("their difference / 2h", number(measured.quotient), "measured"),
            (slope, number(measured.check.gradient), "by backpropagation"),
            *([] if rounding else [_error(measured)]),
        ],
        width,
    )


def _error(measured: MeasuredGradient) -> tuple[str, str, str]:
    """Return the row of the relative error; beside two numbers that look equal it would contradict them."""
    if number(measured.quotient) == number(measured.check.gradient):
        return _EQUAL, "", ""
    return "relative error", f"{measured.relative_error:.1e}", ""


def _nudge(measured: MeasuredGradient, loss: str, target: str, slope: str, width: int) -> list[Line]:
    write = _losses((measured.nudged, measured.loss), NUDGE, measured.nudge_quotient)
    rows = [
        (f"{loss} before", write(measured.loss), ""),
        (f"{loss} after", write(measured.nudged), ""),
        (f"their difference / {NUDGE}", number(measured.nudge_quotient), "over the whole nudge"),
        (slope, number(measured.check.gradient), "where it begins"),
    ]
    return [[(f"{target} + {NUDGE}", "title")], *_rows(rows, width)]


def _rows(rows: list[tuple[str, str, str]], width: int) -> list[Line]:
    """Draw names, numbers with their decimal points under each other where they are losses, and what they mean."""
    size = max(len(text) for _, text, _ in rows)
    names = min(max(width_of(name) for name, _, _ in rows) + 4, max(width - size, 1))
    lines: list[Line] = []
    for name, text, meaning in rows:
        if name == _EQUAL:
            hint: Line = [(" ", "text"), ("in full", ACTION), (" shows all", "dim")]
            lines.append(first_that_fits(width, [(f"  {_EQUAL}:", "dim"), *hint], [(f"  {_EQUAL}", "dim")]))
            continue
        wording = first_that_fits(width - names - size, f"   {meaning}", "")
        lines.append([(fit(f"  {name}", names), "dim"), (text.rjust(size), "text"), (wording, "dim")])
    return lines


def _losses(losses: tuple[float, float], over: float, quotient: float) -> Callable[[float], str]:
    """Return how losses are written: with so many decimals that their difference, divided, is the quotient as shown."""
    shown = number(quotient)
    for decimals in range(2, 16) if np.isfinite([*losses, quotient]).all() else ():
        first, second = (float(f"{loss:.{decimals}f}") for loss in losses)
        if rounds_to((first - second) / over, shown):
            return lambda loss: f"{loss:.{decimals}f}"
    return lambda loss: number(loss, 15)
