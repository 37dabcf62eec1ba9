"""Random modules of torch, two steps of training each; by hand: python -m tests.tui.random_modules 200."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minidl_core import Variable
from minidl_core.graph import post_order
from minidl_core.plan import Plan
from tui_backprop.beliefs.evaluated_graph import EvaluatedGraph
from tui_backprop.programs.program import Program
from tui_backprop.programs.script import open_script

TOLERANCES = {"float32": 1e-5, "float64": 1e-10}
Function = Callable[[Tensor], Tensor]

CURVES: tuple[Function, ...] = (
    torch.relu, torch.sigmoid, torch.tanh, torch.sin, torch.cos, torch.exp, torch.square, torch.abs,
    nn.functional.softplus, nn.functional.gelu, nn.functional.silu, nn.functional.elu, nn.functional.leaky_relu,
    lambda x: nn.functional.gelu(x, approximate="tanh"),
    lambda x: x.clamp(-0.5, 0.5), lambda x: x.clamp(min=0.0), lambda x: (x * x + 1).sqrt(), lambda x: (x * x + 1).log(),
    lambda x: 1 / (x * x + 1), lambda x: (x * x + 1).rsqrt(), lambda x: 1 - x * 2, lambda x: x**3, lambda x: -x / 3,
    lambda x: torch.where(x > 0, x, 0.1 * x), lambda x: torch.maximum(x, torch.zeros_like(x)), torch.erf,
)  # fmt: skip
ROWS: tuple[Function, ...] = (
    lambda x: x.softmax(-1), lambda x: x.log_softmax(1), lambda x: x - x.mean(1, keepdim=True),
    lambda x: x / x.norm(dim=1, keepdim=True), lambda x: x * x.var(1, keepdim=True), lambda x: x / (1 + x.std(0)),
    lambda x: x - x.max(dim=1, keepdim=True).values, lambda x: x + x.sum(0), lambda x: x.cumsum(1),
    lambda x: torch.cat([x, -x], 1), lambda x: torch.stack([x, x * 2], 1).flatten(1), lambda x: x[:, 1:],
    lambda x: x.T.reshape(len(x), -1), lambda x: x[:, [0, 1, 0]], lambda x: x.unsqueeze(1).expand(-1, 2, -1).sum(1),
    lambda x: x @ (x.T @ x) / 10, lambda x: torch.einsum("ij,kj->ik", x, x), lambda x: x.chunk(2, 1)[0],
    lambda x: nn.functional.pad(x, (1, 0)), lambda x: sum(x.unbind(1))[:, None] * x, lambda x: x.flip(1).roll(1, 0),
    lambda x: nn.functional.normalize(x, dim=1), lambda x: x.amax(1, keepdim=True) * x, lambda x: x.repeat(1, 2),
)  # fmt: skip


class Through(nn.Module):
    """A function as a module."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Net(nn.Module):
    """Layers after each other, the first of them on images, sequences or rows."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self.kind = draw.choice(("rows", "images", "words", "steps"))
        self.first = {"rows": self._rows, "images": self._images, "words": self._words, "steps": self._steps}[
            self.kind
        ](draw)
        layers: list[nn.Module] = []
        for _ in range(draw.randint(1, 4)):
            layers.append(nn.LazyLinear(draw.randint(3, 6), bias=draw.random() < 0.8))
            if draw.random() < 0.4:
                layers.append(
                    draw.choice([nn.LazyBatchNorm1d(), nn.Dropout(0.3), nn.LayerNorm(layers[-1].out_features)])
                )  # type: ignore[arg-type]
            layers.append(Through(draw.choice(draw.choice((CURVES, ROWS)))))
        self.layers = nn.Sequential(*layers, nn.LazyLinear(3))

    def _rows(self, draw: random.Random) -> nn.Module:
        return nn.LazyLinear(4)

    def _images(self, draw: random.Random) -> nn.Module:
        pool = draw.choice([nn.MaxPool2d(2), nn.AvgPool2d(2), nn.MaxPool2d(3, 1)])
        convolution = nn.Conv2d(1, 2, draw.choice((2, 3)), draw.choice((1, 2)), draw.choice((0, 1)))
        norm = draw.choice([nn.BatchNorm2d(2), nn.Identity(), nn.GroupNorm(1, 2)])
        return nn.Sequential(convolution, norm, nn.ReLU(), pool, nn.Flatten())

    def _words(self, draw: random.Random) -> nn.Module:
        return nn.Sequential(nn.Embedding(7, 4), nn.Flatten())

    def _steps(self, draw: random.Random) -> nn.Module:
        if draw.random() < 0.5:
            layer = draw.choice((nn.LSTM, nn.GRU, nn.RNN))(4, 3, batch_first=True)
            return nn.Sequential(layer, Through(lambda given: given[0][:, -1]))
        encoder = nn.TransformerEncoderLayer(4, 2, 6, dropout=draw.choice((0.0, 0.2)), batch_first=True)
        return nn.Sequential(encoder, Through(lambda x: x.mean(1)))

    def data(self) -> Tensor:
        if self.kind == "words":
            return torch.randint(0, 7, (5, 3))
        return torch.randn({"rows": (5, 4), "images": (5, 1, 7, 7), "steps": (5, 3, 4)}[self.kind])

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(self.first(x))
        return y


def losses(draw: random.Random) -> Callable[[Tensor], Tensor]:
    classes, wanted = torch.randint(0, 3, (5,)), torch.rand(5, 3)
    kinds: list[Callable[[Tensor], Tensor]] = [
        lambda y: nn.functional.cross_entropy(y, classes),
        lambda y: nn.functional.cross_entropy(y, classes, reduction="sum", label_smoothing=0.1),
        lambda y: nn.functional.nll_loss(y.log_softmax(1), classes),
        lambda y: nn.functional.mse_loss(y, wanted),
        lambda y: nn.functional.binary_cross_entropy_with_logits(y, wanted),
        lambda y: nn.functional.binary_cross_entropy(y.sigmoid(), wanted),
        lambda y: nn.functional.smooth_l1_loss(y, wanted),
        lambda y: (y - wanted).abs().mean(),
    ]
    return draw.choice(kinds)


def train(seed: int, precision: str) -> Any:
    """Make a random module and train it for two steps; returns it."""
    draw = random.Random(seed)
    torch.manual_seed(seed)
    torch.set_default_dtype(getattr(torch, precision))
    try:
        net, loss_of = Net(draw), losses(draw)
        with torch.no_grad():
            net(net.data())
        optimizer = draw.choice((torch.optim.SGD, torch.optim.Adam))(net.parameters(), lr=0.01)
        for _ in range(2):
            optimizer.zero_grad()
            loss = loss_of(net(net.data()))
            loss.backward()
            optimizer.step()
    finally:
        torch.set_default_dtype(torch.float32)
    return net


def faults(program: Program, tolerance: float) -> Iterator[str]:
    """Yield in which numbers the first step of a program is not what torch computed."""
    step = program.steps[0]
    variables = {node: node.initial_value for node in post_order([step.loss]) if isinstance(node, Variable)}
    evaluation = Plan([step.loss]).run(step.feeds, variables)
    loss = float(evaluation[step.loss])
    if abs(loss - step.measured) > tolerance * max(1, abs(loss)):
        yield f"the loss is {loss!r}, torch's {step.measured!r}"
    graph = EvaluatedGraph(evaluation, step.loss)
    right = dict(zip(graph.nodes, graph.right, strict=True))
    for node, theirs in step.theirs.items():
        # inside a product of matrices numbers may cancel, as those before a batch norm do
        if np.max(np.abs(theirs - right[node])) > tolerance * max(1.0, float(np.max(np.abs(right[node])))):
            yield f"{node!r}: {theirs}, not {right[node]}"
    if not step.theirs:
        yield "no gradient was compared"


def opened(seed: int, precision: str, folder: Path) -> Program:
    path = folder / f"random_{seed}.py"
    path.write_text(f"from tests.tui.random_modules import train\nnet = train({seed}, {precision!r})\n")
    return open_script(str(path))


def main(count: int) -> None:
    wrong = 0
    with TemporaryDirectory() as folder, redirect_stderr(StringIO()):
        for seed in range(count):
            for precision, tolerance in TOLERANCES.items():
                try:
                    program = opened(seed, precision, Path(folder))
                    found = list(faults(program, tolerance))
                except Exception as error:  # whatever it is, it is a fault of this module
                    found = [f"{type(error).__name__}: {error}"]
                for fault in found[:2]:
                    print(seed, precision, fault[:300])
                wrong += bool(found)
    print(f"{count} modules in {len(TOLERANCES)} precisions, {wrong} wrong")


if __name__ == "__main__":
    main(int(sys.argv[1]))
