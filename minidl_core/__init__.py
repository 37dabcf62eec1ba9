"""minidl_core: computational graphs and backpropagation, written to be read, in plain NumPy."""

from . import train
from .backprop import compute_gradient, search
from .errors import (
    FeedError,
    GradientError,
    GraphError,
    MinidlError,
    NonFiniteError,
    ShapeError,
    TraversalError,
)
from .events import (
    BackwardStarted,
    ContributionAdded,
    Event,
    GradientCompleted,
    IterationFinished,
    NodeEvaluated,
    NodesEnqueued,
    NodeVisited,
    VariableUpdated,
)
from .gradients import RegisterGradient
from .graph import Constant, Graph, Node, Operation, Placeholder, Variable, name_scope, placeholder
from .operations import (
    add,
    log,
    matmul,
    multiply,
    negative,
    operation,
    reduce_sum,
    sigmoid,
    softmax,
    square,
    subtract,
)
from .session import Session
from .stepper import State, Stepper

__all__ = [
    "BackwardStarted",
    "Constant",
    "ContributionAdded",
    "Event",
    "FeedError",
    "GradientCompleted",
    "GradientError",
    "Graph",
    "GraphError",
    "IterationFinished",
    "MinidlError",
    "Node",
    "NodeEvaluated",
    "NodeVisited",
    "NodesEnqueued",
    "NonFiniteError",
    "Operation",
    "Placeholder",
    "RegisterGradient",
    "Session",
    "ShapeError",
    "State",
    "Stepper",
    "TraversalError",
    "Variable",
    "VariableUpdated",
    "add",
    "compute_gradient",
    "log",
    "matmul",
    "multiply",
    "name_scope",
    "negative",
    "operation",
    "placeholder",
    "reduce_sum",
    "search",
    "sigmoid",
    "softmax",
    "square",
    "subtract",
    "train",
]
