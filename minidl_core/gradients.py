"""How a gradient passes through one operation, backwards: the registry of gradient functions, and one call of one.

A gradient function is called as `f(op, grad)`: `op` is its operation as one run evaluated it, `grad` the gradient G of
the loss with respect to the operation's output. It returns one gradient for each input, each of its input's shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .arrays import Array, Shape, as_text, freeze, is_float64, taken_over
from .definition import GradientFunction, GradientRule, OperationDefinition
from .errors import GradientError, ShapeError
from .graph import Node, Operation
from .sums import sum_to_shape


class EvaluatedOperation:
    """An operation as one run evaluated it: what a gradient function sees.

    `inputs` and `output` are the arrays of that run, attributes such as `axis` are found as `op.axis`, and `needs`
    says for each input whether somebody wants its gradient; a gradient that nobody wants may be None.
    """

    def __init__(self, operation: Operation, inputs: Sequence[Array], output: Array, needs: Sequence[bool]) -> None:
        if operation.attributes:
            self.__dict__.update(operation.attributes)
        self.operation = operation
        self.inputs = inputs
        self.output = output
        self.needs = needs

    def __getattr__(self, name: str) -> Any:
        operation = vars(self).get("operation")  # a copy that is being made has none yet
        raise AttributeError(f"{'it' if operation is None else operation.describe()} has no attribute '{name}'")


_gradient_registry: dict[str, GradientRule] = {}


def RegisterGradient(  # noqa: N802
    operation_name: str, formulas: Sequence[str] = ()
) -> Callable[[GradientFunction], GradientFunction]:
    """Register the decorated function as the gradient function of the operation of this name.

    `formulas` has one formula for each input, in the symbols of the operation's own formula, with G for the gradient
    of its output. The docstring says why: one paragraph for each input, or one for all.
    """

    def register(function: GradientFunction) -> GradientFunction:
        rule = _gradient_registry.get(operation_name)
        if rule is None:
            _gradient_registry[operation_name] = GradientRule(function, formulas)
        else:
            rule.change(function, formulas)
        return function

    return register


def gradient_rule(operation: Operation) -> GradientRule:
    """Return the rule that this operation brings, or that is registered for it.

    Raises GradientError where there is none.
    """
    rule = rule_of(operation.definition)
    if rule is None:
        name = operation.definition.name
        raise GradientError(
            f'no gradient function is registered; write one under @RegisterGradient("{name}").', operation
        )
    return rule


def rule_of(definition: OperationDefinition) -> GradientRule | None:
    """Return the rule that an operation brings, or that is registered for it, if there is one."""
    return definition.rule or _gradient_registry.get(definition.name)


def is_flat(operation: Operation, input_index: int) -> bool:
    """Return whether the gradient of an input is 0 wherever it has one, as that of a comparison."""
    rule = rule_of(operation.definition)
    return rule is not None and rule.formula_for(input_index) == "0·G"


def input_gradients(rule: GradientRule, op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Call a gradient function once and return its gradient for each input; where nobody needs one it may be None.

    For an elementwise operation, a gradient is summed back to its input's shape over the positions to which
    broadcasting copied it. Raises GradientError where the function raises or returns the wrong number or shape.
    """
    try:
        gradients = rule.function(op, grad)
    except Exception as error:
        remedy = "; its arguments belong to others: return new arrays" if "read-only" in str(error) else ""
        raise _wrong(rule, op, f"raised {type(error).__name__}: {error}{remedy}") from error
    inputs, needs = op.inputs, op.needs
    is_ours = rule.is_ours
    if not is_ours or type(gradients) is not list:  # a list of others stays as it is
        gradients = [*gradients] if isinstance(gradients, list | tuple) else [gradients]
    if len(gradients) != len(inputs):
        wanted = f"{len(inputs)} input{'s' * (len(inputs) != 1)}"
        raise _wrong(
            rule, op, f"returned {len(gradients)} gradients for {wanted}; return a list with one for each input."
        )
    for input_index, gradient in enumerate(gradients):
        if needs[input_index] and not (
            is_ours and is_float64(gradient) and gradient.shape == inputs[input_index].shape
        ):
            gradients[input_index] = _fitted(rule, op, input_index, gradient)
    return gradients


def _fitted(rule: GradientRule, op: EvaluatedOperation, input_index: int, returned: Any) -> Array:
    """Return a returned gradient as float64 of its input's shape."""
    shape = op.inputs[input_index].shape
    try:
        gradient = freeze(returned if rule.is_ours else taken_over(returned))
    except (TypeError, ValueError):
        wrong = f"returned {type(returned).__name__} for its input {op.operation.inputs[input_index].name}"
        raise _wrong(rule, op, f"{wrong}; return an array of numbers.") from None
    if gradient.shape == op.output.shape and op.operation.definition.elementwise:
        return sum_to_shape(gradient, shape)
    if gradient.shape != shape:
        wrong = f"returned {as_text(gradient.shape)} for its input {op.operation.inputs[input_index].name}"
        raise _wrong(rule, op, f"{wrong}, which is {as_text(shape)}; a gradient has its input's shape.")
    return gradient


def _wrong(rule: GradientRule, op: EvaluatedOperation, what: str) -> GradientError:
    return GradientError(f"its gradient function ({rule.location}) {what}", op.operation)


def check_loss(loss: Node, shape: Shape | None) -> None:
    """Raise ShapeError where a loss of this shape is not a single number."""
    if shape:
        wrong = f"a loss must be one number, but it is {as_text(shape)}; reduce_sum makes one number of it."
        raise ShapeError(wrong, loss)
