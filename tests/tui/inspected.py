"""What the inspector is tried on: moments of the lessons, arrays of many dimensions, panes of many sizes."""

from __future__ import annotations

import numpy as np

import minidl_core as dl
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import (
    automatic_view,
    draw_inspector,
)
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.fitting import name_keys
from tui_backprop.programs.opening import open_program

from .moments import finish

SIZES = [(62, 25), (44, 18), (40, 10), (100, 40), (24, 5), (60, 1), (9, 3), (1, 1)]


def many_dimensions(seed: int) -> Example:
    """Arrays of 0 to 4 dimensions, long rows, one node in both inputs, consumers that lead nowhere, odd names."""
    rng = np.random.default_rng(seed)
    with dl.Graph().as_default():
        x = dl.placeholder((4, 3, 20), name="deep/X")
        mask = dl.placeholder(name="mask")
        w = dl.Variable(rng.normal(size=(20, 130)) / 5, name="W")
        scale = dl.Variable(rng.normal(size=(3, 1)), name="a name that is much too long for any pane")
        s = dl.Variable(1.5, name="漢字")
        rows = dl.reduce_sum(x * scale * mask, axis=1, name="rows")
        hidden = dl.sigmoid(dl.matmul(rows, w), name="hidden")
        square = dl.matmul(dl.matmul(w, dl.Constant(np.ones((130, 3)), name="ones")), dl.Constant(np.ones((3, 20))))
        both = dl.reduce_sum(dl.matmul(square, square), keepdims=True, name="both")
        dl.multiply(hidden, 2, name="nowhere")
        loss = dl.add(dl.reduce_sum(hidden * s), dl.reduce_sum(both) * 0.001, name="J")
    return Example(loss, {x: rng.normal(size=(4, 3, 20)), mask: rng.normal(size=(4, 3, 20))})


LESSONS = [*map(load_lesson, SWEPT), Lesson("many-dimensions", "arrays of every kind", many_dimensions, 1e-4)]


def at(
    kind: type, node: str, lesson: str = "perceptron", iteration: int = 4, number: int = 1, **options: float
) -> Moment:
    """Return the moment of an event: the number-th of its kind at a node in an iteration."""
    timeline = Timeline(open_program(lesson, **options))
    if iteration > 1:
        finish(timeline, iteration - 1)
    while timeline.forward(after_event):
        moment = timeline.moment
        event = moment.event
        if moment.iteration == iteration and isinstance(event, kind) and getattr(moment.now, "name", None) == node:
            number -= 1
            if not number:
                return moment
    raise AssertionError(f"no {kind.__name__} of {node}")


def shown(moment: Moment, width: int = 62, height: int = 25, view: str = "", followed: Followed | None = None) -> str:
    lines = draw_inspector(moment, view or automatic_view(moment), followed or Followed(), width, height)
    return plain([name_keys(line, KEY_OF, width) for line in lines])
