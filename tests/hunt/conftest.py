"""In these tests a lesson is searched for mistakes once: that takes its time, and is the same for every seed."""

from __future__ import annotations

from functools import cache

import pytest

from tui_backprop.hunt import planting

opened = cache(planting._opened)


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "_opened", lambda address, seed: opened(address, seed if ".py" in address else 0))
