"""What is known of a learner's own engine: its class, and for each node the functions of theirs that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType

from minidl_core import Node


@dataclass(frozen=True)
class TheirFunctions:
    """The learner's function that computed a node, and the one that passes its gradient on, where there is one."""

    forward: CodeType
    backward: CodeType | None


@dataclass(frozen=True, eq=False)
class LearnersEngine:
    """A class of the script whose instances have a number and its gradient, or its loop, which finds them by hand.

    `number` and `gradient` are the names of these attributes. `functions` are by node of the graphs opened so far.
    `backward` is the function that the script calls on its loss, and `called_at` the file and the line of the call.
    `subject` is what it is called in a sentence, and `whose` what its gradients are. Where it computes in another
    precision than ours, `precision` says in which; where its gradients are those of a multiple of the script's loss,
    `multiple` says of which, and `is_of_all` whether all of them are. `found_at` has the line, as file:line, at which
    one that is found by hand was found. `remark` says what the numbers do not: what the script does with its gradients
    that may not be meant, or too soon.
    """

    class_name: str
    file: str
    number: str
    gradient: str
    functions: Mapping[Node, TheirFunctions]
    backward: CodeType | None = None
    called_at: tuple[str, int] = ("", 0)
    subject: str = "your engine"
    whose: str = "yours"
    precision: str = ""
    multiple: str = ""
    is_of_all: bool = True
    remark: str = ""
    found_at: Mapping[Node, str] = field(default_factory=dict)

    @property
    def is_by_hand(self) -> bool:
        """Whether lines of a loop find the gradients, one by one, and no search through a graph."""
        return not self.gradient
