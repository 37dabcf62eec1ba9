"""An update as a program made it, where our optimizer would make another one of the right gradients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from minidl_core import State, Variable
from minidl_core.arrays import Array, copy_in, quiet

from ..programs.recorded import RecordedStep
from ..programs.updates import FoundDescent, ProgramsOptimizer, Update, repeating

_OF_THE_STEP, _OF_ROUNDING = 1e-6, 1e-12
_IN_FLOAT32 = 300.0
"""How much more of both in an engine of float32."""


def found_update(step: RecordedStep, state: State, ours: Mapping[Variable, Array]) -> ProgramsOptimizer | None:
    """Return what makes the update that a program made from a state, where its optimizer makes `ours` of it.

    None where that is the same.
    """
    if not ours.keys() <= step.left_after.keys():
        return None
    before = {node: copy_in(state.variables.get(node, node.initial_value)) for node in ours}
    after = {node: step.left_after[node] for node in ours}
    wider = _IN_FLOAT32 if any(each.dtype == np.float32 for each in step.theirs.values()) else 1.0
    if _are_near(ours, after, before, wider):
        return None
    rate = state.rate
    # one of another shape is no gradient that descent could be made of
    found = {n: step.theirs[n] for n in ours if n in step.theirs and step.theirs[n].shape == before[n].shape}
    if [term.formula for term in step.optimizer.rule] == ["η·G"] and found.keys() == ours.keys():
        made = {node: old - rate * copy_in(found[node]) for node, old in before.items()}
        if _are_near(made, after, before, wider):
            return FoundDescent({node: copy_in(each) for node, each in found.items()}, rate)
    return repeating(Update(before, after, {}))


def _are_near(
    made: Mapping[Variable, Array], wanted: Mapping[Variable, Array], before: Mapping[Variable, Array], wider: float
) -> bool:
    """Return whether updates are the same but for rounding."""
    for node, new in wanted.items():
        if made[node].shape != new.shape:
            return False
        with quiet():
            room = _OF_THE_STEP * np.abs(new - before[node]) + _OF_ROUNDING * np.abs(before[node])
            if not (np.abs(made[node] - new) <= wider * room).all():
                return False
    return True
