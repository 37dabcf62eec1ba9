"""Make the pictures of the pages: the app takes screenshots of itself, in backward passes and in an update by Adam."""

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
    """Step to what `add` contributes to `b`, to an update by Adam, and to a gradient that a learner's engine missed."""
    await take("perceptron", "perceptron", *["i"] * 3, *["space"] * 17)
    adam = replace(load_lesson("xor"), optimizer=AdamOptimizer, learning_rate=0.05)
    await take("adam", program_of(adam), *["i"] * 2, "p", "p", "space", "space")
    await take("own_engine", str(Path(__file__).with_name("own_engine.py")), "p", *["n"] * 8)


if __name__ == "__main__":
    asyncio.run(main())
