"""Gradients by hand in a loop of plain NumPy: under which names they are stored, and whether they are right."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from minidl_core import Node, Variable
from minidl_core.arrays import Array

from .clipping import is_clipped, is_plain_norm
from .multiples import agrees, common_factor, factor_of, rounded
from .update_lines import Used

GRADIENTS = (
    *("d_{}", "d{}", "D{}", "g_{}", "g{}", "grad_{}", "grad{}", "{}_grad", "gradient_{}", "{}_gradient", "delta_{}"),
    *("dL_d{}", "dJ_d{}", "dC_d{}", "dE_d{}", "dloss_d{}", "dcost_d{}", "dL{}", "dJ{}", "nabla_{}", "{}_slope"),
)


def stored_gradients(
    found: Mapping[str, list[Array]], variables: Mapping[str, Variable], used: Mapping[str, Used]
) -> dict[Variable, list[Array]]:
    """Return what the script stored in an iteration under a name such as dW or dw for the variable W, in order.

    Where there is no such name, it is that which the update of W uses.
    """
    stored = {
        node: [each for text in names_of(name, variables) for each in found.get(text, ()) if each.shape == node.shape]
        for name, node in variables.items()
    }
    for name, node in variables.items():
        if not stored[node] and name in used:
            own, sign = used[name]
            stored[node] = [sign * each for each in found.get(own, ()) if each.shape == node.shape]
    return {node: arrays for node, arrays in stored.items() if arrays}


def places_of(
    lines: Mapping[str, int], variables: Mapping[str, Variable], used: Mapping[str, Used], file: str
) -> dict[Node, str]:
    """Return where the script found the gradients that have names."""
    places: dict[Node, str] = {}
    for name, node in variables.items():
        names = [*names_of(name, variables), *([used[name].name] if name in used else [])]
        line = next((lines[each] for each in names if each in lines), None)
        if line is not None:
            places[node] = f"{file}:{line}"
    return places


def names_of(name: str, variables: Collection[str]) -> list[str]:
    """Return what the gradient of a variable may be called."""
    words = [name, *({name.lower()} - {name, *variables})]
    return [text.format(word) for word in words for text in GRADIENTS]


def judge_gradients(
    stored: Mapping[Variable, list[Array]], right: Mapping[Node, Array], before: Mapping[Variable, Array]
) -> tuple[dict[Node, Array], float]:
    """Return the gradients that the script found by hand, and the multiple of the right ones that they are.

    Of all that a name of one was in an iteration it is the last, which the update uses; or the right one, if the last
    is made from that as updates do: clipped, or with a share of the weight.
    """
    whole: dict[Node, Array] = {
        node: next((each for each in arrays if agrees(each, right[node])), arrays[-1])
        for node, arrays in stored.items()
    }
    scales = {rounded(factor_of(arrays[-1], whole[node])) for node, arrays in stored.items()}
    if len(scales) == 1 and 0 < max(scales) < 1 and is_plain_norm([arrays[-1] for arrays in stored.values()]):
        return whole, 1.0
    tries = []
    for place in (-1, 0):
        factor = common_factor([(arrays[place], right[node]) for node, arrays in stored.items()])
        theirs: dict[Node, Array] = {}
        for node, arrays in stored.items():
            wanted = factor * right[node]
            own = next((each for each in arrays if agrees(each, wanted)), None)
            is_right = own is not None and _is_by_rule(arrays[-1], own, before[node])
            theirs[node] = own if own is not None and is_right else arrays[-1]
        if all(agrees(each, factor * right[node]) for node, each in theirs.items()):
            return theirs, factor
        tries.append((theirs, factor))
    return tries[0]


def _is_by_rule(used: Array, gradient: Array, before: Array) -> bool:
    """Return whether a gradient was clipped, by the number or to a norm, or a share of the weight was added to it."""
    if agrees(used, gradient) or is_clipped(used, gradient):
        return True
    is_scaled = 0 < factor_of(used, gradient) < 1 and is_plain_norm([used])
    return is_scaled or 0 < factor_of(used - gradient, before) < 1
