"""What a lesson tells besides its graph: short pages, a question before the reveal, a goal, and what to try next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from minidl_core.arrays import Array

VIEW_NAMES = ("value", "ledger", "update", "code", "check", "forward mode")
"""The views of the inspector."""
SHOWN = (*VIEW_NAMES, "graph", "step", "loss")
"""What a page can point at besides a node and a picture: a view, or a pane."""


@dataclass(frozen=True)
class Page:
    """A few sentences, at most three lines of 76 cells, about something on the screen that the learner is to do.

    Turning to the page moves to the moment `at`, written as for --at (4, 1:b, 1:b:2); where it is empty, time stays.
    The screen then points at a `node`, by its name, or at an element, as W[0,1], and at what it `shows`: a view of the
    inspector, a pane or a picture, one of SHOWN or PICTURE_NAMES.

    A page with an `answer` asks. It has `choices`, each with what is said to who chooses it, of which one is the
    answer; or none, and a number is typed, to which `why` is said, right or wrong. A page that asks belongs to a moment
    that does not show the answer yet.

    In texts, choices and answer stand for numbers of the iteration at that moment: {w} the value of the node w, {dJ/dw}
    its gradient, {new w} its value after the update, {W[0,1]} an element, {loss}, {iteration}, {learning rate}. A key
    is written as {key step}, by the name in the list of keys, because without a screen it is a command.
    """

    text: str
    at: str = field(default="", kw_only=True)
    node: str = field(default="", kw_only=True)
    shows: str = field(default="", kw_only=True)
    choices: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    answer: str = field(default="", kw_only=True)
    why: str = field(default="", kw_only=True)


class Situation(Protocol):
    """What a goal is asked about: what is computed where the learner is, and what is in view.

    A number that is not computed there is NaN, so that no comparison with it holds. `losses` are those of the last
    hundred iterations on this branch up to the one that is shown, `node` is the name of the node in view, and `view`
    the view of the inspector. `stopped` is whether training has come to a NaN or an infinity, `edited` whether an edit
    led here.
    """

    @property
    def iteration(self) -> int:
        """The number of the iteration that is shown, from 1."""

    @property
    def loss(self) -> float:
        """The loss of this iteration."""

    @property
    def losses(self) -> Sequence[float]:
        """The losses of the last hundred iterations up to this one."""

    @property
    def learning_rate(self) -> float:
        """The learning rate of this iteration's update."""

    @property
    def node(self) -> str:
        """The name of the node in view; empty where there is none."""

    @property
    def view(self) -> str:
        """The name of the view that the inspector shows."""

    @property
    def phase(self) -> str:
        """The pass of the iteration: forward, backward or update."""

    @property
    def stopped(self) -> bool:
        """Whether training has come to a NaN or an infinity."""

    @property
    def edited(self) -> bool:
        """Whether a number or the learning rate was edited on this branch."""

    def value(self, node: str) -> Array:
        """Return the value of the node of this name, of an updated variable the new one; raises KeyError."""

    def gradient(self, node: str) -> Array:
        """Return the complete gradient of the node of this name; raises KeyError."""


class Goal(NamedTuple):
    """What the learner is to bring about, in a sentence, and whether it `is_reached`: asked after each key.

    What that returns is taken as true or false.
    """

    text: str
    is_reached: Callable[[Situation], object]


class Next(NamedTuple):
    """What to try once the goal is reached, in a sentence, and the name of the `lesson` that comes next, if any."""

    text: str
    lesson: str = ""
