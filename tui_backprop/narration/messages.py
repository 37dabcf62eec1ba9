"""Messages as sentences: what happened, and which keys go on from there, as far as the front end names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..debugger.message import Kind, Message
from ..notation.edits import branch_label, label
from ..notation.fitting import cut

Keys = Mapping[str, str]
"""The keys of a front end, by the names of their actions: step, back, edit, branch, run ..."""


def sentences(message: Message, keys: Keys) -> tuple[str, ...]:
    """Return ever shorter ways to say what happened; of an action that has no key nothing is said."""
    return _SENTENCES[message.kind](message.data, keys)


def remedies(keys: Keys, *actions: tuple[str, str], between: str) -> str:
    """Say what the keys of these actions do, as far as there are any."""
    return between.join(f"{keys[action]} {does}" for action, does in actions if action in keys)


def _forked(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    iteration, forgotten = data["iteration"], data["forgotten"]
    done = f"iteration {iteration} starts with it"
    if data["again"]:
        done = f"iteration {iteration} was computed again from its start, to this same step"
    lost = "" if forgotten is None else f" The oldest branch, {branch_label(forgotten)}, is forgotten."
    ways = [f"{label(data['edit'], length)}: {done}." for length in (16, 6)]
    back = f" {keys['branch']}: the branch without it." if "branch" in keys else ""
    return (*(f"{way}{back}{lost}" for way in ways), *(f"{way}{lost}" for way in ways), ways[1])


def _switched(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    where = "at the same step" if data["same"] else "which went no further than this"
    branch = f"This is branch {data['number']} of {data['count']}"
    head = f"{branch}, {branch_label(data['branch'])}, {where}."
    on = remedies(keys, ("branch", "goes to the next."), between="")
    return (*([f"{head} {on}"] if on else []), head, f"{branch}.")


def _paused(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    on = remedies(keys, ("run", "runs on"), between="")
    return (f"paused: {on}" if on else "paused",)


def _stopped(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    node = data["node"]
    return (_with_a_way_on(f"stopped at {cut(node.name, 10)}" if node is not None else "stopped", data, keys),)


def _with_a_way_on(what: str, data: Mapping[str, Any], keys: Keys) -> str:
    actions = [("back", "steps back"), ("edit", "edits a number or the learning rate")]
    if data["branches"] > 1:
        actions.append(("branch", "returns"))
    ways_on = remedies(keys, *actions, between=", ")
    return f"{what}: {ways_on}" if ways_on else what


def _no_such_moment(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    asked, here = data["asked"], data["here"]
    event = f", event {asked.cursor}" if asked.cursor else ""
    stopped = f"training stopped in iteration {here.iteration}, after event {here.cursor}"
    return (f"There is no iteration {asked.iteration}{event}: {stopped}.",)


_SENTENCES: dict[Kind, Callable[[Mapping[str, Any], Keys], tuple[str, ...]]] = {
    "forked": _forked,
    "switched": _switched,
    "paused at goal": _paused,
    "breakpoint hit": lambda data, _: (f"breakpoint: {data['breakpoint'].text}",),
    "no breakpoint up to goal": lambda data, _: (f"no breakpoint up to iteration {data['goal']}, where a run pauses",),
    "no breakpoint before here": lambda data, _: ("no breakpoint before here: this is the start",),  # noqa: ARG005
    "no further stop": lambda data, keys: (_with_a_way_on("no further stop", data, keys),),
    "stopped by an error": _stopped,
    "no such moment": _no_such_moment,
}
