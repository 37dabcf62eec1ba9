"""A screen with an inspector beside its graph: the keys that choose what is explained and go from number to number.

None of them moves time.
"""

from __future__ import annotations

from minidl_core import Node

from ..debugger.timeline import Timeline
from ..inspector import Followed, automatic_view, move_followed, views
from ..inspector.origin import choose_edge, choose_term, follow, origin_of
from .graph_screen import DIRECTIONS, GraphScreen


class InspectorScreen(GraphScreen):
    """Says which node, view and element the inspector shows; a subclass draws them.

    `followed` is the element that is followed, `_view` the view that was asked for.
    """

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.followed = Followed()
        self._view: str | None = None
        self._trail: list[tuple[Node | None, str | None, Followed]] = []

    @property
    def charts_in_inspector(self) -> list[str]:
        """The names of the charts that are views of the inspector, too."""
        raise NotImplementedError

    @property
    def node_in_view(self) -> Node | None:
        """The node that the inspector shows, and that keys about a node are about."""
        return self._graph.node or self.timeline.moment.now

    @property
    def shown_view(self) -> str:
        """The view that was asked for, or else the one that fits the phase."""
        return self._view or automatic_view(self.timeline.moment, self.node_in_view)

    def follow_time(self) -> None:
        """Show what the moment is about, in the view that fits its phase; a chart stays."""
        self._view = self._view if self._view in self.charts_in_inspector else None
        self.followed = self.followed.alone
        self._trail.clear()
        self._graph.deselect()

    def action_next_pane(self) -> None:
        """Go from the graph to the inspector, through its views and charts without a pane, and back to the graph."""
        moment, node = self.timeline.moment, self._graph.node
        there = [*views(moment, node), *self.charts_in_inspector]
        first = there.index(automatic_view(moment, node))
        there = [*there[first:], *there[:first]]
        shown = self._view if self._view in there else there[0]
        if self._on_graph:
            self._on_graph = False
        elif shown == there[-1]:
            self._on_graph, self._view = True, None
        else:
            self._view = there[there.index(shown) + 1]
        self._draw()

    def action_other_pane(self) -> None:
        """Go from the graph to the inspector or back, which keeps its view."""
        self._on_graph = not self._on_graph
        self._draw()

    def action_arrow(self, direction: str) -> None:
        """Select the next node in this direction, or follow the next element of the array in the inspector."""
        moment = self.timeline.moment
        if self._on_graph:
            self._graph.move(direction, moment)
            self.followed = self.followed.alone
        else:
            self.followed = move_followed(
                moment, self.shown_view, self.followed, *DIRECTIONS[direction], self.node_in_view
            )
        self._draw()

    def action_origin(self) -> None:
        """Go to where this number came from; while the arrow keys are the graph's, open what is folded first."""
        moment, node = self.timeline.moment, self.node_in_view
        if self._graph.folded is not None or (self._on_graph and self._graph.shows_fold(moment)):
            self.action_open()
        elif node is not None:
            there = follow(moment, self.shown_view, self.followed, node)
            if there is None:
                self._draw(f"Enter {origin_of(moment, self.shown_view, self.followed, node)}")
            else:
                self._trail.append((self._graph.node, self._view, self.followed))
                self._look_at(*there)

    def action_return(self) -> None:
        """Return to the number from which the last one was reached."""
        if self._trail:
            self._look_at(*self._trail.pop())

    def action_choose(self, what: str, which: str) -> None:
        """Choose over which edge, or by which term, the way to the followed number's origin goes."""
        node = self.node_in_view
        if node is not None:
            choose = choose_edge if what == "edge" else choose_term
            by = 1 if which == "next" else -1
            self.followed = choose(self.timeline.moment, self.shown_view, self.followed, node, by)
            self._draw()

    def action_check(self) -> None:
        """Check the gradient of the followed element by measuring it, or show again what was shown before."""
        if self.node_in_view is None:
            self._draw("no number is in view; take a step, or select a node")
        else:
            self._view = None if self._view == "check" else "check"
            self._draw()

    def _look_at(self, node: Node | None, view: str | None, followed: Followed) -> None:
        if node is None:
            self._graph.deselect()
        else:
            self._graph.select(node)
        self._view, self.followed = view, followed
        self._draw()
