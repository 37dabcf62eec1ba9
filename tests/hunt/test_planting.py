"""What a seed plants shows in the check, and no other mistake shows the same; held against numbers taken apart here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minidl_core import ContributionAdded, GradientCompleted, MinidlError, VariableUpdated
from minidl_core.arrays import Array
from minidl_core.backprop import search
from minidl_core.gradient_check import check_evaluation
from minidl_core.plan import Plan
from tui_backprop.debugger.steps import after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.hunt.mutants import KINDS, Misprint, Mutant, NoOrder, Overwritten, mutants
from tui_backprop.hunt.planting import Planted, _planted, hunt_address, plant
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program, ProgramError

from .conftest import opened

SEEDS = range(25)
"""By hand it was tried with 500, in every graph."""
GRAPHS = ("chain", "skip", "two-edges")

OPERATION = '''
import minidl_core as dl

@dl.operation(formula="Y = A·A·A", samples=[((3,),)], elementwise=True, unchecked=True)
def cube(a, /):
    """Each entry of A three times."""
    return a * a * a

@dl.RegisterGradient("cube", formulas=("3·G⊙A²",))
def _cube_gradient(op, grad):
    """Three times the square."""
    return [3 * grad * op.inputs[0] ** 2]
'''


@cache
def seen(name: str) -> Mapping[tuple[str, str, int], Mapping[Any, Array]]:
    """Return all numbers of two iterations, by mutant, of every one that there is, of those that can be stepped."""
    found = {}
    program, _ = opened(name, 0)
    for mutant in mutants(program.example.loss):
        numbers = numbers_of(Timeline(_planted(program, mutant, "hunt").program))
        if numbers is not None:
            found[key_of(mutant)] = numbers
    return found


def key_of(mutant: Mutant) -> tuple[str, str, int]:
    return mutant.kind, mutant.broken, mutant.input_index


def numbers_of(timeline: Timeline) -> dict[Any, Array] | None:
    found: dict[Any, Array] = {}
    while timeline.recording.iteration < 3 and timeline.forward(after_event):
        assert not isinstance(timeline.recording.error, MinidlError) or found
        if timeline.recording.error is not None:
            return None
        event = timeline.recording.events[timeline.cursor - 1]
        at = timeline.recording.iteration
        match event:
            case ContributionAdded(node, consumer, index):
                found[at, "over", consumer.name, index] = event.contribution
                found[at, "sum", consumer.name, index] = event.total
            case GradientCompleted(node):
                found[at, "gradient", node.name] = event.gradient
            case VariableUpdated(node):
                found[at, "new", node.name] = event.new
    return found


def is_detected(planted: Planted) -> bool:
    """Return whether the check of some number says that it is wrong, or an update is not that of its gradient."""
    timeline = Timeline(planted.program)
    while timeline.recording.iteration < 3 and timeline.forward(after_event):
        recording = timeline.recording
        event, start, loss = recording.events[timeline.cursor - 1], recording.start, timeline.graph.loss
        if isinstance(event, GradientCompleted):
            evaluation = Plan([loss]).run(start.feeds, start.variables)
            checks = check_evaluation(evaluation, loss, event.node, found=event.gradient)
            if any(check.verdict == "differs" for check in checks):
                return True
        if isinstance(event, VariableUpdated) and not np.allclose(
            event.new, event.old - start.rate * event.gradient, rtol=1e-6, atol=1e-12
        ):
            return True
    return False


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mistake_is_detected_and_no_other_shows_the_same(seed: int) -> None:
    name = GRAPHS[seed % len(GRAPHS)]
    planted = plant(hunt_address(seed, name))
    assert is_detected(planted)
    own = seen(name)[key_of(planted.mutant)]
    for key, others in seen(name).items():
        if key != key_of(planted.mutant) and others.keys() == own.keys():
            assert any(not np.allclose(own[at], others[at], rtol=1e-6, atol=0) for at in own), key


def test_a_seed_makes_the_same_mistake_in_the_graph_that_it_chooses() -> None:
    for seed in (4, 7):
        chosen = plant(hunt_address(seed))
        again = plant(chosen.program.address)
        assert chosen.program.address.startswith("hunt ")
        assert key_of(again.mutant) == key_of(chosen.mutant)


def test_every_kind_can_be_planted() -> None:
    there = {type(mutant) for name in ("skip", "broadcast") for mutant in opened(name, 0)[1]}
    assert there == set(KINDS)


def test_of_mistakes_that_show_the_same_none_is_planted() -> None:
    # in two-paths the node that does not wait comes behind its last consumer all the same
    program = opened("two-paths", 0)[0]
    assert not any(isinstance(mutant, NoOrder) for mutant in opened("two-paths", 0)[1])
    assert any(isinstance(mutant, NoOrder) for mutant in mutants(program.example.loss))


def broken(name: str, kind: type[Mutant]) -> Timeline:
    program, there = opened(name, 0)
    mutant = next(mutant for mutant in there if isinstance(mutant, kind))
    return Timeline(_planted(program, mutant, "hunt").program)


def test_what_a_mistake_computes_is_what_it_is_called() -> None:
    timeline = broken("skip", Misprint)
    numbers = numbers_of(timeline)
    assert numbers is not None
    gradient = numbers[1, "gradient", "sigmoid"]
    expected = gradient / (1 + np.exp(-2.0)) / (1 + np.exp(2.0 - 1))
    assert numbers[1, "over", "sigmoid", 0] == pytest.approx(expected, rel=1e-12)
    timeline = broken("skip", Overwritten)
    numbers = numbers_of(timeline)
    assert numbers is not None
    assert numbers[1, "gradient", "x"] == numbers[1, "over", "sigmoid", 0]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_going_back_in_time_brings_the_same_bits(kind: type[Mutant]) -> None:
    name = "broadcast" if kind.kind == "missing-sum" else "skip"
    stepped, trained = broken(name, kind), broken(name, kind)
    numbers_of(stepped)
    trained.train(2)
    there = {node: value.tobytes() for node, value in trained.recording.start.variables.items()}
    assert {node.name: value.tobytes() for node, value in stepped.recording.start.variables.items()} == {
        node.name: value for node, value in there.items()
    }
    trained.train(5)
    trained.first()
    trained.train(2)
    assert {node: value.tobytes() for node, value in trained.recording.start.variables.items()} == there


def test_a_file_that_only_defines_operations_is_a_graph_of_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(OPERATION)
    planted = plant(hunt_address(3, str(path)))
    assert planted.mutant.broken == "cube"
    assert is_detected(planted)
    path = tmp_path / "other.py"
    path.write_text(OPERATION.replace("samples=[((3,),)], ", "").replace("cube", "cube_2"))
    with pytest.raises(ProgramError, match="cube_2 has no samples"):
        plant(hunt_address(3, str(path)))
    path.write_text(OPERATION.replace("cube", "cube_3") + "\n1 / 0\n")
    with pytest.raises(ProgramError, match="ZeroDivisionError"):
        plant(hunt_address(3, str(path)))


def test_what_is_no_hunt_is_said() -> None:
    for wrong in ("hunt", "hunt chain", "hunt chain --seed x", "hunt chain xor --seed 3"):
        with pytest.raises(ProgramError, match="one is written as hunt chain --seed 7"):
            plant(wrong)


def test_a_hunt_in_what_has_no_engine_of_ours_is_refused() -> None:
    with pytest.raises(ProgramError, match="backprop is neither"):
        plant("hunt a.backprop --seed 7")
    with pytest.raises(ProgramError, match="in our engine only"):
        plant("hunt docs/own_engine.py --seed 7")


def test_the_program_itself_is_not_changed() -> None:
    program: Program = open_program("skip")
    before = numbers_of(Timeline(program))
    plant(hunt_address(7, "skip"))
    assert numbers_of(Timeline(program)) == before


@pytest.mark.parametrize("graph", ["skip", "two-paths", "two-edges", "xor"])
def test_only_the_node_that_does_not_wait_joins_too_early(graph: str) -> None:
    loss = open_program(graph).example.loss
    right = list(search(loss))
    for mutant in NoOrder.all_in(loss):
        visits = mutant.visits(loss)
        assert {node for node, _ in visits} == {node for node, _ in right}
        places = {node: place for place, (node, _) in enumerate(visits)}
        for place, (_, joined) in enumerate(visits):
            for node in joined:
                consumers = [places[each] for each in node.consumers if each in places]
                assert place == (min if node is mutant.node else max)(consumers)
