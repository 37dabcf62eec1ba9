"""In which order the items of a layer stand, so that few edges cross.

Sweeps through the layers sort each by the mean place of its neighbours in the layer before (Sugiyama's barycentre);
then two that stand side by side change places wherever that saves a crossing (Gansner's transposition), and in every
other pair of sweeps also where it costs none, which leads out of dead ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

from .layers import Layers, Neighbour

_SWEEPS = 12
_IDLE_SWEEPS = 4
_SWAPS = 20
_EFFORT = 50_000  # items looked at; graphs too large to be read get fewer sweeps


def places_of(layers: Layers) -> list[int]:
    """Return each item's place in its layer, from 0 at the top."""
    places = [0] * len(layers.layer)
    for layer in layers.layers:
        _note(layer, places)
    return places


def uncross(layers: Layers) -> None:
    """Order each layer so that few edges cross; connected parts stay apart, a picture without crossings as it is."""
    places = places_of(layers)
    best, fewest, idle = [layer[:] for layer in layers.layers], _crossings(layers, places), 0
    sweeps = min(_SWEEPS, 1 + _EFFORT // (1 + len(places)))
    for sweep in range(sweeps):
        if not fewest or idle == _IDLE_SWEEPS:
            break
        forward = sweep % 2 == 0
        for layer in layers.layers[1:] if forward else layers.layers[-2::-1]:
            _sort(layers, layer, places, forward)
        for ties in (True, False) if sweep % 4 >= 2 else (False,):
            for _ in range(_SWAPS):
                if not _swap(layers, places, ties):
                    break
        crossings = _crossings(layers, places)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [layer[:] for layer in layers.layers], crossings, 0
    layers.layers = best


def _note(layer: list[int], places: list[int]) -> None:
    for place, item in enumerate(layer):
        places[item] = place


def _sort(layers: Layers, layer: list[int], places: list[int], forward: bool) -> None:
    """Sort a layer by the mean place of the neighbours; items without any stay where they are."""
    mean: dict[int, float] = {}
    for item in layer:
        if forward and layers.left[item]:
            mean[item] = sum(places[other] for other, _ in layers.left[item]) / len(layers.left[item])
        elif not forward and layers.right[item]:
            ends = (places[other] + port / len(layers.left[other]) for other, port in layers.right[item])
            mean[item] = sum(ends) / len(layers.right[item])
    ordered = iter(sorted(mean, key=lambda item: (layers.component[item], mean[item])))
    layer[:] = [next(ordered) if item in mean else item for item in layer]
    _note(layer, places)


def _swap(layers: Layers, places: list[int], ties: bool) -> int:
    """Let neighbours change places where that saves crossings, or with `ties` costs none; return how many it saved."""
    saved = 0
    for layer in layers.layers:
        ends = {item: _ends(layers, item, places) for item in layer}
        for place in range(len(layer) - 1):
            upper, lower = layer[place : place + 2]
            if layers.component[upper] != layers.component[lower]:
                continue
            crossings = sum(map(_inversions, ends[upper], ends[lower]))
            if not crossings and not ties:
                continue
            saving = crossings - sum(map(_inversions, ends[lower], ends[upper]))
            if saving > 0 or (ties and saving == 0):
                layer[place : place + 2] = lower, upper
                places[upper], places[lower] = place + 1, place
                saved += saving
    return saved


def _ends(layers: Layers, item: int, places: list[int]) -> tuple[list[Neighbour], list[Neighbour]]:
    """Return where the edges of an item end on the left and on the right, from top to bottom."""
    return (
        sorted((places[other], 0) for other, _ in layers.left[item]),
        sorted((places[other], port) for other, port in layers.right[item]),
    )


def _inversions(upper: list[Neighbour], lower: list[Neighbour]) -> int:
    return sum(bisect_left(lower, end) for end in upper)


def _crossings(layers: Layers, places: list[int]) -> int:
    total = 0
    for layer in layers.layers:
        seen: list[Neighbour] = []
        for item in layer:
            _, ends = _ends(layers, item, places)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
