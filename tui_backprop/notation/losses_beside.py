"""The losses of several branches beside each other: what J is in the same iteration, here and on the others."""

from __future__ import annotations

from ..debugger.branches import Branch
from ..debugger.moment import Moment
from .edits import branch_label, seen_from
from .formats import digits_of_change, number
from .names import called


def losses_beside(moment: Moment) -> str:
    """Say what the loss of this iteration is here and on the other branches; nothing where none of them has it."""
    there = {
        branch_label(branch): loss
        for branch in moment.branches
        if branch is not moment.branch and (loss := _loss_there(moment, branch)) is not None
    }
    if moment.loss is None or not there:
        return ""
    digits = digits_of_change([moment.loss] * len(there), list(there.values()))
    others = ", ".join(f"{number(loss, digits)} on {label}" for label, loss in there.items())
    return f"{called(moment.graph.loss)} of iteration {moment.iteration}: {number(moment.loss, digits)} here, {others}"


def label_with_loss(moment: Moment, branch: Branch) -> str:
    """Return the label that tells another branch from this one, with its loss in this iteration if both are known."""
    name, colon, before = seen_from(branch, moment.branch).partition(":")
    loss = _loss_there(moment, branch)
    return f"{name}{'' if loss is None else f', {number(loss)}'}{colon}{before}"


def _loss_there(moment: Moment, branch: Branch) -> float | None:
    return None if moment.loss is None else branch.losses.loss_at(moment.iteration)
