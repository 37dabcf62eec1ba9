"""What a question must not give away is out of sight: a moment with a mask over it, for whatever draws or lists it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from minidl_core import Node
from minidl_core.arrays import Array, Shape

from ..debugger.moment import Mark, Moment
from .question import Question


@dataclass(frozen=True)
class Masked(Moment):
    """A moment without what would answer a question: who is in the queue or waits, a node's shape, later losses.

    A pane that does not know of the mask sees an empty queue, and a node without numbers. The recording behind it is
    whole: who reads that must ask first whether anything is hidden.
    """

    question: Question | None = None

    @property
    def queue_is_hidden(self) -> bool:
        """Whether nothing is known of the queue."""
        return self.question is not None and self.question.hides_queue

    @property
    def losses_until(self) -> int | None:
        """The last iteration whose loss may be seen; None for all."""
        return self.iteration - 1 if self.loss is None else None

    @property
    def queue(self) -> list[Node]:
        """The nodes in the queue, unless that is hidden."""
        return [] if self.queue_is_hidden else super().queue

    @property
    def waiting_count(self) -> int:
        """How many nodes wait for consumers, unless that is hidden."""
        return 0 if self.queue_is_hidden else super().waiting_count

    @property
    def waiting(self) -> Iterator[tuple[Node, int]]:
        """The nodes that wait for consumers, unless that is hidden."""
        return iter(()) if self.queue_is_hidden else super().waiting

    def gradient_mark(self, node: Node) -> tuple[Mark, int]:
        """Return how far the node's gradient is; its position in the queue or its count may be hidden."""
        mark, count = super().gradient_mark(node)
        is_open = self._past(self.recording.reached, node) is not None and mark not in (Mark.NOW, Mark.DONE)
        return (Mark.HIDDEN, 0) if self.queue_is_hidden and is_open else (mark, count)

    def shape(self, node: Node) -> Shape | None:
        """Return the shape of the node's value, if it is known and not hidden."""
        return None if self._hides(node) else super().shape(node)

    def value(self, node: Node) -> Array | None:
        """Return the node's value, if there is one and its shape is not hidden."""
        return None if self._hides(node) else super().value(node)

    def _hides(self, node: Node) -> bool:
        return self.question is not None and node is self.question.hides_shape_of


def mask(moment: Moment, question: Question | None) -> Moment:
    """Return the moment as it may be seen while a question stands; without one, the moment itself."""
    if question is None:
        return moment
    return Masked(**{field.name: getattr(moment, field.name) for field in fields(Moment)}, question=question)
