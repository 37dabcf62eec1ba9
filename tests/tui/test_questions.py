"""Every question of every step: one right answer, the engine's, which neither its text nor the masked screen shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from minidl_core import (
    Constant,
    ContributionAdded,
    Graph,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Variable,
    VariableUpdated,
    matmul,
    negative,
    reduce_sum,
    square,
)
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.followed import Followed, element_at
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import STOPS, after_event, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.wording import as_choice
from tui_backprop.notation.formats import number, shape_text
from tui_backprop.panes.question_pane import draw_question
from tui_backprop.panes.step_pane import draw_step
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of
from tui_backprop.quiz import Question, belief_behind, judge, read_number
from tui_backprop.quiz.masked import mask
from tui_backprop.quiz.questions import question_about, questions
from tui_backprop.quiz.quiz import Quiz

from .looking import Looking
from .moments import finish
from .random_timelines import lesson_of, optimizers, timelines

Asked = tuple[Moment, Moment, list[Question]]
FOLLOWED = [Followed(), Followed(97, (1, 1))]


def steps(timeline: Timeline, iterations: int, followed: Followed, fine: bool = False) -> Iterator[Asked]:
    """Go through whole iterations and yield each step, and what can be asked about it."""
    while True:
        ended = timeline.at_end_of_iteration
        if ended and (timeline.recording.iteration == iterations or not timeline.begin_next()):
            return
        before, after = timeline.moment, timeline.peek(after_step)
        assert timeline.moment == before
        assert after is not None
        yield before, after, questions(before, after, followed)
        timeline.forward(after_event if fine else after_step)


def told(node: Node) -> str:
    """Return how a choice says a node: one that is called like a number is not to be taken for one."""
    is_like_one = re.match(r"[-+−.]*\d", node.name)
    return f"the constant {node.name}" if isinstance(node, Constant) and is_like_one else node.name


def expected(before: Moment, after: Moment, question: Question, followed: Followed) -> str:
    """Return the right answer, worked out anew from the events that the step will show."""
    events = before.recording.events[before.cursor : after.cursor]
    event, node = after.event, after.now
    assert event is not None
    assert node is not None
    match question.kind, event:
        case "which node is next", _:
            return [told(each.node) for each in events if isinstance(each, NodeVisited)][-1]
        case "who joins the queue", _:
            joined = [told(n) for e in events if isinstance(e, NodesEnqueued) and e.node is node for n in e.enqueued]
            return " and ".join(filter(None, [", ".join(joined[:-1]), *joined[-1:]])) or "none"
        case "shapes", NodeEvaluated(value=array) | ContributionAdded(contribution=array):
            return shape_text(array.shape)
        case "values", NodeEvaluated(value=array) | ContributionAdded(contribution=array):
            return number(array[element_at(before, node, array.shape, followed)])
        case "signs", NodeEvaluated(value=array) | ContributionAdded(contribution=array):
            sign = np.sign(array[element_at(before, node, array.shape, followed)])
            return {-1: "negative", 0: "0", 1: "positive"}[int(sign)]
        case "sums", ContributionAdded(total=array):
            return number(array[element_at(before, node, array.shape, followed)])
        case "updates", VariableUpdated(old=old, new=new):
            index = element_at(before, node, new.shape, followed)
            if "it stays" not in question.choices:
                return number(new[index])
            return {-1: "down", 0: "it stays", 1: "up"}[int(np.sign(new[index] - old[index]))]
        case "values", _:
            return "1"  # the slope of the loss itself
    raise AssertionError(question)


def check(before: Moment, after: Moment, question: Question, followed: Followed) -> None:
    if question.choices:
        assert 2 <= len(question.choices) == len(set(question.choices)) <= 4
        assert [judge(question, choice) for choice in question.choices].count(True) == 1
        assert judge(question, question.answer)
    else:
        assert judge(question, question.answer)
        assert question.number == pytest.approx(float(question.answer), rel=1e-3)
    if question.kind != "rules":
        right = expected(before, after, question, followed)
        assert question.answer == right or "…" in question.answer
    said = {word.strip(".,;:?()") for word in question.text.split()}
    assert question.answer not in said
    assert not re.search(r"[\0\1\2]", question.text)
    if question.kind == "rules":
        assert not any(re.fullmatch(r"\([^()]*\)", choice) for choice in question.choices), question.choices
    if question.kind in ("values", "updates"):
        assert not any(line.endswith(f" = {question.answer}") for line in question.given)


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("followed", FOLLOWED, ids=["point 3", "point 97"])
@pytest.mark.parametrize("fine", [False, True], ids=["steps", "events"])
def test_every_question_of_every_lesson_has_one_right_answer_the_engines(
    name: str, followed: Followed, fine: bool
) -> None:
    asked = set()
    for before, after, found in steps(Timeline(open_program(name)), 4, followed, fine):
        for question in found:
            check(before, after, question, followed)
            asked.add(question.kind)
    assert {"rules", "signs", "updates", "which node is next"} <= asked


def test_a_value_that_an_equation_reads_as_is_not_asked_for() -> None:
    with Graph().as_default():
        one = Variable(1.0, name="1")
        loss = square(negative(one, name="negative"), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    kinds = {}
    for _, after, found in steps(timeline, 1, Followed()):
        kinds.setdefault(getattr(after.now, "name", None), [question.kind for question in found])
    assert "values" not in kinds["negative"]  # its equation is negative = -1
    assert "values" in kinds["J"]


def test_rules_are_asked_for_a_product_of_two_vectors() -> None:
    with Graph().as_default():
        a, b = Variable([1.0, 2.0], name="a"), Variable([3.0, 5.0], name="b")
        loss = square(matmul(a, b, name="p"), name="J")
    asked = {}
    for before, after, found in steps(Timeline(program_of(lesson_of(Example(loss, {})))), 1, Followed()):
        for question in found:
            check(before, after, question, Followed())
            if question.kind == "rules":
                asked[after.now.name] = question.answer
    assert asked["a"] == "G·bᵀ"
    assert asked["b"] == "aᵀ·G"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(timelines(st.none() | optimizers()))
def test_every_question_of_random_graphs(timeline: Timeline) -> None:
    for before, after, found in steps(timeline, 1, Followed()):
        for question in found:
            check(before, after, question, Followed())
        assert question_about(before, after, Followed()) == (found[0] if found else None)


@pytest.mark.parametrize("name", SWEPT)
def test_each_step_but_the_last_asks_and_not_always_the_same(name: str) -> None:
    timeline = Timeline(open_program(name))
    kinds: dict[int, list[str]] = {}
    for before, after, _ in steps(timeline, 4, Followed()):
        question = question_about(before, after, Followed())
        if question is None:
            assert after.now is None or not before.waiting_count
        else:
            kinds.setdefault(before.iteration, []).append(question.kind)
    assert len({tuple(of_one) for of_one in kinds.values()}) > 1
    assert all(len(set(of_one)) >= 3 for of_one in kinds.values())


def masked(before: Moment, question: Question) -> Moment:
    return mask(before, question)


def check_masked(before: Moment, after: Moment, question: Question, pane: Looking) -> None:
    moment, node = masked(before, question), after.now
    assert node is not None
    # without the line that explains the signs, which is always the same
    diagram = "\n".join(plain(pane.draw(moment, 300, 90, diagram=True)).splitlines()[:-1])
    tape = plain(pane.draw(moment, 300, 90, diagram=False))
    step = plain(draw_step(moment, 118, 2, KEY_OF, question.wordings))
    if question.hides_queue:
        assert not re.search(r" [qw]\d", diagram + tape + step)
        assert "queue  ?" in step or before.phase == "forward"
    if question.hides_shape_of is not None:
        [row] = [row for row in tape.splitlines() if re.search(rf"[○●][^\w]*{re.escape(node.name)}( |$)", row)]
        assert question.answer not in row
        assert "?" in row
    if before.event is not None:
        assert question.text.split("?")[0][:40] in step


@pytest.mark.parametrize("name", SWEPT)
def test_what_would_answer_it_is_not_on_the_screen(name: str) -> None:
    timeline = Timeline(open_program(name))
    pane = Looking(timeline.graph)
    for before, after, found in steps(timeline, 1, Followed()):
        for question in found:
            check_masked(before, after, question, pane)


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("size", [(78, 17), (61, 20), (43, 17), (57, 4), (30, 9)])
def test_question_and_choices_fit_every_pane(name: str, size: tuple[int, int]) -> None:
    width, height = size
    asking = Quiz()
    asking.mode = "me"
    for _, _, found in steps(Timeline(open_program(name)), 1, Followed()):
        for asking.question in found:
            lines = draw_question(asking, asking.question, KEY_OF, width, height)
            text = plain(lines)
            assert len(lines) <= height
            assert all(sum(cell_len(part) for part, _ in line) <= width for line in lines)
            assert all(style in STYLES for line in lines for _, style in line)
            assert all(choice in text or cell_len(choice) > (width - 10) // 2 for choice in asking.question.choices)
            for word in " ".join(asking.question.given).split() if height > 4 else ():
                assert word in text


def test_a_rule_is_offered_beside_rules_that_give_other_numbers() -> None:
    rules, reasons = {}, {}
    for _, after, found in steps(Timeline(open_program("perceptron")), 1, Followed()):
        for question in found:
            if question.kind == "rules" and after.now is not None:
                reasons[after.now.name] = {belief_behind(question, wrong) for wrong in question.choices}
                rules[after.now.name] = (question.answer, set(question.choices))
    assert rules["b"] == ("Σ rows of G", {"G", "Σ rows of G", "Σ rows of -G", "Σ rows of G⊙matmul"})
    assert rules["W"] == ("Xᵀ·G", {"Xᵀ·G", "X·G", "G·Wᵀ", "Wᵀ·G"})
    assert rules["log"][0] == "G⊙c"
    assert "G⊙log" in rules["log"][1]
    assert "G: without the sum it is (100,2), and b is (2,)." in reasons["b"]
    assert reasons["W"] >= {"X·G: the shapes in it do not fit each other.", "G·Wᵀ: it is (100,2), and W is (2,2)."}
    assert any(reason.startswith("Σ rows of -G: it gives ") for reason in reasons["b"])


def test_a_rule_that_happens_to_give_the_same_numbers_is_not_offered() -> None:
    with Graph().as_default():
        w = Variable([[2.0, 1.0], [1.0, 3.0]], name="w")
        x = Variable([[1.0, -1.0]], name="x")
        loss = reduce_sum(matmul(x, w), name="loss")
    for _, after, found in steps(Timeline(program_of(lesson_of(Example(loss, {})))), 1, Followed()):
        for question in found:
            if question.kind == "rules" and after.now is x:
                assert question.answer == "G·wᵀ"
                assert "G·w" not in question.choices  # w is symmetric


def test_the_rule_of_a_product_of_vectors_is_asked_for_though_its_g_is_a_single_number() -> None:
    with Graph().as_default():
        a = Variable([0.1, -0.2], name="a")
        loss = matmul(a, a, name="loss")
    asked = steps(Timeline(program_of(lesson_of(Example(loss, {})))), 1, Followed())
    assert "rules" in {question.kind for _, _, found in asked for question in found}


def test_a_skip_connection_asks_who_must_wait() -> None:
    timeline = Timeline(open_program("skip"))
    for before, after, _ in steps(timeline, 1, Followed()):
        if isinstance(after.event, ContributionAdded) and after.event.node.name == "y":
            question = question_about(before, after, Followed())
            assert question is not None
            assert question.text == "Which nodes join the queue once y has been visited?"
            assert question.answer == "sigmoid"
            assert question.why == "x still waits for sigmoid"


def test_numbers_are_read_as_people_type_them() -> None:
    for text in ("-0.25", " -0,25 ", "−.25", "-25e-2"):
        assert read_number(text) == -0.25
    for text, value in {
        "-0.5*2": -1,
        "(2)(3)": 6,
        "1-2": -1,
        "2^3": 8,
        "2**-1": 0.5,
        "007": 7,
        "sqrt(16)/4": 1,
    }.items():
        assert read_number(text) == value
    assert read_number("exp(1)") == pytest.approx(np.e)
    for text in (
        "",
        "x",
        "1.2.3",
        "nan",
        "inf",
        "True",
        "1j",
        "exp",
        "exp(1, 2)",
        "1or 2",
        "1/0",
        "9**9**9",
        "(-8)**.5",
    ):
        assert read_number(text) is None
    for text in (
        "(" * 80,
        "__import__('os')",
        "[1][0]",
        "1if 1else 2",
        "log(0)",
        "f'{1}'",
        "-" * 80 + "1",
        "2**" * 20 + "2",
    ):
        assert read_number(text) is None


def test_a_typed_number_may_be_off_by_one_per_cent_or_have_the_shown_digits() -> None:
    question = Question("values", ("",), "36", number=36.0)
    assert judge(question, "36.3")
    assert judge(question, "35.7")
    assert not judge(question, "36.5")
    assert not judge(question, "-36")
    assert judge(Question("values", ("",), "0", number=0.0), "0.0")
    assert not judge(Question("values", ("",), "0", number=0.0), "0.01")


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("move", STOPS)
def test_peeking_changes_nothing(name: str, move: str) -> None:
    timeline, peeked = Timeline(open_program(name)), Timeline(open_program(name))
    while timeline.recording.iteration < 3:
        after = peeked.peek(STOPS[move])
        ended = timeline.at_end_of_iteration
        timeline.forward(STOPS[move])
        peeked.forward(STOPS[move])
        here, there = timeline.moment, peeked.moment
        assert (here.cursor, here.shown, here.iteration) == (there.cursor, there.shown, there.iteration)
        assert after is None if ended else after == there
        assert len(timeline.losses) == len(peeked.losses) == there.iteration - (there.loss is None)


def test_the_next_iteration_can_be_begun_without_a_step() -> None:
    timeline = Timeline(open_program("chain"))
    assert not timeline.begin_next()
    finish(timeline, 1)
    assert timeline.begin_next()
    assert (timeline.recording.iteration, timeline.cursor, timeline.furthest[:2]) == (2, 0, (2, 0))
    assert timeline.back(after_step)
    assert (timeline.recording.iteration, timeline.at_end_of_iteration) == (1, True)


def test_only_a_constant_that_is_called_like_a_number_is_told_from_one() -> None:
    with Graph().as_default():
        names = {name: as_choice(Constant(1.5, name=name)) for name in ("12", "-1", ".5", "_", "/x", "one", "x2")}
        variable = as_choice(Variable(1.5, name="7"))
    assert [name for name, said in names.items() if said == f"the constant {name}"] == ["12", "-1", ".5"]
    assert [name for name, said in names.items() if said == name] == ["_", "/x", "one", "x2"]
    assert variable == "7"
