"""Names of the nodes of a learner's engine, from where the script keeps them."""

from __future__ import annotations

from ..execution import Execution
from ..naming import name_objects
from .noting import Noted, Site, note_of
from .walking import Walker


def name_nodes(walker: Walker, execution: Execution) -> tuple[dict[int, str], dict[int, str]]:
    """Return the names of leaves by serial number, and those of operations by their kind."""
    instances: dict[int, Noted] = {}

    def wanted(value: object) -> bool:
        if isinstance(value, Noted) and walker.node_types.get(type(value)):
            instances[id(value)] = value
            return True
        return False

    leaves: dict[int, str] = {}
    sites: dict[Site, str] = {}
    for identity, name in name_objects(vars(execution.main), wanted, execution.loop_names).items():
        note = note_of(instances[identity])
        if note is None:
            continue
        serial = getattr(note[0], "serial", None)
        if serial is not None:
            leaves[serial] = name
        elif isinstance(note[0], Site) and note[0].is_operation:
            sites.setdefault(note[0], name)
    return leaves, {n: sites[kind.site] for n, kind in enumerate(walker.kinds.seen) if kind.site in sites}
