"""What the tests ask for most: the end of an iteration, and the sentence of a moment as a plain text."""

from __future__ import annotations

from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.keys import KEY_OF
from tui_backprop.narration.narration import narrate_event_line, narrate_line


def finish(timeline: Timeline, iteration: int) -> bool:
    """Move to the end of an iteration, 0 for the start of the first, and return whether that went anywhere."""
    return timeline.go_to(Place(iteration))


def narrate(moment: Moment) -> str:
    """Return the sentence of a moment."""
    return plain([narrate_line(moment, KEY_OF)])


def narrate_event(moment: Moment, index: int) -> str:
    """Return the sentence of any event of the moment's iteration."""
    return plain([narrate_event_line(moment, index)])
