"""The check of a gradient on the screen: its numbers are the engine's, add up as shown, and disturb nothing."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from rich.cells import cell_len

import minidl_core as dl
from minidl_core.definition import GradientRule
from minidl_core.gradients import _gradient_registry
from minidl_core.plan import Evaluation
from tests.tui.inspected import LESSONS, SIZES
from tests.tui.on_screen import opened, text
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.measuring import NUDGE, MeasuredGradient, measure
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_event, after_phase, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import ACTION, STYLES, plain
from tui_backprop.inspector import draw_inspector, inspector_title
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.worked import rounds_to
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish


def lesson_of(build: Callable[[], dl.Node]) -> Lesson:
    def example(seed: int) -> Example:
        with dl.Graph().as_default():
            return Example(build(), {})

    return Lesson("made", "made for a test", example, 0.01)


def checked(moment: Moment, node: dl.Node, followed: Followed | None = None) -> str:
    return plain(draw_inspector(moment, "check", followed or Followed(), 61, 24, node))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_numbers_are_the_engine_s_and_the_quotients_come_out_as_they_are_shown(lesson: Lesson) -> None:
    timeline = Timeline(program_of(lesson))
    finish(timeline, 2)
    timeline.forward(after_phase)
    timeline.forward(after_phase)
    moment = timeline.moment
    for node in moment.graph.nodes:
        shown = checked(moment, node)
        if node is moment.graph.loss:
            assert "It is 1 by definition" in shown
            continue
        for size in SIZES:
            lines = draw_inspector(moment, "check", Followed(), *size, node)
            assert len(lines) <= size[1]
            assert all(sum(cell_len(part) for part, _ in line) <= size[0] for line in lines)
            assert {style for line in lines for _, style in line} <= {*STYLES, ACTION}
        gradient = moment.gradient(node)
        assert gradient is not None
        step = re.search(r"h = (\S+)", shown)
        assert step is not None
        above, below, quotient, slope = re.findall(r"^  \S.*?  +(\S+)(?:   \w.*)?$", shown, re.M)[:4]
        assert rounds_to((float(above) - float(below)) / (2 * float(step[1])), quotient), shown
        assert np.isclose(gradient, float(slope), rtol=1e-3, atol=0).any()
        error = re.search(r"relative error +(\S+)", shown)
        # it never stands beside two numbers that look equal
        assert (error is None) or (quotient != slope and float(error[1]) < 1e-4)
        assert "they agree." in shown or "less than what rounding does" in shown
        nudge = shown[shown.index("+ 0.01") :]
        before, after, over = re.findall(r"^  \S.*?  +(\S+)(?:   \w.*)?$", nudge, re.M)[:3]
        assert rounds_to((float(after) - float(before)) / 0.01, over), shown


def test_before_the_backward_pass_it_is_said_who_will_find_the_gradient() -> None:
    timeline = Timeline(open_program("two-paths"))
    timeline.forward(after_phase)
    [b] = [node for node in timeline.graph.nodes if node.name == "b"]
    assert "they agree. The backward pass will find de/db." in checked(timeline.moment, b)
    timeline.forward(after_phase)
    assert "will find" not in checked(timeline.moment, b)


def test_what_terms_that_cancel_leave_has_no_direction_and_no_relative_error() -> None:
    def build() -> dl.Node:
        x = dl.Constant([[0.1], [0.7], [-0.8]], name="x")
        return dl.reduce_sum(dl.matmul(x, dl.Variable([[0.3]], name="w")), name="J")

    timeline = Timeline(program_of(lesson_of(build)))
    finish(timeline, 1)
    moment, [w] = timeline.moment, timeline.graph.variables
    gradient = moment.gradient(w)
    assert gradient is not None
    assert 0 < abs(gradient.item()) < 1e-15
    shown = {view: plain(draw_inspector(moment, view, Followed(), 61, 24, w)) for view in ("check", "ledger", "update")}
    assert "0 but for rounding" in shown["check"]
    assert "relative error" not in shown["check"]
    assert "0 but for rounding; neither way" in shown["ledger"]
    assert "its slope is 0 but for rounding; it moves neither way" in shown["update"]
    assert "rises" not in "".join(shown.values())


def test_the_loss_is_the_one_of_this_iteration_whatever_ran_last() -> None:
    timeline = Timeline(open_program("chain"))
    finish(timeline, 3)
    losses = {}
    for _ in range(3):
        moment = timeline.moment
        measured = measure(moment.recording, moment.graph.variables[0], ())
        assert isinstance(measured, MeasuredGradient)
        losses[moment.iteration] = measured.loss
        assert measured.loss == moment.loss
        finish(timeline, moment.iteration - 1)
    assert len(set(losses.values())) == 3


def test_the_loss_a_nudge_away_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[np.ndarray] = []
    what_if = Evaluation.what_if

    def watched(evaluation: Evaluation, node: dl.Node, fetch: dl.Node) -> Callable[[np.ndarray], np.ndarray]:
        loss_at = what_if(evaluation, node, fetch)
        return lambda value: moved.append(value) or loss_at(value)

    timeline = Timeline(program_of(lesson_of(lambda: dl.sigmoid(1000 * dl.Variable(0.001, name="x"), name="J"))))
    finish(timeline, 1)
    [x] = timeline.graph.variables
    monkeypatch.setattr(Evaluation, "what_if", watched)
    measured = measure(timeline.recording, x, ())
    assert isinstance(measured, MeasuredGradient)
    assert measured.step < 1e-4  # it took several
    assert moved.count(x.initial_value + NUDGE) == 1


def test_nothing_is_disturbed() -> None:
    ours, undisturbed = (Timeline(open_program("perceptron")) for _ in range(2))
    for _ in range(150):
        moment = ours.moment
        evaluations = dict(ours.stepper.session.evaluations)
        for node in moment.graph.nodes[::4]:
            measure(moment.recording, node, (0,) * len(node.shape or ()))
        assert ours.stepper.session.evaluations == evaluations
        ours.forward(after_event)
        undisturbed.forward(after_event)
    other = undisturbed.moment
    assert ours.moment.loss == other.loss
    for node, twin in zip(ours.graph.variables, undisturbed.graph.variables, strict=True):
        assert ours.moment.variable(node).tobytes() == other.variable(twin).tobytes()


def test_a_wrong_gradient_is_found_and_its_function_named(monkeypatch: pytest.MonkeyPatch) -> None:
    right = _gradient_registry["sigmoid"]
    wrong = GradientRule(lambda op, grad: [1.01 * right.function(op, grad)[0]], right.formulas)
    monkeypatch.setitem(_gradient_registry, "sigmoid", wrong)
    timeline = Timeline(
        program_of(lesson_of(lambda: dl.square(dl.sigmoid(dl.Variable(0.3, name="x"), name="s"), name="J")))
    )
    timeline.forward(after_phase)
    timeline.forward(after_phase)
    shown = " ".join(checked(timeline.moment, timeline.graph.nodes[0]).split())
    assert "► they differ. The gradient function of sigmoid 's' (test_check.py:" in shown
    assert "is wrong for its input 0, x." in shown
    assert re.search(r"relative error 9\.9e-03", shown)


def test_a_kink_is_said_to_be_one() -> None:
    timeline = Timeline(
        program_of(lesson_of(lambda: dl.reduce_sum(dl.relu(dl.Variable([0.0, 1.0], name="x")), name="J")))
    )
    timeline.forward(after_phase)
    x = timeline.graph.nodes[0]
    at_kink = " ".join(checked(timeline.moment, x).split())
    assert "the loss has a kink here: its slope is 0 on one side and 1 on the other." in at_kink
    assert "they agree" in checked(timeline.moment, x, Followed(0, (1,)))


def test_what_cannot_be_checked_says_why() -> None:
    timeline = Timeline(program_of(LESSONS[-1]))
    nowhere = next(node for node in timeline.graph.loss.graph.nodes if node.name == "nowhere")
    shown = " ".join(checked(timeline.moment, nowhere).split())
    assert "cannot be checked" in shown
    assert "it does not lead to J, so there is no gradient to check" in shown
    timeline = Timeline(open_program("perceptron", learning_rate=1000))
    while timeline.moment.error is None and timeline.forward(after_step):
        pass
    shown = " ".join(checked(timeline.moment, timeline.graph.variables[0]).split())
    assert "cannot be checked" in shown
    assert "-inf" in shown


async def test_g_checks_the_followed_element_and_returns() -> None:
    async with opened() as pilot:
        await pilot.pause()
        await pilot.press("g")
        assert "no number is in view" in text(pilot, "keys")
        await pilot.press("p", "p", "b", "space")
        before = text(pilot, "inspector")
        await pilot.press("g")
        assert "W   check" in text(pilot, "inspector-title")
        assert "value ledger update [check]" in text(pilot, "inspector-title").replace(" code", "")
        assert "is dJ/dW[0,0] right?" in text(pilot, "inspector")
        assert "-137.6   by backpropagation" in text(pilot, "inspector")
        assert "► they agree." in text(pilot, "inspector")
        await pilot.press("tab", "down", "right")
        assert "is dJ/dW[1,1] right?" in text(pilot, "inspector")
        await pilot.press("up", "left", "enter")
        assert "► W[0,0] gets" in text(pilot, "inspector")
        await pilot.press("backspace", "shift+tab", "g")
        assert text(pilot, "inspector") == before
        await pilot.press("g", "space")
        assert "b   update" in text(pilot, "inspector-title")
        assert inspector_title(pilot.app.timeline.moment, "check") == "b   check"
