"""The sentence of each kind of event: one function for each, from the operation's own formula and reason.

`G` is always the finished gradient of the consumer, `gets` a contribution, `is complete` a final sum, `waits for` the
count of consumers. Never is a sum called complete before its last edge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from minidl_core import (
    BackwardStarted,
    Constant,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Operation,
    Variable,
    VariableUpdated,
)
from minidl_core.arrays import Array, Shape
from minidl_core.gradients import gradient_rule

from ..debugger.moment import Moment
from ..notation.edits import label
from ..notation.formats import number, shape_text, worked_sum
from ..notation.formulas import axis_numbers, in_names, in_numbers, in_shapes, right_side, shapes_of, symbols
from ..notation.listing import listed
from ..notation.names import number_of
from .messages import Keys
from .theirs import beside_theirs
from .update_sentences import updated
from .wording import Name, Words, counted, in_formulas, lowered, slope_of, the_loss, unmark, value_text

_ORDINALS = ("first", "second", "third", "fourth")


def words_of(at: Moment, event: Event, name: Name) -> Words:
    """Describe an event; `at` is the moment when it has just happened."""
    return SENTENCES[type(event)](at, event, name)


def before_the_first(moment: Moment, name: Name, keys: Keys) -> Words:
    """Describe what is to be done before any event: the next key."""
    loss = the_loss(moment.graph.loss, name(moment.graph.loss))
    head = f"Press {keys['step']} for the first step: the forward pass computes"
    return Words((f"{head} every value on the way to {loss}", f"{head} the values"))


# forward


def _leaf(at: Moment, event: NodeEvaluated, name: Name) -> Words:
    node, value = event.node, event.value
    n, text, numbers = name(node), value_text(value), counted(value.size, "number")
    numbers += f", {shape_text(value.shape)}," if value.shape and value.size == 1 else ""
    shape = f"{counted(value.size, 'number')}, {shape_text(value.shape)}"
    it = "it" if value.size == 1 else "them"
    if not isinstance(node, Variable):
        given = "a constant" if isinstance(node, Constant) else "given"
        if node.name == number_of(node):
            return Words((f"{n} is {given}: training never changes it",))
        return Words((f"{n} is {given}: {text or shape}",), tail=f"Training never changes {'it' if text else it}")
    first, left, to = at.iteration == 1, _left(at, node), "to" if at.recording.was_set(node) else "at"
    edited = at.recording.edits_of(node)
    if not value.shape:
        since = f"it starts as {text}" if first else f"{left} it {to} {text}"
        since = history(at, node) if edited else since
        return Words((f"{n} is a variable: {since}; training may change it",))
    since = history(at, node)
    if text and not edited:
        since = f"{'it starts' if value.size == 1 else 'they start'} as {text}" if first else f"{left} {it} {to} {text}"
    return Words((f"{n} is a variable: {numbers} that training may change; {since}",))


def history(at: Moment, node: Node) -> str:
    """Say where the values of a variable come from."""
    edited = at.recording.edits_of(node)
    if edited:
        return f"you changed {listed(edited, lambda edit: label(edit, 8), 2)}"
    return "they start like this" if at.iteration == 1 else f"{_left(at, node)} them like this"


def _left(at: Moment, node: Node) -> str:
    return "the program set" if at.recording.was_set(node) else f"iteration {at.iteration - 1} left"


def _evaluated(at: Moment, event: NodeEvaluated, name: Name) -> Words:
    if not isinstance(event.node, Operation):
        return _leaf(at, event, name)
    node, value = event.node, event.value
    assert isinstance(node, Operation)
    n, text, formula = name(node), value_text(value), right_side(node)
    shapes = shapes_of(at, node)
    own_name = node.name.rpartition("/")[2].startswith(node.definition.name)
    short = in_formulas(node, name)
    named = in_names(formula, node, at.graph.loss, shapes, short)
    lead = f"{n} computes {named}" if own_name else f"{n} = {named}"
    heads = (f"{lead} = {text}", lead) if text and not value.shape else (lead,)
    reason = in_names(lowered(node.definition.reason), node, at.graph.loss, shapes, short)
    extra = f". It is {text}" if text and value.shape else ""
    if not any(shapes.values()):
        values = {symbol: _number(at, source) for symbol, source in symbols(node).items()}
        worked = in_numbers(formula, values, float(value))
        heads = (f"{lead} = {worked}", *heads) if unmark(f"{named} = {text}") != worked else (f"{n} = {worked}",)
    elif node.definition.elementwise:
        reason = _uses(node, value, shapes, name) or reason
    if value.shape and len({shapes[source] for source in symbols(node).values()}) > 1:
        inputs = {symbol: shape_text(shapes[source]) for symbol, source in symbols(node).items()}
        before = in_shapes(formula, inputs) or " and ".join(inputs[symbol] for symbol in node.definition.symbols)
        extra = f". {before} gives {inputs['Y']}"
    tail = "It is the loss: training tries to make it small" if node is at.graph.loss else ""
    return Words(heads, reason, extra, tail)


# backward


def _started(at: Moment, event: BackwardStarted, name: Name) -> Words:
    j = name(event.node)
    because = f", because if {j} changes by some amount, {j} changes by just that amount"
    return Words((f"Backward starts at {j}: {slope_of(at, event.node, name)} = 1",), extra=because)


def _visited(at: Moment, event: NodeVisited, name: Name) -> Words:
    node, j = event.node, name(at.graph.loss)
    n = _subject(node, name)
    if node is at.graph.loss:
        if not node.inputs:
            return Words((f"{n} is visited first: it is the loss and has no inputs, so the search ends here, too",))
        goals = "the variable " if len(at.graph.variables) == 1 else "the variables "
        goals += listed(at.graph.variables, name, 3)
        return Words(
            (f"{n} is visited first: the search walks from the loss back towards {goals}",),
            extra=", against the arrows",
        )
    empty = not node.inputs and not at.queue
    leaves = f"{n} leaves the queue" + (", which is now empty" if empty else "")
    if at.graph.is_data(node):
        unused = "its gradient can be computed, but no update will use it"
        if number_of(node):
            return Words((f"{leaves}: {unused}",))
        return Words((f"{leaves}. {n} is {_kind(node)}: {unused}", f"{leaves}. {n} is {_kind(node)}"))
    it = n if empty else "It"
    consumers = at.graph.consumers(node)
    others = [consumer for consumer in node.consumers if consumer not in at.graph.position]
    too = "uses it too, but does not lead" if len(others) == 1 else "use it too, but do not lead"
    extra = f". {listed(others, name, 2)} {too} to {j}" if others else ""
    if len(consumers) > 1:
        have = "both" if len(consumers) == 2 else f"all {len(consumers)}"
        through = listed([consumer for consumer in consumers if consumer is not at.graph.loss], name, 3)
        itself = f", and is an input of {j} itself" if at.graph.loss in consumers else ""
        head = f"{leaves}. {it} reaches {j} through {through}{itself}"
        if at.unvisited(node):
            return Words((head,), extra=extra)
        return Words((f"{head}: {have} have been visited", head), extra=f", so no contribution will be missing{extra}")
    consumer = consumers[0]
    edges = sum(source is node for source in consumer.inputs)
    if edges > 1:
        which = "both of its" if edges == 2 == len(consumer.inputs) else f"{edges} of its"
        head = f"{leaves}. {it} reaches {j} only through {name(consumer)}, but there as {which} inputs"
        if consumer is at.graph.loss:
            head = f"{leaves}. {it} reaches {j} directly, but as {which} inputs"
        return Words((head,), extra=extra)
    head = f"{leaves}. {it} reaches {j} only through {name(consumer)}"
    if consumer is at.graph.loss:
        head = f"{leaves}. {it} is an input of {j} itself"
    if consumer is at.graph.loss and not others:
        asked = f"{leaves}: what does {j} gain or lose if it grows a little? {j}, its only consumer, knows"
        return Words((asked, head))
    return Words((head,), extra=extra)


def _contribution(at: Moment, event: ContributionAdded, name: Name) -> Words:
    node, consumer, input_index = event.node, event.consumer, event.input_index
    rule, shapes, loss = gradient_rule(consumer), shapes_of(at, consumer), at.graph.loss
    n, c, short = _subject(node, name), name(consumer), in_formulas(consumer, name)
    formula = rule.formula_for(input_index) or "its contribution"
    gets = f"{n} gets {in_names(formula, consumer, loss, shapes, short)}"
    reason = "" if number_of(node) else in_names(lowered(rule.reason_for(input_index)), consumer, loss, shapes, short)
    heads: tuple[str, ...] = (f"{gets} from {c}",)
    shape, grown = event.contribution.shape, event.gradient.shape
    if consumer.kind in at.program.wrong_kinds:  # its formula would be made of numbers that do not give the result
        made = value_text(event.contribution) or "its contribution"
        heads, reason = (f"{n} gets {made} from {c}, by a gradient function that is wrong",), ""
    elif not shape and not grown and not any(shapes.values()):
        values = {symbol: _number(at, source) for symbol, source in symbols(consumer).items()}
        values["G"] = float(event.gradient)
        result = number(float(event.contribution))
        worked = in_numbers(formula, values, float(event.contribution)) if rule.formula_for(input_index) else result
        heads = (f"{gets} = {worked} from {c}", f"{gets} = {result} from {c}", *heads)
    elif consumer.definition.elementwise and shape != grown:
        places = event.gradient.size // max(event.contribution.size, 1)
        change = f"{shape_text(grown)} to {shape_text(shape)}"
        axes = _summed_axes(grown, shape) if places > 1 else ""
        if not axes:
            heads = (f"{gets} from {c} in its own shape, {shape_text(shape)}",)
        elif event.count > 1:
            heads = (f"{gets} from {c}, summed over {axes}, {change}", f"{gets} from {c}, summed over {axes}")
        else:
            add_up = f"{'their' if shape else 'its'} {places} slopes add up"
            used = f"{_each(n, shape)} was used in {places} places, so {add_up}"
            gets = f"{gets} summed over {axes}"
            heads = (f"{gets}, {change}: {used}", f"{gets}: {used}", f"{gets}: {add_up}", gets)
            reason = ""
    elif formula == "G" and shape == grown:
        heads = (f"{gets} unchanged from {c}", f"{gets} from {c}")
    elif formula == "G":
        giver = f" from {c}" if event.count > 1 else ""
        how = "repeated" if event.contribution.size > event.gradient.size else "brought"
        heads = (f"{gets}{giver}, {how} from {shape_text(grown)} to {shape_text(shape)}", f"{gets} from {c}")
        if not grown:
            gives = f"{gets} = {number(float(event.gradient))}{giver}"
            heads = (f"{gives} copied to its {event.contribution.size} entries", gives)
    if event.count == 1:
        return Words(heads, reason, extra=f". G is {slope_of(at, consumer, name)}")
    if consumer.inputs.count(node) > 1:
        which = f"{_ORDINALS[input_index]} input" if input_index < len(_ORDINALS) else f"input {input_index + 1}"
        heads = tuple(f"{head} as its {which}" for head in heads)
    so_far = _sum_so_far(at, event)
    part = f"{event.number} of {event.count} contributions"
    return Words(tuple(f"{head}: {part}{so_far}" for head in heads), extra=f". G is {slope_of(at, consumer, name)}")


def _sum_so_far(at: Moment, event: ContributionAdded) -> str:
    last = event.number == event.count
    if event.contribution.shape:
        return "; the sum so far is this one alone" if event.number == 1 else ", added to the sum so far"
    if event.number == 1:
        return f"; the sum so far is {number(float(event.total))}"
    before = at.contributions(event.node)[event.number - 2].total
    summed = worked_sum([float(before), float(event.contribution)], float(event.total))
    return f"; the sum {'is' if last else 'so far is'} {summed}"


def _completed(at: Moment, event: GradientCompleted, name: Name) -> Words:
    node, gradient = event.node, event.gradient
    n, slope = _subject(node, name), slope_of(at, node, name)
    if node is at.graph.loss:
        return Words((f"{slope} = 1 is complete: nothing behind {n} can add to it",))
    contributions = at.contributions(node)
    text = value_text(gradient)
    if len(contributions) in (2, 3) and not gradient.shape:
        text = worked_sum([float(each.contribution) for each in contributions], float(gradient))
    complete = f"{slope} = {text} is complete" if text else f"{slope} is complete"
    if at.graph.is_data(node):
        is_kind = "" if number_of(node) else f"is {_kind(node)} and "
        return Words((f"{complete}, and nobody uses it: {n} {is_kind}stays as it is", complete))
    waiting, why = still_waiting(at, node, name), still_waiting(at, node, name, why=True)
    if isinstance(node, Operation) and waiting and all(at.waits_for(source) for source in node.inputs):
        return Words((f"{complete}. {why}", f"{complete}. {waiting}"))
    tail = "The backward pass is done" if not node.inputs and not at.queue else ""
    only = contributions[0]
    formula = gradient_rule(only.consumer).formula_for(only.input_index)
    numbers = counted(gradient.size, "number")
    if at.unvisited(node):
        reason = "the sum of what has come"
    elif not gradient.shape:
        leading, consumers = len(at.graph.consumers(node)), len(set(node.consumers))
        reason = f"{'both' if leading == 2 else f'all {leading}'} of its consumers have answered"
        if leading < consumers:
            lead = (
                f"{leading} of its {consumers} consumers {'leads' if leading == 1 else 'lead'} to {name(at.graph.loss)}"
            )
            reason = f"{lead}, and {'that one has' if leading == 1 else 'they have'} answered"
        elif leading == 1:
            reason = "it has one consumer, and that one has answered"
    elif len(contributions) > 1:
        reason = f"the sum of its {len(contributions)} contributions, entry by entry"
    elif gradient.size > 1 and bool(np.all(gradient == gradient.flat[0])):
        reason = f"{gradient.size} entries, each {number(float(gradient.flat[0]))}"
    elif formula == "G" and only.gradient.shape == gradient.shape:
        reason = f"the same {numbers} as {slope_of(at, only.consumer, name)}"
    else:
        reason = f"{numbers}, one for each number in {n}" if gradient.size > 1 else f"{numbers}, as in {n}"
    return Words((complete,), reason, tail=tail)


def _completed_beside_theirs(at: Moment, event: GradientCompleted, name: Name) -> Words:
    words = _completed(at, event, name)
    return words._replace(tail=". ".join(filter(None, (beside_theirs(at, event.node), words.tail))))


def _enqueued(at: Moment, event: NodesEnqueued, name: Name) -> Words:
    node, joined = event.node, event.enqueued
    n, queue = name(node), at.queue
    before = queue[: len(queue) - len(joined)]
    join = "joins" if len(joined) == 1 else "join"
    heads = (f"{listed(joined, lambda each: _subject(each, name, 'key'))} {join} the queue",)
    waiting, why = still_waiting(at, node, name), still_waiting(at, node, name, why=True)
    if any(at.unvisited(each) for each in joined):  # a search that is broken
        return Words(heads)
    if waiting:
        return Words((f"{heads[0]}. {why}", f"{heads[0]}. {waiting}"))
    waited = "it" if len(joined) == 1 else "they"
    counts = {len(at.graph.consumers(each)) for each in joined}
    if counts == {1}:
        which = f"the only node {waited} waited for"
    elif len(counts) == 1:
        which = f"the last of the {counts.pop()} nodes {waited} waited for"
    else:
        which = f"the last node {waited} waited for"
    behind = f"{heads[0]} behind {name(before[-1])}" if before else heads[0]
    # why the first of them comes first
    extra = f". {n} takes them in this order" if len(joined) > 1 else ""
    return Words((behind, *heads), f"{n}, {which}, has been visited", extra)


def still_waiting(at: Moment, node: Node, name: Name, why: bool = False) -> str:
    """Say which inputs of a visited node did not join the queue because they wait for other consumers, and why."""
    waiting = [source for source in dict.fromkeys(node.inputs) if at.waits_for(source)]
    parts: list[str] = []
    for source in waiting[:2]:
        count = at.waits_for(source)
        for_whom = f"{count} consumers"
        if count <= 2:
            for_whom = listed(at.unvisited(source), name)
        parts.append(f"{name(source, 'waiting')} {'still waits ' if not parts else ''}for {for_whom}")
    if why and len(waiting) == 1:
        x = name(waiting[0], "waiting")
        parts[0] += f": {slope_of(at, waiting[0], name)} is the sum over every way from {x} to {name(at.graph.loss)}"
    more = f"; {len(waiting) - 2} more wait too" if len(waiting) > 2 else ""
    return f"{', '.join(parts)}{more}"


# end of an iteration


def _finished(at: Moment, event: IterationFinished, name: Name) -> Words:  # noqa: ARG001 (as all of them)
    j = name(event.node)
    measured = f"{j} = {number(event.loss)} was measured before the update"
    next_one = f"; the next forward pass measures the new {j}"
    return Words((f"Iteration {event.iteration} is done. {measured}",), extra=next_one)


SENTENCES: dict[type[Any], Callable[[Moment, Any, Name], Words]] = {
    NodeEvaluated: _evaluated,
    BackwardStarted: _started,
    NodeVisited: _visited,
    ContributionAdded: _contribution,
    GradientCompleted: _completed_beside_theirs,
    NodesEnqueued: _enqueued,
    VariableUpdated: updated,
    IterationFinished: _finished,
}
"""The sentence of each kind of event, in parts."""


# parts of sentences


def _number(at: Moment, node: Node) -> float:
    value = at.evaluated_value(node)
    assert value is not None
    return float(value)


def _subject(node: Node, name: Name, style: str = "") -> str:
    """Return the name of a node; with its kind where it is a constant that has a number for its name."""
    text = name(node, style)
    return f"the constant {text}" if number_of(node) else text


def _kind(node: Node) -> str:
    return "a constant" if isinstance(node, Constant) else "data"


def _uses(node: Operation, value: Array, shapes: Mapping[Node, Shape], name: Name) -> str:
    """Say in how many places broadcasting uses each number of an input; nothing where it uses each in one."""
    uses: list[str] = []
    for source in dict.fromkeys(node.inputs):
        count = value.size // max(prod(shapes[source]), 1)
        if count > 1:
            who = _each(name(source), shapes[source])
            uses.append(f"{who} in {count}" if uses else f"{who} is used in {count} places")
    return ", ".join(uses)


def _each(name: str, shape: tuple[int, ...]) -> str:
    return f"each number of {name}" if shape else name


def _summed_axes(grown: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Say over which axes of G a sum to this shape goes."""
    padded = (1,) * (len(grown) - len(shape)) + shape
    axes = [axis for axis, (many, one) in enumerate(zip(grown, padded, strict=True)) if many != one]
    if len(shape) == 0 or len(axes) == len(grown):
        return "all entries"
    if len(grown) == 2:
        return ("the rows", "the columns")[axes[0]]
    return axis_numbers(axes)
