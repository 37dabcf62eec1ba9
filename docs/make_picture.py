"""Make the pictures of the pages: the app takes screenshots of itself, in a backward pass and in an update by Adam."""

import asyncio
from dataclasses import replace
from pathlib import Path

from minidl_core.train import AdamOptimizer
from tui_backprop.app import BackpropApp
from tui_backprop.lessons import load_lesson
from tui_backprop.programs.program import Program, program_of


async def take(name: str, program: str | Program, *keys: str) -> None:
    """Open a program, press keys, and save the screen under a name."""
    app = BackpropApp(program)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*keys)
        svg = app.export_screenshot(title="backprop-tui")
    Path(__file__).with_name(f"{name}.svg").write_text(svg, encoding="utf-8")


async def main() -> None:
    """Step to what `add` contributes to the gradient of `b` in iteration 4, and to an update by Adam in iteration 3."""
    await take("perceptron", "perceptron", *["i"] * 3, *["space"] * 17)
    adam = replace(load_lesson("xor"), optimizer=AdamOptimizer, learning_rate=0.05)
    await take("adam", program_of(adam), *["i"] * 2, "p", "p", "space", "space")


if __name__ == "__main__":
    asyncio.run(main())
