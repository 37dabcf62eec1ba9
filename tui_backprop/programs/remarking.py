"""What is hardly ever meant, said when a program is opened: a broadcast that grows, a wrong rule of one's own."""

from __future__ import annotations

from dataclasses import replace

from minidl_core import MinidlError
from minidl_core.arrays import quiet
from minidl_core.gradient_check import wrong_rules
from minidl_core.graph import check_has_value
from minidl_core.plan import Plan
from minidl_core.remarks import remarks

from .program import Program


def remarked(program: Program) -> Program:
    """Return the program with a warning of what is computed in the first run of each loss and is hardly ever meant."""
    example = program.example
    losses = {step.loss: step.feeds for step in reversed(program.steps)} or {example.loss: example.feeds}
    values = program.steps[0].set_before if program.steps else {}
    said: list[str] = []
    wrong_kinds: set[str] = set()
    for loss, feeds in losses.items():
        try:
            check_has_value(loss)
            plan = Plan((loss,))
            with quiet():
                evaluation = plan.run(plan.feed(feeds), values)
            wrong = wrong_rules(evaluation, loss)
            found = {**wrong, **remarks(loss, evaluation)}
        except MinidlError:  # which training will say as well
            continue
        wrong_kinds |= {node.kind for node in wrong}
        said += [f"{node.describe()}: {text}" for node, text in found.items()]
    if not said:
        return program
    others = f" The same holds for {len(said) - 1} more." if len(said) > 1 else ""
    warning = f"{program.warning} {said[0]}{others}".strip()
    return replace(program, warning=warning, wrong_kinds=frozenset(wrong_kinds))
