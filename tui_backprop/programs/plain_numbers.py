"""Which of a script's variables it updates in a loop as plain Python numbers: those leave no trace of a computation."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .numpy_loop import ENGINES, imported_by
from .update_lines import stepped


def updated_number(source: str, namespace: Mapping[str, object]) -> tuple[str, bool] | None:
    """Return the first variable or attribute from which a loop takes a step, and which is a number or holds some.

    Whether it is one is known where it is in the namespace; one that is a function's own may be anything. A source that
    imports an engine or has a class of its own with a backward pass trains by that, so there is none.
    """
    tree = ast.parse(source)
    if _has_engine(tree):
        return None
    found: list[tuple[bool, str, bool]] = []
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While)):
        for place, is_sure in stepped(loop):
            name, *attributes = place.split(".")
            value = namespace.get(name)
            for each in attributes:
                value = _held(value).get(each)
            if name not in namespace or _is_plain(value):
                found.append((is_sure, place, name in namespace))
    if not found:
        return None
    # what is a function's own may be the sum of a forward pass
    best = found[0] if found[0][2] else next((each for each in found if each[0]), found[0])
    return best[1:]


def _has_engine(tree: ast.Module) -> bool:
    methods = (each for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for each in node.body)
    has_backward = any(isinstance(each, ast.FunctionDef) and each.name == "backward" for each in methods)
    return has_backward or not imported_by(tree).isdisjoint(ENGINES)


def _held(owner: object) -> Mapping[str, object]:
    """Return the attributes of an object, without a call of its own code."""
    try:
        held = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return {}
    return held if isinstance(held, Mapping) else {}


def _is_plain(value: object) -> bool:
    while type(value) in (list, dict) and value:
        value = next(iter(value.values() if isinstance(value, dict) else value))  # type: ignore[call-overload]
    return type(value) is float
