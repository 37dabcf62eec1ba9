"""A step of training as one list of NumPy calls that write into buffers made once: the same bits, without new arrays.

The functions of the operations stay the only truth. They are called once, with arrays that note each NumPy call that is
made of them, and these calls are then made again and again. What depends on data alone is computed once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .arrays import Array, Shape, frozen, is_frozen, quietly
from .definition import GradientRule, is_ours
from .gradients import EvaluatedOperation
from .graph import Constant, Node, Operation, Placeholder, Variable
from .plan import Plan
from .sums import sum_to_shape
from .train import GradientDescentOptimizer, Optimizer

Call = Callable[[], object]
_WORTH_IT = 3
_MOST_HELD = 4_000_000
"""So many numbers the lists for all shapes together may hold, 32 MB: another shape is then run in the ordinary way."""
_CALL = 64
"""So many numbers a call takes as much memory as."""
_MOST_SCALARS = 1_000
_SHORT = 3
_EXTREMES = (np.maximum, np.minimum)
_EXACT = (np.add, np.subtract, np.multiply, np.divide, *_EXTREMES)


class UntraceableError(TypeError):
    """Something was done with a traced array of which no list of calls can be made."""


class _Calls:
    """The calls that were noted: those of data alone, made `once`, and those that are made in `each` step.

    `held` is the memory that they take, in numbers.
    """

    def __init__(self) -> None:
        self.once: list[Call] = []
        self.each: list[Call] = []
        self.held = 0

    def note(self, calls: Sequence[Call], changes: bool, out: Array | None = None) -> None:
        self.held += _CALL * len(calls) + (0 if out is None else out.size)
        (self.each if changes else self.once).extend(calls)


class Traced(NDArrayOperatorsMixin):
    """An array in a buffer, with which NumPy calculates as ever; each call is noted, to be made again.

    It `changes` where a variable has a part in it. Raises UntraceableError where a number is asked for, or something
    that is not one call with an array for its result.
    """

    __slots__ = ("_calls", "array", "changes")

    def __init__(self, array: Any, changes: bool, calls: _Calls) -> None:
        self.array, self.changes, self._calls = array, changes, calls

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Traced:
        operands = [_array(each) for each in inputs]
        [into] = options.pop("out", [None])
        if ufunc.nout != 1 or isinstance(into, Traced):
            self._refuse()
        if method == "__call__" and not options:
            out = _buffer(ufunc(*operands, out=into))
            return self._noted(_by_column(ufunc, operands, out) or [_call(ufunc, operands, out)], out, *inputs)
        if method == "reduce" and into is None and options.keys() <= {"axis", "keepdims"}:
            axis, keepdims = options.get("axis", 0), options.get("keepdims", False)
            [operand] = operands
            out = _buffer(ufunc.reduce(operand, axis, keepdims=keepdims))
            call: Call = partial(ufunc.reduce, operand, axis, None, out, keepdims)  # type: ignore[call-arg]
            if ufunc in _EXTREMES and axis == 0 and len(operand) == 2 and operand.ndim > 1:
                call = _call(ufunc, [*operand], out.reshape(operand.shape[1:]))  # of two, faster and the same
            return self._noted([call], out, *inputs)
        return self._refuse()

    def __array_function__(self, function: Any, types: Any, inputs: Sequence[Any], options: Any) -> Traced:
        if function is not np.dot or options:
            self._refuse()
        first, second = map(_array, inputs)
        out = _buffer(first.dot(second))
        return self._noted([partial(first.dot, second, out)], out, *inputs)

    def _noted(self, calls: list[Call], out: Array, *inputs: Any) -> Traced:
        changes = any(each.changes for each in inputs if isinstance(each, Traced))
        self._calls.note(calls, changes, out)
        return Traced(out, changes, self._calls)

    def dot(self, other: Any) -> Traced:
        """Return the product of two matrices, or of a matrix and a vector."""
        product: Traced = np.dot(self, other)
        return product

    def copy(self) -> Traced:
        """Return the same numbers row by row."""
        out = self.array.copy()
        return self._noted([partial(np.copyto, out, self.array)], out, self)

    # views, which need no call

    def _view(self, array: Any) -> Traced:
        if not np.may_share_memory(array, self.array):
            self._refuse()
        return Traced(array, self.changes, self._calls)

    def __getitem__(self, key: Any) -> Traced:
        keys = key if isinstance(key, tuple) else (key,)
        if not all(each is None or each is ... or isinstance(each, int | slice) for each in keys):
            self._refuse()
        return self._view(self.array[key if ... in keys else (*keys, ...)])

    @property
    def T(self) -> Traced:  # noqa: N802
        """The array with its axes in the opposite order."""
        return self._view(self.array.T)

    def swapaxes(self, first: int, second: int) -> Traced:
        """Return the array with two axes exchanged."""
        return self._view(self.array.swapaxes(first, second))

    def reshape(self, *shape: Any) -> Traced:
        """Return the same numbers in another shape."""
        return self._view(self.array.reshape(*shape))

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    dtype = property(lambda self: self.array.dtype)

    def __len__(self) -> int:
        return len(self.array)

    def _refuse(self, *_: Any) -> NoReturn:
        raise UntraceableError

    __array__ = __bool__ = __float__ = __int__ = __iter__ = _refuse


def _call(ufunc: np.ufunc, operands: list[Any], out: Any) -> Call:
    # NumPy takes that of maximum and minimum by name alone; by position it is faster
    return partial(ufunc, *operands, out=out) if ufunc in _EXTREMES else partial(ufunc, *operands, out)


def _by_column(ufunc: np.ufunc, operands: list[Any], out: Any) -> list[Call]:
    """Return a call for each column, where an operand is repeated along short rows; NumPy starts anew for each row.

    A single number is not repeated so. Only of functions whose numbers are the same however an array lies in memory.
    """
    is_whole = all(each.shape in ((), out.shape) for each in operands)
    if is_whole or ufunc not in _EXACT or out.ndim != 2 or out.shape[1] > _SHORT:
        return []
    whole = [np.broadcast_to(each, out.shape) for each in operands]
    return [_call(ufunc, [each[:, at] for each in whole], out[:, at]) for at in range(out.shape[1])]


def _array(operand: Any) -> Any:
    """Return an operand as NumPy takes it fastest."""
    return operand.array if isinstance(operand, Traced) else np.asarray(operand)


def _buffer(result: Any) -> Any:
    return result if isinstance(result, np.ndarray) else np.array(result)


Taken = tuple[list[float], Mapping[Variable, Array], dict[Variable, Array]]
"""Steps: the loss before each, the variables before the last one, and those that it moved, after it."""


class BufferedStep:
    """Takes steps of gradient descent down a loss by a list of calls that is made for one shape of the feeds."""

    def __init__(
        self,
        plan: Plan,
        loss: Node,
        only: Container[Variable] | None,
        optimizer: Optimizer,
        feeds: Mapping[Placeholder, Array],
    ) -> None:
        self._calls = calls = _Calls()
        self._rate, self._rate_held = np.array(optimizer.learning_rate), optimizer.learning_rate
        self._watched: list[Array] = []
        self._changes = GradientRule.changes
        buffers: dict[Node, Array] = {node: np.array(feeds[node]) for node in plan.placeholders}
        variables = [node for node in plan.nodes if isinstance(node, Variable)]
        # all numbers of the variables stand in a row, so that one call says whether they are finite
        self._numbers = np.concatenate([np.ravel(node.initial_value) for node in variables])
        ends = list(accumulate(node.initial_value.size for node in variables))
        for variable, numbers in zip(variables, np.split(self._numbers, ends[:-1]), strict=True):
            buffers[variable] = numbers.reshape(variable.initial_value.shape)
        values: list[Any] = []
        for node, sources in zip(plan.nodes, plan.sources, strict=True):
            value: Any
            if isinstance(node, Operation):
                value = node.definition.bind(node.attributes, node.shape)(*[values[source] for source in sources])
            elif isinstance(node, Constant):
                value = Traced(np.array(node.initial_value), False, calls)
            else:
                value = Traced(buffers[node], isinstance(node, Variable), calls)
            values.append(_checked(value))
        self._loss = self._read_before_the_update(values[plan.index[loss]], buffers.values())
        gradients = self._trace_back(plan, loss, values)
        rate, steps = Traced(self._rate, True, calls), {}
        for variable, gradient in gradients.items():
            if only is None or variable in only:
                given = {**optimizer.fixed, "g": gradient, "w": values[plan.index[variable]], "learning_rate": rate}
                steps[variable] = _checked(optimizer.compute(*optimizer.by_name.chosen(given))[-1])
        for variable, step in steps.items():
            calls.note([partial(np.subtract, buffers[variable], step.array, buffers[variable])], changes=True)
        self._feeds = [(node, buffers[node]) for node in plan.placeholders]
        self._variables = [(node, buffers[node]) for node in buffers if isinstance(node, Variable)]
        self._moved = [(variable, buffers[variable].copy) for variable in steps]
        # whose numbers are in the buffers
        self._held: dict[Any, Array] = {}

    @property
    def held(self) -> int:
        """How much memory it takes, in numbers."""
        return self._calls.held + self._numbers.size + sum(buffer.size for _, buffer in self._feeds)

    @property
    def is_outdated(self) -> bool:
        """Whether a gradient function was registered since it was traced."""
        return GradientRule.changes != self._changes

    @staticmethod
    def _read_before_the_update(loss: Traced, buffers: Iterable[Array]) -> Array:
        """Return where the loss stands after a step as it was before it; a view of a variable moves with that."""
        if loss.shape:
            raise UntraceableError
        moves = any(np.may_share_memory(loss.array, buffer) for buffer in buffers)
        array: Array = (loss.copy() if moves else loss).array
        return array

    def _trace_back(self, plan: Plan, loss: Node, values: list[Any]) -> dict[Variable, Traced]:
        backward, calls = plan.backward(loss, training=True), self._calls
        gradients: list[Any] = [None] * len(values)
        gradients[plan.index[loss]] = Traced(np.array(1.0), False, calls)
        for position, operation, rule, sources, needs, unchecked in backward.steps:
            gradient = gradients[position]
            if not unchecked:
                self._watch(gradient.array)
            op: Any = EvaluatedOperation(operation, [values[source] for source in sources], values[position], needs)
            for source, needed, given in zip(sources, needs, rule.function(op, gradient), strict=True):
                if needed:
                    contribution = _fitted(_checked(given), values[source].shape, operation)
                    so_far = gradients[source]
                    gradients[source] = contribution if so_far is None else so_far + contribution
        return {variable: gradients[position] for position, variable in backward.variables}

    def _watch(self, gradient: Array) -> None:
        """Have a number, which is 0, become NaN where this gradient is not finite."""
        if not gradient.flags.c_contiguous:
            raise UntraceableError
        entries, found = gradient.reshape(-1), np.zeros(())
        self._calls.note([partial(entries.dot, np.zeros(entries.shape), found)], changes=True)
        self._watched.append(found)

    def run(
        self, count: int, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array], rate: float
    ) -> Taken | None:
        """Return what so many steps come to.

        None where something is not finite, or a variable was given something else than its like.
        """
        # what stops this in the middle leaves buffers that hold nobody's numbers
        held, is_new = self._held, False
        self._held = {}
        for variable, buffer in self._variables:
            value = variables.get(variable, variable.initial_value)
            if held.get(variable) is not value:
                if not is_frozen(value, buffer.shape):
                    return None
                held[variable], buffer[...] = value, value
        for placeholder, buffer in self._feeds:
            feed = feeds[placeholder]
            if held.get(placeholder) is not feed:
                held[placeholder], buffer[...], is_new = feed, feed, True
        if is_new:
            for call in self._calls.once:
                call()
        if rate != self._rate_held:
            self._rate[...] = rate
            self._rate_held = rate
        losses, loss, each = [], self._loss, self._calls.each
        before, total = variables, 0.0
        for left in reversed(range(count)):
            if not left and count > 1:
                before = {**variables, **self._copies()}
            for call in each:
                call()
            losses.append(loss.item())
            for found in self._watched:
                total += found.item()
        # a variable that is not finite stays so; large numbers may look like one, which costs only time
        total += sum(losses) + self._numbers.dot(self._numbers)
        if not math.isfinite(total):
            return None
        after = self._copies()
        held.update(after)
        self._held = held
        return losses, before, after

    def _copies(self) -> dict[Variable, Array]:
        return {variable: frozen(copy()) for variable, copy in self._moved}


def _checked(value: Any) -> Traced:
    if not isinstance(value, Traced) or not value.size or value.dtype != np.float64:
        raise UntraceableError
    return value


def _fitted(gradient: Traced, shape: Shape, operation: Operation) -> Traced:
    if gradient.shape == shape:
        return gradient
    if not operation.definition.elementwise:
        raise UntraceableError
    return _checked(sum_to_shape(gradient, shape))  # type: ignore[arg-type]


class BufferedTraining:
    """Takes steps down a loss by a list of calls, one for each shape of the feeds, where there can be one.

    It is made when the same shapes are fed for the third time: what is run once or twice is not worth it.
    """

    def __init__(self, plan: Plan, loss: Node, only: Container[Variable] | None) -> None:
        self._plan, self._loss, self._only = plan, loss, only
        self._steps: dict[tuple[Shape, ...], BufferedStep | None] = {}
        self._held = 0
        self._fed: Counter[tuple[Shape, ...]] = Counter()
        self._fed_nodes = plan.placeholders
        self._last_fed: Mapping[Placeholder, Array] | None = None
        self._shapes: tuple[Shape, ...] = ()

    @quietly
    def run(
        self, count: int, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array], optimizer: Optimizer
    ) -> Taken | None:
        """Return what so many steps come to.

        None where that has to be found in the ordinary way; then nothing has happened.
        """
        rate = optimizer.learning_rate
        if type(optimizer) is not GradientDescentOptimizer or callable(rate) or optimizer.in_front:
            return None
        shapes = self._shapes if feeds is self._last_fed else tuple([feeds[node].shape for node in self._fed_nodes])
        self._last_fed, self._shapes = feeds, shapes
        if shapes not in self._steps:
            self._fed[shapes] += count
            if self._fed[shapes] < _WORTH_IT or self._held > _MOST_HELD:
                return None
            traced = self._steps[shapes] = self._trace(optimizer, feeds)
            self._held += 0 if traced is None else traced.held
        step = self._steps[shapes]
        if step is not None and step.is_outdated:
            step = self._steps[shapes] = self._trace(optimizer, feeds)
        return None if step is None else step.run(count, feeds, variables, rate)

    def _trace(self, optimizer: Optimizer, feeds: Mapping[Placeholder, Array]) -> BufferedStep | None:
        """Trace the step; operations of others may depend on more than their inputs, so only our own are traced."""
        # many single numbers are run as fast by a loop over floats, which takes no buffers
        if self._plan.scalars and len(self._plan.subgraph.nodes) > _MOST_SCALARS:
            return None
        functions = [node.definition.compute for node in self._plan.nodes if isinstance(node, Operation)]
        functions += [rule.function for _, _, rule, *_ in self._plan.backward(self._loss, training=True).steps]
        if not all(map(is_ours, functions)):
            return None
        try:
            return BufferedStep(self._plan, self._loss, self._only, optimizer, feeds)
        except Exception:  # what a function does with arrays that are none may end in any way
            return None
