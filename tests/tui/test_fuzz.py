"""Many keys and sizes in an order that nobody would think of: the app goes on, and where it comes to is right."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tui_backprop.app import BackpropApp
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.keys import SECTIONS
from tui_backprop.programs.opening import open_program

from .test_timeline import fingerprint

KEYS = [
    key
    for section in SECTIONS.values()
    for binding in section
    if binding.action != "app.quit"
    for key in binding.key.split(",")
] + ["escape", "enter", "left", "right", "up", "down", "1"]
SIZES = [(59, 16), (60, 16), (80, 24), (120, 40), (200, 60)]


def straight_there(timeline: Timeline) -> Timeline:
    """Open the lesson anew, make only the edits of the branch, and go to the place where the timeline is."""
    fresh = Timeline(open_program(timeline.program.address))
    names = {node.name: node for node in fresh.graph.nodes}
    for finished, edits in sorted(timeline.branch.edits.items()):
        fresh.go_to(Place(finished))
        for edit in edits:
            fresh.fork(replace(edit, node=None if edit.node is None else names[edit.node.name]))
    fresh.go_to(timeline.place)
    return fresh


@pytest.mark.parametrize("lesson", ["perceptron", "two-paths"])
@pytest.mark.parametrize("seed", range(3))
async def test_no_order_of_keys_and_sizes_ends_the_app_or_changes_a_number(
    lesson: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the log saves files
    chance = random.Random(seed)
    # an exception in the app is raised again when run_test ends
    async with BackpropApp(lesson).run_test(size=SIZES[seed]) as pilot:
        for _ in range(45):
            if chance.random() < 0.15:
                await pilot.resize_terminal(*chance.choice(SIZES))
            elif chance.random() < 0.1:
                await pilot.press("e", "1", "enter")
            else:
                await pilot.press(chance.choice(["left", "right", chance.choice("ispnIb"), chance.choice(KEYS)]))
            assert pilot.app.is_running
        await pilot.resize_terminal(120, 40)
        await pilot.press(*["escape"] * 3, "end", "p")  # out of what lies over it, and on from the furthest place
        timeline = pilot.app.timeline
        assert fingerprint(straight_there(timeline).moment) == fingerprint(timeline.moment)
