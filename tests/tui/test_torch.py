"""A script that trains with torch, opened: its graphs, its losses, its gradients and its updates."""

from __future__ import annotations

import subprocess
import sys
from copy import copy
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")

from minidl_core import Stepper, Variable  # noqa: E402
from minidl_core.graph import post_order  # noqa: E402
from tui_backprop.export import script_of  # noqa: E402
from tui_backprop.programs.opening import open_program  # noqa: E402
from tui_backprop.programs.program import Program  # noqa: E402
from tui_backprop.programs.updates import ProgramsOptimizer, SummedDescent  # noqa: E402
from tui_backprop.verdict import judge  # noqa: E402

from .random_modules import TOLERANCES, faults, opened  # noqa: E402

pytestmark = pytest.mark.torch

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
"""
CNN = """
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.fc = nn.Linear(48, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(F.dropout(torch.flatten(x, 1), 0.25, self.training))
def main():
    net, losses = CNN(), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for _ in range(3):
        images, digits = torch.randn(6, 1, 8, 8), torch.randint(0, 10, (6,))
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), digits)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses
losses = main()
"""
LSTM = """
class Letters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.lstm, self.head = nn.Embedding(9, 4), nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 9)
    def forward(self, x, state):
        out, state = self.lstm(self.embed(x), state)
        return self.head(out), state
net, state, losses = Letters(), None, []
optimizer = torch.optim.AdamW(net.parameters(), lr=0.02)
for _ in range(3):
    x, y = torch.randint(0, 9, (2, 6)), torch.randint(0, 9, (2, 6))
    logits, state = net(x, state)
    state = tuple(each.detach() for each in state)
    loss = F.cross_entropy(logits.reshape(-1, 9), y.reshape(-1))
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
"""
ATTENTION = """
class Head(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(size, size, bias=False) for _ in range(3))
        self.register_buffer("mask", torch.tril(torch.ones(5, 5)))
    def forward(self, x):
        scores = self.q(x) @ self.k(x).transpose(-2, -1) / x.size(-1) ** 0.5
        return F.softmax(scores.masked_fill(self.mask == 0, float("-inf")), -1) @ self.v(x)
net = nn.Sequential(Head(6), nn.TransformerEncoderLayer(6, 2, 8, batch_first=True))
optimizer, losses = torch.optim.Adam(net.parameters(), lr=1e-3), []
x, goal = torch.randn(2, 5, 6), torch.randn(2, 5, 6)
for _ in range(3):
    loss = ((net(x) - goal) ** 2).mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    losses.append(loss.item())
"""
GAN = """
G = nn.Sequential(nn.Linear(2, 5), nn.LeakyReLU(0.2), nn.Linear(5, 1))
D = nn.Sequential(nn.Linear(1, 5), nn.ReLU(), nn.Linear(5, 1), nn.Sigmoid())
g_optimizer, d_optimizer = torch.optim.Adam(G.parameters(), 0.01), torch.optim.SGD(D.parameters(), 0.01)
criterion, losses = nn.BCELoss(), []
for _ in range(2):
    real, fake = torch.randn(4, 1) + 3, G(torch.randn(4, 2))
    d_optimizer.zero_grad()
    d_real = criterion(D(real), torch.ones(4, 1)); d_real.backward()
    d_fake = criterion(D(fake.detach()), torch.zeros(4, 1)); d_fake.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_loss = criterion(D(fake), torch.ones(4, 1)); g_loss.backward()
    g_optimizer.step()
    losses += [d_real.item(), d_fake.item(), g_loss.item()]
"""


def program_of(tmp_path: Path, text: str) -> Program:
    path = tmp_path / "script.py"
    path.write_text(HEAD + text)
    return open_program(str(path))


def variables_of(program: Program) -> dict[str, Variable]:
    nodes = post_order([step.loss for step in program.steps])
    return {node.name: node for node in nodes if isinstance(node, Variable)}


@pytest.mark.parametrize("precision", TOLERANCES)
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 6, 9, 143, 203])  # in the last four gradients or values cancel
def test_a_random_module_has_the_loss_and_the_gradients_of_torch(seed: int, precision: str, tmp_path: Path) -> None:
    program = opened(seed, precision, tmp_path)
    if seed < 5:
        assert list(faults(program, TOLERANCES[precision])) == []
    verdict = judge(program)
    assert verdict is not None
    assert list(verdict.lines()) == [f"✓ torch (random_{seed}.py): {verdict.compared} gradients agree in all 2 steps"]


@pytest.mark.parametrize("text", [CNN, LSTM, ATTENTION, GAN], ids=["cnn", "lstm", "attention", "gan"])
def test_a_network_as_people_write_it_opens_with_its_losses_and_all_gradients_agree(text: str, tmp_path: Path) -> None:
    program = program_of(tmp_path, f"{text}\nwith open({str(tmp_path / 'losses')!r}, 'w') as f: f.write(repr(losses))")
    measured = [step.measured for step in program.steps]
    assert repr(measured) == (tmp_path / "losses").read_text()
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, verdict.checked, list(verdict.parted)) == (0, len(measured), [])


def test_parameters_have_the_names_of_their_modules_and_modules_are_scopes(tmp_path: Path) -> None:
    program = program_of(tmp_path, LSTM)
    assert {"embed.weight", "lstm.weight_ih_l0", "head.bias"} <= set(variables_of(program))
    kinds = {node.name: node.kind for node in post_order([program.steps[0].loss])}
    assert kinds["head/add"] == "add"
    assert kinds["lstm/step_6/h"] == "multiply"
    assert kinds["x"] == "placeholder"
    assert kinds["loss"] == "reduce_mean"


@pytest.mark.parametrize(
    "optimizer",
    [
        "SGD(net.parameters(), 0.1, weight_decay=0.01)",
        "SGD(net.parameters(), 0.1, momentum=0.9)",
        "SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True)",
        "Adam(net.parameters(), 0.01, betas=(0.8, 0.99))",
        "Adam(net.parameters(), 0.01, weight_decay=0.1)",
        "AdamW(net.parameters(), 0.01, weight_decay=0.1)",
        "RMSprop(net.parameters(), 0.01)",
    ],
)
@pytest.mark.parametrize(
    "clip", ["", "nn.utils.clip_grad_norm_(net.parameters(), 0.1)", "nn.utils.clip_grad_value_(net.parameters(), 0.1)"]
)
def test_an_optimizer_of_ours_with_the_settings_moves_the_weights_as_torch_does(
    optimizer: str, clip: str, tmp_path: Path
) -> None:
    text = f"""
torch.set_default_dtype(torch.float64)
net = nn.Linear(3, 2)
optimizer = torch.optim.{optimizer}
x, y = torch.randn(5, 3), torch.randn(5, 2)
for _ in range(4):
    optimizer.zero_grad()
    loss = F.mse_loss(net(x), y)
    loss.backward()
    {clip}
    optimizer.step()
torch.set_default_dtype(torch.float32)
"""
    program = program_of(tmp_path, text)
    first, last = program.steps[0], program.steps[-1]
    assert not isinstance(first.optimizer, ProgramsOptimizer)
    stepper = Stepper(first.loss, first.feeds, optimizer=copy(first.optimizer))
    stepper.run(4)
    for node in variables_of(program).values():
        np.testing.assert_allclose(stepper.state().variables[node], last.left_after[node], rtol=1e-5)


def test_an_update_by_hand_is_gradient_descent_at_its_rate(tmp_path: Path) -> None:
    text = """
w = torch.tensor(0.0, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
x = torch.arange(4.0)
for _ in range(3):
    loss = ((w * x + b - 2 * x - 1) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for each in (w, b):
            each -= 0.05 * each.grad
            each.grad = None
"""
    program = program_of(tmp_path, text)
    assert [step.optimizer.learning_rate for step in program.steps] == [0.05] * 3
    assert set(variables_of(program)) == {"w", "b"}


def test_gradients_that_add_up_over_two_backward_calls_move_once_and_as_the_script_did(tmp_path: Path) -> None:
    text = """
net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(2):
    optimizer.zero_grad()
    for _ in range(2):
        (net(torch.randn(3, 2)).square().mean() / 2).backward()
    optimizer.step()
"""
    program = program_of(tmp_path, text)
    first, second = program.steps[:2]
    assert first.trained == []
    assert isinstance(second.optimizer, SummedDescent)
    assert (second.optimizer.calls, second.optimizer.learning_rate) == (2, 0.1)
    for node, stood in second.before.items():
        assert np.allclose(stood, first.theirs[node])
        assert np.allclose(second.optimizer.taken[node], first.theirs[node] + second.theirs[node])
    assert "they add up over several calls, until zero_grad()" in program.warning
    assert set(second.before) == set(variables_of(program).values())
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, verdict.checked) == (0, 4)


def test_gradients_that_the_script_changes_before_the_step_are_said_and_the_step_is_what_it_made(
    tmp_path: Path,
) -> None:
    text = """
unused, net = torch.ones(2, requires_grad=True), nn.Linear(2, 1)
optimizer = torch.optim.SGD([unused, *net.parameters()], 0.1)
for _ in range(2):
    optimizer.zero_grad()
    loss = net(torch.ones(3, 2)).square().mean()
    loss.backward()
    net.bias.grad += 1
    unused.grad = torch.zeros(2)
    optimizer.step()
"""
    program = program_of(tmp_path, text)
    assert "the script changed gradients, other than by clipping them" in program.warning
    assert "add up" not in program.warning
    assert isinstance(program.steps[0].optimizer, ProgramsOptimizer)
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0


def test_each_of_several_networks_starts_from_its_own_numbers_whichever_batch_is_smaller(tmp_path: Path) -> None:
    text = f"""{HEAD}
x = torch.randn(20, 1)
nets = [nn.Linear(1, 1), nn.Linear(1, 1)]
optimizers = [torch.optim.SGD(net.parameters(), lr=0.01) for net in nets]
for epoch in range(2):
    for rows in torch.arange(20).split(8):
        for net, optimizer in zip(nets, optimizers):
            loss = F.mse_loss(net(x[rows]), x[rows] ** 2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
"""
    (tmp_path / "several.py").write_text(text)
    verdict = judge(open_program(str(tmp_path / "several.py")))
    assert verdict is not None
    assert (verdict.status, verdict.recorded) == (0, 12)


@pytest.mark.parametrize(
    ("hook", "parted"),
    [
        ("net[0].weight.register_hook(lambda g: 2 * g)", ["0.weight"]),
        ("net[1].register_full_backward_hook(lambda module, into, out: (2 * into[0],))", ["0/add"]),
        ("net[1].register_full_backward_hook(lambda module, into, out: None)", []),
    ],
)
def test_a_hook_is_said_with_its_line_and_torch_parts_where_it_changes_a_gradient(
    hook: str, parted: list[str], tmp_path: Path
) -> None:
    text = f"""
net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
{hook}
loss = net(torch.ones(3, 2)).square().mean()
loss.backward()
"""
    program = program_of(tmp_path, text)
    assert "there is a hook (script.py:8): where it changes a gradient, torch's parts" in program.warning
    verdict = judge(program)
    assert verdict is not None
    assert [each.node.name for each in verdict.parted][:1] == parted
    assert "torch's" in list(verdict.lines())[1:][:1][0] if parted else True


def test_a_wrong_backward_of_a_function_of_ones_own_parts(tmp_path: Path) -> None:
    text = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3
    @staticmethod
    def backward(ctx, grad):
        [x] = ctx.saved_tensors
        return grad * 2 * x ** 2
w = torch.tensor([1.0, 2.0], requires_grad=True)
loss = Cube.apply(w).sum()
loss.backward()
"""
    verdict = judge(program_of(tmp_path, text))
    assert verdict is not None
    assert [each.node.name for each in verdict.parted] == ["w"]
    assert list(verdict.lines())[1].split() == ["node", "location", "torch's", "right"]


def test_what_is_compiled_runs_as_it_is_written_and_that_is_said(tmp_path: Path) -> None:
    text = """
net = torch.compile(nn.Linear(2, 1))
double = torch.jit.script(lambda x: x * 2)
double(net(torch.ones(3, 2))).sum().backward()
"""
    program = program_of(tmp_path, text)
    assert "torch.compile() was left out" in program.warning
    assert "torch.jit.script() was left out" in program.warning


def test_torch_is_not_imported_where_the_script_does_not_import_it(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("import minidl_core as dl\nw = dl.Variable(1.0)\ndl.Stepper(dl.square(w), {}).run(1)\n")
    code = (
        "import sys; from tui_backprop.programs.script import open_script; from contextlib import suppress\n"
        f"with suppress(Exception): open_script({str(path)!r})\n"
        "print('torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_run_is_written_as_a_script_that_reaches_its_losses_with_the_slopes_of_torch_at_ties(tmp_path: Path) -> None:
    text = """
w = torch.tensor([[[[1.0, 1.0], [0.0, -1.0]]]], requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
for _ in range(3):
    y = w.clamp(0.0, 5.0).sum() + F.max_pool2d(w, 2).sum() + w.max(dim=-1).values.square().sum()
    loss = y + torch.maximum(w, torch.tensor(0.0)).sum() + torch.minimum(w, w * w).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
    program = program_of(tmp_path, text)
    script = script_of(program, "torch", 3, "", 1_000)
    assert script.warning == script_of(program, "numpy", 3, "", 1_000).warning == ""
    (tmp_path / "written.py").write_text("\n".join(script.lines))
    try:
        again = open_program(str(tmp_path / "written.py"))
    finally:
        torch.set_default_dtype(torch.float32)
    measured = [step.measured for step in program.steps]
    assert [step.measured for step in again.steps] == pytest.approx(measured, rel=1e-5)
