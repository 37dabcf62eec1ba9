"""What there is to read at a moment, as lines: where one is, a node, the graph, the log, a question."""

from __future__ import annotations

from collections.abc import Iterator

from minidl_core import Node, Operation, Variable

from ..debugger.moment import Mark, Moment
from ..drawing.palette import ACTION, plain
from ..inspector import draw_in_full, draw_inspector
from ..narration.log import Log
from ..narration.messages import Keys, sentences
from ..narration.narration import narrate_line
from ..narration.wording import in_list, the_loss
from ..notation.fitting import name_keys
from ..notation.formats import number, shape_text
from ..notation.formulas import right_side
from ..notation.losses_beside import losses_beside
from ..notation.moments import name_moment
from ..notation.names import called, text_in_names
from ..quiz.question import Question
from ..session import Viewer
from .aloud import aloud

WIDTH = 100
_ROOM = ((100_000, 1),)
_TALL = 30
_GRADIENTS = {
    Mark.NOW: "visited now",
    Mark.DONE: "visited",
    Mark.QUEUED: "queued",
    Mark.WAITING: "waiting",
    Mark.HIDDEN: "hidden by the question",
}


def write_step(viewer: Viewer) -> Iterator[str]:
    """Yield what a step has to say: the sentence of the moment, or why nothing moved."""
    of_session = viewer.session.message
    about_place = of_session is not None and of_session.is_about_place
    message = of_session if about_place else viewer.message
    if message is not None:
        yield sentences(message, viewer.keys)[0]
    moment = viewer.moment
    if message is None or moment.error is None:
        yield plain([narrate_line(moment, viewer.keys, _ROOM)])


def write_place(viewer: Viewer) -> Iterator[str]:
    """Yield where the session is: the moment's name, its iteration and phase, the loss, the queue."""
    moment = viewer.moment
    at = name_moment(viewer.session.timeline)
    yield f"Moment {at}: iteration {moment.iteration}, {moment.phase} pass of {moment.program.lesson.name}."
    loss, name = moment.loss, the_loss(moment.graph.loss, called(moment.graph.loss))
    yield f"{name[0].upper()}{name[1:]} is {'not measured yet' if loss is None else number(loss)}."
    if beside := losses_beside(moment):
        yield f"{beside}."
    if moment.queue_is_hidden:
        yield "The queue is hidden by the question."
    elif moment.phase == "backward":
        queue = ", ".join(in_list(node) for node in moment.queue)
        yield f"In the queue: {queue or 'nothing'}."


def write_graph(moment: Moment) -> Iterator[str]:
    """Yield the nodes in the order of their evaluation, numbered, with what each computes and how far it is."""
    for place, node in enumerate(moment.graph.nodes, 1):
        yield f"{place}. {_node(moment, node)}"


def _node(moment: Moment, node: Node) -> str:
    computes = f"= {text_in_names(moment, node, right_side(node))}" if isinstance(node, Operation) else ""
    shape = moment.shape(node)
    value = moment.value(node)
    is_number = "" if value is None or value.ndim else f"is {number(float(value))}"
    facts = [computes, is_number, "" if not shape else f"of shape {shape_text(shape)}", _progress(moment, node)]
    kind = node.kind if not isinstance(node, Operation) else ""
    return ", ".join(filter(None, [f"{called(node)} {facts[0]}".strip(), kind, *facts[1:]]))


def _progress(moment: Moment, node: Node) -> str:
    if moment.phase == "forward":
        return "no value yet" if moment.value_mark(node) is Mark.NOT_YET else ""
    mark, count = moment.gradient_mark(node)
    if mark is Mark.QUEUED:
        return f"number {count} in the queue"
    if mark is Mark.WAITING:
        return f"waiting for {count} consumer{'s' * (count != 1)}"
    if moment.phase == "update" and isinstance(node, Variable):
        return "updated" if moment.update(node) is not None else "not updated yet"
    return _GRADIENTS.get(mark, "")


def write_view(viewer: Viewer, view: str) -> Iterator[str]:
    """Yield a view of the inspector of the node in view."""
    lines = draw_inspector(viewer.moment, view, viewer.followed, WIDTH, _TALL, viewer.node)
    # a line that begins with a key is about the screen
    said = [name_keys(line, viewer.keys, WIDTH) for line in lines if line and line[0][1] != ACTION]
    yield from plain(said).splitlines()


def write_in_full(viewer: Viewer) -> Iterator[str]:
    """Yield the numbers of the view that was read last, with all their digits."""
    yield from plain(draw_in_full(viewer.moment, viewer.shown_view, viewer.followed, WIDTH, viewer.node)).splitlines()


def write_log(moment: Moment, keys: Keys) -> Iterator[str]:
    """Yield the sentences of this iteration up to here, and a line for each iteration before."""
    log = Log(moment, keys)
    yield f"{log.title}."
    for row in range(len(log)):
        yield f"{row + 1}. {plain([log.line(row, 100_000)])}"


def write_question(question: Question, *, for_the_room: bool) -> Iterator[str]:
    """Yield a question, the numbers that it needs, and its choices with their numbers."""
    yield f"Question: {question.text}"
    yield from (f"Given: {fact}" for fact in question.given)
    yield from (f"{place}. {choice}" for place, choice in enumerate(question.choices, 1))
    if for_the_room:
        yield "Think first: the next step reveals it."
    else:
        yield "Answer with the number of a choice, or skip." if question.choices else "Answer with a number, or skip."


def spoken(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines in words, without those that have nothing to read."""
    return filter(None, map(aloud, lines))
