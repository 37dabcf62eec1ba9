"""A planted mistake is named; what is right is never blamed."""

from __future__ import annotations

from random import Random

import pytest

from minidl_core.errors import NonFiniteError
from tui_backprop.beliefs import BackwardCall, compare, diagnose, undiagnosed

from .engines import backward, program, rebuild, run, theirs

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


def call(seed: int, mistake: str, style: str) -> BackwardCall | None:
    """One backward call of a random program, the second of two steps; None where its numbers are too large."""
    leaves, steps = program(Random(seed))
    try:
        made = run(leaves, steps)
        backward(made[-1], "set" if mistake == "set and not zeroed" else mistake, style)
        before = {leaf: leaf.grad for leaf in leaves}
        for leaf in leaves:
            leaf.data *= 0.9
            leaf.grad = leaf.grad if "not zeroed" in mistake else 0.0
        made = run(leaves, steps)
        backward(made[-1], mistake, style)
        nodes, evaluation = rebuild(made)
        loss = nodes[made[-1]]
        evaluation.gradients(loss)
    except (OverflowError, ZeroDivisionError, NonFiniteError):
        return None
    kept = {nodes[leaf]: theirs({leaf: nodes[leaf]})[nodes[leaf]] * 0 + grad for leaf, grad in before.items()}
    return BackwardCall(evaluation, loss, theirs(nodes), kept if "not zeroed" in mistake else {})


@pytest.mark.parametrize("style", ["closures", "parents"])
@pytest.mark.parametrize(("mistake", "belief"), PLANTED.items())
def test_a_planted_mistake_is_named(mistake: str, belief: str, style: str) -> None:
    seen = 0
    for seed in range(25):
        made = call(seed, mistake, style)
        if made is None or not compare(made.evaluation, made.loss, made.theirs).disagreeing:
            continue
        seen += 1
        found = diagnose([made])
        assert any(belief in [cause.belief for cause in each.causes] for each in found), (
            seed,
            [each.message for each in found],
            undiagnosed(made),
        )
    assert seen >= 1


def test_a_right_engine_is_never_blamed() -> None:
    for seed in range(200):
        made = call(seed, "", "parents" if seed % 2 else "closures")
        if made is not None:
            comparison = compare(made.evaluation, made.loss, made.theirs)
            assert comparison.compared > 1
            assert comparison.disagreeing == (), seed
            assert diagnose([made]) == []
