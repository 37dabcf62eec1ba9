"""What an optimizer is: its settings, its terms, and the one function that computes them, said once, in one class.

Clipping and weight decay are terms in front of those of any optimizer. How a step is taken is in step.py.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from operator import itemgetter
from typing import Any, ClassVar

import numpy as np

from ..arrays import Array
from ..errors import GraphError
from ..gradients import check_loss, is_flat
from ..graph import Node, Operation, Variable, check_has_value, post_order
from ..watching import notify
from .schedules import Schedule, checked_rate
from .settings import Declared, setting
from .terms import Term


class ByName:
    """A function that is called with what its parameters name: `function(*chosen(given))`."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.names = names = tuple(inspect.signature(function).parameters)
        self.chosen: Callable[[Mapping[str, Any]], tuple[Any, ...]]
        # of a single name an itemgetter would return no tuple
        self.chosen = itemgetter(*names) if len(names) > 1 else lambda given: tuple([given[name] for name in names])


@dataclass(frozen=True, eq=False)
class InFront:
    """A term that a setting, where it is set, puts in front of those of an optimizer."""

    setting: str
    term: Term
    compute: ByName


_IN_FRONT = (
    InFront(
        "clip_value",
        Term("G", "max(-c, min(c, G))", "No entry of the gradient counts for more than c."),
        ByName(lambda g, clip_value: np.maximum(-clip_value, np.minimum(clip_value, g))),
    ),
    InFront(
        "clip_norm",
        Term("G", "min(1, c/norm)·G", "Where the gradients are longer than c together, all are shortened alike."),
        ByName(lambda g, clip_norm, norm: g * (clip_norm / norm if norm > clip_norm else 1.0)),
    ),
    InFront(
        "weight_decay",
        Term("G", "G + λ·W", "A penalty on large weights: its slope, λ times the weight, draws each towards 0."),
        ByName(lambda g, w, weight_decay: g + weight_decay * w),
    ),
)

_MEANINGS = {"W": "the variable", "G": "its gradient", "t": "the iteration", "norm": "the gradients' length"}
_TAKEN = {"w", "g", "t", "norm", "by_name", "slots", "in_front", "fixed", "rule", "settings"}


class Optimizer(Declared, ABC):
    """Moves variables against their gradients; a subclass says how, by its settings, `terms` and `compute`.

    `learning_rate` is a number or a function of the iteration (see schedules.py). `weight_decay` adds λ·W to the
    gradient, unless `compute` takes it itself. `clip_value` bounds each entry of the gradients, `clip_norm` the length
    of all variables' gradients together (Pascanu, Mikolov & Bengio 2013). All may be changed at any time; GraphError is
    raised where one is out of its range. One that is `unchecked` promises that its `compute` makes a tuple of new
    float64 arrays of the right shape, writes to none of its arguments, and passes every NaN and infinity on.
    """

    unchecked: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # the promise is about the function beside which it stands
        cls.unchecked = cls.unchecked and ("unchecked" in vars(cls) or "compute" not in vars(cls))

    learning_rate: float | Schedule = setting("η")
    weight_decay: float = setting("λ", default=0.0, kw_only=True)
    clip_value: float | None = setting("c", default=None, above=True, optional=True, kw_only=True)
    clip_norm: float | None = setting("c", default=None, above=True, optional=True, kw_only=True)

    @property
    @abstractmethod
    def terms(self) -> tuple[Term, ...]:
        """What `compute` computes, in order; the last term is `step`, which is taken off the variable."""

    @staticmethod
    @abstractmethod
    def compute(*args: Any, **kwargs: Any) -> tuple[Array, ...]:
        """Return the values of the terms as arrays of the variable's shape; the arguments may not be written to.

        It is given what its parameters name: `w` and `g` (W and G), `t`, settings by their names, `learning_rate` as
        the number of this iteration, and slots by their symbols, as they were before.
        """

    def __post_init__(self) -> None:
        kind, terms = type(self).__name__, self.terms
        if not terms or terms[-1].symbol != "step":
            raise GraphError(f'the last term of {kind} must be its step: Term("step", formula, reason).')
        self._check_names()
        known = {"w", "g", "t", *[each.name for each in fields(self)], *self.slots}
        for name in self.by_name.names:
            if name not in known:
                raise GraphError(
                    f"{kind}.compute takes {name}, but can take only w, g, t, settings and slots of {kind}."
                )

    def _check_names(self) -> None:
        """Raise GraphError where a symbol, or a name that `compute` could take, would stand for two things."""
        kind, meanings = type(self).__name__, dict(_MEANINGS)
        for name, declared in self.settings.items():
            other = meanings.setdefault(declared.symbol, name)
            # of these two never more than one is set
            if other != name and {name, other} != {"clip_value", "clip_norm"}:
                raise GraphError(f"{kind}: the symbol {declared.symbol} of {name} is that of {other}; choose another.")
        names = {each.name for each in fields(self)}
        for name in names & _TAKEN:
            raise GraphError(f"{kind}: {name} is what an optimizer has already; give the setting another name.")
        kept = [term.symbol for term in self.terms if term.is_slot]
        for term in self.terms:
            symbol = term.symbol
            meaning = meanings.get(symbol)
            if term.is_slot and (symbol in names | _TAKEN or kept.count(symbol) > 1):
                meaning = "something else"
            # a term may change the gradient, as clipping does
            if meaning is not None and (term.is_slot or symbol != "G"):
                raise GraphError(f"{kind}: the symbol {symbol} of a term is that of {meaning}; choose another.")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "learning_rate":
            object.__setattr__(self, name, checked_rate(value))
            return
        clips = {"clip_value": "clip_norm", "clip_norm": "clip_value"}
        if value is not None and vars(self).get(clips.get(name, "")) is not None:
            raise GraphError("clip_value and clip_norm cannot both be set; leave one of them None.")
        super().__setattr__(name, value)
        for found in ("in_front", "fixed", "slots"):
            vars(self).pop(found, None)

    @cached_property
    def by_name(self) -> ByName:
        """What computes the terms."""
        return ByName(self.compute)

    @cached_property
    def slots(self) -> Mapping[str, int]:
        """The place among the terms of each that is kept, by its symbol."""
        return {term.symbol: number for number, term in enumerate(self.terms) if term.is_slot}

    @cached_property
    def in_front(self) -> tuple[InFront, ...]:
        """The terms in front of those of `compute`: of the settings that are set, and that it does not take itself."""
        return tuple(
            [each for each in _IN_FRONT if getattr(self, each.setting) and each.setting not in self.by_name.names]
        )

    @cached_property
    def fixed(self) -> Mapping[str, Any]:
        """The settings that its terms are computed from, by name, without the learning rate."""
        names = {*self.by_name.names}.union(*[each.compute.names for each in self.in_front])
        names -= {"learning_rate"}
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name in names}

    @property
    def rule(self) -> tuple[Term, ...]:
        """All terms of an update: clipping and weight decay where they are set, then those of the optimizer."""
        return (*[each.term for each in self.in_front], *self.terms)

    def minimize(self, loss: Node, name: str | None = None, var_list: Sequence[Variable] | None = None) -> Minimization:
        """Return a node that takes one step when it is run, of the variables in `var_list` or of all.

        Raises ShapeError where the loss is known not to be one number, GraphError where no variable leads to it, or one
        in the list does not.
        """
        return Minimization(self, loss, name, var_list)


class Minimization(Node):
    """One step of an optimizer on a loss: a node to run, in the graph of its loss; it is nobody's input.

    `variables` are those that it moves; all others that lead to the loss are frozen, where it `freezes` some.
    """

    __slots__ = ("_why_no_value", "freezes", "loss", "optimizer", "variables")

    def __init__(
        self, optimizer: Optimizer, loss: Node, name: str | None, var_list: Sequence[Variable] | None = None
    ) -> None:
        if name is not None and not isinstance(name, str):
            wrong = f"minimize takes the name of the step second, not {name!r}"
            raise GraphError(f"{wrong}; minimize(loss, var_list=[w]) says which variables are trained.")
        trained = trained_variables(loss)
        check_slope(loss)
        self.variables = trained if var_list is None else _chosen(var_list, trained, loss)
        self.freezes = len(self.variables) < len(trained)
        self.loss = loss
        self.optimizer = optimizer
        self._why_no_value = f"is a step of training and has no value; use its loss, {loss.name}"
        super().__init__(name, graph=loss.graph)
        self._join(None)
        notify(MinimizationMade(self))


def _chosen(var_list: Sequence[Variable], trained: Sequence[Variable], loss: Node) -> list[Variable]:
    """Return the trained variables that are in a list, in the order of evaluation."""
    if not isinstance(var_list, list | tuple) or not var_list:
        raise GraphError(f"var_list must be a list of variables, such as [w, b], not {var_list!r}.")
    known = set(map(id, trained))
    for variable in var_list:
        if id(variable) not in known:
            raise GraphError(f"var_list has {variable!r}, which is no variable that leads to it.", loss)
    wanted = set(map(id, var_list))
    return [variable for variable in trained if id(variable) in wanted]


@dataclass(frozen=True, eq=False)
class MinimizationMade:
    """A step of training was made, to be run."""

    step: Minimization


def trained_variables(loss: Node) -> list[Variable]:
    """Return the variables that lead to a loss, in the order of evaluation.

    Raises ShapeError where the loss is known not to be one number, GraphError where no variable leads to it.
    """
    check_has_value(loss)
    check_loss(loss, loss.shape)
    variables = [node for node in post_order([loss]) if isinstance(node, Variable)]
    if not variables:
        raise GraphError("no variable leads to it, so there is nothing to train.", loss)
    return variables


def check_slope(loss: Node) -> None:
    """Raise GraphError where each way from a loss to its variables leads through a step, such as a comparison."""
    ways, seen = [loss], {loss}
    while ways:
        node = ways.pop()
        if isinstance(node, Variable):
            return
        for input_index, source in enumerate(node.inputs):
            if source not in seen and not (isinstance(node, Operation) and is_flat(node, input_index)):
                seen.add(source)
                ways.append(source)
    steps = dict.fromkeys(
        node.describe()
        for node in post_order([loss])
        if isinstance(node, Operation) and any(is_flat(node, input_index) for input_index in range(len(node.inputs)))
    )
    raise GraphError(
        f"every gradient would be 0: it depends on its variables only through {next(iter(steps))}, which jumps "
        "and is flat elsewhere; minimise what has a slope, such as dl.cross_entropy(scores, classes).",
        loss,
    )
