"""What an update says, whatever the optimizer: that a variable moves against its gradient only where it does."""

from __future__ import annotations

import numpy as np

from minidl_core import VariableUpdated

from ..debugger.moment import Moment
from ..notation.fitting import printable
from ..notation.formats import digits_of_change
from ..notation.formulas import in_numbers
from ..notation.optimizer import is_straight
from .wording import Name, Words, counted, lowered, slope_of, value_text


def updated(at: Moment, event: VariableUpdated, name: Name) -> Words:
    """Say which way a variable moves, by which step, and to where; `at` is the moment when it has just happened."""
    if not is_straight(at.optimizer):
        return _stepped(event, name)
    node, rate = event.node, f"{event.learning_rate:g}"
    n, slope, said = name(node), slope_of(at, node, name), value_text(event.new)
    step = f"{n} - {rate}·{slope}"
    moves = f"{n} moves against its gradient"
    if event.new.shape:
        if said:
            return Words((f"{moves}: {step} = {said}",))
        ways = (": where the slope is negative it rises, where positive it falls", ": downhill, number by number", "")
        return Words(tuple(f"{moves}, {step}{way}" for way in ways))
    values = {"A": float(event.old), "R": event.learning_rate, "G": float(event.gradient)}
    worked = in_numbers("A - R·G", values, float(event.new), digits_of_change(event.old, event.new))
    way = "positive, so it falls" if event.gradient > 0 else "negative, so it rises" if event.gradient < 0 else "0"
    return Words((f"{moves}: {step} = {worked}", f"{moves}: {step} = {said}"), extra=f". Its slope is {way}")


def _stepped(event: VariableUpdated, name: Name) -> Words:
    """Say an update whose step need not be against the gradient."""
    # plain gradient descent needs no reader of formulas
    from ..notation.expression import symbols_in
    from ..notation.update import why_it_moves

    n, step, said = name(event.node), event.terms[-1], value_text(event.new)
    along = np.sign(event.old - event.new) * np.sign(event.gradient)
    against, size = int(np.sum(along > 0)), event.new.size
    formula = printable(step.term.formula)
    if {"W", "G"} & set(symbols_in(step.term.formula)):
        formula = ""  # they would be taken for nodes
    taken = f"{n} - step"
    if event.new.shape:
        if against == size:
            moves = f"{n} moves against its gradient"
        elif not np.any(event.new != event.old):
            moves = f"{n} stays where it is"
        else:
            moves = f"{n} moves, {against or 'none'} of its {counted(size, 'number')} against the gradient"
        heads = (f"{moves}: {taken}, step = {formula}",) if formula else ()
        results = (f"{moves}: {taken} = {said}",) if said else ()
        return Words((*heads, *results, f"{moves}: {taken}", moves), lowered(printable(step.term.reason)))
    worked = in_numbers(
        "A - S",
        {"A": float(event.old), "S": float(step.value)},
        float(event.new),
        digits_of_change(event.old, event.new),
    )
    slope = float(event.gradient)
    sign = "0" if slope == 0 else "positive" if slope > 0 else "negative"
    why = f"Its slope is {sign}; {why_it_moves(event, (), 'it')}"
    moves, to = (f"{n} moves by its step", "moves to") if event.new != event.old else (f"{n} stays", "stays at")
    moves = f"{n} moves against its gradient" if against else moves
    heads = (f"{moves}: {taken} = {worked}, step = {formula}",) if formula else ()
    heads = (*heads, f"{moves}: {taken} = {worked}", f"{moves}: {taken} = {said}")
    return Words(heads, extra=f". {why}") if against else Words((*heads, f"{n} {to} {said}"), tail=why)
