"""The walk from number to number: from any element to those it was made of, with sums that add up on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

import numpy as np
import pytest

import minidl_core as dl
from tests.sample_graphs import SWEPT
from tests.tui.inspected import LESSONS, at
from tests.tui.on_screen import opened, text
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.origin import Origin
from tui_backprop.inspector.walk import choose_edge, choose_term, follow, origin_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.expression import Apply, Number, Tree, UnreadableError, evaluate, parse
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish


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


def shown_places(text: str) -> Decimal:
    """Return the unit of the last digit that is shown."""
    return Decimal(1).scaleb(int(Decimal(text).as_tuple().exponent))


def rounds_to(computed: Decimal, shown: str) -> bool:
    return abs(computed - Decimal(shown)) <= shown_places(shown) * Decimal("0.5000001")


def follows(before: Tree, after: Tree) -> bool:
    """Whether every number of a step, as it is shown, is what the step before, as it is shown, gives in its place."""
    match after:
        case Number(_, text):
            return rounds_to(Decimal(float(evaluate(before))), text)
        case Apply("negative", (Number(_, text),)):
            return rounds_to(Decimal(float(evaluate(before))), f"-{text}")
        case Apply(kind, parts):
            assert isinstance(before, Apply)
            assert (before.kind, len(before.parts)) == (kind, len(parts))
            return all(map(follows, before.parts, parts))
    raise AssertionError(after)


def check_long_sums(shown: str) -> int:
    total = re.search(r"^  Σ \d+ (?:rows|terms) [─ ]*(.*)$", shown, re.M)
    if not total:
        return 0
    sums = total[1].split()
    rows = [line for line in shown.splitlines() if re.match(r"[ ►] (point|row|\S+ =|\[|the other|\d+ \w)", line)]
    terms = [row.split()[-len(sums) :] for row in rows]
    for column, shown_sum in enumerate(sums):
        assert rounds_to(sum((Decimal(row[column]) for row in terms), Decimal()), shown_sum), shown
    for row in rows:
        factors = re.fullmatch(r"[ ►] (?:point|row|\S+ =|\[) *\d+\]? +(\S+) +(\S+) +(\S+)", row)
        if factors and "product" in shown:
            assert rounds_to(Decimal(factors[1]) * Decimal(factors[2]), factors[3]), shown
    return len(sums)


def check_ledger(shown: str) -> int:
    """Add up the edges of the ledger, and what a nudge does over each of them."""
    total = re.search(r"^ +sum(?: so far)? +(?:\[.*\] )?(\S+)$", shown, re.M)
    edges = re.findall(r"^[✓►] .* → .* (\S+)$", shown, re.M)
    if total and "more edges" not in shown:
        assert rounds_to(sum(map(Decimal, edges), Decimal()), total[1]), shown
    said = re.search(r"why a sum\?  \S+ \+ 0.01 moves(.*?)in all", shown, re.S)
    if said:
        *parts, whole = re.findall(r"by\s+(?:about\s+)?(\S+)", said[1])
        assert rounds_to(sum(map(Decimal, parts), Decimal()), whole), shown
    return bool(total) + bool(said)


def check_sums(shown: str) -> int:
    """Recompute every sum that is shown, from the digits that are shown; return how many there were."""
    checked = check_long_sums(shown) + check_ledger(shown)
    # a chain of equations: each member that is made of numbers alone has the value of the last
    for line in re.sub(r"\n +(?==|≈)", " ", shown).splitlines():
        if not re.match(r"  +\S.* (=|gets|.*:) \S", line):
            continue
        assert "≈" not in line, shown
        _, *members, result = re.split(r" = |: | gets ", line.strip())
        if not re.fullmatch(r"-?[0-9.]+(e[-+][0-9]+)?", result):
            continue  # an array with its sign
        steps = []
        for member in members:
            try:
                tree = parse(member.strip().replace(")(", ")·("))
                computed = Decimal(float(evaluate(tree)))
            except UnreadableError:
                continue  # the target, or the formula in symbols
            assert rounds_to(computed, result), (member, result, shown)
            steps.append(tree)
            checked += 1
        assert all(map(follows, steps, steps[1:])), (members, shown)
        last = members[-1].strip().replace("- ", "-").replace("+ ", "")
        terms = re.fullmatch(r"(\S+)( \S+)+", last) and [Decimal(term) for term in last.split()]
        if terms and sum(terms) != Decimal(result):
            assert min(map(shown_places, map(str, terms))) < shown_places(result), (members, result)
    return checked


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


# by keys


async def test_a_walk_from_a_weight_to_the_loss_and_back() -> None:
    async with opened() as pilot:
        await pilot.press("p", "p", "b", "space")
        assert "W   dJ/dW" in text(pilot, "inspector-title")
        start = text(pilot, "inspector")
        time = pilot.app.timeline.cursor
        moment = pilot.app.timeline.moment
        await pilot.press("tab", "down")
        assert "► W[1,0] gets Σ X[i,1]·G[i,0]" in text(pilot, "inspector")
        await pilot.press("d", "d")
        assert "enter  dJ/dmatmul[5,0]   d  point 5" in text(pilot, "inspector")
        passed = []
        for _ in range(8):
            await pilot.press("enter")
            passed.append(text(pilot, "inspector-title").partition("   dJ/d")[0].split()[-1])
            inspector = text(pilot, "inspector")
            node = node_named(moment, passed[-1])
            gradient = moment.gradient(node)
            assert gradient is not None
            element = gradient[(5, 0)[: gradient.ndim]]
            if node is not moment.graph.loss:
                assert f"{element:.3g}" in inspector
        assert passed == ["matmul", "add", "p", "log", "multiply", "reduce_sum", "reduce_sum_1", "J"]
        assert "dJ/dJ = 1" in text(pilot, "inspector")
        await pilot.press("enter")
        assert "dJ/dJ = 1" in text(pilot, "inspector")
        assert pilot.app.timeline.cursor == time
        for _ in range(8):
            await pilot.press("backspace")
        assert "W   dJ/dW" in text(pilot, "inspector-title")
        await pilot.press("u", "u", "up", "backspace", "shift+tab")
        assert text(pilot, "inspector") == start


async def test_a_walk_to_the_operands_and_the_choice_between_them() -> None:
    async with opened() as pilot:
        await pilot.press("space")
        assert "enter  W[0,0]   d  term 1 of 2   a  edge 2 of 2" in text(pilot, "inspector")
        await pilot.press("d", "enter")
        assert "W   variable" in text(pilot, "inspector-title")
        assert "W[1,0] = -1.283" in text(pilot, "inspector")
        await pilot.press("enter")
        assert "Enter goes no further: W is what training has made of it" in text(pilot, "keys")
        await pilot.press("backspace", "a", "d", "enter")
        assert "X[3,1] = 1.847" in text(pilot, "inspector")
        await pilot.press("enter", "backspace", "backspace", "backspace")
        assert "matmul = X·W" in text(pilot, "inspector-title")


async def test_where_a_way_ends_is_said_whole_in_the_room_that_there_is() -> None:
    async with opened("chain", size=(80, 24)) as pilot:
        await pilot.press("n")
        [line] = [line for line in text(pilot, "inspector").splitlines() if "goes no further" in line]
        assert line.split() == ["enter", "goes", "no", "further"]
        await pilot.press("enter")
        assert "Enter goes no further: 2 is written in the graph" in text(pilot, "keys")


async def test_a_move_in_time_ends_the_walk() -> None:
    async with opened("two-paths") as pilot:
        await pilot.press("p", "p")
        await pilot.press("enter", "enter", "space", "backspace")
        assert "update" in text(pilot, "inspector-title")
        assert "a   update" in text(pilot, "inspector-title")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)])
async def test_the_keys_of_the_walk_do_nothing_where_there_is_no_number(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        before = text(pilot, "inspector")
        await pilot.press("enter", "backspace", "d", "u", "a", "A")
        assert text(pilot, "inspector") == before
        await pilot.press("i", "enter", "backspace", "d", "a")
        assert pilot.app.timeline.at_end_of_iteration


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "J"])
def test_each_term_that_is_chosen_is_on_the_screen(name: str) -> None:
    timeline = Timeline(open_program("xor"))
    finish(timeline, 1)
    [node] = [node for node in timeline.graph.nodes if node.name == name]
    view, followed, pictures = "value" if name == "J" else "ledger", Followed(), set()
    for _ in range(4):
        drawn = draw_inspector(timeline.moment, view, followed, 43, 16, node)
        assert any(style == "selected" for line in drawn for _, style in line)
        pictures.add(plain([line for line in drawn if not line or line[0][0] != "origin"]))
        followed = choose_term(timeline.moment, view, followed, node, 1)
    assert len(pictures) == 4


@pytest.mark.parametrize(
    ("lesson", "keys", "said"),
    [
        ("chain", "p space d", "the number that is written out has no other term"),
        ("chain", "p space a", "the number that is written out has no other edge"),
        ("two-paths", "p n n n n n a", ""),
        ("broadcast", "p n n n n n d", ""),
        ("chain", "d", "no number is in view; take a step, or select a node"),
        ("perceptron", "V d", "a picture is in view; Tab goes on to other views"),
    ],
)
async def test_a_key_that_finds_no_other_edge_or_term_says_so(lesson: str, keys: str, said: str) -> None:
    async with opened(lesson, (80, 24)) as pilot:
        await pilot.press(*keys.split()[:-1])
        followed = pilot.app.screen.viewer.followed
        await pilot.press(keys.split()[-1])
        assert (pilot.app.screen.viewer.followed == followed) == bool(said)
        assert text(pilot, "keys").strip().startswith(said or "space ")
