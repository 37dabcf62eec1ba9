"""Nothing is kept that is not needed: sessions, runs and graphs are let go."""

import gc
import tracemalloc
import weakref

import numpy as np

import minidl_core as dl


def _grown(action, times):
    """The bytes that repeating an action leaves behind, after it has been done a few times."""
    for _ in range(20):
        action()
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(times):
            action()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def _network():
    x = dl.placeholder()
    w = dl.Variable(np.ones((20, 10)))
    loss = dl.reduce_sum(dl.softmax(dl.tanh(dl.matmul(x, w))) ** 2.0)
    return dl.train.GradientDescentOptimizer(0.01).minimize(loss), {x: np.ones((50, 20))}


def test_many_sessions_leak_nothing():
    step, feeds = _network()

    def train():
        session = dl.Session()
        session.run(step, feeds)
        session.run([step.loss, *step.variables], feeds)
        dl.compute_gradient(step.loss)

    assert _grown(train, 300) < 70_000


def test_a_graph_keeps_no_session_alive_and_only_the_last_of_its_values():
    step, feeds = _network()

    def train_twice():
        kept = [dl.Session(), dl.Session()]
        for session in kept:
            session.run(step, feeds)
        return [weakref.ref(each) for session in kept for each in (session, session.evaluations[step.loss])]

    first, its_values, second, last_values = train_twice()
    assert first() is second() is its_values() is None
    assert last_values() is not None


def test_many_steppers_and_paused_iterations_leak_nothing():
    step, feeds = _network()

    def pause_in_the_middle():
        events = dl.Stepper(step, feeds).iteration()
        for _ in range(15):
            next(events)

    assert _grown(pause_in_the_middle, 300) < 70_000


def test_a_long_run_takes_no_more_memory_than_a_short_one():
    step, feeds = _network()
    stepper = dl.Stepper(step, feeds)
    assert _grown(lambda: stepper.run(1), 2_000) < 100_000


def test_graphs_are_let_go():
    def build():
        with dl.Graph().as_default():
            step, feeds = _network()
            dl.Session().run(step, feeds)

    assert _grown(build, 300) < 100_000


def test_graphs_of_single_numbers_are_let_go_though_their_structure_is_kept():
    def train_anew():
        with dl.Graph().as_default() as graph:
            x = w = dl.Variable(0.5)
            for _ in range(30):
                x = dl.tanh(x * w)
            session = dl.Session()
            session.run(x)
            assert dl.compute_gradient(x, session)[w] != 0
        return weakref.ref(graph)

    built = train_anew()
    gc.collect()
    assert built() is None
    assert _grown(train_anew, 100) < 70_000
