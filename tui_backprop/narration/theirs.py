"""The gradients that the learner's own engine found, in words: what agrees, what parts, and what would explain it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from minidl_core import ContributionAdded, Node
from minidl_core.arrays import Array

from ..beliefs.comparison import parting
from ..debugger.moment import Moment
from ..drawing.glyphs import DONE, PARTS
from ..notation.fitting import printable
from ..notation.formats import digits_of_change, notation, shape_text
from ..notation.listing import listed
from ..notation.names import called
from ..programs.multiples import factor_of, rounded

if TYPE_CHECKING:
    from ..debugger.diagnosing import Fault
    from ..programs.learners_engine import LearnersEngine

_MOST_PAIRED = 20


def whose(moment: Moment) -> str:
    """Return what the gradients beside the right ones are called: yours, or those of a library."""
    engine = moment.program.engine
    return "yours" if engine is None else engine.whose


def agreement(moment: Moment) -> str:
    """Say how many of the gradients so far agree, and which parts first; nothing where none has been compared."""
    compared, parted = moment.compared, moment.parted
    if not compared:
        return ""
    step = moment.recording.step
    if not parted and moment.backward_is_over and step is not None and step.old_sum:
        sums = f"the update takes the sums of {step.old_sum} backward calls"
        return f"{PARTS} {whose(moment)} agrees in all {compared}, but {sums}"
    if not parted:
        return f"{DONE} {whose(moment)} agrees{f' in all {compared}' if compared > 1 else ''}"
    first = f"the first that parts, in the order of the search, is {called(parted[0])}"
    return f"{PARTS} {compared - len(parted)} of {compared} agree; {first}"


def causes(moment: Moment) -> list[str]:
    """Say what makes gradients of this iteration wrong, a sentence for each cause, once its backward pass is over.

    Of a large graph, say who tells it; nothing where all is right, or no engine of the learner's is there to be wrong.
    """
    engine = moment.program.engine
    if engine is None or not moment.backward_is_over:
        return []
    if engine.is_by_hand and (not moment.parted or explanation(moment, moment.parted[0])):
        return []
    from ..debugger.diagnosing import faults_at, is_too_large  # most programs have no engine of their own

    found = [fault_text(fault) for fault in faults_at(moment)]
    if found or not moment.parted or engine.is_by_hand:
        return found
    if is_too_large(moment):
        return ["the graph is too large to look for the mistake here: backprop-tui --headless does"]
    first = moment.parted[0]
    arrived = moment.contributions(first)
    if len(arrived) == 1 and moment.agrees(arrived[0].consumer):
        return [sole_source(engine, first, arrived[0].consumer, arrived[0].input_index)]
    return ["no mistake that is known explains it"]


def unused_sums(nodes: Sequence[Node]) -> list[str]:
    """Say in one line of which leaves, if any, old gradients are still in the sum without being a mistake."""
    if not nodes:
        return []
    keep, them = ("keep", "them") if len(nodes) > 1 else ("keeps", "it")
    sums = f"{listed(nodes, called)} {keep} the gradients of earlier steps in the sum"
    return [f"{sums}; no update uses {them}, so that is no mistake"]


def fault_text(fault: Fault) -> str:
    """Return a fault as a sentence that ends with the location to look at."""
    where = f" ({printable(fault.location)})" if fault.location else ""
    return f"{fault.joint} {printable(fault.message)}{where}".lstrip()


def why_not_compared(moment: Moment) -> str:
    """Say why there is nothing of the learner's engine in an iteration; nothing where there is, or no such engine.

    That engine ran with the numbers of the script, as often as the script did.
    """
    engine = moment.program.engine
    if moment.recording.theirs or engine is None:
        return ""
    if moment.branch.edits:
        return f"{engine.subject} did not run with these numbers"
    ran = len(moment.program.steps)
    if moment.iteration > ran:
        return f"{engine.subject} did not run this iteration: it ran {ran}"
    return f"{engine.subject} found no gradient in this iteration"


def two_numbers(theirs: float, right: float) -> tuple[str, str]:
    """Write two numbers in the digits in which they differ, if they do."""
    digits = digits_of_change(theirs, right) if np.isfinite([theirs, right]).all() else 4
    same = notation([theirs, right], digits)
    return same.text(theirs), same.text(right)


def parted_entries(moment: Moment, node: Node) -> list[tuple[int, ...]] | None:
    """Return the indices of the entries in which a complete gradient is not theirs; None where the shapes differ."""
    theirs, right = moment.theirs(node), moment.gradient(node)
    assert theirs is not None
    assert right is not None
    parts = parting(theirs, right, [np.abs(event.contribution) for event in moment.contributions(node)])
    return None if parts is None else [tuple(map(int, index)) for index in np.argwhere(parts)]


def beside_theirs(moment: Moment, node: Node) -> str:
    """Say in a short sentence what the learner's engine found for a node; nothing where it found nothing."""
    theirs, right = moment.theirs(node), moment.gradient(node)
    if theirs is None or right is None:
        return ""
    subject = whose(moment).capitalize()
    if moment.agrees(node):
        return f"{subject} agrees"
    entries = parted_entries(moment, node)
    if entries is None:
        return f"{subject} parts: it is {shape_text(theirs.shape)}, not {shape_text(right.shape)}"
    if theirs.size > 1:
        return f"{subject} parts in {len(entries)} of {theirs.size} entries"
    found, wanted = two_numbers(theirs.item(), right.item())
    return f"{subject} parts: it is {found}, not {wanted}"


def explanation(moment: Moment, node: Node) -> str:
    """Say which contribution is missing or too many, or by which factor a gradient parts; else nothing.

    Where a consumer's gradient parts already, that is why, and nothing else can be seen.
    """
    theirs = moment.theirs(node)
    if theirs is None or moment.agrees(node):
        return ""
    wrong = [consumer for consumer in moment.graph.consumers(node) if moment.agrees(consumer) is False]
    if wrong:
        return f"it is made from {whose(moment)} of {called(wrong[0])}, which parts already"
    arrived = moment.contributions(node)
    right, engine = moment.gradient(node), moment.program.engine
    is_by_hand = engine is not None and engine.is_by_hand
    for candidate, words in _candidates(arrived, right, whose(moment), is_by_hand=is_by_hand):
        parts = parting(theirs, candidate, [np.abs(event.contribution) for event in arrived])
        if parts is not None and not parts.any():
            return words
    factor = factor_of(theirs, right) if is_by_hand and right is not None and right.size > 1 else 0.0
    return f"{whose(moment)} is {rounded(factor):g} times the right one" if factor else ""


def _candidates(
    arrived: list[ContributionAdded], right: Array | None, subject: str, *, is_by_hand: bool
) -> Iterator[tuple[Array, str]]:
    """Yield wrong gradients that a learner's engine may have found, the plainest first, with what each would be.

    By hand nothing is set or added twice by the way a search goes: there it is a term that is forgotten.
    """
    if right is None:
        return
    yield np.zeros_like(right), f"{subject} is 0: nothing has come to it"
    for event in reversed(arrived) if len(arrived) > 1 and not is_by_hand else ():
        which = "the last contribution" if event is arrived[-1] else f"contribution {event.number} of {event.count}"
        yield event.contribution, f"{subject} is {which} alone, from {called(event.consumer)}"
    for event in arrived if len(arrived) > (1 if is_by_hand else 2) else ():
        yield right - event.contribution, f"{subject} lacks the contribution from {called(event.consumer)}"
    # of what is squared both contributions are forgotten together, as of a penalty by w * w or w @ w
    for first, second in combinations(arrived, 2) if is_by_hand and 2 < len(arrived) <= _MOST_PAIRED else ():
        if np.allclose(first.contribution, second.contribution, rtol=1e-12, atol=0):
            consumers = " and ".join(called(each) for each in dict.fromkeys((first.consumer, second.consumer)))
            yield right - 2 * first.contribution, f"{subject} lacks the contributions from {consumers}"
    # of all that comes, what is there twice is a factor
    for event in arrived if not is_by_hand else [each for each in arrived if np.any(each.contribution != right)]:
        yield right + event.contribution, f"{subject} has the contribution from {called(event.consumer)} twice"
    yield -right, f"{subject} has the other sign"


def sole_source(engine: LearnersEngine, node: Node, consumer: Node, input_index: int) -> str:
    """Say which operation passes on something wrong, where its own gradient agrees and nothing else comes to a node."""
    theirs = engine.functions.get(consumer)
    code = None if theirs is None else theirs.backward or theirs.forward
    where = "" if code is None else f" ({printable(os.path.basename(code.co_filename))}:{code.co_firstlineno})"
    by = f"what {called(consumer)} passes on to its input {input_index + 1} is wrong{where}"
    return f"{by}: its own gradient agrees, and nothing else comes to {called(node)}"
