"""What counts as a look in a hunt: what somebody asks to see; what stands there by itself is free."""

from __future__ import annotations

from ..inspector import view_named
from .viewer import Viewer


def count_look(viewer: Viewer) -> None:
    """Count in a hunt what a viewer asked for; what a step, or an arrow in the graph, shows by itself is free."""
    node, view, followed = viewer.node, viewer.shown_view, viewer.followed
    if viewer.session.hunt is None or node is None or view in viewer.other_views:
        return
    on_request = view_named(viewer.moment, view, node).on_request
    chosen = viewer.look.node is not None and (viewer.view is not None or not viewer.in_graph)
    if on_request or chosen:
        which = [followed.point, followed.entry] if on_request else []
        viewer.session.look(view, viewer.moment.iteration, node.name, *which)
