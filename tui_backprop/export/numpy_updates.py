"""The update of each variable in NumPy: ours in a line for each term, a person's own optimizer by its source."""

from __future__ import annotations

from collections.abc import Mapping

from minidl_core import Node
from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    RMSPropOptimizer,
)

from .exported import Exported
from .sources import Sources

_MOMENTS = (
    "{m} = {beta1} * {m} + (1 - {beta1}) * {g}",
    "{v} = {beta2} * {v} + (1 - {beta2}) * {g} ** 2",
)
_UNPULLED = ("({m} / (1 - {beta1} ** (iteration + 1)))", "np.sqrt({v} / (1 - {beta2} ** (iteration + 1)))")
_ADAM = f"{_UNPULLED[0]} / ({_UNPULLED[1]} + {{epsilon}})"

TEXTS: Mapping[type[Optimizer], tuple[str, ...]] = {
    GradientDescentOptimizer: ("{w} = {w} - rate * {g}",),
    MomentumOptimizer: ("{v} = {momentum} * {v} + {g}", "{w} = {w} - rate * {glide}"),
    RMSPropOptimizer: (
        "{v} = {decay} * {v} + (1 - {decay}) * {g} ** 2",
        "{w} = {w} - rate * {g} / (np.sqrt({v}) + {epsilon})",
    ),
    AdamOptimizer: (*_MOMENTS, f"{{w}} = {{w}} - rate * {_ADAM}"),
    AdamWOptimizer: (*_MOMENTS, f"{{w}} = {{w}} - rate * ({_ADAM} + {{weight_decay}} * {{w}})"),
}


def update_lines(exported: Exported, slopes: Mapping[Node, str], sources: Sources) -> tuple[list[str], list[str]]:
    """Return the lines that make what the optimizer keeps, and those of the update; `slopes` name the gradients."""
    optimizer = exported.optimizer
    texts = TEXTS.get(type(optimizer))
    gradients = [slopes[variable] for variable in exported.variables]
    lines = [] if len(exported.rates) == 1 else ["rate = rates[iteration]"]
    if optimizer.clip_norm is not None:
        lines.append(f"length = np.sqrt(sum(np.sum(g ** 2) for g in [{', '.join(gradients)}]))")
    slots: list[str] = []
    for variable in exported.variables:
        name, slope = exported.names[variable], slopes[variable]
        kept = {slot: exported.own_names.take(f"{slot}_{name}") for slot in optimizer.slots}
        slots += [f"{each} = np.zeros({name}.shape)" for each in kept.values()]
        given = {each: getattr(optimizer, each) for each in optimizer.settings} | kept | {"w": name, "g": slope}
        lines += [line.format(**given) for line in _in_front(optimizer)]
        if texts is None:
            lines += _sourced(exported, name, given, sources)
            continue
        if isinstance(optimizer, MomentumOptimizer):
            glide = "({g} + {momentum} * {v})" if optimizer.nesterov else "{v}"
            given["glide"] = glide.format(**given)
        lines += [line.format(**given) for line in texts]
    return slots, lines


def _in_front(optimizer: Optimizer) -> list[str]:
    texts = {
        "clip_value": "{g} = np.clip({g}, -{clip_value}, {clip_value})",
        "clip_norm": "{g} = {g} * ({clip_norm} / max(length, {clip_norm}))",
        "weight_decay": "{g} = {g} + {weight_decay} * {w}",
    }
    return [texts[each.setting] for each in optimizer.in_front]


def _sourced(exported: Exported, name: str, given: Mapping[str, object], sources: Sources) -> list[str]:
    """Return the lines that call a person's own rule, which returns its terms, the step as the last."""
    optimizer = exported.optimizer
    kind = type(optimizer).__name__
    function = sources.take(optimizer.compute, kind)
    known = {**given, "t": "iteration + 1", "learning_rate": "rate"}
    known |= {each: repr(value) for each, value in optimizer.fixed.items() if each not in known}
    terms = exported.own_names.take(f"terms_of_{name}")
    arguments = ", ".join(f"{each}={known[each]}" for each in optimizer.by_name.names)
    kept = [f"{given[slot]} = {terms}[{place}]" for slot, place in optimizer.slots.items()]
    return [f"{terms} = {function}({arguments})", *kept, f"{name} = {name} - {terms}[-1]"]
