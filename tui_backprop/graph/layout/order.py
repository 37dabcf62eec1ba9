"""In which order the items of a layer stand, so that few edges cross.

Sweeps through the layers sort each by the mean position of its neighbours in the layer before (Sugiyama's barycentre);
then two that stand side by side change over wherever that saves a crossing (Gansner's transposition), and in every
other pair of sweeps also where it costs none, which leads out of dead ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from .layers import Layers, Neighbour

_SWEEPS = 12
_IDLE_SWEEPS = 4
_SWAPS = 20
_EFFORT = 50_000  # items looked at; graphs too large to be read get fewer sweeps


def positions_of(layers: Layers) -> list[int]:
    """Return each item's position in its layer, from 0 at the top."""
    positions = [0] * len(layers.layer)
    for layer in layers.layers:
        _note(layer, positions)
    return positions


def uncross(layers: Layers) -> None:
    """Order each layer so that few edges cross; connected parts stay apart, a picture without crossings as it is."""
    positions = positions_of(layers)
    best, fewest, idle = [layer[:] for layer in layers.layers], _crossings(layers, positions), 0
    sweeps = min(_SWEEPS, 1 + _EFFORT // (1 + len(positions)))
    for sweep in range(sweeps):
        if not fewest or idle == _IDLE_SWEEPS:
            break
        forward = sweep % 2 == 0
        for layer in layers.layers[1:] if forward else layers.layers[-2::-1]:
            _sort(layers, layer, positions, forward)
        for ties in (True, False) if sweep % 4 >= 2 else (False,):
            for _ in range(_SWAPS):
                if not _swap(layers, positions, ties):
                    break
        crossings = _crossings(layers, positions)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [layer[:] for layer in layers.layers], crossings, 0
    layers.layers = best


def _note(layer: list[int], positions: list[int]) -> None:
    for position, item in enumerate(layer):
        positions[item] = position


def _sort(layers: Layers, layer: list[int], positions: list[int], forward: bool) -> None:
    """Sort a layer by the mean position of the neighbours; items without any stay where they are."""
    mean: dict[int, float] = {}
    for item in layer:
        if forward and layers.left[item]:
            mean[item] = sum(positions[other] for other, _ in layers.left[item]) / len(layers.left[item])
        elif not forward and layers.right[item]:
            ends = (positions[other] + port / len(layers.left[other]) for other, port in layers.right[item])
            mean[item] = sum(ends) / len(layers.right[item])
    ordered = iter(sorted(mean, key=lambda item: (layers.component[item], mean[item])))
    layer[:] = [next(ordered) if item in mean else item for item in layer]
    _note(layer, positions)


def _swap(layers: Layers, positions: list[int], ties: bool) -> int:
    """Let neighbours change over where that saves crossings, or with `ties` costs none; return how many it saved."""
    saved = 0
    for layer in layers.layers:
        ends = {item: _ends(layers, item, positions) for item in layer}
        for position in range(len(layer) - 1):
            upper, lower = layer[position : position + 2]
            if layers.component[upper] != layers.component[lower]:
                continue
            crossings = sum(map(_inversions, ends[upper], ends[lower]))
            if not crossings and not ties:
                continue
            saving = crossings - sum(map(_inversions, ends[lower], ends[upper]))
            if saving > 0 or (ties and saving == 0):
                layer[position : position + 2] = lower, upper
                positions[upper], positions[lower] = position + 1, position
                saved += saving
    return saved


def _ends(layers: Layers, item: int, positions: list[int]) -> tuple[list[Neighbour], list[Neighbour]]:
    """Return where the edges of an item end on the left and on the right, from top to bottom."""
    return (
        sorted((positions[other], 0) for other, _ in layers.left[item]),
        sorted((positions[other], port) for other, port in layers.right[item]),
    )


def _inversions(upper: list[Neighbour], lower: list[Neighbour]) -> int:
    return sum(bisect_left(lower, end) for end in upper)


def _crossings(layers: Layers, positions: list[int]) -> int:
    total = 0
    for layer in layers.layers:
        seen: list[Neighbour] = []
        for item in layer:
            _, ends = _ends(layers, item, positions)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
