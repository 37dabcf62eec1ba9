"""Points that are drawn: by shape, noise, number and seed; and what does not go together is one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tui_backprop.commands.cli import main
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.notation.moments import command
from tui_backprop.programs import PRESETS
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.presets import draw_points
from tui_backprop.programs.program import ProgramError


@pytest.mark.parametrize("name", PRESETS)
def test_points_are_as_many_as_asked_for_and_the_same_for_a_seed(name: str) -> None:
    points = draw_points(name, PRESETS[name], 31, 4)
    assert points.coordinates.shape == (31, 2)
    assert np.bincount(points.classes).tolist() == [16, 15]
    np.testing.assert_array_equal(points.coordinates, draw_points(name, PRESETS[name], 31, 4).coordinates)
    assert (points.coordinates != draw_points(name, PRESETS[name], 31, 5).coordinates).all()
    exact = draw_points(name, 0, 31, 4).coordinates
    assert np.std(points.coordinates - exact) == pytest.approx(PRESETS[name], rel=0.3)


def test_rings_lie_inside_each_other_and_xor_across() -> None:
    rings = draw_points("rings", 0, 20, 0)
    np.testing.assert_allclose(np.hypot(*rings.coordinates.T), 1 + rings.classes)
    across = draw_points("xor", 0, 20, 0)
    np.testing.assert_array_equal(np.prod(across.coordinates, axis=1), 1 - 2 * across.classes)
    assert {tuple(point) for point in across.coordinates} == {(1, 1), (-1, -1), (1, -1), (-1, 1)}


def test_a_network_learns_what_a_line_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    least = {}
    for lesson in ("perceptron", "xor"):
        assert main([lesson, "--data", "rings", "--points", "40", "--json"]) == 0
        least[lesson] = json.loads(capsys.readouterr().out)["losses"][-1]
    assert least["perceptron"] / 40 > 0.6
    assert least["xor"] < 0.02


def test_a_command_comes_back_to_the_same_points() -> None:
    address = "xor --data moons --points 12 --noise 0.5"
    program = open_program(address, 3)
    assert command(Timeline(program)) == f"backprop-tui {address} --seed 3 --at 0"
    [points, classes] = program.example.feeds.values()
    assert (points.shape, classes.ravel().tolist()) == ((12, 2), [0] * 6 + [1] * 6)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["perceptron", "--points", "9"], "--points is for points that are drawn: add --data blobs, moons, rings"),
        (["xor", "--data", "points.csv", "--noise", "1"], "--noise is for points that are drawn: add --data blobs"),
        (["-e", "w", "--set", "w=1", "--noise", "1"], "--noise is for points that are drawn"),
        (
            ["xor", "--data", "moons", "rings"],
            "--data is one file, or one of blobs, moons, rings, spiral, xor, not moon",
        ),
        (["xor", "--data", "moons", "--points", "1"], "'1' is not a whole number, 2 or above"),
        (["xor", "--data", "moons", "--noise", "-1"], "'-1' is not a number, 0 or above"),
        (["my.py", "--variant", "tanh"], "--variant is for a lesson, and my.py is a file"),
        (["-e", "w", "--set", "w=1", "--variant", "tanh"], "--variant is for a lesson, and a formula has none"),
        (["vanishing", "--variant", "tanh", "--class", "x"], "cannot open a formula, --data or --variant"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("chain --data moons", "--data is for lessons on points, perceptron and xor; chain has none"),
        ("xor --data moon", "there is no file moon; did you mean --data moons?"),
        ("xor --data moons --points 100001", "--points 100001: there can be 2 to 100,000 points"),
        ("xor --data moons --points x", "--points x: there can be 2 to 100,000 points"),
        ("xor --data moons --noise inf", "--noise inf: it is a distance, 0 or above"),
        ("xor --variant tanh", "xor has no variant 'tanh'; it has none"),
        ("vanishing --variant tan", "vanishing has no variant 'tan'; there are tanh, relu, skip"),
    ],
)
def test_an_address_that_says_nonsense_is_refused(address: str, said: str) -> None:
    with pytest.raises(ProgramError) as refused:
        open_program(address)
    assert str(refused.value) == said
