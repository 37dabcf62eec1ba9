"""The sentences: what they say of known graphs, word for word, and that they keep their rules on any graph."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from minidl_core import (
    Constant,
    ContributionAdded,
    Graph,
    IterationFinished,
    RegisterGradient,
    Variable,
    gradients,
    log,
    matmul,
    multiply,
    operation,
    reduce_sum,
    softmax,
    square,
)
from minidl_core.arrays import Array
from minidl_core.definition import definitions
from minidl_core.gradients import EvaluatedOperation
from tui_backprop.debugger.steps import after_event, after_iteration, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import lesson_names, load_lesson
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.narration import narrate_line
from tui_backprop.narration.wording import ROOMS
from tui_backprop.notation.edits import read_any_edit
from tui_backprop.notation.fitting import wrap
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish, narrate, narrate_event
from .random_timelines import lesson_of, optimizers, timelines


def sentences(timeline: Timeline) -> list[str]:
    """All sentences of the current iteration, one for each event."""
    finish(timeline, timeline.recording.iteration)
    return [narrate_event(timeline.moment, index) for index in range(len(timeline.recording.events))]


def steps(timeline: Timeline) -> list[str]:
    """The sentences that a learner sees who presses the space bar for one iteration."""
    said = []
    while timeline.forward(after_step):
        said.append(narrate(timeline.moment))
        if isinstance(timeline.moment.event, IterationFinished):
            break
    return said


def keeps_to_its_room(sentence: str) -> bool:
    return all(
        len(rows) <= lines and all(sum(cell_len(text) for text, _ in row) <= width for row in rows)
        for width, lines in ROOMS
        for rows in [wrap([(sentence, "text")], width)]
    )


PERCEPTRON = """\
c is given: one row per point, with 1 in the column of its true class and 0 in the other.
X is given: 100 points, one per row; the two columns are the coordinates x and y.
W is a variable: four weights that training may change; iteration 3 left them like this.
matmul computes X·W: each point becomes two scores, one per class. (100,2)·(2,2) gives (100,2).
b is a variable: one offset per class, now [-0.080, 1.222]; training may change it.
add adds b to each of the 100 rows of matmul: the same two offsets for every point.
p = softmax of the scores: the two scores of each point become two probabilities that add up to 1.
log takes the logarithm of each probability: 0 at probability 1, ever more negative towards probability 0.
multiply by c keeps the log-probability of each point's true class and puts 0 for the other class.
reduce_sum adds along each row: one number per point, the log-probability of its true class.
reduce_sum_1 adds up the 100 numbers: -96.95. Being right and certain about every point would give 0.
negative flips the sign: the loss is J = 96.95. It cannot be below 0; training tries to make it small.
Backward starts at J: dJ/dJ = 1, because if J changes by some amount, J changes by just that amount.
J is visited first: the search walks from the loss back towards X, c, W and b, against the arrows.
dJ/dJ = 1 is complete: nothing behind J can add to it.
reduce_sum_1 joins the queue: J, the only node it waited for, has been visited.
reduce_sum_1 leaves the queue: what does J gain or lose if it grows a little? J, its only consumer, knows.
reduce_sum_1 gets -G = -1 from J: negative flips the sign, so 1 more here is 1 less in J.
dJ/dreduce_sum_1 = -1 is complete: it has one consumer, and that one has answered.
reduce_sum joins the queue: reduce_sum_1, the only node it waited for, has been visited.
reduce_sum leaves the queue. Its 100 numbers reach J only through reduce_sum_1.
reduce_sum gets G = -1 copied to its 100 entries: 1 more in any entry is 1 more in the total.
dJ/dreduce_sum is complete: 100 entries, each -1.
multiply joins the queue: reduce_sum, the only node it waited for, has been visited.
multiply leaves the queue. Its 200 entries reach J only through the row sums.
multiply gets each row's G in both of its columns, so -1 everywhere: (100,) is repeated to (100,2).
dJ/dmultiply is complete: 200 entries, each -1.
c and log join the queue: multiply, the only node they waited for, has been visited.
c leaves the queue. c is data: its gradient can be computed, but no update will use it.
c gets G⊙log, here -log p: in a product, each factor's slope is the other factor.
dJ/dc is complete, and nobody uses it: the labels stay as they are.
log leaves the queue. It reaches J only through multiply.
log gets G⊙c: -1 for each point's true class and 0 for the other class, which J does not look at.
dJ/dlog is complete: -1 for the true class of each point, 0 for the other.
p joins the queue: log, the only node it waited for, has been visited.
p leaves the queue. It reaches J only through log.
p gets G/p, the slope of log being 1/p: the smaller p is for the true class, the more a little more helps.
dJ/dp is complete: -1/p for the true class, 0 for the other. A lower p there means a steeper slope.
add joins the queue: p, the only node it waited for, has been visited.
add leaves the queue. Both scores of a point matter to both of its probabilities.
add gets p⊙(G - Σ G⊙p), Σ along each row. Here that equals p - c: what was predicted minus what is true.
dJ/dadd is complete: p - c. A score is too high where it is positive, too low where it is negative.
matmul and b join the queue: add, the only node they waited for, has been visited. add takes them in this order.
matmul leaves the queue. It reaches J only through add.
matmul gets G unchanged: 1 more in an entry of matmul is 1 more in the same entry of add.
dJ/dmatmul is complete: the same 200 numbers as dJ/dadd.
X and W join the queue behind b: matmul, the only node they waited for, has been visited.
b leaves the queue. It reaches J only through add, but there it was added to all 100 rows.
b gets G summed over the rows, (100,2) to (2,): b[j] was added in 100 places, so their 100 slopes add up.
dJ/db = [-28.07, 28.07] is complete: two numbers, one for each number in b.
X leaves the queue. X is data: its gradient can be computed, but no update will use it.
X gets G·Wᵀ: a point's coordinates reach both of its scores through the weights.
dJ/dX is complete, and nobody uses it: the points stay where they are.
W leaves the queue, which is now empty. W reaches J only through matmul.
W gets Xᵀ·G: each weight sums, over the 100 points, the coordinate it multiplied times the slope G there.
dJ/dW is complete: four numbers, one for each weight. The backward pass is done.
b moves against its gradient: b - 0.0005·dJ/db = [-0.066, 1.208].
W moves against its gradient, W - 0.0005·dJ/dW: where the slope is negative it rises, where positive it falls.
Iteration 4 is done. J = 96.95 was measured before the update; the next forward pass measures the new J.
"""


def test_the_perceptrons_sentences_are_the_agreed_ones() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 4)
    assert sentences(timeline) == PERCEPTRON.splitlines()


def test_the_perceptron_tells_where_its_weights_come_from() -> None:
    said = sentences(Timeline(open_program("perceptron")))
    assert "W is a variable: four weights that training may change; they start like this." in said
    assert (
        "reduce_sum_1 adds up the 100 numbers: -195.4. Being right and certain about every point would give 0." in said
    )
    said = sentences(Timeline(open_program("perceptron", seed=1, learning_rate=0.02)))
    assert any("W - 0.02·dJ/dW" in sentence for sentence in said)


def test_variables_that_another_seed_drew_are_not_said_to_be_left_by_the_iteration_before() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 3)
    timeline.fork(read_any_edit("seed = 5", timeline, ""))
    timeline.forward(after_iteration)
    w = "W is a variable: four weights that training may change"
    assert f"{w}; you changed seed 28 → 5." in [narrate_event(timeline.moment, index) for index in range(6)]
    finish(timeline, 5)
    assert f"{w}; iteration 4 left them like this." in [narrate_event(timeline.moment, index) for index in range(6)]


def test_a_chain_is_a_product_of_slopes() -> None:
    assert steps(Timeline(open_program("chain"))) == [
        "b = 2·a = 2·1 = 2: b is 2 times a.",
        "c = b - 5 = 2 - 5 = -3: c is b minus 5.",
        "d = c² = (-3)² = 9: d is c times itself.",
        "e = d + 1 = 9 + 1 = 10: e is the sum of d and 1. It is the loss: training tries to make it small.",
        "Backward starts at e: de/de = 1, because if e changes by some amount, e changes by just that amount.",
        "d gets G = 1 from e: 1 more in d is 1 more in e. G is de/de.",
        "c gets 2·G·c = 2·1·(-3) = -6 from d: the slope of a square is twice the number that is squared. G is de/dd.",
        "b gets G = -6 from c: 1 more in b is 1 more in c. G is de/dc.",
        "a gets G·2 = -6·2 = -12 from b: in a product, each factor's slope is the other factor. G is de/db.",
        "a moves against its gradient: a - 0.05·de/da = 1 - 0.05·(-12) = 1.6. Its slope is negative, so it rises.",
        "Iteration 1 is done. e = 10 was measured before the update; the next forward pass measures the new e.",
    ]


def test_two_paths_are_added_up_and_b_waits_for_the_second() -> None:
    said = sentences(Timeline(open_program("two-paths")))
    assert said[12:] == [
        "c gets G = 1 from e: 1 more in c is 1 more in e. G is de/de.",
        "de/dc = 1 is complete. b still waits for d: de/db is the sum over every way from b to e.",
        "d leaves the queue: what does e gain or lose if it grows a little? e, its only consumer, knows.",
        "d gets G = 1 from e: 1 more in d is 1 more in e. G is de/de.",
        "de/dd = 1 is complete: it has one consumer, and that one has answered.",
        "the constant 10 and b join the queue: d, the last node they waited for, has been visited.",
        "the constant 10 leaves the queue: its gradient can be computed, but no update will use it.",
        "the constant 10 gets G = 1 from d. G is de/dd.",
        "de/d10 = 1 is complete, and nobody uses it: the constant 10 stays as it is.",
        "b leaves the queue. It reaches e through c and d: both have been visited, so no contribution will be missing.",
        "b gets 2·G·b = 2·1·6 = 12 from c: 1 of 2 contributions; the sum so far is 12. G is de/dc.",
        "b gets -G = -1 from d: 2 of 2 contributions; the sum is 12 - 1 = 11. G is de/dd.",
        "de/db = 12 - 1 = 11 is complete: both of its consumers have answered.",
        "the constant 2 and a join the queue: b, the only node they waited for, has been visited. "
        "b takes them in this order.",
        "the constant 2 leaves the queue: its gradient can be computed, but no update will use it.",
        "the constant 2 gets G·a = 11·3 = 33 from b. G is de/db.",
        "de/d2 = 33 is complete, and nobody uses it: the constant 2 stays as it is.",
        "a leaves the queue, which is now empty. a reaches e only through b.",
        "a gets G·2 = 11·2 = 22 from b: in a product, each factor's slope is the other factor. G is de/db.",
        "de/da = 22 is complete: it has one consumer, and that one has answered. The backward pass is done.",
        "a moves against its gradient: a - 0.05·de/da = 3 - 0.05·22 = 1.9. Its slope is positive, so it falls.",
        "Iteration 1 is done. e = 40 was measured before the update; the next forward pass measures the new e.",
    ]


def test_a_step_says_what_still_waits_because_its_other_events_are_not_shown() -> None:
    [said] = [sentence for sentence in steps(Timeline(open_program("two-paths"))) if "waits" in sentence]
    assert said == (
        "c gets G = 1 from e: 1 more in c is 1 more in e. "
        "b still waits for d: de/db is the sum over every way from b to e."
    )
    [said] = [sentence for sentence in steps(Timeline(open_program("skip"))) if "waits" in sentence]
    assert said == (
        "y gets 2·G·y = 2·1·2.8808 = 5.762 from J. "
        "x still waits for sigmoid: dJ/dx is the sum over every way from x to J."
    )


def test_a_skip_connection_joins_the_queue_after_the_longer_way() -> None:
    said = sentences(Timeline(open_program("skip")))
    assert "sigmoid joins the queue. x still waits for sigmoid: dJ/dx is the sum over every way from x to J." in said
    assert "x joins the queue: sigmoid, the last of the 2 nodes it waited for, has been visited." in said


def test_an_operation_that_says_little_about_itself_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradients, "_gradient_registry", dict(gradients._gradient_registry))

    @operation(formula="N·A", samples=[((2,),)])
    def repeat(a: Array, /) -> Array:
        return 3 * a

    monkeypatch.delitem(definitions, "repeat")

    @RegisterGradient("repeat")
    def _repeat_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
        return [3 * grad]

    with Graph().as_default():
        loss = repeat(Variable(2, name="x"), name="J")
    said = sentences(Timeline(program_of(lesson_of(Example(loss, {})))))
    assert "J = N·x = N·2 = 6. It is the loss: training tries to make it small." in said
    assert "x gets its contribution = 3 from J. G is dJ/dJ." in said


def test_before_the_first_event_the_next_key_is_named() -> None:
    moment = Timeline(open_program("chain")).moment
    assert narrate(moment).startswith("Press space for the first step: ")


def test_the_same_node_in_both_inputs_gets_two_contributions() -> None:
    with Graph().as_default():
        a = Variable(np.eye(2), name="A")
        loss = reduce_sum(matmul(a, a, name="Y"), name="J")
    said = sentences(Timeline(program_of(lesson_of(Example(loss, {})))))
    assert [sentence for sentence in said if sentence.startswith(("A gets", "A leaves", "dJ/dA "))] == [
        "A leaves the queue, which is now empty. A reaches J only through Y, but there as both of its inputs.",
        "A gets G·Aᵀ from Y as its first input: 1 of 2 contributions; the sum so far is this one alone. G is dJ/dY.",
        "A gets Aᵀ·G from Y as its second input: 2 of 2 contributions, added to the sum so far. G is dJ/dY.",
        "dJ/dA is complete: the sum of its 2 contributions, entry by entry. The backward pass is done.",
    ]


def test_broadcasting_is_told_from_the_shapes_whatever_the_axes() -> None:
    with Graph().as_default():
        row, column = Variable([1.0, 2.0, 3.0], name="r"), Variable([[1.0], [2.0]], name="c")
        both = multiply(row, column, name="both")
        scale = Variable(2, name="scale")
        loss = reduce_sum(both * scale, name="J")
    said = sentences(Timeline(program_of(lesson_of(Example(loss, {})))))
    for sentence in (
        "both = r⊙c: each number of r is used in 2 places, each number of c in 3. (3,)⊙(2,1) gives (2,3).",
        "multiply computes both⊙scale: scale is used in 6 places. (2,3)⊙() gives (2,3).",
        "scale gets G⊙both summed over all entries, (2,3) to (): scale was used in 6 places, so its 6 slopes add up.",
        "r gets G⊙c summed over the rows, (2,3) to (3,): each number of r was used in 2 places, "
        "so their 2 slopes add up.",
        "c gets G⊙r summed over the columns, (2,3) to (2,1): each number of c was used in 3 places, "
        "so their 3 slopes add up.",
    ):
        assert sentence in said


def test_axes_are_rows_and_columns_and_vectors_are_written_out() -> None:
    with Graph().as_default():
        x = Variable([[1.0, 2.0], [3.0, 5.0]], name="x")
        total = reduce_sum(x, axis=0, name="total")
        share = softmax(total, name="share")
        loss = reduce_sum(multiply(share, total, name="part"), name="J")
    said = sentences(Timeline(program_of(lesson_of(Example(loss, {})))))
    assert "total = Σ x: the entries of x along each column are added up. (2,2) gives (2,)." in said
    share = "share = exp(total - max total) / Σ exp(total - max total): positive numbers that add up to 1."
    assert any(sentence.startswith(share) for sentence in said)
    [part] = [sentence for sentence in said if sentence.startswith("part = ")]
    assert part.startswith(
        "part = share⊙total: each entry of part is an entry of share times an entry of total. It is ["
    )


def test_a_consumer_off_the_path_is_named_once_and_left_out() -> None:
    with Graph().as_default():
        x = Variable([1.0, 2.0], name="x")
        y = square(x, name="y")
        reduce_sum(y, name="accuracy")
        loss = reduce_sum(y, name="J")
    said = sentences(Timeline(program_of(lesson_of(Example(loss, {})))))
    assert sum("accuracy" in sentence for sentence in said) == 1
    assert any(sentence.endswith("accuracy uses it too, but does not lead to J.") for sentence in said)


def test_a_value_that_is_not_finite_names_node_entry_and_cause() -> None:
    with Graph().as_default():
        p = Variable([[0.5, 0.5], [0.5, 0.0]], name="p")
        loss = reduce_sum(log(p), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    finish(timeline, 1)
    assert narrate(timeline.moment) == "Stopped: log makes -inf in entry [1, 1], because p is 0 there. b steps back."
    assert narrate_line(timeline.moment, KEY_OF)[0] == ("Stopped", "error")
    timeline.back(after_event)
    assert not narrate(timeline.moment).startswith("Stopped")


def test_a_learning_rate_that_is_too_high_is_blamed() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000.0))
    finish(timeline, 21)
    said = narrate(timeline.moment)
    assert re.fullmatch(
        r"Stopped: log makes -inf in entry \[\d+, \d\], because p is 0 there\. "
        r"b steps back; e sets a smaller learning rate\.",
        said,
    )
    timeline = Timeline(open_program("two-paths", learning_rate=1e308))
    finish(timeline, 21)
    assert narrate(timeline.moment).startswith(
        "Stopped: the update of a makes -inf. b steps back; e sets a smaller learning rate."
    )


@pytest.mark.parametrize("name", sorted({*lesson_names()} - {"engine"}))
@pytest.mark.parametrize("learning_rate", [None, 0.37])
def test_lessons_keep_to_their_room(name: str, learning_rate: float | None) -> None:
    timeline = Timeline(open_program(name, seed=3, learning_rate=learning_rate))
    for iteration in (1, 2, 30, 1000):
        finish(timeline, iteration)
        for sentence in [*sentences(timeline), narrate(timeline.moment)]:
            assert keeps_to_its_room(sentence), sentence
            assert "{" not in sentence


@pytest.mark.parametrize("name", sorted({*lesson_names()} - {"engine"}))
def test_lessons_have_no_sentence_or_label_that_is_never_used(name: str) -> None:
    lesson = load_lesson(name)
    timeline = Timeline(program_of(lesson))
    finish(timeline, 1)
    shown = {
        f"{type(event).__name__} {event.node.name}"
        + (f" <- {event.consumer.name}" if isinstance(event, ContributionAdded) else "")
        for event in timeline.recording.events
    }
    assert lesson.sentences.keys() <= shown
    for node in timeline.graph.nodes:
        labels = lesson.labels.get(node.name)
        assert labels is None or [len(axis) or size for axis, size in zip(labels, node.shape or (), strict=True)] == [
            *(node.shape or ())
        ]
    assert lesson.labels.keys() <= {node.name for node in timeline.graph.nodes}


@settings(deadline=None, max_examples=40)
@given(timelines(st.none() | optimizers()))
def test_sentences_keep_their_rules_on_any_graph(timeline: Timeline) -> None:
    said = [narrate(timeline.moment), *steps(timeline), *sentences(timeline)]
    if timeline.moment.error is None:
        said += islice(steps(timeline), 5)
    for sentence in said:
        assert keeps_to_its_room(sentence), sentence
        assert sentence.endswith((".", "…"))
        assert not re.search(r"[{}\0\1\2]|None|nan|array|  |\.\.|: \.|\( ", sentence.replace("../", "")), sentence
        # G is the one symbol that stays a symbol
        assert not re.search(r"(?<![A-Za-z])[A-FH-Z](?![A-Za-z])", sentence.replace("Σ", "")), sentence


@settings(deadline=None, max_examples=40)
@given(timelines())
def test_no_sum_is_complete_before_its_last_contribution(timeline: Timeline) -> None:
    for event, sentence in zip(timeline.recording.events, sentences(timeline), strict=True):
        if isinstance(event, ContributionAdded):
            assert "complete" not in sentence
            assert event.count == 1 or f"{event.number} of {event.count} contributions" in sentence


def test_the_name_of_the_node_stands_out() -> None:
    timeline = Timeline(open_program("chain"))
    timeline.forward(after_event)
    timeline.forward(after_event)
    assert narrate_line(timeline.moment, KEY_OF)[0] == ("a", "now")


def test_long_names_are_cut_after_everything_else_is_left_out() -> None:
    with Graph().as_default():
        x = Variable(3, name="a" * 30 + "x" * 30)
        loss = multiply(Constant(2, name="2"), x, name="y" * 50)
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    timeline.forward(after_step)
    said = narrate(timeline.moment)
    assert "…" in said
    assert "2·3 = 6" in said
    assert narrate(replace(timeline.moment, shown=1)).startswith("a" * 13 + "…" + "x" * 26)
