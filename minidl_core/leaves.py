"""What a run starts from: the feeds and the variables, each of them checked, and the constants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from .arrays import Array, as_text, copy_in, is_finite, is_float64, is_frozen
from .errors import FeedError, GraphError, ShapeError
from .finite import non_finite_leaf
from .graph import Constant, Node, Placeholder, Variable, post_order


class Leaves:
    """The nodes that compute from no others, at these `places` among all nodes that some fetches need."""

    def __init__(self, fetches: Sequence[Node], nodes: Sequence[Node], places: Iterable[int]) -> None:
        self._fetches = fetches
        self._placeholders: dict[Placeholder, int] = {}
        self.variables: dict[Variable, int] = {}
        self._fed: dict[Placeholder, Array] = {}  # the last of each
        self._constants: list[Array | None] = [None] * len(nodes)
        for place in places:
            node = nodes[place]
            if isinstance(node, Variable):
                self.variables[node] = place
            elif isinstance(node, Placeholder):
                self._placeholders[node] = place
            elif isinstance(node, Constant):
                self._constants[place] = node.initial_value

    @property
    def placeholders(self) -> list[Placeholder]:
        """The placeholders among them."""
        return list(self._placeholders)

    def feed(self, feed_dict: Mapping[Any, Any] | None) -> dict[Placeholder, Array]:
        """Return the feeds as read-only float64, of exactly the placeholders among the leaves.

        Each is copied, unless it is read-only float64 that lies row by row and owns its numbers:
        `array.setflags(write=False)` says that nobody changes them.
        Raises FeedError where one is missing, misshapen, not needed or not numbers, NonFiniteError.
        """
        feeds: dict[Placeholder, Array] = {}
        if type(feed_dict) is not dict and not isinstance(feed_dict, Mapping | None):
            raise FeedError(f"feed_dict must be a dictionary of placeholders and their data, not {feed_dict!r}.")
        for node, value in (feed_dict or {}).items():
            if not isinstance(node, Placeholder):
                named = f"{node.describe()}: it" if isinstance(node, Node) else repr(node)
                raise FeedError(f"{named} cannot be fed; the keys of feed_dict are placeholders.")
            if node not in self._placeholders:
                asked = ", ".join(fetch.name for fetch in self._fetches)
                raise FeedError(f"it is fed, but {asked} does not need it; take it out of feed_dict.", node)
            last = self._fed.get(node)
            try:
                feed = feeds[node] = _kept(value, last)
            except (TypeError, ValueError) as error:
                raise FeedError(f"its feed is not an array of numbers: {error}.", node) from error
            if feed is not last:
                if node.shape is not None and feed.shape != node.shape:
                    wrong = f"its feed is {as_text(feed.shape)}, but it was made for {as_text(node.shape)}."
                    raise FeedError(wrong, node)
                if not is_finite(feed):
                    raise non_finite_leaf(node, feed)
                self._fed[node] = feed
        if len(feeds) < len(self._placeholders):
            missing = {node for node in self._placeholders if node not in feeds}
            node = next(each for each in post_order(self._fetches) if each in missing)
            raise FeedError(f"it has no value; feed it: feed_dict={{{node.name}: ...}}.", node)
        return feeds

    def start(self, feeds: Mapping[Placeholder, Array], variables: Mapping[Variable, Array]) -> list[Array]:
        """Return the list of values with those of the leaves in it.

        Raises GraphError, ShapeError or NonFiniteError where a variable was given something else than its like.
        """
        values: list[Any] = self._constants.copy()
        for placeholder, place in self._placeholders.items():
            values[place] = feeds[placeholder]
        for variable, place in self.variables.items():
            given = variables.get(variable, variable.initial_value)
            values[place] = given if given is variable.initial_value else _assigned(variable, given)
        return values


def _kept(value: Any, last: Array | None) -> Array:
    """Return what is fed as an array that nobody writes to: itself, where it is one, or else a copy.

    Where it has the same bits as the last one it is that, so that nobody has to look again. An array is copied as
    bytes, which cannot be written to; they differ early from others, if they do.
    """
    if type(value) is not np.ndarray or not is_float64(value) or not value.ndim:
        return copy_in(value)
    flags = value.flags
    if not flags.c_contiguous:
        return copy_in(value)
    if not flags.writeable and (flags.owndata or type(cast(Any, value.base)) is bytes):
        return value
    now = value.tobytes()
    if last is not None and last.base == now and last.shape == value.shape:
        return last
    return np.ndarray(value.shape, np.float64, now)


def _assigned(variable: Variable, value: Any) -> Array:
    """Return what a variable was given, by training or as in `session.variables[w] = [1.0, 2.0]`, as an array."""
    if is_frozen(value, variable.initial_value.shape) and is_finite(value):
        return value
    try:
        array = copy_in(value)
    except (TypeError, ValueError) as error:
        raise GraphError(f"the value given to it is not an array of numbers: {error}.", variable) from error
    wanted = variable.initial_value.shape
    if array.shape != wanted:
        raise ShapeError(f"the value given to it is {as_text(array.shape)}, but it is {as_text(wanted)}.", variable)
    if not is_finite(array):
        raise non_finite_leaf(variable, array)
    return array
