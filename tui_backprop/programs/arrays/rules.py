"""What rules of updates do to a gradient on its way into an update, followed back one operation at a time.

Such are a learning rate, momentum, Nesterov's too, weight decay, the divisor of Adam and its kin, signs, clipping, and
the matrix of Newton's method.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..clipping import keeps_signs
from .noted import MethodOfName
from .tape import SCALING, SUMS, Note, arrays_in, is_moved, is_product, same, spine
from .unread import StepRead

_CLIPPING = (np.clip, np.minimum, np.maximum, MethodOfName("clip"))
_OF_NORMS = (np.sqrt, np.linalg.norm)
_LARGEST = (np.max, np.amax, MethodOfName("max"))
_PRODUCTS = (np.matmul, np.dot)
_INVERSES = (np.linalg.inv, np.linalg.pinv)
MOST = 40
"""So many operations of rules stand between a gradient and its update at most."""


class Rules:
    """Follows the rules of one update back: `own` is the way from it to the weight.

    What is older than `begin`, where its `step` begins, was kept from the steps before.
    """

    def __init__(self, own: Sequence[Note], begin: int, step: StepRead) -> None:
        self._own, self._begin, self._step = own, begin, step
        self._unknown: set[Note] = set()
        self._sources: dict[Note, tuple[Note | None, float]] = {}
        self._velocities: dict[Note, set[Note]] = {}

    def source(self, note: Note) -> tuple[Note | None, float]:
        """Return what a gradient was before an operation of a rule, and the factor between; None where it is none."""
        if note not in self._sources:
            source, factor = self._source(note)
            if source is None and not self._is_summed_up(note):
                below = self._step.gradient_below(note, self._begin, self._own)
                if below is not None:
                    self._unknown.add(note)
                    source, factor = below
            self._sources[note] = source, factor
        return self._sources[note]

    def is_unknown(self, note: Note) -> bool:
        """Return whether this operation is of a rule that is not known, though it is seen what gradient it is about."""
        return note in self._unknown

    def _is_summed_up(self, note: Note) -> bool:
        """Return whether something is added to all of what was kept: a gradient that was not set to zero."""
        return note.what in SUMS and any(
            each.number <= self._begin and each.what is not None and each not in self._own for each in note.sources
        )

    def _source(self, note: Note) -> tuple[Note | None, float]:
        what, arrays = note.what, arrays_of(note)
        if not arrays:
            return None, 1.0
        if is_moved(note):
            return note.inputs[0], 1.0
        if what in _CLIPPING:
            return (arrays[0], 1.0) if keeps_signs(*_bounds(note, arrays[0])) else (None, 1.0)
        if what is np.sign or what is same:
            return arrays[0], 1.0
        if len(arrays) == 2 and (what is np.linalg.solve or (what in _PRODUCTS and arrays[0].what in _INVERSES)):
            return arrays[1], 1.0
        if what is np.negative:
            return arrays[0], -1.0
        if what in SCALING:
            return unscaled(note, arrays, self._begin)
        if (moved := self._moved_to(note)) is not None:
            return moved
        if what in SUMS and len(note.inputs) == 2:
            first, second = note.inputs
            sign = -1.0 if what is np.subtract else 1.0
            is_pair = len(arrays) == 2
            if first is arrays[0] and (_is_zero(second) or (is_pair and self.is_kept(second))):
                return arrays[0], 1.0
            if second is arrays[-1] and (_is_zero(first) or (is_pair and self.is_kept(first))):
                return arrays[-1], sign
            if is_pair:
                return self._without_velocity(first, second, sign)
        return None, 1.0

    def _moved_to(self, note: Note) -> tuple[Note, float] | None:
        """Return what is kept is moved to by a share of the way, as by m + 0.1 * (g - m): g and 0.1."""
        if note.what not in SUMS or len(note.inputs) != 2:
            return None
        kept, moved = note.inputs
        if not (type(kept) is Note and type(moved) is Note and kept.number <= self._begin and kept.what is not None):
            return None
        share = -1.0 if note.what is np.subtract else 1.0
        for _ in range(MOST):
            arrays = arrays_of(moved)
            if moved.what is np.subtract and len(moved.inputs) == 2 and len(arrays) == 2:
                target, start = arrays if arrays[1] is kept else arrays[::-1]
                share = share if target is arrays[0] else -share
                return (target, share) if start is kept and 0 < share < 1 else None
            if moved.what not in SCALING or len(arrays) != 1:
                return None
            source, factor = unscaled(moved, arrays, self._begin)
            if source is None:
                return None
            moved, share = source, share * factor
        return None

    def way(self, note: Note) -> list[Note]:
        """Return an array and what it was before each operation of a rule."""
        way = [note]
        while len(way) < MOST and way[-1].number > self._begin:
            source, _ = self.source(way[-1])
            if source is None:
                break
            way.append(source)
        return way

    def velocities(self, way: Sequence[Note]) -> set[Note]:
        """Return what was kept from the step before of which a share is added on a way."""
        return set[Note]().union(*map(self._velocities_of, way))

    def _velocities_of(self, note: Note) -> set[Note]:
        if note not in self._velocities:
            is_sum = note.what in SUMS and note.number > self._begin
            kept = [n for n in note.sources if self.is_kept(n) and not self.is_share(n)] if is_sum else []
            if is_sum and self._moved_to(note) is not None:
                kept.append(next(iter(note.sources)))
            self._velocities[note] = {next(reversed(list(spine(each, self._begin)))) for each in kept}
        return self._velocities[note]

    def is_moment(self, note: Note, source: Note) -> bool:
        """Return whether a share of what was kept from the step before is added to a source, as in a velocity.

        Or a share of the velocity itself, as Nesterov's rule does.
        """
        others = [each for each in note.sources if each is not source]
        if self._moved_to(note) is not None:
            return True
        return any((self.is_kept(n) and not self.is_share(n)) or self.velocities(self.way(n)) for n in others)

    def is_kept(self, note: Note) -> bool:
        """Return whether this is a share of the weight itself, or of what was kept from the step before.

        All of what was kept is no share: a gradient to which the next one is added was not set to zero. So is what is
        made of these entry by entry, as the way of the weight since the step before.
        """
        return self._is_kept_as_it_is(note) or self._step.is_kept_alone(note, self._begin, self._own)

    def _is_kept_as_it_is(self, note: Note) -> bool:
        is_share = is_by_error = False
        for _ in range(MOST):
            if note in self._own or _is_zero(note):
                return True
            if note.number <= self._begin:
                # an error times what a forward pass reads is a gradient
                is_data = is_by_error and self._step.is_data(note, self._own)
                return is_share and note.what is not None and not is_data
            arrays = [note.inputs[0]] if is_moved(note) else arrays_in(note.inputs, like=note)
            is_scaled = note.what in SCALING
            if len(arrays) != 1 or not (is_scaled or note.what in (np.sign, same) or is_moved(note)):
                return False
            is_share = is_share or (is_scaled and note.what is not np.negative)
            is_by_error = is_by_error or is_product(note)
            note = arrays[0]
        return False

    def is_share(self, note: Note) -> bool:
        """Return whether an array is a multiple of the weight, as what weight decay takes off."""
        for _ in range(MOST):
            if note in self._own:
                return True
            arrays = [note.inputs[0]] if is_moved(note) else arrays_in(note.inputs, like=note)
            if not (note.what in SCALING or is_moved(note)) or len(arrays) != 1:
                return False
            note = arrays[0]
        return False

    def is_state(self, note: Note, source: Note) -> bool:
        """Return whether by this operation a rule uses more than a source: what it kept, a size, or the sign alone."""
        if note.what in SUMS:
            return self.is_unknown(note) or self.is_moment(note, source)
        of_norm = note.what in SCALING and any(
            np.ndim(each.value) and _is_of_norm(each, self._begin) for each in note.sources if each is not source
        )
        return note.what is np.sign or of_norm or self.is_scaled_by_norm(note) or self.is_unknown(note)

    def is_clip(self, note: Note, source: Note) -> bool:
        """Return whether this operation cut some numbers of a source."""
        return note.what in _CLIPPING and not np.array_equal(note.value, source.value)

    def is_scaled_by_norm(self, note: Note) -> bool:
        """Return whether an array is multiplied with, or divided by, one number that is made from a norm."""
        numbers = [each for each in note.sources if not np.ndim(each.value)] if np.ndim(note.value) else ()
        return note.what in SCALING and note.number > self._begin and any(_is_of_norm(n, self._begin) for n in numbers)

    def _without_velocity(self, first: Note, second: Note, sign: float) -> tuple[Note | None, float]:
        """Return the gradient to which Nesterov's rule adds a velocity, or the change of one, that it is in itself."""
        ways = [self.way(each) for each in (first, second)]
        velocities = [self.velocities(way) for way in ways]
        if second in velocities[0]:
            return first, 1.0
        if ways[0][-1] is ways[1][-1] and any(velocities):
            if not velocities[0] or (velocities[1] and first in ways[1]):
                return first, 1.0
            if not velocities[1] or second in ways[0]:
                return second, sign
        return None, 1.0


def arrays_of(note: Note) -> list[Note]:
    """Return the arrays among the inputs; where there is none, a number that was computed from arrays is one."""
    notes = [each for each in note.inputs if type(each) is Note]
    return [each for each in notes if np.ndim(each.value)] or [each for each in notes if each.is_of_array]


def unscaled(note: Note, arrays: Sequence[Note], begin: int) -> tuple[Note | None, float]:
    """Return which of the arrays of a product or quotient it is a multiple of, and the factor between."""
    first, second = note.inputs
    is_divided = note.what is np.divide
    if len(arrays) == 2:  # by a root of its squares, as in Adam
        if _is_of_norm(second, begin):
            return first, _sign_of(note, first)
        return (second, _sign_of(note, second)) if not is_divided and _is_of_norm(first, begin) else (None, 1.0)
    if is_divided and arrays[0] is not first:
        return None, 1.0
    scalar: Any = second if arrays[0] is first else first
    if type(scalar) is Note:
        if _is_of_norm(scalar, begin):
            return arrays[0], 1.0
        if scalar.is_of_array:
            return None, 1.0
        scalar = scalar.value
    factor = float(scalar)
    if not factor or not np.isfinite(factor):
        return None, 1.0
    return arrays[0], 1 / factor if is_divided else factor


def _sign_of(note: Note, source: Note) -> float:
    """Return the sign that a factor of no certain size gave to an array."""
    return -1.0 if np.shape(note.value) == np.shape(source.value) and np.vdot(note.value, source.value) < 0 else 1.0


def _bounds(note: Note, clipped: Note) -> tuple[Any, Any]:
    """Return the lower and the upper bound of a clip, None for one that is not there."""
    given = [value_of(each) for each in note.inputs if each is not clipped]
    if note.what is np.minimum:
        given.insert(0, None)
    named = {name.removeprefix("a_"): value_of(each) for name, each in note.settings.items()}
    lower, upper, *_ = *given, None, None
    return named.get("min", lower), named.get("max", upper)


def value_of(given: Any) -> Any:
    """Return the value of an input."""
    if type(given) in (list, tuple):
        return type(given)([value_of(each) for each in given])
    return given.value if type(given) is Note else given


def _is_zero(given: Any) -> bool:
    return not np.any(given.value if type(given) is Note else given)


def _is_of_norm(note: Note, begin: int) -> bool:
    """Return whether something is made from a norm, or from roots of squares, of arrays of this step."""
    waiting, seen, has_norm = [note], set[Note](), False
    while waiting and len(seen) < MOST:
        each = waiting.pop()
        if each in seen or each.number <= begin:
            continue
        seen.add(each)
        has_norm = has_norm or _is_norm(each, is_one_number=not np.ndim(note.value))
        waiting += each.sources
    return has_norm


def _is_norm(note: Note, *, is_one_number: bool) -> bool:
    if note.what is np.maximum:  # of what was kept and of an amount, as in Adamax
        return any(each.what is np.absolute for each in note.sources)
    if note.what is np.power:
        return type(note.inputs[1]) is float and 0 < note.inputs[1] < 1
    return note.what in _OF_NORMS or (is_one_number and note.what in _LARGEST)
