"""What the verdict says of an engine: no order that it does not have, no lucky guess, and like beside like."""

from __future__ import annotations

from pathlib import Path

import pytest

from minidl_core.train import MomentumOptimizer
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.graph.item_views import node_marks
from tui_backprop.inspector.overview import draw_finished
from tui_backprop.inspector.theirs_section import theirs_sections
from tui_backprop.programs.opening import open_program
from tui_backprop.verdict import Verdict, judge

ENGINE = """
class Value:
    def __init__(self, data, prev=()):
        self.data, self.grad, self.prev, self.pull = data, 0.0, prev, lambda: None
    def __add__(self, o):
        out = Value(self.data + o.data, (self, o))
        def pull():
            self.grad += out.grad
            o.grad += out.grad
        out.pull = pull
        return out
    def __mul__(self, o):
        out = Value(self.data * o.data, (self, o))
        def pull():
            self.grad += o.data * out.grad
            o.grad += self.data * out.grad
        out.pull = pull
        return out
    def __pow__(self, k):
        out = Value(self.data ** k, (self,))
        def pull():
            self.grad += k * self.data ** (k - 1) * out.grad
        out.pull = pull
        return out
    def backward(self):
        order, seen = [], set()
        def visit(v):
            if v not in seen:
                seen.add(v)
                for p in v.prev:
                    visit(p)
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v.pull()
"""
BY_LAYERS = """
    def backward(self):
        self.grad = 1.0
        seen, queue = set(), [self]
        while queue:
            v = queue.pop(0)
            if v not in seen:
                seen.add(v)
                v.pull()
                queue += v.prev
"""
LINE = """
w, b = Value(0.3), Value(0.2)
for i in range(5):
    loss = Value(0.0)
    for x, t in ((1.0, 3.0), (2.0, 5.0)):
        e = w * Value(x) + b + Value(-t)
        loss = loss + e ** 2
    w.grad = b.grad = 0.0
    loss.backward()
    w.data -= 0.02 * w.grad
    b.data -= 0.02 * b.grad
"""
LOOP = """
x, w = Value(2.0), Value(0.5)
for i in range(5):
    h = w * x
    out = {out}
    loss = out * out
    w.grad = x.grad = 0.0
    loss.backward()
    w.data -= 0.001 * w.grad
"""


def verdict_of(folder: Path, source: str) -> Verdict:
    (folder / "mine.py").write_text(source)
    verdict = judge(open_program(str(folder / "mine.py")))
    assert verdict is not None
    return verdict


def said(verdict: Verdict) -> list[str]:
    return [fault.message for fault in verdict.diagnosis]


def test_an_order_that_the_numbers_do_not_tell_is_not_named(tmp_path: Path) -> None:
    engine = ENGINE.partition("    def backward")[0] + BY_LAYERS
    [found] = said(verdict_of(tmp_path, engine + LOOP.format(out="h + (h * h) * w")))
    assert found.startswith("a node passes its gradient on before all of its consumers have passed on theirs: ")
    [found] = said(verdict_of(tmp_path, engine + LOOP.format(out="h * h * h * h + w * (h * x + w) + x * h")))
    assert "depth first" not in found


def test_another_slope_and_the_right_one_are_both_with_the_gradient_of_the_output(tmp_path: Path) -> None:
    [found] = said(verdict_of(tmp_path, ENGINE.replace("** (k - 1)", "** k") + LINE))
    assert found == (
        "the slope of power (to its input 1) is wrong: yours passes on G·B·A^B; the right contribution is G·B·A^(B - 1)"
    )


@pytest.mark.parametrize("old", ["            o.grad += out.grad\n", "            self.grad += out.grad\n"])
def test_where_a_lost_contribution_explains_all_no_slope_is_guessed_beside_it(old: str, tmp_path: Path) -> None:
    found = said(verdict_of(tmp_path, ENGINE.replace(old, "            pass\n") + LINE))
    assert len(found) == 1
    assert "passes nothing on" in found[0]


DATA = """
w, b, x, y = Value(0.5), Value(0.1), Value(2.0), Value(-1.0)
for step in range(4):
    {zero}
    h = w * x + b
    loss = (h + y) * (h + y) + h * w
    loss.backward()
    for p in (w, b):
        p.data -= 0.05 * p.grad
"""


GELU = """
import math
def gelu(x):
    u = 0.8 * (x.data + 0.045 * x.data ** 3)
    out = Value(0.5 * x.data * (1 + math.tanh(u)), (x,))
    def pull():
        t = math.tanh(u)
        x.grad += (0.5 * (1 + t) + 0.5 * x.data * (1 - t * t) * 0.8 * (1 + 0.135 * x.data ** 2)) * out.grad
    out.pull = pull
    return out
"""


def test_a_function_whose_slope_is_wrong_by_no_known_mistake_is_named_where_it_alone_can_be(tmp_path: Path) -> None:
    source = ENGINE + GELU + LINE.replace("+ b +", "+ gelu(b) +")
    assert verdict_of(tmp_path, source).status == 0
    wrong = source.replace(" * (1 + 0.135 * x.data ** 2)", "")
    line = 1 + wrong[: wrong.index("def pull():\n        t = ")].count("\n")
    text = "\n".join(verdict_of(tmp_path, wrong).lines())
    what = f"what gelu passes on to its input 1 is wrong (mine.py:{line}): its own gradient agrees"
    # of two uses of b in one step the other one adds to it
    assert what not in text
    alone = wrong.replace("((1.0, 3.0), (2.0, 5.0))", "((2.0, 5.0),)")
    assert f"{what}, and nothing else comes to b" in "\n".join(verdict_of(tmp_path, alone).lines())


def test_data_made_before_the_loop_needs_no_zeroing(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, ENGINE + DATA.format(zero="w.grad = b.grad = 0.0"))
    assert verdict.status == 0
    assert list(verdict.lines()) == [
        f"✓ Value (mine.py): {verdict.compared} gradients agree in all 4 steps",
        "x and y keep the gradients of earlier steps in the sum; no update uses them, so that is no mistake",
    ]


def test_the_screen_says_of_such_data_what_the_verdict_does(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ENGINE + DATA.format(zero="w.grad = b.grad = 0.0"))
    timeline = Timeline(open_program(str(tmp_path / "mine.py")))
    timeline.go_to(Place(3))
    moment = timeline.moment
    assert moment.parted == []
    assert "no update uses them" in plain(draw_finished(moment, Followed(), 120, 40))
    [x] = [node for node in moment.graph.nodes if node.name == "x"]
    assert node_marks(x, moment)[1] == "g✓"
    [section] = theirs_sections(moment, x, Followed(), 120)
    assert "x keeps the gradients of earlier steps" in plain(section.lines)


def test_weights_that_are_not_zeroed_are_wrong_with_such_data_too(tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, ENGINE + DATA.format(zero="b.grad = 0.0"))
    assert verdict.status == 3
    assert {each.node.name for each in verdict.parted} >= {"w"}
    assert verdict.diagnosis[0].belief == "not-zeroed"


def test_a_wrong_slope_is_found_beside_data_that_keeps_its_sums(tmp_path: Path) -> None:
    engine = ENGINE.replace("self.grad += o.data * out.grad", "self.grad += 2 * o.data * out.grad")
    verdict = verdict_of(tmp_path, engine + DATA.format(zero="w.grad = b.grad = 0.0"))
    assert verdict.status == 3
    assert [each.belief for each in verdict.diagnosis] == ["slope:multiply"]


FED = """
w, b, x, y = Value(0.5), Value(0.1), Value(0.0), Value(0.0)
pairs = [(1.0, -2.0), (-0.5, 1.5), (2.0, -1.0), (0.3, 0.4)]
for step in range(6):
    {zero}
    x.data, y.data = pairs[step % 4]
    h = w * x + b
    loss = (h + y) * (h + y)
    loss.backward()
    for p in (w, b):
        p.data -= 0.05 * p.grad
"""


def test_data_that_is_overwritten_for_each_step_is_data(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ENGINE + FED.format(zero="w.grad = b.grad = 0.0"))
    program = open_program(str(tmp_path / "mine.py"))
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, program.learning_rate) == (0, 0.05)
    assert [[float(each) for each in step.feeds.values()] for step in program.steps[:2]] == [[1.0, -2.0], [-0.5, 1.5]]


@pytest.mark.parametrize("zero", ["b.grad = 0.0", "pass"])
def test_weights_that_are_not_zeroed_are_wrong_beside_data_that_is_overwritten(zero: str, tmp_path: Path) -> None:
    verdict = verdict_of(tmp_path, ENGINE + FED.format(zero=zero))
    assert verdict.status == 3
    assert verdict.diagnosis[0].belief == "not-zeroed"
    assert {each.node.name for each in verdict.parted} == ({"w"} if zero != "pass" else {"w", "b"})


@pytest.mark.parametrize(
    "zero", ["w.grad *= 0.9; b.grad *= 0.9", "w.grad, b.grad = 0.5 * w.grad, 0.5 * b.grad"], ids=["in place", "anew"]
)
def test_a_share_of_old_gradients_that_is_kept_by_hand_is_a_velocity(zero: str, tmp_path: Path) -> None:
    source = ENGINE + DATA.format(zero=zero)
    (tmp_path / "mine.py").write_text(source)
    program = open_program(str(tmp_path / "mine.py"))
    assert type(program.optimizer) is MomentumOptimizer
    share = "0.9" if "0.9" in zero else "0.5"
    remark = (
        f"A share of {share} of the old gradients is kept in the sum, as by momentum by hand; "
        "set them to 0 before each backward call if that is not meant."
    )
    assert program.warning == remark
    verdict = verdict_of(tmp_path, source)
    assert (verdict.status, [*verdict.lines()][-1], verdict.facts()["remark"]) == (0, remark, remark)
    assert remark not in verdict_of(tmp_path, ENGINE + DATA.format(zero="w.grad = b.grad = 0.0")).lines()
    wrong = verdict_of(tmp_path, source.replace("self.grad += o.data * out.grad", "self.grad += 2 * o.data * out.grad"))
    assert [each.belief for each in wrong.diagnosis] == ["slope:multiply"]


def test_gradients_that_are_clipped_but_never_zeroed_are_wrong(tmp_path: Path) -> None:
    clip = "        p.grad = max(-0.5, min(0.5, p.grad))\n"
    source = DATA.format(zero="pass").replace("        p.data -=", f"{clip}        p.data -=")
    assert verdict_of(tmp_path, ENGINE + source).status == 3
    assert verdict_of(tmp_path, ENGINE + source.replace("    pass", "    w.grad = b.grad = 0.0")).status == 0


def test_graphs_that_differ_in_each_step_count_as_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_backprop.programs.engine.recorder.MOST_BYTES", 10_000)
    loop = LINE.replace("range(5)", "range(16)")
    grown = loop.replace("((1.0, 3.0), (2.0, 5.0))", "((1.0, 3.0), (2.0, 5.0)) * (i + 1)")
    (tmp_path / "mine.py").write_text(ENGINE + loop)
    assert len(open_program(str(tmp_path / "mine.py")).steps) == 16
    (tmp_path / "mine.py").write_text(ENGINE + grown)
    program = open_program(str(tmp_path / "mine.py"))
    assert program.warning.startswith("Of the 16 steps that ")
    assert len(program.steps) in (4, 2)
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0


@pytest.mark.parametrize("at_first", ["0.0", "None"])
def test_nan_is_a_wrong_gradient_and_none_is_no_gradient(at_first: str, tmp_path: Path) -> None:
    engine = ENGINE.replace("data, 0.0, prev", f"data, {at_first}, prev").replace(
        "self.grad += o.data * out.grad\n            o.grad += self.data * out.grad",
        "self.grad = o.data * out.grad * float('nan')",
    )
    program = "w, x = Value(2.0), Value(-3.0)\nfor i in range(3):\n    (w * x).backward()\n    w.data -= 0.1\n"
    verdict = verdict_of(tmp_path, engine + program)
    parted = {each.node.name: (repr(each.theirs.item()), each.right.item()) for each in verdict.parted}
    assert parted == {"w": ("nan", -3.0), **({"x": ("0.0", 2.0)} if at_first == "0.0" else {})}
    assert verdict.status == 3
