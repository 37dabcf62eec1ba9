"""Every budget of this project beside its yardstick, in one table: python benchmarks/all.py

It takes less than ten minutes on two quiet cores. What is not installed (micrograd, PyTorch, asyncssh) is left out, and
said; each part is measured in a process of its own, so one that fails takes no other one with it. `--only NAME`
measures a part again.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import engine  # before NumPy: it asks for one thread
import graph_view
import screen
import yardsticks

from minidl_core import Stepper
from minidl_core.train import GradientDescentOptimizer
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.programs.opening import open_program

Row = tuple[str, str, str, str]
"""What is measured, the figure, what it stands beside, and the budget."""
ROOT = Path(__file__).parents[1]
ROUNDS = 9
STARTS = 7
FAR = 10_000


def iterations() -> Iterator[Row]:
    """Yield how long one training iteration takes beside what else there is, nobody listening."""
    ours = f"Stepper.run({yardsticks.IN_A_ROW}), nobody listening"
    contestants = engine.installed()
    others = [name for name in ("NumPy by hand", "HIPS autograd", "PyTorch eager", "JAX jit") if name in contestants]
    for name, (sizes, rows, rate) in engine.NETWORKS.items():
        network = yardsticks.Network.random(sizes, rows, rate)
        makers = {each: contestants[each] for each in (ours, *others)}
        engine.check(name, network, makers)
        took = engine.medians({each: make(network) for each, make in makers.items()}, ROUNDS)
        beside = ", ".join(f"{each} {took[each]:.1f}" for each in others)
        ratio = took[ours] / took["NumPy by hand"]
        yield f"one iteration, {name}", f"{took[ours]:.1f} us, {ratio:.2f}x", f"us: {beside}", "at most 1.2x by hand"


def scalars() -> Iterator[Row]:
    """Yield how long graphs of scalars take beside micrograd."""
    for name, build in yardsticks.SCALARS.items():
        took, nodes = engine.scalars(build, ROUNDS), yardsticks.nodes_of(build)
        theirs = took[engine.MICROGRAD]
        for each, done in ((engine.OURS, "built and run"), (engine.AGAIN, "run again")):
            figure = f"{took[each] / nodes:.2f} us a node, {took[each] / theirs:.2f}x"
            yield (
                f"{name}, {nodes:,} nodes, {done}",
                figure,
                f"micrograd {theirs / nodes:.2f} us a node",
                "faster than it",
            )


def screens() -> Iterator[Row]:
    """Yield how soon the first paint is complete, what keys cost, and what doing nothing costs."""
    starts: dict[str, list[float]] = {"app": [], "line": []}
    for _ in range(STARTS):
        for name, command in (("app", screen.APP), ("line", screen.ONE_LINE)):
            child, seconds = screen.opened(command)
            starts[name].append(1000 * seconds)
            screen.closed(child)
    ours, theirs = (median(each) for each in starts.values())
    yield "start to first complete paint", f"{ours:.0f} ms, {ours / theirs:.2f}x", f"one Label {theirs:.0f} ms", "2x"
    app, _ = screen.opened(screen.APP)
    screen.pressed(app, "i", 3)
    for what, key, count, most in (("step", " ", 21, "2,800"), ("event", "s", 59, "1,400")):
        costs = screen.pressed(app, key, count)
        sizes = [size for size, _ in costs]
        yield key_to_last_byte(f"one {what}", [seconds for _, seconds in costs])
        yield f"bytes of one {what}, 120x40", f"{median(sizes):,.0f}, most {max(sizes):,}", "", f"at most {most}"
    screen.pressed(app, "o", 1)
    yield key_to_last_byte("in the log", [seconds for _, seconds in screen.pressed(app, "k", 21)])
    screen.pressed(app, "q", 1)
    received, share = screen.idle(app)
    yield "idle", f"{received} bytes, {100 * share:.2f} % of a core", f"{screen.IDLE_SECONDS} s", "no bytes, under 1 %"
    screen.closed(app)
    running, _ = screen.opened(screen.RUNNING)
    yield key_to_last_byte("at full speed, which it pauses", screen.paused(running, 21), "50 at worst")
    screen.closed(running)


def key_to_last_byte(what: str, seconds: Sequence[float], worst: str = "30 at worst") -> Row:
    """Return how soon keys were answered."""
    figure = f"{1000 * median(seconds):.1f} ms in the median, {1000 * max(seconds):.1f} at worst"
    return f"key to last byte, {what}", figure, f"of {len(seconds)}", f"under 10, {worst}"


def graphs() -> Iterator[Row]:
    """Yield what a scalar graph of 75,000 nodes costs, folded."""
    _, passes, _ = graph_view.stepped(graph_view.YARDSTICK)
    small = [median(each) for each in passes]
    seconds, passes, memory = graph_view.stepped("scalar-gpt 21")
    steps = [median(each) for each in passes]
    figure = f"{seconds:.1f} s, {memory:.0f} MB"
    yield "a scalar graph of 75,000 nodes, folded, on the screen", figure, "", "3 s, under 400 MB"
    yield key_to_last_byte("one step on it", [seconds / 1000 for each in passes for seconds in each])
    ratios = ", ".join(f"{a / b:.1f}x" for a, b in zip(steps, small, strict=True))
    beside = f"18 nodes {median(small):.1f} ms"
    answers = graph_view.answered("scalar-gpt 21")
    slowest = max(answers, key=answers.__getitem__)
    figure = f"{answers[slowest]:.0f} ms, of {slowest}"
    yield "the slowest sign of any key on it", figure, f"of {len(answers)} keys", "150 ms"
    yield "a step on it, forward, backward, update, again", f"{median(steps):.1f} ms, {ratios}", beside, "at most 3x"


def times() -> Iterator[Row]:
    """Yield what a seek costs, and the memory of a million events."""
    program = open_program("perceptron")
    timeline = Timeline(program)
    timeline.moment  # noqa: B018 (what is made once is made now)
    before = resident()
    timeline.go_to(Place(FAR))
    optimizer = GradientDescentOptimizer(program.learning_rate)
    stepper = Stepper(optimizer.minimize(program.example.loss), program.example.feeds)
    hundred, seeks = [], []
    for place in (150, 9_050, 4_950, 7_777, 1_234):
        seeks.append(seconds_of(lambda place=place: timeline.go_to(Place(place))))
        hundred.append(seconds_of(lambda: stepper.run(100)))
    figure = f"{1000 * median(seeks):.1f} ms, {median(seeks) / median(hundred):.1f}x"
    yield f"a seek in a run of {FAR:,}", figure, f"100 iterations {1000 * median(hundred):.1f} ms", "as quick"
    events = len(timeline.whole_iteration().events)
    timeline.go_to(Place(1_000_000 // events + 1))
    yield "memory of 1,000,000 events", f"{resident() - before:.0f} MB over the start", "", "at most 60 MB"


def classes() -> Iterator[Row]:
    """Yield how soon thirty viewers have drawn, and what each of them takes, beside a single one."""
    of_one, _ = _drawn_by(1)
    figure, each = _drawn_by(30)
    beside = f"one viewer {of_one}"
    yield "30 viewers have painted after the teacher's key", figure, beside, "150 ms in the median, 400 at worst"
    yield "memory of each of them", f"{each} MB", "", "25 MB"


def _drawn_by(pupils: int) -> tuple[str, str]:
    benchmark = str(Path(__file__).with_name("classroom.py"))
    command = [sys.executable, benchmark, str(pupils)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip().splitlines()[-1])
    drawn, most, worst = re.findall(r"(\d+) ms in the median, (\d+) ms for 95 %,\s+(\d+) ms at worst", ran.stdout)[0]
    [each] = re.findall(r"memory: ([\d.]+) MB each", ran.stdout)
    return f"{drawn} ms in the median, {most} for 95 %, {worst} at worst", each


def suite() -> Iterator[Row]:
    """Yield how long all tests take, run as the README says."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-n", "4"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = (ran.stdout or ran.stderr).strip().splitlines()[-1]
    yield "the whole test suite", f"{(time.monotonic() - began) / 60:.1f} minutes", said, "4 minutes on two cores"


PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    part.__name__: part for part in (iterations, scalars, screens, graphs, times, classes, suite)
}


def seconds_of(action: Callable[[], object]) -> float:
    """Return the processor time of an action."""
    started = time.process_time()
    action()
    return time.process_time() - started


def resident() -> float:
    """Return the megabytes of memory that this process has."""
    return graph_view.resident(os.getpid())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure only this part")
    parser.add_argument("--here", choices=PARTS, help="print the rows of this part, measured in this process")
    asked = parser.parse_args()
    if asked.here:
        return 0 if measured(asked.here) else 1
    began = time.monotonic()
    load = os.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}, ", end="")
    print(f"Python {platform.python_version()}" + (f"; the machine is busy: load {load:.1f}" if load > 0.5 else ""))
    print("\n| what | measured | beside | budget |\n|---|---|---|---|", flush=True)
    # each in a process of its own: none is to fork the threads of JAX, or to have the memory of PyTorch counted as ours
    ended = {
        name: subprocess.run([sys.executable, __file__, "--here", name]).returncode for name in asked.only or PARTS
    }
    for name, code in ended.items():
        if code not in (0, 1):
            print(f"| {name} | not measured: its process ended with {code} | | |")
    print(f"\n{(time.monotonic() - began) / 60:.1f} minutes", file=sys.stderr)
    return 1 if any(ended.values()) else 0


def measured(part: str) -> bool:
    """Print the rows of a part, and return whether it could be measured."""
    try:
        for row in PARTS[part]():
            print(f"| {' | '.join(row)} |", flush=True)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        print(f"| {part} | not measured: {type(error).__name__}: {error} ({place}) | | |", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
