"""What a lesson is: a graph to train, and what is true of it alone.

The sentences, formulas and pictures are made from the graph. A lesson adds what only its author knows: what a row or a
column means, and sentences that hold for its data and would be wrong elsewhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from minidl_core import Node, Placeholder, Variable
from minidl_core.arrays import Array
from minidl_core.graph import post_order
from minidl_core.train import GradientDescentOptimizer, Optimizer, Schedule


@dataclass(frozen=True)
class Plane:
    """Points of two classes in the plane, and the variables whose scores separate them, for the data chart.

    `points` is the (n,2) placeholder; a point belongs to the class whose column of `classes` (n,2) is 1, and is given
    the class with the higher score in `points @ weights + bias`.
    """

    points: Placeholder
    classes: Placeholder
    weights: Variable
    bias: Variable


@dataclass(frozen=True)
class Example:
    """What a lesson builds: the loss, what its placeholders are fed with, and its data's picture, if it has one."""

    loss: Node
    feeds: Mapping[Placeholder, Array]
    plane: Plane | None = None


@dataclass(frozen=True)
class Lesson:
    """A named example.

    `sentences` replace the general one of an event; their keys are the event's kind and node, for a contribution also
    its consumer: "NodeEvaluated p", "ContributionAdded add <- p". In them {iteration}, {value}, {loss}, {total} and the
    like stand for the numbers of the moment (see narration.py). `labels` name the rows and columns of a node's array:
    by its name a tuple of labels for each of its axes, () for an axis that has none. `folds` name the scopes of nodes
    whose own names do not say one, by the nodes' names. `seed` is None where no seed can be given: a script draws
    its own numbers. `path` is the file that it was opened from, as somebody typed it, '' for a built-in one.
    `optimizer` makes what trains it, of a learning rate.
    """

    name: str
    summary: str
    build: Callable[[int], Example]
    learning_rate: float | Schedule
    seed: int | None = 0
    sentences: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    folds: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    optimizer: Callable[[float | Schedule], Optimizer] = GradientDescentOptimizer

    @property
    def address(self) -> str:
        """What opens it: its path, or the name of a built-in one."""
        return self.path or self.name


_NUMBERS = ("iteration", "history", "loss", "learning_rate")
_NUMBER_OF_ITS_OWN = {
    "NodeEvaluated": ("value",),
    "BackwardStarted": (),
    "NodeVisited": (),
    "ContributionAdded": ("total",),
    "GradientCompleted": ("gradient",),
    "NodesEnqueued": (),
    "VariableUpdated": ("value",),
    "IterationFinished": (),
}


def misfit(lesson: Lesson, example: Example) -> str | None:
    """Return what the lesson says of its example that is not so, in one sentence; None where all of it fits."""
    nodes = post_order([example.loss])
    names = [node.name for node in nodes]
    events = [f"{kind} {name}" for kind in _NUMBER_OF_ITS_OWN for name in names if kind != "ContributionAdded"]
    events += [f"ContributionAdded {source.name} <- {node.name}" for node in nodes for source in node.inputs]
    for key, sentence in lesson.sentences.items():
        if key not in events:
            return f"its sentence '{key}' is for no event of the graph{_near(key, events)}"
        numbers = (*_NUMBERS, *_NUMBER_OF_ITS_OWN[key.split()[0]])
        try:
            sentence.format_map(dict.fromkeys(numbers, ""))
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            allowed = ", ".join(f"{{{number}}}" for number in numbers)
            return f"its sentence '{key}' can have no other braces than {allowed}"
    names = [node.name for node in example.loss.graph.nodes]
    for said, named in {"labels": lesson.labels, "folds": lesson.folds}.items():
        for name in named:
            if name not in names:
                return f"its {said} '{name}' are for no node of the graph{_near(name, names)}"
    plane = example.plane
    if plane is not None:
        count = len(example.feeds.get(plane.points, ()))
        shapes = [np.shape(example.feeds.get(node, ())) for node in (plane.points, plane.classes)]
        if [*shapes, plane.weights.shape, plane.bias.shape] != [(count, 2), (count, 2), (2, 2), (2,)]:
            return "its plane needs points (n,2) and classes (n,2) that are fed, weights (2,2) and a bias (2,)"
    return None


def _near(name: str, names: list[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
