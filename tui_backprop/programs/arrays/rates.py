"""The learning rate among the factors that the updates of a step multiply their gradients with."""

from __future__ import annotations

import ast
import linecache
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from math import prod

from .gradients import Factor, Found

_MOST = 6


def rates_of(found: Mapping[int, Sequence[Found]], lines_of_all: Collection[object]) -> Iterator[Mapping[int, float]]:
    """Yield what may be the learning rate of each weight, the likeliest first.

    It is one for all of them: a factor that all updates have, or several. What only some have belongs to the gradients.
    But where all are multiplied alike, each may have a rate of its own. Where no rule of updates has a factor, it is
    one of the `lines_of_all` steps: what is done to a gradient before its update, or now and then, is no rate.
    """
    # what takes off nothing, as the gradient of a weight whose input is 0, does not say by how much it is multiplied
    ways = {number: each[-1].factors for number, each in found.items() if each and each[-1].value.any()}
    if not ways:
        yield {}
        return
    common = _common(list(ways.values()))
    of_rules = [each for each in common if each.is_of_rule]
    common = (of_rules or [each for each in common if each.line in lines_of_all] or common)[:_MOST]
    inline = [each.value for each in common if each.is_inline]
    # of lr * dW / n the gradient is multiplied with the rate first
    rate = inline[-1] if inline else common[0].value if common else 1.0
    others = [each.value for each in common]
    if common:
        others.remove(rate)
    for count in range(len(others) + 1):
        for more in combinations(others, count):
            yield dict.fromkeys(found, prod(sorted((rate, *more))))
    lines = {number: [each.value for each in way if each.is_inline] for number, way in ways.items()}
    elsewhere = [Counter(_rounded(each.value) for each in way if not each.is_inline) for way in ways.values()]
    if len({len(line) for line in lines.values()}) == 1 and all(each == elsewhere[0] for each in elsewhere):
        yield {number: prod(sorted(line)) for number, line in lines.items()}


def lines_of_factors(steps: Iterable[Mapping[int, Sequence[Found]]]) -> set[object]:
    """Return the lines on which all of these steps multiply gradients on their way into an update."""
    lines = [{factor.line for each in found.values() if each for factor in each[-1].factors} for found in steps]
    return set[object]().union(*lines[:1]).intersection(*lines[1:])


def written_numbers(files: Iterable[str]) -> set[float]:
    """Return the numbers that stand in the source of some files."""
    found: set[float] = set()
    for file in files:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            tree = ast.parse("".join(linecache.getlines(file)))
            constants = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
            found |= {_rounded(each) for each in constants if isinstance(each, int | float)}
    return found


def is_divided(rate: float, multiple: float, written: Collection[float]) -> bool:
    """Return whether a rate is one that was written, divided by the multiple of the loss: lr / len(X) * dW."""
    return _rounded(rate) not in written and _rounded(rate * multiple) in written


def _common(ways: Sequence[Sequence[Factor]]) -> list[Factor]:
    """Return the factors that all ways have, in the order of the first."""
    left = [Counter(_rounded(each.value) for each in way) for way in ways[1:]]
    found: list[Factor] = []
    for factor in ways[0]:
        value = _rounded(factor.value)
        if all(each[value] for each in left):
            found.append(factor)
            for each in left:
                each[value] -= 1
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")
