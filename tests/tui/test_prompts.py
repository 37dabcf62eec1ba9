"""What stands in the field of a prompt from the start: a beginning stays, a proposal gives way to what is typed."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tui_backprop.screens.overlays import break_at

from .on_screen import opened


@pytest.mark.parametrize(
    ("keys", "proposed", "typed"),
    [
        ("K", "perceptron.backprop", "x"),
        ("os", "backprop-perceptron-iteration-1.md", "x"),
        ("oS", "backprop-perceptron-iteration-1.md", "x"),
        ("e", "learning rate = 0.0005", "learning rate = x"),
    ],
)
async def test_what_is_typed_replaces_what_is_proposed(keys: str, proposed: str, typed: str) -> None:
    async with opened() as pilot:
        await pilot.press(*keys)
        field, below = pilot.app.screen.query_one(Input), pilot.app.screen.query_one("#wrong")
        assert field.value == proposed
        assert "Esc gives up" in str(below.render()), "the field does not show its hint"
        await pilot.press("x")
        assert field.value == typed


async def test_a_proposal_can_be_kept_and_changed_at_its_end() -> None:
    async with opened() as pilot:
        await pilot.press("K", "end", "2")
        assert pilot.app.screen.query_one(Input).value == "perceptron.backprop2"


async def test_the_beginning_of_a_condition_stays() -> None:
    async with opened() as pilot:
        break_at(pilot.app.screen, "gradient > ")
        await pilot.pause()
        await pilot.press("1")
        assert pilot.app.screen.query_one(Input).value == "gradient > 1"
