"""What would answer a question that stands is hidden, wherever it would be seen."""

from __future__ import annotations

import re

from tui_backprop.screens.log import LogScreen
from tui_backprop.widgets.canvas import Canvas

from .answering import asking, standing, standing_or_none
from .on_screen import opened, text


async def test_what_would_answer_it_is_hidden_until_then() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("p", "space", "m", "space")
        assert "Which of these nodes does the search visit next?" in text(pilot, "step")
        assert "queue  ?" in text(pilot, "step")
        assert "waiting  ?" in text(pilot, "step")
        assert "q1" not in "".join(text(pilot, "graph").splitlines()[:-1])
        assert "g?" in text(pilot, "graph")
        assert standing(pilot).choices == ("a", "b", "c", "d")
        await pilot.press("4")
        assert "✗ not d: c" in text(pilot, "step-title")
        assert "c: it was first in the queue" in text(pilot, "inspector")
        assert "q1" in text(pilot, "graph")
        assert "1 d" in text(pilot, "step")


async def test_a_hidden_shape_comes_back_with_the_step() -> None:
    for keys in ([], ["v"], ["right_square_bracket"]):
        async with opened("perceptron", (80, 24)) as pilot:
            await pilot.press("m", *keys, "space")
            assert "Which shape does matmul have?" in text(pilot, "step")
            rows = [row for row in text(pilot, "graph").splitlines() if "matmul" in row]
            assert all("(100,2)" not in row.partition("matmul")[2] for row in rows)
            await pilot.press("4")
            assert "✓ right: (100,2)" in text(pilot, "step-title")


async def test_at_no_level_of_detail_a_box_gives_its_hidden_shape_away() -> None:
    async with opened("perceptron", (230, 40)) as pilot:
        await pilot.press("right_square_bracket")
        assert "matmul (100,2)" in text(pilot, "graph")
        await pilot.press("m", "space")
        assert "Which shape does matmul have?" in text(pilot, "step")
        assert "matmul ?" in text(pilot, "graph")
        assert "matmul (100,2)" not in text(pilot, "graph")


async def test_the_shape_of_a_gradient_is_hidden_with_the_numbers_that_have_it() -> None:
    async with opened("perceptron", (80, 24)) as pilot:
        await pilot.press("i", "p", *["space"] * 7, "m", "right_square_bracket")
        while standing_or_none(pilot) is None or standing(pilot).hides_shape_of is None:
            await pilot.press("escape", "space")
        node = standing(pilot).hides_shape_of
        assert node is not None
        [row] = [row for row in text(pilot, "graph").splitlines() if f" {node.name} " in row]
        assert not re.search(r"[\d(\[]", row.partition(f" {node.name} ")[2].replace("g?", "").split("v✓")[0])


async def test_find_does_not_give_the_shape_away() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("m", "space", "slash", *"matmul")
        assert "Which shape does matmul have?" in text(pilot, "step")
        row = pilot.app.screen.query_one(Canvas).render_line(1).text
        assert row.split() == ["»", "matmul", "matmul", "?"]
        await pilot.press("escape", "m", "slash", *"matmul")
        row = pilot.app.screen.query_one(Canvas).render_line(1).text
        assert row.split() == ["»", "matmul", "matmul", "(100,2)"]


async def test_the_log_waits_where_it_would_answer() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("p", "space", "m", "space", "o")
        assert pilot.app.screen is pilot.app.screen_stack[0]
        assert "the log would answer it; Esc skips the question" in text(pilot, "step-title")
        await pilot.press("m", "space", "o")
        assert "the log would answer it; space reveals it" in text(pilot, "step-title")
        await pilot.press("m", "o")
        assert isinstance(pilot.app.screen, LogScreen)


async def test_of_the_loss_curve_only_what_was_before_stands_beside_a_question() -> None:
    async with opened("perceptron") as pilot:
        await pilot.press("i")
        once = text(pilot, "loss").splitlines()[:-1]
        await pilot.press("i", "i", "I", "I", "m", "space")
        assert asking(pilot).question is not None
        assert text(pilot, "loss").splitlines()[:-1] == [row.replace("●", "o") for row in once]
        await pilot.press("m", "m")
        assert text(pilot, "loss").count("o") > 1
