"""A quiz about what a step will do: questions before it, what is answered, and what stays hidden till then."""

from .arithmetic import CLEARS, read_number
from .question import Question, belief_behind, judge

__all__ = ["CLEARS", "Question", "belief_behind", "judge", "read_number"]
