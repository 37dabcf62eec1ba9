"""Weights that a step has already updated when it uses them for the gradient of another one.

That is a mistake where the forward pass used what the weight was before: the gradient is then that of no function. One
of which everything is computed anew after the update, as in steps of several parts, is right for a loss of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .taken import Taken
from .tape import Note, Place


class LateRead(NamedTuple):
    """A weight, by its number, that was updated at a place, and read after that at another.

    `is_mixed` says whether what was made of it was also made of the weight as it was before.
    """

    number: int
    updated_at: Place | None
    read_at: Place | None
    is_mixed: bool


def late_reads(step: Taken, number: int) -> list[LateRead]:
    """Return the other weights that the update of one uses as they have become in the same step."""
    found: dict[int, tuple[Place | None, Place | None]] = {}
    before: set[int] = set()
    waiting, seen = [step.updates[number]], set[Note]()
    while waiting:
        note = waiting.pop()
        if note in seen:
            continue
        seen.add(note)
        for source in note.sources:
            changed = None if source.replaces is None else step.weights.get(source.replaces)
            if source in step.weights:
                before.add(step.weights[source])
            elif changed not in (None, number):
                found.setdefault(changed, (source.place, note.place))
            elif source in step.dependent:
                waiting.append(source)
    return [LateRead(each, *places, is_mixed=each in before) for each, places in found.items()]


def sentences(read: Sequence[tuple[LateRead, str, str]]) -> Iterator[str]:
    """Say which weights were updated before they were used; each comes with its name and that of the gradient."""
    by_place: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for late, weight, gradient in read:
        weights, gradients = by_place.setdefault((_text(late.updated_at), _text(late.read_at)), ({}, {}))
        weights[weight] = gradients[gradient] = None
    for (updated_at, read_at), (weights, gradients) in by_place.items():
        were, them = ("were", "them") if len(weights) > 1 else ("was", "it")
        of = f"the gradient{'s' if len(gradients) > 1 else ''} of {in_words(list(gradients))}"
        yield (
            f"{in_words(list(weights))} {were} already updated in {updated_at} when {read_at} used {them} for {of}:"
            " find all gradients before the first update."
        )


def in_words(names: Sequence[str]) -> str:
    """Return a few names as words, of many the first."""
    *first, last = names if len(names) < 4 else [*names[:2], "others"]
    return f"{', '.join(first)} and {last}" if first else last


def _text(place: Place | None) -> str:
    return "a line" if place is None else f"{os.path.basename(place[0].co_filename)}:{place[2]}"
