"""What is said of a graph is true of it: sentences against facts that are counted here, apart from the words.

GRAPHS=500 in the environment tries so many random graphs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from minidl_core import (
    Constant,
    ContributionAdded,
    Event,
    GradientCompleted,
    Graph,
    IterationFinished,
    Node,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    Operation,
    Variable,
    VariableUpdated,
    add,
    multiply,
    reduce_sum,
    square,
)
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.lessons.lesson import Example
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from ..core.random_graphs import random_recipe
from .moments import finish, narrate_event
from .random_timelines import lesson_of

GRAPHS = int(os.environ.get("GRAPHS", "24"))
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = {word: number for number, word in enumerate(COUNTS)}


def random_timeline(seed: int) -> Timeline:
    """A recipe's graph, with arrays of one element, a node used twice, and operations that lead nowhere."""
    random = Random(seed)
    nodes, variables = random_recipe(random, 6).build()
    with nodes[-1].graph.as_default():
        scalar = Variable(random.uniform(-1, 1), name="s") if random.random() < 0.5 else variables[0]
        one = Constant([random.uniform(-1, 1)], name="one") if random.random() < 0.5 else Variable([0.0], name="b2")
        loss = add(nodes[-1], reduce_sum(multiply(one, random.choice(nodes[:-1]))), name="J")
        if random.random() < 0.5:
            loss = multiply(loss, loss, name="e") if random.random() < 0.5 else add(loss, nodes[-1], name="e")
        loss = reduce_sum(multiply(loss, scalar), name="K") if random.random() < 0.3 else loss
        for node in random.sample(nodes, min(3, len(nodes))):
            square(node)
    return Timeline(program_of(lesson_of(Example(loss, {}))))


class Facts:
    """What is true of a graph after some events, counted from its nodes and from the events alone."""

    def __init__(self, loss: Node, events: list[Event], index: int) -> None:
        self.loss, self.event, self.past, self.coming = loss, events[index], events[: index + 1], events[index + 1 :]
        self.leading = {loss}
        for node in reversed(loss.graph.nodes):
            if any(consumer in self.leading for consumer in node.consumers):
                self.leading.add(node)
        self.visited = [event.node for event in self.past if isinstance(event, NodeVisited)]
        joined = [node for event in self.past if isinstance(event, NodesEnqueued) for node in event.enqueued]
        self.queue = [node for node in joined if node not in self.visited]

    def consumers(self, node: Node) -> set[Operation]:
        return {consumer for consumer in node.consumers if consumer in self.leading}

    def off(self, node: Node) -> set[Operation]:
        return set(node.consumers) - self.leading

    def edges(self, node: Node) -> int:
        return sum(source is node for consumer in self.consumers(node) for source in consumer.inputs)

    def unvisited(self, node: Node) -> set[str]:
        return {consumer.name for consumer in self.consumers(node) if consumer not in self.visited}


def names(text: str) -> tuple[set[str], int]:
    """The names in a list, and how many others it says there are: `a, b and 3 others`."""
    parts = re.split(r", | and ", text)
    others = re.fullmatch(r"(\d+) others", parts[-1])
    return set(parts[:-1] if others else parts), int(others[1]) if others else 0


def is_list_of(text: str, nodes: set[str]) -> bool:
    named, others = names(text)
    return named <= nodes and len(named) + others == len(nodes)


def shape(text: str) -> tuple[int, ...]:
    return tuple(int(size) for size in re.findall(r"\d+", text))


def amount(text: str) -> int:
    return WORDS[text] if text in WORDS else int(text)


NAME, SHAPE, LIST = r"[\w/]+", r"\([\d,]*\)", r"[\w/]+(?:(?:, | and )[\w/]+)*(?: others)?"
Check = Callable[[Facts, re.Match[str]], bool]

CLAIMS: dict[type[Event], dict[str, Check]] = {
    NodeEvaluated: {
        r"is a variable: (?:(\w+) numbers?,? )?": lambda f, m: (
            isinstance(f.event.node, Variable) and (m[1] is None or amount(m[1]) == f.event.value.size)
        ),
        rf"numbers?, ({SHAPE})": lambda f, m: shape(m[1]) == f.event.value.shape,
        r"it starts as|left it at|Training never changes it\b": lambda f, _: f.event.value.size == 1,
        r"they start as|left them at|Training never changes them": lambda f, _: f.event.value.size != 1,
        rf"gives ({SHAPE})": lambda f, m: shape(m[1]) == f.event.value.shape,
        r"It is the loss": lambda f, _: f.event.node is f.loss,
        rf"(?:each number of )?({NAME}) is used in (\d+) places": lambda f, m: (
            int(m[2]) * int(np.prod(named(f, m[1]).shape or ())) == f.event.value.size
        ),
    },
    NodeVisited: {
        rf"through ({LIST})(, and is an input of (?:{NAME}) itself)?(?=[:.])": lambda f, m: (
            is_list_of(m[1], {n.name for n in f.consumers(f.event.node)} - ({f.loss.name} if m[2] else set()))
            and f.loss.name not in names(m[1])[0]
            and bool(m[2]) <= (f.loss in f.consumers(f.event.node))
        ),
        rf"only through ({NAME})(?=[.,])": lambda f, m: {n.name for n in f.consumers(f.event.node)} == {m[1]},
        r"directly|is an input of \w+ itself": lambda f, _: f.loss in f.consumers(f.event.node),
        r"there as both|but as both": lambda f, _: f.edges(f.event.node) == 2,
        r": both have been visited": lambda f, _: len(f.consumers(f.event.node)) == 2 and not f.unvisited(f.event.node),
        r": all (\d+) have been visited": lambda f, m: (
            len(f.consumers(f.event.node)) == int(m[1]) and not f.unvisited(f.event.node)
        ),
        r"which is now empty": lambda f, _: not f.queue and not any(isinstance(e, NodesEnqueued) for e in f.coming),
        rf"({LIST}) uses? it too, but do(?:es)? not lead": lambda f, m: is_list_of(
            m[1], {n.name for n in f.off(f.event.node)}
        ),
        r"what does \w+ gain or lose.*its only consumer": lambda f, _: len(set(f.event.node.consumers)) == 1,
        r"is visited first": lambda f, _: len(f.visited) == 1 and f.event.node is f.loss,
        r"no update will use it": lambda f, _: not isinstance(f.event.node, Variable | Operation),
    },
    ContributionAdded: {
        r"(\d+) of (\d+) contributions": lambda f, m: (
            int(m[2]) == f.edges(f.event.node)
            and int(m[1]) == sum(isinstance(e, ContributionAdded) and e.node is f.event.node for e in f.past)
        ),
        r"from (\w+)(?= as |: \d|, summed)": lambda f, m: m[1] == f.event.consumer.name,
        rf"({SHAPE}) to ({SHAPE})": lambda f, m: (
            (shape(m[1]), shape(m[2])) == (f.event.gradient.shape, f.event.contribution.shape)
        ),
        r"used in (\d+) places": lambda f, m: int(m[1]) * f.event.contribution.size == f.event.gradient.size,
        r"unchanged": lambda f, _: np.array_equal(f.event.gradient, f.event.contribution),
        r"copied to its (\d+) entries": lambda f, m: int(m[1]) == f.event.contribution.size,
        r"sum so far is this one alone": lambda f, _: np.array_equal(f.event.total, f.event.contribution),
        r"complete": lambda *_: False,
    },
    GradientCompleted: {
        r"complete": lambda f, _: f.event.node is f.loss or f.unvisited(f.event.node) == set(),
        r"has one consumer": lambda f, _: len(set(f.event.node.consumers)) == 1,
        r"both of its consumers": lambda f, _: len(set(f.event.node.consumers)) == 2,
        r"all (\d+) of its consumers": lambda f, m: len(set(f.event.node.consumers)) == int(m[1]),
        r"(\d+) of its (\d+) consumers leads? to \w+": lambda f, m: (
            (len(f.consumers(f.event.node)), len(set(f.event.node.consumers))) == (int(m[1]), int(m[2]))
        ),
        r"sum of its (\d+) contributions": lambda f, m: int(m[1]) == f.edges(f.event.node),
        r"The backward pass is done": lambda f, _: not any(isinstance(e, NodeVisited) for e in f.coming),
        r"the same (\w+) numbers? as d\w+/d(\w+)": lambda f, m: any(
            isinstance(e, GradientCompleted)
            and e.node.name == m[2]
            and np.array_equal(e.gradient, f.event.gradient)
            and amount(m[1]) == e.gradient.size
            for e in f.past
        ),
        r"(\d+) entries, each": lambda f, m: int(m[1]) == f.event.gradient.size and np.ptp(f.event.gradient) == 0,
        r"(\w+) numbers?(?: in \S+)?, (?:one for each|as in)": lambda f, m: amount(m[1]) == f.event.gradient.size,
        r"nobody uses it": lambda f, _: not isinstance(f.event.node, Variable | Operation),
    },
    NodesEnqueued: {
        rf"^({LIST}) joins? the queue": lambda f, m: is_list_of(
            re.sub(r"\bthe constant ", "", m[1]), {n.name for n in f.event.enqueued}
        ),
        r"the only node (?:it|they) waited for": lambda f, _: all(
            len(f.consumers(node)) == 1 for node in f.event.enqueued
        ),
        r"the last of the (\d+) nodes": lambda f, m: all(
            len(f.consumers(node)) == int(m[1]) for node in f.event.enqueued
        ),
        r"has been visited": lambda f, _: not any(f.unvisited(node) for node in f.event.enqueued),
        r"(\w+) takes them in this order": lambda f, m: (
            [node for node in dict.fromkeys(f.event.node.inputs) if node in f.event.enqueued] == [*f.event.enqueued]
            and m[1] == f.event.node.name
        ),
        r"queue behind (\w+)": lambda f, m: [node.name for node in f.queue[: -len(f.event.enqueued)]][-1] == m[1],
    },
    IterationFinished: {r"is done": lambda f, _: not f.coming},
}

EVERYWHERE: dict[str, Check] = {
    rf"(\w+) (?:still )?waits for ({LIST})(?=[:.;,])": lambda f, m: (
        is_list_of(m[2], f.unvisited(named(f, m[1])))
        if "consumers" not in m[2]
        else int(m[2].split()[0]) == len(f.unvisited(named(f, m[1])))
    ),
    r"It is the loss (\w+)": lambda f, m: m[1] == f.loss.name,
    r"reaches (\w+) (?:only )?through (?:\w+, )*(?:\w+ and )?\1\b": lambda *_: False,
}


def named(facts: Facts, name: str) -> Node:
    return next(node for node in facts.loss.graph.nodes if node.name == name)


def falsehoods(facts: Facts, sentence: str) -> Iterator[str]:
    """The claims of a sentence that do not hold."""
    for pattern, holds in {**CLAIMS.get(type(facts.event), {}), **EVERYWHERE}.items():
        for match in re.finditer(pattern, sentence):
            if not holds(facts, match):
                yield f"{match[0]!r} in {sentence!r}"


def of_the_inspector(facts: Facts, moment: Moment, node: Node) -> Iterator[str]:
    """The false claims of the views of a node, which may lead to the loss or not."""
    ledger = plain(draw_inspector(moment, "ledger", Followed(), 100, 30, node))
    value = plain(draw_inspector(moment, "value", Followed(), 100, 30, node))
    for match in re.finditer(r"edge \d+ of (\d+)|(?<!\d )\b(\d+) edges?\b(?!,? more)", ledger.partition("\n")[0]):
        if int(match[1] or match[2]) != facts.edges(node):
            yield ledger
    off = re.search(r"(\d+) off the path", ledger.partition("\n")[0])
    count_off = sum(source is node for consumer in facts.off(node) for source in consumer.inputs)
    if node in facts.leading and node is not facts.loss and int(off[1] if off else 0) != count_off:
        yield ledger
    if "edges that leave" in ledger and count_off:
        yield ledger
    for view in ("value", "ledger", "check") if moment.gradient(node) is not None else ():
        narrow = plain(draw_inspector(moment, view, Followed(), 44, 16, node))
        if re.search(r"(?<!\w)\d+\.\d*…", narrow):
            yield narrow
    for text in (ledger, value):
        coming = [event.node for event in facts.coming]
        if "not computed yet" in text and node not in coming:
            yield text
        waits = re.search(rf"w(\d+) waits for ({LIST})$", text, re.MULTILINE)
        if waits and not (is_list_of(waits[2], facts.unvisited(node)) and int(waits[1]) == len(facts.unvisited(node))):
            yield text
    for row in re.findall(
        rf"^. ({NAME} → {NAME})(?: as input \d)?  ({SHAPE})(?: → ({SHAPE}))?  ", ledger, re.MULTILINE
    ):
        if shape(row[2] or row[1]) != (node.shape or ()):
            yield ledger


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_every_sentence_and_view_of_a_random_graph_is_true(seed: int) -> None:
    timeline = random_timeline(seed)
    finish(timeline, 1)
    moment, random = timeline.moment, Random(seed)
    events, loss = moment.recording.events, moment.graph.loss
    for index in range(len(events)):
        facts = Facts(loss, events, index)
        assert not list(falsehoods(facts, narrate_event(moment, index)))
        at = replace(moment, cursor=index + 1, shown=index)
        node = random.choice([facts.event.node, *loss.graph.nodes])
        assert not list(of_the_inspector(facts, at, node)), (index, node.name)


def test_the_facts_find_what_was_said_falsely() -> None:
    with Graph().as_default():
        gap = square(Variable(2.0, name="a"), name="gap")
        square(gap, name="error")
        loss = square(gap, name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    finish(timeline, 1)
    events = timeline.recording.events
    for kind, false in (
        (GradientCompleted, "dJ/dgap = 8 is complete: it has one consumer, and that one has answered."),
        (NodeVisited, "gap leaves the queue. It reaches J through error and J: both have been visited."),
        (NodeVisited, "gap leaves the queue. It reaches J only through J."),
        (ContributionAdded, "gap gets 8 from error: 1 of 2 contributions."),
    ):
        index = next(i for i, event in enumerate(events) if isinstance(event, kind) and event.node is gap)
        assert list(falsehoods(Facts(loss, list(events), index), false)), false


@pytest.mark.parametrize("trained", [["w"], ["w", "v"], ["w", "v", "u"]])
def test_only_as_many_variables_are_said_to_move_as_the_update_moves(trained: list[str], tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        f"""
import minidl_core as dl
w, v, u = dl.Variable(0.5, name="w"), dl.Variable([1.0], name="v"), dl.Variable([2.0, 1.0], name="u")
loss = dl.reduce_sum(dl.square(w + v - u))
step = dl.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=[{", ".join(trained)}])
dl.Session().run(step)
"""
    )
    timeline = Timeline(open_program(str(script)))
    start = " ".join(plain(draw_inspector(timeline.moment, "value", Followed(), 100, 30)).split())
    finish(timeline, 1)
    updated = [event for event in timeline.moment.recording.events if isinstance(event, VariableUpdated)]
    said = re.search(r"update (every variable|(\d) of (\d) variables) moves? ", start)
    assert said is not None, start
    assert len(updated) == len(trained)
    assert (said[2] is None) == (len(trained) == 3)
    assert said[2] is None or (int(said[2]), int(said[3])) == (len(trained), 3)
    for variable in timeline.graph.variables:
        value = " ".join(plain(draw_inspector(timeline.moment, "value", Followed(), 100, 30, variable)).split())
        assert ("a number that training may change" in value) == (variable.initial_value.size == 1)


@pytest.mark.parametrize("width", [30, 44, 100])
def test_the_constants_that_are_named_and_counted_are_all_there_are(width: int) -> None:
    with Graph().as_default():
        loss: Node = Variable(0.5, name="w")
        for number in (1.0, 2.0, 1.0, 3.5, 1.0, 2.0):
            loss = add(loss, Constant(number, name=f"{number:g}"))
        loss = add(loss, reduce_sum(Constant([1.0, 2.0], name="1_9")))
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    shown = plain(draw_inspector(timeline.moment, "value", Followed(), width, 60))
    said = " ".join(shown.partition("constants")[2].partition("variables")[0].split())
    more = re.search(r" and (\d+) more$", said)
    counted = [int(times) for times in re.findall(r"\((\d+) times\)", said)]
    singles = re.sub(r"\S+ \(\d+ times\),? ?| and \d+ more$", "", said)
    names = [name for name in re.split(r", ", singles) if name]
    assert sum(counted) + len(names) + int(more[1] if more else 0) == 7, said
    assert said.startswith("1 (3 times)")
