"""The walk from number to number: from any element to those it was made of, with sums that add up on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import minidl_core as dl
from tests.sample_graphs import SWEPT
from tests.tui.inspected import LESSONS, at
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.origin import Origin
from tui_backprop.inspector.walk import choose_edge, choose_term, follow, origin_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish
from .sums_shown import check_sums


def after_backward(lesson: str) -> Moment:
    """Return the moment before the first update of iteration 2."""
    timeline = Timeline(open_program(lesson))
    finish(timeline, 1)
    while timeline.moment.phase != "update" or timeline.moment.iteration == 1:
        timeline.forward(after_step)
    return timeline.moment


def node_named(moment: Moment, name: str) -> dl.Node:
    return next(node for node in moment.graph.nodes if node.name == name)


def elements(moment: Moment, node: dl.Node) -> Iterator[Followed]:
    gradient = moment.gradient(node)
    assert gradient is not None
    for index in np.ndindex(gradient.shape):
        by_point = len(index) > 0 and index[0] >= 0 and gradient.shape[0] == 100
        yield Followed().at(index, by_point)


def walked(
    moment: Moment, node: dl.Node, followed: Followed, known: set[tuple[dl.Node, Followed]]
) -> tuple[list[str], int]:
    """Walk from an element's ledger on to the loss; return which nodes were passed, and how many sums were checked.

    A walk that comes to where one went on before ends there: it would go the same way.
    """
    view, names, checked = "ledger", [node.name], 0
    while node is not moment.graph.loss:
        if (node, followed) in known:
            return [*names, moment.graph.loss.name], checked
        known.add((node, followed))
        checked += check_sums(plain(draw_inspector(moment, view, followed, 61, 24, node)))
        there = follow(moment, view, followed, node)
        assert there is not None
        node, view, followed = there
        assert view == "ledger"
        names.append(node.name)
    assert follow(moment, view, followed, node) is None
    return names, checked


# always


@pytest.mark.parametrize("lesson", SWEPT)
def test_from_every_element_one_can_walk_to_the_loss_and_every_sum_adds_up(lesson: str) -> None:
    moment = after_backward(lesson)
    found = 0
    known: set[tuple[dl.Node, Followed]] = set()
    for node in moment.graph.nodes:
        # of 100 points those at both ends and some between
        for followed in [each for number, each in enumerate(elements(moment, node)) if number < 40 or number % 7 == 0]:
            names, checked = walked(moment, node, followed, known)
            assert names[-1] == moment.graph.loss.name
            found += checked
    assert found >= 2


@pytest.mark.parametrize("lesson", SWEPT)
def test_every_way_of_every_element_leads_to_an_element_that_it_was_made_of(lesson: str) -> None:
    moment = after_backward(lesson)
    for node in moment.graph.nodes:
        for followed in [Followed(), *elements(moment, node)][:20]:
            for view in ("value", "ledger"):
                origin = origin_of(moment, view, followed, node)
                if isinstance(origin, str):
                    continue
                array = moment.gradient(origin.node) if view == "ledger" else moment.evaluated_value(origin.node)
                assert array is not None
                for term in range(origin.terms):
                    assert array[origin.index_at(term)] is not None  # it raises where there is no such element
                seen, moved = set(), followed
                for _ in range(origin.terms):
                    moved = choose_term(moment, view, moved, node, 1)
                    there = follow(moment, view, moved, node)
                    assert there is not None
                    seen.add(there)
                assert len(seen) == origin.terms
                back = choose_term(moment, view, choose_term(moment, view, followed, node, 1), node, -1)
                assert follow(moment, view, back, node) == follow(moment, view, followed, node)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_at_every_moment_every_node_says_where_its_number_came_from(lesson: Lesson) -> None:
    timeline = Timeline(program_of(lesson))
    while timeline.forward(after_step):
        moment = timeline.moment
        for node in moment.graph.loss.graph.nodes:
            for view in ("value", "ledger"):
                origin = origin_of(moment, view, Followed(), node)
                there = follow(moment, view, Followed(), node)
                assert isinstance(origin, Origin) == (there is not None)
                line = plain(draw_inspector(moment, view, Followed(), 61, 60, node))
                assert re.search(r"^origin  \S", line, re.M) or node is moment.graph.loss or "no gradient" in line
                for choose in (choose_edge, choose_term):
                    chosen = choose(moment, view, Followed(), node, 1)
                    assert chosen == Followed() or draw_inspector(moment, view, chosen, 61, 30, node)
        if timeline.at_end_of_iteration:
            break


# what is chosen


def test_the_edge_of_a_gradient_is_chosen() -> None:
    moment = after_backward("two-paths")
    b = node_named(moment, "b")
    followed = Followed()
    ends = []
    for _ in range(3):
        shown = plain(draw_inspector(moment, "ledger", followed, 61, 24, b))
        marked = re.search(r"^► b → (\w)", shown, re.M)
        there = follow(moment, "ledger", followed, b)
        assert marked is not None
        assert there is not None
        assert there[0].name == marked[1]
        ends.append(marked[1])
        followed = choose_edge(moment, "ledger", followed, b, 1)
    assert ends == ["d", "c", "d"] or ends == ["c", "d", "c"]


def test_the_same_node_in_both_inputs_has_two_edges() -> None:
    with dl.Graph().as_default():
        a = dl.Variable([[1.0, 2.0], [3.0, 4.0]], name="A")
        loss = dl.reduce_sum(dl.matmul(a, a, name="AA"), name="J")
    timeline = Timeline(program_of(Lesson("squared", "", lambda seed: Example(loss, {}), 0.1)))
    finish(timeline, 1)
    timeline.back(after_step)
    moment = timeline.moment
    product = node_named(moment, "AA")
    for input_index, column in ((0, [(1, 0), (1, 1)]), (1, [(0, 0), (1, 0)])):
        origin = origin_of(moment, "value", Followed(0, (1, 0), (product, input_index)), product)
        assert isinstance(origin, Origin)
        assert origin.node is a
        assert [origin.index_at(term) for term in range(origin.terms)] == column
        shown = plain(draw_inspector(moment, "ledger", Followed(0, (1, 0), (product, input_index)), 61, 24, a))
        assert f"edge {input_index + 1} of 2" in shown
        assert f"► A → AA as input {input_index + 1}" in shown


def test_a_pending_edge_leads_to_the_consumer_that_is_waited_for() -> None:
    moment = at(dl.NodeEvaluated, "y", "skip", 1)
    x, y = node_named(moment, "x"), node_named(moment, "y")
    assert follow(moment, "ledger", Followed(edge=(y, 0)), x) == (y, "ledger", Followed())


def test_an_update_leads_to_the_gradient() -> None:
    moment = at(dl.VariableUpdated, "W")
    assert moment.now is not None
    there = follow(moment, "update", Followed(3, (1, 1)), moment.now)
    assert there == (moment.now, "ledger", Followed(3, (1, 1)))


def test_without_a_readable_formula_the_way_goes_to_the_nearest_element() -> None:
    moment = at(dl.ContributionAdded, "W")
    definition = node_named(moment, "matmul").definition  # type: ignore[attr-defined]
    kept, definition.element = definition.element, "Y[i,j] = A[i,j]"
    try:
        assert moment.now is not None
        origin = origin_of(moment, "ledger", Followed(3, (1, 1)), moment.now)
        assert isinstance(origin, Origin)
        assert (origin.node.name, origin.index, origin.terms) == ("matmul", (3, 1), 1)
    finally:
        definition.element = kept


@pytest.mark.parametrize(("build", "column"), [(dl.reduce_max, 7), (dl.reduce_min, 3), (dl.argmax, 7)])
def test_the_way_of_a_maximum_goes_to_the_one_that_it_is(build: Callable[..., dl.Operation], column: int) -> None:
    numbers = np.zeros((2, 9))
    numbers[1, 7], numbers[1, 3] = 2.0, -2.0
    with dl.Graph().as_default():
        w = dl.Variable(numbers, name="w")
        loss = dl.reduce_sum(build(w, axis=1, name="m") + w[:, 0])
    lesson = Lesson(name="test", summary="", build=lambda _: Example(loss, {}), learning_rate=0.1)
    timeline = Timeline(program_of(lesson))
    finish(timeline, 1)
    origin = origin_of(timeline.moment, "value", Followed().at((1,), False), node_named(timeline.moment, "m"))
    assert isinstance(origin, Origin)
    assert (origin.node.name, origin.index, origin.terms) == ("w", (1, column), 9)
