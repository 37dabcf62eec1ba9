"""The pictures beside the loss: their numbers are the engine's, they follow every move, and fit every size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from minidl_core import Graph, Node, Session, Variable, add, multiply, square
from minidl_core.arrays import Array
from tests.sample_graphs import SMALL, lesson_of, scalar_network
from tui_backprop.debugger.edits import NumberEdit
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place
from tui_backprop.drawing.palette import LEVELS, Line, plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons.lesson import PICTURE_NAMES, Example
from tui_backprop.notation.edits import read_edit
from tui_backprop.notation.fitting import name_keys, width_of
from tui_backprop.pictures import PICTURES, first_picture, picture_named, pictures_of
from tui_backprop.pictures.curve import TANGENT
from tui_backprop.pictures.figures import CURSOR, GHOST
from tui_backprop.pictures.points import RED_REGION
from tui_backprop.pictures.sampling import MOST_NODES, Grid
from tui_backprop.pictures.weights import Weight, count_of_weights, next_weight
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError, program_of
from tui_backprop.session import DebugSession, Viewer

SIZES = ((120, 40), (78, 18), (40, 10), (24, 6), (9, 3), (1, 1))


def opened(name: str, *moves: str) -> Viewer:
    session = DebugSession(open_program(name))
    for move in moves:
        session.step(move)
    return Viewer(session, {})


def built(example: Example) -> Viewer:
    return Viewer(DebugSession(program_of(lesson_of("some graph", lambda: example))), {})


def drawn(viewer: Viewer, name: str, width: int = 78, height: int = 18) -> list[Line]:
    picture = picture_named(name)
    work = picture.work(viewer.moment, viewer.focus)
    if work is not None:
        work.finish()
    return picture.draw(viewer.moment, viewer.focus, width, height)


def facts(viewer: Viewer, name: str) -> str:
    return "\n".join(picture_named(name).facts(viewer.moment, viewer.focus))


def changed(viewer: Viewer, name: str) -> object:
    """Return what the picture depends on once all of it is computed."""
    drawn(viewer, name)
    return picture_named(name).depends_on(viewer.moment, viewer.focus)


def grid_of(viewer: Viewer, name: str) -> Grid:
    work = picture_named(name).work(viewer.moment, viewer.focus)
    assert isinstance(work, Grid)
    work.finish()
    return work


def loss_with(moment: Moment, weights: list[Weight], numbers: list[float]) -> float:
    """Return J where some weights are other numbers, by the engine's session."""
    session, start = Session(), moment.recording.start
    for node in moment.graph.variables:
        array: Array = np.array(start.variables.get(node, node.initial_value))
        for weight, x in zip(weights, numbers, strict=True):
            if weight.node is node:
                array[weight.index] = x
        session.variables[node] = array
    return float(session.run(moment.graph.loss, dict(start.feeds)))


def test_what_a_lesson_can_name_is_what_there_is() -> None:
    assert tuple(picture.name for picture in PICTURES) == PICTURE_NAMES


@pytest.mark.parametrize("name", ["perceptron", "xor", "vanishing", "two-edges", "attention"])
def test_every_picture_fits_every_size_at_every_phase(name: str) -> None:
    for moves in ((), ("iteration", "phase", "phase"), ("iteration",) * 2):
        viewer = opened(name, *moves)
        for picture in pictures_of(viewer.moment):
            for width, height in SIZES:
                lines = drawn(viewer, picture, width, height)
                assert len(lines) <= height, (picture, width, height)
                assert all(width_of(line) <= width for line in lines), (picture, width, height)
                assert width_of(picture_named(picture).title(viewer.moment, viewer.focus, width)) <= max(width, 40)
            said = facts(viewer, picture)
            assert said
            assert not re.search("[\u2022\u2500-\u25ff\u2800-\u28ff]", said), "a sentence has no signs of the picture"


@pytest.mark.parametrize("name", list(SMALL))
def test_a_picture_of_any_graph(name: str) -> None:
    viewer = Viewer(DebugSession(program_of(SMALL[name])), {})
    for picture in pictures_of(viewer.moment):
        drawn(viewer, picture)
    viewer.session.step("iteration")
    for picture in pictures_of(viewer.moment):
        drawn(viewer, picture)


def test_a_curve_is_the_loss_and_its_slope_the_gradient() -> None:
    viewer = opened("xor", "iteration", "phase", "phase")
    grid, weight = grid_of(viewer, "curve"), viewer.focus.weight
    assert weight is not None
    for x, y in list(zip(grid.axes[0], grid.values, strict=True))[::17]:
        assert loss_with(viewer.moment, [weight], [x]) == y
    gradient = viewer.moment.gradient(weight.node)
    assert gradient is not None
    now = float(viewer.moment.variable(weight.node)[weight.index])
    assert (grid.loss(now + 1e-6) - grid.loss(now - 1e-6)) / 2e-6 == pytest.approx(gradient[weight.index], rel=1e-5)
    assert grid.loss(now) == viewer.moment.loss


def test_the_steps_of_a_single_weight_lie_on_the_curve() -> None:
    viewer = opened("chain", *["iteration"] * 4, "phase", "phase")
    text = plain(drawn(viewer, "curve"))
    assert all(digit in text for digit in "₀₁₂₃")
    assert CURSOR in text
    assert TANGENT in text
    grid = grid_of(viewer, "curve")
    for state in viewer.moment.branch.states.kept[:4]:
        [x] = [float(value) for value in state.variables.values()] or [1.0]
        assert grid.loss(x) == viewer.moment.branch.losses.loss_at(state.finished + 1)


def test_a_map_is_the_loss_over_a_weight_and_the_next_one() -> None:
    viewer = opened("perceptron", "iteration", "iteration")
    grid, weight = grid_of(viewer, "map"), viewer.focus.weight
    assert weight is not None
    weights = [weight, next_weight(viewer.moment.graph, weight)]
    for i, j in ((0, 0), (5, 20), (24, 24)):
        assert loss_with(viewer.moment, weights, [grid.axes[0][i], grid.axes[1][j]]) == grid.values[i, j]
    levels = {style for line in drawn(viewer, "map") for _, style in line}
    assert set(LEVELS) <= levels


def test_the_weights_go_round_in_the_order_of_the_variables() -> None:
    viewer = opened("xor")
    graph, weight = viewer.moment.graph, viewer.focus.weight
    names = []
    for _ in range(count_of_weights(graph)):
        assert weight is not None
        names.append(weight.name)
        weight = next_weight(graph, weight)
    assert names == [*(f"W1[{i},{j}]" for i in (0, 1) for j in (0, 1)), "b1[0]", "b1[1]", "W2[0,0]", "W2[1,0]", "b2[0]"]
    assert weight == viewer.focus.weight
    assert next_weight(graph, weight, -1).name == "b2[0]"


def two_weights() -> Example:
    """Build J = (x - 1)² + 10·(y + 2)², a narrow valley in two numbers."""
    with Graph().as_default():
        x, y = Variable(3.0, name="x"), Variable(0.0, name="y")
        loss = add(square(add(x, -1.0)), multiply(10.0, square(add(y, 2.0))), name="J")
    return Example(loss, {})


def test_a_map_of_all_weights_there_are_is_computed_once() -> None:
    viewer = built(two_weights())
    first = grid_of(viewer, "map")
    viewer.session.step("iteration")
    viewer.session.step("phase")
    assert grid_of(viewer, "map") is first
    assert "smallest, 0" in facts(viewer, "map") or "near x = 1 and y = -2" in facts(viewer, "map")
    curve = grid_of(viewer, "curve")
    viewer.session.step("iteration")
    viewer.session.step("phase")
    assert grid_of(viewer, "curve") is not curve  # y has moved


@pytest.mark.parametrize("name", ["curve", "map", "data", "layers"])
def test_a_picture_follows_every_move_and_comes_back_with_it(name: str) -> None:
    viewer = opened("xor", "iteration", "phase", "phase")
    session = viewer.session
    there, text = session.timeline.place, plain(drawn(viewer, name))
    session.step("iteration")
    session.step("iteration")
    moved = plain(drawn(viewer, name))
    assert moved != text
    session.go(Place(2, there.cursor))
    if name in ("data", "layers"):
        assert plain(drawn(viewer, name)) == text
    depends = changed(viewer, name)
    node = session.timeline.graph.variables[0]
    session.edit(NumberEdit(node, (0, 0), -1.925, 1.5))
    assert changed(viewer, name) != depends
    if name != "layers":
        assert plain(drawn(viewer, name)) != text
    if name == "curve":
        assert GHOST in plain(drawn(viewer, name))
        session.step("iteration")
        session.step("iteration")
        assert "After 1 update W1[0,0] was 1.5," in facts(viewer, name)
        session.go(Place(2, there.cursor))
    session.switch_branch()
    if name in ("data", "layers"):
        assert plain(drawn(viewer, name)) == text


def test_what_is_followed_is_what_the_curve_is_along() -> None:
    viewer = opened("xor", "iteration")
    assert viewer.focus.weight is not None
    assert viewer.focus.weight.name == "W1[0,0]"
    viewer.select(next(node for node in viewer.moment.graph.nodes if node.name == "W2"))
    viewer.in_graph = False
    viewer.arrow("down")
    assert viewer.focus.weight.name == "W2[1,0]"
    viewer.session.step("step")  # what was chosen stays while time moves on
    assert viewer.look.node is None
    assert viewer.focus.weight.name == "W2[1,0]"
    viewer.take_room(viewer.room, ["loss", "picture"])
    viewer.picture, viewer.view = "curve", "picture"
    viewer.arrow("right")
    assert viewer.focus.weight.name == "b2[0]"


def test_a_question_hides_what_it_asks_for() -> None:
    viewer = opened("xor", "iteration")
    viewer.session.ask()
    viewer.session.step()
    assert viewer.session.quiz.question is not None
    for name in ("curve", "map"):
        assert "The question hides it" in plain(drawn(viewer, name))
        assert "The question hides it" in facts(viewer, name)
    viewer.session.quiz.skip()
    viewer.session.take_answer()
    assert CURSOR in plain(drawn(viewer, "curve"))


def test_a_graph_that_is_too_large_is_refused_by_a_sentence() -> None:
    viewer = built(scalar_network((2, 20, 20, 20, 1), 4))
    assert len(viewer.moment.graph.nodes) > MOST_NODES
    for name in ("curve", "map"):
        assert picture_named(name).work(viewer.moment, viewer.focus) is None
        assert "are too many to compute J" in plain(drawn(viewer, name))


def test_a_loss_that_is_finite_nowhere_else_has_a_picture_too() -> None:
    with Graph().as_default():
        x = Variable(1.0, name="x")
        value: Node = x
        for _ in range(60):
            value = square(multiply(value, x))
        loss = add(value, Variable(0.0, name="y"), name="J")
    viewer = built(Example(loss, {}))
    assert drawn(viewer, "curve")
    assert "!" in plain(drawn(viewer, "map"))


def test_a_grid_is_filled_in_slices_the_coarse_part_first() -> None:
    viewer = opened("xor")
    picture = picture_named("map")
    work = picture.work(viewer.moment, viewer.focus)
    assert isinstance(work, Grid)
    strides = [work.stride]
    while work.fill(0):
        if work.stride != strides[-1]:
            strides.append(work.stride)
            assert picture.draw(viewer.moment, viewer.focus, 40, 10)
    assert strides == [0, 8, 4, 2]
    assert work.is_whole
    assert np.isfinite(work.values).all()


def test_the_layers_are_in_the_order_of_their_depth_with_the_root_mean_square_of_their_gradients() -> None:
    viewer = opened("xor", "iteration", "phase", "phase")
    gradients = {node.name: viewer.moment.gradient(node) for node in viewer.moment.graph.variables}
    lines = plain(drawn(viewer, "layers")).splitlines()[1:5]
    assert [line.split()[0] for line in lines] == ["W1", "b1", "W2", "b2"]
    for line in lines:
        gradient = gradients[line.split()[0]]
        assert gradient is not None
        assert float(line.split()[-1]) == pytest.approx(np.sqrt(np.mean(gradient**2)), rel=1e-2)
    assert "not known yet" in "\n".join(picture_named("layers").facts(opened("xor").moment, viewer.focus))


def test_where_one_variable_is_trained_the_layers_are_the_operations_behind_it() -> None:
    viewer = opened("vanishing", "phase", "phase")
    lines = plain(drawn(viewer, "layers", 78, 40)).splitlines()[1:-1]
    operations = [node.name for node in viewer.moment.graph.nodes if node.inputs]
    assert [line.split()[0] for line in lines] == ["w", *operations]
    bars = [line.count("█") for line in lines]
    assert bars == sorted(bars)
    shown = plain(drawn(viewer, "layers", 40, 8)).splitlines()
    assert "8 more between" in shown[3]
    assert len(shown) == 8


def regions_of(viewer: Viewer) -> Iterator[tuple[float, float, bool]]:
    legend, *rows, _ = plain(drawn(viewer, "data", 47, 23)).splitlines()
    assert "₁ ₂ a hidden unit is 0" in legend
    lines = [row.ljust(47) for row in rows]
    beside = lines[0].index("│") + 1
    assert len(lines[0][beside:]) == 41
    xs, ys = np.linspace(-0.25, 1.25, 41), np.linspace(1.25, -0.25, 21)
    for row, y in enumerate(ys):
        for column, x in enumerate(xs):
            cell = lines[row][beside + column]
            if cell in (" ", RED_REGION):
                yield float(x), float(y), cell == RED_REGION


def test_the_regions_are_what_the_network_takes_places_for() -> None:
    viewer = opened("xor", *["iteration"] * 40)
    w1, b1, w2, b2 = (viewer.moment.variable(node) for node in viewer.moment.graph.variables)

    def score(x: float, y: float) -> float:
        return float((np.tanh(np.array([x, y]) @ w1 + b1) @ w2 + b2)[0])

    places = list(regions_of(viewer))
    assert len(places) > 700
    assert all((score(x, y) > 0.5) == red for x, y, red in places)
    assert {red for *_, red in places} == {True, False}
    assert "4 of 4 right" in facts(viewer, "data")
    assert first_picture(viewer.moment) == "data"


def test_a_lesson_names_its_first_picture() -> None:
    def viewer_of(picture: str | None) -> Viewer:
        lesson = replace(lesson_of("valley", two_weights), picture=picture)
        return Viewer(DebugSession(program_of(lesson)), {})

    assert viewer_of("map").picture == "map"
    assert viewer_of(None).picture is None
    with pytest.raises(ProgramError, match="there is no picture 'landscape'; there are curve, map, data, layers"):
        viewer_of("landscape")
    assert opened("perceptron").picture == "data"


def test_a_narrow_map_says_how_many_branches_there_are_beside_this_one_and_how_to_go_there() -> None:
    viewer, picture = opened("perceptron", "iteration", "iteration"), picture_named("map")
    assert "other" not in plain([picture.title(viewer.moment, viewer.focus, 100)])
    for value in (2.0, 3.0):
        start, graph = viewer.session.timeline.edited_state, viewer.session.timeline.graph
        viewer.session.edit(read_edit(f"W[0,0] = {value}", start, graph, ""))
    assert "· other branches" in plain([picture.title(viewer.moment, viewer.focus, 100)])
    assert plain([picture.title(viewer.moment, viewer.focus, 42)]).endswith("  · 2 others")
    drawn(viewer, "map")
    first, *_ = picture.draw(viewer.moment, viewer.focus, 44, 16)
    named = plain([name_keys(first, KEY_OF, 44)])
    assert named.endswith(f"   {KEY_OF['branch']} other branch")
