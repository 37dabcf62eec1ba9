"""A message: what happened, without words; whoever shows it writes the sentence and names its own keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "warned",
    "wrong settings",
    "forked",
    "switched",
    "paused at goal",
    "breakpoint hit",
    "no breakpoint up to goal",
    "no breakpoint before here",
    "no further stop",
    "at the very start",
    "stopped by an error",
    "no such moment",
    "no such key",
    "too small",
    "how to quit",
    "speed",
    "where",
    "kept",
    "not kept",
    "sent to the terminal",
    "no breakpoint is on",
    "breakpoint set",
    "breakpoint removed",
    "nothing to break on",
    "quiz mode",
    "no run in a quiz",
    "would answer",
    "question waits",
    "no such choice",
    "no number typed",
    "learner drives",
    "engine drives",
    "engine's move",
    "move comes again",
    "move waits",
    "wrong move",
    "leads a class",
    "follows a class",
    "on one's own in a class",
    "other program in class",
    "in no class",
    "offers session",
    "looks at a pupil",
    "theirs to move",
    "no number in view",
    "picture in view",
    "no other",
    "no origin",
    "no way back",
    "no other branch",
    "in no scope",
    "no scopes",
    "too many to open",
    "nothing folded here",
    "hunting",
    "hunt",
    "no hunt",
    "would end the hunt",
    "no pages",
    "page moved back",
    "page is nowhere",
    "goal reached",
    "goal not judged",
]


@dataclass(frozen=True)
class Message:
    """What happened, by its kind, and the values that a sentence about it needs: nodes, edits, branches, numbers.

    warned: the `text` of what was wrong when the program was opened. wrong settings: `said`, what of them is wrong.

    forked: `edit`, the `iteration` that starts with it, whether that was computed `again`, the branch `forgotten` for
    it or None. switched: `branch`, its `number` of `count`, whether one is at the `same` place as before. breakpoint
    hit: `breakpoint`. no breakpoint up to goal: `goal`, an iteration. no further stop and stopped by an error: `node`,
    of the error, or None, and `branches`, how many there are. no such moment: the place `asked` for, and the
    place `here` where an error stopped the training.

    speed: the `speed` of runs. where: the `command` that comes back here. kept: the `path`; not kept: also `why`. sent
    to the terminal: `what`. breakpoint set: the `breakpoint`, and whether it is on the node `in_view`; breakpoint
    removed: it. quiz mode: the `mode`. no run in a quiz and would answer: `what` was refused, and the `mode`. question
    waits: how many `choices`; no such choice: also what was `typed`. no number typed: what is `typed`. no origin:
    `why`. no other: `what`, an edge or a term. in no scope: the `node`. too many to open: how many `nodes`.

    learner drives: whether it is still the `forward` pass; engine drives: how many moves were `right` of those
    `answered`. move comes again: of which `moment`. move waits: whether it `picks` a node. wrong move: what was
    `given`, `why` it is wrong, if that is known, and after how many moves it comes `again` (0: it does not count).

    hunting: how many `looks`, and whether it is `over`. hunt: whether the mistake is `found`, or it is `over` without
    that, what is `wrong` with the engine, and the right `rule`, how many `looks` and `seconds` that took, and what went
    wrong with the `score`. no hunt: whether it is `over`. would end the hunt: `what` was refused.

    Of a lesson, page moved back: its `number`, the `moment` that it belongs to, and the later one that was `left` for
    it. page is nowhere: `why` there is no moment that it belongs to. goal reached: the `lesson` that comes next, empty
    where none does. goal not judged: the `error` and its `location`.

    Of a class, its `name`; who leads one: how many `follow`, are `alone` and `slow`; who is in one: whether the teacher
    is `there`, what is `wrong` with what came, whether the loss is the `same`, `since` when one is on one's own, and
    whether one `offers` a look at one's session, and is `looked at`. looks at a pupil: their `name`, whether that is
    `over`, what is `wrong` with it. offers session: whether one `offers` it.
    """

    kind: Kind
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_about_place(self) -> bool:
        """Whether it says how one came to where one is, and so takes the place of what there is to say of that."""
        return self.kind in ("warned", "wrong settings", "forked", "switched", "hunt")
