"""Functions of one number at a time whose slope depends on where one stands, such as exp, sigmoid and relu."""

from __future__ import annotations

import math

import numpy as np

from ..arrays import Array
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation

_ONE = [((3, 2),), ((),)]


@operation(formula="Y = A²", samples=_ONE, elementwise=True, unchecked=True)
def square(a: Array, /) -> Array:
    """Each entry of Y is an entry of A times itself."""
    return a * a


@RegisterGradient("square", formulas=("2·G⊙A",))
def _square_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a square is twice the number that is squared."""
    return [2.0 * grad * op.inputs[0]]


@operation(
    formula="Y = A^B",
    samples=[((3, 2), ()), ((3, 1), (2,)), ((2,), (3, 2)), ((), ())],
    elementwise=True,
    domain=(0.3, 2.0),
)
def power(a: Array, b: Array, /) -> Array:
    """Each entry of Y is an entry of A raised to the power of an entry of B."""
    return np.power(a, b)


@RegisterGradient("power", formulas=("G⊙B⊙A^(B - 1)", "G⊙Y⊙log A"))
def _power_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """The slope of a power of A is B times the next lower power.

    1 more in B multiplies Y by A, so the slope is Y times log A; where A is not positive, it counts as 0.
    """
    a, b = op.inputs
    # at B = 0 the next lower power of 0 would be infinite, though A^0 does not depend on A at all
    base = grad * b * np.power(a, np.where(b == 0, 1.0, b - 1.0)) if op.needs[0] else None
    exponent = grad * op.output * np.log(np.where(a > 0, a, 1.0)) if op.needs[1] else None
    return [base, exponent]


@operation(formula="Y = exp A", samples=_ONE, elementwise=True)
def exp(a: Array, /) -> Array:
    """Each entry of A becomes a power of the number e: 1 at 0, growing ever faster."""
    return np.exp(a)


@RegisterGradient("exp", formulas=("G⊙Y",))
def _exp_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of exp is its own value, Y."""
    return [grad * op.output]


@operation(formula="Y = log A", samples=_ONE, elementwise=True, unchecked=True, domain=(0.1, 3.0))
def log(a: Array, /) -> Array:
    """The natural logarithm of each entry of A: 0 at 1, ever more negative towards 0."""
    return np.log(a)


@RegisterGradient("log", formulas=("G/A",))
def _log_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of log at A is 1/A, so the smaller A is, the more a little more of it counts."""
    return [grad / op.inputs[0]]


@operation(formula="Y = 1/(1 + exp(-A))", samples=_ONE, elementwise=True)
def sigmoid(a: Array, /) -> Array:
    """Each entry of A is squeezed between 0 and 1; 0 becomes one half."""
    return 1.0 / (1.0 + np.exp(-a))  # where exp overflows, the quotient is 0, as it should be


@RegisterGradient("sigmoid", formulas=("G⊙Y⊙(1 - Y)",))
def _sigmoid_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of sigmoid is Y·(1 - Y): steepest in the middle, flat at both ends."""
    y = op.output
    return [grad * y * (1.0 - y)]


@operation(formula="Y = tanh A", samples=_ONE, elementwise=True)
def tanh(a: Array, /) -> Array:
    """Each entry of A is squeezed between -1 and 1; 0 stays 0."""
    return np.tanh(a)


@RegisterGradient("tanh", formulas=("G⊙(1 - Y²)",))
def _tanh_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of tanh is 1 - Y²: 1 in the middle, flat at both ends."""
    y = op.output
    return [grad * (1.0 - y * y)]


@operation(formula="Y = max(0, A)", samples=_ONE, elementwise=True)
def relu(a: Array, /) -> Array:
    """Each positive entry of A stays as it is; the others become 0."""
    return np.maximum(a, 0.0)


@RegisterGradient("relu", formulas=("G⊙(A > 0)",))
def _relu_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of relu is 1 where A is positive, and 0 elsewhere, also at 0, where it could be either."""
    return [grad * (op.inputs[0] > 0)]


@operation(formula="Y = sqrt A", samples=_ONE, elementwise=True, domain=(0.3, 3.0))
def sqrt(a: Array, /) -> Array:
    """Each entry of Y is the number that times itself is an entry of A."""
    return np.sqrt(a)


@RegisterGradient("sqrt", formulas=("G/(2·Y)",))
def _sqrt_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a root is 1/(2·Y): the smaller A is, the steeper, and at 0 too steep for a number."""
    return [grad / (2.0 * op.output)]


@operation(formula="Y = sin A", samples=_ONE, elementwise=True)
def sin(a: Array, /) -> Array:
    """Each entry of Y is the sine of an entry of A, an angle in radians."""
    return np.sin(a)


@RegisterGradient("sin", formulas=("G⊙cos A",))
def _sin_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a sine is the cosine."""
    return [grad * np.cos(op.inputs[0])]


@operation(formula="Y = cos A", samples=_ONE, elementwise=True)
def cos(a: Array, /) -> Array:
    """Each entry of Y is the cosine of an entry of A, an angle in radians."""
    return np.cos(a)


@RegisterGradient("cos", formulas=("-G⊙sin A",))
def _cos_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a cosine is minus the sine."""
    return [-grad * np.sin(op.inputs[0])]


@operation(formula="Y = log(1 + exp A)", samples=_ONE, elementwise=True)
def softplus(a: Array, /) -> Array:
    """As relu, but smooth: nearly 0 far below 0, nearly A far above."""
    return np.logaddexp(0.0, a)  # exp of a large A would overflow


@RegisterGradient("softplus", formulas=("G/(1 + exp(-A))",))
def _softplus_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of softplus is sigmoid: 0 far below 0, 1 far above."""
    return [grad / (1.0 + np.exp(-op.inputs[0]))]


_GELU_SCALE = 0.7978845608028654  # the square root of 2/pi


@operation(formula="Y = A⊙(1 + tanh(0.7978845608·(A + 0.044715·A³)))/2", samples=_ONE, elementwise=True)
def gelu(a: Array, /) -> Array:
    """Each entry of A times nearly the chance that a normal number is below it: in the form with tanh, as in GPT-2."""
    return 0.5 * a * (1.0 + np.tanh(_GELU_SCALE * (a + 0.044715 * a * a * a)))


@RegisterGradient("gelu", formulas=("G⊙(Y/A + 2·Y⊙(1 - Y/A)·0.7978845608·(1 + 0.134145·A²))",))
def _gelu_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of a product: of its one factor A, and of its other factor, the chance Y/A, that grows with A."""
    a, y = op.inputs[0], op.output
    chance = np.divide(y, a, out=np.full(a.shape, 0.5), where=a != 0)
    return [grad * (chance + 2.0 * y * (1.0 - chance) * _GELU_SCALE * (1.0 + 0.134145 * a * a))]


@operation(formula="Y = erf A", samples=_ONE, elementwise=True)
def erf(a: Array, /) -> Array:
    """The error function, an S from -1 to 1: (1 + Y)/2 is the chance that a normal number is below √2·A."""
    return np.asarray(np.vectorize(math.erf, otypes=[float])(a))[()]  # NumPy has none


@RegisterGradient("erf", formulas=("2·G⊙exp(-A²)/sqrt π",))
def _erf_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope of the error function is a bell over 0, 2/sqrt π high."""
    return [grad * (2.0 / math.sqrt(math.pi)) * np.exp(-op.inputs[0] * op.inputs[0])]


@operation(
    formula="Y = A⊙(A > 0) + slope·A⊙(A ≤ 0)",
    samples=[*_ONE, ((4,), {"slope": 0.2}), ((4,), {"slope": 2.0})],
    elementwise=True,
)
def leaky_relu(a: Array, /, slope: float = 0.01) -> Array:
    """Each positive entry of A stays as it is; of the others a part is left."""
    return np.where(a > 0, a, slope * a)


@RegisterGradient("leaky_relu", formulas=("G⊙((A > 0) + slope·(A ≤ 0))",))
def _leaky_relu_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """The slope is 1 where A is positive, and the small one elsewhere, also at 0."""
    return [grad * np.where(op.inputs[0] > 0, 1.0, op.slope)]
