"""Asking for an edit: what is to be changed, and into which number."""

from __future__ import annotations

from minidl_core import Node, Placeholder, Variable

from ..debugger.branches import MOST_BRANCHES
from ..debugger.edits import Edit, start_value
from ..debugger.followed import Followed, element_at
from ..debugger.timeline import Timeline
from ..drawing.ascii import spell
from ..narration.messages import Keys
from ..notation.edits import (
    LEARNING_RATE,
    OPTIMIZER,
    SEED,
    editable_names,
    read_any_edit,
    why_not_editable,
    written_edit,
)
from ..notation.fitting import printable
from ..notation.formats import element_text
from ..notation.listing import listed
from .prompt import Prompt


class EditScreen(Prompt[Edit | None]):
    """Returns the edit that was typed, None where nothing was changed.

    It begins with the followed element of a node; where that cannot be edited, of a variable, rather an input of it;
    without a node with the learning rate.
    """

    def __init__(self, timeline: Timeline, node: Node | None, followed: Followed, keys: Keys) -> None:
        graph, state = timeline.graph, timeline.edited_state
        target, value = LEARNING_RATE, state.rate
        others = [] if timeline.program.steps else [SEED, OPTIMIZER]
        question = f"Edit: {listed([*editable_names(graph), *others], str, 8)} can be changed, by name."
        wrong = "" if node is None else why_not_editable(node, state, graph)
        if wrong and node is not None:
            variables = [*(each for each in node.inputs if isinstance(each, Variable)), *graph.variables]
            node = next((each for each in variables if not why_not_editable(each, state, graph)), None)
        if isinstance(node, Variable | Placeholder):
            array = start_value(state, node)
            index = element_at(timeline.moment, node, array.shape, followed)
            target, value = element_text(node.name, index), float(array[index])
        written = spell(printable(written_edit(target, value)))
        question = wrong or question

        def read(text: str) -> Edit | None:
            return None if text.strip() == written else read_any_edit(text, timeline, target)

        does = f"Iteration {state.finished + 1} will start with it."
        if state.finished < timeline.recording.iteration and timeline.cursor:
            does = f"Iteration {state.finished + 1} is computed again from its start, and you stay at this step."
        if callable(state.learning_rate):
            does += f" A {LEARNING_RATE} that is typed ends the schedule: it stays from then on."
        does += f" {keys['branch']} returns; the last {MOST_BRANCHES} branches are kept. Esc gives up."
        name, equals, number = written.rpartition("= ")
        hint = "name = number, then Enter; Esc gives up"
        super().__init__(question, read, hint, name + equals, does, proposed=number)
