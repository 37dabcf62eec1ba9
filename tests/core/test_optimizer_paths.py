"""On random graphs every optimizer, with every option, trains to the same bits on every path and from every state."""

import re
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl_core as dl

from .random_graphs import recipes

_TRAIN = dl.train
_RATES = st.sampled_from(
    [0.01, _TRAIN.StepRate(0.05, 0.5, 2), _TRAIN.CosineRate(0.05, 4), _TRAIN.WarmUp(3, 0.02), lambda t: 0.03 / t]
)
_MAKERS = st.sampled_from(
    [
        _TRAIN.GradientDescentOptimizer,
        lambda *rate, **options: _TRAIN.MomentumOptimizer(*rate, 0.9, **options),
        lambda *rate, **options: _TRAIN.MomentumOptimizer(*rate, 0.9, nesterov=True, **options),
        _TRAIN.RMSPropOptimizer,
        _TRAIN.AdamOptimizer,
        _TRAIN.AdamWOptimizer,
    ]
)
_OPTIONS = st.fixed_dictionaries(
    {}, optional={"weight_decay": st.sampled_from([0.0, 0.1]), "clip": st.sampled_from(["value", "norm"])}
)


@st.composite
def optimizers(draw):
    options = draw(_OPTIONS)
    clip = options.pop("clip", None)
    return draw(_MAKERS)(draw(_RATES), **options, **({f"clip_{clip}": 0.1} if clip else {}))


def _bits(value):
    """The bits of arrays in events, states and memories, however deep."""
    match value:
        case np.ndarray() | np.float64():
            return value.shape, value.tobytes()
        case tuple() | list():
            return [_bits(each) for each in value]
        case dict() | MappingProxyType():
            return {key: _bits(each) for key, each in value.items()}
        case dl.train.ComputedTerm():
            return [value.term, _bits(value.value), _bits(value.before)]
        case dl.State():
            return [_bits(each) for each in vars(value).values()]
        case _ if type(value).__module__ == "minidl_core.events":
            return [type(value), *(_bits(getattr(value, name)) for name in value.__slots__)]
        case _:
            return value


def _minimized(recipe, optimizer):
    """A step on the recipe's loss, or None where no variable leads to it."""
    nodes, _ = recipe.build()
    try:
        return optimizer.minimize(nodes[-1])
    except dl.GraphError:
        return None


@settings(max_examples=80, deadline=None)
@given(recipes(6), optimizers())
def test_every_path_and_every_state_has_the_same_bits(recipe, optimizer):
    step = _minimized(recipe, optimizer)
    if step is None:
        return
    fast, slow, by_running = dl.Stepper(step), dl.Stepper(step), dl.Session()
    states, seen = [], []
    for _ in range(5):
        states.append(slow.state())
        try:
            seen.append(_bits(list(slow.iteration())))
        except dl.NonFiniteError as diverged:
            for way in (lambda: fast.run(1), lambda: by_running.run(step)):
                with pytest.raises(dl.NonFiniteError, match=re.escape(str(diverged))):
                    way()
            return
        [loss] = fast.run(1)
        assert loss == float(by_running.run(step))
        end = _bits(slow.state())
        assert end == _bits(fast.state())
        assert end[1] == _bits(by_running.variables)
        assert end[4] == _bits(by_running.memories[optimizer])
    for again in (3, 0, 2):
        slow.restore(states[again])
        assert _bits(list(slow.iteration())) == seen[again]
        fast.restore(states[again])
        fast.run(5 - again)
        assert _bits(fast.state()) == end
