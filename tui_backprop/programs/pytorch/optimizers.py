"""Which optimizer of ours makes the step that one of torch made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minidl_core.arrays import Array
from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    RMSPropOptimizer,
)

_CLIPPED = 1e-5


def optimizer_like(theirs: Any, clipping: Mapping[str, float]) -> Optimizer | None:
    """Return our optimizer with the settings of theirs, and those by which gradients are clipped.

    None where ours makes no such step: with another rule, or other settings for some of the parameters.
    """
    groups = [{key: value for key, value in group.items() if key != "params"} for group in theirs.param_groups]
    if any(group != groups[0] for group in groups[1:]):
        return None
    made = _LIKE.get(type(theirs).__name__)
    if made is None or any(groups[0].get(flag) for flag in ("maximize", "amsgrad", "centered")):
        return None
    steps = {float(state["step"]) for state in theirs.state.values() if "step" in state}
    if len(steps) > 1:
        return None
    optimizer = made({name: _plain(value) for name, value in groups[0].items()})
    for name, value in clipping.items():
        setattr(optimizer, name, value)
    return optimizer


def _plain(value: Any) -> Any:
    return float(value) if hasattr(value, "item") else value


def clipping_of(gradients: Sequence[tuple[Array, Array | None]]) -> Mapping[str, float] | None:
    """Return the settings of ours that clip gradients as clip_grad_norm_ or clip_grad_value_ did, if one did.

    They are, of each parameter, the one that an optimizer used and the one that the last backward call found. None
    where the first was made from the second in another way.
    """
    if any(found is None and used.any() for used, found in gradients):
        return None
    pairs = [(np.ravel(used), np.ravel(used if found is None else found)) for used, found in gradients]
    if all(np.array_equal(used, found) for used, found in pairs):
        return {}
    used, found = (np.concatenate(each) for each in zip(*pairs, strict=True))
    most = np.max(np.abs(used))
    if np.array_equal(used, np.clip(found, -most, most)):
        return {"clip_value": float(str(most))}
    if not found.any():
        return None
    used, found = used.astype(float), found.astype(float)
    ratio = float(used @ found / (found @ found))
    if not (0 < ratio < 1 and np.allclose(used, ratio * found, rtol=_CLIPPED, atol=0)):
        return None
    length = ratio * float(np.sqrt(found @ found))
    shortest = (float(f"{length:.{digits}g}") for digits in range(1, 10))
    return {"clip_norm": next((each for each in shortest if abs(each - length) <= _CLIPPED * length), length)}


def _descent(group: Mapping[str, Any]) -> Optimizer | None:
    rate, decay = group["lr"], group["weight_decay"]
    if not group["momentum"]:
        return GradientDescentOptimizer(rate, weight_decay=decay)
    if group["dampening"]:
        return None
    return MomentumOptimizer(rate, group["momentum"], bool(group["nesterov"]), weight_decay=decay)


def _of_moments(group: Mapping[str, Any]) -> Optimizer:
    kind = AdamWOptimizer if group["decoupled_weight_decay"] else AdamOptimizer
    beta1, beta2 = map(float, group["betas"])
    return kind(group["lr"], beta1, beta2, group["eps"], weight_decay=group["weight_decay"])


def _by_size(group: Mapping[str, Any]) -> Optimizer | None:
    if group["momentum"]:
        return None
    return RMSPropOptimizer(group["lr"], group["alpha"], group["eps"], weight_decay=group["weight_decay"])


_LIKE: Mapping[str, Callable[[Mapping[str, Any]], Optimizer | None]] = {
    "SGD": _descent,
    "Adam": _of_moments,
    "AdamW": _of_moments,
    "RMSprop": _by_size,
}
