"""Each wrong machine computes what a learner with its belief would, by an implementation that knows nothing of it."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.errors import MinidlError
from minidl_core.plan import Evaluation, Plan
from tests.core.random_graphs import random_recipe
from tui_backprop.beliefs.belief import WrongMachine
from tui_backprop.beliefs.beliefs import BELIEFS, WRONG_MACHINES
from tui_backprop.beliefs.evaluated_graph import EvaluatedGraph
from tui_backprop.beliefs.naming import Naming
from tui_backprop.debugger.believing import naming
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.hunt.mutants import KINDS
from tui_backprop.lessons import load_lesson
from tui_backprop.programs.program import program_of

from .believers import Learner


def evaluated(random: Random) -> tuple[dl.Node, Evaluation, Evaluation]:
    """A random loss, evaluated before and after its variables were moved."""
    while True:
        nodes, variables = random_recipe(random, most=6).build()
        plan = Plan([nodes[-1]])
        try:
            earlier = plan.run({}, {})
            now = plan.run({}, {each: 0.9 * each.initial_value for each in variables})
            for evaluation in (earlier, now):
                evaluation.gradients(nodes[-1])
        except MinidlError:
            continue
        return nodes[-1], earlier, now


def test_each_belief_is_one_with_one_name_wherever_it_is_used() -> None:
    assert len({each.name for each in BELIEFS}) == len({each.clause for each in BELIEFS}) == len(BELIEFS)
    assert set(WRONG_MACHINES) == {each for each in BELIEFS if isinstance(each, WrongMachine)}
    planted = {kind.kind: kind.sentence for kind in KINDS}
    hunted = [each for each in BELIEFS if each.name in planted]
    assert {each.name for each in hunted} == {"no-order", "overwritten", "not-zeroed", "stale-update"}
    assert all(planted[each.name] == each.sentence for each in hunted)


def believed(learner: Learner, name: str, before: dict[dl.Node, Any]) -> dict[dl.Node, Any]:
    return learner.not_zeroed(before) if name == "not-zeroed" else getattr(learner, name.replace("-", "_"))()


def same(one: Any, other: Any) -> bool:
    return bool(np.all(np.abs(one - other) <= 1e-11 + 1e-9 * np.abs(other)))


def test_a_machine_computes_what_its_believer_does(pytestconfig: pytest.Config) -> None:
    parted = dict.fromkeys((each.name for each in WRONG_MACHINES), 0)
    for seed in range(pytestconfig.getoption("--graphs")):
        loss, earlier, now = evaluated(Random(seed))
        graph, learner = EvaluatedGraph(now, loss), Learner(now, loss)
        assert learner.order == graph.nodes
        right = learner.right()
        stood = {node: each for node, each in Learner(earlier, loss).right().items() if isinstance(node, dl.Variable)}
        found = Naming(graph, {graph.index[node]: each for node, each in stood.items()})
        for machine in WRONG_MACHINES:
            wanted, side = believed(learner, machine.name, stood), found.beside(machine)
            assert [graph.nodes[at] for at in side.believed.visits] == list(wanted)
            for node, gradient in zip(graph.nodes, side.believed.gradients, strict=True):
                assert same(gradient, wanted[node]), (seed, machine.name, node.name)
            wrong = [node for node in graph.nodes if not same(wanted[node], right[node])]
            parted[machine.name] += bool(wrong)
            assert {graph.index[node] for node in wrong} <= set(side.wrong_at)
            steps = enumerate(zip(wanted, learner.order, strict=True))
            first = next((step for step, (one, other) in steps if one is not other or one in wrong), None)
            assert first is None or (side.parted is not None and side.parted <= first)
    assert all(parted.values()), parted  # each of them matters somewhere


def test_a_number_of_a_machine_is_named_by_its_belief() -> None:
    for seed in range(20):
        loss, _, now = evaluated(Random(seed))
        named, learner = Naming(EvaluatedGraph(now, loss), {}), Learner(now, loss)
        right = learner.right()
        for machine in WRONG_MACHINES:
            wanted = believed(learner, machine.name, {})
            for node, gradient in wanted.items():
                element = (0,) * np.ndim(right[node])
                wrong = float(np.broadcast_to(gradient, np.shape(right[node]))[element])
                said = named.name_gradient(node, wrong, element)
                if abs(wrong - float(np.asarray(right[node])[element])) > 0.02 * abs(wrong):
                    assert said.startswith("that is what comes out if "), (seed, machine.name, node.name)
                elif wrong == float(np.asarray(right[node])[element]):
                    assert not said


def opened(name: str, iteration: int = 1) -> Naming:
    timeline = Timeline(program_of(load_lesson(name)))
    timeline.train(iteration - 1)
    found = naming(timeline.recording)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("lesson", "node", "number", "belief"),
    [
        ("two-paths", "b", 12.0, "a node may go as soon as one consumer is done, or if only one path counts"),
        ("two-paths", "b", -1.0, "a gradient is set with = where += is needed, so that only what comes last is left"),
        ("two-edges", "side", -42.0, "a consumer that uses a node twice counts once, or if a gradient is set with = "),
        ("chain", "a", -19.2, "nobody sets the gradient of the iteration before to 0, so that it is still in the sum"),
        ("skip", "x", 5.76, "a node may go as soon as one consumer is done, or if only one path counts"),
    ],
)
def test_a_wrong_answer_in_a_lesson(lesson: str, node: str, number: float, belief: str) -> None:
    found = opened(lesson, iteration=2 if lesson == "chain" else 1)
    said = found.name_gradient(next(each for each in found.graph.nodes if each.name == node), number)
    assert said.startswith(f"that is what comes out if {belief}")


def test_a_wrong_next_node() -> None:
    found = opened("two-paths")  # e c d '10' b '2' a
    b, d = (next(each for each in found.graph.nodes if each.name == name) for name in "bd")
    early = "that is what comes out if a node may go as soon as one consumer is done"
    assert found.name_next(2, b) == early
    assert found.name_next(1, b) == ""  # nothing has come to it
    assert found.name_next(4, b) == ""  # it is right
    assert found.name_next(2, d) == ""  # both are
    found = opened("skip")  # J y sigmoid x
    x = next(each for each in found.graph.nodes if each.name == "x")
    plain = "the search is plain breadth-first, and does not wait for the last consumer"
    assert found.name_next(2, x) == f"{early}, or if {plain}"


def test_a_sum_so_far() -> None:
    found = opened("two-paths")
    b = next(each for each in found.graph.nodes if each.name == "b")
    assert found.wrong_gradients(b, count=1) == []
    assert ("overwritten", -1.0) in found.wrong_gradients(b, count=2)
