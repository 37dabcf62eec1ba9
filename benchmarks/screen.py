"""What the screen costs through a real pseudo-terminal, beside a Textual app of one line in the same run.

Run as `python benchmarks/screen.py`. Bytes are what the terminal receives at 120x40, TERM=xterm-256color. A paint is
over when nothing came for a while; its time is that of its last byte.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from statistics import median

import pexpect

APP = [sys.executable, "-m", "tui_backprop", "perceptron"]
ONE_LINE = [
    sys.executable,
    "-c",
    """
from textual.app import App
from textual.widgets import Label

class OneLine(App):
    BINDINGS = [("space", "change", "change"), ("q", "quit", "quit")]
    count = 0

    def compose(self):
        yield Label("0" * 60)

    def action_change(self):
        self.count += 1
        self.query_one(Label).update(str(self.count) * 60, layout=False)

OneLine(ansi_color=True).run()
""",
]
RUNNING = [*APP, "--steps", "0"]
"""The same, where a run goes on until somebody pauses it."""
ROUNDS = 7
IDLE_SECONDS = 10
RUN_SECONDS = 0.3


def opened(command: Sequence[str]) -> tuple[pexpect.spawn, float]:
    """Start the command; return it and the seconds until its first paint was complete."""
    # modules that are compiled at every start are nobody's start but the first
    without = ("COLORTERM", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
    surroundings = {name: value for name, value in os.environ.items() if name not in without}
    start = time.perf_counter()
    child = pexpect.spawn(
        command[0], list(command[1:]), env=surroundings | {"TERM": "xterm-256color"}, dimensions=(40, 120)
    )
    child.delaybeforesend = None
    _, seconds = painted(child, start, quiet=0.5, first=60)
    return child, seconds


def painted(child: pexpect.spawn, start: float, quiet: float = 0.1, first: float = 2) -> tuple[int, float]:
    """Read until nothing more comes; return the number of bytes and the seconds from the start to the last of them.

    The first of them may take `first` seconds, the others `quiet`.
    """
    received, last, waited = 0, start, first
    while True:
        try:
            received += len(child.read_nonblocking(65536, waited))
        except pexpect.TIMEOUT:
            return received, last - start
        last, waited = time.perf_counter(), quiet


def pressed(child: pexpect.spawn, key: str, times: int) -> list[tuple[int, float]]:
    """Press the key so often; return the bytes and the seconds that each press took."""
    costs = []
    for _ in range(times):
        start = time.perf_counter()
        child.send(key)
        costs.append(painted(child, start))
    return costs


def paused(child: pexpect.spawn, times: int) -> list[float]:
    """Run at full speed, and pause, so often; return the seconds from each key to the last byte of the pause."""
    pressed(child, ">" * 9, 1)
    costs = []
    for _ in range(times):
        child.send("r")
        end = time.perf_counter() + RUN_SECONDS
        while (left := end - time.perf_counter()) > 0:
            with suppress(pexpect.TIMEOUT):
                child.read_nonblocking(65536, left)
        costs += [seconds for _, seconds in pressed(child, " ", 1)]
    return costs


def idle(child: pexpect.spawn) -> tuple[int, float]:
    """Do nothing for a while; return the bytes that came and the share of a core that was used (Linux)."""
    before, start = cpu_seconds(child.pid), time.perf_counter()
    received = 0
    while (left := start + IDLE_SECONDS - time.perf_counter()) > 0:
        try:
            received += len(child.read_nonblocking(65536, left))
        except pexpect.TIMEOUT:
            break
    return received, (cpu_seconds(child.pid) - before) / (time.perf_counter() - start)


def cpu_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def closed(child: pexpect.spawn) -> None:
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()


def beside(what: str, ours: float, theirs: float, unit: str, budget: str) -> None:
    print(f"{what:34}{ours:9.1f} {unit:6}{theirs:9.1f} {unit:6}{ours / theirs:6.2f}x   {budget}")


def main() -> None:
    starts: dict[str, list[float]] = {"app": [], "line": []}
    for _ in range(ROUNDS):
        for name, command in (("app", APP), ("line", ONE_LINE)):
            child, seconds = opened(command)
            starts[name].append(seconds * 1000)
            closed(child)

    app, _ = opened(APP)
    line, _ = opened(ONE_LINE)
    pressed(app, "i", 3)
    steps = pressed(app, " ", 21)
    events = pressed(app, "s", 59)
    changes = pressed(line, " ", 59)
    with_pictures = {}
    for picture in ("layers", "none", "curve", "map"):  # what V shows one after the other, behind the data
        pressed(app, "V", 1)
        with_pictures[picture] = pressed(app, " ", 21)
    pressed(app, "o", 1)
    in_the_log = pressed(app, "k", 21)
    pressed(app, "q", 1)
    idle_bytes, idle_share = idle(app)
    closed(app)
    closed(line)
    running, _ = opened(RUNNING)
    pauses = paused(running, 21)
    closed(running)

    print(f"{'120x40, xterm-256color, medians':34}{'app':>9}       {'one line':>9}")
    beside("start to first complete paint", median(starts["app"]), median(starts["line"]), "ms", "at most 2x, 500 ms")
    for what, costs, budget in (("event", events, "1,400"), ("step", steps, "2,800")):
        beside(f"key to last byte, one {what}", *(1000 * median(s for _, s in c) for c in (costs, changes)), "ms", "2x")
        sizes = [size for size, _ in costs]
        print(f"{f'bytes of one {what}':34}{median(sizes):9.0f}   most {max(sizes):,}   at most {budget} in the median")
    for picture, costs in with_pictures.items():
        print(f"{f'one step, picture {picture}':34}{1000 * median(s for _, s in costs):9.1f} ms      under 10 ms")
    for what, times in (
        ("a key in the log", [s for _, s in in_the_log]),
        ("a key at full speed, which pauses", pauses),
    ):
        print(f"{what:34}{1000 * median(times):9.1f} ms, {1000 * max(times):.1f} at worst   under 10, 30 at worst")
    print(f"{'idle':34}{idle_bytes:9} bytes, {100 * idle_share:.2f} % of a core   no bytes, under 1 %")


if __name__ == "__main__":
    main()
