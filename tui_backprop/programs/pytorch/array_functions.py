"""What torch's functions of arrays mean: arithmetic, curves, products, shapes, parts, reductions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import minidl_core as dl
from minidl_core import Node

from ..far_below import FAR_BELOW
from .calls import Slot
from .known import Meaning, meanings, means, shape_of
from .ties import tied_as_in_torch


def _sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else given


# functions of one number at a time

for _name in ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "sin", "cos", "square", "abs", "erf"):
    meanings[_name] = getattr(dl, _name)
meanings |= {"absolute": dl.abs, "neg": dl.negative, "negative": dl.negative}


@means("clone", "contiguous", "to", "float", "double", "type", "type_as", "cpu", "positive", "alias", "requires_grad_")
def _same(a: Node, *_: Any, **__: Any) -> Node:
    return a


@means("BackwardHookFunction")
def _same_of_several(*given: Node, output: int = 0) -> Node:
    """Torch puts this around a module that has a hook."""
    return given[output]


@means("softplus")
def _softplus(a: Node, beta: float = 1, threshold: float = 20) -> Node | None:
    return dl.softplus(a) if (beta, threshold) == (1, 20) else None


@means("leaky_relu")
def _leaky_relu(a: Node, negative_slope: float = 0.01, *_: bool) -> Node:
    return dl.leaky_relu(a, slope=negative_slope)


@means("gelu")
def _gelu(a: Node, approximate: str = "none") -> Node:
    if approximate == "tanh":
        return dl.gelu(a)
    return dl.multiply(dl.multiply(0.5, a), dl.add(1.0, dl.erf(dl.divide(a, math.sqrt(2)))))


@means("silu")
def _silu(a: Node, *_: bool) -> Node:
    return dl.multiply(a, dl.sigmoid(a))


@means("reciprocal")
def _reciprocal(a: Node) -> Node:
    return dl.divide(1.0, a)


@means("rsqrt")
def _rsqrt(a: Node) -> Node:
    return dl.divide(1.0, dl.sqrt(a))


@means("clamp", "clip", "hardtanh")
def _clamp(a: Node, min: float | None = None, max: float | None = None) -> Node | None:  # noqa: A002 (torch's names)
    if isinstance(min, Node) or isinstance(max, Node):
        return None
    return tied_as_in_torch("clip", a, low=-math.inf if min is None else min, high=math.inf if max is None else max)


# arithmetic


@means("add")
def _add(input: Any, other: Any, *, alpha: float = 1) -> Node:  # noqa: A002 (torch's name)
    return dl.add(input, other if alpha == 1 else dl.multiply(alpha, other))


@means("sub", "subtract")
def _sub(input: Any, other: Any, *, alpha: float = 1) -> Node:  # noqa: A002 (torch's name)
    return dl.subtract(input, other if alpha == 1 else dl.multiply(alpha, other))


@means("rsub")
def _rsub(input: Any, other: Any) -> Node:  # noqa: A002 (torch's name)
    return dl.subtract(other, input)


@means("mul", "multiply", "rmul")
def _mul(input: Any, other: Any) -> Node:  # noqa: A002 (torch's name)
    return dl.multiply(input, other)


@means("div", "divide", "truediv", "true_divide")
def _div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Node | None:  # noqa: A002 (torch's name)
    return dl.divide(input, other) if rounding_mode is None else None


@means("pow")
def _pow(a: Any, exponent: Any) -> Node:
    return dl.square(a) if type(exponent) in (int, float) and exponent == 2 else dl.power(a, exponent)


@means("dropout", "feature_dropout")
def _dropout(a: Node, noise: Node) -> Node:
    return dl.multiply(a, noise)


@means("maximum")
def _maximum(a: Node, b: Node) -> Node:
    return tied_as_in_torch("maximum", a, b)


@means("minimum")
def _minimum(a: Node, b: Node) -> Node:
    return tied_as_in_torch("minimum", a, b)


@means("where")
def _where(condition: Node, a: Any, b: Any) -> Node:
    return dl.where(condition, a, b)


@means("masked_fill")
def _masked_fill(a: Node, mask: Node, value: Any) -> Node | None:
    if isinstance(value, float | int) and math.isinf(value):
        if value > 0:
            return None
        value = FAR_BELOW  # an infinity cannot be a constant of ours
    return dl.where(mask, value, a)


# products


@means("matmul", "mm", "bmm", "mv", "dot")
def _matmul(a: Node, b: Node) -> Node:
    return dl.matmul(a, b)


@means("rmatmul")
def _rmatmul(a: Node, b: Node) -> Node:
    return dl.matmul(b, a)


@means("addmm", "baddbmm", "addmv")
def _addmm(input: Node, a: Node, b: Node, *, beta: float = 1, alpha: float = 1) -> Node | None:  # noqa: A002
    return dl.add(input, dl.matmul(a, b)) if beta == alpha == 1 else None


@means("linear")
def _linear(a: Node, weight: Node, bias: Node | None = None) -> Node:
    product = dl.matmul(a, dl.transpose(weight))
    return product if bias is None else dl.add(product, bias)


@means("outer")
def _outer(a: Node, b: Node) -> Node:
    return dl.outer(a, b)


@means("einsum")
def _einsum(equation: str, *operands: Any) -> Node | None:
    operands = _sizes(operands)
    return dl.einsum(equation, *operands) if len(operands) == 2 and "->" in equation else None


# shapes


@means("t", "T", "mT", "H")
def _t(a: Node) -> Node | None:
    return _transpose(a, -2, -1) if len(shape_of(a)) > 1 else dl.transpose(a)


@means("transpose", "swapaxes", "swapdims")
def _transpose(a: Node, dim0: int, dim1: int) -> Node:
    axes = list(range(len(shape_of(a))))
    axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
    return dl.transpose(a) if len(axes) == 2 and axes == [1, 0] else dl.transpose(a, axes=tuple(axes))


@means("permute")
def _permute(a: Node, *dims: Any) -> Node:
    return dl.transpose(a, axes=_sizes(dims))


@means("cat", "concat", "concatenate")
def _cat(tensors: Any, dim: int = 0) -> Node:
    return dl.concatenate(list(tensors), axis=dim)


@means("stack")
def _stack(tensors: Any, dim: int = 0) -> Node:
    return dl.stack(list(tensors), axis=dim)


@means("pad", "constant_pad_nd")
def _pad(a: Node, pad: Any, mode: str = "constant", value: float | None = None) -> Node | None:
    if mode != "constant" or value or min(pad) < 0:
        return None
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return dl.pad(a, width=tuple([(0, 0)] * (len(shape_of(a)) - len(pairs)) + pairs))


# a part


@means("getitem")
def _getitem(a: Node, key: Any) -> Node | None:
    if isinstance(key, Node):
        return dl.gather(a, key)
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(each, Node | Slot) or (isinstance(each, slice) and _has_slots(each)) for each in parts):
        return None
    parts = tuple([np.array(each) if isinstance(each, list) else each for each in parts])
    return dl.select(a, key=parts if isinstance(key, tuple) else parts[0])


def _has_slots(part: slice) -> bool:
    return any(isinstance(each, Slot) for each in (part.start, part.stop, part.step))


def _along(a: Node, dim: int, part: Any) -> Node:
    return dl.select(a, key=(*[slice(None)] * (dim % len(shape_of(a))), part))


@means("select")
def _select(a: Node, dim: int, index: int) -> Node:
    return _along(a, dim, index)


@means("narrow")
def _narrow(a: Node, dim: int, start: int, length: int) -> Node:
    return _along(a, dim, slice(start, start + length))


@means("unbind")
def _unbind(a: Node, dim: int = 0, *, output: int) -> Node:
    return _along(a, dim, output)


@means("chunk")
def _chunk(a: Node, chunks: int, dim: int = 0, *, output: int) -> Node | None:
    return _split(a, -(-shape_of(a)[dim] // chunks), dim, output=output)


@means("split", "split_with_sizes")
def _split(a: Node, split_size: Any, dim: int = 0, *, output: int) -> Node:
    if isinstance(split_size, int):
        return _along(a, dim, slice(output * split_size, min((output + 1) * split_size, shape_of(a)[dim])))
    start = sum(split_size[:output])
    return _along(a, dim, slice(start, start + split_size[output]))


@means("embedding")
def _embedding(weight: Node, indices: Node, padding_idx: int = -1, *flags: bool) -> Node | None:
    return dl.gather(weight, indices) if padding_idx == -1 and not any(flags) else None


@means("index_select")
def _index_select(a: Node, dim: int, index: Node) -> Node:
    return dl.gather(a, index, axis=dim)


# reductions


def _reduction(ours: Callable[..., Node]) -> Meaning:
    def reduce(a: Node, dim: Any = None, keepdim: bool = False, **_: Any) -> Node:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return ours(a, axis=None if axis == () else axis, keepdims=keepdim)

    return reduce


meanings |= {
    "sum": _reduction(dl.reduce_sum),
    "mean": _reduction(dl.reduce_mean),
    "amax": _reduction(dl.reduce_max),
    "amin": _reduction(dl.reduce_min),
}


def _spread(ours: Callable[..., Node], is_root: bool) -> Meaning:
    def reduce(
        a: Node, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: int | None = None
    ) -> Node | None:
        if isinstance(dim, bool):  # as in a.var(False)
            dim, unbiased = None, dim
        fewer = int(unbiased) if correction is None else correction
        node = ours(a, axis=tuple(dim) if isinstance(dim, list) else dim, keepdims=keepdim)
        count = math.prod(shape_of(a)) // math.prod(shape_of(node))
        if not fewer:
            return node
        factor = count / (count - fewer) if count > fewer else None
        return None if factor is None else dl.multiply(node, math.sqrt(factor) if is_root else factor)

    return reduce


meanings |= {"var": _spread(dl.reduce_variance, False), "std": _spread(dl.reduce_std, True)}


def _extreme(name: str, of_two: str) -> Meaning:
    def reduce(a: Node, dim: Any = None, keepdim: bool = False, *, output: int = 0) -> Node | None:
        if isinstance(dim, Node):
            return tied_as_in_torch(of_two, a, dim)
        if dim is None:  # then torch shares between the tied, too
            return {"reduce_max": dl.reduce_max, "reduce_min": dl.reduce_min}[name](a)
        return tied_as_in_torch(name, a, axis=dim, keepdims=keepdim) if output == 0 else None

    return reduce


meanings |= {"max": _extreme("reduce_max", "maximum"), "min": _extreme("reduce_min", "minimum")}


@means("norm", "linalg_vector_norm")
def _norm(a: Node, p: Any = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Node | None:
    axis = tuple(dim) if isinstance(dim, list) else dim
    return dl.norm(a, axis=axis, keepdims=keepdim) if p in (2, "fro", None) else None


@means("cumsum")
def _cumsum(a: Node, dim: int) -> Node:
    return dl.cumsum(a, axis=dim)
