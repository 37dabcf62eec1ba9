"""The gradients that an update is made from: what is taken off a weight, followed back through rules of updates.

Such are a learning rate, momentum, weight decay, the divisor of Adam and its kin, and clipping. Whatever else is
done to a gradient before it is used belongs to the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..clipping import keeps_signs
from .lines import line_of
from .noted import MethodOfName
from .tape import SCALING, SUMS, Note, Place, spine

_CLIPPING = (np.clip, np.minimum, np.maximum, MethodOfName("clip"))
_OF_NORMS = (np.sqrt, np.linalg.norm)
_LARGEST = (np.max, np.amax, MethodOfName("max"))
_MOST = 40


class Factor(NamedTuple):
    """A number that something is multiplied with on its way into an update, on a line; `is_inline` in the update's own.

    `is_of_rule` is one that is, or that stands between a velocity or a moment and the update, or on the line where what
    was kept of these is added.
    """

    value: float
    is_inline: bool
    is_of_rule: bool
    line: object = None


class Found(NamedTuple):
    """An array that an update was made from: its note, its value as it is taken off, and the factors from it to there.

    The factors are in the order of the way back, that of the update first. `is_without_decay` says whether a share of
    the weight itself was left out on the way, and `is_before_clip` whether some of its numbers were cut on it.
    """

    note: Note
    value: np.ndarray
    factors: tuple[Factor, ...]
    is_without_decay: bool = False
    is_before_clip: bool = False

    @property
    def scale(self) -> float:
        """The product of the factors."""
        return prod(sorted(each.value for each in self.factors))


def gradients_in(update: Note, begin: int) -> list[Found]:
    """Return what may be the gradient of a weight, from the update that makes its next value; the nearest first."""
    own = list(spine(update, begin))
    if update.replaces in own:
        del own[own.index(update.replaces) + 1 :]
    ways: list[list[Found]] = []
    is_decayed = any(each.what in SCALING for each in own[:-1])
    for note in own:
        if note.number > begin and note.what in SUMS and len(note.inputs) == 2 and type(note.inputs[1]) is Note:
            taken = note.inputs[1]
            if _is_kept(taken, own, begin):
                is_decayed = is_decayed or _is_share(taken, own)
                continue
            sign = 1 if note.what is np.subtract else -1
            found = list(_follow(taken, sign, own, begin, update))
            if found:
                ways.append(found)
    if len(ways) > 1:  # without a velocity that Nesterov's rule adds to the gradient that is in it
        velocities = [way for way in ways if _velocities([each.note for each in way], own, begin)]
        others = [way for way in ways if way not in velocities]
        known = {way[-1].note for way in others}
        ways = [*others, *(way for way in velocities if way[-1].note not in known)]
    whole = np.array(own[-1].value, dtype=float) - np.array(update.value, dtype=float)
    if not ways:
        return [Found(update, whole, ())]
    if len(ways) > 1:  # several terms are one gradient together
        total = sum(way[-1].value * way[-1].scale for way in ways)
        is_before_clip = any(way[-1].is_before_clip for way in ways)
        ways[0] = [Found(ways[0][-1].note, np.asarray(total), (), is_before_clip=is_before_clip)]
    if not is_decayed:
        return ways[0]
    return [Found(update, whole, ()), *(each._replace(is_without_decay=True) for each in ways[0])]


def _follow(note: Note, sign: int, own: Sequence[Note], begin: int, update: Note) -> Iterator[Found]:
    """Yield a term of an update, and what it is made from."""
    shape = np.shape(update.value)
    factors: tuple[Factor, ...] = ()
    is_without_decay = is_before_clip = False
    line_of_moment: object = None
    # to which norm a line scales a gradient is a rule of updates
    norms = {line_of(each.place) for each in _way(note, own, begin) if _is_scaled_to_norm(each, begin)}
    for _ in range(_MOST):
        # without axes of length 1, which broadcasting puts in front
        if np.squeeze(note.value).shape == np.squeeze(update.value).shape:
            value = sign * np.array(note.value, dtype=float).reshape(shape)
            yield Found(note, value, factors, is_without_decay, is_before_clip)
        elif np.ndim(note.value) and np.size(note.value) < np.size(update.value):
            with suppress(ValueError):  # it is spread over the weight, as no gradient is
                value = sign * np.broadcast_to(note.value, shape).astype(float)
                yield Found(note, value, factors, is_without_decay, is_before_clip)
        if note.number <= begin:
            return
        source, factor = _source(note, own, begin)
        if source is None:
            inner = _factors_inside(note, update)
            if inner and np.size(note.value) == np.size(update.value):
                value = np.array(note.value, dtype=float) / prod(each.value for each in inner)
                yield Found(note, sign * np.reshape(value, shape), (*factors, *inner), is_without_decay)
            return
        if note.what in SUMS and any(_is_share(each, own) for each in note.sources if each is not source):
            is_without_decay = True
        if note.what in SUMS and _is_moment(note, source, own, begin):
            factors = tuple(each._replace(is_of_rule=True) for each in factors)
            line_of_moment = line_of(note.place)
        is_before_clip = is_before_clip or (note.what in _CLIPPING and not np.array_equal(note.value, source.value))
        if factor < 0:
            sign = -sign
        if abs(factor) != 1:
            is_inline = _is_same_line(note.place, update.place)
            line = line_of(note.place)
            if is_inline or line not in norms:
                is_of_rule = is_inline or (line is not None and line == line_of_moment)
                factors = (*factors, Factor(abs(factor), is_inline, is_of_rule, line))
        note = source


def _source(note: Note, own: Sequence[Note], begin: int) -> tuple[Note | None, float]:
    """Return what a gradient was before an operation of a rule of updates, and the factor between, else None."""
    what = note.what
    arrays = _arrays(note)
    if not arrays:
        return None, 1.0
    if what in _CLIPPING:
        return (arrays[0], 1.0) if keeps_signs(*_bounds(note, arrays[0])) else (None, 1.0)
    if what is np.sign or getattr(what, "__name__", "") == "same":
        return arrays[0], 1.0
    if what is np.negative:
        return arrays[0], -1.0
    if what in SCALING:
        return _unscaled(note, arrays, begin)
    if what in SUMS and len(note.inputs) == 2:
        first, second = note.inputs
        sign = -1.0 if what is np.subtract else 1.0
        if first is arrays[0] and (_is_zero(second) or (len(arrays) == 2 and _is_kept(second, own, begin))):
            return arrays[0], 1.0
        if second is arrays[-1] and (_is_zero(first) or (len(arrays) == 2 and _is_kept(first, own, begin))):
            return arrays[-1], sign
        if len(arrays) == 2:
            return _without_velocity(first, second, sign, own, begin)
    return None, 1.0


def _without_velocity(
    first: Note, second: Note, sign: float, own: Sequence[Note], begin: int
) -> tuple[Note | None, float]:
    """Return the gradient to which Nesterov's rule adds a velocity, or the change of one, that it is in itself."""
    ways = [_way(each, own, begin) for each in (first, second)]
    velocities = [_velocities(way, own, begin) for way in ways]
    if second in velocities[0]:
        return first, 1.0
    if ways[0][-1] is ways[1][-1] and any(velocities):
        if not velocities[0] or (velocities[1] and first in ways[1]):
            return first, 1.0
        if not velocities[1] or second in ways[0]:
            return second, sign
    return None, 1.0


def _way(note: Note, own: Sequence[Note], begin: int) -> list[Note]:
    """Return an array and what it was before each operation of a rule of updates."""
    way = [note]
    while len(way) < _MOST and way[-1].number > begin:
        source, _ = _source(way[-1], own, begin)
        if source is None:
            break
        way.append(source)
    return way


def _is_moment(note: Note, source: Note, own: Sequence[Note], begin: int) -> bool:
    """Return whether a share of what was kept from the step before is added to a source, as in a velocity."""
    others = [each for each in note.sources if each is not source]
    return any(_is_kept(each, own, begin) and not _is_share(each, own) for each in others)


def _velocities(way: Sequence[Note], own: Sequence[Note], begin: int) -> set[Note]:
    """Return what was kept from the step before of which a share is added on a way."""
    return {
        next(reversed(list(spine(each, begin))))
        for note in way
        if note.what in SUMS and note.number > begin
        for each in note.sources
        if _is_kept(each, own, begin) and not _is_share(each, own)
    }


def _unscaled(note: Note, arrays: Sequence[Note], begin: int) -> tuple[Note | None, float]:
    first, second = note.inputs
    is_divided = note.what is np.divide
    if len(arrays) == 2:  # by a root of its squares, as in Adam
        if _is_of_norm(second, begin):
            return first, 1.0
        return (second, 1.0) if not is_divided and _is_of_norm(first, begin) else (None, 1.0)
    if is_divided and arrays[0] is not first:
        return None, 1.0
    scalar: Any = second if arrays[0] is first else first
    if type(scalar) is Note:
        if _is_of_norm(scalar, begin):
            return arrays[0], 1.0
        if not _is_constant(scalar):
            return None, 1.0
        scalar = scalar.value
    factor = float(scalar)
    if not factor or not np.isfinite(factor):
        return None, 1.0
    return arrays[0], 1 / factor if is_divided else factor


def _bounds(note: Note, clipped: Note) -> tuple[Any, Any]:
    """Return the lower and the upper bound of a clip, None for one that is not there."""
    given = [_value(each) for each in note.inputs if each is not clipped]
    if note.what is np.minimum:
        given.insert(0, None)
    named = {name.removeprefix("a_"): _value(each) for name, each in note.settings.items()}
    lower, upper, *_ = *given, None, None
    return named.get("min", lower), named.get("max", upper)


def _value(given: Any) -> Any:
    if type(given) in (list, tuple):
        return [_value(each) for each in given]
    return given.value if type(given) is Note else given


def _arrays(note: Note) -> list[Note]:
    """Return the arrays among the inputs; where there is none, a number that was computed from arrays is one."""
    notes = [each for each in note.inputs if type(each) is Note]
    return [each for each in notes if np.ndim(each.value)] or [each for each in notes if not _is_constant(each)]


def _is_constant(note: Note) -> bool:
    """Return whether a number was computed from no array."""
    waiting = [note]
    for _ in range(_MOST):
        if not waiting:
            return True
        each = waiting.pop()
        if np.ndim(each.value):
            return False
        waiting += each.sources
    return False


def _factors_inside(note: Note, update: Note) -> tuple[Factor, ...]:
    """Return the numbers that one input of a product is multiplied with, as in 0.1 * error * x or 0.1 * X.T @ error."""
    found: list[Factor] = []
    if note.what not in (np.multiply, np.matmul, np.dot):
        return ()
    for source in note.sources:
        while source.what in SCALING and _is_same_line(source.place, update.place):
            arrays = _arrays(source)
            if len(arrays) != 1:
                break
            inner, factor = _unscaled(source, arrays, -1) if source.what is not np.negative else (arrays[0], 1.0)
            if inner is None:
                break
            if abs(factor) != 1:
                found.append(Factor(abs(factor), is_inline=True, is_of_rule=True))
            source = inner
    return tuple(found)


def _is_kept(note: Note, own: Sequence[Note], begin: int) -> bool:
    """Return whether this is a share of the weight itself, or of what was kept from the step before.

    All of what was kept is no share: a gradient to which the next one is added was not set to zero.
    """
    is_share = False
    for _ in range(_MOST):
        if note in own or _is_zero(note):
            return True
        if note.number <= begin:
            return is_share and note.what is not None
        arrays = [each for each in note.inputs if type(each) is Note and np.ndim(each.value)]
        is_scaled = note.what in SCALING
        if len(arrays) != 1 or not (is_scaled or note.what is np.sign or getattr(note.what, "__name__", "") == "same"):
            return False
        is_share = is_share or (is_scaled and note.what is not np.negative)
        note = arrays[0]
    return False


def _is_share(note: Note, own: Sequence[Note]) -> bool:
    """Return whether an array is a multiple of the weight, as what weight decay takes off."""
    for _ in range(_MOST):
        if note in own:
            return True
        arrays = [each for each in note.inputs if type(each) is Note and np.ndim(each.value)]
        if note.what not in SCALING or len(arrays) != 1:
            return False
        note = arrays[0]
    return False


def _is_zero(given: Any) -> bool:
    return not np.any(given.value if type(given) is Note else given)


def _is_of_norm(note: Note, begin: int) -> bool:
    """Return whether something is made from a norm, or from roots of squares, of arrays of this step."""
    waiting, seen, has_norm = [note], set[Note](), False
    while waiting and len(seen) < _MOST:
        each = waiting.pop()
        if each in seen or each.number <= begin:
            continue
        seen.add(each)
        has_norm = has_norm or _is_norm(each, is_one_number=not np.ndim(note.value))
        waiting += each.sources
    return has_norm


def _is_scaled_to_norm(note: Note, begin: int) -> bool:
    """Return whether an array is multiplied with, or divided by, one number that is made from a norm."""
    numbers = [each for each in note.sources if not np.ndim(each.value)]
    return note.what in SCALING and note.number > begin and any(_is_of_norm(each, begin) for each in numbers)


def _is_norm(note: Note, *, is_one_number: bool) -> bool:
    if note.what is np.power:
        return type(note.inputs[1]) is float and 0 < note.inputs[1] < 1
    return note.what in _OF_NORMS or (is_one_number and note.what in _LARGEST)


def _is_same_line(place: Place | None, other: Place | None) -> bool:
    return place is not None and line_of(place) == line_of(other)
