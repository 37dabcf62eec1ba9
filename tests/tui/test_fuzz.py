"""Many keys and sizes in an order that nobody would think of: whatever happens, the app goes on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tui_backprop.app import BackpropApp
from tui_backprop.keys import SECTIONS

KEYS = [
    key
    for section in SECTIONS.values()
    for binding in section
    if binding.action != "app.quit"
    for key in binding.key.split(",")
] + ["escape", "enter", "left", "right", "up", "down", "1"]
SIZES = [(59, 16), (60, 16), (80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("lesson", ["perceptron", "two-paths"])
@pytest.mark.parametrize("seed", range(3))
async def test_no_order_of_keys_and_sizes_ends_the_app(
    lesson: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the log saves files
    chance = random.Random(seed)
    # an exception in the app is raised again when run_test ends
    async with BackpropApp(lesson).run_test(size=SIZES[seed]) as pilot:
        for _ in range(60):
            if chance.random() < 0.15:
                await pilot.resize_terminal(*chance.choice(SIZES))
            else:
                await pilot.press(chance.choice(["left", "right", chance.choice(KEYS)]))
            assert pilot.app.is_running
