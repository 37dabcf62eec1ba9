"""Running nodes: what goes in is copied, what comes out is read-only, and values belong to a run."""

import numpy as np
import pytest

import minidl_core as dl

from .messages import message


def test_the_perceptron_of_the_chapter():
    x = dl.placeholder(name="X")
    w, b = dl.Variable([[1, -1], [1, -1]]), dl.Variable([0, 0])
    p = dl.softmax(dl.add(dl.matmul(x, w), b))
    result = dl.Session().run(p, {x: [[2, 1], [-3, 1], [0, 0]]})
    assert result.shape == (3, 2)
    np.testing.assert_allclose(result.sum(axis=1), 1)
    np.testing.assert_allclose(result[2], [0.5, 0.5])


def test_a_list_of_nodes_shares_one_evaluation(monkeypatch):
    x = dl.Variable(2.0)
    slow = dl.sigmoid(x)
    calls = []
    compute = slow.definition.compute
    monkeypatch.setattr(slow.definition, "compute", lambda a: calls.append(1) or compute(a))
    both = dl.Session().run([dl.negative(slow), slow, slow + slow])
    assert len(calls) == 1
    np.testing.assert_array_equal(both, [-both[1], both[1], 2 * both[1]])


def test_shared_nodes_are_evaluated_once_and_not_once_per_path():
    """Sixty doublings have 2^60 paths to the first node."""
    x = start = dl.Variable(1.0)
    for _ in range(60):
        x = x + x
    assert dl.Session().run(x) == 2.0**60
    assert dl.compute_gradient(x)[start] == 2.0**60


def test_integers_become_floats_and_nothing_of_the_callers_is_changed():
    given, start = np.array([[1, 2], [3, 4]]), np.array([[1], [1]])
    x, w = dl.placeholder(), dl.Variable(start)
    loss = dl.reduce_sum(dl.matmul(x, w))
    step = dl.train.GradientDescentOptimizer(0.5).minimize(loss)
    session = dl.Session()
    feed = {x: given}
    assert session.run(step, feed) == 10
    np.testing.assert_array_equal(session.run(w), [[-1], [-2]])
    assert session.run(w).dtype == np.float64
    assert given.tolist() == [[1, 2], [3, 4]]
    assert start.tolist() == [[1], [1]]
    assert list(feed) == [x]


def test_feeds_and_starting_values_are_copied_on_entry():
    given, start = np.ones((2, 1)), np.ones(1)
    x, w = dl.placeholder(), dl.Variable(start)
    loss = dl.reduce_sum(dl.multiply(x, w))
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.5).minimize(loss), {x: given})
    session = dl.Session()
    session.run(loss, {x: given})
    given[:] = 7
    start[:] = 7
    assert stepper.run(1) == [2]
    assert session.run(w) == 1
    assert dl.compute_gradient(loss, session)[w] == 2


def test_a_feed_that_nobody_may_write_to_is_not_copied():
    x = dl.placeholder()
    given = np.ones((2, 2))
    session = dl.Session()
    assert not np.shares_memory(session.run(x, {x: given}), given)
    given.setflags(write=False)
    assert np.shares_memory(session.run(x, {x: given}), given)
    assert not np.shares_memory(session.run(x, {x: given[:1]}), given)  # of a view, another array may be written to


def test_what_comes_out_is_read_only():
    x, w = dl.placeholder(), dl.Variable([1.0, 2.0])
    y = dl.multiply(x, w)
    session = dl.Session()
    loss = dl.reduce_sum(y)
    results = session.run([x, w, y, loss], {x: [3.0, 4.0]})
    for array in [*results, *dl.compute_gradient(loss).values()]:
        assert array.dtype == np.float64
        with pytest.raises((ValueError, TypeError), match=r"read-only|does not support item assignment"):
            array[...] = 0


@pytest.mark.parametrize("start", [3.0, [3.0]])
def test_gradients_belong_to_who_asked_for_them(start: float | list[float]) -> None:
    w = dl.Variable(start)
    loss, session = dl.reduce_sum(dl.square(w)), dl.Session()
    session.run(loss)
    gradients = dl.compute_gradient(loss)
    gradients[w] = np.clip(gradients[w], -1, 1)
    assert gradients[w] == 1
    assert dl.compute_gradient(loss)[w] == 6


def test_an_operation_cannot_write_into_its_input():
    """A student's relu: `a[a < 0] = 0` would change the past."""

    @dl.operation(formula="Y = A")
    def careless(a, /):
        """A without what is negative."""
        a[a < 0] = 0
        return a

    x = dl.Variable([1.0, -1.0])
    made = careless(dl.negative(x), name="c")
    with pytest.raises(dl.GraphError, match=r"careless 'c' .* read-only; .* return a new array\."):
        dl.Session().run(made)


def test_two_sessions_on_one_graph_disturb_nothing():
    w = dl.Variable(3.0)
    loss = dl.multiply(w, w)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    one, other = dl.Session(), dl.Session()
    one.run(step)
    assert (one.run(w), other.run(w)) == (1.5, 3.0)
    other.run(step)
    other.run(step)
    assert (one.run(w), other.run(w)) == (1.5, 0.75)


def test_the_gradient_is_that_of_the_last_run_of_that_loss():
    x, w = dl.placeholder(), dl.Variable(3.0)
    loss = dl.multiply(x, w)
    session = dl.Session()
    session.run(loss, {x: 5.0})
    session.run(w)
    assert dl.compute_gradient(loss)[w] == 5
    session.run(loss, {x: 7.0})
    assert dl.compute_gradient(loss)[w] == 7


@pytest.mark.parametrize(
    "gradient_of",
    [
        lambda loss, w, session=None: dl.compute_gradient(loss, session=session)[w],
        lambda loss, w, session=None: dl.check_gradient(loss, w, session=session)[0].gradient,
    ],
)
def test_of_two_sessions_that_have_run_a_loss_one_has_to_be_named(gradient_of):
    w = dl.Variable(3.0)
    loss = dl.multiply(w, w, name="J")
    one, other = dl.Session(), dl.Session()
    one.run(loss)
    other.variables[w] = 5.0
    other.run(w)
    assert gradient_of(loss, w) == 6
    other.run(loss)
    with pytest.raises(
        dl.GraphError,
        match=r"multiply 'J' \(.*\): more than one session has run it; pass the one whose .*: session=session\.",
    ):
        gradient_of(loss, w)
    assert (gradient_of(loss, w, one), gradient_of(loss, w, other)) == (6, 10)
    with pytest.raises(dl.GraphError, match=r"multiply 'J' \(.*\): it has not been run yet; evaluate it first"):
        gradient_of(loss, w, dl.Session())
    del one
    assert gradient_of(loss, w) == 10


def test_a_session_that_is_gone_leaves_its_last_values_and_no_doubt_whose_they_are():
    w = dl.Variable(3.0)
    loss = dl.multiply(w, w)
    dl.Session().run(loss)
    assert dl.compute_gradient(loss)[w] == 6
    kept = dl.Session()
    kept.variables[w] = 5.0
    kept.run(loss)
    assert dl.compute_gradient(loss)[w] == 10
    dl.Session().run(loss)
    with pytest.raises(dl.GraphError, match="more than one session has run it"):
        dl.compute_gradient(loss)
    assert dl.compute_gradient(loss, kept)[w] == 10


def test_a_session_that_only_a_mistake_has_kept_does_not_count():
    w = dl.Variable(3.0)
    loss = dl.multiply(w, dl.log(w))
    step = dl.train.GradientDescentOptimizer(1e308).minimize(loss)
    with pytest.raises(dl.NonFiniteError):
        dl.Session().run(step)
    dl.Session().run(loss)
    assert dl.compute_gradient(loss)[w] == pytest.approx(1 + np.log(3))


def test_a_session_may_be_made_elsewhere_while_the_living_ones_are_asked():
    """As another thread does it."""

    class Asked(dict):
        def get(self, *arguments):
            made.append(dl.Session())
            return super().get(*arguments)

    made = []
    w = dl.Variable([1.0, 2.0])
    loss = dl.reduce_sum(dl.square(w))
    first, session = dl.Session(), dl.Session()
    for each in (first, session):
        each.evaluations = Asked()
    session.run(loss)
    assert dl.compute_gradient(loss)[w].tolist() == [2.0, 4.0]
    assert len(made) >= 2


def test_two_steppers_have_sessions_of_their_own_and_may_share_one():
    w = dl.Variable(3.0)
    loss = dl.multiply(w, w)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    one, other = dl.Stepper(step), dl.Stepper(step)
    one.run(1)
    list(other.forward())
    with pytest.raises(dl.GraphError, match="more than one session has run it"):
        dl.compute_gradient(loss)
    one.run(1)
    assert (dl.compute_gradient(loss, one.session)[w], dl.compute_gradient(loss, other.session)[w]) == (3, 6)
    del other
    sharing = dl.Stepper(step, session=one.session)
    sharing.run(1)
    assert dl.compute_gradient(loss)[w] == 1.5


def test_a_loss_is_trained_with_an_optimizer_and_its_graph_stays_as_it_is():
    with dl.Graph().as_default() as graph:
        w = dl.Variable(8.0, name="w")
        loss = dl.multiply(w, w, name="J")
        alone = dl.Constant(1.0, name="alone")
    before = [(node, node.name, list(node.consumers)) for node in graph.nodes]
    optimizer = dl.train.GradientDescentOptimizer(0.25)
    stepper = dl.Stepper(loss, optimizer=optimizer)
    assert stepper.run(2) == [64, 16]
    assert [event.loss for event in stepper.iteration() if isinstance(event, dl.IterationFinished)] == [4]
    assert [(node, node.name, list(node.consumers)) for node in graph.nodes] == before
    step = optimizer.minimize(loss)
    for wrong, said in ((step, "is a step of training and has no value"), (alone, "no variable leads to it")):
        with pytest.raises(dl.GraphError, match=said):
            dl.Stepper(wrong, optimizer=optimizer)


def test_a_gradient_check_in_the_middle_of_a_paused_iteration_disturbs_nothing():
    w = dl.Variable(3.0)
    loss = dl.multiply(dl.sigmoid(w), w)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    paused, undisturbed = dl.Stepper(step), dl.Stepper(step)
    for event in paused.iteration():
        assert event
        other = dl.Session()
        other.run(step)
        other.run(loss)
        dl.compute_gradient(loss, other)
    undisturbed.run(1)
    assert paused.session.run(w) == undisturbed.session.run(w)


def test_a_step_beside_other_nodes_measures_all_of_them_before_it():
    w = dl.Variable(3.0)
    loss = dl.multiply(w, w)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    session = dl.Session()
    assert session.run([step, w, loss]) == [9, 3, 9]
    assert session.run(w) == 1.5


def test_a_step_asked_for_twice_is_taken_once():
    w = dl.Variable(3.0)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(dl.multiply(w, w))
    session = dl.Session()
    assert session.run([step, step]) == [9, 9]
    assert session.run(w) == 1.5


def test_a_variable_that_training_does_not_reach_stays_as_it_is():
    w, other = dl.Variable(3.0), dl.Variable(4.0)
    step = dl.train.GradientDescentOptimizer(0.25).minimize(dl.multiply(w, w))
    session = dl.Session()
    session.run(step)
    assert session.run([w, other]) == [1.5, 4]


def test_a_chain_of_100_000_nodes():
    x = w = dl.Variable(1.0)
    little = dl.Constant(1e-5)
    for _ in range(50_000):
        x = dl.add(dl.negative(x), little)
    loss = dl.multiply(x, w)
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.5).minimize(loss))
    stepper.run(1)
    events = sum(1 for _ in stepper.iteration())
    assert events > 500_000


def test_learning_rate_and_state_are_kept_and_restored():
    w = dl.Variable(8.0)
    optimizer = dl.train.GradientDescentOptimizer(0.25)
    stepper = dl.Stepper(optimizer.minimize(dl.multiply(w, w)))
    start = stepper.state()
    assert stepper.run(2) == [64, 16]
    later = stepper.state()
    stepper.optimizer.learning_rate = 0.5
    assert stepper.run(1) == [4]
    assert stepper.session.run(w) == 0
    stepper.restore(later)
    assert (stepper.finished, stepper.optimizer.learning_rate) == (2, 0.25)
    assert stepper.run(1) == [4]
    assert stepper.session.run(w) == 1
    stepper.restore(start)
    assert stepper.run(3) == [64, 16, 4]


@pytest.mark.parametrize(
    "take", [lambda stepper, step: stepper.session.run(step), lambda stepper, step: stepper.run(1)]
)
@pytest.mark.parametrize("steps", [1, 5])
def test_whoever_holds_the_variables_of_a_session_sets_them_at_any_time(take, steps):
    w = dl.Variable([1.0, 2.0])
    loss = dl.reduce_sum(dl.square(w))
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    stepper = dl.Stepper(step)
    start, variables = stepper.state(), stepper.session.variables
    for _ in range(steps):
        take(stepper, step)
    assert variables[w].tolist() == [0.5**steps, 2 * 0.5**steps]
    variables[w] = [3.0, 4.0]
    assert take(stepper, step) == [25.0]
    stepper.restore(start)
    assert variables is stepper.session.variables
    variables[w] = [4.0, 4.0]
    assert take(stepper, step) == [32.0]


def test_a_state_is_what_it_was_though_a_given_array_is_written_to():
    w, v = dl.Variable([1.0, 2.0]), dl.Variable([5.0])
    stepper = dl.Stepper(
        dl.train.GradientDescentOptimizer(0.25).minimize(dl.reduce_sum(dl.square(w)) * dl.reduce_sum(v))
    )
    given, listed = np.array([3.0, 4.0]), [2.0]
    stepper.session.variables.update({w: given, v: listed})
    state = stepper.state()
    given[0] = listed[0] = 0.0
    assert stepper.session.run(stepper.loss) == 0.0
    stepper.restore(state)
    assert stepper.run(1) == [50.0]


@pytest.mark.parametrize("pass_name", ["backward", "update"])
@pytest.mark.parametrize("restores", [False, True])
def test_a_pass_that_was_left_open_is_not_taken_up_behind_a_later_forward_pass(pass_name, restores):
    w = dl.Variable([1.0, 2.0])
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.25).minimize(dl.reduce_sum(dl.square(w))))
    state = stepper.state()
    list(stepper.forward())
    if pass_name == "update":
        list(stepper.backward())
    left_open = getattr(stepper, pass_name)()
    next(left_open)
    stepper.restore(state)
    if not restores:
        stepper.session.variables[w] = [10.0, 20.0]
        list(stepper.forward())
    said = message(dl.GraphError, lambda: list(left_open))
    assert "this pass began before the last forward pass" in said
    if not restores:
        list(stepper.backward())
        list(stepper.update())
        assert stepper.session.run(w).tolist() == [5.0, 10.0]


def test_a_view_given_to_a_variable_is_copied_since_its_numbers_may_change_behind_it():
    behind = np.ones((2, 2))
    view = behind.view()
    view.setflags(write=False)
    w = dl.Variable(np.zeros((2, 2)))
    loss = dl.reduce_sum(dl.square(w))
    step = dl.train.GradientDescentOptimizer(0.25).minimize(loss)
    session = dl.Session()
    session.variables[w] = view
    assert session.run(loss) == 4.0
    seen = session.evaluations[loss]
    behind[...] = 3.0
    assert seen[w].tolist() == [[1.0, 1.0], [1.0, 1.0]]
    losses = []
    for number in (1.0, 1.0, 1.0, 1.0, 2.0):
        behind[...] = number
        session.variables[w] = view
        losses.append(float(session.run(step)))
    assert losses == [4.0, 4.0, 4.0, 4.0, 16.0]


@pytest.mark.parametrize("average", [dl.reduce_mean, dl.reduce_variance, dl.reduce_std])
def test_of_no_columns_there_are_no_averages_and_of_no_numbers_none(average):
    x, w = dl.placeholder(), dl.Variable(2.0)
    columns = average(x * w, axis=0)
    loss = dl.reduce_sum(columns)
    step = dl.train.AdamOptimizer(0.1).minimize(loss)
    session = dl.Session()
    assert session.run(columns, {x: np.zeros((2, 0))}).shape == (0,)
    assert session.run(step, {x: np.zeros((2, 0))}) == 0.0
    assert dl.compute_gradient(loss)[w] == 0.0
    said = message(dl.NonFiniteError, lambda: session.run(loss, {x: np.zeros((0, 2))}))
    assert "it makes nan in entry [0], because multiply is (0,2) and has no numbers; " in said
    assert said.endswith("look where an empty batch, slice or choice comes from.")
