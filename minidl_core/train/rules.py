"""The optimizers: each with its settings, its terms and the function that computes them, in one place."""

from __future__ import annotations

import numpy as np

from ..arrays import Array
from .optimizer import Optimizer
from .settings import setting
from .terms import Term


class GradientDescentOptimizer(Optimizer):
    """Moves every variable by `learning_rate` times its gradient, downhill (Cauchy 1847)."""

    unchecked = True
    terms = (Term("step", "η·G", "The gradient, at the scale of the learning rate; a steep slope makes a long step."),)

    @staticmethod
    def compute(g: Array, learning_rate: float) -> tuple[Array, ...]:
        """Step against the gradient."""
        return (learning_rate * g,)


_VELOCITY = Term("v", "β·v + G", "A velocity: each gradient adds to it, and what was there before fades.", is_slot=True)
_GLIDE = Term("step", "η·v", "The variable moves with the velocity, so that it rolls on through small bumps.")
_LOOK_AHEAD = Term("step", "η·(G + β·v)", "The velocity counts as it will be one step ahead.")


class MomentumOptimizer(Optimizer):
    """Moves each variable with a velocity to which its gradients add up.

    (Polyak 1964, "Some methods of speeding up the convergence of iteration methods"; with `nesterov` Nesterov 1983, "A
    method of solving a convex programming problem with convergence rate O(1/k²)", as Sutskever et al. 2013 write it.)
    """

    momentum: float = setting("β", below=1.0)
    nesterov: bool = False

    unchecked = True

    @property
    def terms(self) -> tuple[Term, ...]:
        """The velocity, and the step: where it leads, or with `nesterov`, where it will."""
        return _VELOCITY, _LOOK_AHEAD if self.nesterov else _GLIDE

    @staticmethod
    def compute(g: Array, v: Array, learning_rate: float, momentum: float, nesterov: bool) -> tuple[Array, ...]:
        """Let the velocity fade, add the gradient, and move with it."""
        v = momentum * v + g
        return v, learning_rate * (g + momentum * v if nesterov else v)


class RMSPropOptimizer(Optimizer):
    """Divides each entry of the gradient by the size that it usually has.

    (Tieleman & Hinton 2012, "Neural networks for machine learning", lecture 6e.)
    """

    decay: float = setting("ρ", default=0.9, below=1.0)
    epsilon: float = setting("ε", default=1e-8, above=True)

    unchecked = True
    terms = (
        Term(
            "v",
            "ρ·v + (1 - ρ)·G²",
            "A running mean of the squared gradients: how large they usually are.",
            is_slot=True,
        ),
        Term("step", "η·G/(sqrt(v) + ε)", "Divided by its usual size, every entry moves at about the same pace."),
    )

    @staticmethod
    def compute(g: Array, v: Array, learning_rate: float, decay: float, epsilon: float) -> tuple[Array, ...]:
        """Step by the gradient over the root of the running mean of its square."""
        v = decay * v + (1.0 - decay) * (g * g)
        return v, learning_rate * g / (np.sqrt(v) + epsilon)


_MOMENTS = (
    Term("m", "β1·m + (1 - β1)·G", "A running mean of the gradients: which way they mostly point.", is_slot=True),
    Term("v", "β2·v + (1 - β2)·G²", "A running mean of their squares: how large they usually are.", is_slot=True),
    Term(
        "m_hat", "m/(1 - β1^t)", "The mean began at 0; divided by the weight of what it has seen, it is not too small."
    ),
    Term("v_hat", "v/(1 - β2^t)", "The mean of the squares began at 0, too."),
)


def _moments(g: Array, m: Array, v: Array, t: int, beta1: float, beta2: float) -> tuple[Array, Array, Array, Array]:
    """Return both running means, and both without the pull of the 0 from which they began."""
    m = beta1 * m + (1.0 - beta1) * g
    v = beta2 * v + (1.0 - beta2) * (g * g)
    return m, v, m / (1.0 - beta1**t), v / (1.0 - beta2**t)


class _OfMoments(Optimizer):
    """What Adam and AdamW are made with."""

    beta1: float = setting("β1", default=0.9, below=1.0)
    beta2: float = setting("β2", default=0.999, below=1.0)
    epsilon: float = setting("ε", default=1e-8, above=True)


class AdamOptimizer(_OfMoments):
    """Divides the running mean of the gradients by their usual size.

    (Kingma & Ba 2015, "Adam: a method for stochastic optimization", algorithm 1.)
    """

    unchecked = True
    terms = (
        *_MOMENTS,
        Term(
            "step",
            "η·m_hat/(sqrt(v_hat) + ε)",
            "Where gradients agree, it is about η; where they cancel out, far less.",
        ),
    )

    @staticmethod
    def compute(
        g: Array, m: Array, v: Array, t: int, learning_rate: float, beta1: float, beta2: float, epsilon: float
    ) -> tuple[Array, ...]:
        """Step by the mean of the gradients over the root of the mean of their squares."""
        m, v, m_hat, v_hat = _moments(g, m, v, t, beta1, beta2)
        return m, v, m_hat, v_hat, learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)


class AdamWOptimizer(_OfMoments):
    """Adam with a weight decay that does not pass through its means, so that every weight shrinks by the same part.

    (Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2.)
    """

    weight_decay: float = setting("λ", default=0.01, kw_only=True)

    unchecked = True
    terms = (
        *_MOMENTS,
        Term("step", "η·(m_hat/(sqrt(v_hat) + ε) + λ·W)", "Beside the step of Adam goes a part of the weight itself."),
    )

    @staticmethod
    def compute(
        w: Array,
        g: Array,
        m: Array,
        v: Array,
        t: int,
        learning_rate: float,
        beta1: float,
        beta2: float,
        epsilon: float,
        weight_decay: float,
    ) -> tuple[Array, ...]:
        """Step as Adam does, and by a part of the weight."""
        m, v, m_hat, v_hat = _moments(g, m, v, t, beta1, beta2)
        return m, v, m_hat, v_hat, learning_rate * (m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * w)
