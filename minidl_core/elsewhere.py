"""What people remember of other libraries: names of the package, and what they do with a node; and the way here.

Most is of TensorFlow 1, after which the names here are called, of PyTorch and of NumPy.
"""

from __future__ import annotations

from typing import NoReturn

_NO_TYPES = "there are no types: every number is a float64; leave it out"
_NO_START = "nothing has to be initialised: in each session a variable starts from its initial value; take the line out"
_NO_ASSIGNMENT = "in the graph nothing is assigned: session.variables[w] = ... sets a variable, sum([x, y]) adds nodes"
_CROSS_ENTROPY = "it is dl.cross_entropy(scores, classes), of whole numbers or of rows that are one-hot"
_NO_TENSORS = "what is trained is a dl.Variable(value), and data are a dl.placeholder()"
_NO_LAYERS = "a layer is a function of your own, such as def dense(x, w, b): return dl.relu(x @ w + b)"

WAYS = {
    **dict.fromkeys(("float16", "float32", "float64", "double", "int32", "int64", "bool"), _NO_TYPES),
    **dict.fromkeys(("global_variables_initializer", "initialize_all_variables"), _NO_START),
    **{name: f"it is dl.reduce_{name}(x, axis)" for name in ("sum", "mean", "max", "min", "std")},
    "var": "it is dl.reduce_variance(x, axis)",
    **dict.fromkeys(("zeros", "ones", "eye", "arange", "linspace"), "NumPy makes it, as in np.zeros((3, 2))"),
    **dict.fromkeys(("add_n", "assign", "assign_add", "assign_sub"), _NO_ASSIGNMENT),
    **dict.fromkeys(("Tensor", "tensor", "Parameter"), _NO_TENSORS),
    **dict.fromkeys(("manual_seed", "set_random_seed"), "nothing here is random: NumPy draws from its own seed"),
    **dict.fromkeys(("concat", "cat"), "it is dl.concatenate([x, y], axis)"),
    **dict.fromkeys(("mul", "sub", "div", "pow", "neg", "mm"), "write x * y, x - y, x / y, x ** 2, -x, x @ y"),
    **dict.fromkeys(("nn", "math", "F", "functional"), "each operation is called by itself, as in dl.relu(x)"),
    **dict.fromkeys(("softmax_cross_entropy_with_logits", "sparse_softmax_cross_entropy_with_logits"), _CROSS_ENTROPY),
    **dict.fromkeys(("CrossEntropyLoss", "nll_loss", "log_loss"), _CROSS_ENTROPY),
    **dict.fromkeys(("layers", "batch_norm", "dense", "Linear", "Module"), _NO_LAYERS),
    **dict.fromkeys(("tile", "repeat"), "it is dl.broadcast_to(x, shape)"),
    "identity": "use x itself",
    "stop_gradient": "minimize(loss, var_list=[w]) says what is trained; a placeholder has a value without a gradient",
    "cast": _NO_TYPES,
    "one_hot": "it is np.eye(3)[classes]; dl.cross_entropy(scores, classes) needs none",
    "clip_by_value": "it is dl.clip(x, low, high)",
    "squared_difference": "it is dl.square(x - y)",
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

RUN = "session.run(x) is its value"
_STEP = f"it would be a step function, without a slope, and is no operation here; {RUN}"
REMEDIES = {
    **dict.fromkeys(
        ("grad", "gradient"), "dl.compute_gradient(loss)[x] is its gradient, at the values of the last run"
    ),
    "backward": "dl.compute_gradient(loss) has all gradients, and optimizer.minimize(loss) is a step of training",
    **dict.fromkeys(("data", "value", "assign"), f"{RUN}, and session.variables[w] = ... sets that of a variable"),
    **dict.fromkeys(("item", "numpy", "tolist", "eval", "detach", "cpu", "copy", "clone"), RUN),
    **dict.fromkeys(("view", "view_as", "resize"), "write x.reshape(shape)"),
    **dict.fromkeys(("ravel", "flat"), "write x.flatten()"),
    **dict.fromkeys(("permute", "swapaxes", "swapdims", "t", "mT"), "write x.transpose(axes), or x.T"),
    **dict.fromkeys(("unsqueeze",), "write dl.expand_dims(x, axis)"),
    **dict.fromkeys(("mm", "bmm", "mv", "matmul"), "write x @ y"),
    **dict.fromkeys(("add", "sub", "mul", "multiply", "div", "neg"), "write x + y, x - y, x * y, x / y, -x"),
    **dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le"), "write x == y, x > y, x <= y"),
    **dict.fromkeys(("clamp", "clip_by_value"), "write x.clip(low, high)"),
    **dict.fromkeys(("take", "index_select"), "write dl.gather(x, rows, axis)"),
    **dict.fromkeys(("masked_fill",), "write dl.where(condition, value, x)"),
    **dict.fromkeys(("split", "chunk"), "write x[:2] and x[2:]"),
    **dict.fromkeys(("contiguous",), "leave it out"),
    **dict.fromkeys(
        ("add_", "sub_", "mul_", "div_", "zero_", "fill_", "copy_", "relu_", "clamp_"),
        "a node cannot be changed; write x + y, dl.relu(x) and so on, each of which makes a new one",
    ),
    **dict.fromkeys(("argmin",), "write dl.argmax(-x, axis)"),
    **dict.fromkeys(("repeat", "expand", "tile"), "write dl.broadcast_to(x, shape)"),
    **dict.fromkeys(("any", "all"), "write (x > 0).max(), or .min()"),
    **dict.fromkeys(
        ("sort", "argsort", "topk", "nonzero", "prod", "round", "trace", "diagonal", "scatter", "fill"),
        "build it from others, or define one with @dl.operation",
    ),
    **dict.fromkeys(("pow",), "write x ** 2"),
    **dict.fromkeys(("size", "dim", "get_shape"), "write x.shape, or x.ndim"),
    **dict.fromkeys(("op", "grad_fn", "is_leaf"), "x.kind is its operation, and x.inputs is what it is computed from"),
    **dict.fromkeys(
        ("requires_grad", "zero_grad", "requires_grad_"), "every dl.Variable is trained, from gradients of 0"
    ),
    **dict.fromkeys(
        ("to", "cuda", "device", "float", "double", "half", "int", "long", "bool", "type", "dtype"),
        "all numbers are float64",
    ),
    **{
        name: f"write dl.{name}(x)"
        for name in (
            *("relu", "sigmoid", "tanh", "softmax", "log_softmax", "exp", "log", "sqrt", "abs", "square", "norm"),
            *("sin", "cos", "gather", "where", "pad", "outer", "maximum", "minimum"),
        )
    },
}
"""Of names that a node has not: what to do or to write."""

INSTEAD = {
    **dict.fromkeys(("vstack", "hstack", "append", "column_stack"), "dl.concatenate([x, y], axis)"),
    **dict.fromkeys(("tile", "repeat"), "dl.broadcast_to(x, shape)"),
    **dict.fromkeys(("split", "array_split"), "x[:2] and x[2:]"),
    **dict.fromkeys(("tril", "triu"), "x * np.tril(np.ones(shape))"),
    **dict.fromkeys(("swapaxes", "moveaxis", "rollaxis"), "dl.transpose(x, axes)"),
    **dict.fromkeys(("atleast_1d", "atleast_2d"), "dl.expand_dims(x, axis)"),
    **dict.fromkeys(("zeros_like", "ones_like", "full_like", "empty_like"), "np.zeros(x.shape)"),
    **dict.fromkeys(("inner", "vdot", "tensordot"), "x @ y, or dl.einsum('ij,kj->ik', x, y)"),
    **dict.fromkeys(("flip", "flipud", "fliplr"), "x[::-1], or x[:, ::-1]"),
    **dict.fromkeys(("any", "all"), "(x > 0).max(), or .min()"),
    **dict.fromkeys(("allclose", "isclose", "array_equal"), "np.allclose(session.run(x), numbers)"),
    "average": "dl.reduce_mean(x, axis)",
    "argmin": "dl.argmax(-x, axis)",
    "copy": "x itself, which cannot be changed",
    "diff": "x[1:] - x[:-1]",
    "fmax": "dl.maximum(x, y)",
    "fmin": "dl.minimum(x, y)",
    "heaviside": "x > 0, which has no slope",
    "logical_and": "a * b",
    "logical_or": "dl.maximum(a, b)",
    "logical_not": "1 - a",
    "reciprocal": "1 / x",
    "roll": "dl.concatenate([x[-1:], x[:-1]])",
    "size": "x.shape",
    "tan": "dl.sin(x) / dl.cos(x)",
    "exp2": "2 ** x",
    "log2": "dl.log(x) / np.log(2)",
    "log10": "dl.log(x) / np.log(10)",
    "log1p": "dl.log(1 + x)",
    "expm1": "dl.exp(x) - 1",
}
REFUSED = {
    "__bool__": f"only a run knows whether it is true: dl.where and dl.maximum choose in the graph, and {RUN}",
    "__contains__": f"only a run knows what is in it; {RUN}",
    **dict.fromkeys(
        ("__float__", "__int__", "__complex__", "__index__"),
        f"it has no number until a run: {RUN}, and in a formula dl.exp(x) and the like stand for those of math",
    ),
    **dict.fromkeys(("__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__divmod__", "__rdivmod__"), _STEP),
    **dict.fromkeys(("__round__", "__floor__", "__ceil__", "__trunc__"), _STEP),
    **dict.fromkeys(
        ("__and__", "__rand__", "__or__", "__ror__", "__xor__", "__invert__", "__lshift__", "__rshift__"),
        "of conditions a * b is true where both are, dl.maximum(a, b) where one is, 1 - a where a is not",
    ),
    "__setitem__": "a node cannot be changed; dl.where(condition, new, x) makes one that is new in some entries",
    "__delitem__": "a node cannot be changed; dl.concatenate puts together what is to be kept",
}
"""Of what Python can do with other things: why not with a node, and the way."""


def explain_missing(name: str) -> NoReturn:
    """Raise the AttributeError for a name that the package does not have, with the way where one is known."""
    way = WAYS.get(name)
    raise AttributeError(f"minidl_core has no {name}" + (f": {way}." if way else "."))


def way_for_function(name: str) -> str:
    """Return what to write instead of a function of NumPy that is no operation."""
    if name in INSTEAD:
        return f"np.{name} is no operation here; write {INSTEAD[name]}"
    return f"np.{name} is no operation here; build it from others, or define one with @dl.operation"
