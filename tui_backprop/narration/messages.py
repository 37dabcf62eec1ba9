"""PROVISIONAL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..debugger.message import Message
from ..notation.fitting import printable

Keys = Mapping[str, str]


def sentences(message: Message, keys: Keys) -> tuple[str, ...]:
    """Return ever shorter ways to say what happened; of an action that has no key nothing is said."""
    if "ways" in message.data:
        return message.data["ways"]
    return _SENTENCES[message.kind](message.data, keys)


def remedies(keys: Keys, *actions: tuple[str, str], between: str) -> str:
    """Say what the keys of these actions do, as far as there are any."""
    return between.join(f"{keys[action]} {does}" for action, does in actions if action in keys)


# MINE


def _with_remedies(said: str, join: str, on: str) -> tuple[str, ...]:
    return (f"{said}{join}{on}" if on else said,)


def _no_breakpoint(_: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    actions = ("breakpoint", "sets one on the node in view"), ("breakpoints", "shows the list")
    return _with_remedies("no breakpoint is on", ": ", remedies(keys, *actions, between=", "))


def _breakpoint_set(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    point, on = data["breakpoint"], remedies(keys, ("resume", "goes on to it"), between="")
    if data["in_view"]:
        return _with_remedies(f"breakpoint on {point.text}", ": ", on)
    return _with_remedies(f"breakpoint: {point.text}", "; ", on)


def _where(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    edits, command = data["edits"], data["command"]
    missing = f" without the edit {edits[0].label(8)}" if len(edits) == 1 else f" without the {len(edits)} edits"
    return (f"copied{missing if edits else ''}: {command}",)


def _quiz_mode(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    ask, step = keys.get("ask"), keys.get("step", "the next step")
    if data["mode"] == "me":
        return _with_remedies(f"{step} asks before it shows a step", "; ", f"{ask}: ask the room" if ask else "")
    if data["mode"] == "room":
        return _with_remedies(f"{step} asks, the next {step} reveals", "; ", f"{ask}: stop asking" if ask else "")
    return ("no more questions",)


def _no_run(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    what = {"run": "run", "resume": "going on"}[data["what"]]
    return _with_remedies(
        f"no {what} while questions are asked", "; ", remedies(keys, ("ask", "stops them"), between="")
    )


def _would_answer(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    actions = ("step", "reveals it") if data["mode"] == "room" else ("skip", "skips the question")
    return _with_remedies(f"the {data['what']} would answer it", "; ", remedies(keys, actions, between=""))


def _question_waits(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    answers = (
        f"1 to {data['choices']} answers" if data["choices"] else remedies(keys, ("submit", "answers"), between="")
    )
    on = ", ".join(filter(None, (answers, remedies(keys, ("skip", "skips"), between=""))))
    return _with_remedies("it waits for an answer", ": ", on)


def _no_number_typed(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    said = f"'{data['typed']}' is not a number" if data["typed"] else "nothing is typed"
    return (f"{said}; type one such as -0.25",)


def _speed(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    return _with_remedies(data["speed"].label, ": ", remedies(keys, ("run", "runs"), between=""))


def _too_small(_: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    return _with_remedies("paused, because nothing could be seen", "; ", remedies(keys, ("run", "runs on"), between=""))


_SENTENCES: dict[str, Callable[[Mapping[str, Any], Keys], tuple[str, ...]]] = {
    "no breakpoint is on": _no_breakpoint,
    "breakpoint set": _breakpoint_set,
    "breakpoint removed": lambda data, _: (f"no breakpoint on {data['breakpoint'].text} any more",),
    "nothing to break on": lambda *_: ("no node is in view to break on: take a step, or select one",),
    "no number in view": lambda *_: ("no number is in view; take a step, or select a node",),
    "no origin": lambda data, keys: (f"{keys.get('origin', 'the way')} {data['why']}",),
    "speed": _speed,
    "too small": _too_small,
    "where": _where,
    "quiz mode": _quiz_mode,
    "no run in a quiz": _no_run,
    "would answer": _would_answer,
    "question waits": _question_waits,
    "no number typed": _no_number_typed,
    "in no scope": lambda data, _: (f"{printable(data['node'].name)} is in no scope",),
    "scope stays open": lambda data, _: (f"{data['scope']}/ stays open: values leave it and come back",),
    "no scopes": lambda *_: ("no node has a scope",),
    "nothing folded here": lambda *_: ("nothing is folded here",),
}
