"""What people remember of other libraries, above all of TensorFlow 1, after which the names here are called."""

from __future__ import annotations

from typing import NoReturn

_NO_TYPES = "there are no types: every number is a float64; leave it out"
_NO_START = "nothing has to be initialised: in each session a variable starts from its initial value; take the line out"

WAYS = {
    **dict.fromkeys(("float16", "float32", "float64", "double", "int32", "int64", "bool"), _NO_TYPES),
    **dict.fromkeys(("global_variables_initializer", "initialize_all_variables"), _NO_START),
    **{name: f"it is dl.reduce_{name}(x, axis)" for name in ("sum", "mean", "max", "min", "std")},
    "var": "it is dl.reduce_variance(x, axis)",
    "argmin": "it is dl.argmax(-x, axis)",
    "mse": "it is dl.reduce_mean(dl.square(prediction - target))",
    "dropout": "it is x * mask, where mask is a placeholder that each step feeds with other zeros",
    "gradients": "run the loss, then ask for all gradients: dl.compute_gradient(loss)[w]",
    "GradientTape": "no tape is needed: run the loss, then dl.compute_gradient(loss)[w]",
    "InteractiveSession": "make a session and call it: session = dl.Session(); session.run(node)",
    "get_variable": "make it from its first value: w = dl.Variable(value, name='w')",
    "variable_scope": "scopes are dl.name_scope('layer')",
    "trainable_variables": "an optimizer finds them; step.variables has those that optimizer.minimize(loss) moves",
    "global_variables": "session.variables has those that have been changed",
    "reset_default_graph": "begin another graph: with dl.Graph().as_default():",
    "get_default_graph": "keep the graph that you make, graph = dl.Graph(), or ask a node: node.graph",
    "random_normal": "NumPy draws numbers: dl.Variable(np.random.default_rng(0).normal(size=(3, 2)))",
    "constant": "a number or an array becomes a constant where it is used; or dl.Constant(value)",
}
"""The way here, by the name there."""


def explain_missing(name: str) -> NoReturn:
    """Raise the AttributeError for a name that the package does not have, with the way where one is known."""
    way = WAYS.get(name)
    raise AttributeError(f"minidl_core has no {name}" + (f": {way}." if way else "."))
