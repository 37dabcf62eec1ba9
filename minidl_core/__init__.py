"""minidl_core: computational graphs and backpropagation, written to be read, in plain NumPy."""

from . import train
from .arrays import Array
from .backprop import search
from .elsewhere import explain_missing as __getattr__  # noqa: F401  # Python calls it
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
from .gradient_check import GradientCheck, check_gradient
from .gradients import EvaluatedOperation, RegisterGradient
from .graph import Constant, Graph, Node, Operation, Placeholder, Variable, name_scope, placeholder
from .operations import (
    add,
    divide,
    exp,
    log,
    matmul,
    maximum,
    multiply,
    negative,
    operation,
    power,
    reduce_mean,
    reduce_sum,
    relu,
    reshape,
    sigmoid,
    softmax,
    square,
    subtract,
    tanh,
    transpose,
)
from .session import Session, compute_gradient
from .stepper import State, Stepper

__all__ = [
    "Array",
    "BackwardStarted",
    "Constant",
    "ContributionAdded",
    "EvaluatedOperation",
    "Event",
    "FeedError",
    "GradientCheck",
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
    "check_gradient",
    "compute_gradient",
    "divide",
    "exp",
    "log",
    "matmul",
    "maximum",
    "multiply",
    "name_scope",
    "negative",
    "operation",
    "placeholder",
    "power",
    "reduce_mean",
    "reduce_sum",
    "relu",
    "reshape",
    "search",
    "sigmoid",
    "softmax",
    "square",
    "subtract",
    "tanh",
    "train",
    "transpose",
]

# the file of this name; who asks for it here remembers a function of another library
del globals()["gradients"]
