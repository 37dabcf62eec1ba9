"""J at many values of one or two weights, the other numbers as they are: piece by piece, coarse before fine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from time import perf_counter
from weakref import WeakKeyDictionary

import numpy as np

from minidl_core import MinidlError, NonFiniteError, Placeholder, State, Variable
from minidl_core.arrays import Array, freeze, quiet

from ..debugger.kept import kept
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from .axes import LARGEST
from .weights import Weight

MOST_NODES = 2_000
"""J of a graph with more nodes takes too long to compute a thousand times while somebody looks."""
_STRIDES = (8, 4, 2, 1)


class Slice:
    """J as a function of some weights, the other numbers being those of a state.

    `problem` is the sentence that says why it cannot be computed there, if it cannot.
    """

    def __init__(self, graph: LossGraph, start: State, weights: Sequence[Weight]) -> None:
        self._loss = graph.loss
        self._plan = graph.plan
        self._feeds: Mapping[Placeholder, Array] = start.feeds
        self._variables: Mapping[Variable, Array] = start.variables
        self._weights = tuple(weights)
        self.problem = ""

    def __call__(self, *numbers: float) -> float:
        """Return J where the weights are these numbers; NaN where it is not finite, or too large for an axis."""
        variables = dict(self._variables)
        for weight, x in zip(self._weights, numbers, strict=True):
            array = np.array(variables.get(weight.node, weight.node.initial_value))
            array[weight.index] = x
            variables[weight.node] = freeze(array)
        try:
            with quiet():
                loss = float(self._plan.run(self._feeds, variables)[self._loss])
        except NonFiniteError:
            return float("nan")
        except MinidlError as error:
            self.problem = str(error)
            return float("nan")
        return loss if abs(loss) <= LARGEST else float("nan")


class Grid:
    """J at the points of a grid: of one weight at `axes[0]`, of two at each pair of `axes`.

    Each axis has 8·n + 1 points. `values` has NaN where J is not computed yet, or is not finite. It is whole at every
    `stride`-th point, 0 before anything is computed.
    """

    def __init__(self, loss: Slice, axes: Sequence[Array]) -> None:
        self.loss = loss
        self.axes = tuple(axes)
        self.values: Array = np.full([len(axis) for axis in axes], np.nan)
        self.stride = 0
        self._left = self._fill()

    @property
    def is_whole(self) -> bool:
        """Whether J is computed at every point."""
        return self.stride == 1

    def fill(self, seconds: float) -> bool:
        """Compute J at further points for so long, at least at one; return whether there are more."""
        end = perf_counter() + seconds
        for _ in self._left:
            if perf_counter() >= end:
                break
        return not self.is_whole

    def finish(self) -> None:
        """Compute J at all points."""
        for _ in self._left:
            pass

    def coarse(self) -> tuple[tuple[Array, ...], Array]:
        """Return the axes and J of the finest part of the grid that is whole; at first of the coarsest, with holes."""
        steps = slice(None, None, self.stride or _STRIDES[0])
        return tuple(axis[steps] for axis in self.axes), self.values[(steps,) * len(self.axes)]

    def _fill(self) -> Iterator[None]:
        done = np.zeros(self.values.shape, dtype=bool)
        for stride in _STRIDES:
            for index in product(*(range(0, len(axis), stride) for axis in self.axes)):
                if not done[index]:
                    done[index] = True
                    self.values[index] = self.loss(*(axis[i] for axis, i in zip(self.axes, index, strict=True)))
                    if self.loss.problem:
                        self.stride = 1
                        return
                    yield
            self.stride = stride


_grids: WeakKeyDictionary[LossGraph, dict[int, tuple[object, Grid]]] = WeakKeyDictionary()


def grid_of(moment: Moment, weights: Sequence[Weight], ranges: Sequence[tuple[float, float]], points: int) -> Grid:
    """Return the grid of J over these ranges of the weights; the one before where nothing has changed for it."""
    recording = moment.recording
    key = tuple(weights), tuple(ranges), points, _others(recording, tuple(weights))
    known = _grids.setdefault(moment.graph, {})
    if len(weights) not in known or known[len(weights)][0] != key:
        axes = [np.linspace(low, high, points) for low, high in ranges]
        known[len(weights)] = key, Grid(Slice(recording.graph, recording.start, weights), axes)
    return known[len(weights)][1]


def why_not_sampled(moment: Moment) -> str:
    """Return the sentence that says why J is not computed at many places; nothing where it is."""
    count = len(moment.graph.nodes)
    if count > MOST_NODES:
        return f"{count:,} nodes are too many to compute J a thousand times; up to {MOST_NODES:,} it is drawn"
    return ""


@kept
def _others(recording: Recording, weights: tuple[Weight, ...]) -> bytes:
    """Return a digest of all numbers that J depends on besides these weights."""
    digest = hashlib.blake2b()
    for node in recording.graph.nodes:
        if isinstance(node, Placeholder):
            array = recording.start.feeds[node]
        elif isinstance(node, Variable):
            array = np.array(recording.start.variables.get(node, node.initial_value))
            for weight in weights:
                if weight.node is node:
                    array[weight.index] = 0
        else:
            continue
        digest.update(array.tobytes())
    return digest.digest()
