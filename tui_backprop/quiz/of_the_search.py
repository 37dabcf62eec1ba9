"""Questions about the search: which node is visited next, and who joins the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from minidl_core import BackwardStarted, Node, NodesEnqueued, NodeVisited, Operation

from ..debugger.moment import Mark
from ..narration.sentences import still_waiting
from ..narration.wording import NAME_LENGTHS, as_choice, in_list, naming, unmark
from ..notation.listing import listed
from .of_beliefs import joins_early, wrong_next_nodes
from .question import MOST_CHOICES, Question, Step


def next_node(step: Step) -> Question | None:
    """Ask which node is visited next; data that is passed with the step is not among the choices."""
    before, right = step.before, step.node
    assert right is not None
    passed = {event.node for event in step.events if isinstance(event, NodeVisited)} - {right}
    if isinstance(step.event, BackwardStarted):
        near: tuple[Node, ...] = (*right.inputs, *before.graph.variables)
    else:
        waiting = [node for node, _ in islice(before.waiting, MOST_CHOICES)]
        beyond = (source for node in right.inputs for source in node.inputs)
        sources = [node for node in (*right.inputs, *beyond) if not before.graph.is_data(node)]
        # a node that waits is what a belief would have next
        found = (*waiting[:1], *before.queue, *waiting[1:], *sources, *before.graph.variables[:MOST_CHOICES])
        # who has been visited is nobody's guess, unless there is no other
        open_ones = [node for node in found if before.gradient_mark(node)[0] not in (Mark.NOW, Mark.DONE)]
        near = tuple(open_ones if set(open_ones) - passed > {right} else before.last_visited(MOST_CHOICES)[::-1])
    names = {as_choice(right): right}
    for node in near:
        if len(names) < MOST_CHOICES and node not in passed:
            names.setdefault(as_choice(node), node)
    if len(names) < 2:
        return None
    question = step.asks(
        "which node is next",
        "Which of these nodes does the search visit next?",
        as_choice(right),
        sorted(names, key=lambda text: before.graph.position[names[text]]),
        why=why_next(step, right),
        hides_queue=True,
    )
    return replace(question, mistakes=wrong_next_nodes(step, names.items()))


def why_next(step: Step, right: Node) -> str:
    """Say why a node is the next at which a step stops, where the queue shows others before it, too."""
    queue = step.before.queue
    if right not in queue:
        return "the search starts at the loss"
    ahead = queue[: queue.index(right)]
    if not ahead:
        return "it was first in the queue" if len(queue) > 1 else "the queue held no other"
    were, whose = ("was", "its visit is") if len(ahead) == 1 else ("were", "their visits are")
    kinds = {node.kind for node in ahead}
    what = "data" if kinds != {"constant"} else "a constant" if len(ahead) == 1 else "constants"
    return f"{listed(ahead, in_list)} {were} before it, but as {what} {whose} passed over"


def who_joins(step: Step) -> Question | None:
    """Ask which of a node's inputs join the queue once it has been visited."""
    after, node = step.after, step.node
    if not isinstance(node, Operation) or len(set(node.inputs)) > MOST_CHOICES:
        return None
    events = [event for event in step.events if isinstance(event, NodesEnqueued) and event.node is node]
    joined: list[Node] = [source for event in events for source in event.enqueued]
    inputs: list[Node] = list(dict.fromkeys(node.inputs))

    def label(nodes: Sequence[Node]) -> str:
        return listed(nodes, as_choice) if nodes else "none"

    singles: list[list[Node]] = [[source] for source in inputs]
    others: list[list[Node]] = [inputs, [], *singles, [*after.graph.consumers(node)]]
    others += [[after.graph.loss]] if node is not after.graph.loss else []
    found = {label(joined): joined}
    for nodes in others:
        # the same nodes in another order, or with names that are cut to the same, are no other answer
        if len(found) < MOST_CHOICES and all(set(nodes) != set(other) for other in found.values()):
            found.setdefault(label(nodes), nodes)
    question = step.asks(
        "who joins the queue",
        lambda name: f"Which nodes join the queue once {name(node)} has been visited?",
        label(joined),
        sorted(found, key=lambda text: (len(found[text]), text)),
        why=unmark(still_waiting(after, node, naming(NAME_LENGTHS[2], None))) or "no input waits for another consumer",
        hides_queue=True,
    )
    waiting = {source for source in inputs if after.waits_for(source)}
    early = [text for text, nodes in found.items() if waiting & set(nodes) and set(joined) <= set(nodes) <= set(inputs)]
    return replace(question, mistakes=tuple(map(joins_early, early)))
