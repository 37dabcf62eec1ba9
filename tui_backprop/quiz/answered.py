"""What came of a question that was put, where it was put, and both as a session's file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..debugger.branches import Branch
from ..debugger.followed import Followed
from ..debugger.steps import Place


class Where(NamedTuple):
    """At which place of which branch something stood, and about which followed element; no branch: a forgotten one."""

    branch: Branch | None
    place: Place
    followed: Followed

    def written(self, branches: Sequence[Branch]) -> dict[str, Any]:
        """Return what a file has of it; the branch is the number of one of these."""
        return {
            "branch": branches.index(self.branch) if self.branch in branches else None,
            "place": self.place[:2],
            "followed": [self.followed.point, self.followed.entry],
        }


@dataclass(frozen=True)
class Answered:
    """A question that was put: where, its kind and text, what was given as its answer, and whether that was right."""

    where: Where
    kind: str
    question: str
    given: str | None
    right: bool

    def written(self, branches: Sequence[Branch]) -> dict[str, Any]:
        """Return what a file has of it."""
        about = {"kind": self.kind, "question": self.question, "given": self.given, "right": self.right}
        return {**self.where.written(branches), **about}


def read_where(says: Mapping[str, Any], branches: Sequence[Branch]) -> Where:
    """Return what was written; raises KeyError, IndexError, TypeError or ValueError where it does not fit."""
    branch, (iteration, cursor), (point, entry) = says["branch"], says["place"], says["followed"]
    followed = Followed(int(point), tuple(map(int, entry)))
    return Where(None if branch is None else branches[int(branch)], Place(int(iteration), int(cursor)), followed)


def read_answered(says: Mapping[str, Any], branches: Sequence[Branch]) -> Answered:
    """Return what was written; raises KeyError, IndexError, TypeError or ValueError where it does not fit."""
    given = None if says["given"] is None else str(says["given"])
    where = read_where(says, branches)
    return Answered(where, str(says["kind"]), str(says["question"]), given, bool(says["right"]))
