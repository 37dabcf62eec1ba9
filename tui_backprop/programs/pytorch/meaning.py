"""What a function of torch means: nodes of ours that compute the same, where there are such.

Each function here is called with what torch's was, nodes in the place of tensors, and has its parameters' names. It
returns a node, or None where ours does not do what is asked; then the function is a node of its own (`foreign.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import minidl_core as dl
from minidl_core import Constant, MinidlError, Node

from .calls import Call, Slot

Meaning = Callable[..., Node | None]
_MEANINGS: dict[str, Meaning] = {}
_RESHAPING = frozenset(
    ("reshape", "view", "flatten", "unflatten", "view_as", "reshape_as", "ravel", "squeeze", "unsqueeze")
)
_REPEATING = frozenset(("expand", "expand_as", "broadcast_to", "broadcast_tensors"))
_BY_NUMBER = ("none", "mean", "sum")


def meaning_of(call: Call, inputs: list[Node]) -> Node | None:
    """Return the node of ours that computes what a call did; None where there is none."""
    word = call.name if call.name in _MEANINGS else call.name.strip("_")
    if word in _RESHAPING:
        return dl.reshape(inputs[0], shape=call.shape)
    if word in _REPEATING:
        return dl.broadcast_to(inputs[call.output or 0], shape=call.shape)
    meaning = _MEANINGS.get(word) or _MEANINGS.get(word.removeprefix("i"))
    if meaning is None or not call.is_plain:
        return None

    def filled(value: Any) -> Any:
        if isinstance(value, Slot):
            return inputs[value.number]
        if type(value) in (tuple, list):
            return type(value)([filled(each) for each in value])
        return value

    kwargs = {name: filled(each) for name, each in call.kwargs.items()}
    if call.output is not None:
        kwargs["output"] = call.output
    try:
        node = meaning(*filled(call.args), **kwargs)
    except (TypeError, ValueError, AttributeError, MinidlError):  # arguments that ours does not have
        return None
    return node if node is not None and node.shape == call.shape else None


def _means(*names: str) -> Callable[[Meaning], Meaning]:
    def note(meaning: Meaning) -> Meaning:
        _MEANINGS.update(dict.fromkeys(names, meaning))
        return meaning

    return note


def _shape(a: Node) -> tuple[int, ...]:
    assert a.shape is not None
    return a.shape


def _sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else given


def _reduced(node: Node, reduction: int | str) -> Node:
    how = _BY_NUMBER[reduction] if isinstance(reduction, int) else reduction
    return {"none": lambda: node, "mean": lambda: dl.reduce_mean(node), "sum": lambda: dl.reduce_sum(node)}[how]()


def _pair(value: Any) -> Any:
    """Return the one number that both numbers of a pair are; raises ValueError where they differ."""
    if isinstance(value, tuple | list):
        if len(set(value)) > 1:
            raise ValueError("two different numbers")
        return value[0] if value else None
    return value


# functions of one number at a time

for _name in ("relu", "sigmoid", "tanh", "exp", "log", "sqrt", "sin", "cos", "square", "abs"):
    _MEANINGS[_name] = getattr(dl, _name)
_MEANINGS |= {"absolute": dl.abs, "neg": dl.negative, "negative": dl.negative}


@_means("clone", "contiguous", "to", "float", "double", "type", "type_as", "cpu", "positive", "alias", "requires_grad_")
def _same(a: Node, *_: Any, **__: Any) -> Node:
    return a


@_means("softplus")
def _softplus(a: Node, beta: float = 1, threshold: float = 20) -> Node | None:
    return dl.softplus(a) if (beta, threshold) == (1, 20) else None


@_means("leaky_relu")
def _leaky_relu(a: Node, negative_slope: float = 0.01, inplace: bool = False) -> Node | None:
    return dl.leaky_relu(a, slope=negative_slope) if 0 <= negative_slope <= 1 else None


@_means("gelu")
def _gelu(a: Node, approximate: str = "none") -> Node | None:
    return dl.gelu(a) if approximate == "tanh" else None


@_means("silu")
def _silu(a: Node, inplace: bool = False) -> Node:
    return dl.multiply(a, dl.sigmoid(a))


@_means("reciprocal")
def _reciprocal(a: Node) -> Node:
    return dl.divide(1.0, a)


@_means("rsqrt")
def _rsqrt(a: Node) -> Node:
    return dl.divide(1.0, dl.sqrt(a))


@_means("clamp", "clip", "hardtanh")
def _clamp(a: Node, min: float | None = None, max: float | None = None) -> Node | None:  # noqa: A002 (torch's names)
    if isinstance(min, Node) or isinstance(max, Node):
        return None
    return dl.clip(a, low=-math.inf if min is None else min, high=math.inf if max is None else max)


# arithmetic


@_means("add")
def _add(input: Any, other: Any, *, alpha: float = 1) -> Node:  # noqa: A002 (torch's name)
    return dl.add(input, other if alpha == 1 else dl.multiply(alpha, other))


@_means("sub", "subtract")
def _sub(input: Any, other: Any, *, alpha: float = 1) -> Node:  # noqa: A002 (torch's name)
    return dl.subtract(input, other if alpha == 1 else dl.multiply(alpha, other))


@_means("rsub")
def _rsub(input: Any, other: Any) -> Node:  # noqa: A002 (torch's name)
    return dl.subtract(other, input)


@_means("mul", "multiply", "rmul")
def _mul(input: Any, other: Any) -> Node:  # noqa: A002 (torch's name)
    return dl.multiply(input, other)


@_means("div", "divide", "truediv", "true_divide")
def _div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Node | None:  # noqa: A002 (torch's name)
    return dl.divide(input, other) if rounding_mode is None else None


@_means("pow")
def _pow(a: Any, exponent: Any) -> Node:
    return dl.square(a) if type(exponent) in (int, float) and exponent == 2 else dl.power(a, exponent)


@_means("dropout", "feature_dropout")
def _dropout(a: Node, noise: Node) -> Node:
    return dl.multiply(a, noise)


@_means("maximum")
def _maximum(a: Node, b: Node) -> Node:
    return dl.maximum(a, b)


@_means("minimum")
def _minimum(a: Node, b: Node) -> Node:
    return dl.minimum(a, b)


@_means("where")
def _where(condition: Node, a: Any, b: Any) -> Node:
    return dl.where(condition, a, b)


@_means("masked_fill")
def _masked_fill(a: Node, mask: Node, value: Any) -> Node | None:
    # an infinity cannot be a constant of ours, and nothing is so far below that exp of it is not 0
    if isinstance(value, float | int) and math.isinf(value):
        return None
    return dl.where(mask, value, a)


# products


@_means("matmul", "mm", "bmm", "mv", "dot")
def _matmul(a: Node, b: Node) -> Node:
    return dl.matmul(a, b)


@_means("rmatmul")
def _rmatmul(a: Node, b: Node) -> Node:
    return dl.matmul(b, a)


@_means("addmm", "baddbmm", "addmv")
def _addmm(input: Node, a: Node, b: Node, *, beta: float = 1, alpha: float = 1) -> Node | None:  # noqa: A002
    return dl.add(input, dl.matmul(a, b)) if beta == alpha == 1 else None


@_means("linear")
def _linear(a: Node, weight: Node, bias: Node | None = None) -> Node:
    product = dl.matmul(a, dl.transpose(weight))
    return product if bias is None else dl.add(product, bias)


@_means("outer")
def _outer(a: Node, b: Node) -> Node:
    return dl.outer(a, b)


@_means("einsum")
def _einsum(equation: str, *operands: Any) -> Node | None:
    operands = _sizes(operands)
    return dl.einsum(equation, *operands) if len(operands) == 2 and "->" in equation else None


# shapes


@_means("t", "T", "mT", "H")
def _t(a: Node) -> Node:
    return _transpose(a, -2, -1) if len(_shape(a)) > 1 else dl.transpose(a)


@_means("transpose", "swapaxes", "swapdims")
def _transpose(a: Node, dim0: int, dim1: int) -> Node:
    axes = list(range(len(_shape(a))))
    axes[dim0], axes[dim1] = axes[dim1], axes[dim0]
    return dl.transpose(a) if len(axes) == 2 and axes == [1, 0] else dl.transpose(a, axes=tuple(axes))


@_means("permute")
def _permute(a: Node, *dims: Any) -> Node:
    return dl.transpose(a, axes=_sizes(dims))


@_means("cat", "concat", "concatenate")
def _cat(tensors: Any, dim: int = 0) -> Node:
    return dl.concatenate(list(tensors), axis=dim)


@_means("stack")
def _stack(tensors: Any, dim: int = 0) -> Node:
    return dl.stack(list(tensors), axis=dim)


@_means("pad", "constant_pad_nd")
def _pad(a: Node, pad: Any, mode: str = "constant", value: float | None = None) -> Node | None:
    if mode != "constant" or value or min(pad) < 0:
        return None
    pairs = list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    return dl.pad(a, width=tuple([(0, 0)] * (len(_shape(a)) - len(pairs)) + pairs))


# a part


@_means("getitem")
def _getitem(a: Node, key: Any) -> Node | None:
    if isinstance(key, Node):
        return dl.gather(a, key)
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(each, Node | Slot) or isinstance(each, slice) and _has_slots(each) for each in parts):
        return None
    parts = tuple([np.array(each) if isinstance(each, list) else each for each in parts])
    return dl.select(a, key=parts if isinstance(key, tuple) else parts[0])


def _has_slots(part: slice) -> bool:
    return any(isinstance(each, Slot) for each in (part.start, part.stop, part.step))


def _along(a: Node, dim: int, part: Any) -> Node:
    return dl.select(a, key=(*[slice(None)] * (dim % len(_shape(a))), part))


@_means("select")
def _select(a: Node, dim: int, index: int) -> Node:
    return _along(a, dim, index)


@_means("narrow")
def _narrow(a: Node, dim: int, start: int, length: int) -> Node:
    return _along(a, dim, slice(start, start + length))


@_means("unbind")
def _unbind(a: Node, dim: int = 0, *, output: int) -> Node:
    return _along(a, dim, output)


@_means("chunk")
def _chunk(a: Node, chunks: int, dim: int = 0, *, output: int) -> Node:
    return _split(a, -(-_shape(a)[dim] // chunks), dim, output=output)


@_means("split", "split_with_sizes")
def _split(a: Node, split_size: Any, dim: int = 0, *, output: int) -> Node:
    if isinstance(split_size, int):
        return _along(a, dim, slice(output * split_size, min((output + 1) * split_size, _shape(a)[dim])))
    start = sum(split_size[:output])
    return _along(a, dim, slice(start, start + split_size[output]))


@_means("embedding")
def _embedding(weight: Node, indices: Node, padding_idx: int = -1, *flags: bool) -> Node | None:
    return dl.gather(weight, indices) if padding_idx == -1 and not any(flags) else None


@_means("index_select")
def _index_select(a: Node, dim: int, index: Node) -> Node:
    return dl.gather(a, index, axis=dim)


# reductions


def _reduction(ours: Callable[..., Node]) -> Meaning:
    def reduce(a: Node, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Node:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return ours(a, axis=None if axis == () else axis, keepdims=keepdim)

    return reduce


_MEANINGS |= {
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
        count = math.prod(_shape(a)) // math.prod(_shape(node))
        if not fewer:
            return node
        factor = count / (count - fewer) if count > fewer else None
        return None if factor is None else dl.multiply(node, math.sqrt(factor) if is_root else factor)

    return reduce


_MEANINGS |= {"var": _spread(dl.reduce_variance, False), "std": _spread(dl.reduce_std, True)}


def _extreme(ours: Callable[..., Node], of_two: Callable[..., Node]) -> Meaning:
    def reduce(a: Node, dim: Any = None, keepdim: bool = False, *, output: int = 0) -> Node | None:
        if isinstance(dim, Node):
            return of_two(a, dim)
        # of several that are tied, torch takes one along an axis, and ours all
        return ours(a) if dim is None else ours(a, axis=dim, keepdims=keepdim) if output == 0 else None

    return reduce


_MEANINGS |= {"max": _extreme(dl.reduce_max, dl.maximum), "min": _extreme(dl.reduce_min, dl.minimum)}


@_means("norm", "linalg_vector_norm")
def _norm(a: Node, p: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Node | None:
    axis = tuple(dim) if isinstance(dim, list) else dim
    return dl.norm(a, axis=axis, keepdims=keepdim) if p in (2, "fro", None) else None


@_means("cumsum")
def _cumsum(a: Node, dim: int) -> Node:
    return dl.cumsum(a, axis=dim)


# probabilities and losses


@_means("softmax")
def _softmax(a: Node, dim: int, dtype: Any = None) -> Node:
    return dl.softmax(a, axis=dim)


@_means("log_softmax")
def _log_softmax(a: Node, dim: int, dtype: Any = None) -> Node:
    return dl.log_softmax(a, axis=dim)


@_means("mse_loss")
def _mse_loss(a: Node, target: Node, reduction: int | str = 1, **_: Any) -> Node:
    return _reduced(dl.square(dl.subtract(a, target)), reduction)


@_means("l1_loss")
def _l1_loss(a: Node, target: Node, reduction: int | str = 1, **_: Any) -> Node:
    return _reduced(dl.abs(dl.subtract(a, target)), reduction)


@_means("cross_entropy_loss")
def _cross_entropy(
    a: Node,
    target: Node,
    weight: Node | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Node | None:
    if weight is not None or label_smoothing or ignore_index >= 0 or len(_shape(a)) > 2:
        return None
    return _reduced(dl.cross_entropy(a, target), reduction)


@_means("nll_loss", "nll_loss_nd")
def _nll_loss(
    a: Node, target: Node, weight: Node | None = None, reduction: int = 1, ignore_index: int = -100
) -> Node | None:
    if weight is not None or ignore_index >= 0 or len(_shape(a)) != 2:
        return None
    is_class = dl.equal(dl.expand_dims(target, axis=1), np.arange(_shape(a)[1], dtype=float))
    return _reduced(dl.negative(dl.reduce_sum(dl.multiply(is_class, a), axis=1)), reduction)


@_means("binary_cross_entropy")
def _binary_cross_entropy(a: Node, target: Node, weight: Node | None = None, reduction: int | str = 1) -> Node | None:
    if weight is not None:
        return None
    right = dl.multiply(target, dl.log(a))
    wrong = dl.multiply(dl.subtract(1.0, target), dl.log(dl.subtract(1.0, a)))
    return _reduced(dl.negative(dl.add(right, wrong)), reduction)


@_means("binary_cross_entropy_with_logits")
def _with_logits(
    a: Node, target: Node, weight: Node | None = None, pos_weight: Node | None = None, reduction: int | str = 1
) -> Node | None:
    if weight is not None or pos_weight is not None:
        return None
    return _reduced(dl.subtract(dl.softplus(a), dl.multiply(a, target)), reduction)


# layers


def _scaled(a: Node, mean: Node, variance: Node, eps: float, weight: Node | None, bias: Node | None) -> Node:
    normal = dl.divide(dl.subtract(a, mean), dl.sqrt(dl.add(variance, eps)))
    scaled = normal if weight is None else dl.multiply(normal, weight)
    return scaled if bias is None else dl.add(scaled, bias)


@_means("layer_norm")
def _layer_norm(
    a: Node, shape: Any, weight: Node | None = None, bias: Node | None = None, eps: float = 1e-5, *_: bool
) -> Node:
    axes = tuple(range(len(_shape(a)) - len(shape), len(_shape(a))))
    mean, variance = (each(a, axis=axes, keepdims=True) for each in (dl.reduce_mean, dl.reduce_variance))
    return _scaled(a, mean, variance, eps, weight, bias)


@_means("batch_norm")
def _batch_norm(
    a: Node,
    weight: Node | None,
    bias: Node | None,
    mean: Node | None,
    variance: Node | None,
    training: bool,
    momentum: float,
    eps: float,
    *_: bool,
) -> Node:
    sizes = _shape(a)
    wide = (1, sizes[1], *[1] * (len(sizes) - 2))

    def fitted(node: Node | None) -> Node | None:
        return node if node is None or len(sizes) == 2 else dl.reshape(node, shape=wide)

    if training or mean is None or variance is None:
        axes = (0, *range(2, len(sizes)))
        return _scaled(
            a,
            dl.reduce_mean(a, axis=axes, keepdims=True),
            dl.reduce_variance(a, axis=axes, keepdims=True),
            eps,
            fitted(weight),
            fitted(bias),
        )
    kept_mean, kept_variance = fitted(mean), fitted(variance)
    assert kept_mean is not None
    assert kept_variance is not None
    return _scaled(a, kept_mean, kept_variance, eps, fitted(weight), fitted(bias))


@_means("conv2d")
def _conv2d(
    a: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Node | None:
    if _pair(dilation) != 1 or groups != 1 or isinstance(padding, str):
        return None
    node = dl.conv2d(a, weight, stride=_pair(stride), padding=_pair(padding))
    return node if bias is None else dl.add(node, dl.reshape(bias, shape=(-1, 1, 1)))


@_means("max_pool2d")
def _max_pool2d(
    a: Node, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Node | None:
    if _pair(padding) or _pair(dilation) != 1 or ceil_mode:
        return None
    return dl.max_pool(a, size=_pair(kernel_size), stride=_pair(stride))


@_means("avg_pool2d")
def _avg_pool2d(a: Node, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False) -> Node | None:
    if _pair(padding) or ceil_mode:
        return None
    return dl.average_pool(a, size=_pair(kernel_size), stride=_pair(stride))


@_means("scaled_dot_product_attention")
def _attention(
    query: Node,
    key: Node,
    value: Node,
    attn_mask: Node | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Node | None:
    if enable_gqa or attn_mask is not None:
        return None
    factor = 1 / math.sqrt(_shape(query)[-1]) if scale is None else scale
    scores = dl.multiply(dl.matmul(query, _transpose(key, -2, -1)), factor)
    if is_causal:
        rows, columns = _shape(scores)[-2:]
        # exp of this is 0, as of minus infinity
        scores = dl.where(Constant(np.tri(rows, columns)), scores, -1e30)
    return dl.matmul(dl.softmax(scores), value)
