"""The one sentence of a moment: the lesson's own where it has one, else the general one, or what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    MinidlError,
    NodeEvaluated,
    NonFiniteError,
    VariableUpdated,
)

from .formats import number, shape_text
from .moment import Moment
from .palette import Line
from .sentences import before_the_first, history, said_of, still_waiting, tell
from .wording import ROOMS, Name, Words, fitted, mark, options


def narrate(moment: Moment) -> str:
    """Return the sentence of the moment: of its event, or of the mistake that stops it."""
    return "".join(text for text, _ in narrate_line(moment))


def narrate_event(moment: Moment, index: int) -> str:
    """Return the sentence of any event of the moment's iteration, as it is when that event has just happened."""
    at = replace(moment, cursor=index + 1, shown=index)
    return "".join(text for text, _ in fitted(_sentences(at), ROOMS))


def narrate_line(moment: Moment, rooms: Sequence[tuple[int, int]] = ROOMS) -> Line:
    """Return the sentence of the moment with its names in styles; each room is a width and a number of lines."""
    error = moment.error
    if error is not None:
        return fitted(options(lambda name: _stopped(error, name), error.node), rooms)
    return fitted(_sentences(moment), rooms)


def _sentences(moment: Moment) -> Iterator[str]:
    """Yield ways to say the moment's event, the best first."""
    event = moment.event
    if event is None:
        yield from options(lambda name: before_the_first(moment, name), None)
        return
    # the event's own moment: what a step shows as its main event may not be its last
    at = replace(moment, cursor=moment.shown + 1)
    whole_step = moment.cursor > at.cursor and isinstance(event, BackwardStarted | ContributionAdded)

    def ending(words: Words, name: Name) -> Words:
        return words._replace(tail=still_waiting(moment, event.node, name)) if whole_step else words

    own = at.lesson.sentences.get(_key(event))
    if own is not None:
        said = own.format_map(_placeholders(at, event)).removesuffix(".")
        subject = re.compile(rf"(?<!\w){re.escape(event.node.name)}(?!\w)")
        said = subject.sub(lambda match: mark(match[0], "now"), said, count=1)
        yield from options(lambda name: ending(Words((said,)), name), event.node)
    yield from options(lambda name: ending(tell(at, event, name), name), event.node)


def _stopped(error: MinidlError, name: Name) -> Words:
    """Say a mistake to a learner: which node, what, and why, without the places in files."""
    text = error.finding if isinstance(error, NonFiniteError) else str(error)
    if error.node is not None:
        node = name(error.node)
        text = text.removeprefix(f"{error.node.describe()}: ")
        text = re.sub(r"^its (gradient function|gradient|update)\b", lambda match: f"the {match[1]} of {node}", text)
        text = re.sub(r"^it\b", lambda _: node, text)
        text = text if node in text else f"{node}: {text}"
    text = re.sub(r" \([^()\s]+:\d+\)", "", text).removesuffix(".")
    mend = "b steps back"
    if isinstance(error, NonFiniteError) and "learning rate" in error.mend:
        mend += "; a smaller --learning-rate may help"
    return Words((f"{mark('Stopped', 'error')}: {text}",), extra=f". {mend}")


# sentences of a lesson


def _key(event: Event) -> str:
    key = f"{type(event).__name__} {event.node.name}"
    return f"{key} <- {event.consumer.name}" if isinstance(event, ContributionAdded) else key


def _placeholders(at: Moment, event: Event) -> Mapping[str, str]:
    """Return what a lesson's sentence may name of the moment's numbers."""
    numbers = {
        "iteration": str(at.iteration),
        "history": history(at),
        "loss": "" if at.loss is None else number(at.loss),
        "learning_rate": f"{at.learning_rate:g}",
    }
    match event:
        case NodeEvaluated(value=array) | VariableUpdated(new=array):
            numbers["value"] = said_of(array) or shape_text(array.shape)
        case ContributionAdded(total=array):
            numbers["total"] = said_of(array) or shape_text(array.shape)
        case GradientCompleted(gradient=array):
            numbers["gradient"] = said_of(array) or shape_text(array.shape)
        case _:
            pass
    return numbers
