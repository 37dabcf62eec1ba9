"""What a step should bring, if the loss were a straight slope, and beside it what it brought, once that is measured."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import isfinite

import numpy as np

from minidl_core import GradientCompleted, MinidlError, Variable
from minidl_core.arrays import Array
from minidl_core.train import Optimizer
from minidl_core.train.step import Step

from ..debugger.edits import start_value
from ..debugger.kept import kept
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..drawing.ascii import spell
from ..drawing.glyphs import NOT_YET
from ..drawing.palette import Line
from ..notation.fitting import first_that_fits, prose
from ..notation.formats import Notation, addition, digits_of_change
from ..notation.names import called
from ..notation.optimizer import is_straight
from ..notation.sections import Section

_STRAIGHT = 5e-4
"""Where the change differs from the forecast by a smaller part of it, the slope is as good as straight."""


def forecast(moment: Moment, width: int, *, short: bool = False) -> list[Section]:
    """Say what the loss would become if it were a straight slope, and what it became, or when it will be measured."""
    recording = moment.recording
    if moment.loss is None or not _backward_is_over(moment):
        return []
    optimizer = moment.optimizer
    change = _expected_change(recording, optimizer)
    if change is None:
        return []
    after = moment.loss + change
    fine, as_new = addition([moment.loss, change], after, digits_of_change(moment.loss, after))
    now, moved, new = fine.text(moment.loss), fine.text(change), as_new.text(after)
    loss, several = called(moment.graph.loss), len(moment.graph.variables) > 1
    measured, when = _measured(moment, as_new)
    size = max(map(len, (now, moved, new, measured))) + 2
    summed = spell("-η·Σ grad²" if is_straight(optimizer) else "-Σ grad·step")
    rows = [
        (f"{loss} now", now, "measured before the update"),
        (f"forecast {summed}", moved, f"if {loss} were a straight slope"),
        (f"forecast of the new {loss}", new, ""),
        (f"measured new {loss}", measured, when),
    ]
    names = max(len(name) for name, _, _ in rows) + 2
    if names + size + 3 + max(len(text) for _, _, text in rows) > width:
        shorter = {rows[0][2]: "before the update", rows[1][2]: "on a straight slope"}
        rows = [(name, text, shorter.get(meaning, meaning)) for name, text, meaning in rows]
    if short or names + size + 3 + max(len(text) for _, _, text in rows) > width:
        whole = f"{loss} now {now}   forecast {moved}, to {new}"
        text = first_that_fits(width, whole, f"{loss} {now}   forecast {new}")
        condition = f" if {loss} were a straight slope{' (whole step)' if several else ''}"
        return [
            Section(4, [[(text, "text")], *prose(condition, width, "dim", indent=1)]),
            Section(3, prose(f"new {loss} {measured} {when}", width), joined=True),
        ]
    title = "what the whole step should bring, of all variables" if several else "what this step should bring"
    lines: list[Line] = [[(title, "title")]]
    for name, text, meaning in rows:
        lines.append([(f"  {name}".ljust(names), "dim"), (text.rjust(size), "text"), (f"   {meaning}", "dim")])
    return [Section(5, lines)]


def _backward_is_over(moment: Moment) -> bool:
    """Return whether every gradient is complete."""
    recording = moment.recording
    return moment.visit_count == len(moment.graph.nodes) and moment.gradient(recording.joined[-1]) is not None


def _measured(moment: Moment, same: Notation) -> tuple[str, str]:
    """Return the loss after the step, if it is known, and when it was or will be measured."""
    following = moment.iteration + 1
    if moment.next_edits:
        return NOT_YET, f"iteration {following} starts with an edit"
    if not moment.recording.next_measures_step:
        return NOT_YET, f"iteration {following} has other feeds"
    if moment.next_loss is None:
        return NOT_YET, f"comes with iteration {following}"
    return same.text(moment.next_loss), f"came with iteration {following}"


@kept
def _expected_change(recording: Recording, optimizer: Optimizer) -> float | None:
    """Return by how much the loss would change if it were a straight slope, the sum of -gradient·step of all variables.

    None where a step cannot be computed.
    """
    optimizer, start = copy(optimizer), recording.start
    optimizer.learning_rate = start.learning_rate
    gradients, change = _gradients(recording), 0.0
    with np.errstate(all="ignore"):
        try:
            step = Step(optimizer, start.memory, gradients.values())
            for variable, gradient in gradients.items():
                change -= float(np.vdot(gradient, step.update(variable, start_value(start, variable), gradient)[-1]))
        except MinidlError:
            return None
    return change


def brought(moment: Moment, width: int) -> list[Section]:
    """Put the forecast of the last iteration's step beside what it brought, once this one has measured the loss."""
    previous, loss = moment.recording.previous, moment.loss
    if previous is None or previous.loss is None or loss is None or moment.program.is_hunted:
        return []  # in a hunt the right gradients of the step before would tell too much
    before, name, number_before = previous.loss, called(moment.graph.loss), moment.iteration - 1
    if not moment.recording.measures_last_step:
        text = f"{name} does not measure the step of iteration {number_before}: its feeds were others"
        return [Section(4, prose(text, width, "dim"))]
    if moment.recording.edits:
        text = f"an edit came after the step of iteration {number_before}: {name} does not measure that step alone"
        return [Section(4, prose(text, width, "dim"))]
    expected = change_of_step(moment.recording)
    changes = np.array([expected, loss - before])
    news = before + changes
    # where a percentage says that they differ, they look different
    apart = 1 if abs(changes[1] - changes[0]) >= _STRAIGHT * abs(changes[0]) else 0
    digits = digits_of_change([before, before, *news[:apart]], [*news, *news[1 : 1 + apart]])
    fine, coarse = addition(np.stack([[before, before], changes]), news, digits)
    if fine.decimals > coarse.decimals:
        fine, coarse = addition(np.stack([[before, before], changes]), news, digits + 1)
    rows = [("", f"{name} before", "change", name)]
    for title, change, new in zip(("forecast", "measured"), changes, news, strict=True):
        rows.append((f"  {title}", fine.text(before), fine.text(float(change)), coarse.text(float(new))))
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(sizes) + 3 * len(sizes[1:]) > width:
        # what it was stands in the header, too; no number is cut
        rows, sizes = [(title, "", change, new) for title, _, change, new in rows], [sizes[0], -3, *sizes[2:]]
    lines: list[Line] = [[(f"what the step of iteration {number_before} brought", "title")]]
    for place, (title, *cells) in enumerate(rows):
        text = "".join(cell.rjust(size + 3) for cell, size in zip(cells, sizes[1:], strict=True))
        lines.append([(title.ljust(sizes[0]), "dim"), (text, "text" if place else "dim")])
    turned = _backward_is_over(moment) and _slope_at_its_end(moment.recording) * expected < 0
    text = _comparison(name, expected, loss - before, turned=turned)
    return [Section(4, lines), Section(3, prose(text, width, "dim"), joined=True)]


@kept
def change_of_step(recording: Recording) -> float:
    """Return the forecast for the step before an iteration: what its gradients say of where the variables have gone."""
    previous = recording.previous
    assert previous is not None, "there was a step"
    gradients, loss = previous.gradients, recording.graph.loss
    if gradients is None:
        with np.errstate(all="ignore"):
            evaluation = recording.graph.plan.run(previous.start.feeds, previous.start.variables)
            gradients = {variable: gradient for variable, _, gradient in evaluation.trained(loss)}
    return _along_the_step(recording, gradients)


@kept
def _slope_at_its_end(recording: Recording) -> float:
    """Return the slope of the loss in the direction of the step before an iteration, at its end."""
    return _along_the_step(recording, _gradients(recording))


def _gradients(recording: Recording) -> dict[Variable, Array]:
    """Return the gradients of the variables, in the order of their updates."""
    events = {variable: recording.events[recording.completed[variable]] for variable in recording.update_order}
    return {variable: event.gradient for variable, event in events.items() if isinstance(event, GradientCompleted)}


def _along_the_step(recording: Recording, gradients: Mapping[Variable, Array]) -> float:
    """Return the sum of gradient times move, of all variables that the step before an iteration has moved."""
    previous = recording.previous
    assert previous is not None, "there was a step"
    slope = 0.0
    with np.errstate(all="ignore"):
        for variable, new in recording.start.variables.items():
            if variable in gradients:
                slope += float(np.sum(gradients[variable] * (new - start_value(previous.start, variable))))
    return slope


def _comparison(name: str, expected: float, measured: float, *, turned: bool) -> str:
    """Say in words how the change compares with the forecast."""
    if not (isfinite(expected) and isfinite(measured)) or expected == 0:
        return ""
    part = measured / expected
    # a step with a memory may lead uphill
    end, instead = ("lowest", "larger") if expected < 0 else ("highest", "smaller")
    if part < 0:
        return f"{name} has become {instead} instead: the step went past the {end} point of the slope"
    share = f"{100 * part:.3g} % of the forecast"
    if turned:
        return f"{share}: the step went past the {end} point: the slope turned round"
    if abs(part - 1) < _STRAIGHT:
        return f"{share}: for so small a step the slope is straight"
    return f"{share}: the slope changed on the way"
