"""Who watches is told which steps are made and what is run, with its feeds, before it can fail."""

from __future__ import annotations

import pytest

import minidl_core as dl
from minidl_core.watching import watching


def test_a_watcher_is_told_of_steps_and_runs_until_its_block_ends() -> None:
    told = []
    with dl.Graph().as_default(), watching(lambda node, feeds: told.append((node, feeds))):
        x, w = dl.placeholder(), dl.Variable(2.0)
        loss = dl.log(w * x)
        step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
        assert told == [(step, None)]
        session = dl.Session()
        session.run([loss, step], {x: 3})
        with pytest.raises(dl.NonFiniteError):
            session.run(loss, {x: 0})
        with pytest.raises(dl.FeedError):
            session.run(loss)
        dl.Stepper(step, {x: 5})
    session.run(loss, {x: 7})
    assert told[1:] == [(loss, {x: 3.0}), (step, {x: 3.0}), (loss, {x: 0.0}), (step, {x: 5.0})]
