"""Learners' engines whose nodes do not know what made them: functions on a list of all operations do."""

from __future__ import annotations

from pathlib import Path

import pytest

from .test_bad_engines import opened, status

TAPE = """
import math
tape = []
class T:
    def __init__(self, v): self.v, self.g = v, 0.0
    def __add__(self, other):
        other = other if isinstance(other, T) else T(other)
        out = T(self.v + other.v)
        def back():
            self.g += out.g
            other.g += out.g
        tape.append(back)
        return out
    def __mul__(self, other):
        other = other if isinstance(other, T) else T(other)
        out = T(self.v * other.v)
        def back():
            self.g += out.g * other.v
            other.g += out.g * self.v
        tape.append(back)
        return out
    def sin(self):
        out = T(math.sin(self.v))
        def back(): self.g += out.g * math.cos(self.v)
        tape.append(back)
        return out
    def constant(self): return T(self.v)
def backward(loss):
    loss.g = 1.0
    for back in reversed(tape): back()
a, b = T(0.7), T(-0.3)
for step in range(3):
    tape.clear()
    a.g = b.g = 0.0
    s = a.sin()
    t = a * b + s * 2.0 + s.constant()
    loss = t * t + s
    backward(loss)
    a.v -= 0.1 * a.g
    b.v -= 0.1 * b.g
"""


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", 0),
        ("math.cos(self.v)", "math.sin(self.v)", 3),
        ("other.g += out.g * self.v", "other.g += out.g", 3),
        ("self.g += out.g * math", "self.g = out.g * math", 3),
    ],
)
def test_a_method_is_an_operation_where_a_function_on_the_tape_has_its_operand_and_what_it_made(
    line: str, instead: str, wrong: int, tmp_path: Path
) -> None:
    assert line in TAPE
    program = opened(tmp_path, TAPE.replace(line, instead) if line else TAPE)
    assert status(program) == wrong
    assert "sin" in {node.kind for node in program.steps[0].theirs}
