"""What a script made is called as the script reaches it, and none of the script's code is called to find out."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tui_backprop.programs.naming import loop_names, name_objects
from tui_backprop.programs.opening import open_program

from .engine_scripts import CLOSURES


class Thing:
    """What is wanted; whatever somebody asks it fails."""

    def _fail(self, *_: object) -> Any:
        raise AssertionError

    __eq__ = __hash__ = __repr__ = __bool__ = __len__ = __iter__ = __getattr__ = _fail


class Layer:
    __slots__ = ("_hidden", "unset", "w")

    def __init__(self, w: object, hidden: object = None) -> None:
        self.w, self._hidden = w, hidden


class Net:
    def __init__(self, *layers: Layer) -> None:
        self.layers, self.me = layers, self

    @property
    def computed(self) -> object:
        raise AssertionError

    def __getattribute__(self, name: str) -> object:
        raise AssertionError


class OwnList(list[object]):
    def __iter__(self) -> Any:
        raise AssertionError


def names_of(namespace: dict[str, object], *things: Thing, last: tuple[str, ...] = ()) -> list[str | None]:
    names = name_objects(namespace, lambda value: type(value) is Thing, last)
    return [names.get(id(thing)) for thing in things]


def test_a_name_is_how_the_script_reaches_it() -> None:
    a, b, c, d, e, f, g, h = things = [Thing() for _ in range(8)]
    net = Net(Layer([a, b]), Layer(c, d))
    model = {"query": [[e]], 3: f, Thing: d}
    grid = np.empty((1, 1), object)
    grid[0, 0] = h
    namespace = {"params": 1, "net": net, "model": model, "own": OwnList([g]), "grid": grid}
    assert names_of(namespace, *things) == [
        *("net.layers[0].w[0]", "net.layers[0].w[1]", "net.layers[1].w", "net.layers[1]._hidden"),
        *("model['query'][0][0]", "model[3]", "own[0]", "grid[0][0]"),
    ]


def test_a_variable_of_its_own_goes_first_and_a_flat_list_later() -> None:
    a, b, c = Thing(), Thing(), Thing()
    namespace: dict[str, object] = {"pair": [[a, b]], "params": [a, b, c], "a": a, "_b": b, "p": c}
    assert names_of(namespace, a, b, c, last=("p",)) == ["a", "pair[0][1]", "params[2]"]
    assert names_of({"_b": b, "p": c}, b, c, last=("p",)) == ["_b", "p"]


def test_a_cycle_and_a_named_tuple_end() -> None:
    thing, pair = Thing(), namedtuple("pair", "x y")
    ring: list[object] = []
    ring += [ring, {"ring": ring}, pair(1, thing)]
    assert names_of({"ring": ring}, thing) == ["ring[2][1]"]


def test_many_scalars_of_one_list_are_named_alike() -> None:
    rows = [[Thing() for _ in range(100)] for _ in range(100)]
    flat = [each for row in rows for each in row]
    names = names_of({"wq": rows, "params": flat}, *flat)
    assert names == [f"wq[{row}][{column}]" for row in range(100) for column in range(100)]


def test_the_variables_of_loops_are_known() -> None:
    text = "for p in ps:\n    for i, (a, b) in x: pass\ndef f():\n    for q in ps: pass\n[c for c in ps]"
    assert loop_names(text) == {"p", "i", "a", "b"}


SUM_IN_A_LOOP = (
    CLOSURES.partition("def score")[0]
    + """
for step in range(3):
    cost = sum((each * each for each in (*w, b)), Val(0.0))
    cost.backprop()
    for each in (*w, b):
        each.val -= 0.1 * each.slope
        each.slope = 0.0
"""
)
IN_A_FUNCTION = (
    CLOSURES.partition("def score")[0]
    + """
def train():
    for step in range(3):
        cost = (w[0] * w[1] + b) * b
        cost.backprop()
        for each in (*w, b):
            each.val -= 0.1 * each.slope
            each.slope = 0.0
train()
"""
)


@pytest.mark.parametrize("source", [SUM_IN_A_LOOP, IN_A_FUNCTION])
def test_the_loss_of_an_engine_is_called_as_the_function_that_goes_backward_calls_it(
    source: str, tmp_path: Path
) -> None:
    script = tmp_path / "engine.py"
    script.write_text(source)
    program = open_program(str(script))
    assert program.example.loss.name == "cost"
