"""Calls of torch's functions, each kept beside the autograd node that it made: so the graph of a loss can be read.

Autograd has one node for each differentiable result, and drops it with the graph; what was called is kept in the
node's own dictionary of metadata, and so lives and dies with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch

import tui_backprop

from ..program import ProgramError

_OURS = os.path.join(tui_backprop.__path__[0], "")
_TORCHS = os.path.join(os.path.dirname(torch.__file__), "")
_KEY = "backprop-tui"
_MASK = "mask"
ATTENTION = "scaled_dot_product_attention"
_RANDOM = {"rrelu", "rrelu_with_noise", "bernoulli", "multinomial", "fractional_max_pool2d", "alpha_dropout"}
_RANDOM |= {"feature_alpha_dropout"}
_SUPPORTED = (torch.float32, torch.float64)


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands for a tensor among the arguments of a call: the one of this number."""

    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A tensor that autograd did not make, how often it had been changed, and its name where it is used."""

    tensor: Any
    version: int
    name: str


Source = Leaf | tuple[Any, int]
"""Where an input comes from: a leaf, or a result of autograd's node, by its number."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of a function of torch: `args` and `kwargs` have slots in the place of tensors.

    `output` is the number of the result where there are several. `scope` are the modules that were running. Two calls
    with the same `key` and inputs of the same shapes mean the same operation. `is_plain` is what the numbers among the
    inputs must be for our operation to be the same.
    """

    function: Callable[..., Any]
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    sources: tuple[Source, ...]
    dtypes: tuple[Any, ...]
    output: int | None
    shape: tuple[int, ...]
    file: str
    line: int
    scope: tuple[str, ...]
    key: str
    is_plain: bool

    @property
    def location(self) -> str:
        """Where it was called, as file:line."""
        return f"{os.path.basename(self.file)}:{self.line}"


def name_of(function: Any) -> str:
    """Return what a function of torch is called, without the signs of a method that works in place."""
    name = str(getattr(function, "__name__", type(function).__name__))
    if name == "__get__":
        return str(getattr(function.__self__, "__name__", name))
    return name


def is_in_place(name: str) -> bool:
    """Return whether a function of this name changes its first argument."""
    if name.startswith("__"):
        return name == "__setitem__" or (name.startswith("__i") and name not in ("__invert__", "__index__", "__int__"))
    return name.endswith("_")


def call_of(grad_fn: Any, number: int) -> Call | None:
    """Return the call that made a result; None where it was not seen."""
    found: Call | None = grad_fn.metadata.get(_KEY, {}).get(number)
    return found


LeafName = Callable[[Any, int, FrameType], str]
"""Says what a leaf is called: one that is so manieth among the tensors of a call, in the frame that made the call."""


def call_and_keep(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], scope: tuple[str, ...], name_leaf: LeafName
) -> Any:
    """Call a function, and keep what was called where autograd will differentiate it."""
    name = name_of(function)
    changed = None
    if is_in_place(name) and args and isinstance(args[0], torch.Tensor) and torch.is_grad_enabled():
        changed = args[0]
        # what it was is lost afterwards
        before = changed if changed.requires_grad else changed.clone()
        kept = _kept_arguments((before, *args[1:]), kwargs)
    result = function(*args, **kwargs)
    made = changed if name == "__setitem__" else result
    if isinstance(made, torch.Tensor):
        results: Iterable[tuple[int | None, Any]] = ((None, made),)
    elif isinstance(made, tuple | list):
        results = enumerate(made)
    else:
        return result
    first = True
    for output, each in results:
        if not isinstance(each, torch.Tensor) or not each.requires_grad or each.grad_fn is None:
            continue
        by_number = each.grad_fn.metadata.setdefault(_KEY, {})
        if each.output_nr in by_number:  # it handed on what it was given
            continue
        if first:
            if changed is None:
                kept = _kept_arguments(args, kwargs)
            template, named, tensors = kept
            template, named, tensors = _without_noise(name, template, named, tensors, made)
            frame = outside(sys._getframe(1))
            sources = tuple(
                [
                    origin
                    if isinstance(origin, tuple)
                    else Leaf(tensor, tensor._version, origin or name_leaf(tensor, n, frame) or _usual_name(name, n))
                    for n, (tensor, origin) in enumerate(tensors)
                ]
            )
            dtypes = tuple([tensor.dtype for tensor, _ in tensors])
            key = f"{name}{template}{named}{dtypes}"
            plain = _is_plain(name, args, kwargs)
            first = False
        by_number[each.output_nr] = Call(
            function, name, template, named, sources, dtypes, output, tuple(each.shape),
            frame.f_code.co_filename, frame.f_lineno, scope, key, plain,
        )  # fmt: skip
    return result


def refusal(call: Call) -> ProgramError | None:
    """Return why a call cannot be shown; None where it can."""
    where = f"{call.name} at {call.location}"
    if call.name in _RANDOM:
        return ProgramError(f"{where} draws random numbers of its own; put an nn.Dropout in its place, or take it out")
    if call.name == ATTENTION and call.args[4] and "noise" not in call.kwargs:
        return ProgramError(f"{where} drops at random; set its dropout to 0")
    if call.name in ("lstm", "gru", "rnn_tanh", "rnn_relu") and _drops(call):
        return ProgramError(f"{where} drops at random between its layers; set its dropout to 0")
    for dtype in call.dtypes:
        if dtype.is_complex:
            return ProgramError(f"{where} computes with {dtype}; use real numbers, its parts as two tensors")
        if dtype.is_floating_point and dtype not in _SUPPORTED:
            return ProgramError(f"{where} computes with {dtype}; take out autocast() or half(), so that it is float32")
    return None


def _drops(call: Call) -> bool:
    """Return whether a recurrent network drops: between its layers, so that one layer drops nothing."""
    floats = [each for each in call.args if isinstance(each, float)]
    flags = [each for each in call.args if isinstance(each, bool)]
    layers = [each for each in call.args if type(each) is int]
    return bool(floats and floats[0] and len(flags) > 1 and flags[1] and layers[:1] != [1])


def _usual_name(function: str, number: int) -> str:
    """Return what the tensor of this number is in every call of a function, nothing where that cannot be said."""
    return "target" if number == 1 and function.partition("_with_logits")[0].endswith(("_loss", "_entropy")) else ""


_Given = tuple[Any, tuple[Any, int] | str | None]
"""A tensor, and the result of which of autograd's nodes it is, or what it is called where nobody gave it a name."""


def _kept_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any], list[_Given]]:
    tensors: list[_Given] = []

    def kept(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            is_made = value.requires_grad and value.grad_fn is not None
            tensors.append((value, (value.grad_fn, value.output_nr) if is_made else None))
            return Slot(len(tensors) - 1)
        if type(value) in (tuple, list):
            return type(value)([kept(each) for each in value])
        if isinstance(value, slice):
            return slice(kept(value.start), kept(value.stop), kept(value.step))
        return value

    return tuple([kept(each) for each in args]), {name: kept(each) for name, each in kwargs.items()}, tensors


def _without_noise(
    name: str, args: Any, kwargs: dict[str, Any], tensors: list[_Given], made: Any
) -> tuple[Any, dict[str, Any], list[_Given]]:
    """Make what a call drew by itself a tensor among its inputs, and leave out those that it only writes to."""
    if name in ("dropout", "dropout_", "feature_dropout", "feature_dropout_") and "Mul" in made.grad_fn.name():
        return (Slot(0), Slot(1)), {}, [tensors[0], (made.grad_fn._saved_other, _MASK)]
    if name == ATTENTION:
        args, kwargs = (*args, *[None, 0.0][len(args) - 3 :]), dict(kwargs)
        given = dict(zip(("attn_mask", "dropout_p"), args[3:], strict=False))
        given |= {key: kwargs.pop(key) for key in ("attn_mask", "dropout_p") if key in kwargs}
        args = (*args[:3], given["attn_mask"], given["dropout_p"], *args[5:])
        noise = _noise_of(made.grad_fn) if args[4] else None
        if noise is not None:
            return args, {**kwargs, "noise": Slot(len(tensors))}, [*tensors, (noise, _MASK)]
    if name in ("batch_norm", "instance_norm") and args[5]:
        kept = [n for n, each in enumerate(args) if isinstance(each, Slot) and n not in (3, 4)]
        slots = {n: Slot(number) for number, n in enumerate(kept)}
        used = [tensors[args[n].number] for n in kept]
        return tuple([slots.get(n, None if n in (3, 4) else each) for n, each in enumerate(args)]), kwargs, used
    return args, kwargs, tensors


def _noise_of(grad_fn: Any) -> Any:
    """Return what an attention drew to multiply its softmax by, from the nodes that autograd made of it."""
    waiting = [grad_fn]
    while waiting:
        node = waiting.pop(0)
        below = [each for each, _ in node.next_functions if each is not None]
        if "Mul" in node.name() and any("Softmax" in each.name() for each in below):
            return node._saved_other
        if "Softmax" not in node.name():
            waiting += below
    return None


def _is_plain(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether the numbers of the inputs are such that our operation means the same as torch's."""
    if name in ("cross_entropy_loss", "nll_loss", "nll_loss_nd") and not args[1].is_floating_point():
        return not bool((args[1] == args[4]).any())  # no class is to be ignored
    if name == ATTENTION:
        mask = kwargs.get("attn_mask", args[3] if len(args) > 3 else None)
        return mask is None or bool(mask.is_floating_point())  # otherwise it says what is to be seen
    if name == "binary_cross_entropy":
        return bool(((args[0] > 1e-40) & (args[0] < 1)).all())
    if name == "__getitem__" and isinstance(args[1], torch.Tensor):
        return args[1].dtype in (torch.int64, torch.int32) and bool((args[1] >= 0).all())
    return True


def outside(frame: FrameType) -> FrameType:
    """Return the innermost frame that is neither torch's nor ours."""
    at: FrameType | None = frame
    while at is not None:
        if not at.f_code.co_filename.startswith((_TORCHS, _OURS)):
            return at
        at = at.f_back
    return frame
