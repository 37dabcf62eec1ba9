"""What is said of a person's own file that cannot be opened, or whose gradients are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.narration.narration import narrate_event_line
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import TRAINED_WITH

from .scripts import IMPORTS, STEP, Write

UNRUN = "a, b = dl.placeholder(), dl.placeholder()\nstep = step_of(dl.Variable(1.0) * a - b)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (1\n", "my_model.py:1 is not Python: '(' was never closed"),
        ("\udc00", "is not Python: (unicode error) 'utf-8' codec can't decode byte 0xed"),
        ("import broken_sibling", "broken_sibling.py:2 is not Python: invalid syntax"),
        ("exec('1 +')", "my_model.py:1 raised SyntaxError: invalid syntax (<string>, line 1)"),
        ("def f():\n    return 1 / 0\n\nf()", "my_model.py:2 raised ZeroDivisionError: division by zero"),
        ("import json\njson.loads('[')", "my_model.py:2 raised JSONDecodeError: Expecting value: line 1"),
        ("open('nothing.csv')", "my_model.py:1 raised FileNotFoundError: [Errno 2] No such file or directory"),
        ("assert False", "my_model.py:1 raised AssertionError"),
        ("raise ValueError('a\\nb \\x1b[31m')", "my_model.py:1 raised ValueError: a b \\x1b[31m"),
        ("import sys\nsys.exit('no data')", "my_model.py:2 ended the script with sys.exit('no data')"),
        ("input()", "my_model.py:1 raised "),
        (IMPORTS + "dl.Session().run(dl.placeholder())", "my_model.py:3 raised FeedError: placeholder 'placeholder' ("),
        (IMPORTS + "dl.log(dl.Variable(float('nan')))", "my_model.py:3 raised NonFiniteError: variable 'variable' ("),
        ("", f"my_model.py trains nothing. Open a script that trains with {TRAINED_WITH}\n"),
        (
            "import sys; sys.exit()",
            "my_model.py trains nothing. Open a script that trains with an engine of its own (",
        ),
        (
            "w = [0.5, 1.0]\nfor _ in range(3):\n    w[0] -= 0.1 * 2 * w[0]",
            "trains nothing that can be seen: w is a plain Python number, which leaves no trace; import numpy as np,",
        ),
        (
            "def train():\n    b = 0.5\n    while b > 0.4:\n        b = b - 0.1 * b\ntrain()",
            "trains nothing that can be seen: if b is a plain Python number, it leaves no trace; import numpy as np,",
        ),
        (
            "budget, cost = 3.0, 0.5\nfor _ in range(3):\n    budget -= cost",
            f"my_model.py trains nothing. Open a script that trains with {TRAINED_WITH}\n",
        ),
        (
            IMPORTS + "rate = 0.5\nfor _ in range(3):\n    rate -= 0.1 * rate",
            "or with minidl_core. With minidl_core it can run step = dl.train.GradientDescentOptimizer(0.1).",
        ),
        (
            "class Value:\n    def backward(self): pass\nw = 0.5\nfor _ in range(3):\n    w -= 0.1 * w",
            "my_model.py trains nothing",
        ),
        (
            "import numpy as np\nw = 0.5\nfor _ in range(9):\n    dw, loss = 0.0, 0.0\n"
            "    for x in [0.0, 1.0, 2.0]:\n        loss += (w * x - 1) ** 2\n        dw += 2 * (w * x - 1) * x\n"
            "    w = w - 0.1 * dw\n",
            "; compute the loss of all points at once, as in loss = np.mean((y - out) ** 2), print it in the loop, and",
        ),
        (
            "class Line:\n    pass\nline = Line()\nline.w, line.v = 0.5, 0.0\nfor _ in range(3):\n"
            "    line.g = 2 * line.w\n    line.v = 0.9 * line.v - 0.1 * line.g\n    line.w += line.v\n",
            "trains nothing that can be seen: line.w is a plain Python number, which leaves no trace; import numpy as",
        ),
        (
            "class Line:\n    def fit(self):\n        self.w = 0.5\n        for _ in range(3):\n"
            "            self.w, self.n = self.w - 0.1 * self.w, 1\nLine().fit()\n",
            "trains nothing that can be seen: if self.w is a plain Python number, it leaves no trace; import numpy as",
        ),
        (
            "p, g = {'w': 0.5}, {}\nfor _ in range(3):\n    g['w'] = 2 * p['w']\n"
            "    for k in p:\n        p[k] -= 0.1 * g[k]\n",
            "trains nothing that can be seen: p is a plain Python number, which leaves no trace; import numpy as np,",
        ),
        (
            "class Neuron:\n    def output(self, xs):\n        s = self.bias\n        for w, x in zip(self.ws, xs):\n"
            "            s += w * x\n        return s\ndef train(n, xs):\n    for j in range(2):\n"
            "        n.bias -= 0.1 * (n.output(xs) - 1)\nn = Neuron()\nn.bias, n.ws = 0.5, [1.0]\ntrain(n, [1.0])\n",
            "trains nothing that can be seen: n.bias is a plain Python number, which leaves no trace; import numpy as",
        ),
        (
            "left, price = 5, [3.0]\nwhile left:\n    left -= 1\n    price[0] = price[0] - 0.5\n",
            f"my_model.py trains nothing. Open a script that trains with {TRAINED_WITH}\n",
        ),
        (IMPORTS, "or with minidl_core. With minidl_core it can run step = dl.train.GradientDescentOptimizer(0.1)."),
        ("from minidl_core import Variable", "or with minidl_core. With minidl_core it can run step ="),
        (
            IMPORTS + STEP + "w = dl.Variable(1.0)\nstep_of(w, name='one')\nstep_of(-w, name='two')",
            "builds minimization 'one' (my_model.py:5) and minimization 'two' (my_model.py:5) and runs none",
        ),
        (
            IMPORTS + STEP + UNRUN,
            "never runs its step, so there is no feed for placeholder 'a' (my_model.py:6) and placeholder 'b' (",
        ),
        ("from tui_backprop.lessons.lesson import Lesson\nlesson = Lesson()", "my_model.py:2 raised TypeError: "),
    ],
)
@pytest.mark.parametrize("headless", [True, False], ids=["headless", "screen"])
def test_a_mistake_is_one_line_and_exit_status_2(
    text: str,
    said: str,
    headless: bool,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tui_backprop.commands.in_terminal.refusal", lambda: None)
    write("\ndef (", "broken_sibling.py")
    Path("my_model.py").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main(["my_model.py", "--headless"] if headless else ["my_model.py"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("backprop-tui: ")
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_what_is_no_file_is_said(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("", "percepton.py")
    for path in ("missing.py", "./", "./missing"):
        assert main(["--headless", path]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "backprop-tui: missing.py cannot be opened: No such file or directory",
        "backprop-tui: ./ cannot be opened: Is a directory",
        "backprop-tui: ./missing cannot be opened: No such file or directory",
    ]
    with pytest.raises(SystemExit):
        main(["percepton"])
    assert "there is no lesson 'percepton'; did you mean percepton.py? There are: descent" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--headless"], []])
def test_an_interrupted_script_without_a_step_says_where_it_was(
    arguments: list[str], write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui_backprop.commands.in_terminal.refusal", lambda: None)
    assert main([write("a = 1\nraise KeyboardInterrupt"), *arguments]) == 130
    assert capsys.readouterr().err == "backprop-tui: my_model.py:2 was interrupted before it took a step\n"


def test_a_script_takes_no_seed(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", "--seed", "0", write(IMPORTS + STEP + "step_of(dl.Variable(1.0))")]) == 2
    assert "--seed is for lessons: my_model.py draws its own numbers" in capsys.readouterr().err


@pytest.mark.parametrize(("factor", "warned"), [(2, True), (3, False)])
def test_a_wrong_gradient_of_an_own_operation_is_said_at_once(factor: int, warned: bool, tmp_path: Path) -> None:
    script = tmp_path / "cubes.py"
    script.write_text(
        "import numpy as np\nimport minidl_core as dl\n"
        "@dl.operation(formula='Y = A³', elementwise=True)\n"
        f"def cube_{factor}(a, /):\n    'A cube.'\n    return a**3\n"
        f"@dl.RegisterGradient('cube_{factor}')\n"
        f"def slope(op, grad):\n    'Its slope.'\n    return [{factor} * grad * op.inputs[0] ** 2]\n"
        f"@dl.operation(formula='Y = A, some of it', elementwise=True)\n"
        f"def dropped_{factor}(a, /):\n    'Drawn anew.'\n    return a * np.random.default_rng().random(a.shape)\n"
        f"@dl.RegisterGradient('dropped_{factor}')\n"
        f"def kept(op, grad):\n    'As it was drawn.'\n    return [grad * op.output / op.inputs[0]]\n"
        f"w = dl.Variable([1.0, 2.0], name='w')\nloss = dl.reduce_sum(dropped_{factor}(cube_{factor}(w)))\n"
        "dl.Session().run(dl.train.GradientDescentOptimizer(0.01).minimize(loss))\n",
        encoding="utf-8",
    )
    program = open_program(str(script))
    says = f"'cube_{factor}' (cubes.py:20): its gradient function, at cubes.py:7, is wrong for its input 0, w"
    assert (says in program.warning, "dropped" in program.warning) == (warned, False)
    timeline = Timeline(program)
    timeline.go_to(Place(1))
    [w] = timeline.graph.variables
    shown = plain(draw_inspector(timeline.moment, "ledger", Followed(), 100, 30, w))
    assert (f"The gradient function of cube_{factor}, at cubes.py:7, is wrong: check" in shown) == warned


def test_no_sentence_has_an_equation_that_a_wrong_gradient_makes_false(tmp_path: Path) -> None:
    script = tmp_path / "cubes.py"
    script.write_text(
        "import minidl_core as dl\n"
        "@dl.operation(formula='Y = A³', elementwise=True)\n"
        "def cubed(a, /):\n    'A cube.'\n    return a**3\n"
        "@dl.RegisterGradient('cubed', formulas=('3·G⊙A²',))\n"
        "def slope(op, grad):\n    'Its slope.'\n    return [2 * grad * op.inputs[0] ** 2]\n"
        "loss = dl.square(cubed(dl.Variable(2.0, name='w')))\n"
        "dl.Session().run(dl.train.GradientDescentOptimizer(0.001).minimize(loss))\n",
        encoding="utf-8",
    )
    timeline = Timeline(open_program(str(script)))
    timeline.go_to(Place(1))
    moment = timeline.moment
    said = [plain([narrate_event_line(moment, n)]) for n in range(len(moment.recording.events))]
    [gets] = [sentence for sentence in said if sentence.startswith("w gets")]
    assert gets == "w gets 128 from cubed, by a gradient function that is wrong. G is dloss/dcubed."
