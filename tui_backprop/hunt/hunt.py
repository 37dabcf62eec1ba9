"""A hunt: what was looked at to find a mistake, what was guessed, and what both cost."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from minidl_core import Node, Operation

from .mutants import KINDS, Mutant

WRONG_COSTS = 3
"""So many looks a wrong guess costs."""
GIVING_UP = "0"
"""What is typed in place of the number of a kind by who gives up."""

_WRITTEN = re.compile(r"\s*(.*?)[\s:]+(\d+)\s*")


class GuessError(ValueError):
    """What was typed is no guess; the message says how one is written."""


class Guess(NamedTuple):
    """Which node or operation is `broken`, and how: a `kind` of mistake; None where somebody gives up."""

    broken: str
    kind: str | None

    def __str__(self) -> str:
        return "given up" if self.kind is None else f"{self.broken}: {self.kind}"


class Hunt:
    """What somebody does to find a mistake, each look counted once; steps, and what stands there by itself, are free.

    `guesses` are all that were made, `is_over` says whether one of them was right, or the mistake was told.
    """

    def __init__(self, mutant: Mutant, clock: Callable[[], float] = time.monotonic) -> None:
        self._mutant = mutant
        self._clock = clock
        self._begun = clock()
        self._looks: dict[tuple[Any, ...], None] = {}
        self._looks_before = 0
        self._lasted: float | None = None
        self.guesses: list[Guess] = []

    def begin_again(self) -> None:
        """Forget what was looked at and guessed."""
        self._begun, self._looks_before, self._lasted = self._clock(), 0, None
        self._looks.clear()
        self.guesses.clear()

    @property
    def kind(self) -> str:
        """The kind of the mistake."""
        return self._mutant.kind

    @property
    def answer(self) -> Guess:
        """The guess that is right."""
        return Guess(self._mutant.broken, self._mutant.kind)

    @property
    def reason(self) -> str:
        """What is wrong and where, in a short sentence without its stop."""
        return self._mutant.reason

    @property
    def rule(self) -> str:
        """What is right, where that is a formula, in a sentence; empty where the reason says it."""
        return self._mutant.rule

    def is_right(self, guess: Guess) -> bool:
        """Return whether a guess names what is broken, and the kind of the mistake."""
        return guess.kind == self._mutant.kind and self._mutant.breaks(guess.broken)

    @property
    def is_found(self) -> bool:
        """Whether somebody has found it."""
        return any(map(self.is_right, self.guesses))

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to find."""
        return self._lasted is not None

    @property
    def wrong(self) -> int:
        """How many guesses were wrong."""
        return sum(guess.kind is not None and not self.is_right(guess) for guess in self.guesses)

    @property
    def looks(self) -> int:
        """How many looks it took so far, with what wrong guesses cost."""
        return self._looks_before + len(self._looks) + WRONG_COSTS * self.wrong

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return self._clock() - self._begun if self._lasted is None else self._lasted

    def look(self, *what: object) -> None:
        """Count a look at something, the same thing once; none when it is over."""
        if not self.is_over:
            self._looks[what] = None

    def guess(self, guess: Guess) -> bool:
        """Take a guess, and return whether it is right; a right one, and giving up, end the hunt."""
        self.guesses.append(guess)
        if guess.kind is None or self.is_right(guess):
            self._lasted = self.seconds
        return self.is_right(guess)

    def written(self) -> dict[str, Any]:
        """Return what is kept of it in a session's file."""
        guesses = [{"broken": each.broken, "kind": each.kind, "right": self.is_right(each)} for each in self.guesses]
        looks = self._looks_before + len(self._looks)
        looked_at = [list(what) for what in self._looks]
        return {"looks": looks, "looked at": looked_at, "seconds": round(self.seconds, 1), "guesses": guesses}

    def take_up(self, says: Mapping[str, Any]) -> None:
        """Go on from what was kept; raises KeyError, TypeError or ValueError where that is damaged."""
        self._looks = {_of_lists(what): None for what in says.get("looked at", ())}
        self._looks_before = int(says["looks"]) - len(self._looks)
        self._begun = self._clock() - float(says["seconds"])
        for guess in read_guesses(says):
            self.guess(guess)


def read_guesses(says: Mapping[str, Any]) -> list[Guess]:
    """Return the guesses that were kept; raises KeyError or TypeError where they are damaged."""
    return [Guess(str(each["broken"]), None if each["kind"] is None else str(each["kind"])) for each in says["guesses"]]


def _of_lists(what: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_of_lists(each) if isinstance(each, list) else each for each in what)


def read_guess(text: str, in_view: str, nodes: Sequence[Node]) -> Guess:
    """Return the guess that was typed as `b 7`, or as `7` where the node in view is meant; raises GuessError."""
    names = {node.name for node in nodes} | {node.kind for node in nodes if isinstance(node, Operation)}
    match = _WRITTEN.fullmatch(f"{in_view} {text}" if text.strip().isdecimal() else text)
    name, number = ("", "") if match is None else match.groups()
    if number == GIVING_UP:
        return Guess("", None)
    if not name:
        raise GuessError(
            "Type a node or an operation and the number of what is wrong there, as in "
            f"{f'{in_view} 3' if in_view else example_guess(nodes)}."
        )
    if name not in names:
        raise GuessError(f"There is no node or operation {name}; there are {', '.join(sorted(names))}.")
    if not 1 <= int(number) <= len(KINDS):
        raise GuessError(
            f"There is no number {number}: what can be wrong is 1 to {len(KINDS)}, and {GIVING_UP} gives up."
        )
    return Guess(name, KINDS[int(number) - 1].kind)


def example_guess(nodes: Sequence[Node]) -> str:
    """Return a guess as it can be typed of these nodes: their first operation takes the wrong operand."""
    return f"{next(node.kind for node in nodes if isinstance(node, Operation))} 3"


def written_kinds() -> list[str]:
    """Return what can be wrong, each with its number, and how to give up."""
    return [*(f"{at:2}  {kind.sentence}" for at, kind in enumerate(KINDS, 1)), f"{GIVING_UP:>2}  I give up: tell me."]
