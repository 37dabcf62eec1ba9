"""A program as a PyTorch script: the same graph and numbers, in float64, and autograd finds the gradients."""

from __future__ import annotations

from minidl_core import Operation
from minidl_core.train import (
    AdamOptimizer,
    AdamWOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    RMSPropOptimizer,
)

from ..programs.program import ProgramError
from ..programs.pytorch.ties import is_tied_as_in_torch
from .exported import Exported
from .numpy_texts import words
from .torch_texts import TEXTS, TIED

_OPTIMIZERS = {
    GradientDescentOptimizer: "SGD({variables}, lr={rate}{decay})",
    MomentumOptimizer: "SGD({variables}, lr={rate}, momentum={momentum}, nesterov={nesterov}{decay})",
    RMSPropOptimizer: "RMSprop({variables}, lr={rate}, alpha={rho}, eps={epsilon}{decay})",
    AdamOptimizer: "Adam({variables}, lr={rate}, betas=({beta1}, {beta2}), eps={epsilon}{decay})",
    AdamWOptimizer: "AdamW({variables}, lr={rate}, betas=({beta1}, {beta2}), eps={epsilon}, weight_decay={wd})",
}


def torch_script(exported: Exported) -> list[str]:
    """Return the lines of the script; raises ProgramError where something in the program has no word in PyTorch."""
    exported.name_nodes()
    names = exported.names
    leaves, choices = exported.leaf_lines(
        lambda leaf, text: f"torch.tensor({text}{', requires_grad=True' if leaf in exported.variables else ''})"
    )
    variables = [names[node] for node in exported.variables]
    forward = [f"{names[node]} = {_forward(exported, node)}" for node in exported.nodes if isinstance(node, Operation)]
    loss = names[exported.loss]
    loop = [
        *choices,
        *forward,
        f"print(iteration, {loss}.item())",
        "",
        "optimizer.zero_grad()",
        *_backward(exported, loss),
        *_clipping(exported),
        *([] if len(exported.rates) == 1 else ['optimizer.param_groups[0]["lr"] = rates[iteration]']),
        "optimizer.step()",
    ]
    imports = ["from pathlib import Path", "", "import numpy as np"] if exported.data.beside else []
    return [
        *exported.heading,
        "",
        *imports,
        "import torch",
        "",
        "torch.set_default_dtype(torch.float64)",
        "",
        *leaves,
        *exported.rate_lines,
        f"optimizer = torch.optim.{_optimizer(exported, variables)}",
        "",
        f"for iteration in range({exported.steps}):",
        *[f"    {line}" if line else "" for line in loop],
        "",
        *[f'print("{name}", {name}.tolist())' for name in variables],
    ]


def _forward(exported: Exported, node: Operation) -> str:
    is_tied = is_tied_as_in_torch(node)
    text = (TIED if is_tied else TEXTS).get(node.kind)
    written = exported.written(node)
    text = text(written) if callable(text) else text
    if text is None or (exported.is_own(node) and not is_tied):
        raise ProgramError(
            f"{node.describe()} is an operation that PyTorch has no word for; --export numpy can write it"
        )
    operands = [exported.operand(source, node) for source in node.inputs]
    given = words(written)
    axis, keeps = node.attributes.get("axis"), node.attributes.get("keepdims", False)
    given["dims"] = ("" if axis is None else f", dim={given['axis']}") + (f", keepdim={keeps}" if keeps else "")
    if keeps and axis is None:
        given["dims"] = f", dim={tuple(range(len(written.shapes[0])))}, keepdim=True"
    given["step"] = str(node.attributes.get("stride") or node.attributes.get("size"))
    return text.format(*operands, **given, list=", ".join(operands))


def _backward(exported: Exported, loss: str) -> list[str]:
    """Return the lines that find the gradients; autograd gives none to what only a comparison leads away from."""
    if not any(node.kind in _WITHOUT_SLOPE for node in exported.nodes):
        return [f"{loss}.backward()"]
    variables = ", ".join(exported.names[node] for node in exported.variables)
    return [
        f"if {loss}.requires_grad:",
        f"    {loss}.backward()",
        f"for each in [{variables}]:",
        "    if each.grad is None:  # it reaches the loss only where there is no slope",
        "        each.grad = torch.zeros_like(each)",
    ]


_WITHOUT_SLOPE = (
    *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "argmax", "where", "gather"),
    *("cross_entropy", "pick"),
)


def _clipping(exported: Exported) -> list[str]:
    optimizer, variables = exported.optimizer, ", ".join(exported.names[node] for node in exported.variables)
    if optimizer.clip_value is not None:
        return [f"torch.nn.utils.clip_grad_value_([{variables}], {optimizer.clip_value})"]
    if optimizer.clip_norm is None:
        return []
    clip = optimizer.clip_norm
    return [
        f"length = torch.sqrt(sum(torch.sum(each.grad ** 2) for each in [{variables}]))",
        f"for each in [{variables}]:",
        f"    each.grad *= {clip} / max(length, {clip})",
    ]


def _optimizer(exported: Exported, variables: list[str]) -> str:
    optimizer = exported.optimizer
    text = _OPTIMIZERS.get(type(optimizer))
    if text is None:
        raise ProgramError(f"PyTorch has no {type(optimizer).__name__}; --export numpy can write it")
    given = {name: getattr(optimizer, name) for name in optimizer.settings if name != "decay"}
    decay = f", weight_decay={optimizer.weight_decay}" if optimizer.weight_decay else ""
    rate = "rate" if len(exported.rates) == 1 else "rates[0]"
    return str(
        text.format(
            **given,
            variables=f"[{', '.join(variables)}]",
            rate=rate,
            decay=decay,
            wd=optimizer.weight_decay,
            rho=getattr(optimizer, "decay", None),
            nesterov=getattr(optimizer, "nesterov", False),
        )
    )
