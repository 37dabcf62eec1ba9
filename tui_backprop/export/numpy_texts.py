"""Each operation in the words of NumPy: forward, and the gradient of each input.

In a text {0} and {1} are the inputs, {y} is the output and {g} the gradient of the loss with respect to it; attributes
stand under their names, and `settings` for those that are not as by default. {G} and {Y} are {g} and {y} with the axes
that a reduction took away. An operation without a text here, or for which its function returns None, is written with
its own source (sources.py). So is one of a person's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minidl_core import Constant

from .exported import Written
from .literals import attribute_text, key_text

Gradients = Sequence[str]


Text = tuple[str | Callable[[Written], str], Gradients | Callable[[Written], Gradients | None]]

_FLAT = ("0 * {g}", "0 * {g}")
_BACK = ("{g}.reshape({0}.shape)",)
_FROM_MEAN = "({0} - np.mean({0}, axis={axis}, keepdims=True))"
_PUT_BACK = "put_back({g}, np.s_[{key}], {0}.shape)"


def _of_extreme(other: str) -> Callable[[Written], Gradients]:
    def gradients(written: Written) -> Gradients:
        first, second = written.operation.inputs
        texts = []
        for place, own, against in ((0, first, second), (1, second, first)):
            this, that = f"{{{place}}}", f"{{{1 - place}}}"
            tie = (
                ""
                if isinstance(against, Constant) and not isinstance(own, Constant)
                else f" + 0.5 * ({this} == {that})"
            )
            wins = f"({this} {other} {that})"
            texts.append(f"{{g}} * ({wins}{tie})" if tie else f"{{g}} * {wins}")
        return texts

    return gradients


def _of_power(written: Written) -> Gradients:
    exponent = written.operation.inputs[1]
    lower = "({1} - 1)"
    if not (isinstance(exponent, Constant) and np.all(exponent.initial_value != 0)):
        lower = "np.where({1} == 0, 1, {1} - 1)"
    return ("{g} * {1} * {0} ** " + lower, "{g} * {y} * np.log(np.where({0} > 0, {0}, 1))")


def _of_matmul(written: Written) -> Gradients | None:
    match [len(shape) for shape in written.shapes]:
        case [1, 1]:
            return ("{g} * {1}", "{g} * {0}")
        case [2, 1]:
            return ("np.outer({g}, {1})", "{0}.T @ {g}")
        case [1, 2]:
            return ("{1} @ {g}", "np.outer({0}, {g})")
        case [2, 2]:
            return ("{g} @ {1}.T", "{0}.T @ {g}")
    return None


def _of_einsum(written: Written) -> Gradients | None:
    inputs, output = str(written.attribute("subscripts")).replace(" ", "").split("->")
    a, b = inputs.split(",")
    if not (set(a) <= set(output + b) and set(b) <= set(output + a)):
        return None
    return (f'np.einsum("{output},{b}->{a}", {{g}}, {{1}})', f'np.einsum("{output},{a}->{b}", {{g}}, {{0}})')


def _of_concatenate(written: Written) -> Gradients:
    axis = written.attribute("axis") % len(written.shape)
    ends = np.cumsum([shape[axis] for shape in written.shapes]).tolist()
    return [f"{{g}}[{':, ' * axis}{end - shape[axis]}:{end}]" for end, shape in zip(ends, written.shapes, strict=True)]


def _of_stack(written: Written) -> Gradients:
    return [f"np.take({{g}}, {number}, axis={{axis}})" for number in range(len(written.shapes))]


def _of_transpose(written: Written) -> Gradients:
    axes = written.attribute("axes")
    if axes is None:
        return ("{g}.T",)
    back = np.argsort(normalize_axis_tuple(axes, len(axes))).tolist()
    return (f"np.transpose({{g}}, {tuple(back)})",)


def _of_pad(written: Written) -> Gradients:
    [shape] = written.shapes
    before = np.broadcast_to(written.attribute("width"), (len(shape), 2))[:, 0].tolist()
    return (
        f"{{g}}[{', '.join(f'{start}:{start + size}' for start, size in zip(before, shape, strict=True)) or '()'}]",
    )


def _wanted(written: Written) -> str:
    """Return the wanted probabilities of a cross-entropy: those given, or a 1 at the number of each class."""
    a, c = written.shapes
    return "{1}" if a == c else f"np.eye({a[-1]})[{{1}}.astype(int)]"


def _cross_entropy(written: Written) -> str:
    return f"-np.sum({_wanted(written)} * log_softmax({{0}}), axis=-1)"


def _of_cross_entropy(written: Written) -> Gradients:
    wanted = _wanted(written)
    scores = f"{{g}}[..., None] * (softmax({{0}}) * np.sum({wanted}, axis=-1, keepdims=True) - {wanted})"
    is_given = written.shapes[0] == written.shapes[1]
    return (scores, "-{g}[..., None] * log_softmax({0})" if is_given else "np.zeros({1}.shape)")


def _of_gather(written: Written) -> Gradients:
    before = ":, " * (written.attribute("axis") % len(written.shapes[0]))
    key = f"{before}{{1}}.astype(int)"
    return (f"put_back({{g}}, np.s_[{key}], {{0}}.shape)", "np.zeros({1}.shape)")


TEXTS: Mapping[str, Text] = {
    "add": ("{0} + {1}", ("{g}", "{g}")),
    "subtract": ("{0} - {1}", ("{g}", "-{g}")),
    "multiply": ("{0} * {1}", ("{g} * {1}", "{g} * {0}")),
    "divide": ("{0} / {1}", ("{g} / {1}", "-{g} * {y} / {1}")),
    "negative": ("-{0}", ("-{g}",)),
    "square": ("{0} ** 2", ("2 * {g} * {0}",)),
    "power": ("{0} ** {1}", _of_power),
    "exp": ("np.exp({0})", ("{g} * {y}",)),
    "log": ("np.log({0})", ("{g} / {0}",)),
    "sigmoid": ("1 / (1 + np.exp(-{0}))", ("{g} * {y} * (1 - {y})",)),
    "tanh": ("np.tanh({0})", ("{g} * (1 - {y} ** 2)",)),
    "relu": ("np.maximum({0}, 0)", ("{g} * ({0} > 0)",)),
    "leaky_relu": ("np.where({0} > 0, {0}, {slope} * {0})", ("{g} * np.where({0} > 0, 1, {slope})",)),
    "softplus": ("np.logaddexp(0, {0})", ("{g} / (1 + np.exp(-{0}))",)),
    "sqrt": ("np.sqrt({0})", ("{g} / (2 * {y})",)),
    "sin": ("np.sin({0})", ("{g} * np.cos({0})",)),
    "cos": ("np.cos({0})", ("-{g} * np.sin({0})",)),
    "abs": ("np.abs({0})", ("{g} * np.sign({0})",)),
    "maximum": ("np.maximum({0}, {1})", _of_extreme(">")),
    "minimum": ("np.minimum({0}, {1})", _of_extreme("<")),
    "clip": ("np.clip({0}, {low}, {high})", ("{g} * (({0} > {low}) & ({0} < {high}))",)),
    "where": (
        "np.where({0} != 0, {1}, {2})",
        ("0 * {g}", "np.where({0} != 0, {g}, 0)", "np.where({0} != 0, 0, {g})"),
    ),
    "greater": ("({0} > {1}) * 1.0", _FLAT),
    "greater_equal": ("({0} >= {1}) * 1.0", _FLAT),
    "less": ("({0} < {1}) * 1.0", _FLAT),
    "less_equal": ("({0} <= {1}) * 1.0", _FLAT),
    "equal": ("({0} == {1}) * 1.0", _FLAT),
    "not_equal": ("({0} != {1}) * 1.0", _FLAT),
    "argmax": ("np.argmax({0}{settings}) * 1.0", ("np.zeros({0}.shape)",)),
    "matmul": ("{0} @ {1}", _of_matmul),
    "outer": ("np.outer({0}, {1})", ("{g} @ {1}", "{0} @ {g}")),
    "einsum": ("np.einsum({subscripts}, {0}, {1})", _of_einsum),
    "reduce_sum": ("np.sum({0}{settings})", ("np.broadcast_to({G}, {0}.shape)",)),
    "reduce_mean": ("np.mean({0}{settings})", ("np.broadcast_to({G} / {n}, {0}.shape)",)),
    "reduce_max": (
        "np.max({0}{settings})",
        ("{G} * ({0} == {Y}) / np.sum({0} == {Y}, axis={axis}, keepdims=True)",),
    ),
    "reduce_min": (
        "np.min({0}{settings})",
        ("{G} * ({0} == {Y}) / np.sum({0} == {Y}, axis={axis}, keepdims=True)",),
    ),
    "reduce_variance": ("np.var({0}{settings})", ("2 * {G} * " + _FROM_MEAN + " / {n}",)),
    "reduce_std": ("np.std({0}{settings})", ("{G} * " + _FROM_MEAN + " / ({n} * np.where({Y} > 0, {Y}, 1))",)),
    "norm": ("np.sqrt(np.sum({0} ** 2{settings}))", ("{G} * {0} / np.where({Y} > 0, {Y}, 1)",)),
    "cumsum": (
        "np.cumsum({0}{settings})",
        lambda written: (
            ("np.flip(np.cumsum(np.flip({g}))).reshape({0}.shape)",)
            if written.attribute("axis") is None
            else ("np.flip(np.cumsum(np.flip({g}, {axis}), {axis}), {axis})",)
        ),
    ),
    "softmax": ("softmax({0}{settings})", ("{y} * ({g} - np.sum({g} * {y}, axis={axis}, keepdims=True))",)),
    "log_softmax": ("log_softmax({0}{settings})", ("{g} - np.exp({y}) * np.sum({g}, axis={axis}, keepdims=True)",)),
    "cross_entropy": (_cross_entropy, _of_cross_entropy),
    "select": (lambda written: f"{{0}}[{_key(written)}]", lambda written: (_PUT_BACK.replace("{key}", _key(written)),)),
    "gather": ("np.take({0}, {1}.astype(int), axis={axis})", _of_gather),
    "pick": (
        "{0}[{1}.astype(int), {2}.astype(int)]",
        (
            "put_back({g}, ({1}.astype(int), {2}.astype(int)), {0}.shape)",
            "np.zeros({1}.shape)",
            "np.zeros({2}.shape)",
        ),
    ),
    "concatenate": ("np.concatenate([{list}], axis={axis})", _of_concatenate),
    "stack": ("np.stack([{list}], axis={axis})", _of_stack),
    "broadcast_to": ("np.broadcast_to({0}, {shape})", ("{g}",)),
    "reshape": ("{0}.reshape({shape})", _BACK),
    "expand_dims": ("np.expand_dims({0}, {axis})", _BACK),
    "squeeze": ("np.squeeze({0}{settings})", _BACK),
    "transpose": (
        lambda written: "{0}.T" if written.attribute("axes") is None else "np.transpose({0}, {axes})",
        _of_transpose,
    ),
    "pad": ("np.pad({0}, {width})", _of_pad),
}

FUNCTIONS: Mapping[str, str] = {
    "softmax": '''\
def softmax(a, axis=-1):
    """Return probabilities; without the largest of each row, exp cannot overflow."""
    raised = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return raised / np.sum(raised, axis=axis, keepdims=True)
''',
    "log_softmax": '''\
def log_softmax(a, axis=-1):
    """Return the logarithms of the probabilities that softmax makes."""
    shifted = a - np.max(a, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))
''',
    "put_back": '''\
def put_back(g, key, shape):
    """Return a gradient that is g at the entries that were taken, once for each time, and 0 elsewhere."""
    gradient = np.zeros(shape)
    np.add.at(gradient, key, g)
    return gradient
''',
}
"""What texts call that NumPy does not have."""


def _key(written: Written) -> str:
    return key_text(written.attribute("key")).replace("{", "{{").replace("}", "}}")


def words(written: Written) -> dict[str, str]:
    """Return what stands for the attributes of an operation in its texts."""
    operation = written.operation
    defaults = operation.definition.attributes
    found = {name: attribute_text(value) for name, value in operation.attributes.items()}
    changed = [f", {name}={found[name]}" for name, value in operation.attributes.items() if value is not defaults[name]]
    found["settings"] = "".join(changed)
    found["n"] = str(math.prod(written.shapes[0]) // max(math.prod(written.shape), 1))
    return found
