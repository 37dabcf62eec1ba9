"""An engine of your own: a class Value of thirty lines, and each of its gradients beside the right one."""

from __future__ import annotations

from pathlib import Path

from .lesson import Example, Lesson
from .pages import Goal, Next, Page


def _is_read_from_its_script(seed: int) -> Example:
    raise NotImplementedError


lesson = Lesson(
    name="engine",
    summary="an engine in thirty lines of Python: a class Value, and the neuron that learns by it",
    build=_is_read_from_its_script,
    learning_rate=0.1,
    seed=None,
    script=str(Path(__file__).parents[1] / "exercise" / "value.py"),
    pages=(
        Page(
            "This graph was made by a script while it ran: its class Value makes a node in each + and *. The inspector "
            "has the lines that made gap1. Press {key node}; then {key panes} leads to those of the next node.",
            at="1:gap1:forward",
            node="gap1",
            shows="code",
        ),
        Page(
            "gap1 * gap1 takes gap1 twice, and its pass_on has two lines: self.grad += ..., other.grad += ... "
            "Both are gap1. What if they said = in place of += ?",
            at="1:multiply_1:forward",
            node="multiply_1",
            shows="code",
            choices={
                "nothing changes": "The second line would then throw away what the first one has put there.",
                "half the gradient is lost": "Right: each line brings the same, and only the last one would stay.",
                "the gradient doubles": "+= is what adds both. With = only one of them would be left.",
            },
            answer="half the gradient is lost",
        ),
        Page(
            "w is used in y1 and in y2, so it gets two contributions, and their sum is {dloss/dw}. Value has "
            "found the same in w.grad: the ledger says of yours that it agrees, as it does in every node.",
            at="1:w",
            node="w",
            shows="ledger",
        ),
        Page(
            "The script moves w by 0.1 times w.grad, from {w} to {new w}, and then sets w.grad to 0. Without that, "
            "the next backward() would add to the old gradient.",
            at="1:w:update",
            node="w",
            shows="update",
        ),
        Page(
            "Now write your own. In another terminal, backprop-tui exercise mine.py writes this script with five "
            "gaps, and checks them each time you save.",
            at="1",
            shows="graph",
        ),
    ),
    goal=Goal(
        "Train until the loss is below 0.01. {key iteration} goes on by one iteration of the script.",
        lambda now: now.loss < 0.01,
    ),
    then=Next("Numbers, sums, products: that is all there is in attention, too.", "attention"),
)
