"""The events of four small graphs, in full and in order: their numbers can be checked by hand."""

import dataclasses

import numpy as np
import pytest

import minidl_core as dl


def _plain(array):
    return np.asarray(array).tolist()


def said(event):
    """One event as one line of a person's notes."""
    match event:
        case dl.NodeEvaluated(node, value):
            return f"{node.name} = {_plain(value)}"
        case dl.BackwardStarted(node, gradient):
            return f"d{node.name}/d{node.name} = {_plain(gradient)}"
        case dl.NodeVisited(node):
            return f"visit {node.name}"
        case dl.ContributionAdded():
            return (
                f"{event.node.name} gets {_plain(event.contribution)} from {event.consumer.name}[{event.input_index}], "
                f"whose G = {_plain(event.gradient)}: {event.number} of {event.count}, so far {_plain(event.total)}"
            )
        case dl.GradientCompleted(node, gradient):
            return f"{node.name} complete: {_plain(gradient)}"
        case dl.NodesEnqueued(node, enqueued):
            return f"{node.name} lets in {' '.join(n.name for n in enqueued)}"
        case dl.VariableUpdated(node, old, gradient, learning_rate, new):
            return f"{node.name}: {_plain(old)} - {learning_rate}·{_plain(gradient)} = {_plain(new)}"
        case dl.IterationFinished(node, iteration, loss):
            return f"iteration {iteration} finished, {node.name} was {loss}"
    raise AssertionError(event)


def notes(loss, learning_rate=0.5):
    step = dl.train.GradientDescentOptimizer(learning_rate).minimize(loss)
    return [said(event) for event in dl.Stepper(step).iteration()]


def test_chain():
    a = dl.Variable(3, name="a")
    b = dl.multiply(a, dl.Constant(2, name="two"), name="b")
    c = dl.subtract(b, dl.Constant(4, name="four"), name="c")
    d = dl.multiply(c, dl.Constant(5, name="five"), name="d")
    e = dl.negative(d, name="e")
    assert notes(e) == [
        "a = 3.0",
        "two = 2.0",
        "b = 6.0",
        "four = 4.0",
        "c = 2.0",
        "five = 5.0",
        "d = 10.0",
        "e = -10.0",
        "de/de = 1.0",
        "visit e",
        "e complete: 1.0",
        "e lets in d",
        "visit d",
        "d gets -1.0 from e[0], whose G = 1.0: 1 of 1, so far -1.0",
        "d complete: -1.0",
        "d lets in c five",
        "visit c",
        "c gets -5.0 from d[0], whose G = -1.0: 1 of 1, so far -5.0",
        "c complete: -5.0",
        "c lets in b four",
        "visit five",
        "five gets -2.0 from d[1], whose G = -1.0: 1 of 1, so far -2.0",
        "five complete: -2.0",
        "visit b",
        "b gets -5.0 from c[0], whose G = -5.0: 1 of 1, so far -5.0",
        "b complete: -5.0",
        "b lets in a two",
        "visit four",
        "four gets 5.0 from c[1], whose G = -5.0: 1 of 1, so far 5.0",
        "four complete: 5.0",
        "visit a",
        "a gets -10.0 from b[0], whose G = -5.0: 1 of 1, so far -10.0",
        "a complete: -10.0",
        "visit two",
        "two gets -15.0 from b[1], whose G = -5.0: 1 of 1, so far -15.0",
        "two complete: -15.0",
        "a: 3.0 - 0.5·-10.0 = 8.0",
        "iteration 1 finished, e was -10.0",
    ]


def test_two_paths():
    """From a to e by way of b and d, and by way of b, c and d: b waits for c, its last consumer."""
    a = dl.Variable(3, name="a")
    b = dl.negative(a, name="b")
    c = dl.multiply(b, b, name="c")
    d = dl.add(b, c, name="d")
    e = dl.negative(d, name="e")
    assert notes(e) == [
        "a = 3.0",
        "b = -3.0",
        "c = 9.0",
        "d = 6.0",
        "e = -6.0",
        "de/de = 1.0",
        "visit e",
        "e complete: 1.0",
        "e lets in d",
        "visit d",
        "d gets -1.0 from e[0], whose G = 1.0: 1 of 1, so far -1.0",
        "d complete: -1.0",
        "d lets in c",
        "visit c",
        "c gets -1.0 from d[1], whose G = -1.0: 1 of 1, so far -1.0",
        "c complete: -1.0",
        "c lets in b",
        "visit b",
        "b gets -1.0 from d[0], whose G = -1.0: 1 of 3, so far -1.0",
        "b gets 3.0 from c[0], whose G = -1.0: 2 of 3, so far 2.0",
        "b gets 3.0 from c[1], whose G = -1.0: 3 of 3, so far 5.0",
        "b complete: 5.0",
        "b lets in a",
        "visit a",
        "a gets -5.0 from b[0], whose G = 5.0: 1 of 1, so far -5.0",
        "a complete: -5.0",
        "a: 3.0 - 0.5·-5.0 = 5.5",
        "iteration 1 finished, e was -6.0",
    ]


def test_skip_connection():
    """The graph that a plain breadth-first search gets wrong: add reaches x before sigmoid has its gradient."""
    x = dl.Variable(0, name="x")
    e = dl.add(x, dl.sigmoid(x, name="s"), name="e")
    assert notes(e, learning_rate=0.25) == [
        "x = 0.0",
        "s = 0.5",
        "e = 0.5",
        "de/de = 1.0",
        "visit e",
        "e complete: 1.0",
        "e lets in s",
        "visit s",
        "s gets 1.0 from e[1], whose G = 1.0: 1 of 1, so far 1.0",
        "s complete: 1.0",
        "s lets in x",
        "visit x",
        "x gets 1.0 from e[0], whose G = 1.0: 1 of 2, so far 1.0",
        "x gets 0.25 from s[0], whose G = 1.0: 2 of 2, so far 1.25",
        "x complete: 1.25",
        "x: 0.0 - 0.25·1.25 = -0.3125",
        "iteration 1 finished, e was 0.5",
    ]


def test_the_same_node_in_both_inputs():
    a = dl.Variable([[1, 2], [3, 4]], name="A")
    total = dl.reduce_sum(dl.matmul(a, a, name="AA"), name="J")
    assert notes(total) == [
        "A = [[1.0, 2.0], [3.0, 4.0]]",
        "AA = [[7.0, 10.0], [15.0, 22.0]]",
        "J = 54.0",
        "dJ/dJ = 1.0",
        "visit J",
        "J complete: 1.0",
        "J lets in AA",
        "visit AA",
        "AA gets [[1.0, 1.0], [1.0, 1.0]] from J[0], whose G = 1.0: 1 of 1, so far [[1.0, 1.0], [1.0, 1.0]]",
        "AA complete: [[1.0, 1.0], [1.0, 1.0]]",
        "AA lets in A",
        "visit A",
        "A gets [[3.0, 7.0], [3.0, 7.0]] from AA[0], whose G = [[1.0, 1.0], [1.0, 1.0]]: 1 of 2, "
        "so far [[3.0, 7.0], [3.0, 7.0]]",
        "A gets [[4.0, 4.0], [6.0, 6.0]] from AA[1], whose G = [[1.0, 1.0], [1.0, 1.0]]: 2 of 2, "
        "so far [[7.0, 11.0], [9.0, 13.0]]",
        "A complete: [[7.0, 11.0], [9.0, 13.0]]",
        "A: [[1.0, 2.0], [3.0, 4.0]] - 0.5·[[7.0, 11.0], [9.0, 13.0]] = [[-2.5, -3.5], [-1.5, -2.5]]",
        "iteration 1 finished, J was 54.0",
    ]


def test_consumers_that_lead_nowhere_take_no_part():
    x = dl.Variable(2, name="x")
    loss = dl.negative(x, name="J")
    dl.multiply(x, loss, name="accuracy")
    assert notes(loss) == [
        "x = 2.0",
        "J = -2.0",
        "dJ/dJ = 1.0",
        "visit J",
        "J complete: 1.0",
        "J lets in x",
        "visit x",
        "x gets -1.0 from J[0], whose G = 1.0: 1 of 1, so far -1.0",
        "x complete: -1.0",
        "x: 2.0 - 0.5·-1.0 = 2.5",
        "iteration 1 finished, J was -2.0",
    ]


def test_the_plain_search_stops_at_the_node_that_it_visits_too_early():
    x = dl.Variable(0, name="x")
    step = dl.train.GradientDescentOptimizer(0.5).minimize(dl.add(x, dl.sigmoid(x, name="s"), name="e"))
    stepper = dl.Stepper(step, traversal="plain")
    expected = r"variable 'x' \(test_events.py:\d+\): .* before its consumer s has a gradient; .*"
    heard = []
    with pytest.raises(dl.TraversalError, match=expected):
        stepper.run(1, forward=heard.append, backward=heard.append)
    assert said(heard[-1]) == "e lets in x s"
    with pytest.raises(dl.TraversalError, match=expected):
        stepper.run(1)
    assert dl.Stepper(step).run(1) == [0.5]


def test_the_plain_search_is_enough_where_all_paths_are_equally_long():
    x = dl.Variable([1.0, 2.0])
    step = dl.train.GradientDescentOptimizer(0.5).minimize(dl.reduce_sum(dl.sigmoid(dl.multiply(x, x))))
    plain = [said(event) for event in dl.Stepper(step, traversal="plain").iteration()]
    assert plain == [said(event) for event in dl.Stepper(step).iteration()]


def test_events_are_frozen_and_their_arrays_read_only():
    x = dl.Variable([[1.0, 2.0]])
    step = dl.train.GradientDescentOptimizer(0.5).minimize(dl.reduce_sum(dl.add(x, dl.sigmoid(x))))
    events = list(dl.Stepper(step).iteration())
    assert {type(event).__name__ for event in events} == {kind.__name__ for kind in dl.Event.__args__}
    for event in events:
        with pytest.raises(dataclasses.FrozenInstanceError):
            event.node = None
        for field in dataclasses.fields(event):
            value = getattr(event, field.name)
            if isinstance(value, np.ndarray):
                assert value.dtype == np.float64
                with pytest.raises(ValueError, match="read-only"):
                    value[...] = 0


def test_events_stay_as_they_were_when_training_goes_on():
    x = dl.Variable([[1.0, 2.0]])
    step = dl.train.GradientDescentOptimizer(0.5).minimize(dl.reduce_sum(dl.multiply(x, dl.sigmoid(x))))
    stepper = dl.Stepper(step)
    events = list(stepper.iteration())
    before = [said(event) for event in events]
    stepper.run(10)
    assert [said(event) for event in events] == before
