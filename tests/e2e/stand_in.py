"""A small app with panes like the real one's, and a key for every way in which an app can end."""

from __future__ import annotations

import os
import sys
import time
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

from tui_backprop.drawing.palette import Line
from tui_backprop.terminal import run as terminal
from tui_backprop.widgets.canvas import Canvas


def picture(step: int, size: Size) -> list[Line]:
    """Return a row of boxes, one of them heavy, and numbers below."""
    boxes: Line = []
    for place in range(size.width // 12):
        boxes += [("┏━━━━━━━┓", "now") if place == step % 9 else ("┌───────┐", "frame"), ("──►", "dim")]
    numbers: list[Line] = [[(f"row {row} of {size.width}x{size.height}", "text")] for row in range(size.height - 2)]
    return [[(f"The sentence of step {step}.", "text")], boxes, *numbers]


class Pane(Canvas):
    def draw(self, step: int) -> None:
        self.show(picture(step, self.size))

    def on_resize(self) -> None:
        self.draw(0)


class StandIn(App[None]):
    CSS = """
    #graph { height: 12; }
    #inspector { width: 62; }
    #charts { width: 1fr; }
    """
    BINDINGS: ClassVar = [
        ("space", "step", "Step"),
        ("q", "quit", "Quit"),
        ("x", "crash", "Crash"),
        ("l", "loop", "Loop without end"),
    ]
    step = 0

    def compose(self) -> ComposeResult:
        yield Pane(id="graph")
        with Horizontal():
            yield Pane(id="inspector")
            yield Pane(id="charts")

    def action_step(self) -> None:
        self.step += 1
        for pane in self.query(Pane):
            pane.draw(self.step)

    def action_crash(self) -> None:
        raise RuntimeError("this was asked for")

    def action_loop(self) -> None:
        os.write(2, b"stuck")
        while True:
            time.sleep(0.01)


if __name__ == "__main__":
    reason = terminal.refusal()
    if reason is not None:
        print(reason, file=sys.stderr)
        sys.exit(2)
    sys.exit(terminal.run(StandIn(ansi_color=True)))
