"""Training: the optimizers, each defined by its terms in one place, and the schedules of the learning rate."""

from .optimizer import Minimization, Optimizer, trained_variables
from .rules import AdamOptimizer, AdamWOptimizer, GradientDescentOptimizer, MomentumOptimizer, RMSPropOptimizer
from .schedules import ConstantRate, CosineRate, Schedule, StepRate, WarmUp, rate_at
from .settings import setting
from .step import Memory
from .terms import ComputedTerm, Term

__all__ = [
    "AdamOptimizer",
    "AdamWOptimizer",
    "ComputedTerm",
    "ConstantRate",
    "CosineRate",
    "GradientDescentOptimizer",
    "Memory",
    "Minimization",
    "MomentumOptimizer",
    "Optimizer",
    "RMSPropOptimizer",
    "Schedule",
    "StepRate",
    "Term",
    "WarmUp",
    "rate_at",
    "setting",
    "trained_variables",
]
