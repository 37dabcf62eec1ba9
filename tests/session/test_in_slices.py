"""A long way through a large graph goes in slices, between which a session can be paused."""

from __future__ import annotations

import pytest

from tests.sample_graphs import lesson_of, long_chain
from tui_backprop.debugger.message import Message
from tui_backprop.debugger.steps import Place
from tui_backprop.programs.program import program_of
from tui_backprop.session import DebugSession


@pytest.mark.parametrize("stop", ["phase", "iteration"])
def test_a_long_way_through_a_large_graph_goes_in_slices_and_can_be_paused(
    stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_backprop.debugger.running.TRAINING_SECONDS", 0.002)
    sessions = [DebugSession(program_of(lesson_of("long-chain", lambda: long_chain(2100)))) for _ in range(2)]
    at_once, in_slices = sessions
    at_once.step(stop)
    in_slices.step(stop, in_slices=True)
    assert in_slices.is_seeking
    in_slices.tick()
    in_slices.step()
    assert in_slices.running is None
    assert in_slices.timeline.place < at_once.timeline.place
    in_slices.step(stop, in_slices=True)
    while in_slices.running is not None:
        in_slices.tick()
    assert in_slices.timeline.place == at_once.timeline.place
    assert in_slices.message is None


@pytest.mark.parametrize("key", ["b", "I", "end", "G"])
def test_a_long_way_to_another_iteration_of_a_large_graph_goes_in_slices(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_backprop.debugger.running.TRAINING_SECONDS", 0.002)
    move = {
        "b": lambda session, **how: session.back("step", **how),
        "I": lambda session, **how: session.back("iteration", **how),
        "end": lambda session, **how: session.last(**how),
        "G": lambda session, **how: session.go(Place(1, 3000), **how),
    }[key]
    program = program_of(lesson_of("long-chain", lambda: long_chain(2100)))
    at_once, in_slices = DebugSession(program), DebugSession(program)
    for session in (at_once, in_slices):
        session.step("iteration")
        session.timeline.begin_next()
        if key in ("end", "G"):
            session.step("phase")
            session.first()
    move(at_once)
    move(in_slices, in_slices=True)
    assert in_slices.is_seeking
    ticks = 0
    while in_slices.running is not None:
        in_slices.tick()
        ticks += 1
    assert ticks > 2
    assert in_slices.timeline.place == at_once.timeline.place
    assert in_slices.message is None
    losses = [[session.timeline.losses.loss_at(n) for n in (1, 2)] for session in (at_once, in_slices)]
    assert losses[0] == losses[1]


def test_the_way_back_to_a_breakpoint_in_the_iteration_before_goes_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_backprop.debugger.running.TRAINING_SECONDS", 0.002)
    session = DebugSession(program_of(lesson_of("long-chain", lambda: long_chain(2100))))
    node = session.timeline.graph.nodes[1000]
    session.toggle_breakpoint(node)
    session.step("iteration")
    session.timeline.begin_next()
    session.resume(backwards=True)
    ticks = 0
    while session.running is not None:
        session.tick()
        ticks += 1
    assert ticks > 3
    assert session.message is not None
    assert session.message.kind == "breakpoint hit"
    assert session.timeline.place.iteration == 1
    assert session.moment.now is node
    session.first()
    session.resume(backwards=True)
    while session.running is not None:
        session.tick()
    assert session.message == Message("no breakpoint before here")
