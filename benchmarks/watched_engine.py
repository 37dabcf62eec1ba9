"""What it costs to open a script with an engine of its own: watched beside plain, then until the graph is folded.

python benchmarks/watched_engine.py [nodes a step] [steps]

The script trains a layer of scalars by an engine as learners write it. Each run is a process of its own; its seconds
are those of the processor.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """
import math, random, sys, time
start = time.process_time()

class Value:
    def __init__(self, data, children=(), slopes=()):
        self.data, self.grad, self._children, self._slopes = data, 0.0, children, slopes
    def __add__(self, other):
        return Value(self.data + other.data, (self, other), (1.0, 1.0))
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))
    def tanh(self):
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))
    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(child, False) for child in node._children]
        self.grad = 1.0
        for node in reversed(order):
            for child, slope in zip(node._children, node._slopes):
                child.grad += slope * node.grad

random.seed(1)
width, steps = {width}, {steps}
weights = [[Value(random.gauss(0, 0.1)) for _ in range(width)] for _ in range(width)]

def layer(x):
    outputs = []
    for row in weights:
        total = row[0] * x[0]
        for w, v in zip(row[1:], x[1:]):
            total = total + w * v
        outputs.append(total.tanh())
    return outputs

for step in range(steps):
    x = layer(layer([Value(random.random()) for _ in range(width)]))
    loss = x[0]
    for v in x[1:]:
        loss = loss + v * v
    loss.backward()
    for row in weights:
        for w in row:
            w.data -= 0.01 * w.grad
            w.grad = 0.0
print(time.process_time() - start, file=sys.stderr)
"""
OPEN = """
import resource, sys, time
from tui_backprop.session.opening import Asked, open_session
from tui_backprop.graph.look import GraphLook
start = time.process_time()
session = open_session(Asked(sys.argv[1])).session
opened = time.process_time() - start
session.foldings.folded(GraphLook())
folded = time.process_time() - start
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(len(session.timeline.graph.nodes), opened, folded, memory)
"""


def seconds_of(command: list[str]) -> tuple[float, list[float]]:
    """Run Python; return the seconds of the script that it ran, and the numbers that it printed besides."""
    ran = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    return float(ran.stderr.split()[-1]), [float(number) for number in ran.stdout.split()]


def main() -> None:
    nodes, steps = (int(argument) for argument in [*sys.argv[1:], "75000", "5"][:2])
    width = round((nodes / 5) ** 0.5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "engine.py")
        path.write_text(SCRIPT.replace("{width}", str(width)).replace("{steps}", str(steps)))
        plain, _ = seconds_of([str(path)])
        watched, [count, opened, folded, memory] = seconds_of(["-c", OPEN, str(path)])
    print(f"{count:,.0f} nodes a step, {steps} steps")
    print(f"script watched       {watched:6.2f} s beside {plain:.2f} s plain: {watched / plain:.1f}x   at most 3x")
    print(f"opened after it      {opened - watched:6.2f} s")
    print(f"and folded           {folded - watched:6.2f} s   at most 3 s")
    print(f"memory               {memory:6.0f} MB   under 400 MB")


if __name__ == "__main__":
    main()
