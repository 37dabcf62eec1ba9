"""An optimizer as a person reads it: what it is called, what it is set to, and its learning rate in an iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from numbers import Real
from typing import Any

from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    RMSPropOptimizer,
    Schedule,
)

OPTIMIZERS: Mapping[str, Callable[[float | Schedule], Optimizer]] = {
    "gradient descent": GradientDescentOptimizer,
    "momentum": partial(MomentumOptimizer, momentum=0.9),
    "rmsprop": RMSPropOptimizer,
    "adam": AdamOptimizer,
    "adamw": AdamWOptimizer,
}
"""What makes an optimizer, by the name that it has everywhere: in an edit it is typed."""
OWN_UPDATE = "own update"
_NAMES = {type(make(1.0)): name for name, make in OPTIMIZERS.items()}


def repeats(optimizer: Optimizer) -> bool:
    """Return whether it repeats what the program did by a rule of its own, at no learning rate that anybody knows."""
    if type(optimizer) in _NAMES:
        return False
    from ..programs.updates import ProgramsOptimizer  # a lesson has none

    return isinstance(optimizer, ProgramsOptimizer) and not found_gradients(optimizer)


def name_of(optimizer: Optimizer) -> str:
    """Return what an optimizer is called: by the name of ours, or else by the class that a program wrote for it."""
    if type(optimizer) in _NAMES:
        return _NAMES[type(optimizer)]
    if found_gradients(optimizer):
        return _NAMES[GradientDescentOptimizer]
    return OWN_UPDATE if repeats(optimizer) else type(optimizer).__name__


def found_gradients(optimizer: Optimizer) -> str:
    """Return what the gradients are called that it takes steps against, where only the program has found them."""
    if type(optimizer) in _NAMES:
        return ""
    from ..programs.updates import FoundDescent  # a lesson has none

    return optimizer.called if isinstance(optimizer, FoundDescent) else ""


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
    """Return what an optimizer is called and set to: adam(beta1=0.9, beta2=0.999, epsilon=1e-08)."""
    settings = ", ".join(f"{name}={value!r}" for name, value in settings_of(optimizer).items())
    return f"{name_of(optimizer)}({settings})" if settings else name_of(optimizer)


def optimizers_text(optimizers: Iterable[Optimizer], first_rate: float) -> str:
    """Return what takes the steps of a run, and at which learning rate the first, as far as they have one."""
    each = list(optimizers)
    kinds = list(dict.fromkeys(map(optimizer_text, each)))
    named = [] if all(map(is_straight, each)) else [", ".join(kinds[:3]) + ", ..." * (len(kinds) > 3)]
    rates = list(dict.fromkeys(one.learning_rate for one in each if not repeats(one)))
    if not rates:
        return named[0]
    rate = rates[0]
    later = f" at first, {schedule_text(rate)}" if callable(rate) else " at first, then others" * (len(rates) > 1)
    return "   ".join([*named, f"learning rate {first_rate:g}{later}"])


def schedule_text(schedule: Schedule) -> str:
    """Return what a schedule of the learning rate is called, with its numbers where it says them."""
    name = getattr(schedule, "__name__", None)
    return name if isinstance(name, str) else repr(schedule)
