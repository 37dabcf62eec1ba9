"""The steps that a script took with torch: at each backward call its graph, its numbers, and torch's gradients.

Graphs of the same structure are kept once; of each step what can differ: the leaves, the gradients, the update.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
import torch

from minidl_core.arrays import Array
from minidl_core.train import Optimizer

from ..execution import EnoughSteps
from ..far_below import FAR_BELOW, FAR_BELOW_REMARK
from ..program import ProgramError
from .calls import Call, Leaf, call_of, outside, refusal
from .modules import Modules, local_name
from .optimizers import clipping_of, optimizer_like

_MOST_REFUSED = 20
"""After so many calls of a script of which none can be shown it is ended: nobody waits for the rest."""
MOST_BYTES = 64 * 2**20
_CHANGED = (
    "between backward() and its optimizer's step the script changed gradients, other than by clipping them; such steps"
    " are shown as the script made them"
)
_ADDED_UP = (
    "its optimizer moved by other gradients than those of the last backward call alone: they add up over several calls,"
    " until zero_grad(); such steps are shown as the script made them"
)


@dataclass(frozen=True, eq=False)
class Structure:
    """A graph, the inputs of a node before it: for each node its call, None for a leaf, and its inputs' numbers."""

    calls: Sequence[Call | None]
    inputs: Sequence[Sequence[int]]
    leaves: Sequence[int]


@dataclass(eq=False)
class Update:
    """What an optimizer of torch did after a step, and the one of ours that does the same, if there is any.

    `owner` is torch's; `moved` are the tensors that it moved, by `id`.
    """

    owner: int
    optimizer: Optimizer | None
    moved: frozenset[int]


@dataclass(frozen=True)
class Sum:
    """How many calls the gradient of a tensor was summed from, and whether the tensor has moved since the first."""

    calls: int
    is_old: bool


@dataclass(eq=False)
class Taken:
    """One step: the loss's name, of each leaf the tensor's `id`, name and number, and of each node the gradient.

    `trainable` are the leaves' that require a gradient. `before` are the gradients that stood in the leaves, `sums`
    what `.grad` was after the call, by the tensor's `id`. `called_at` is the file and the line of the call.
    """

    structure: Structure
    name: str
    ids: Sequence[int]
    names: Sequence[str]
    trainable: Sequence[bool]
    numbers: Sequence[Array]
    gradients: Sequence[Array | None]
    before: Sequence[Array | None]
    loss: float
    called_at: tuple[str, int]
    sums: Mapping[int, Sum] = field(default_factory=dict)
    update: Update | None = None


@dataclass(eq=False)
class Recorder:
    """Records backward calls and updates; `rests` is whether a backward pass or we ourselves are using torch now.

    The backward call after the first `most` ends the script.
    """

    most: float = inf
    modules: Modules = field(default_factory=Modules)
    steps: list[Taken] = field(default_factory=list)
    taken: int = 0
    refused: ProgramError | None = None
    remarks: dict[str, None] = field(default_factory=dict)
    tensors: dict[int, Any] = field(default_factory=dict)
    optimizers: dict[int, Any] = field(default_factory=dict)
    rests: bool = False
    _structures: dict[Any, Structure] = field(default_factory=dict)
    _last: dict[int, Array] = field(default_factory=dict)
    _begun: dict[int, bool] = field(default_factory=dict)
    _sums: dict[int, Sum] = field(default_factory=dict)
    _bytes: int = 0

    @contextmanager
    def resting(self) -> Iterator[None]:
        """See nothing in this block."""
        before, self.rests = self.rests, True
        try:
            with torch._C.DisableTorchFunction():
                yield
        finally:
            self.rests = before

    def on_backward(
        self, losses: Any, gradients: Any, call: Callable[[], Any], asked: Sequence[Any] | None = None
    ) -> Any:
        """Make a backward call of the script's and record it; `asked` are the tensors whose gradients it returns."""
        if self.rests:
            return call()
        if self.taken >= self.most:
            raise EnoughSteps
        if self.refused or (self._bytes > MOST_BYTES and len(self.steps) > 2):
            self.taken += 1
            if not self.steps and self.taken > _MOST_REFUSED:
                raise EnoughSteps
            return call()
        try:
            with self.resting():
                loss = _one_loss(losses, gradients)
                walk = _Walk(loss)
        except ProgramError as refused:
            self.refused = refused
            return call()
        found: dict[int, Array] = {}
        before: dict[int, Any] = {}
        stood: dict[int, Array | None] = {}
        hooks = [
            grad_fn.register_prehook(_keeping(found, outputs)) for grad_fn, outputs in walk.numbers_by_grad_fn.items()
        ]
        with self.resting():
            if asked is None:
                for tensor in walk.trainable():
                    before[id(tensor)], tensor.grad = tensor.grad, None
                    old = before[id(tensor)]
                    stood[id(tensor)] = None if old is None else _number(old, copy=True)  # torch adds to it in place
        self.rests = True
        try:
            result = call()
        finally:
            self.rests = False
            for hook in hooks:
                hook.remove()
            with self.resting():
                fresh = self._fresh(walk, before)
        with self.resting():
            if asked is not None:
                fresh = {id(t): g for t, g in zip(asked, result, strict=True) if g is not None}
            try:
                self._record(walk, loss, found, fresh, stood)
            except ProgramError as refused:
                self.refused = refused
        return result

    def _fresh(self, walk: _Walk, before: dict[int, Any]) -> dict[int, Any]:
        """Return the gradients of this call alone, and add to each what stood there before, as torch does."""
        fresh = {}
        for tensor in walk.trainable():
            if id(tensor) not in before:
                continue
            gradient, old = tensor.grad, before[id(tensor)]
            if gradient is not None:
                fresh[id(tensor)] = gradient if old is None else gradient.clone()
            if old is not None:
                tensor.grad = (
                    old if gradient is None else old.add_(gradient) if not old.requires_grad else old + gradient
                )
        return fresh

    def _record(
        self, walk: _Walk, loss: Any, found: dict[int, Array], fresh: dict[int, Any], stood: dict[int, Array | None]
    ) -> None:
        structure = self._structures.setdefault(
            tuple(walk.keys), Structure(walk.calls, walk.inputs, [n for n, c in enumerate(walk.calls) if c is None])
        )
        leaves = [walk.leaves[n] for n in structure.leaves]
        gradients: list[Array | None] = [found.get(n) for n in range(len(walk.calls))]
        for n, leaf in zip(structure.leaves, leaves, strict=True):
            gradient = fresh.get(id(leaf.tensor))
            if gradient is not None and gradient.layout != torch.strided:
                consumer = next(c for c, i in zip(structure.calls, structure.inputs, strict=True) if n in i)
                of = f"{leaf.name or 'a parameter'}, {_used_by(consumer)},"
                raise ProgramError(f"the gradient of {of} is sparse; make its layer with sparse=False")
            gradients[n] = None if gradient is None else _number(gradient, copy=True)
        last = {key: self._last.get(key) for key in stood}
        caller = outside(sys._getframe())
        taken = Taken(
            structure,
            local_name(loss, caller),
            [id(leaf.tensor) for leaf in leaves],
            [leaf.name for leaf in leaves],
            [leaf.tensor.requires_grad for leaf in leaves],
            [self._kept(leaf.tensor) for leaf in leaves],
            gradients,
            [stood.get(id(leaf.tensor)) for leaf in leaves],
            float(loss.detach().double().reshape(())),
            (caller.f_code.co_filename, caller.f_lineno),
        )
        moved = {key for key, number in last.items() if number is not None and self._last[key] is not number}
        taken.sums = {key: self._summed(key, old, moved=key in moved) for key, old in stood.items()}
        self._bytes += sum(each.nbytes for each in gradients if each is not None)
        self.tensors |= {id(leaf.tensor): leaf.tensor for leaf in leaves if leaf.tensor.requires_grad}
        self.steps.append(taken)
        self.taken += 1

    def _summed(self, key: int, stood: Array | None, *, moved: bool) -> Sum:
        """Return what a tensor's `.grad` is the sum of after a call, where this gradient stood in it before."""
        before = self._sums.get(key)
        if before is None or stood is None or not stood.any():
            self._sums[key] = Sum(1, is_old=False)
        else:
            self._sums[key] = Sum(before.calls + 1, before.is_old or moved)
        return self._sums[key]

    def _kept(self, tensor: Any) -> Array:
        """Return a copy of a tensor's number, the one of before where it is the same."""
        now, last = _number(tensor), self._last.get(id(tensor))
        if now.dtype.kind == "f" and not tensor.requires_grad and np.isneginf(now).any():
            now = np.where(np.isneginf(now), FAR_BELOW, now).astype(now.dtype)
            self.remarks[FAR_BELOW_REMARK] = None
        if last is not None and last.dtype == now.dtype and np.array_equal(last, now, equal_nan=now.dtype.kind == "f"):
            return last
        self._last[id(tensor)] = now = now.copy()
        self._bytes += now.nbytes
        return now

    def on_update_begun(self, optimizer: Any) -> None:
        """Note whether an optimizer that takes its first step remembers nothing."""
        self._begun.setdefault(id(optimizer), not optimizer.state)
        self.optimizers[id(optimizer)] = optimizer

    def on_update(self, optimizer: Any) -> None:
        """Note that an optimizer has moved what it moves: by the gradients of the step before, or by others."""
        if self.refused or not self.steps or self.taken > len(self.steps):
            return
        with self.resting():
            moved = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            step = next(
                (step for step in reversed(self.steps) if not {id(p) for p in moved}.isdisjoint(step.ids)), None
            )
            if step is None:
                return
            places = {key: n for n, key in zip(step.structure.leaves, step.ids, strict=True)}
            gradients = [(p, step.gradients[places[id(p)]] if id(p) in places else None) for p in moved]
            clipping = clipping_of([(_number(p.grad), g) for p, g in gradients])
            if clipping is None:
                stood = {key for key, each in zip(step.ids, step.before, strict=True) if each is not None}
                adds_up = any(id(p) in stood or (g is None and bool(p.grad.any())) for p, g in gradients)
                is_old = any(id(p) in step.sums and step.sums[id(p)].is_old for p in moved)
                if not is_old:  # else the run says so, as a mistake
                    self.remarks[_ADDED_UP if adds_up else _CHANGED] = None
            ours = None
            if self._begun[id(optimizer)] and step.update is None and clipping is not None:
                ours = optimizer_like(optimizer, clipping)
            if ours is None:
                # from here on it remembers what is not seen
                self._begun[id(optimizer)] = False
            step.update = Update(id(optimizer), ours, frozenset(id(p) for p in moved))

    def left(self) -> dict[int, Array]:
        """Return what the trainable tensors are now."""
        with self.resting():
            return {key: _number(tensor, copy=True) for key, tensor in self.tensors.items()}


class _Walk:
    """The graph of a loss in the order of evaluation, its `keys` the structure; raises ProgramError."""

    def __init__(self, loss: Any) -> None:
        self.calls: list[Call | None] = []
        self.inputs: list[Sequence[int]] = []
        self.keys: list[Any] = []
        self.leaves: dict[int, Leaf] = {}
        self.numbers_by_grad_fn: dict[Any, dict[int, int]] = {}
        self._numbers: dict[Any, int] = {}
        stack: list[tuple[Any, Call | None]] = [((loss.grad_fn, loss.output_nr), None)]
        while stack:
            source, consumer = stack[-1]
            if self._number_of(source) is not None:
                stack.pop()
                continue
            if isinstance(source, Leaf):
                self._add_leaf(source, _used_by(consumer))
                stack.pop()
                continue
            call = call_of(*source)
            if call is None:
                raise _unseen(source[0], _used_by(consumer))
            waiting = [each for each in call.sources if self._number_of(each) is None]
            if waiting:
                stack += [(each, call) for each in reversed(waiting)]
                continue
            if refused := refusal(call):
                raise refused
            stack.pop()
            self.numbers_by_grad_fn.setdefault(source[0], {})[source[1]] = len(self.calls)
            inputs = [self._numbers[_key(each)] for each in call.sources]
            self._add(source, call, inputs, (call.key, call.file, call.line, call.output, call.shape, call.is_plain))

    def _number_of(self, source: Any) -> int | None:
        return self._numbers.get(_key(source))

    def _add_leaf(self, leaf: Leaf, where: str) -> None:
        tensor, named = leaf.tensor, leaf.name or "a tensor"
        if tensor._version != leaf.version:
            raise ProgramError(
                f"{named}, {where}, was changed in place after that and before backward(); change a copy of it"
            )
        if tensor.layout != torch.strided:
            raise ProgramError(f"{named}, {where}, is sparse; make it dense, by to_dense()")
        if tensor.dtype.is_complex:
            raise ProgramError(f"{named}, {where}, is {tensor.dtype}; use real numbers, its parts as two tensors")
        self.leaves[len(self.calls)] = leaf
        # two parameters of one shape are not each other
        own = id(tensor) if tensor.requires_grad else None
        self._add(leaf, None, (), (tuple(tensor.shape), own, leaf.name))

    def _add(self, source: Any, call: Call | None, inputs: Sequence[int], means: Any) -> None:
        self._numbers[_key(source)] = len(self.calls)
        self.calls.append(call)
        self.inputs.append(inputs)
        self.keys.append((means, tuple(inputs)))

    def trainable(self) -> list[Any]:
        """Return the leaves that require a gradient."""
        return [leaf.tensor for leaf in self.leaves.values() if leaf.tensor.requires_grad]


def _key(source: Any) -> Any:
    return id(source.tensor) if isinstance(source, Leaf) else source


def _used_by(consumer: Call | None) -> str:
    return "the loss" if consumer is None else f"used by {consumer.name} at {consumer.location}"


def _one_loss(losses: Any, gradients: Any) -> Any:
    """Return the loss of a backward call; raises ProgramError where it is not one number."""
    many = losses if isinstance(losses, list | tuple) else [losses]
    if len(many) != 1:
        raise ProgramError(f"backward() was called on {len(many)} tensors; call it on one loss, their sum")
    [loss] = many
    if loss.grad_fn is None:
        raise ProgramError("backward() was called on a tensor that nothing made; call it on a loss")
    given = gradients[0] if isinstance(gradients, list | tuple) else gradients
    if loss.numel() != 1:
        raise ProgramError(
            f"backward() was called on {tuple(loss.shape)} numbers; call it on a loss: (y * gradient).sum()"
        )
    if given is not None and float(given) != 1:
        raise ProgramError(f"backward() was given a gradient of {float(given):g}; multiply the loss by it")
    return loss


def _unseen(grad_fn: Any, where: str) -> ProgramError:
    name = grad_fn.name().rpartition("::")[2]
    if name == "CopySlices" or "AsStrided" in name:
        changed = f"a tensor, {where}, was changed in place by way of a part of it (as by x[0].add_(1))"
        return ProgramError(f"{changed}, which cannot be followed; write x[0] = ..., or make a new tensor")
    remedy = "take out vmap, create_graph=True, or what else calls torch from C++"
    return ProgramError(f"{name}, {where}, is of autograd, but its call was not seen; {remedy}")


def _keeping(found: dict[int, Array], outputs: dict[int, int]) -> Callable[[Any], None]:
    def keep(gradients: Any) -> None:
        with torch._C.DisableTorchFunction():
            for output, number in outputs.items():
                if gradients[output] is not None:
                    found[number] = _number(gradients[output], copy=True)

    return keep


def _number(tensor: Any, *, copy: bool = False) -> Array:
    """Return a tensor as an array of its own precision."""
    array: Array = tensor.detach().cpu().numpy()
    return array.copy() if copy else array
