"""What is written as JSON is read by any reader, also where a number is not finite."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_backprop.commands.cli import main
from tui_backprop.strict_json import to_json

WRONG_ENGINE = """
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self.children, self.back = data, 0.0, children, lambda: None
    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def back():
            self.grad += other.data * out.grad * float("inf")
            other.grad += self.data * out.grad * float("nan")
        out.back = back
        return out
    def backward(self):
        self.grad = 1.0
        self.back()
w, v = Value(2.0), Value(-3.0)
for _ in range(3):
    w.grad = v.grad = 0.0
    (w * v).backward()
    w.data -= 0.1
    v.data -= 0.1
"""


def read_strictly(text: str) -> Any:
    """Read JSON as JavaScript and jq do: what Python puts there for a number that is not finite is refused."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def same(read: Any, value: Any) -> bool:
    """Whether what was read is the value that was written, a number that is not finite by `float`."""
    if isinstance(value, dict):
        return read.keys() == value.keys() and all(same(read[key], value[key]) for key in value)
    if isinstance(value, list | tuple):
        return len(read) == len(value) and all(map(same, read, value))
    if isinstance(value, float) and not math.isfinite(value):
        return isinstance(read, str) and (float(read) == value or (math.isnan(float(read)) and math.isnan(value)))
    return type(read) is type(value) and read == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    ),
    st.booleans(),
)
def test_what_is_written_is_read_by_a_strict_reader(value: Any, ascii_only: bool) -> None:
    assert same(read_strictly(to_json(value, ensure_ascii=ascii_only)), value)


def test_numbers_of_numpy_are_numbers_and_what_is_made_of_the_unknown_is_strict() -> None:
    written = to_json(
        {"a": np.float32("-inf"), "b": np.int8(3), math.nan: np.float64("nan"), "c": 1j}, default=lambda _: math.inf
    )
    assert read_strictly(written) == {"a": "-Infinity", "b": 3, "NaN": "NaN", "c": "Infinity"}


def test_a_verdict_about_gradients_that_are_not_finite_is_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "wrong.py"
    script.write_text(WRONG_ENGINE)
    assert main(["--headless", "--json", str(script)]) == 3
    found = {each["node"]: each for each in read_strictly(capsys.readouterr().out)["engine"]["disagree"]}
    assert (found["w"]["theirs"], found["w"]["right"], found["v"]["theirs"]) == ("-Infinity", -3.0, "NaN")
