"""Names, each of which is given once: one that is taken gets a number behind it."""

from __future__ import annotations

from typing import Any

from .errors import GraphError


class Names:
    """The names that are taken in a graph, of its nodes and of its scopes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def take(self, wanted: str, ending: str = "") -> str:
        """Return the wanted name, with a number behind it where it is taken.

        Each name taken has the next number to try, so that the search for a free one never starts again.
        """
        numbers = self._numbers
        first = name = f"{wanted}{ending}"
        number = numbers.get(first)
        if number is not None:
            while (name := f"{wanted}_{number}{ending}") in numbers:
                number += 1
            numbers[first] = number + 1
        numbers[name] = 1
        return name

    def give_back(self, name: str) -> None:
        """Let a name that was taken be free again."""
        del self._numbers[name]


def checked_name(name: Any) -> str:
    """Return the name that somebody gives a node; raises GraphError where it is no text."""
    if not isinstance(name, str) or not name:
        raise GraphError(f"the name of a node must be text, such as 'W', not {name!r}.")
    return name
