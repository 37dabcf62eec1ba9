"""How the hunts of somebody went, in a file: which kinds of mistakes were found, and at what cost.

The kind that was found worst comes first when somebody hunts again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from platformdirs import user_data_path

from ..complaints import complain
from ..debugger.message import Message
from ..hunt.hunt import Guess, Hunt
from ..hunt.mutants import KINDS
from ..hunt.planting import kinds_by
from .kept_json import read_json, write_json

_GIVEN_UP = 20
"""So many looks it counts as where a mistake was not found."""
_UNTRIED = 8.0
"""What a kind is taken to cost that was never hunted: it comes behind what went badly, before what went well."""


def scores_path() -> Path:
    """Return where the file is, whether or not it is there."""
    return user_data_path("backprop-tui", appauthor=False) / "hunts.json"


def read_scores() -> tuple[dict[str, list[int]] | None, str]:
    """Return by kind of mistake what each hunt for one cost, in looks, and a warning where the file was damaged.

    A damaged one is kept aside, and begun anew. None is returned where that, or reading it, cannot be done.
    """
    path = scores_path()
    try:
        scores, warning = read_json(path, _understand)
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}"
    return scores or {}, warning


def _understand(says: Any) -> dict[str, list[int]]:
    return {str(kind): [int(cost) for cost in costs] for kind, costs in says.items()}


def take_guess(hunt: Hunt, guess: Guess, *, keeps_score: bool) -> Message:
    """Take a guess, and return the message whether it is right, and when the hunt is over, what was wrong."""
    found = hunt.guess(guess)
    score = keep_score(hunt) if hunt.is_over and keeps_score else ""
    facts = {"found": found, "over": hunt.is_over, "looks": hunt.looks, "seconds": hunt.seconds, "score": score}
    told = {"wrong": hunt.reason, "rule": hunt.rule} if hunt.is_over else {"wrong": "", "rule": ""}
    return Message("hunt", {**facts, **told})


def keep_score(hunt: Hunt) -> str:
    """Add what a hunt that is over cost, and return a warning where that cannot be kept."""
    scores, warning = read_scores()
    if scores is None:
        return warning
    scores.setdefault(hunt.kind, []).append(hunt.looks + (0 if hunt.is_found else _GIVEN_UP))
    path = scores_path()
    try:
        write_json(path, scores)
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return warning


def any_seed() -> int:
    """Return a seed that makes a mistake of a kind that was found worst so far; what is wrong with the file is said."""
    scores, warning = read_scores()
    if warning:
        complain(warning)
    return worst_seed(scores or {}, Random())


def worst_seed(scores: Mapping[str, list[int]], random: Random) -> int:
    """Return a seed of which the first kind of mistake is one that was found worst so far."""

    def cost(kind: str) -> float:
        latest = scores.get(kind, [])[-3:]
        return sum(latest) / len(latest) if latest else _UNTRIED

    worst = max(cost(kind.kind) for kind in KINDS)
    while True:
        seed = random.randrange(100_000)
        if cost(kinds_by(seed)[0].kind) == worst:
            return seed
