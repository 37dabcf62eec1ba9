"""An optimizer as a person reads it: what it is called, what it is set to, and its learning rate in an iteration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from numbers import Real
from typing import Any

from minidl_core.train import Optimizer, Schedule


def is_straight(optimizer: Optimizer) -> bool:
    """Return whether each step is the learning rate times the gradient, so that none ever goes along with it."""
    return [term.formula for term in optimizer.rule] == ["η·G"]


def settings_of(optimizer: Optimizer) -> Mapping[str, Any]:
    """Return what an optimizer is set to, by name, without its learning rate and what is off by default."""
    found = {}
    for each in fields(optimizer):
        value = getattr(optimizer, each.name)
        # a 0 that somebody chose, such as no weight decay where some is usual, says something
        is_off = value is None or (isinstance(value, Real) and value == 0 and value == each.default)
        if each.name != "learning_rate" and not is_off:
            found[each.name] = value
    return found


def optimizer_text(optimizer: Optimizer) -> str:
    """Return what an optimizer is called and set to: AdamOptimizer(beta1=0.9, beta2=0.999, epsilon=1e-08)."""
    settings = ", ".join(f"{name}={value!r}" for name, value in settings_of(optimizer).items())
    return f"{type(optimizer).__name__}({settings})" if settings else type(optimizer).__name__


def schedule_text(schedule: Schedule) -> str:
    """Return what a schedule of the learning rate is called, with its numbers where it says them."""
    name = getattr(schedule, "__name__", None)
    return name if isinstance(name, str) else repr(schedule)
