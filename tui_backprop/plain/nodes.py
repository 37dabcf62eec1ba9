"""A node as somebody names it who types commands: by its name, or by its number in the list of all."""

from __future__ import annotations

from minidl_core import Node

from ..session import Viewer
from .command_error import CommandError


def read_node(viewer: Viewer, name: str) -> Node:
    """Return the node that is named; raises CommandError where there is none."""
    nodes = viewer.moment.graph.nodes
    if name.isdecimal() and 1 <= int(name) <= len(nodes):
        return nodes[int(name) - 1]
    found = next((node for node in nodes if node.name == name), None)
    if found is None:
        raise CommandError(f"There is no node {name}; graph lists them, each with a number.")
    return found
