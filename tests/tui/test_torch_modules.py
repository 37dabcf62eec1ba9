"""Modules and losses of torch that are made of operations of ours, and those that stay one node."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")

from minidl_core import Operation, Variable  # noqa: E402
from minidl_core.definition import definitions  # noqa: E402
from minidl_core.graph import post_order  # noqa: E402
from minidl_core.plan import Plan  # noqa: E402
from tui_backprop.programs.opening import open_program  # noqa: E402
from tui_backprop.verdict import judge  # noqa: E402

pytestmark = pytest.mark.torch

SCRIPT = """
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
rows, steps, images = torch.randn(4, 3), torch.randn(4, 2, 3), torch.randn(2, 3, 2, 2)
classes, pixels = torch.tensor([0, 1, 2, 2]), torch.tensor([[[0, 1], [2, 2]], [[2, 2], [1, 0]]])
weight, causal = torch.tensor([0.1, 0.2, 0.7]), nn.Transformer.generate_square_subsequent_mask(4)
low = torch.tril(torch.ones(2, 2)).bool()
net = {module}
try:
    for _ in range(2):
        loss = ({loss}).square().sum()
        loss.backward()
finally:
    torch.set_default_dtype(torch.float32)
"""
LAYER = "nn.TransformerEncoderLayer(4, 2, 6, activation='gelu', batch_first=True)"
KNOWN = [
    ("nn.LSTM(3, 4, 2, bidirectional=True)", "(out := net(steps))[0].sum() + out[1][0].sin().sum() + out[1][1].sum()"),
    ("nn.LSTM(3, 4, bias=False, batch_first=True)", "net(steps)[1][0]"),
    ("nn.GRU(3, 4, bidirectional=True)", "net(steps)[0]"),
    ("nn.RNN(3, 4, nonlinearity='relu')", "net(steps)[0][-1]"),
    (
        "nn.ModuleList([nn.LSTMCell(3, 4), nn.GRUCell(4, 4), nn.RNNCell(4, 4)])",
        "net[2](net[1](*net[0](rows, net[0](rows))))",
    ),
    ("nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4))", "net(images).sin()"),
    ("nn.Sequential(nn.Conv2d(3, 4, 1), nn.InstanceNorm2d(4, affine=True), nn.AdaptiveAvgPool2d(1))", "net(images)"),
    ("nn.InstanceNorm1d(2, affine=True, track_running_stats=True)", "net(steps).sin()"),
    ("nn.Conv1d(2, 4, 3, padding=1, stride=2)", "net(steps)"),
    ("nn.Sequential(nn.Linear(3, 4), nn.GELU())", "net(rows)"),
    ("nn.Linear(3, 3)", "net(rows).masked_fill(rows > 0, -1e31) * 1e-31"),
    ("nn.Linear(3, 3)", "F.cross_entropy(net(rows), classes, weight)"),
    ("nn.Linear(3, 3)", "F.cross_entropy(net(rows), classes, weight, ignore_index=2, label_smoothing=0.1)"),
    ("nn.Linear(3, 3)", "F.cross_entropy(net(rows), classes - 101 * (classes == 1), reduction='none')"),
    ("nn.Linear(3, 3)", "F.cross_entropy(net(rows[0]), classes[1], label_smoothing=0.1)"),
    ("nn.Linear(3, 3)", "F.cross_entropy(net(rows), rows.softmax(1), weight, label_smoothing=0.1)"),
    ("nn.Conv2d(3, 3, 1)", "F.cross_entropy(net(images), pixels, weight, ignore_index=0)"),
    ("nn.Linear(3, 3)", "F.nll_loss(net(rows).log_softmax(1), classes, weight)"),
    ("nn.Linear(3, 4)", "F.scaled_dot_product_attention(q := net(steps), q, q, low)"),
    ("nn.Linear(3, 4)", "F.scaled_dot_product_attention(q := net(steps), q, q, causal[:2, :2], dropout_p=0.3)"),
    ("nn.MultiheadAttention(3, 1)", "net(steps, steps, steps, key_padding_mask=torch.eye(2, 4).bool())[0]"),
    (f"nn.TransformerEncoder({LAYER}, 2)", "net(steps.reshape(1, 6, 4)[:, :4], mask=causal, is_causal=True) ** 3"),
]


def opened(module: str, loss: str, tmp_path: Path) -> set[str]:
    """Open a script in which every gradient agrees, and return the kinds of its operations that are none of ours."""
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(module=module, loss=loss))
    program = open_program(str(path))
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, list(verdict.parted), verdict.checked) == (0, [], 2)
    nodes = post_order([program.steps[0].loss])
    variables = {node: node.initial_value for node in nodes if isinstance(node, Variable)}
    value = Plan([program.steps[0].loss]).run(program.steps[0].feeds, variables)[program.steps[0].loss]
    assert float(value) == pytest.approx(program.steps[0].measured, rel=1e-12)
    assert "every entry of one meets every" not in program.warning
    return {node.kind for node in nodes if isinstance(node, Operation)} - set(definitions)


@pytest.mark.filterwarnings("ignore:dropout option adds dropout after all but last")
def test_a_dropout_between_layers_is_none_where_there_is_one_layer(tmp_path: Path) -> None:
    assert opened("nn.RNN(3, 4, dropout=0.5)", "net(steps)[0]", tmp_path) == set()


@pytest.mark.parametrize(("module", "loss"), KNOWN)
def test_a_module_of_torch_is_made_of_operations_of_ours(module: str, loss: str, tmp_path: Path) -> None:
    assert opened(module, loss, tmp_path) == set()


@pytest.mark.parametrize(
    ("module", "loss"),
    [
        ("nn.LSTM(3, 4, proj_size=2)", "net(steps)[0]"),
        ("nn.LSTM(3, 4)", "net(nn.utils.rnn.pack_padded_sequence(steps, [4, 2]))[0].data"),
        ("nn.LSTM(3, 4)", "net(steps.repeat(51, 1, 1))[0]"),
    ],
)
def test_an_lstm_that_is_projected_packed_or_long_stays_one_node(module: str, loss: str, tmp_path: Path) -> None:
    assert opened(module, loss, tmp_path) == {"lstm"}


def test_the_steps_of_an_lstm_are_boxes_in_the_box_of_its_module(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(module="nn.ModuleDict({'lstm': nn.LSTM(3, 4)})", loss="net['lstm'](steps)[0]"))
    names = {node.name for node in post_order([open_program(str(path)).steps[0].loss])}
    assert {"lstm/step_1/i", "lstm/step_4/c", "lstm/step_4/h", "lstm.weight_ih_l0"} <= names
