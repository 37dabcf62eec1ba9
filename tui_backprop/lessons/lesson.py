"""What a lesson is: a graph to train, and what is true of it alone.

The sentences, formulas and pictures are made from the graph. A lesson adds what only its author knows: what a row or a
column means, sentences that hold for its data and would be wrong elsewhere, and the pages that teach by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minidl_core import Node, Placeholder, Variable
from minidl_core.arrays import Array
from minidl_core.train import GradientDescentOptimizer, Optimizer, Schedule

from .pages import Goal, Next, Page

PICTURE_NAMES = ("curve", "map", "data", "layers")
"""What a lesson can have beside the loss: J over a weight, J over two, the data, the size of the gradients."""


class Plane(NamedTuple):
    """Points of two classes in the plane, and the variables whose scores separate them, for the data chart.

    `points` is the (n,2) placeholder; a point belongs to the class whose column of `classes` (n,2) is 1, and is given
    the class with the higher score in `points @ weights + bias`.
    """

    points: Placeholder
    classes: Placeholder
    weights: Variable
    bias: Variable


class Regions(NamedTuple):
    """Points of two classes in the plane, and a network that tells them apart, for the picture of the data.

    `points` is the (n,2) placeholder; a point belongs to the second class where `classes` (n,1) is above `border`, and
    is given that class where `score` (n,1) is. The lines of the hidden units are where `points @ weights + bias`, (2,k)
    and (k,), is 0. What `score` is computed from must take any number of points.
    """

    points: Placeholder
    classes: Placeholder
    score: Node
    border: float
    weights: Variable
    bias: Variable


class Example(NamedTuple):
    """What a lesson builds: the loss, what its placeholders are fed with, and its data's picture, if it has one.

    That is a `plane` where one line separates the points, `regions` where a network does.
    """

    loss: Node
    feeds: Mapping[Placeholder, Array]
    plane: Plane | None = None
    regions: Regions | None = None


class Points(NamedTuple):
    """Somebody's points: both coordinates (n,2), the class of each as 0 or 1 (n,), and what all these are called."""

    coordinates: Array
    classes: NDArray[np.intp]
    class_names: tuple[str, str]
    axes: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Lesson:
    """A named example.

    `sentences` replace the general one of an event; their keys are the event's kind and node, for a contribution also
    its consumer: "NodeEvaluated p", "ContributionAdded add <- p". In them {iteration}, {value}, {loss}, {total} and the
    like stand for the numbers of the moment (see narration.py). `labels` name the rows and columns of a node's array:
    by its name a tuple of labels for each of its axes, () for an axis that has none. `folds` name the scopes of nodes
    whose own names do not say one, by the nodes' names. `optimizer` makes an optimizer of a learning rate. `seed` is
    None where no seed can be given: a script draws its own numbers. `on_points` makes the lesson about somebody's
    points in place of its own. `variants` are the same lesson with something else in it, each by its name. A lesson
    about a `script` opens the run of that file, and builds nothing. `pages` are read one after the other, `goal` is
    what the learner is to reach, and `then` what comes next (see pages.py). `picture` is the one of `PICTURE_NAMES`
    that stands beside the loss at first; without one it is that of the data, if they have one.
    """

    name: str
    summary: str
    build: Callable[[int], Example]
    learning_rate: float | Schedule
    optimizer: Callable[[float | Schedule], Optimizer] = field(default=GradientDescentOptimizer, kw_only=True)
    seed: int | None = 0
    sentences: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    folds: Mapping[str, str] = field(default_factory=dict)
    on_points: Callable[[Points], Lesson] | None = None
    variants: Mapping[str, Lesson] = field(default_factory=dict)
    script: str = ""
    pages: Sequence[Page] = ()
    goal: Goal | None = None
    then: Next | None = None
    picture: str | None = None

    def without_story(self) -> Lesson:
        """Return the lesson without what is said of its own data: no pages, no goal, no sentences of its own."""
        return replace(self, sentences={}, pages=(), goal=None, then=None)
