"""One gap tried in a process of its own: what it takes from there, time or memory, does not come back.

Run as a script, it reads what is to be tried from its input; it imports nothing of this package.
"""

from __future__ import annotations

import io
import json
import math
import re
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from typing import Any

_STARTS = {"a": 2.0, "b": -3.0, "c": 0.5}
_TRIALS: Mapping[int, Sequence[str]] = {
    1: ("a + b", "a + a", "(a + b) * a", "(b + a) * a"),
    2: ("a * b", "a * a", "(a * b) + a", "(b * a) + a"),
    3: ("c.relu()", "b.relu()", "c.relu() * c"),
    4: ("a", "a + b", "(c * c).relu() + c", "(c + (c * b)) * (c * b)"),
}
"""Formulas of a, b and c whose gradients show whether a gap is right; the last gap shows in the training itself."""

_LONGEST = 5.0
"""So many seconds a gap may take: a right one takes a few thousandths."""
_MOST_MEMORY = 1 << 29


class RunawayError(Exception):
    """A gap took all the time or memory that it was given; the message says which."""


def find_mistake(number: int, text: str, solution: str) -> str:
    """Return what goes wrong in an engine with one gap filled by a learner; empty where nothing does.

    Raises RunawayError where that does not end, or takes too much memory.
    """
    asked = json.dumps([number, text, solution]).encode()  # noqa: TID251 (three that JSON knows)
    try:
        ended = subprocess.run(
            [sys.executable, "-P", __file__],  # -P: a module of the learner's folder is none of the library's
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RunawayError(
            f"it did not end: after {_LONGEST:g} s it was stopped; which loop goes on for ever?"
        ) from error
    if ended.returncode:
        raise RunawayError(f"it ended the whole process in which it was tried, with status {ended.returncode}")
    why, takes_all = json.loads(ended.stdout.splitlines()[-1])
    if takes_all:
        raise RunawayError(why)
    return str(why)


def _limit_memory(most: int | None) -> None:
    """Let this process take so much memory, or as much as it may; some systems know of no limit."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard if most is None else most, hard))


def _mistake(number: int, text: str, solution: str) -> tuple[str, bool]:
    """Return what goes wrong, and whether it is that all memory was taken."""
    right = _run(solution)
    _limit_memory(_MOST_MEMORY)
    try:
        with redirect_stdout(io.StringIO()):
            return _parted_from(right, number, _run(text)), False
    except BaseException as error:  # it is the learner's
        _limit_memory(None)
        return _said(error, text), isinstance(error, MemoryError)


def _parted_from(right: Mapping[str, Any], number: int, tried: Mapping[str, Any]) -> str:
    """Say where an engine's numbers part from the right ones; nothing where they do not."""
    for formula in _TRIALS.get(number, ()):
        wrong = _parted(formula, _gradients(formula, tried), _gradients(formula, right))
        if wrong:
            return wrong
    if number not in _TRIALS:
        for name in ("w", "b"):
            for what in ("grad", "data"):
                found, wanted = getattr(tried[name], what), getattr(right[name], what)
                if not _same(found, wanted):
                    return f"after the last step {name}.{what} is {_text(found)} and should be {_text(wanted)}"
    return ""


def _run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exercise"}
    exec(compile(text, "exercise", "exec", dont_inherit=True), names)
    return names


def _gradients(formula: str, names: Mapping[str, Any]) -> dict[str, object]:
    values = {name: names["Value"](start) for name, start in _STARTS.items() if re.search(rf"\b{name}\b", formula)}
    eval(formula, dict(values)).backward()
    return {name: value.grad for name, value in values.items()}


def _parted(formula: str, found: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """Say of which node the gradients differ; nothing where none does."""
    for name, gradient in wanted.items():
        if not _same(found[name], gradient):
            where = ", ".join(f"{each} = {_STARTS[each]:g}" for each in found)
            return f"in {formula} at {where}: {name}.grad is {_text(found[name])} and should be {_text(gradient)}"
    return ""


def _same(found: object, wanted: object) -> bool:
    assert isinstance(wanted, float)
    return isinstance(found, int | float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)


def _text(number: object) -> str:
    return f"{number:.6g}" if isinstance(number, int | float) else f"{number!r:.40}"


def _said(error: BaseException, text: str) -> str:
    """Say what was raised, and by which line."""
    if isinstance(error, SyntaxError):
        return f"{(error.text or '').strip()!r} is not Python: {error.msg}"
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == "exercise"]
    where = f" by {text.splitlines()[lines[-1] - 1].strip()!r}" if lines else ""
    return f"{type(error).__name__} is raised{where}: {error}"


if __name__ == "__main__":
    said = json.dumps(_mistake(*json.load(sys.stdin)))  # noqa: TID251 (imports nothing; a text and a truth value)
    print(f"\n{said}")
