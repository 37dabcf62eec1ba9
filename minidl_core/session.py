"""A session: the numbers of one training, each evaluation of a graph with them, and the gradients this implies."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from .arrays import Array, quiet, read_only
from .buffered import BufferedTraining
from .errors import GraphError
from .graph import Node, Placeholder, Variable, check_has_value
from .plan import Evaluation, LaterEvaluation, Plan
from .train import Memory, Minimization, Optimizer
from .train.step import take_step
from .watching import is_watched, notify

_NOTHING = Memory()


class Session:
    """Evaluates nodes and keeps the variables, which start from their initial values, and what optimizers remember.

    `variables` is one dictionary as long as the session lives, so that whoever holds it may set a variable in it.
    `evaluations` has the last one of each node that the session was asked for.
    """

    def __init__(self) -> None:
        self.variables: dict[Variable, Array] = {}
        self.memories: dict[Optimizer, Memory] = {}
        self.evaluations: dict[Node, Evaluation] = {}
        self._plans: dict[tuple[Node, ...], Plan] = {}
        self._trainings: dict[Minimization, BufferedTraining] = {}
        _living[id(self)] = self

    def run(self, fetches: Node | Sequence[Node], feed_dict: Mapping[Any, Any] | None = None) -> Any:
        """Return the value of a node, or a list of the values of several, each node being evaluated once.

        Running a minimisation takes one step of training and returns the loss as it was before. All values are those
        before any step, and each step is taken once. Arrays are read-only; feeds are copied.

        Raises FeedError, ShapeError, NonFiniteError.
        """
        asked = (fetches,) if isinstance(fetches, Node) else _nodes(fetches)
        nodes = tuple([node.loss if isinstance(node, Minimization) else node for node in asked])
        plan = self._plans.get(nodes)
        if plan is None:
            plan = self._plans[nodes] = Plan(nodes)
        feeds = plan.feed(feed_dict)
        watched = is_watched()
        if isinstance(fetches, Minimization) and not watched:
            loss = self._run_buffered(fetches, plan, feeds)
            if loss is not None:
                return loss
        if watched:
            for node in asked:
                notify(Asked(node, feeds, self))
        with quiet():
            evaluation = plan.run(feeds, self.variables)
            for node in nodes:
                self.keep(node, evaluation)
            moved: dict[Variable, Array] = {}
            for node in dict.fromkeys(asked):
                if isinstance(node, Minimization):
                    before = self.memory_of(node.optimizer)
                    after, memory = take_step(
                        node.optimizer, evaluation, node.loss, moved, before, node.variables if node.freezes else None
                    )
                    self.variables.update(after)
                    self.memories[node.optimizer] = memory
                    if watched:
                        owner = node.optimizer
                        told = node.loss, node, owner, owner, self, evaluation, before, dict(moved), after
                        notify(StepTaken(*told))
                    moved |= after
        results = [read_only(evaluation[node]) for node in nodes]
        return results[0] if isinstance(fetches, Node) else results

    def _run_buffered(self, step: Minimization, plan: Plan, feeds: Mapping[Placeholder, Array]) -> Any:
        """Take a step by a list of calls and return the loss before it; None where there is no such list."""
        training = self._trainings.get(step)
        if training is None:
            only = step.variables if step.freezes else None
            training = self._trainings[step] = BufferedTraining(plan, step.loss, only)
        variables = self.variables.copy()
        taken = training.run(1, feeds, variables, step.optimizer)
        if taken is None:
            return None
        [loss], earlier, after = taken
        self.keep(step.loss, LaterEvaluation(plan, feeds, earlier))
        before = self.memory_of(step.optimizer)
        self.variables.update(after)
        self.memories[step.optimizer] = Memory(before.iterations + 1, before.slots)
        return np.float64(loss)

    def __copy__(self) -> Session:
        """Return a session over the same nodes, whose numbers are its own from now on."""
        return self._copied({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Session:
        """Return a session over the copies of its nodes; raises GraphError where they are not copied before it is."""
        if any(id(node) not in memo for node in (*self.variables, *self.evaluations)):
            way = "copy.copy(session) has numbers of its own, and copy.deepcopy((loss, session)) copies the graph, too"
            raise GraphError(f"the nodes of a session are not copied with it; {way}.")
        memo[id(self)] = made = self._copied(memo)
        return made

    def _copied(self, memo: dict[int, Any]) -> Session:
        made = Session()
        made.variables.update({memo.get(id(node), node): deepcopy(value) for node, value in self.variables.items()})
        for optimizer, memory in self.memories.items():
            slots = {memo.get(id(node), node): kept for node, kept in memory.slots.items()}
            made.memories[memo.get(id(optimizer), optimizer)] = Memory(memory.iterations, slots)
        if not memo:
            made.evaluations.update(self.evaluations)
        return made

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: it holds nothing that has to be closed."""

    def keep(self, node: Node, evaluation: Evaluation) -> None:
        """Keep the evaluation as the last one of a node."""
        self.evaluations[node] = node._last_evaluation = evaluation

    def memory_of(self, optimizer: Optimizer) -> Memory:
        """Return what an optimizer remembers of its steps in this session."""
        return self.memories.get(optimizer, _NOTHING)


@dataclass(frozen=True, eq=False)
class Asked:
    """A node is about to be run with these feeds, copied."""

    node: Node
    feeds: Mapping[Placeholder, Array]
    session: Session


@dataclass(frozen=True, eq=False)
class StepTaken:
    """A step was taken from the values of an evaluation: `after` is what it left, and `memory` what it started from.

    `moved` are the variables that another step had moved since the evaluation. `step` is None where the loss was
    trained without a minimisation. `optimizer` has the settings of this step, and `owner` is whose memory it is.
    """

    loss: Node
    step: Minimization | None
    optimizer: Optimizer
    owner: Optimizer
    session: Session
    evaluation: Evaluation
    memory: Memory
    moved: Mapping[Variable, Array]
    after: Mapping[Variable, Array]


@dataclass(frozen=True, eq=False)
class GradientComputed:
    """The gradients of a loss were computed at the values of an evaluation; None is a session that is gone."""

    loss: Node
    session: Session | None
    evaluation: Evaluation
    gradients: Mapping[Node, Array]


_living: WeakValueDictionary[int, Session] = WeakValueDictionary()


def _sessions() -> list[Session]:
    """Return the living sessions: a list, since another thread may make one while somebody goes through them."""
    return [session for reference in _living.valuerefs() if (session := reference()) is not None]


def last_evaluation(loss: Any, session: Session | None = None) -> Evaluation:
    """Return the last evaluation of a loss: a session's, or without one the last that there was.

    The session of the last one may be gone by then. Raises GraphError where the loss is no node with a value or has not
    been run, and without a session where another one, which is still there, has run the loss too.
    """
    check_has_value(loss)
    evaluation: object
    if session is not None:
        evaluation = session.evaluations.get(loss)
    else:
        evaluation = _last(loss)
        if _others(loss):
            gc.collect()  # one that ended with a mistake may be kept by nothing but its traceback
        if _others(loss):
            raise GraphError(
                "more than one session has run it; pass the one whose values count: session=session.", loss
            )
    if not isinstance(evaluation, Evaluation):
        raise GraphError(f"it has not been run yet; evaluate it first: session.run({loss.name}, feed_dict).", loss)
    return evaluation


def _last(loss: Node) -> object:
    return getattr(loss, "_last_evaluation", None)


def _others(loss: Node) -> bool:
    """Return whether a living session has another evaluation of the loss than the last one."""
    last = _last(loss)
    return any(session.evaluations.get(loss, last) is not last for session in _sessions())


def compute_gradient(loss: Node, session: Session | None = None) -> dict[Node, Array]:
    """Return the gradient of the loss with respect to every node that leads to it, at the values of its last run.

    Each gradient has its node's shape. The session may be left out where it is the only one that has run the loss.
    Raises GraphError where none has, or several have, ShapeError where the loss is not one number, GradientError where
    a gradient function is missing or wrong, NonFiniteError.
    """
    evaluation = last_evaluation(loss, session)
    with quiet():
        gradients = evaluation.gradients(loss)
    if is_watched():
        owner = next((each for each in _sessions() if each.evaluations.get(loss) is evaluation), None)
        # who asked may clip the gradients in their place
        notify(GradientComputed(loss, session or owner, evaluation, gradients.copy()))
    return gradients


def _nodes(fetches: Any) -> tuple[Node, ...]:
    if not isinstance(fetches, list | tuple):
        raise GraphError(f"{fetches!r} is not a node; run takes a node or a list of nodes.")
    for node in fetches:
        if not isinstance(node, Node):
            raise GraphError(f"{node!r} is not a node; run takes a node or a list of nodes.")
    return tuple(fetches)
