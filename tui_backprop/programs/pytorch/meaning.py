"""What a function of torch means: nodes of ours that compute the same, where there are such.

Where there are none, the function is a node of its own (`foreign.py`).
"""

from __future__ import annotations

from typing import Any

import minidl_core as dl
from minidl_core import MinidlError, Node

from . import array_functions, layers, recurrent  # noqa: F401 (they note what they know in `meanings`)
from .calls import ATTENTION, Call, Slot
from .known import Several, meanings

_RESHAPING = frozenset(
    ("reshape", "view", "flatten", "unflatten", "view_as", "reshape_as", "ravel", "squeeze", "unsqueeze")
)
_REPEATING = frozenset(("expand", "expand_as", "broadcast_to", "broadcast_tensors"))


_IN_TWO_WAYS = frozenset(("cross_entropy_loss", "nll_loss", "nll_loss_nd", ATTENTION))
"""Those that are told whether a call `is_plain`."""


def meaning_of(call: Call, inputs: list[Node], known: dict[int, Several]) -> Node | None:
    """Return the node of ours that computes what a call did; None where there is none.

    Of a call with several results, `known` keeps the makers, by the `id` of its sources.
    """
    if id(call.sources) in known:
        return known[id(call.sources)][call.output or 0]()
    word = call.name if call.name in meanings else call.name.strip("_")
    if word in _RESHAPING:
        return dl.reshape(inputs[0], shape=call.shape)
    if word in _REPEATING:
        return dl.broadcast_to(inputs[call.output or 0], shape=call.shape)
    meaning = meanings.get(word) or meanings.get(word.removeprefix("i"))
    if meaning is None or not (call.is_plain or word in _IN_TWO_WAYS):
        return None

    def filled(value: Any) -> Any:
        if isinstance(value, Slot):
            return inputs[value.number]
        if type(value) in (tuple, list):
            return type(value)([filled(each) for each in value])
        return value

    kwargs = {name: filled(each) for name, each in call.kwargs.items()}
    if call.output is not None:
        kwargs["output"] = call.output
    if not call.is_plain:
        kwargs["is_plain"] = False
    try:
        node = meaning(*filled(call.args), **kwargs)
        if isinstance(node, tuple):
            known[id(call.sources)] = node
            node = node[call.output or 0]()
    except (TypeError, ValueError, AttributeError, MinidlError):  # arguments that ours does not have
        return None
    return node if node is not None and node.shape == call.shape else None
