"""Questions about rules and shapes: what holds for whole arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from minidl_core import ContributionAdded, NodeEvaluated
from minidl_core.arrays import Shape
from minidl_core.gradients import gradient_rule

from ..narration.wording import Name
from ..notation.formats import shape_text
from ..notation.names import called, summed, text_in_names
from .question import MOST_CHOICES, Mistake, Question, Step
from .wrong_rules import wrong_rules


def shape(step: Step, event: NodeEvaluated | ContributionAdded) -> Question:
    """Ask for the shape of a value or contribution."""
    node = event.node
    if isinstance(event, NodeEvaluated):
        right, near = (
            event.value.shape,
            [array.shape for array in map(step.after.value, node.inputs) if array is not None],
        )
    else:
        near = [event.gradient.shape, *(array.shape for array in step.inputs(event.consumer))]
        right = event.contribution.shape
    found = [right]
    for other in (*near, right[::-1], *_fewer(right), (1, *right)):
        if other not in found and len(found) < MOST_CHOICES:
            found.append(other)

    def ask(name: Name) -> str:
        if isinstance(event, ContributionAdded):
            return f"Which shape does the contribution of {name(event.consumer)} to {name(node)} have?"
        return f"Which shape does {name(node)} have?"

    choices = map(shape_text, sorted(found, key=lambda shape: (len(shape), shape)))
    return step.asks("shapes", ask, shape_text(right), choices, given=step.equations, hides_shape_of=node)


def _fewer(shape: Shape) -> Iterator[Shape]:
    """Yield the shapes that have a dimension less."""
    for axis in range(len(shape)):
        yield shape[:axis] + shape[axis + 1 :]


def rule(step: Step, event: ContributionAdded) -> Question | None:
    """Ask for the formula of a contribution."""
    op, full, small = event.consumer, event.gradient.shape, event.contribution.shape
    formula = gradient_rule(op).formula_for(event.input_index)
    output = step.after.evaluated_value(op)
    if not formula or output is None:
        return None
    sums = op.definition.elementwise and event.contribution.size < event.gradient.size

    def written(formula: str, sums: bool = sums) -> str:
        text = text_in_names(step.before, op, formula)
        return summed(text, full, small) if sums else text

    right = written(formula)
    # to leave out the sum is the likeliest mistake
    unsummed = f"without the sum it is {shape_text(full)}, and {called(event.node)} is {shape_text(small)}"
    wrong = {written(formula, False): unsummed} if sums else {}
    for each, why in wrong_rules(event, step.inputs(op), output):
        wrong.setdefault(written(each), why)
    wrong.pop(right, None)
    choices = [right, *wrong][:MOST_CHOICES]
    if len(choices) < 2:
        return None

    def ask(name: Name) -> str:
        place = f" as its input number {event.input_index + 1}" if op.inputs.count(event.node) > 1 else ""
        return f"{name(event.node)} gets its contribution from {name(op)}{place}. By which rule?"

    question = step.asks("rules", ask, right, sorted(choices), given=step.equations)
    return replace(question, mistakes=tuple(Mistake(choice, wrong[choice]) for choice in choices[1:]))
