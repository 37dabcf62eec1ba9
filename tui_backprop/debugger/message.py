"""PROVISIONAL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Message:
    """PROVISIONAL."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
