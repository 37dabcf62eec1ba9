"""What is said of a run beside its numbers: which loss its gradients are of, and what its updates do to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from minidl_core import Node
from minidl_core.train import GradientDescentOptimizer, Optimizer

from ..multiples import agrees, multiple_text, rounded, warning_of
from .judged import JudgedStep, are_all_right, hidden_weights, unjudged_weights
from .late import in_words
from .losses import Losses
from .lost import lost_weights


def warnings_of(steps: Sequence[JudgedStep], losses: Losses, optimizer: Optimizer, taken: int) -> Iterator[str]:
    """Yield what is said of the steps that are opened, of so many that were taken."""
    loss = steps[0].loss.built.loss
    yield from implied(losses, len(steps), taken)
    multiple = multiple_text((each.factor for each in steps), loss)
    if multiple:
        yield warning_of(multiple, is_of_all=are_all_right(steps))
    yield from _rates(steps[0])
    yield from _penalties(steps, losses)
    if losses.larger:
        yield (
            f"Its gradients are those of {loss.name} without the terms that are added to it for {losses.larger}: these"
            " are not compared."
        )
    yield from _done_to_gradients(steps, losses, optimizer)
    yield from _not_followed(steps)
    if len(steps) < taken and losses.implied is None and not losses.stopped:
        yield f"Only {len(steps)} of its {taken} steps are here: in the others {loss.name} was not found."
    if not any(each.theirs for each in steps):
        yield f"Its gradients are not compared: none of what leads to {loss.name} leads to them."


def implied(losses: Losses, opened: int, taken: int) -> Iterator[str]:
    """Say which loss the gradients are of, where it is none that the script computes."""
    if losses.implied is None:
        return
    text, is_partly = losses.implied.text, losses.implied.is_partly
    of_some = f"some of its gradients, and not all, are those of {text}, shown here."
    match losses.is_computed, is_partly:
        case True, True:
            yield f"It has other gradients than those of its loss: {of_some}"
        case False, True:
            yield f"It computes no loss: {of_some}"
        case True, False:
            yield f"Its gradients are not those of the loss that it computes, but of {text}, shown here."
        case _:
            yield f"It computes no loss; its gradients are those of {text}, shown here."
    if opened < taken and not losses.stopped:
        yield f"They are not in step {opened + 1} of {taken}: only the steps before it are here."


def _rates(step: JudgedStep) -> Iterator[str]:
    """Say which weights have a learning rate of their own."""
    of_weights = step.loss.match.rates
    rates = {node: rounded(of_weights[number]) for node, number in step.numbers.items() if number in of_weights}
    usual = Counter(rates.values()).most_common(1)[0][0] if rates else 0.0
    others = [f"{node.name} at {rate:g}" for node, rate in rates.items() if rate != usual]
    if others:
        yield f"Its updates have learning rates of their own: {in_words(others)}, the others at {usual:g}."


def _penalties(steps: Sequence[JudgedStep], losses: Losses) -> Iterator[str]:
    """Say which gradients would be right without the penalties of the loss."""
    for step in steps:
        before = losses.before_penalties(step.loss) if step.parted else None
        if before is not None:
            numbers = {node: step.numbers[node] for node in step.parted}
            rights = {
                n: before.match.factor * before.right[number] for n, number in numbers.items() if number in before.right
            }
            forgotten = [node.name for node, right in rights.items() if agrees(step.theirs[node], right)]
            if forgotten:
                yield (
                    f"Without the penalty for large weights that {step.loss.built.loss.name} has,"
                    f" {in_words(forgotten)} would have the right gradients: add its slopes."
                )
                return


def _done_to_gradients(steps: Sequence[JudgedStep], losses: Losses, optimizer: Optimizer) -> Iterator[str]:
    """Say what updates do to gradients before they use them: these are compared as they were before."""
    found = [(node, each, node in step.parted) for step in steps for node, each in step.found.items()]
    decayed = _names(n for n, each, is_wrong in found if each.is_without_decay and not is_wrong)
    if decayed and not losses.has_penalties:
        yield (
            f"Its updates also take off a share of {decayed} (weight decay), which is no part of"
            f" {steps[0].loss.built.loss.name}: gradients are compared without it."
        )
    clipped = _names(node for node, each, _ in found if each.is_before_clip)
    if clipped:
        yield f"Its updates clip {clipped}: gradients are compared as they were before."
    scaled = _names(node for node, each, _ in found if each.is_before_norm)
    if scaled:
        is_rate = type(optimizer) is GradientDescentOptimizer
        rate = ", and the learning rate that is shown has that factor in it" if is_rate else ""
        yield f"Its updates scale the gradients of {scaled} by a norm: they are compared as they were before{rate}."


def _not_followed(steps: Sequence[JudgedStep]) -> Iterator[str]:
    """Say which updates are not followed to their gradients, or are by a rule that is not known."""
    for node in dict.fromkeys([*hidden_weights(steps), *lost_weights(steps)]):
        called = node.name if node.is_named else "An array"
        where = f"{called}, read at {node.location}, moves from step to step"
        yield f"{where} by an update that is not followed: its gradients are not compared."
    unjudged = [node.name for node in unjudged_weights(steps)] if any(each.theirs for each in steps) else []
    if unjudged:
        yield f"The gradients of {in_words(unjudged)} are not compared: what their updates are made from is not seen."
    unknown = _names(node for step in steps for node, each in step.found.items() if each.is_by_unknown)
    if unknown:
        yield (
            f"The update of {unknown} is by none of the rules that are known: its gradient is compared as it stood"
            " before, and what the rule does with it is not judged."
        )


def _names(nodes: Iterable[Node]) -> str:
    names = list(dict.fromkeys(node.name for node in nodes))
    return in_words(names) if names else ""
