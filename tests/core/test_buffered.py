"""Training by a list of calls into buffers: the same bits as ever, whatever happens between two steps."""

import numpy as np
import pytest

import minidl_core as dl
from minidl_core import NonFiniteError, buffered
from minidl_core.gradients import gradient_rule

RATE = 0.25


def network(rows=4, rate=RATE):
    """A step, its feeds, and its variables: what data alone say (the mean of x) has a part in it, too."""
    dl.Graph().as_default()
    x, t = dl.placeholder(name="x"), dl.placeholder(name="t")
    w, b = dl.Variable([[0.5, -1.0], [0.25, 2.0]], name="w"), dl.Variable([0.1, 0.2], name="b")
    y = dl.softmax(dl.tanh(x @ w + b) - dl.reduce_mean(x))
    step = dl.train.GradientDescentOptimizer(rate).minimize(dl.reduce_mean(dl.square(y - t)))
    return step, feeds(x, t, rows), (w, b)


def feeds(x, t, rows, seed=0):
    rng = np.random.default_rng(seed)
    return {x: rng.normal(size=(rows, 2)), t: rng.random((rows, 2))}


def by_events(stepper, count):
    return [list(stepper.iteration())[-1].loss for _ in range(count)]


@pytest.fixture
def traced(monkeypatch):
    """What was traced, so that no test passes because nothing was."""
    made, init = [], buffered.BufferedStep.__init__

    def note(self, *arguments):
        init(self, *arguments)
        made.append(self)

    monkeypatch.setattr(buffered.BufferedStep, "__init__", note)
    return made


def test_a_long_run_has_the_losses_and_variables_of_single_events(traced):
    step, given, variables = network()
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    assert fast.run(50) == by_events(slow, 50)
    assert len(traced) == 1
    assert fast.finished == slow.finished
    for variable in variables:
        assert np.array_equal(fast.session.variables[variable], slow.session.variables[variable])
    assert fast.run(1) == by_events(slow, 1)


def test_what_was_handed_out_is_not_written_to(traced):
    step, given, (w, _) = network()
    session = dl.Session()
    kept = []
    for _ in range(6):
        session.run(step, given)
        kept.append((session.variables[w], session.variables[w].copy()))
    assert traced
    assert all(np.array_equal(array, copy) and not array.flags.writeable for array, copy in kept)


def test_the_gradients_of_the_last_step_are_there_when_somebody_asks(traced):
    step, given, _ = network()
    fast, slow = dl.Session(), dl.Session()
    for _ in range(5):
        fast.run(step, given)
    for _ in range(4):
        list(dl.Stepper(step, given, slow).iteration())
    slow.run(step.loss, given)
    assert traced
    mine, right = (dl.compute_gradient(step.loss, session) for session in (fast, slow))
    assert all(np.array_equal(mine[node], right[node]) for node in right)


def test_feeds_that_change_are_taken_and_those_of_another_shape_are_traced_for_themselves(traced):
    step, given, _ = network()
    x, t = given
    fast, slow = dl.Session(), dl.Session()
    for seed, rows in [(1, 4), (2, 4), (3, 4), (4, 4), (5, 3), (6, 4), (7, 3), (8, 3), (9, 3), (9, 3)]:
        now = feeds(x, t, rows, seed)
        assert float(fast.run(step, now)) == by_events(dl.Stepper(step, now, slow), 1)[0]
    assert len(traced) == 2


@pytest.mark.parametrize(("most", "wanted"), [(buffered._MOST_HELD, 20), (4_000, 2)])
def test_as_many_shapes_are_traced_as_there_is_memory_for(most, wanted, traced, monkeypatch):
    monkeypatch.setattr(buffered, "_MOST_HELD", most)
    step, given, _ = network()
    x, t = given
    fast, slow = dl.Session(), dl.Session()
    for seed in range(3):
        for rows in range(4, 24):
            now = feeds(x, t, rows, seed)
            assert float(fast.run(step, now)) == by_events(dl.Stepper(step, now, slow), 1)[0]
    assert len(traced) == wanted


@pytest.mark.parametrize("change", ["rate", "variable", "restore", "decay"])
def test_what_is_changed_between_two_steps_counts(change, traced):
    step, given, (w, _) = network()
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    start = {stepper: stepper.state() for stepper in (fast, slow)}
    assert fast.run(5) == by_events(slow, 5)
    for stepper in (fast, slow):
        match change:
            case "rate":
                stepper.optimizer.learning_rate = 0.125
            case "variable":
                stepper.session.variables[w] = np.ones((2, 2))
            case "restore":
                stepper.restore(start[stepper])
            case "decay":
                stepper.optimizer.weight_decay = 0.5
    assert fast.run(5) == by_events(slow, 5)
    assert traced


def test_a_frozen_variable_stays(traced):
    step, given, (w, b) = network()
    step = dl.train.GradientDescentOptimizer(RATE).minimize(step.loss, var_list=[b])
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    assert fast.run(9) == by_events(slow, 9)
    assert traced
    assert w not in fast.session.variables


def test_a_gradient_function_that_is_registered_anew_counts_at_once(traced, monkeypatch):
    step, given, _ = network()
    session = dl.Session()
    for _ in range(4):
        session.run(step, given)
    rule = gradient_rule(next(node for node in dl.Stepper(step, given).nodes if node.kind == "tanh"))
    function, formulas = rule.function, rule.formulas
    before = dict(session.variables)
    try:
        rule.change(lambda op, grad: [0.0 * grad], formulas)
        session.run(step, given)
        assert all(np.array_equal(session.variables[node], array) for node, array in before.items())
    finally:
        rule.change(function, formulas)


def test_a_mistake_is_the_same_as_on_the_stepping_path(traced):
    dl.Graph().as_default()
    step = dl.train.GradientDescentOptimizer(1e20).minimize(dl.square(dl.Variable(1.0)))
    fast, slow = dl.Stepper(step), dl.Stepper(step)
    with pytest.raises(dl.NonFiniteError) as by_run:
        fast.run(100)
    with pytest.raises(dl.NonFiniteError) as stepped:
        by_events(slow, 100)
    assert str(by_run.value) == str(stepped.value)
    assert fast.finished == slow.finished > 3
    assert traced


def test_an_interrupted_run_goes_on_from_where_its_variables_are(traced, monkeypatch):
    step, given, _ = network()
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    assert fast.run(5) == by_events(slow, 5)
    calls = traced[0]._calls.each

    def interrupt():
        raise KeyboardInterrupt

    calls.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        fast.run(3)
    calls.remove(interrupt)
    assert fast.run(3) == by_events(slow, 3)


def test_behind_an_interrupt_the_gradients_are_those_of_the_last_step_that_was_taken(traced, monkeypatch):
    monkeypatch.setattr(dl.stepper, "_AT_ONCE", 4)
    step, given, _ = network()
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    fast.run(5)
    left = iter(range(6))
    traced[0]._calls.each.append(lambda: next(left))
    with pytest.raises(StopIteration):
        fast.run(12)
    assert fast.finished == 9
    by_events(slow, 9)
    mine, right = (dl.compute_gradient(step.loss, stepper.session) for stepper in (fast, slow))
    assert all(np.array_equal(mine[node], right[node]) for node in right)


@pytest.mark.parametrize("make", [lambda w: w, lambda w: dl.reshape(w, shape=())])
def test_a_loss_that_is_a_view_of_a_variable_is_the_one_before_the_step(make, traced):
    dl.Graph().as_default()
    step = dl.train.GradientDescentOptimizer(0.25).minimize(make(dl.Variable(1.0)))
    assert dl.Stepper(step).run(4) == [1.0, 0.75, 0.5, 0.25]
    assert traced


def test_a_loss_that_is_found_to_be_an_array_is_refused_in_a_long_run():
    dl.Graph().as_default()
    x = dl.placeholder()
    step = dl.train.GradientDescentOptimizer(0.25).minimize(x * dl.Variable([1.0]))
    with pytest.raises(dl.ShapeError, match="a loss must be one number"):
        dl.Stepper(step, {x: [1.0]}).run(5)


def test_operations_of_others_are_run_as_they_are(traced):
    dl.Graph().as_default()
    calls = []

    @dl.operation(formula="Y = A + calls", elementwise=True)
    def count_up(a, /):
        """A number that depends on more than its input."""
        calls.append(1)
        return a + len(calls)

    dl.definition.definitions["count_up"].compute.__module__ = None  # as of what `exec` runs with names of its own

    @dl.RegisterGradient("count_up", formulas=("G",))
    def _count_up_gradient(op, grad):
        """A slope of 1."""
        return [grad]

    step = dl.train.GradientDescentOptimizer(0.5).minimize(count_up(dl.Variable(1.0)))
    losses = dl.Stepper(step).run(6)
    assert len(set(np.diff(losses))) == 1
    assert not traced


def test_what_is_written_into_a_fed_array_counts_from_then_on(traced):
    step, given, _ = network()
    x, _ = given
    fast, slow = dl.Session(), dl.Session()
    kept = np.array(given[x]) + 1.0
    kept.setflags(write=False)
    for turn in range(9):
        match turn:
            case 4:
                given[x][0, 1] += 0.5
            case 5:
                given = {**given, x: kept}
            case 6:
                given = {**given, x: given[x] - 1.0}
            case 7:
                given = {**given, x: given[x].tolist()}
        assert float(fast.run(step, given)) == by_events(dl.Stepper(step, given, slow), 1)[0]
    assert traced


def test_a_nan_that_is_fed_is_refused_each_time(traced):
    step, given, _ = network()
    x, _ = given
    session = dl.Session()
    for _ in range(4):
        session.run(step, given)
    good = given[x].copy()
    for _ in range(2):
        given[x][1, 0] = np.nan
        for _ in range(2):
            with pytest.raises(NonFiniteError, match=r"\[1, 0\]"):
                session.run(step, given)
        given[x][...] = good
        session.run(step, given)
    assert traced


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_short_rows_are_calculated_by_column_to_the_same_bits(columns, rows, traced):
    dl.Graph().as_default()
    rng = np.random.default_rng(columns)
    x = dl.placeholder((rows, columns))
    w, b, c = (dl.Variable(rng.normal(size=shape)) for shape in ((columns,), (rows, 1), ()))
    y = dl.softmax((x * w + b) / (c * c + 1.0) - w)
    y = y + dl.softmax(x - b, axis=0)
    step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.reduce_sum(dl.square(y)))
    given = {x: rng.normal(size=(rows, columns))}
    fast, slow = dl.Stepper(step, given), dl.Stepper(step, given)
    assert fast.run(9) == by_events(slow, 9)
    for variable in (w, b, c):
        assert np.array_equal(fast.session.variables[variable], slow.session.variables[variable])
    assert traced


@pytest.mark.parametrize("read_only", [False, True])
def test_how_an_array_lies_in_memory_makes_no_bit_another(read_only, traced):
    """A sum adds in the order in which the numbers lie."""
    numbers = np.random.default_rng(0).uniform(0.2, 1.2, (2, 30, 3))
    start = np.asfortranarray(numbers[0] + 0.1)
    by_column = np.asfortranarray(numbers)
    by_column.setflags(write=not read_only)
    x, w = dl.placeholder(), dl.Variable(start)
    step = dl.train.GradientDescentOptimizer(1e-3).minimize(dl.reduce_sum(x + w) + dl.reduce_sum(w * w))
    fast, slow = dl.Session(), dl.Session()
    given = np.asfortranarray(numbers[1])
    for number in range(12):
        if number == 6:
            fast.variables[w] = slow.variables[w] = given
        losses = [event.loss for event in dl.Stepper(step, {x: by_column}, slow).iteration() if hasattr(event, "loss")]
        assert losses == [fast.run(step, {x: by_column})]
        assert fast.run(w).tobytes() == slow.run(w).tobytes()
    assert traced
