"""Make the README's picture: the app takes a screenshot of itself in the middle of a backward pass."""

import asyncio
from pathlib import Path

from tui_backprop.app import BackpropApp

PRESSES = ["i"] * 3 + ["space"] * 17


async def main() -> None:
    """Step to the contribution of `add` to the gradient of `b` in iteration 4, and save the screen."""
    app = BackpropApp("perceptron")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*PRESSES)
        svg = app.export_screenshot(title="backprop-tui")
    Path(__file__).with_name("perceptron.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
