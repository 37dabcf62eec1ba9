"""The steps that a learner's engine took: at each `backward()` its graph, its numbers, and the gradients it found.

Of each step only what can differ is kept: the numbers of the leaves and the gradients, as plain arrays. Graphs of the
same structure are kept once.
"""

from __future__ import annotations

import re
import sys
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf
from types import CodeType, FrameType
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from ..execution import EnoughSteps
from ..far_below import FAR_BELOW
from ..naming import name_objects
from ..program import ProgramError
from .attributes import Attributes, find_attributes, is_number, number_like, stored, stored_text
from .node_by_node import NodeByNode, passed_on_alone
from .noting import Call, Note, Noted, note_of
from .taken import ABSENT, Numbers, Structure, Taken, is_absent, size_of, size_of_structure
from .walking import Walk, Walker

MOST_BYTES = 64 * 2**20
_MOST_LOOKED_AT = 2_000
_MOST_CHILDREN = 50_000
_LARGE = 5_000
_TRACKED = re.compile(r"_?(requires?|needs?|has|track|compute|calc)_?grad(ient)?s?|_?(is_)?trainable")
_LABELS = ("label", "name", "_label", "_name")


@dataclass(eq=False)
class Recorder:
    """Records the backward calls that `noting` reports; the one after the first `most` ends the script."""

    most: float = inf
    walker: Walker = field(default_factory=Walker)
    steps: list[Taken] = field(default_factory=list)
    attributes: Attributes | None = None
    loss_type: type | None = None
    backward: CodeType | None = None
    called_at: tuple[str, int] = ("", 0)
    last_leaves: list[Noted] = field(default_factory=list)
    refused: ProgramError | None = None
    without_gradient: type | None = None
    is_called: bool = False
    taken: int = 0
    every: int = 1
    has_far_below: bool = False
    _structures: dict[bytes, Structure] = field(default_factory=dict)
    _bytes: int = 0
    _looked_into: int = 0
    _named: dict[str, Noted] = field(default_factory=dict)
    _follows: bool = False
    _unfinished: NodeByNode | None = None

    def on_backward(self, args: tuple[Any, ...], call: Call, code: CodeType, caller: FrameType) -> Any:
        """Make a backward call of the script's and record it; where it is none of a graph, only make it.

        `code` is the function that is called, and `caller` the frame that calls it.
        """
        self.is_called = True
        unfinished = self._unfinished
        if unfinished is not None:
            node = next((each for each in args if unfinished.goes_on_with(each, caller)), None)
            if node is not None:
                result = call()
                assert self.attributes is not None
                operands = self.walker.operands_of(node)
                unfinished.go_on(operands, self._as_numbers(self.attributes.gradients(operands)))
                return result
        self._unfinished = None
        loss = next((each for each in args if isinstance(each, Noted) and _is_made(each)), None)
        if self.taken >= self.most:
            raise EnoughSteps
        if loss is None:
            return call()
        if self.refused is not None:  # nothing more of it can be shown, and nobody waits for the rest
            raise EnoughSteps
        try:
            if self.attributes is None:
                self.walker.is_node = lambda kind: _like(kind, type(loss))
                self.walker.node_types.clear()
            walk = self.walker.walk(loss)
            if self._named and self._is_all_new(walk) and self.follow_names(vars(sys.modules["__main__"])):
                walk = self.walker.walk(loss)
            if not walk.leaves or len(walk.nodes) < 2:
                return call()
        except ProgramError as refused:
            self.refused = refused
            return call()
        if self.attributes is None:
            looked = walk.nodes[-_MOST_LOOKED_AT:]
            was = [{k: _copied(v) for k, v in stored(node).items() if number_like(v)} for node in looked]
            # which of them is the gradient only the call will tell
            names = dict.fromkeys(name for each in was for name in each)
            stood = {name: list(map(_copied, Attributes("", name).gradients(walk.nodes))) for name in names}
            result = call()
            self.attributes = find_attributes(was, [stored(node) for node in looked])
            if self.attributes is None:
                self.without_gradient = type(loss)
                return result
            self.loss_type, self.backward = type(loss), code
            self.called_at = caller.f_code.co_filename, caller.f_lineno
            before = self._as_numbers(stood.get(self.attributes.gradient, [None] * len(walk.nodes)))
        else:
            before = self._as_numbers(self.attributes.gradients(walk.nodes))
            result = call()
        self._record(walk, before, caller)
        return result

    def follow_names(self, namespace: Mapping[str, object]) -> bool:
        """Let instances that a script made in place of its weights be these weights, and return whether there are any.

        Such a weight has the same name at each backward call, was made at one site first and at another afterwards (a
        loop makes its data at one), and has at first moved against its gradient, at one rate for all.
        """
        if not self._named or self.attributes is None:
            return False
        places = {id(leaf): place for place, leaf in enumerate(self.last_leaves)}
        followed: list[tuple[int, Noted, Noted]] = []
        for name, instance in self._by_name(namespace).items():
            old = self._named.get(name)
            if old is None or old is instance or id(old) not in places or not self.walker.is_leaf(instance):
                continue
            if not is_number(stored(instance).get(self.attributes.number)):
                continue
            if self.walker.site_of(old) is not self.walker.site_of(instance):
                followed.append((places[id(old)], old, instance))
        if not followed or not (self._follows or self._is_descent(followed)):
            self._named = {}
            return False
        self._follows = True
        for place, old, instance in followed:
            self.walker.replace(old, instance)
            self.last_leaves[place] = instance
        return True

    def _is_descent(self, followed: Sequence[tuple[int, Noted, Noted]]) -> bool:
        assert self.attributes is not None
        last, rates = self.steps[-1], list[float]()
        if last.number != self.taken - 1:
            return False
        for place, old, instance in followed:
            stood, stands = map(np.asarray, map(self.attributes.read_number, (old, instance)))
            if stood.shape != stands.shape:
                return False
            moved = stood - stands
            slope = np.asarray(last.after[last.structure.leaves[place]], dtype=float)
            if moved.shape != slope.shape or (moved[slope == 0] != 0).any():
                return False
            rates += (moved[slope != 0] / slope[slope != 0]).tolist()
        return bool(rates) and rates[0] > 0 and np.allclose(rates, rates[0], rtol=1e-5, atol=0)

    def _is_all_new(self, walk: Walk) -> bool:
        return {id(leaf) for leaf in self.last_leaves}.isdisjoint(id(walk.nodes[leaf]) for leaf in walk.leaves)

    def _by_name(self, namespace: Mapping[str, object]) -> dict[str, Noted]:
        found: dict[int, Noted] = {}

        def wanted(value: object) -> bool:
            if isinstance(value, Noted) and self.walker.counts(value):
                found[id(value)] = value
                return True
            return False

        return {name: found[identity] for identity, name in name_objects(namespace, wanted).items()}

    def _record(self, walk: Walk, before: Numbers, caller: FrameType) -> None:
        assert self.attributes is not None
        read = self.attributes.read_number
        try:
            measured = np.asarray(read(walk.nodes[-1]), dtype=float)
            seed = self.attributes.read_gradient(walk.nodes[-1])
            if measured.size != 1 and not _is_one(before[-1] if seed is None else seed):
                self.refused = ProgramError(f"backward() was called on an array of {measured.shape}; call it on a loss")
                return
            if any(read(node) is None for node in walk.nodes):
                kind = type(walk.nodes[-1]).__name__
                self.refused = ProgramError(f"a {kind} has None as its number; leave it out, or give it an array of 0")
                return
            if self.taken % self.every == 0:
                self._keep(walk, before, float(measured.sum()), caller)
        except AttributeError:
            return
        self.last_leaves = [walk.nodes[leaf] for leaf in walk.leaves]
        if self.taken == 0 or self._follows:
            self._named = self._by_name(vars(sys.modules["__main__"]))
        self.taken += 1

    def _keep(self, walk: Walk, before: Numbers, loss: float, caller: FrameType) -> None:
        """Keep a step; where that is too much, let go of every second one."""
        assert self.attributes is not None
        read = self.attributes.read_number
        after = self._as_numbers(self._tracked_gradients(walk.nodes))
        numbers = self._as_numbers([self._bounded(read(walk.nodes[leaf])) for leaf in walk.leaves])
        walk.raw[:] = map(self._bounded, walk.raw)
        structure = self._structure(walk, caller)
        taken = Taken(self.taken, structure, walk.serials, numbers, walk.raw, loss, before, after, self._children(walk))
        self.steps.append(taken)
        operands = self.walker.operands_of(walk.nodes[-1])
        if passed_on_alone(walk, operands, before, after):
            self._unfinished = NodeByNode(taken, walk, caller)
        self._bytes += size_of(taken)
        if self._bytes > MOST_BYTES and len(self.steps) > 2:
            self.every *= 2
            self.steps = [step for step in self.steps if step.number % self.every == 0]
            kept = {id(step.structure) for step in self.steps}
            self._structures = {key: each for key, each in self._structures.items() if id(each) in kept}
            self._bytes = sum(map(size_of, self.steps)) + sum(map(size_of_structure, self._structures.values()))

    def _tracked_gradients(self, nodes: Sequence[Noted]) -> list[Any]:
        """Return the gradients of nodes: none where one says that it wants none, and has nothing but 0 for it."""
        assert self.attributes is not None
        gradients = self.attributes.gradients(nodes)
        flag = next((name for name in stored(nodes[-1]) if _TRACKED.fullmatch(name)), None)
        if flag is None:
            return gradients
        wanted = [stored(node).get(flag) for node in nodes]
        return [
            None if want is False and not np.any(gradient) else gradient
            for want, gradient in zip(wanted, gradients, strict=True)
        ]

    def _structure(self, walk: Walk, caller: FrameType) -> Structure:
        assert self.attributes is not None
        codes = walk.structure.tobytes()
        read = self.attributes.read_number
        # a batch of another size makes a graph of other shapes
        shapes = [np.shape(each) for each in (*map(read, map(walk.nodes.__getitem__, walk.leaves)), *walk.raw)]
        key = blake2b(codes + repr(shapes).encode() if any(shapes) else codes).digest()
        if key not in self._structures:
            values = self._as_numbers(list(map(self.attributes.read_number, walk.nodes)))
            labels = {n: text for n, node in enumerate(walk.nodes) if (text := stored_text(node, _LABELS))}
            if name := _name_in(caller, walk.nodes[-1]):
                labels.setdefault(len(walk.nodes) - 1, name)
            structure = Structure(zlib.compress(codes, 1), labels, values, walk.raw, walk.leaves)
            self._structures[key] = structure
            self._bytes += size_of_structure(structure)
        return self._structures[key]

    def _children(self, walk: Walk) -> dict[int, tuple[int, ...]]:
        """Return the children of each node in their container's own order, of so many nodes in all steps together."""
        self._looked_into += len(walk.nodes)
        if self._looked_into > _MOST_CHILDREN or len(walk.nodes) > _LARGE:
            return {}
        index = {id(node): number for number, node in enumerate(walk.nodes)}
        found = {}
        counts = self.walker.counts
        for number, node in enumerate(walk.nodes):
            held = (each for each in stored(node).values() if isinstance(each, list | tuple | set | frozenset))
            for each in held:
                # a container may have pairs of a child and its slope
                children = [next(filter(counts, one), one) if type(one) is tuple else one for one in each]
                if children and all(map(counts, children)):
                    found[number] = tuple([index.get(id(child), -1) for child in children])
                    break
        return found

    def _bounded(self, value: Any) -> Any:
        """Return a number without minus infinity, which masks are made of; an array of nothing else has come to it."""
        if type(value) is float or not isinstance(value, float | np.ndarray | np.floating):
            infinite = value == -inf
        else:
            infinite = np.isneginf(value)
        if not np.any(infinite) or (np.ndim(value) and np.all(infinite)):
            return value
        self.has_far_below = True
        return np.where(infinite, FAR_BELOW, value).astype(_kind(value)) if np.ndim(value) else FAR_BELOW

    def _as_numbers(self, read: list[Any]) -> Numbers:
        """Return numbers as compactly as they can be kept."""
        if set(map(type, read)) <= {float, int}:
            return array("d", read)
        if any(isinstance(value, np.ndarray) for value in read):
            return [None if value is None else np.array(value, dtype=_kind(value)) for value in read]
        return array("d", [ABSENT if value is None else float(value) for value in read])

    def left(self) -> dict[int, Array]:
        """Return the numbers that the last step's leaves have now, by their serial numbers."""
        if self.attributes is None or not self.steps or self.steps[-1].number != self.taken - 1:
            return {}
        read = self.attributes.read_number
        found = {}
        for serial, leaf in zip(self.steps[-1].serials, self.last_leaves, strict=True):
            value = self._bounded(read(leaf))
            if is_number(value):
                found[serial] = np.array(value, dtype=float)
        return found


def _name_in(caller: FrameType, loss: Noted) -> str | None:
    """Return what the function that calls `backward` calls the loss; in the engine itself it is `self`, no name."""
    names = (name for name, value in caller.f_locals.items() if value is loss)
    return next((name for name in names if name.isidentifier() and not name.startswith("_") and name != "self"), None)


def _kind(value: Any) -> type:
    """Return in which precision numbers are kept: that of the engine decides how closely they can agree."""
    return np.float32 if getattr(value, "dtype", None) == np.float32 else float


def _is_made(instance: Noted) -> bool:
    note: Note | None = note_of(instance)
    return note is not None and len(note) > 1


def _like(kind: type, loss: type) -> bool:
    """Return whether instances of this class are nodes where the loss is one of that class."""
    shared = [each for each in kind.__mro__ if each in loss.__mro__ and each not in (Noted, object)]
    return bool(shared)


def _is_one(gradient: Any) -> bool:
    """Return whether an array has the gradient 1 in each entry, as where their sum is the loss, or forgets it."""
    return is_absent(gradient) or bool(np.all(np.asarray(gradient) == 1))


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value
