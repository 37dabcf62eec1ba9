"""An engine of your own: a class Value of thirty lines, and each of its gradients beside the right one."""

from __future__ import annotations

from pathlib import Path

from .lesson import Example, Lesson


def _is_read_from_its_script(seed: int) -> Example:
    raise NotImplementedError


lesson = Lesson(
    name="engine",
    summary="an engine in thirty lines of Python: a class Value, and the neuron that learns by it",
    build=_is_read_from_its_script,
    learning_rate=0.1,
    seed=None,
    script=str(Path(__file__).parents[1] / "exercise" / "value.py"),
)
