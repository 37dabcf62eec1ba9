"""The learner drives, as scripts of keys on a projector's screen and what is then on it."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tui_backprop.driving import Driving
from tui_backprop.screens.main_screen import MainScreen

from .on_screen import opened, place, text

SIGNS = {
    "-": "minus",
    ".": "full_stop",
    "+": "plus",
    "*": "asterisk",
    "(": "left_parenthesis",
    ")": "right_parenthesis",
}


def screen_of(pilot: Pilot[None]) -> MainScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen


def driving(pilot: Pilot[None]) -> Driving:
    return screen_of(pilot).session.driving


def flowed(pilot: Pilot[None]) -> str:
    """Return what the inspector says, without the breaks of its lines."""
    return " ".join(text(pilot, "inspector").split())


async def typed(pilot: Pilot[None], number: str) -> None:
    await pilot.press(*(SIGNS.get(character, character) for character in number), "enter")


async def make(pilot: Pilot[None]) -> None:
    """Make the move that stands, by keys; a node is selected as a click does it."""
    move = driving(pilot).move
    assert move is not None
    if move.node is None:
        await typed(pilot, move.question.answer)
    else:
        screen_of(pilot).viewer.select(move.node)
        await pilot.press("enter")


async def make_until(pilot: Pilot[None], kind: str, number: int) -> None:
    """Make moves until one of a kind stands, for the so many-th time, so that nothing of it is given any more."""
    while True:
        move = driving(pilot).move
        number -= move is not None and move.question.kind == kind
        if not number:
            return
        await (pilot.press("space") if move is None else make(pilot))


async def test_the_first_move_is_worked_and_space_makes_it() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("D")
        assert "you drive the way back; p goes there" in text(pilot, "step-title")
        await pilot.press("D", "p", "D")
        assert "you drive the way back; space begins it" in text(pilot, "step-title"), "p would make all of it"
        await pilot.press("space")
        assert "Which node does the search visit next?" in text(pilot, "step")
        assert "the first, worked: e: the search starts at the loss;" in flowed(pilot)
        here = place(pilot)
        await pilot.press("space")
        assert place(pilot) > here
        assert "the answer: e" in text(pilot, "step-title")
        assert "it begins: the queue, first in, first out: c, d" in flowed(pilot)


async def test_a_node_is_chosen_by_arrows_and_enter_and_a_wrong_one_is_explained() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("D", "p", "space", "space")
        await pilot.press("up", "enter")
        assert "not d: d is in the queue, but another node joined before it" in flowed(pilot)
        screen_of(pilot).viewer.select(next(n for n in pilot.app.timeline.graph.nodes if n.name == "c"))
        await pilot.press("enter")
        assert "✓ right: c" in text(pilot, "step-title")
        assert driving(pilot).score.wrong.total() == 1


async def test_a_computation_is_typed_and_capitals_stay_keys() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("D", "p", "space")
        await make_until(pilot, "contributions", 3)
        assert "What does c contribute to de/db?" in text(pilot, "step")
        inspector = text(pilot, "inspector")
        assert "b = 6" in inspector
        assert "worked" not in inspector
        await typed(pilot, "1")
        assert "not 1: that is G alone" in text(pilot, "inspector")
        await pilot.press("x")
        assert "'x' is not a number" in text(pilot, "inspector")
        await pilot.press("9", "9", "ctrl+u")
        await typed(pilot, "-2*-(1+5)")
        assert "✓ right: 12" in text(pilot, "step-title")
        await make_until(pilot, "sums", 1)
        await pilot.press("1", "D")
        assert not driving(pilot).is_on
        assert "the engine drives again: 5 of 6 moves right" in text(pilot, "step-title")
        assert "you drive" not in text(pilot, "step-title")


async def test_escape_shows_how_and_then_it_may_be_made() -> None:
    async with opened("two-paths", (80, 24)) as pilot:
        await pilot.press("D", "p", "space")
        await make_until(pilot, "contributions", 3)
        here = place(pilot)
        await pilot.press("escape")
        assert place(pilot) == here
        assert "worked: 2·G·b = (2)(1)(6) = 12" in text(pilot, "inspector")
        await typed(pilot, "12")
        assert place(pilot) > here
        assert driving(pilot).score.skipped.total() == 1


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (120, 40)])
async def test_an_iteration_is_driven_to_its_score(size: tuple[int, int]) -> None:
    async with opened("two-edges", size) as pilot:
        await pilot.press("D", "p", "space")
        while place(pilot)[0] == 1 and not pilot.app.timeline.at_end_of_iteration:
            await (pilot.press("space") if driving(pilot).move is None else make(pilot))
        assert "You drive" in text(pilot, "inspector-title")
        assert "6 of 6 right" in text(pilot, "inspector")
        await pilot.press("space")
        assert place(pilot)[0] == 2
        assert "you drive" in text(pilot, "step-title")


async def test_what_is_in_the_queue_is_not_on_the_screen_while_it_is_asked() -> None:
    async with opened("perceptron", (120, 40)) as pilot:
        await pilot.press("D", "p", "space")
        await make_until(pilot, "next nodes", 8)
        queue = screen_of(pilot).session.timeline.moment.queue
        assert [node.name for node in queue] == ["matmul", "b"]
        assert "matmul" not in text(pilot, "step")
        await pilot.press("o")
        assert len(pilot.app.screen_stack) == 1
        assert "the log would answer it; Esc shows it" in text(pilot, "step-title")
