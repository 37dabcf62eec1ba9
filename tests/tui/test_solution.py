"""The worked solution of an iteration: what a student could hand in, in the engine's numbers."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from minidl_core import Graph, Variable, add, square
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.lessons.lesson import Example
from tui_backprop.narration.narration import narrate_event_line
from tui_backprop.narration.solution import ROOMS, write_solution
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish
from .random_timelines import lesson_of
from .test_log import edited


def test_the_solution_has_a_heading_for_each_pass_and_node_and_a_number_for_each_event() -> None:
    timeline = Timeline(open_program("perceptron", seed=5, learning_rate=0.001))
    finish(timeline, 4)
    lines = list(write_solution(timeline, Followed()))
    assert lines[0] == "# Backpropagation, worked out: perceptron, iteration 4"
    assert "| seed | 5 |" in lines
    assert "| learning rate η | 0.001 |" in lines
    assert "    backprop-tui perceptron --seed 5 --learning-rate 0.001 --at 4" in lines
    assert [line for line in lines if line.startswith("## ")] == [
        "## Forward pass: values",
        "## Backward pass: gradients",
        "## Update",
    ]
    headings = [line[4:] for line in lines if line.startswith("### ")]
    assert headings[3] == "matmul = X·W, (100,2)"
    assert headings[12:15] == ["dJ/dJ", "dJ/dreduce_sum_1", "dJ/dreduce_sum"]
    assert headings[-3:] == ["b - η·dJ/db", "W - η·dJ/dW", "The end of the iteration"]
    numbered = [line for line in lines if re.match(r"\d+\. ", line)]
    assert [line.partition(". ")[0] for line in numbered] == [str(number) for number in range(1, 60)]
    for index, line in enumerate(numbered):
        assert line.partition(". ")[2] == plain([narrate_event_line(timeline.moment, index, ROOMS)])


def test_the_solution_writes_the_elements_out_in_the_engines_numbers() -> None:
    timeline = Timeline(open_program("perceptron"))
    finish(timeline, 4)
    text = "\n".join(write_solution(timeline, Followed(point=3)))
    assert "matmul[3,0] = X[3,0]·W[0,0] + X[3,1]·W[1,0]\n" in text
    assert " = (0.92078)(0.22290) + (1.84681)(-1.07514) = 0.20524 - 1.98558 = -1.780\n" in text
    assert "dJ/dW = [[ -89.9,   89.9],\n" in text
    assert "W[0,0] gets Σ X[i,0]·G[i,0] = -89.88\n" in text
    table = text.partition("W[0,0] gets Σ X[i,0]·G[i,0] = -89.88\n")[2].partition("```")[0].splitlines()[1:-1]
    *terms, total = [Decimal(line.split()[-1]) for line in table]
    assert sum(terms).quantize(total) == total == Decimal("-89.88")
    assert [line.split()[1] for line in table[-3:]] == ["other", "red", "100"]
    assert "b new = " not in text
    other = "\n".join(write_solution(timeline, Followed(point=70)))
    assert "matmul[70,0] = X[70,0]·W[0,0]" in other


@pytest.mark.parametrize("name", SWEPT)
def test_every_event_of_every_lesson_can_be_written(name: str) -> None:
    timeline = Timeline(open_program(name))
    whole: list[str] = []
    while not timeline.at_end_of_iteration:
        timeline.forward(after_event)
        lines = list(write_solution(timeline, Followed()))
        assert all("\n" not in line for line in lines)
        assert sum(line.strip() == "```text" for line in lines) == sum(line.strip() == "```" for line in lines)
        assert len(lines) >= len(whole)
        whole = lines


def test_names_are_shown_as_they_are_in_markdown() -> None:
    with Graph().as_default():
        a = Variable(1.0, name="*a*")
        loss = square(add(a, square(a, name="`b` <i>"), name="_c_"), name="J|J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    finish(timeline, 2)
    lines = list(write_solution(timeline, Followed()))
    assert "### \\*a\\*" in lines
    assert "### \\`b\\` \\<i> = \\*a\\*²" in lines
    assert any(line.startswith("### \\_c\\_ = ") for line in lines)
    assert any(line.startswith("| J\\|J of this iteration | ") for line in lines)


def test_a_solution_that_ends_in_a_mistake_says_so() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000))
    finish(timeline, 6)
    lines = [line for line in write_solution(timeline, Followed()) if line]
    assert lines[-1].startswith("**Stopped: log makes -inf")


def test_a_solution_says_with_which_edits_its_iteration_begins() -> None:
    timeline = Timeline(open_program("perceptron"))
    edited(timeline, "X = 0.5")
    timeline.forward(after_event)
    lines = list(write_solution(timeline, Followed()))
    assert "Iteration 1 begins with 0.5 for every number of X." in lines
    assert lines.index("## Forward pass: values") > lines.index("Iteration 1 begins with 0.5 for every number of X.")
    finish(timeline, 2)
    edited(timeline, "b[1] = 7")
    finish(timeline, 2)
    lines = list(write_solution(timeline, Followed()))
    assert not [line for line in lines if "begins with" in line]
    assert "| edits | before iteration 1: all of X → 0.5 |" in lines
