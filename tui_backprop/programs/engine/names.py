"""Names of the instances that a script made, from its variables, lists, dictionaries and attributes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .attributes import stored
from .noting import Noted, Site, note_of
from .walking import Walker

_MOST = 200_000


def name_objects(namespace: Mapping[str, Any], wanted: Callable[[object], bool]) -> dict[int, str]:
    """Return by the identity of each wanted object the name that says most: `layers[0].w[3]`.

    The most structured way to it is preferred, as a flat list of all parameters says nothing of any; then a variable of
    its own, unless it is one of few in a list that have one: then a loop has left it.
    """
    nested: dict[int, tuple[int, str]] = {}
    direct: dict[int, str] = {}
    flat: dict[str, dict[int, str]] = {}
    seen: set[int] = set()
    variables = sorted(namespace.items(), key=lambda item: item[0].startswith("_"))
    pending = deque((name, value, 0, "") for name, value in variables if not name.startswith("__"))
    while pending and len(seen) < _MOST:
        name, value, depth, holder = pending.popleft()
        if isinstance(value, str | int | float):
            continue
        if wanted(value):
            if depth == 0:
                direct.setdefault(id(value), name)
            elif depth == 1:
                flat.setdefault(holder, {}).setdefault(id(value), name)
            elif depth > nested.get(id(value), (0, ""))[0]:
                nested[id(value)] = depth, name
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        inside: Iterable[tuple[str, Any]] = ()
        if type(value) in (list, tuple):
            inside = [(f"{name}[{n}]", each) for n, each in enumerate(value)]
        elif type(value) is dict:
            inside = [(f"{name}[{key!r}]", each) for key, each in value.items()]
        elif isinstance(value, Noted):
            inside = [(f"{name}.{key}", each) for key, each in stored(value).items()]
        pending.extend((called, each, depth + 1, name) for called, each in inside)
    names: dict[int, str] = {identity: name for identity, (_, name) in nested.items()}
    for held in flat.values():
        own = [identity for identity in held if identity in direct]
        if 2 * len(own) < len(held):
            for identity, name in held.items():
                names.setdefault(identity, name)
    for identity, name in direct.items():
        names.setdefault(identity, name)
    for held in flat.values():
        for identity, name in held.items():
            names.setdefault(identity, name)
    return names


def name_nodes(walker: Walker, namespace: Mapping[str, Any]) -> tuple[dict[int, str], dict[int, str]]:
    """Return the names of leaves by serial number, and those of operations by their kind."""
    instances: dict[int, Noted] = {}

    def wanted(value: object) -> bool:
        if isinstance(value, Noted) and walker.node_types.get(type(value)):
            instances[id(value)] = value
            return True
        return False

    leaves: dict[int, str] = {}
    sites: dict[Site, str] = {}
    for identity, name in name_objects(namespace, wanted).items():
        note = note_of(instances[identity])
        if note is None:
            continue
        serial = getattr(note[0], "serial", None)
        if serial is not None:
            leaves[serial] = name
        elif isinstance(note[0], Site) and note[0].is_operation:
            sites.setdefault(note[0], name)
    return leaves, {n: sites[kind.site] for n, kind in enumerate(walker.kinds.seen) if kind.site in sites}
