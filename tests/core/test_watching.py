"""Who watches is told what is made and run, with its feeds, before it can fail, and what came of it."""

from __future__ import annotations

import pytest

import minidl_core as dl
from minidl_core.session import Asked, GradientComputed, StepTaken
from minidl_core.train.optimizer import MinimizationMade
from minidl_core.watching import watching


def test_a_watcher_is_told_what_happens_until_its_block_ends() -> None:
    told: list[object] = []
    with dl.Graph().as_default(), watching(told.append):
        x, w = dl.placeholder(), dl.Variable(2.0)
        loss = dl.log(w * x)
        step = dl.train.GradientDescentOptimizer(0.5).minimize(loss)
        session = dl.Session()
        session.run([loss, step], {x: 3})
        dl.compute_gradient(loss)
        with pytest.raises(dl.NonFiniteError):
            session.run(loss, {x: 0})
        with pytest.raises(dl.FeedError):
            session.run(loss)
        dl.Stepper(step, {x: 5}).run(1)
    session.run(loss, {x: 7})
    asked = [(each.node, each.feeds) for each in told if isinstance(each, Asked)]
    assert [each.step for each in told if isinstance(each, MinimizationMade)] == [step]
    assert asked == [(loss, {x: 3.0}), (step, {x: 3.0}), (loss, {x: 0.0}), (step, {x: 5.0})]
    taken = [(each.step, each.evaluation[w], each.after[w]) for each in told if isinstance(each, StepTaken)]
    assert taken == [(step, 2.0, 1.75), (step, 2.0, 1.75)]
    [computed] = [each for each in told if isinstance(each, GradientComputed)]
    assert (computed.session, computed.gradients[w]) == (session, 0.5)
