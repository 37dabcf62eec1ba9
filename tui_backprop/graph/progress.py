"""How far folded scopes have come, and what went between them: noted once as the events come, counted at any cursor."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from weakref import ref

from minidl_core import ContributionAdded, GradientCompleted, Node, NodeEvaluated, NodeVisited, VariableUpdated

from ..debugger.moment import Moment
from ..debugger.recording import Recording
from .picture import Picture


class Progress:
    """The times at which something happened in each folded scope of a picture."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._folded = any(item.scope for item in picture.items.values())
        self._forget(None)

    def _forget(self, recording: Recording | None) -> None:
        self._recording = None if recording is None else ref(recording)  # who holds it frees it
        self._read = 0
        self._times: defaultdict[tuple[type, str], list[int]] = defaultdict(list)
        self._went: dict[tuple[str, str], int] = {}

    def _keep_up(self, recording: Recording) -> None:
        if self._recording is None or self._recording() is not recording:
            self._forget(recording)
        for time in range(self._read, len(recording.events) if self._folded else 0):
            match recording.events[time]:
                case ContributionAdded(node, consumer):
                    self._went.setdefault((self.item_for(node), self.item_for(consumer)), time)
                case GradientCompleted(node) as event if node in recording.parted:
                    self._times[type(event), self.item_for(node)].append(time)
                case NodeEvaluated(node) | NodeVisited(node) | VariableUpdated(node) as event:
                    self._times[type(event), self.item_for(node)].append(time)
        self._read = len(recording.events)

    def item_for(self, node: Node) -> str:
        """Return the name of the item that a node is in."""
        return self._picture.item_for(node)

    def count(self, moment: Moment, name: str, kind: type) -> int:
        """Return how many events of a kind happened to the nodes of an item up to the moment."""
        self._keep_up(moment.recording)
        return bisect_left(self._times.get((kind, name), ()), moment.cursor)

    def count_parted(self, moment: Moment, name: str) -> int:
        """Return how many nodes of an item have another gradient in the program's own engine, up to the moment."""
        return self.count(moment, name, GradientCompleted)

    def went(self, moment: Moment, node: Node, consumer: Node) -> bool:
        """Return whether a contribution has come to the item of one node from that of the other."""
        self._keep_up(moment.recording)
        time = self._went.get((self.item_for(node), self.item_for(consumer)))
        return time is not None and time < moment.cursor
