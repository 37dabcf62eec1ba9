"""Wrong machines: beliefs about backpropagation that compute all gradients, and the diagnosis that they make."""

from .belief import Belief, Cause, WrongMachine
from .beliefs import BELIEFS, WRONG_MACHINES
from .comparison import Comparison, Disagreement, compare, parting
from .diagnosis import Diagnosis, Parting, diagnose, undiagnosed
from .evaluated_graph import BackwardCall, EvaluatedGraph
from .machine import Delivery, Machine, deliveries, gradients
from .naming import Naming
from .side_by_side import Course, SideBySide

__all__ = [
    "BELIEFS",
    "WRONG_MACHINES",
    "BackwardCall",
    "Belief",
    "Cause",
    "Comparison",
    "Course",
    "Delivery",
    "Diagnosis",
    "Disagreement",
    "EvaluatedGraph",
    "Machine",
    "Naming",
    "Parting",
    "SideBySide",
    "WrongMachine",
    "compare",
    "deliveries",
    "diagnose",
    "gradients",
    "parting",
    "undiagnosed",
]
