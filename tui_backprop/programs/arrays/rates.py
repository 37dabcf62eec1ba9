"""The learning rate among the factors that the updates of a step multiply their gradients with."""

from __future__ import annotations

import ast
import linecache
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from math import prod

from .found import Factor, Found

_MOST = 6
_SMALL = 0.5


class Rates:
    """Finds the learning rates of the steps of a run; the numbers `written` in its source are likelier than others."""

    def __init__(self, steps: Iterable[Mapping[int, Sequence[Found]]], written: Collection[float]) -> None:
        ways = [[each[-1].factors for each in found.values() if each and not each[-1].is_by_unknown] for found in steps]
        lines = [{factor.line for way in step for factor in way} for step in ways]
        # what is done to a gradient before its update, or now and then, is no rate
        self._lines_of_all = set[object]().union(*lines[:1]).intersection(*lines[1:])
        factors = [factor for step in ways for way in step for factor in way]
        self._lines_of_moments = {each.line for each in factors if each.is_of_rule and not each.is_inline}
        self._written = written

    def of_step(self, found: Mapping[int, Sequence[Found]]) -> Iterator[Mapping[int, float]]:
        """Yield what may be the learning rate of each weight, the likeliest first.

        It is one for all of them: a factor that all updates have, or several. What only some have belongs to the
        gradients. But where all are multiplied alike, or by one factor each, each may have a rate of its own, and so
        may those with a velocity. Where no rule of updates has a factor, it is one on a line of all steps.
        """
        # what takes off nothing, as where the input of a weight is 0, does not say by how much it is multiplied
        known = {number: each for number, each in found.items() if each and not each[-1].is_by_unknown}
        ways = {number: each[-1].factors for number, each in known.items() if each[-1].value.any()}
        if not ways:
            yield {}
            return
        yield from self._of_ways(ways, found)
        # by a rule that knows more than the gradient a weight says nothing of the rate of the others
        plain = {number: way for number, way in ways.items() if not any(each.is_bare for each in known[number])}
        if 0 < len(plain) < len(ways):
            yield from self._of_ways(plain, plain)

    def _of_ways(self, ways: Mapping[int, Sequence[Factor]], found: Collection[int]) -> Iterator[Mapping[int, float]]:
        common = self._shared(list(ways.values()))
        inline = [each.value for each in common if each.is_inline]
        # of lr * dW / n the gradient is multiplied with the rate first
        rate = inline[-1] if inline else common[0].value if common else 1.0
        others = [each.value for each in common]
        if common:
            others.remove(rate)
        for count in range(len(others) + 1):
            for more in combinations(others, count):
                yield dict.fromkeys(found, prod(sorted((rate, *more))))
        yield from _of_lines(ways, found)
        shares = {number: self._of_velocity(way, common) for number, way in ways.items()}
        if any(shares.values()):
            yield {number: prod(sorted((rate, *shares.get(number, ())))) for number in found}

    def _shared(self, ways: Sequence[Sequence[Factor]]) -> list[Factor]:
        """Return the factors that all weights have: those of a rule, or on lines of all steps, where there are some."""
        shared = _common(ways)
        of_rules = [each for each in shared if each.is_of_rule]
        return (of_rules or [each for each in shared if each.line in self._lines_of_all] or shared)[:_MOST]

    def is_divided(self, rate: float, multiple: float) -> bool:
        """Return whether a rate is one that was written, divided by the multiple of the loss: lr / len(X) * dW.

        Where no rate was seen at all, a small one may be in the gradients, as in 0.1 * X.T @ d; 2 is that of a square.
        """
        is_unwritten = (rate == 1 and multiple < _SMALL) or _rounded(rate) not in self._written
        return is_unwritten and _rounded(rate * multiple) in self._written

    def _of_velocity(self, way: Sequence[Factor], common: Sequence[Factor]) -> list[float]:
        """Return the factors of rules that only a weight with a velocity has, such as 0.1 of 0.9 * m + 0.1 * g."""
        own = [each for each in way if each.is_of_rule or each.line in self._lines_of_moments]
        for factor in common:
            same = next((each for each in own if _rounded(each.value) == _rounded(factor.value)), None)
            if same is not None:
                own.remove(same)
        return [each.value for each in own] if any(each.line in self._lines_of_moments for each in own) else []


def written_numbers(files: Iterable[str]) -> set[float]:
    """Return the numbers that stand in the source of some files."""
    found: set[float] = set()
    for file in files:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            tree = ast.parse("".join(linecache.getlines(file)))
            constants = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
            found |= {_rounded(each) for each in constants if isinstance(each, int | float)}
    return found


def _of_lines(ways: Mapping[int, Sequence[Factor]], found: Collection[int]) -> Iterator[Mapping[int, float]]:
    """Yield what the lines of the updates themselves multiply with: one rate for all weights, or one for each."""
    in_lines = {number: [each.value for each in way if each.is_inline] for number, way in ways.items()}
    if len({_rounded(prod(line)) for line in in_lines.values()}) == 1:
        yield dict.fromkeys(found, prod(sorted(next(iter(in_lines.values())))))
    elsewhere = [Counter(_rounded(each.value) for each in way if not each.is_inline) for way in ways.values()]
    lengths = {len(line) for line in in_lines.values()}
    # one factor beside what was found on other lines can be nothing but a rate
    if lengths == {1} or (len(lengths) == 1 and all(each == elsewhere[0] for each in elsewhere)):
        yield {number: prod(sorted(line)) for number, line in in_lines.items()}


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
