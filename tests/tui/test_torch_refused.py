"""What a script that trains with torch does and cannot be shown: it is refused by a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `torch` is not installed")

from tui_backprop.programs.program import ProgramError

from .test_torch import program_of

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("w * x", "backward() was called on (2,) numbers; call it on a loss"),
        ("(w * x).sum() + torch.bernoulli(w.sigmoid()).sum()", "bernoulli at script.py:10 draws random numbers"),
        ("(w.half() * 2).sum().float()", "mul at script.py:10 computes with torch.float16; take out autocast()"),
        ("(w * 1j).abs().sum()", "abs at script.py:10 computes with torch.complex64; use real numbers"),
        (
            "nn.Embedding(2, 2, sparse=True)(torch.tensor([1])).sum()",
            "the gradient of a parameter, used by embedding at",
        ),
        ("torch.fft.fft(w).abs().sum()", "abs at script.py:10 computes with torch.complex64; use real numbers"),
        ("torch.sparse.mm(torch.eye(2).to_sparse(), w[:, None]).sum()", "sparse; make it dense, by to_dense()"),
        (
            "torch.func.vmap(lambda w: w * 2)(w).sum()",
            "used by sum at script.py:10, is of autograd, but its call was not",
        ),
        (
            "sum(torch.autograd.grad((w ** 3).sum(), w, create_graph=True)[0])",
            "is of autograd, but its call was not seen; take out vmap, create_graph=True",
        ),
        ("in_part(w * 2)", "a tensor, used by sum at script.py:8, was changed in place by way of a part of it"),
        ("changed(w)", "x, used by add at script.py:9, was changed in place after that and before backward()"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_shown_is_refused_by_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    script = f"""
w, x = torch.ones(2, requires_grad=True), torch.ones(2)
def in_part(y): y[0].add_(1); return y.sum()
def changed(w): y = (w + x).sum(); x.add_(1); return y
loss = {text}
loss.backward(torch.ones_like(loss))
"""
    with pytest.raises(ProgramError) as raised:
        program_of(tmp_path, script)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "w = torch.ones(2)\nfor _ in range(3):\n    with torch.no_grad(): w -= 0.1 * 2 * w\n",
        "from torch import nn\ndel torch\nprint(nn.Linear(1, 1).bias)\n",
        "w = torch.ones(2, requires_grad=True)\nopt = torch.optim.SGD([w], lr=0.1)\nloss = (w * w).sum()\nopt.step()\n",
        "import numpy as np\nprint(torch.tensor(np.ones(3)).sum())\n",
    ],
)
def test_a_script_that_never_calls_backward_is_told_the_way(text: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"never calls backward\(\).* call loss\.backward\(\)"):
        program_of(tmp_path, text)
