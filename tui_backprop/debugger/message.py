"""placeholder until merged"""

from __future__ import annotations
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    kind: str
    data: Mapping[str, Any]
