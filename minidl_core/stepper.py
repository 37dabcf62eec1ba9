"""The stepping path: an iteration as generators of events; whoever holds the generator decides when to go on."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np

from .arrays import Array, freeze, is_finite, is_frozen, quiet, quietly, read_only
from .backprop import search
from .buffered import BufferedTraining
from .errors import GraphError
from .events import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    VariableUpdated,
)
from .finite import non_finite_gradient
from .gradients import EvaluatedOperation, check_loss, gradient_rule, input_gradients
from .graph import Node, Operation, Placeholder, Variable
from .plan import Evaluation, LaterEvaluation, Plan
from .session import Asked, Session, StepTaken
from .train import Memory, Minimization, Optimizer, Schedule, rate_at, trained_variables
from .train.step import Step, take_step
from .watching import is_watched, notify

Hook = Callable[[Any], object]
_AT_ONCE = 1000
"""After so many steps of a long run its variables are what they were then, whatever stops it."""
_NONE_MOVED: Mapping[Variable, Array] = {}


@dataclass(frozen=True, eq=False)
class State:
    """Where an iteration starts: how many were finished before, and all that its numbers depend on.

    `memory` is the optimizer's, `other_memories` are those of others that train in the same session.
    """

    finished: int
    variables: Mapping[Variable, Array]
    learning_rate: float | Schedule
    feeds: Mapping[Placeholder, Array]
    memory: Memory
    other_memories: Mapping[Optimizer, Memory] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """The number that the learning rate is in the iteration that starts here; NaN where its schedule is wrong."""
        try:
            return rate_at(self.learning_rate, self.memory.iterations + 1)
        except GraphError:
            return math.nan


class Stepper:
    """Trains a loss, one event at a time (`iteration`) or by calling hooks (`run`).

    `step` is what `optimizer.minimize(loss)` makes or, with an `optimizer`, the loss itself: then its graph stays
    as it is, and of its variables `only` some may be moved. The feeds are copied once and used for every iteration,
    until a state with others is restored. So is the optimizer: a setting that is to change is one of the stepper's
    `optimizer`, and no other stepper's changes with it. `left_after` are what variables are after each iteration,
    whatever the optimizer's rule says: a run that is played again may have left them so. Raises GraphError where
    there is no step to take, FeedError, ShapeError.
    """

    def __init__(
        self,
        step: Node,
        feed_dict: Mapping[Any, Any] | None = None,
        session: Session | None = None,
        traversal: str = "last consumer",
        optimizer: Optimizer | None = None,
        only: Sequence[Variable] | None = None,
    ) -> None:
        if optimizer is not None:
            trained_variables(step)
            self.loss, self._given, self._only = step, optimizer, only
        elif isinstance(step, Minimization):
            self.loss, self._given = step.loss, step.optimizer
            self._only = step.variables if step.freezes else None
        else:
            raise GraphError(f"{step!r} is no step to take; make one: optimizer.minimize(loss).")
        # others may step with the one given; what it remembers is the session's, whoever takes the step
        self.optimizer = copy(self._given)
        self.session = session or Session()
        self.finished = 0
        self.left_after: Mapping[Variable, Array] = {}
        self._traversal = traversal
        visits = search(self.loss, traversal)
        # the visits are the same in each iteration; only a plain search has to be seen to fail again
        self._visits = None if traversal == "plain" else list(visits)
        self._plan = Plan([self.loss])
        self._buffered = BufferedTraining(self._plan, self.loss, self._only)
        self._trained = {node for node, trained in zip(self.nodes, self._plan.trained(), strict=True) if trained}
        self._feeds: Mapping[Placeholder, Array] = self._plan.feed(feed_dict)
        self._step = step if isinstance(step, Minimization) else None
        notify(Asked(step, self._feeds, self.session))
        self._evaluation: Evaluation | None = None
        self._gradients: dict[Variable, Array] | None = None

    @property
    def nodes(self) -> list[Node]:
        """The nodes that lead to the loss, in the order of their evaluation."""
        return self._plan.nodes

    def state(self) -> State:
        """Return what an iteration started now would start from."""
        memory = self.session.memory_of(self._given)
        variables = {node: _as_it_is(node, value) for node, value in self.session.variables.items()}
        others = {owner: kept for owner, kept in self.session.memories.items() if owner is not self._given}
        return State(self.finished, variables, self.optimizer.learning_rate, self._feeds, memory, others)

    def restore(self, state: State) -> None:
        """Start again from an earlier state; what follows has the same bits as before."""
        self.finished = state.finished
        variables = dict(state.variables)  # which may be the session's own
        self.session.variables.clear()
        self.session.variables.update(variables)
        self.session.memories = {**state.other_memories, self._given: state.memory}
        self.optimizer.learning_rate = state.learning_rate
        self._feeds = state.feeds
        self._evaluation = self._gradients = None

    def iteration(self) -> Iterator[Event]:
        """Yield the events of one iteration: forward, backward, update."""
        yield from self.forward()
        yield from self.backward()
        yield from self.update()

    def forward(self) -> Iterator[NodeEvaluated]:
        """Yield each node's value, inputs before their consumers.

        Raises NonFiniteError after the event of the first node whose value is NaN or infinite, if that reaches the loss
        or a gradient on the way to a variable, and ShapeError where the loss is not one number, which is no event.
        """
        plan = self._plan
        values = plan.start(self._feeds, self.session.variables)
        is_harmless = False
        for position, node in enumerate(plan.nodes):
            if isinstance(node, Operation):
                with quiet():
                    plan.evaluate(position, values)
            if node is self.loss and values[position].shape:
                if not is_finite(values[position]):
                    raise plan.non_finite(position, values)
                check_loss(node, values[position].shape)
            yield NodeEvaluated(node, read_only(values[position]))
            if not (is_harmless or is_finite(values[position])):
                with quiet():
                    if plan.is_spoiled(position, values, self.loss):
                        raise plan.non_finite(position, values)
                is_harmless = True
        self._finish_forward(Evaluation(plan, values))

    def backward(self) -> Iterator[Event]:
        """Yield the search from the loss: each visit, contribution, completed gradient, and who joins the queue.

        Raises GraphError where there was no forward pass, or another one comes before this is over, GradientError where
        a gradient function is wrong, TraversalError where a plain search visits a node too early, NonFiniteError after
        the first gradient on the way to a variable that is not finite: one that only data lie below changes nothing.
        """
        evaluation = self._evaluated()
        gradients: dict[Node, Array] = {}
        completed: dict[Variable, Array] = {}
        # what has been contributed to each node so far, in the order of the consumers' visits, then of their inputs
        waiting: defaultdict[Node, list[tuple[Operation, int, Array]]] = defaultdict(list)
        total = freeze(1.0)
        yield BackwardStarted(self.loss, read_only(total))
        for node, enqueued in self._visits or search(self.loss, self._traversal):
            yield NodeVisited(node)
            edges = waiting.pop(node, ())
            for number, (consumer, input_index, contribution) in enumerate(edges, 1):
                with quiet():
                    total = self.add(node, None if number == 1 else total, contribution)
                yield ContributionAdded(
                    node,
                    consumer,
                    input_index,
                    gradients[consumer],
                    read_only(contribution),
                    read_only(total),
                    number,
                    len(edges),
                )
            gradients[node] = read_only(total)
            yield GradientCompleted(node, gradients[node])
            if node in self._trained and not is_finite(total):
                raise non_finite_gradient(node, total)
            if isinstance(node, Variable):
                completed[node] = total
            elif isinstance(node, Operation):
                with quiet():
                    results = self.pass_back(evaluation.operation(node), total)
                for input_index, source in enumerate(node.inputs):
                    waiting[source].append((node, input_index, results[input_index]))
            if enqueued:
                yield NodesEnqueued(node, tuple(enqueued))
        self._check_is_last(evaluation)
        self._gradients = completed

    def update(self) -> Iterator[Event]:
        """Yield each variable's step, in the order in which the search visited them, then the end of the iteration.

        Raises GraphError where there was no backward pass, or a forward pass comes before this is over, or where the
        optimizer's `compute` or schedule is wrong, NonFiniteError after the step that is not finite.
        """
        evaluation, gradients = self._evaluated(), self._completed()
        if self._only is not None:
            gradients = {node: gradient for node, gradient in gradients.items() if node in self._only}
        moved: dict[Variable, Array] = {}
        with quiet():
            step = Step(self.optimizer, self.session.memory_of(self._given), gradients.values())
        for node, gradient in gradients.items():
            old = evaluation[node]
            with quiet():
                values = self.terms_of(step, node, old, gradient)
                new = moved[node] = self.left_after.get(node, freeze(old - values[-1]))
            terms, numbers = step.terms(node, values), step.numbers
            shown = read_only(old), read_only(gradient), step.learning_rate, read_only(new)
            yield VariableUpdated(node, *shown, terms, numbers)
            step.check_finite(node, values, new)
        self._check_is_last(evaluation)
        self._take(moved, step.memory, evaluation)
        yield IterationFinished(self.loss, self.finished, float(evaluation[self.loss]))

    # what each phase is made of, so that an engine with a mistake can be made of this one

    def pass_back(self, op: EvaluatedOperation, gradient: Array) -> list[Array]:
        """Return what an operation passes on of its own gradient, for each of its inputs."""
        return input_gradients(gradient_rule(op.operation), op, gradient)

    def add(self, node: Node, so_far: Array | None, contribution: Array) -> Array:  # noqa: ARG002
        """Return a node's gradient with one contribution more; there is None so far when the first one comes."""
        return freeze(contribution if so_far is None else so_far + contribution)

    def terms_of(self, step: Step, variable: Variable, old: Array, gradient: Array) -> Sequence[Array]:
        """Return the terms of a variable's update, of which the last is taken off it."""
        return step.update(variable, old, gradient)

    def run(
        self,
        iterations: int,
        forward: Hook | None = None,
        backward: Hook | None = None,
        update: Hook | None = None,
    ) -> list[float]:
        """Train for some iterations and return J before each update; each hook is called with the events of its phase.

        Without hooks no event is built. The numbers are the same, to the bit. Raises what the three phases raise, and
        GraphError where `iterations` is no whole number or below 0.
        """
        try:
            count = index(iterations)
        except TypeError:
            count = -1
        if count < 0:
            raise GraphError(f"iterations must be a whole number, 0 or more, not {iterations!r}.")
        if forward is backward is update is None and self._visits is not None:
            losses = self._run_buffered(count)
            return losses + [self._fast_iteration() for _ in range(count - len(losses))]
        losses = []
        for _ in range(count):
            _call(forward, self.forward())
            losses.append(float(self._evaluated()[self.loss]))
            _call(backward, self.backward())
            _call(update, self.update())
        return losses

    def _run_buffered(self, count: int) -> list[float]:
        """Take as many steps as can be taken by a list of calls, and return the loss before each of them."""
        losses: list[float] = []
        while len(losses) < count and not (self.left_after or is_watched()):
            several = min(count - len(losses), _AT_ONCE)
            session, before = self.session, self.session.memory_of(self._given)
            variables = session.variables.copy()
            taken = self._buffered.run(several, self._feeds, variables, self.optimizer)
            if taken is None:
                break
            found, earlier, after = taken
            losses += found
            session.keep(self.loss, LaterEvaluation(self._plan, self._feeds, earlier))
            session.variables.update(after)
            session.memories[self._given] = Memory(before.iterations + several, before.slots)
            self.finished += several
            self._evaluation = self._gradients = None
        return losses

    @quietly
    def _fast_iteration(self) -> float:
        evaluation = self._plan.run(self._feeds, self.session.variables)
        self._finish_forward(evaluation)
        session = self.session
        memory = session.memory_of(self._given)
        after, memory = take_step(self.optimizer, evaluation, self.loss, _NONE_MOVED, memory, self._only)
        self._take(after, memory, evaluation)
        return float(evaluation[self.loss])

    def _finish_forward(self, evaluation: Evaluation) -> None:
        check_loss(self.loss, evaluation[self.loss].shape)
        self._evaluation = evaluation
        self.session.keep(self.loss, evaluation)
        self._gradients = None

    def _take(self, moved: Mapping[Variable, Array], memory: Memory, evaluation: Evaluation) -> None:
        session, before = self.session, self.session.memory_of(self._given)
        variables = session.variables
        variables.update(moved)
        variables.update(self.left_after)
        session.memories[self._given] = memory
        if is_watched():
            nodes = [node for node in self._plan.nodes if node in variables]
            after = {node: variables[node] for node in nodes if isinstance(node, Variable)}
            step = self._step
            notify(
                StepTaken(self.loss, step, self.optimizer, self._given, session, evaluation, before, _NONE_MOVED, after)
            )
        self.finished += 1
        self._evaluation = self._gradients = None

    def _evaluated(self) -> Evaluation:
        if self._evaluation is None:
            raise GraphError("the backward pass needs the values of a forward pass; run forward() first.", self.loss)
        return self._evaluation

    def _check_is_last(self, evaluation: Evaluation) -> None:
        """Raise GraphError where a pass that was left open is taken up behind a later one: its numbers are old."""
        if self._evaluation is not evaluation:
            raise GraphError(
                "this pass began before the last forward pass, or before a restore; begin it again.", self.loss
            )

    def _completed(self) -> dict[Variable, Array]:
        if self._gradients is None:
            raise GraphError("the update needs the gradients of a backward pass; run backward() first.", self.loss)
        return self._gradients


def _as_it_is(variable: Variable, value: Any) -> Any:
    """Return what a variable was given, copied where somebody may write to it later."""
    if isinstance(value, np.float64) or is_frozen(value, variable.initial_value.shape):
        return value
    return deepcopy(value)


def _call(hook: Hook | None, events: Iterator[Event]) -> None:
    for event in events:
        if hook is not None:
            hook(event)
