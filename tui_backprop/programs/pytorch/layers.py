"""What torch's layers and losses mean, as operations of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import minidl_core as dl
from minidl_core import Constant, Node

from ..far_below import FAR_BELOW
from .known import means, shape_of
from .ties import tied_as_in_torch

_BY_NUMBER = ("none", "mean", "sum")
_REDUCTIONS: dict[str, Callable[[Node], Node]] = {
    "none": lambda node: node,
    "mean": lambda node: dl.reduce_mean(node),
    "sum": lambda node: dl.reduce_sum(node),
}


def _reduced(node: Node, reduction: int | str) -> Node:
    return _REDUCTIONS[_BY_NUMBER[reduction] if isinstance(reduction, int) else reduction](node)


def _pair(value: Any) -> Any:
    """Return the one number that both numbers of a pair are; raises ValueError where they differ."""
    if isinstance(value, tuple | list):
        if len(set(value)) > 1:
            raise ValueError("two different numbers")
        return value[0] if value else None
    return value


# probabilities and losses


@means("softmax")
def _softmax(a: Node, dim: int, *_: Any, **__: Any) -> Node:
    return dl.softmax(a, axis=dim)


@means("log_softmax")
def _log_softmax(a: Node, dim: int, *_: Any, **__: Any) -> Node:
    return dl.log_softmax(a, axis=dim)


@means("mse_loss")
def _mse_loss(a: Node, target: Node, reduction: int | str = 1, **_: Any) -> Node:
    return _reduced(dl.square(dl.subtract(a, target)), reduction)


@means("l1_loss")
def _l1_loss(a: Node, target: Node, reduction: int | str = 1, **_: Any) -> Node:
    return _reduced(dl.abs(dl.subtract(a, target)), reduction)


@means("cross_entropy_loss")
def _cross_entropy(
    a: Node,
    target: Node,
    weight: Node | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    *,
    is_plain: bool = True,
) -> Node:
    if is_plain and weight is None and not label_smoothing and len(shape_of(a)) <= 2:
        return _reduced(dl.cross_entropy(a, target), reduction)
    axis = min(1, len(shape_of(a)) - 1)
    logs = dl.log_softmax(a, axis=axis)
    if shape_of(a) != shape_of(target):
        return _of_classes(logs, target, axis, weight, reduction, None if is_plain else ignore_index, label_smoothing)
    classes = shape_of(a)[axis]
    if label_smoothing:
        target = dl.add(dl.multiply(target, 1 - label_smoothing), label_smoothing / classes)
    if weight is not None:
        target = dl.multiply(target, _beside(weight, logs, axis))
    losses = dl.negative(dl.reduce_sum(dl.multiply(target, logs), axis=axis))
    return _reduced(losses, reduction)


@means("nll_loss", "nll_loss_nd")
def _nll_loss(
    logs: Node,
    target: Node,
    weight: Node | None = None,
    reduction: int = 1,
    ignore_index: int = -100,
    *,
    is_plain: bool = True,
) -> Node:
    axis = min(1, len(shape_of(logs)) - 1)
    return _of_classes(logs, target, axis, weight, reduction, None if is_plain else ignore_index, 0.0)


def _of_classes(
    logs: Node, target: Node, axis: int, weight: Node | None, reduction: int, ignored: int | None, smoothing: float
) -> Node:
    """Return minus the logarithm that belongs to the class, times the weight of the class; 0 for what is ignored.

    The mean is divided by the weights that were used, as torch does.
    """
    classes = shape_of(logs)[axis]
    wanted = dl.expand_dims(target, axis=axis)
    wide = dl.broadcast_to(wanted, shape=shape_of(logs))
    share = dl.equal(wide, _beside(Constant(np.arange(classes, dtype=float)), logs, axis))
    if ignored is not None:
        share = dl.multiply(share, dl.not_equal(wanted, float(ignored)))
    if weight is not None:
        share = dl.multiply(share, _beside(weight, logs, axis))
    losses = dl.negative(dl.reduce_sum(dl.multiply(share, logs), axis=axis))
    if smoothing:
        others = logs if weight is None else dl.multiply(logs, _beside(weight, logs, axis))
        smooth = dl.negative(dl.reduce_sum(others, axis=axis))
        if ignored is not None:
            smooth = dl.multiply(smooth, dl.not_equal(target, float(ignored)))
        losses = dl.add(dl.multiply(losses, 1 - smoothing), dl.multiply(smooth, smoothing / classes))
    if _BY_NUMBER[reduction] == "mean" and not (weight is None and ignored is None):
        return dl.divide(dl.reduce_sum(losses), dl.reduce_sum(share))
    return _reduced(losses, reduction)


def _beside(row: Node, a: Node, axis: int) -> Node:
    """Return one number for each class as an array that lies along the axis of the classes."""
    after = len(shape_of(a)) - axis - 1
    return dl.reshape(row, shape=(-1, *[1] * after)) if after else row


@means("binary_cross_entropy")
def _binary_cross_entropy(a: Node, target: Node, weight: Node | None = None, reduction: int | str = 1) -> Node | None:
    if weight is not None:
        return None
    right = dl.multiply(target, dl.log(a))
    wrong = dl.multiply(dl.subtract(1.0, target), dl.log(dl.subtract(1.0, a)))
    return _reduced(dl.negative(dl.add(right, wrong)), reduction)


@means("binary_cross_entropy_with_logits")
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


@means("layer_norm")
def _layer_norm(
    a: Node, shape: Any, weight: Node | None = None, bias: Node | None = None, eps: float = 1e-5, *_: bool
) -> Node:
    axes = tuple(range(len(shape_of(a)) - len(shape), len(shape_of(a))))
    mean, variance = (each(a, axis=axes, keepdims=True) for each in (dl.reduce_mean, dl.reduce_variance))
    return _scaled(a, mean, variance, eps, weight, bias)


@means("batch_norm")
def _batch_norm(
    a: Node,
    weight: Node | None,
    bias: Node | None,
    mean: Node | None,
    variance: Node | None,
    training: bool,
    _: float,
    eps: float,
    *__: bool,
) -> Node:
    sizes = shape_of(a)
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


@means("group_norm")
def _group_norm(
    a: Node, groups: int, weight: Node | None = None, bias: Node | None = None, eps: float = 1e-5, *_: bool
) -> Node:
    sizes = shape_of(a)
    normal = _layer_norm(dl.reshape(a, shape=(sizes[0], groups, -1)), (1,), eps=eps)
    return _each_channel(dl.reshape(normal, shape=sizes), weight, bias)


@means("instance_norm")
def _instance_norm(
    a: Node,
    weight: Node | None,
    bias: Node | None,
    _mean: Node | None,
    _variance: Node | None,
    of_input: bool,
    _momentum: float,
    eps: float,
    *_: bool,
) -> Node | None:
    return _each_channel(_layer_norm(a, shape_of(a)[2:], eps=eps), weight, bias) if of_input else None


def _each_channel(a: Node, weight: Node | None, bias: Node | None) -> Node:
    scaled = a if weight is None else dl.multiply(a, _beside(weight, a, 1))
    return scaled if bias is None else dl.add(scaled, _beside(bias, a, 1))


@means("conv2d")
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


@means("conv1d")
def _conv1d(
    a: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Node | None:
    if len(shape_of(a)) != 3 or _pair(dilation) != 1 or groups != 1 or isinstance(padding, str):
        return None
    width = ((0, 0), (0, 0), (_pair(padding), _pair(padding)))
    row, kernel = (dl.expand_dims(each, axis=2) for each in (dl.pad(a, width=width) if _pair(padding) else a, weight))
    node = dl.squeeze(dl.conv2d(row, kernel, stride=_pair(stride)), axis=2)
    return node if bias is None else dl.add(node, dl.reshape(bias, shape=(-1, 1)))


@means("max_pool2d")
def _max_pool2d(
    a: Node, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Node | None:
    if _pair(padding) or _pair(dilation) != 1 or ceil_mode:
        return None
    return tied_as_in_torch("max_pool", a, size=_pair(kernel_size), stride=_pair(stride))


@means("adaptive_avg_pool2d")
def _adaptive_avg_pool2d(a: Node, size: Any) -> Node | None:
    return dl.reduce_mean(a, axis=(-2, -1), keepdims=True) if _pair(size) == 1 else None


@means("avg_pool2d")
def _avg_pool2d(
    a: Node, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False
) -> Node | None:
    if _pair(padding) or ceil_mode:
        return None
    return dl.average_pool(a, size=_pair(kernel_size), stride=_pair(stride))


def _last_two_swapped(a: Node) -> Node:
    axes = tuple(range(len(shape_of(a))))
    return dl.transpose(a, axes=(*axes[:-2], axes[-1], axes[-2]))


@means("scaled_dot_product_attention")
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
    noise: Node | None = None,
    is_plain: bool = True,
) -> Node | None:
    if enable_gqa or (dropout_p and noise is None):
        return None
    factor = 1 / math.sqrt(shape_of(query)[-1]) if scale is None else scale
    scores = dl.multiply(dl.matmul(query, _last_two_swapped(key)), factor)
    if is_causal:
        rows, columns = shape_of(scores)[-2:]
        scores = dl.where(Constant(np.tri(rows, columns)), scores, FAR_BELOW)
    if attn_mask is not None:
        scores = dl.add(scores, attn_mask) if is_plain else dl.where(attn_mask, scores, FAR_BELOW)
    weights = dl.softmax(scores)
    return dl.matmul(weights if noise is None else dl.multiply(weights, noise), value)
