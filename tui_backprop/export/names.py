"""Names for what a script has: a node's own, where Python takes it, each once."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable


class Names:
    """Gives names out; none of them is Python's, or one of those that are taken from the beginning."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {*keyword.kwlist, *dir(builtins), *taken}

    def reserve(self, names: Iterable[str]) -> None:
        """Take names as they are."""
        self._taken.update(names)

    def take(self, wanted: str) -> str:
        """Return the wanted name as an identifier, with a number behind it where it is taken."""
        plain = unicodedata.normalize("NFKC", wanted)
        if not plain.isidentifier():
            plain = re.sub(r"\W+", "_", plain).strip("_")
        name = first = next(each for each in (plain, f"n_{plain}", "node") if each.isidentifier())
        number = 0
        while name in self._taken:
            number += 1
            name = f"{first}_{number}"
        self._taken.add(name)
        return name
