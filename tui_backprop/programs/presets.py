"""Points of two classes that are known from textbooks, drawn from a seed: blobs, moons, rings, spiral and xor."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from minidl_core.arrays import Array, freeze

from ..lessons.lesson import Points


def _blobs(along: Array, kind: int) -> Array:
    return np.full((len(along), 2), 2.0 if kind == 0 else -2.0)


def _moons(along: Array, kind: int) -> Array:
    x, y = np.cos(np.pi * along), np.sin(np.pi * along)
    return np.stack([x, y] if kind == 0 else [1 - x, 0.5 - y], axis=1)


def _rings(along: Array, kind: int) -> Array:
    around, radius = 2 * np.pi * along, 1.0 + kind
    return np.stack([radius * np.cos(around), radius * np.sin(around)], axis=1)


def _spiral(along: Array, kind: int) -> Array:
    radius, around = 0.2 + 1.8 * along, 2 * np.pi * along + np.pi * kind
    return np.stack([radius * np.cos(around), radius * np.sin(around)], axis=1)


def _xor(along: Array, kind: int) -> Array:
    x = np.where(along < 0.5, 1.0, -1.0)
    return np.stack([x, x if kind == 0 else -x], axis=1)


_PLACES: Mapping[str, Callable[[Array, int], Array]] = {
    "blobs": _blobs,
    "moons": _moons,
    "rings": _rings,
    "spiral": _spiral,
    "xor": _xor,
}
"""Where the points (n,2) of a class, 0 or 1, are without noise, for n numbers from 0 to 1."""


def draw_points(name: str, noise: float, count: int, seed: int | None) -> Points:
    """Return so many points (n,2) of a preset, the first half blue and the others red.

    `noise` is the standard deviation of each coordinate from its place. Raises KeyError where there is no such preset,
    ValueError where the noise is below 0 or not finite.
    """
    if not 0 <= noise < np.inf:
        raise ValueError(f"the noise is {noise}")
    rng = np.random.default_rng(seed)
    classes = (np.arange(count) >= (count + 1) // 2).astype(int)
    places = [_PLACES[name](np.linspace(0, 1, int(np.sum(classes == kind))), kind) for kind in (0, 1)]
    points = np.concatenate(places) + rng.normal(size=(count, 2)) * noise
    return Points(freeze(points), classes, ("blue", "red"), ("x", "y"))
