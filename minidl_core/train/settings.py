"""Settings: the numbers that an optimizer is made with, declared with symbol and range as a dataclass's fields are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, dataclass_transform

from ..arrays import copy_in
from ..errors import GraphError


@dataclass(frozen=True, eq=False)
class Setting:
    """What `setting` says of a number."""

    symbol: str
    above: bool
    below: float
    optional: bool

    def checked(self, name: str, value: Any) -> float | None:
        """Return a number that somebody gives; raises GraphError where it is none, or out of its range."""
        if value is None and self.optional:
            return None
        try:
            number = float(copy_in(value).item())
        except (TypeError, ValueError):
            number = math.nan
        if number < self.below and (number > 0 or (number == 0 and not self.above)):
            return number
        least = "above 0" if self.above else "of 0 or more"
        most = f" and below {self.below:g}" if self.below < math.inf else ""
        none = ", or None" if self.optional else ""
        raise GraphError(f"{name} must be a number {least}{most}{none}, not {value!r}.")


def setting(
    symbol: str,
    *,
    default: Any = MISSING,
    above: bool = False,
    below: float = math.inf,
    optional: bool = False,
    kw_only: bool = False,
) -> Any:
    """Declare a setting, and the symbol that formulas have for it.

    It must be 0 or more (where `above`, more than that) and less than `below`; where `optional`, also None.
    """
    declared = Setting(symbol, above, below, optional)
    return field(default=default, kw_only=kw_only, metadata={"setting": declared})


@dataclass_transform(eq_default=False, field_specifiers=(setting,))
class Declared:
    """Makes a class's constructor from the fields that it declares; those that are settings are checked when set."""

    settings: ClassVar[Mapping[str, Setting]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        declared: Any = dataclass(eq=False)(cls)
        cls.settings = {each.name: each.metadata["setting"] for each in fields(declared) if each.metadata}

    def __setattr__(self, name: str, value: Any) -> None:
        declared = self.settings.get(name)
        super().__setattr__(name, value if declared is None else declared.checked(name, value))
