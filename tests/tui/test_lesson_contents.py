"""What the lessons say in words is so: the numbers in their pages, and what becomes of each training."""

from __future__ import annotations

import numpy as np
import pytest

from minidl_core.arrays import Array
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.notation.edits import EditError, read_any_edit
from tui_backprop.programs.opening import open_program


class Iteration:
    """The first iteration of a lesson, after edits: the value and the gradient of each node by its name."""

    def __init__(self, address: str, *edits: str) -> None:
        self.timeline = timeline = Timeline(open_program(address))
        for edit in edits:
            timeline.fork(read_any_edit(edit, timeline, ""))
        timeline.go_to(Place(1))
        self.nodes = {node.name: node for node in timeline.graph.nodes}

    def value(self, name: str) -> Array:
        value = self.timeline.moment.evaluated_value(self.nodes[name])
        assert value is not None
        return value

    def gradient(self, name: str) -> Array:
        return self.timeline.moment.gradient(self.nodes[name])

    def losses(self, iterations: int) -> list[float]:
        self.timeline.go_to(Place(iterations))
        return [self.timeline.losses.loss_at(each + 1) or 0.0 for each in range(len(self.timeline.losses))]


def test_the_gradient_of_what_is_broadcast_is_a_column_sum() -> None:
    first = Iteration("broadcast")
    assert first.value("moved").shape == (100, 2)
    np.testing.assert_allclose(first.gradient("b"), first.gradient("moved").sum(axis=0))
    first.timeline.go_to(Place(30))
    np.testing.assert_allclose(first.value("b"), -first.value("X").mean(axis=0))


def test_of_softmax_and_cross_entropy_p_minus_c_is_left() -> None:
    first = Iteration("softmax")
    p, c = first.value("p"), first.value("c")
    np.testing.assert_allclose(p, [0.2, 0.3, 0.5])
    np.testing.assert_allclose(first.gradient("p"), -c / p)
    np.testing.assert_allclose(first.gradient("z"), p - c)
    assert np.exp(-0.1) > 0.9, "below J = 0.1 p says dog with more than 0.9"


def test_only_points_on_the_wrong_side_move_the_line() -> None:
    first = Iteration("perceptron")
    p, c = first.value("p"), first.value("c")
    np.testing.assert_allclose(first.gradient("add"), p - c)
    wrong = p.argmax(axis=1) != c.argmax(axis=1)
    slopes = np.abs(first.gradient("add")).max(axis=1)
    assert slopes[wrong].min() > 0.5 > slopes[~wrong].max()
    losses = first.losses(36)
    assert losses == sorted(losses, reverse=True)
    separated = first.value("p").argmax(axis=1) == c.argmax(axis=1)
    assert separated.mean() >= 0.97


def test_a_hidden_unit_hears_as_much_as_it_counts() -> None:
    first = Iteration("xor")
    np.testing.assert_allclose(first.gradient("h"), first.gradient("y") @ first.value("W2").T)


@pytest.mark.parametrize(
    ("variant", "least", "most"), [("", 0, 1e-6), ("tanh", 1e-3, 1e-2), ("relu", 1, 1), ("skip", 1, 1.5)]
)
def test_what_is_left_of_the_gradient_in_front(variant: str, least: float, most: float) -> None:
    first = Iteration(f"vanishing --variant {variant}" if variant else "vanishing")
    left = abs(first.gradient("w") / first.gradient("s10")).item()
    assert least <= left <= most


def test_where_little_vanishes_and_where_relu_is_dead() -> None:
    first = Iteration("vanishing --variant tanh", "w = 0.5")
    assert abs(first.gradient("w")) > abs(first.gradient("s10")) / 10
    assert Iteration("vanishing --variant relu", "w = -1").gradient("w") == 0
    assert 4**5 == 1024


@pytest.mark.parametrize(("rate", "places"), [(0.04, [1.6]), (0.15, [0.5, 3.5]), (0.25, [-0.5])])
def test_where_a_learning_rate_leads(rate: float, places: list[float]) -> None:
    first = Iteration("rates", f"learning rate = {rate}")
    assert first.gradient("b") == 10
    for iteration, b in enumerate(places, 1):
        first.timeline.go_to(Place(iteration))
        assert first.timeline.moment.variable(first.nodes["b"]) == pytest.approx(b)
    first.timeline.go_to(Place(60))
    assert (first.timeline.recording.error is not None) == (rate == 0.25)


@pytest.mark.parametrize(
    ("edits", "reached"),
    [
        ([], False),
        (["η = 0.04"], False),
        (["η = 0.15"], False),
        (["η = 0.04", "optimizer = momentum"], True),
        (["η = 0.1", "optimizer = adam"], True),
    ],
)
def test_what_comes_through_the_valley_in_fifty_iterations(edits: list[str], reached: bool) -> None:
    losses = Iteration("rates", *edits).losses(50)
    assert (min(losses) < 0.05) == reached
    assert len(losses) == 50


def test_half_of_the_gradient_is_lost_where_a_product_of_a_number_with_itself_sets_it() -> None:
    first = Iteration("engine")
    gap = first.value("gap1")
    assert first.gradient("gap1") == 2 * gap
    assert first.gradient("w") == pytest.approx(-2.310, abs=5e-4)
    first.timeline.go_to(Place(1))
    moved = 0.5 - 0.2 * first.gradient("w")
    assert first.timeline.moment.variable(first.nodes["w"]) == pytest.approx(moved)


@pytest.mark.parametrize("seed", range(4))
def test_her_learns_to_look_at_ann(seed: int) -> None:
    timeline = Timeline(open_program("attention", seed))
    nodes = {node.name: node for node in timeline.graph.nodes}
    timeline.go_to(Place(1))
    assert timeline.moment.gradient(nodes["S"])[2, 0] < 0
    timeline.go_to(Place(80))
    looks = timeline.moment.value(nodes["A"])
    assert looks is not None
    assert looks.argmax(axis=1).tolist() == [0, 1, 0, 3]
    assert looks[2, 0] > 0.9


# other starts and optimizers, side by side


def test_another_seed_draws_the_variables_and_leaves_the_data() -> None:
    timeline = Timeline(open_program("perceptron"))
    nodes = {node.name: node for node in timeline.graph.nodes}
    data = timeline.moment.feeds[nodes["X"]]
    timeline.fork(read_any_edit("seed = 5", timeline, ""))
    drawn = {node.name: node for node in open_program("perceptron", 5).example.loss.graph.nodes}
    for name in ("W", "b"):
        np.testing.assert_array_equal(
            timeline.moment.variable(nodes[name]),
            drawn[name].initial_value,
        )
    assert timeline.moment.feeds[nodes["X"]] is data


def test_another_optimizer_goes_on_as_if_it_had_begun() -> None:
    timeline = Timeline(open_program("xor --data moons --points 8", learning_rate=0.1))
    timeline.go_to(Place(12))
    by_adam = timeline.losses.loss_at(12)
    for name in ("momentum", "adam"):
        timeline.first()
        timeline.fork(read_any_edit(f"optimizer = {name}", timeline, ""))
        timeline.go_to(Place(12))
    assert timeline.losses.loss_at(12) == by_adam
    momentum = timeline.branches[1]
    assert momentum.losses.loss_at(12) not in (None, by_adam)
    timeline.open_branch(momentum, Place(12))
    timeline.go_to(Place(3))
    timeline.go_to(Place(12))
    assert timeline.losses.loss_at(12) == momentum.losses.loss_at(12)


@pytest.mark.parametrize(
    ("address", "typed", "said"),
    [
        ("perceptron", "seed = 28", "Nothing would change: the variables are what this seed draws."),
        ("perceptron", "seed = -1", "'-1' is no seed"),
        ("chain", "seed = 3", "Nothing would change"),
        ("engine", "seed = 3", "engine draws no numbers from a seed."),
        ("engine", "optimizer = adam", "engine has its own optimizer; change it there."),
        ("chain", "optimizer = adm", "There is no optimizer 'adm'; there are gradient descent, momentum, rmsprop"),
        ("chain", "optimizer = Gradient Descent", "Nothing would change: gradient descent takes the steps already."),
    ],
)
def test_a_start_that_cannot_be_is_refused(address: str, typed: str, said: str) -> None:
    with pytest.raises(EditError) as refused:
        read_any_edit(typed, Timeline(open_program(address)), "")
    assert str(refused.value).startswith(said)
