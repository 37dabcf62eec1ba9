"""A script with torch that never sets gradients to 0: that is said, and one that gathers them on purpose is right."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `torch` is not installed")

from minidl_core import VariableUpdated
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place, after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector.overview import draw_finished
from tui_backprop.inspector.update_view import UpdateView
from tui_backprop.panes.header import draw_header
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program
from tui_backprop.verdict import judge

pytestmark = pytest.mark.torch

SAID = "the gradients of the step before are still in the sums: set every gradient to 0 before each backward call"
HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
x, y = torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.tensor([[1.0], [3.0], [5.0], [7.0]])
"""
BY_HAND = """
w, b = torch.tensor(0.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
for i in range(4):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.02 * w.grad
        b -= 0.02 * b.grad
    {zero}
"""
BY_OPTIMIZER = """
net = nn.Linear(1, 1)
optimizer = torch.optim.{optimizer}
for i in range(4):
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    {zero}
"""
GATHERING = """
net = nn.Linear(1, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
for i in range(3):
    for rows in (x[:2], x[2:]):
        ((net(rows) - 1) ** 2).mean().backward()
    optimizer.step()
    {zero}
"""
GAN = """
G, D = nn.Linear(1, 1), nn.Linear(1, 1)
g_optimizer, d_optimizer = (torch.optim.SGD(net.parameters(), lr=0.02) for net in (G, D))
for i in range(3):
    {zero}
    (D(x).mean() ** 2).backward()
    (D(G(x).detach()).mean() - 1).square().backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    D(G(x)).mean().square().backward()
    g_optimizer.step()
"""
BY_HAND_ZERO = "w.grad.zero_(); b.grad = None"


def opened(folder: Path, text: str) -> Program:
    (folder / "script.py").write_text(HEAD + text)
    return open_program(str(folder / "script.py"))


@pytest.mark.parametrize(
    ("text", "line", "count"),
    [
        (BY_HAND.format(zero="pass"), 10, 3),
        (BY_OPTIMIZER.format(optimizer="SGD(net.parameters(), lr=0.02)", zero="pass"), 11, 3),
        (BY_OPTIMIZER.format(optimizer="SGD(net.parameters(), lr=0.02, momentum=0.9)", zero="pass"), 11, 3),
        (BY_OPTIMIZER.format(optimizer="Adam(net.parameters())", zero="pass"), 11, 3),
        (GATHERING.format(zero="pass"), 11, 2),
        (GAN.format(zero="pass"), 12, 2),
    ],
)
def test_an_update_that_takes_gradients_again_is_a_mistake(text: str, line: int, count: int, tmp_path: Path) -> None:
    program = opened(tmp_path, text)
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 3
    first, second = verdict.lines()
    assert first.startswith("✗ torch (script.py): ")
    assert first.endswith(f", but {count} of its updates took the sum of several backward calls")
    assert second == f"{SAID} (script.py:{line})"
    assert (
        f"script.py: {count} of {verdict.recorded} steps moved by old gradients again. T{SAID[1:]}." in program.warning
    )


@pytest.mark.parametrize(
    "text",
    [
        BY_HAND.format(zero=BY_HAND_ZERO),
        BY_OPTIMIZER.format(optimizer="Adam(net.parameters())", zero="optimizer.zero_grad(set_to_none=False)"),
        GATHERING.format(zero="optimizer.zero_grad()"),
        GAN.format(zero="d_optimizer.zero_grad()"),
    ],
)
def test_where_gradients_are_set_to_0_after_each_update_nothing_is_said(text: str, tmp_path: Path) -> None:
    program = opened(tmp_path, text)
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, verdict.diagnosis) == (0, ())
    assert SAID[1:] not in program.warning


def at_last_update(program: Program, iteration: int) -> Moment:
    timeline = Timeline(program)
    timeline.go_to(Place(iteration - 1))
    found = None
    while timeline.forward(after_event):
        moment = timeline.moment
        if moment.iteration > iteration:
            break
        found = moment if moment.iteration == iteration and isinstance(moment.event, VariableUpdated) else found
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [BY_HAND.format(zero="pass"), BY_OPTIMIZER.format(optimizer="SGD(net.parameters(), lr=0.02)", zero="pass")],
)
def test_the_update_shows_of_how_many_calls_it_took_the_sum(text: str, tmp_path: Path) -> None:
    moment = at_last_update(opened(tmp_path, text), 3)
    assert isinstance(moment.event, VariableUpdated)
    shown = plain(UpdateView().draw(moment, moment.event.node, Followed(), 100, 30))
    assert "- η·(sum of the gradients of 3 backward calls)" in shown
    assert "η = 0.02" in shown
    assert SAID[:60] in shown
    assert "✗ old sums" in plain([draw_header(moment, 80)])
    assert "but the update takes the sums of 3 backward calls" in plain(draw_finished(moment, Followed(), 100, 30))


def test_a_sum_that_is_meant_is_shown_as_one_and_not_blamed(tmp_path: Path) -> None:
    moment = at_last_update(opened(tmp_path, GATHERING.format(zero="optimizer.zero_grad()")), 4)
    assert isinstance(moment.event, VariableUpdated)
    shown = plain(UpdateView().draw(moment, moment.event.node, Followed(), 100, 30))
    assert "- η·(sum of the gradients of 2 backward calls)" in shown
    assert SAID[:30] not in shown
    assert "old sums" not in plain([draw_header(moment, 80)])


def test_a_script_that_is_asked_for_some_steps_is_ended_after_them(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text(HEAD + BY_HAND.format(zero="w.grad = b.grad = None; assert i < 2"))
    program = open_program(str(tmp_path / "long.py"), most=2)
    assert (len(program.steps), program.warning) == (2, "")
    assert [value is not None for value in program.steps[1].left_after.values()] == [True, True]
