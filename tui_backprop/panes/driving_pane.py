"""What the inspector shows of a learner's move: the numbers it takes, how much of it is given, and what was wrong."""

from __future__ import annotations

from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line
from ..driving import Driving
from ..driving.moves import Move
from ..narration.messages import Keys, sentences
from ..notation.fitting import prose
from ..notation.sections import Section, compose
from .question_pane import flowed


def draw_move(driving: Driving, move: Move, keys: Keys, width: int, height: int) -> list[Line]:
    """Draw the field, or that a node is to be chosen, in at most `height` lines of at most `width` cells."""
    if driving.picks_node:
        field: list[Line] = prose("  select it in the graph", width, "title", indent=2)
    else:
        field = [[(f"  {RIGHT} ", "key"), (driving.typed, "title"), ("_", "dim")]]
    sections = [Section(10, field)]
    if driving.complaint is not None:
        wrong = prose(f"  {sentences(driving.complaint, keys)[0]}", width, "error", indent=2)
        sections.append(Section(11, wrong, joined=True))
    for label, text in write_help(driving, move):
        sections.append(Section(12, prose(f"  {label}: {text}", width, "followed", indent=4), joined=True))
    if not driving.told or not driving.picks_node:
        given = flowed(move.question.given, width - 2)
        sections += [Section(9 - row, [line], joined=row > 0) for row, line in enumerate(given)]
    if move.rest:
        sections.append(Section(2, prose(f"  {move.rest}", width, "dim", indent=2)))
    sections.append(Section(1, prose(f"  {_hint(driving, keys)}", width, "dim", indent=2), joined=bool(move.rest)))
    return compose(sections, width, height)


def write_help(driving: Driving, move: Move) -> list[tuple[str, str]]:
    """Return what is given of a move, with what that is: nothing, how it begins, or all of it."""
    if driving.told:
        return [("worked" if driving.gave_up else "the first, worked", move.worked)]
    return [("it begins", driving.start)] if driving.start else []


def _hint(driving: Driving, keys: Keys) -> str:
    step = keys.get("step", "step")
    if driving.told:
        way = "select it all the same" if driving.picks_node else "type it all the same"
        return f"{step} goes on; or {way}"
    if driving.picks_node:
        return f"{keys['arrows']}, then {keys['answer']}; {keys['skip']} shows it; {keys['drive']} ends driving"
    return f"a number, or -0.5*2, exp(1); then {keys['answer']}; {keys['skip']} shows it; {keys['drive']} ends driving"
