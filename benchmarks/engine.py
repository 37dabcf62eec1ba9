"""The engine beside its yardsticks: how long one training iteration takes, in one run, interleaved, medians.

    python benchmarks/engine.py            # PyTorch (torch==2.13.0, a CPU build) and JAX take part where installed

Prints Markdown tables, the first of ratios to NumPy written by hand, as the README has it, and stops where two of them
disagree about a loss by more than 1e-9.
"""

from __future__ import annotations

import os

os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
os.environ |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np
import yardsticks
from yardsticks import Network, Step

CONTESTANTS: dict[str, Callable[[Network], Step]] = {
    "NumPy by hand": yardsticks.by_hand,
    f"Stepper.run({yardsticks.IN_A_ROW}), nobody listening": yardsticks.by_stepper_in_a_row,
    "Stepper.run(1), nobody listening": yardsticks.by_stepper,
    "Session.run(step, feeds)": yardsticks.by_session,
    "Stepper.iteration, every event": yardsticks.with_events,
    "HIPS autograd": yardsticks.by_autograd,
    "PyTorch eager": yardsticks.by_torch,
    "JAX jit": yardsticks.by_jax,
    "the chapter's algorithm": yardsticks.by_the_chapter,
}
_NEEDS = {"HIPS autograd": "autograd", "PyTorch eager": "torch", "JAX jit": "jax"}
NETWORKS = {
    "perceptron 2-2, 100 points": ((2, 2), 100, 0.0005),
    "XOR network 2-2-2, 100 points": ((2, 2, 2), 100, 0.0005),
    "784-128-10, batch 64": ((784, 128, 10), 64, 0.0005),
}

MICROGRAD, OURS, AGAIN = "micrograd 0.1.0", "minidl_core", "minidl_core, run again"


def installed() -> dict[str, Callable[[Network], Step]]:
    """The contestants whose libraries are installed."""
    return {name: make for name, make in CONTESTANTS.items() if name not in _NEEDS or find_spec(_NEEDS[name])}


def check(name: str, network: Network, makers: Mapping[str, Callable[[Network], Step]], iterations: int = 20) -> None:
    """Stop where two contestants reach different losses."""
    expected = None
    for contestant, make in makers.items():
        step = make(network)
        losses = np.array([step() for _ in range(iterations)])
        if expected is None:
            expected = losses
        worst = float(np.max(np.abs(losses - expected) / np.abs(expected)))
        if worst > 1e-9:
            sys.exit(f"{name}: {contestant} reaches losses that differ from those by hand by {worst:.1e}")


def medians(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median processor time of one call of each action, in microseconds; the actions take turns in each round.

    A turn lasts about 20 milliseconds, and at least as many calls as are run in a row: caches are warm, as they are in
    training. Processor time, not the clock: what else runs on the machine counts little. The garbage of the turn before
    is collected before the clock starts, and that of its own calls while it runs, as Python does it for everybody.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    repeats = {name: _turn(action) for name, action in actions.items()}
    # what the imports left behind would be looked through by each collection
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for name, action in actions.items():
            gc.collect()
            times[name].append(_processor_time(action, repeats[name]) * 1e6)
    return {name: statistics.median(each) for name, each in times.items()}


def scalars(build: yardsticks.Scalars, rounds: int) -> dict[str, float]:
    """The medians of what a graph of single numbers takes, built and run; stops where the gradients differ."""
    theirs, ours = yardsticks.scalars_by_micrograd(build), yardsticks.scalars_by_the_engine(build)
    if abs(theirs - ours) > 1e-9 * abs(theirs):
        sys.exit(f"a gradient of {build.__name__} is {ours} here and {theirs} by micrograd")
    actions = {
        MICROGRAD: lambda: yardsticks.scalars_by_micrograd(build),
        OURS: lambda: yardsticks.scalars_by_the_engine(build),
        AGAIN: yardsticks.scalars_run_again(build),
    }
    return medians(actions, rounds)


def _turn(action: Callable[[], object]) -> int:
    """Return how many calls make a turn: a multiple of those that are run in a row."""
    in_a_row = yardsticks.IN_A_ROW
    return in_a_row * max(1, round(20e-3 / in_a_row / max(_processor_time(action, in_a_row), 1e-9)))


def _processor_time(action: Callable[[], object], repeats: int) -> float:
    started = time.process_time()
    for _ in range(repeats):
        action()
    return (time.process_time() - started) / repeats


def table(head: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="how many turns each contestant gets (40)")
    rounds = parser.parse_args().rounds
    makers = installed()

    measured = {}
    for name, (sizes, rows, rate) in NETWORKS.items():
        network = Network.random(sizes, rows, rate)
        check(name, network, makers)
        measured[name] = medians({contestant: make(network) for contestant, make in makers.items()}, rounds)
    by_hand = {name: each["NumPy by hand"] for name, each in measured.items()}
    table(
        ["one training iteration, times NumPy by hand", *measured],
        [[c, *(f"{each[c] / by_hand[name]:.1f}" for name, each in measured.items())] for c in makers],
    )
    print("NumPy by hand, us: " + ", ".join(f"{each:.1f}" for each in by_hand.values()) + ".")
    small = measured["perceptron 2-2, 100 points"]
    extra = small["Stepper.iteration, every event"] - small["Stepper.run(1), nobody listening"]
    print(f"An event costs {extra / 59:.2f} us when somebody listens (59 of them in the perceptron's iteration).\n")

    for what, build in yardsticks.SCALARS.items():
        took, nodes = scalars(build, max(rounds // 10, 5)), yardsticks.nodes_of(build)
        table(
            [f"{what}, {nodes:,} nodes, built and run forward and backward", "us per node", f"times {MICROGRAD}"],
            [[name, f"{each / nodes:.2f}", f"{each / took[MICROGRAD]:.2f}"] for name, each in took.items()],
        )
    rungs = {f"{k:,} rungs": k for k in (10, 100, 1000)}
    ladders = medians({name: lambda k=k: yardsticks.ladder(k) for name, k in rungs.items()}, max(rounds // 10, 5))
    table(
        ["ladder x = x + x·w, built and run forward and backward", "us per rung"],
        [[name, f"{ladders[name] / k:.1f}"] for name, k in rungs.items()],
    )


if __name__ == "__main__":
    main()
