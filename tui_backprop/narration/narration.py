"""The one sentence of a moment: the lesson's own where it has one, else the general one, or what went wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    Event,
    MinidlError,
    Node,
    NonFiniteError,
)

from ..debugger.edits import Edit
from ..debugger.event_table import TABLE, array_of
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.formats import number, shape_text
from .messages import Keys, remedies
from .sentences import before_the_first, history, still_waiting, words_of
from .wording import NAME_LENGTHS, ROOMS, Name, Words, choose_sentence, mark, value_text, wordings


def narrate_event_line(moment: Moment, index: int, rooms: Sequence[tuple[int, int]] = ROOMS) -> Line:
    """Return the sentence of any event with its names in styles; each room is a width and a number of lines."""
    at = replace(moment, cursor=index + 1, shown=index)
    return choose_sentence(_sentences(at, moment.recording.events[index]), rooms)


def narrate_line(moment: Moment, keys: Keys, rooms: Sequence[tuple[int, int]] = ROOMS) -> Line:
    """Return the sentence of the moment with its names in styles; each room is a width and a number of lines."""
    error = moment.error
    if error is not None:
        return choose_sentence(
            wordings(lambda name: _stopped(error, name, moment.recording.edits, keys), error.node), rooms
        )
    if moment.event is None:
        return choose_sentence(wordings(lambda name: before_the_first(moment, name, keys), None), rooms)
    return choose_sentence(_sentences(moment, moment.event), rooms)


def _sentences(moment: Moment, event: Event) -> Iterator[str]:
    """Yield wordings of the moment's event, the best first."""
    # the event's own moment: what a step shows as its main event may not be its last
    at = replace(moment, cursor=moment.shown + 1)
    whole_step = moment.cursor > at.cursor and isinstance(event, BackwardStarted | ContributionAdded)
    waited_for = whole_step and any(moment.waits_for(source) for source in event.node.inputs)
    descriptions: list[Callable[[Name], Words]] = [lambda name: words_of(at, event, name)]
    own = at.program.lesson.sentences.get(_key(event))
    made = (edits for finished, edits in at.branch.edits.items() if finished < at.iteration)
    edited = {edit.node for edits in made for edit in edits}
    # they hold for the lesson's own data
    if own is not None and edited.isdisjoint(at.graph.data):
        sentence = own.format_map(_placeholders(at, event)).removesuffix(".")
        subject = re.compile(rf"(?<!\w){re.escape(event.node.name)}(?!\w)")
        sentence = subject.sub(lambda match: mark(match[0], "now"), sentence, count=1)
        descriptions.insert(0, lambda _: Words((sentence,)))
    for describe in descriptions:
        yield from _with_waiting(moment, event.node, describe) if waited_for else wordings(describe, event.node)


def _stopped(error: MinidlError, name: Name, edits: tuple[Edit, ...], keys: Keys) -> Words:
    """Describe an error to a learner: which node, what, and why, without locations in files."""
    text = error.finding if isinstance(error, NonFiniteError) else str(error)
    if error.node is not None:
        node = name(error.node)
        text = text.removeprefix(f"{error.node.describe()}: ")
        text = re.sub(r"^its (gradient function|gradient|update)\b", lambda match: f"the {match[1]} of {node}", text)
        text = re.sub(r"^it\b", lambda _: node, text)
        text = text if node in text else f"{node}: {text}"
    text = re.sub(r" \([^()\s]+:\d+\)", "", text).removesuffix(".")
    actions = [("back", "steps back")]
    if edits:
        actions.append(("branch", "returns to the branch before the edit"))
    elif isinstance(error, NonFiniteError) and "learning rate" in error.remedy:
        actions.append(("edit", "sets a smaller learning rate"))
    ways_on = remedies(keys, *actions, between="; ")
    return Words((f"{mark('Stopped', 'error')}: {text}",), extra=f". {ways_on}" if ways_on else "")


def _with_waiting(moment: Moment, node: Node, describe: Callable[[Name], Words]) -> Iterator[str]:
    """Yield wordings of an event, and of which nodes cannot join the queue yet: no event of the step says that."""

    def with_reason(name: Name) -> Words:
        return describe(name)._replace(extra="", tail=still_waiting(moment, node, name, why=True))

    yield from wordings(with_reason, node, NAME_LENGTHS[:1])
    yield from wordings(lambda name: describe(name)._replace(tail=still_waiting(moment, node, name)), node)


# sentences of a lesson


def _key(event: Event) -> str:
    key = f"{type(event).__name__} {event.node.name}"
    return f"{key} <- {event.consumer.name}" if isinstance(event, ContributionAdded) else key


def _placeholders(at: Moment, event: Event) -> Mapping[str, str]:
    """Return what a lesson's sentence may name of the moment's numbers."""
    numbers = {
        "iteration": str(at.iteration),
        "history": history(at, event.node),
        "loss": "" if at.loss is None else number(at.loss),
        "learning_rate": f"{at.learning_rate:g}",
    }
    array = array_of(event)
    if array is not None:
        numbers[TABLE[type(event)].array_name] = value_text(array) or shape_text(array.shape)
    return numbers
