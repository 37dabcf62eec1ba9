"""Wrong machines: beliefs about backpropagation that compute all gradients, and the diagnosis that they make."""

from .belief import Belief, Cause
from .comparison import Comparison, Disagreement, compare, parting
from .diagnosis import BELIEFS, Diagnosis, Parting, diagnose, undiagnosed
from .evaluated_graph import BackwardCall, EvaluatedGraph
from .machine import Delivery, Machine, deliveries, gradients
from .naming import Naming
from .side_by_side import Course, SideBySide
from .wrong_machines import WRONG_MACHINES, WrongMachine

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
