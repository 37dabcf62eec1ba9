"""A planted mistake is the first thing named; what is right is never blamed."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.errors import NonFiniteError
from tui_backprop.beliefs.comparison import compare
from tui_backprop.beliefs.diagnosis import diagnose, undiagnosed
from tui_backprop.beliefs.evaluated_graph import BackwardCall

from .engines import STYLES, backward, program, rebuild, run, theirs

PLANTED = {
    "set": "overwritten",
    "set in multiply": "overwritten",
    "set in add": "overwritten",
    "not zeroed": "not-zeroed",
    "no seed": "seed",
    "seed 3": "seed",
    "recursion": "no-order",
    "recursion by edge": "no-order",
    "breadth first": "no-order",
    "not reversed": "no-order",
    "one edge": "edge-lost",
    "product forgets": "consumer-lost",
    "tanh without the square": "slope:tanh",
    "relu without its mask": "slope:relu",
    "the second slope of a difference": "slope:subtract",
    "the second slope of a quotient": "slope:divide",
    "a product with its own value": "slope:multiply",
    "half of a sum": "slope:add",
}


def call(seed: int, mistake: str, style: str, size: int = 9) -> BackwardCall | None:
    """One backward call of a random program, the second of two steps; None where its numbers are too large."""
    random = Random(seed)
    leaves, steps = program(random, size)
    again, stale = mistake in ("not zeroed", "set in add and not zeroed"), mistake == "updated early"
    planted = mistake.removesuffix(" and not zeroed")
    try:
        made = run(leaves, steps)
        backward(made[-1], planted, style)
        before = {leaf: leaf.grad for leaf in leaves}
        for leaf in leaves:
            leaf.data *= 0.9
            leaf.grad = leaf.grad if again else 0.0
        made = run(leaves, steps)
        nodes, evaluation = rebuild(made)
        loss = nodes[made[-1]]
        evaluation.gradients(loss)
        for leaf in leaves if stale else ():
            leaf.data -= 0.1 * before[leaf]
        if style == "container":
            for value in made:
                value.shuffle(random)
        backward(made[-1], planted, style)
    except (OverflowError, ZeroDivisionError, NonFiniteError):
        return None
    children = {nodes[value]: [nodes[child] for child in value.children] for value in made}
    return BackwardCall(
        evaluation,
        loss,
        theirs(nodes),
        {nodes[leaf]: np.float64(grad) for leaf, grad in before.items()} if again else {},
        {nodes[leaf]: np.float64(leaf.data) for leaf in leaves} if stale else {},
        children if style == "container" else {},
    )


def wrong_calls(mistake: str, style: str, count: int, size: int = 9) -> list[BackwardCall]:
    """The first programs in which a mistake makes a difference."""
    found: list[BackwardCall] = []
    for seed in range(60):
        made = call(seed, mistake, style, size)
        if made is not None and compare(made.evaluation, made.loss, made.theirs).disagreeing:
            found.append(made)
        if len(found) == count:
            break
    assert found
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("mistake", "belief"), PLANTED.items())
def test_a_planted_mistake_is_the_first_that_is_named(mistake: str, belief: str, style: str) -> None:
    for made in wrong_calls(mistake, style, 2, 16):
        found = diagnose([made])
        assert found, undiagnosed(made)
        assert all(len(each.causes) == 1 for each in found)
        assert belief == found[0].causes[0].belief, [each.message for each in found]


@pytest.mark.parametrize("style", STYLES)
def test_two_mistakes_at_once_are_both_named(style: str) -> None:
    for made in wrong_calls("set in add and not zeroed", style, 2, 16):
        named = {cause.belief for each in diagnose([made]) for cause in each.causes}
        assert named & {"overwritten", "not-zeroed"}, undiagnosed(made)


@pytest.mark.parametrize("style", STYLES)
def test_parameters_that_were_changed_before_the_backward_call_are_named(style: str) -> None:
    for made in wrong_calls("updated early", style, 2):
        assert diagnose([made])[0].causes[0].belief == "stale-update"


def test_parameters_that_were_changed_early_are_named_where_no_gradient_shows_it() -> None:
    made = call(1, "", "closures")
    assert made is not None
    leaf = next(node for node in made.theirs if isinstance(node, dl.Variable))
    early = BackwardCall(made.evaluation, made.loss, made.theirs, stale={leaf: np.float64(7.0)})
    assert [each.causes[0].belief for each in diagnose([early])] == ["stale-update"]


def test_where_nothing_explains_it_the_first_that_parts_comes_with_all_its_numbers() -> None:
    made = call(1, "", "closures", 30)
    assert made is not None
    changed = dict(made.theirs)
    for number, node in enumerate(node for node in made.theirs if len(node.consumers) > 1):
        changed[node] = made.theirs[node] + 0.1 / (1 + number)
    odd = BackwardCall(made.evaluation, made.loss, changed)
    assert diagnose([odd]) == []
    parting = undiagnosed(odd)
    assert parting is not None
    assert parting.theirs == changed[parting.node] != made.theirs[parting.node]
    assert parting.contributions
    assert sum(right for _, _, right, _ in parting.contributions) == pytest.approx(parting.right)
    assert [theirs for *_, theirs in parting.contributions] == [right for _, _, right, _ in parting.contributions]


def test_a_right_engine_is_never_blamed() -> None:
    for seed in range(200):
        made = call(seed, "", STYLES[seed % len(STYLES)])
        if made is not None:
            comparison = compare(made.evaluation, made.loss, made.theirs)
            assert comparison.compared > 1
            assert comparison.disagreeing == (), seed
            assert diagnose([made]) == []


def arrays(dtype: type, scale: float = 1.0) -> tuple[dl.Node, dict[dl.Node, np.ndarray]]:
    """Ten layers of products of matrices, and their gradients by hand; one entry of the first weights is scaled."""
    random = np.random.default_rng(3)
    weights = [random.normal(size=(8, 8)).astype(dtype) for _ in range(10)]
    x = random.normal(size=(5, 8)).astype(dtype)
    with dl.Graph().as_default():
        nodes = [dl.Variable(weight) for weight in weights]
        layers: list[dl.Node] = [dl.Variable(x)]
        for node in nodes:
            layers.append(dl.matmul(layers[-1], node))
        loss = dl.reduce_sum(layers[-1])
    values = [x]
    for weight in weights:
        values.append(values[-1] @ weight)
    gradient = np.ones((5, 8), dtype)
    found: dict[dl.Node, np.ndarray] = {loss: np.ones((), dtype), layers[-1]: gradient}
    for index in reversed(range(10)):
        found[nodes[index]] = values[index].T @ gradient
        gradient = found[layers[index]] = gradient @ weights[index].T
    found[nodes[0]][2, 3] *= scale
    return loss, found


@pytest.mark.parametrize(
    ("dtype", "scale", "parts"),
    [
        (np.float64, 1.0, 0),
        (np.float64, 1 + 1e-7, 1),
        (np.float32, 1.0, 0),
        (np.float32, 1.01, 1),
    ],
)
def test_an_error_of_one_entry_is_seen_through_ten_products_of_matrices(dtype: type, scale: float, parts: int) -> None:
    loss, found = arrays(dtype, scale)
    session = dl.Session()
    session.run(loss)
    assert len(compare(session.evaluations[loss], loss, found).disagreeing) == parts
