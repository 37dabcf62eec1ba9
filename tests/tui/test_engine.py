"""A learner's own engine opens as it stands: operands, names, places, gradients, the bits of its losses."""

from __future__ import annotations

from pathlib import Path

import pytest

import minidl_core as dl
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.programs.program import ProgramError

from .engine_scripts import CLOSURES, FUNCTIONS, MICROGRAD, SLOTS, TENSOR_SCRIPT, TENSORS, compare, opened


def test_closures_with_names_of_their_own(tmp_path: Path) -> None:
    program = opened(tmp_path, CLOSURES)
    compare(program)
    step = program.steps[0]
    named = {node.name: node for node in step.theirs}
    assert program.engine is not None
    assert (program.engine.class_name, program.engine.number, program.engine.gradient) == ("Val", "val", "slope")
    assert {"w[0]", "w[1]", "b", "J"} <= set(named)
    square = next(node for node in named.values() if node.inputs == (named["w[1]"], named["w[1]"]))
    assert square.name.startswith("score/")
    assert square.kind == "multiply"
    assert square.location == "mine.py:49"
    assert named["J"].kind == "softplus"
    assert program.engine.functions[square].forward.co_name == "__mul__"
    backward = program.engine.functions[square].backward
    assert backward is not None
    assert backward.co_name == "push"
    assert isinstance(program.optimizer, dl.train.GradientDescentOptimizer)
    assert program.optimizer.learning_rate == 0.1
    assert len(program.steps) == 4
    assert step.feeds != program.steps[1].feeds


def test_slots_and_a_free_function(tmp_path: Path) -> None:
    program = opened(tmp_path, SLOTS)
    compare(program)
    names = {node.name for node in program.steps[0].theirs}
    assert {"model['w'][0][0]", "model['w'][0][1]", "b", "J"} <= names
    assert program.steps[0].loss.kind == "power"


def test_function_classes(tmp_path: Path) -> None:
    program = opened(tmp_path, FUNCTIONS)
    compare(program)
    assert [node.kind for node in program.steps[0].theirs] == ["variable", "variable", "multiply", "tanh", "multiply"]
    assert [node.name for node in program.steps[0].theirs][:2] == ["a", "b"]


def test_arrays_in_a_module_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "tensors_beside.py").write_text(TENSORS)
    program = opened(tmp_path, TENSOR_SCRIPT.format(module="tensors_beside"))
    compare(program)
    kinds = [node.kind for node in program.steps[0].theirs]
    assert kinds == ["placeholder", "variable", "matmul", "variable", "add", "tanh", "reduce_mean"]
    assert {node.name for node in program.steps[0].left_after} == {"net.W", "net.b"}


def test_a_broadcast_that_hardly_anybody_means_is_warned_of_in_a_learners_engine_too(tmp_path: Path) -> None:
    engine = TENSORS.replace(
        "self.grad += out.grad\n            other", "self.grad += out.grad.sum(1, keepdims=True)\n            other"
    )
    script = f"{engine}\nw, y = Tensor([[1.0], [2.0], [3.0]]), Tensor([1.0, 2.0, 3.0])\n(w + y).mean().backward()\n"
    warning = opened(tmp_path, script).warning
    assert "w is (3,1), y is (3,): every entry of one meets every entry of the other, (3,3)" in warning


def test_micrograd_as_it_is_installed(tmp_path: Path) -> None:
    program = opened(tmp_path, MICROGRAD)
    compare(program)
    names = {node.name for node in program.steps[0].left_after}
    assert len(names) == 13
    assert "model.layers[0].neurons[2].w[1]" in names


def test_a_wrong_gradient_stands_as_it_was_found(tmp_path: Path) -> None:
    program = opened(tmp_path, CLOSURES.replace("self.slope += other.val * out.slope", "self.slope = 7.0"))
    step = program.steps[0]
    assert {node.name: float(theirs) for node, theirs in step.theirs.items()}["w[0]"] == 7.0
    assert step.measured == dl.Session().run(step.loss, step.feeds)


def test_gradients_that_stood_before(tmp_path: Path) -> None:
    source = CLOSURES.replace("each.slope = 0.0\n    J", "pass\n    J")
    first, second, *_ = opened(tmp_path, source).steps
    before = {node.name: value for node, value in second.before.items()}
    assert before["b"] == {node.name: value for node, value in first.theirs.items()}["b"] != 0


def test_a_script_that_stops_opens_with_what_it_trained(tmp_path: Path) -> None:
    program = opened(tmp_path, CLOSURES.replace("print(J.val)", "assert step < 2, 'enough'"))
    assert len(program.steps) == 3
    assert "AssertionError: enough" in program.warning


def test_a_number_that_is_not_finite_is_refused_by_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"mine.py: .*w\[0\].*nan"):
        opened(tmp_path, CLOSURES.replace("Val(0.5)", "Val(math.nan)"))


def test_the_class_is_left_as_it_was_written(tmp_path: Path) -> None:
    source = SLOTS + "\nimport copy\nassert copy.deepcopy(J).data == J.data\nassert not hasattr(J, 'note')\n"
    assert len(opened(tmp_path, source).steps) == 3


def test_weights_that_only_some_steps_use_start_from_their_own_numbers(tmp_path: Path) -> None:
    """All weights move by what is left of earlier gradients, also while a step does not use them."""
    program = opened(
        tmp_path,
        CLOSURES
        + """
weights = {letter: Val(0.1 + n) for n, letter in enumerate("abc")}
mean = {letter: 0.0 for letter in weights}
for word in ("ab", "b", "ca", "bc"):
    loss = Val(0.0)
    for letter in word:
        loss = loss + weights[letter] * weights[letter]
    for weight in weights.values():
        weight.slope = 0.0
    loss.backprop()
    for letter, weight in weights.items():
        mean[letter] = 0.5 * mean[letter] + weight.slope
        weight.val -= 0.1 * mean[letter]
""",
    )
    assert len(program.steps) == 8
    for number in reversed(range(8)):
        assert program.steps[number].measured
    timeline = Timeline(program)
    for number, step in enumerate(program.steps, 1):
        timeline.go_to(Place(number))
        assert timeline.losses.loss_at(number) == step.measured


DELEGATING = """
class Num:
    def __init__(self, v, kids=(), rule=None):
        self.v, self.g, self.kids, self.rule = v, 0.0, kids, rule
    def __add__(self, o):
        o = o if isinstance(o, Num) else Num(o)
        out = Num(self.v + o.v, (self, o))
        def rule():
            self.g += out.g
            o.g += out.g
        out.rule = rule
        return out
    def __mul__(self, o):
        o = o if isinstance(o, Num) else Num(o)
        out = Num(self.v * o.v, (self, o))
        def rule():
            self.g += o.v * out.g
            o.g += self.v * out.g
        out.rule = rule
        return out
    def __sub__(self, o):
        return self + (-1 * o if isinstance(o, Num) else Num(-o))
    def __truediv__(self, o):
        return self * Num(1 / o)
    __rmul__ = __mul__
    def backward(self):
        order = []
        def visit(node):
            if not any(node is each for each in order):
                for kid in node.kids:
                    visit(kid)
                order.append(node)
        visit(self)
        self.g = 1.0
        for node in reversed(order):
            if node.rule:
                node.rule()
a, b = Num(1.5), Num(0.5)
for _ in range(3):
    UPDATE_FIRST
    loss = (a - 1) * (a - b) / 4 + b * b
    UPDATE_LATE
    a.g = b.g = 0.0
    loss.backward()
    UPDATE
"""
UPDATE = "a.v, b.v = a.v - 0.1 * a.g, b.v - 0.1 * b.g"


def test_a_constant_that_a_method_makes_of_a_number_is_no_operation(tmp_path: Path) -> None:
    source = DELEGATING.replace("UPDATE_FIRST", "pass").replace("UPDATE_LATE", "pass").replace("UPDATE", UPDATE)
    program = opened(tmp_path, source)
    compare(program)
    assert [node.kind for node in program.steps[0].theirs].count("add") == 3


def test_weights_that_change_between_forward_and_backward_are_told_apart(tmp_path: Path) -> None:
    source = DELEGATING.replace("UPDATE_FIRST", "pass").replace("UPDATE_LATE", UPDATE).replace("    UPDATE\n", "")
    program = opened(tmp_path, source)
    timeline = Timeline(program)
    for number, step in enumerate(program.steps, 1):
        timeline.go_to(Place(number))
        assert timeline.losses.loss_at(number) == step.measured
    assert not program.steps[0].stale
    assert {node.name for node in program.steps[1].stale} == {"a", "b"}


@pytest.mark.parametrize("container", ["[second, first]", "((second, 1.0), (first, 1.0))", "{first, second}"])
def test_children_come_in_the_order_of_their_own_container(container: str, tmp_path: Path) -> None:
    program = opened(
        tmp_path,
        f"""
        class Num:
            def __init__(self, data, kids=()):
                self.data, self.grad, self.kids = data, 0.0, kids
            def __hash__(self):
                return -int(self.data) % 8  # a set of 1.0 and 2.0 goes through 2.0 first
            def __add__(self, other):
                first, second = self, other
                return Num(self.data + other.data, {container})
            def backward(self):
                self.grad = 1.0
                for kid in (a, b):
                    kid.grad += self.grad
        a, b = Num(1.0), Num(2.0)
        (a + b).backward()
        """,
    )
    (children,) = program.steps[0].children.values()
    assert [node.name for node in children] == ["b", "a"]


RULES = {
    "gradient descent": ("a.v -= 0.1 * a.g; b.v -= 0.1 * b.g", "GradientDescentOptimizer"),
    "falling rate": ("a.v -= 0.1 / (n + 1) * a.g; b.v -= 0.1 / (n + 1) * b.g", "GradientDescentOptimizer"),
    "momentum": ("m = [0.9 * x + y.g for x, y in zip(m, (a, b))]; a.v -= 0.1 * m[0]; b.v -= 0.1 * m[1]", "Momentum"),
    "its own": ("a.v -= 0.1 * a.g ** 3; b.v -= 0.05 * (b.g > 0)", "ProgramsOptimizer"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_update_is_recognised_or_shown_as_what_it_was(rule: str, tmp_path: Path) -> None:
    update, optimizer = RULES[rule]
    source = DELEGATING.replace("UPDATE_FIRST", "pass").replace("UPDATE_LATE", "pass").replace("    UPDATE\n", "")
    source = source.replace("for _ in range(3):", "m = [0.0, 0.0]\nfor n in range(6):") + f"    {update}\n"
    program = opened(tmp_path, source)
    assert all(type(step.optimizer).__name__.startswith(optimizer) for step in program.steps)
    timeline = Timeline(program)
    timeline.go_to(Place(6))
    assert [timeline.losses.loss_at(n) for n in range(1, 7)] == [step.measured for step in program.steps]


def test_an_example_that_moves_nothing_is_opened_beside_one_that_is_trained(tmp_path: Path) -> None:
    program = opened(
        tmp_path,
        """
        class Value:
            def __init__(self, data, children=()):
                self.data, self.grad, self.children, self.back = data, 0.0, children, lambda: None

            def __mul__(self, other):
                out = Value(self.data * other.data, (self, other))

                def back():
                    self.grad += other.data * out.grad
                    other.grad += self.data * out.grad

                out.back = back
                return out

            def backward(self):
                self.grad = 1.0
                self.back()

        x = Value(2.0)
        z = x * x
        z.backward()
        w = Value(3.0)
        for _ in range(3):
            w.grad = 0.0
            loss = w * w
            loss.backward()
            w.data -= 0.1 * w.grad
        """,
    )
    assert [sorted(node.name for node in step.theirs) for step in program.steps[:2]] == [["x", "z"], ["loss", "w"]]
    assert len(program.steps) == 4
