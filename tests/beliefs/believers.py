"""Learners who hold a belief, written as recursion over plain dicts: what each takes for the gradients of a loss.

Nothing here knows of machines, positions or edges; only what one consumer passes on is asked of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import minidl_core as dl
from minidl_core.arrays import quiet
from minidl_core.gradients import gradient_rule, input_gradients
from minidl_core.plan import Evaluation

Given = tuple[dl.Node, Any]
"""A consumer, and one thing that it gives to an input."""


class Learner:
    """What learners see of a graph: who consumes what, in which order one visits, and what a consumer gives."""

    def __init__(self, evaluation: Evaluation, loss: dl.Node) -> None:
        self.evaluation, self.loss = evaluation, loss
        self.order: list[dl.Node] = []
        waiting = [loss]
        below = self._below(loss, {})
        while waiting:  # whoever has seen all of its consumers comes next
            node = waiting.pop(0)
            self.order.append(node)
            for source in dict.fromkeys(node.inputs):
                users = [user for user in below if source in user.inputs]
                if all(user in self.order for user in users):
                    waiting.append(source)
        self.consumers = {node: [user for user in self.order if node in user.inputs] for node in self.order}

    def _below(self, node: dl.Node, seen: dict[dl.Node, None]) -> dict[dl.Node, None]:
        if node not in seen:
            seen[node] = None
            for source in node.inputs:
                self._below(source, seen)
        return seen

    def gives(self, consumer: dl.Node, gradient: Any, to: dl.Node) -> list[Any]:
        """What a consumer with this gradient gives to an input: as many arrays as it uses that."""
        assert isinstance(consumer, dl.Operation)
        with quiet():
            given = input_gradients(gradient_rule(consumer), self.evaluation.operation(consumer), gradient)
        return [each for each, source in zip(given, consumer.inputs, strict=True) if source is to]

    def by_recursion(self, choose: Callable[[list[Given]], list[Given]]) -> dict[dl.Node, Any]:
        """All gradients, where of everything that is given to a node only what is chosen is added up."""

        @cache
        def gradient(node: dl.Node) -> Any:
            if node is self.loss:
                return self.evaluation[node] * 0 + 1.0
            given = [(user, each) for user in self.consumers[node] for each in self.gives(user, gradient(user), node)]
            return sum((each for _, each in choose(given)), 0.0)

        return {node: gradient(node) for node in self.order}

    def right(self) -> dict[dl.Node, Any]:
        """Everything counts."""
        return self.by_recursion(lambda given: given)

    def overwritten(self) -> dict[dl.Node, Any]:
        """What comes last replaces the rest."""
        return self.by_recursion(lambda given: given[-1:])

    def consumer_lost(self) -> dict[dl.Node, Any]:
        """What comes first is enough."""
        return self.by_recursion(lambda given: given[:1])

    def edge_lost(self) -> dict[dl.Node, Any]:
        """Each consumer gives one thing."""
        return self.by_recursion(lambda given: list(dict(given[::-1]).items()))

    def not_zeroed(self, before: dict[dl.Node, Any]) -> dict[dl.Node, Any]:
        """A variable has what it had."""
        return {
            node: gradient + before.get(node, 0.0) if isinstance(node, dl.Variable) else gradient
            for node, gradient in self.right().items()
        }

    def no_order(self) -> dict[dl.Node, Any]:
        """Go to a node at once if another consumer of it is still to come, else when its turn comes."""
        found: dict[dl.Node, Any] = {}
        turns, known = [self.loss], {self.loss}

        def go(node: dl.Node) -> None:
            found[node] = self._gathered(node, found)
            new = [each for each in dict.fromkeys(node.inputs) if each not in known]
            known.update(new)
            hasty = [each for each in new if any(user not in found for user in self.consumers[each])]
            turns.extend(each for each in new if each not in hasty)
            for each in hasty:
                go(each)

        while turns:
            go(turns.pop(0))
        return found

    def plain_search(self) -> dict[dl.Node, Any]:
        """Layer by layer, each node when one sees it first."""
        layer, found, known = [self.loss], dict[dl.Node, Any](), {self.loss}
        while layer:
            following: list[dl.Node] = []
            for node in layer:
                found[node] = self._gathered(node, found)
                following += [source for source in dict.fromkeys(node.inputs) if source not in known]
                known.update(node.inputs)
            layer = following
        return found

    def _gathered(self, node: dl.Node, found: dict[dl.Node, Any]) -> Any:
        """What those consumers give that have a gradient already."""
        if node is self.loss:
            return self.evaluation[node] * 0 + 1.0
        users = [user for user in self.consumers[node] if user in found]
        return sum((each for user in users for each in self.gives(user, found[user], node)), 0.0)
