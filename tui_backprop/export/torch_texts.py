"""Each operation in the words of PyTorch, which finds the gradients itself; where the slopes differ at a tie, as ours.

The texts are filled as those of NumPy are (numpy_texts.py); `dims` stands for the axis and keepdims of a reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minidl_core import Constant

from .exported import Written
from .literals import key_text

Text = str | Callable[[Written], str | None]


def _of_extreme(name: str, sign: str) -> Callable[[Written], str]:
    def text(written: Written) -> str:
        first, second = written.operation.inputs
        if isinstance(second, Constant):
            return f"torch.where({{0}} {sign} {{1}}, {{0}}, {{1}})"  # at a tie, what can move has a slope of 0
        if isinstance(first, Constant):
            return f"torch.where({{1}} {sign} {{0}}, {{1}}, {{0}})"
        return f"torch.{name}({{0}}, {{1}})"

    return text


def _clip(written: Written) -> str:
    text = "{0}"
    if written.attribute("high") < np.inf:
        text = f"torch.where({{0}} < {{high}}, {text}, {{high}})"
    if written.attribute("low") > -np.inf:
        text = f"torch.where({{0}} > {{low}}, {text}, {{low}})"
    return text


def _cross_entropy(written: Written) -> str:
    a, c = written.shapes
    wanted = "{1}" if a == c else f"torch.nn.functional.one_hot({{1}}.long(), {a[-1]})"
    return f"-torch.sum({wanted} * torch.log_softmax({{0}}, dim=-1), dim=-1)"


def _select(written: Written) -> str:
    """Return an index; a slice that goes backwards, which PyTorch has not, is one of the flipped array."""
    [shape] = written.shapes
    key = written.attribute("key")
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(part is Ellipsis for part in parts):
        place = next(place for place, part in enumerate(parts) if part is Ellipsis)
        used = sum(_axes_of(part) for part in parts if part is not Ellipsis)
        parts[place : place + 1] = [slice(None)] * (len(shape) - used)
    axis, flipped = 0, []
    for place, part in enumerate(parts):
        if isinstance(part, slice) and (part.step or 1) < 0:
            taken = range(*part.indices(shape[axis]))
            first = shape[axis] - 1 - taken.start
            parts[place] = slice(first, first + len(taken) * -taken.step, -taken.step)
            flipped.append(axis)
        axis += _axes_of(part)
    array = f"torch.flip({{0}}, {tuple(flipped)})" if flipped else "{0}"
    return f"{array}[{key_text(tuple(parts), 'torch.tensor')}]"


def _axes_of(part: Any) -> int:
    """Return how many axes of an array a part of an index stands for."""
    if part is None:
        return 0
    return np.ndim(part) if isinstance(part, np.ndarray) and part.dtype == bool else 1


def _transpose(written: Written) -> str:
    axes, rank = written.attribute("axes"), len(written.shape)
    if axes is None and rank == 2:
        return "{0}.T"
    return f"{{0}}.permute({tuple(range(rank))[::-1] if axes is None else tuple(axes)})"


def _pad(written: Written) -> str:
    rank = len(written.shape)
    pairs = np.broadcast_to(written.attribute("width"), (rank, 2)).tolist()
    return f"torch.nn.functional.pad({{0}}, {tuple(size for pair in reversed(pairs) for size in pair)})"


def _gather(written: Written) -> str:
    return f"{{0}}[{':, ' * (written.attribute('axis') % len(written.shapes[0]))}{{1}}.long()]"


def _reshaped(written: Written) -> str:
    return f"{{0}}.reshape({written.shape})"


TEXTS: Mapping[str, Text] = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "square": "{0} ** 2",
    "power": "{0} ** {1}",
    **{
        name: f"torch.{name}({{0}})"
        for name in ("exp", "log", "sigmoid", "tanh", "relu", "sqrt", "sin", "cos", "abs", "erf")
    },
    "leaky_relu": "torch.where({0} > 0, {0}, {slope} * {0})",
    "softplus": "torch.logaddexp({0}, torch.zeros_like({0}))",
    "gelu": 'torch.nn.functional.gelu({0}, approximate="tanh")',
    "maximum": _of_extreme("maximum", ">"),
    "minimum": _of_extreme("minimum", "<"),
    "clip": _clip,
    "where": "torch.where({0} != 0, {1}, {2})",
    "greater": "({0} > {1}).double()",
    "greater_equal": "({0} >= {1}).double()",
    "less": "({0} < {1}).double()",
    "less_equal": "({0} <= {1}).double()",
    "equal": "({0} == {1}).double()",
    "not_equal": "({0} != {1}).double()",
    "argmax": "torch.argmax({0}{dims}).double()",
    "matmul": "{0} @ {1}",
    "outer": "torch.outer({0}, {1})",
    "einsum": "torch.einsum({subscripts}, {0}, {1})",
    "reduce_sum": "torch.sum({0}{dims})",
    "reduce_mean": "torch.mean({0}{dims})",
    "reduce_max": "torch.amax({0}{dims})",
    "reduce_min": "torch.amin({0}{dims})",
    "reduce_variance": "torch.var({0}{dims}, correction=0)",
    "reduce_std": "torch.std({0}{dims}, correction=0)",
    "norm": "torch.linalg.vector_norm({0}{dims})",
    "cumsum": lambda written: (
        "torch.cumsum({0}.reshape(-1), dim=0)" if written.attribute("axis") is None else "torch.cumsum({0}, dim={axis})"
    ),
    "softmax": "torch.softmax({0}, dim={axis})",
    "log_softmax": "torch.log_softmax({0}, dim={axis})",
    "cross_entropy": _cross_entropy,
    "select": _select,
    "gather": _gather,
    "pick": "{0}[{1}.long(), {2}.long()]",
    "concatenate": "torch.cat([{list}], dim={axis})",
    "stack": "torch.stack([{list}], dim={axis})",
    "broadcast_to": "torch.broadcast_to({0}, {shape})",
    "reshape": "{0}.reshape({shape})",
    "expand_dims": _reshaped,
    "squeeze": _reshaped,
    "transpose": _transpose,
    "pad": _pad,
    "conv2d": "torch.nn.functional.conv2d({0}, {1}, stride={stride}, padding={padding})",
    # amax shares the gradient among those that are tied, as ours does; max_pool2d gives it to the first
    "max_pool": "{0}.unfold(2, {size}, {step}).unfold(3, {size}, {step}).amax((4, 5))",
    "average_pool": "torch.nn.functional.avg_pool2d({0}, {size}, stride={step})",
}


def _tied(name: str) -> Callable[[Written], str]:
    def text(written: Written) -> str:
        inputs = written.operation.inputs
        a, b = (
            f"torch.tensor({{{n}}})" if isinstance(each, Constant) and not each.shape else f"{{{n}}}"
            for n, each in enumerate(inputs)
        )
        return f"torch.{name}({a}, {b})"

    return text


def _tied_clip(written: Written) -> str:
    bounds = [
        f"{name}={{{bound}}}"
        for name, bound in (("min", "low"), ("max", "high"))
        if np.isfinite(written.attribute(bound))
    ]
    return f"torch.clip({', '.join(['{0}', *bounds])})"


TIED: Mapping[str, Text] = {
    "max_pool": "torch.nn.functional.max_pool2d({0}, {size}, stride={step})",
    "reduce_max": "torch.max({0}{dims}).values",
    "reduce_min": "torch.min({0}{dims}).values",
    "clip": _tied_clip,
    "maximum": _tied("maximum"),
    "minimum": _tied("minimum"),
}
"""Those of a script that trained with PyTorch, where each has the slope that PyTorch chooses at a tie."""
