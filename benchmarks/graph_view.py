"""What the graph view costs on graphs of every size, and how it is laid out beside Graphviz `dot`, where installed.

python benchmarks/graph_view.py

Times are what a terminal of 120x40 sees, from the start, or the key, to the last byte painted. A crossing is a point
where two edges cross that have no node in common. `dot` gets the same boxes, from left to right.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pexpect

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.screen import closed, cpu_seconds, opened, painted, pressed
from tests.sample_graphs import LARGE, SMALL
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.graph.folded_graph import with_off_path
from tui_backprop.graph.item_views import SHAPES, box_of
from tui_backprop.graph.layout import Layout, NodeBox, lay_out
from tui_backprop.graph.picture import MOST_ITEMS, fold_at_first, repeat_leaves
from tui_backprop.programs.program import program_of

OPEN = """
import sys
sys.path.insert(0, {root!r})
from tests.sample_graphs import LARGE, SMALL, lesson_of, long_chain
from tests.scalar_models import tiny_gpt
from tui_backprop.app import BackpropApp
from tui_backprop.programs.program import program_of
from tui_backprop.terminal.run import run
name, _, count = {name!r}.partition(" ")
build = tiny_gpt if name == "scalar-gpt" else long_chain
lesson = lesson_of(name, lambda: build(int(count))) if count else (SMALL | LARGE)[name]
run(BackpropApp(program_of(lesson)))
"""
YARDSTICK = "two-layers"
KEYS = (
    "b",
    "N",
    "S",
    "P",
    "space",
    "z",
    "z",
    "v",
    "v",
    "g",
    "g",
    "t Esc",
    "/ a Esc",
    "x",
    "X Esc",
    "o q",
    "w",
    "Home",
    "End",
)
"""What is pressed one after the other; what stands behind another one leads back from it."""
SENT = {"space": " ", "Esc": "\x1b[27u", "Home": "\x1b[H", "End": "\x1b[F"}
SCALE = 1 / 10
"""Inches of `dot` for a row; a column is half as wide."""

Polyline = list[tuple[float, float]]


def laid_out(name: str) -> tuple[int, list[NodeBox], Layout | None, float]:
    """Return how many nodes a graph has, its boxes, and where they stand, with the seconds that took."""
    graph = Timeline(program_of((SMALL | LARGE)[name])).graph
    nodes = with_off_path(graph)
    start = time.perf_counter()
    picture = repeat_leaves(fold_at_first(nodes))
    boxes = [box_of(item, graph.shapes, SHAPES) for item in picture.items.values()]
    layout = lay_out(boxes, picture.item_for(graph.loss)) if len(boxes) <= MOST_ITEMS else None
    return len(nodes), boxes, layout, time.perf_counter() - start


def drawn_by_dot(boxes: Sequence[NodeBox]) -> dict[tuple[str, str, int], Polyline]:
    lines = ["digraph {", "rankdir=LR; ranksep=0.2; nodesep=0.1; node [shape=box, fixedsize=true];"]
    number = {box.name: i for i, box in enumerate(boxes)}
    for box in boxes:
        lines.append(f"{number[box.name]} [width={box.width * SCALE / 2}, height={box.height * SCALE}];")
        lines += [f"{number[source]} -> {number[box.name]} [arrowhead=none];" for source in box.inputs]
    said = subprocess.run(["dot", "-Tjson"], input="\n".join([*lines, "}"]), capture_output=True, text=True, check=True)
    edges = [
        (source, box.name, input_index) for box in boxes for input_index, source in enumerate(box.inputs)
    ]  # in the order in which they were written
    drawn = json.loads(said.stdout)["edges"]
    return {edge: _flat(found["_draw_"]) for edge, found in zip(edges, drawn, strict=True)}


def _flat(drawing: list[dict[str, object]]) -> Polyline:
    """Return the curve of an edge as short straight pieces."""
    [points] = [operation["points"] for operation in drawing if operation["op"] == "b"]
    control = np.array(points, dtype=float)
    t = np.linspace(0, 1, 9)[:, None]
    curve = [control[:1]]
    for i in range(0, len(control) - 1, 3):
        a, b, c, d = control[i : i + 4]
        curve.append(((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)[1:])
    return [(float(x), float(y)) for x, y in np.concatenate(curve)]


def drawn_by_us(layout: Layout) -> dict[tuple[str, str, int], Polyline]:
    edges = (edge for edges in layout.incoming.values() for edge in edges)
    return {(edge.source, edge.consumer, edge.input_index): [(x, y) for x, y in layout.path(edge)] for edge in edges}


def crossings(edges: dict[tuple[str, str, int], Polyline]) -> int:
    """Return how often two edges cross that have no node in common."""
    pieces = np.array([(*a, *b) for line in edges.values() for a, b in pairwise(line)])
    owner = np.array([i for i, line in enumerate(edges.values()) for _ in pairwise(line)])
    ends = [{source, consumer} for source, consumer, _ in edges]
    start, way = pieces[:, :2], pieces[:, 2:] - pieces[:, :2]
    met = 0
    for i in range(len(pieces)):
        apart = start[i + 1 :] - start[i]
        across = way[i, 0] * way[i + 1 :, 1] - way[i, 1] * way[i + 1 :, 0]
        with np.errstate(all="ignore"):
            here = (apart[:, 0] * way[i + 1 :, 1] - apart[:, 1] * way[i + 1 :, 0]) / across
            there = (apart[:, 0] * way[i, 1] - apart[:, 1] * way[i, 0]) / across
        inside = (across != 0) & (here >= 0) & (here < 1) & (there >= 0) & (there < 1)
        met += sum(not ends[owner[i]] & ends[owner[i + 1 + j]] for j in np.flatnonzero(inside))
    return met


def resident(process: int) -> float:
    """Return the megabytes of memory that a process has (Linux)."""
    with open(f"/proc/{process}/statm") as sizes:
        return int(sizes.read().split()[1]) * 4096 / 1e6


def stepped(name: str) -> tuple[float, list[list[float]], float]:
    """Return the seconds until a graph is on the screen, the milliseconds of steps in each pass, and the megabytes.

    The passes are those of the first iteration, and the first one of the second.
    """
    child, seconds = opened([sys.executable, "-c", OPEN.format(root=str(Path(__file__).parents[1]), name=name)])
    painted(child, time.perf_counter(), quiet=1)  # what is done behind the first paint is none of a key's
    steps = []
    for key in ("p", "p", "i", ""):
        steps.append([1000 * seconds for _, seconds in pressed(child, " ", 15)])
        pressed(child, key, len(key))
        painted(child, time.perf_counter(), quiet=1, first=1)  # on a large graph that is a run
    pressed(child, "b", 2)
    memory = resident(child.pid)
    closed(child)
    return seconds, steps, memory


def answered(name: str) -> dict[str, float]:
    """Return how many milliseconds pass before anything answers a key, by the key, at the end of an iteration."""
    child, _ = opened([sys.executable, "-c", OPEN.format(root=str(Path(__file__).parents[1]), name=name)])
    found = {}
    for keys in ("i", *KEYS):
        for key in keys.split():
            rest(child)
            start = time.perf_counter()
            child.send(SENT.get(key, key))
            with suppress(pexpect.TIMEOUT):  # there is nothing to go to
                child.read_nonblocking(65536, 5)
                found[key] = max(found.get(key, 0.0), 1000 * (time.perf_counter() - start))
    rest(child)
    closed(child)
    return found


def rest(child: pexpect.spawn) -> None:
    """Wait until nothing is painted and nothing computed any more."""
    used = -1.0
    while used != (used := cpu_seconds(child.pid)):
        painted(child, time.perf_counter(), quiet=0.5, first=0.5)


def main() -> None:
    has_dot = shutil.which("dot") is not None
    head = f"{'layout':18}{'nodes':>7}{'boxes':>7}{'ms':>8}{'size':>12}{'crossings':>11}{'dot':>6}"
    print(f"{head}   at most 1.3 times as many")
    for name in SMALL | LARGE:
        nodes, boxes, layout, seconds = laid_out(name)
        if layout is None:
            print(f"{name:18}{nodes:7}{'tape':>7}{1000 * seconds:8.0f}")
            continue
        ours = crossings(drawn_by_us(layout))
        theirs = str(crossings(drawn_by_dot(boxes))) if has_dot else "-"
        size = f"{layout.width}x{layout.height}"
        print(f"{name:18}{nodes:7}{len(boxes):7}{1000 * seconds:8.0f}{size:>12}{ours:11}{theirs:>6}")
    print()
    head = f"{'120x40':18}{'on screen':>12}{'forward':>10}{'backward':>10}{'update':>10}{'again':>10}{'memory':>10}"
    print(f"{head}   on screen: at most 2 s")
    base: list[float] = []
    for name in (
        YARDSTICK,
        "random-100",
        "random-300",
        "scalar-network",
        "long-chain 1000",
        "long-chain 10000",
        "scalar-gpt 21",
    ):
        seconds, passes, memory = stepped(name)
        steps = [median(each) for each in passes]
        base = base or steps
        ratios = "" if name == YARDSTICK else " ".join(f"{a / b:.1f}x" for a, b in zip(steps, base, strict=True))
        times = "".join(f"{step:7.1f} ms" for step in steps)
        print(f"{name:18}{seconds:10.2f} s{times}{memory:7.0f} MB   {ratios or 'one step: at most 3x of this one'}")
    print("\nbefore anything answers a key, scalar-gpt 21, at most 150 ms")
    for key, milliseconds in answered("scalar-gpt 21").items():
        print(f"{key:8}{milliseconds:7.1f} ms")


if __name__ == "__main__":
    main()
