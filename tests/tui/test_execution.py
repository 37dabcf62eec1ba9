"""Whatever a script does to the process, it opens, or one line says what is wrong; and nothing of it stays behind."""

from __future__ import annotations

import builtins
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest

from tui_backprop.commands.cli import main
from tui_backprop.programs import is_path
from tui_backprop.programs.execution import execute
from tui_backprop.programs.program import ProgramError
from tui_backprop.programs.script import open_script

TRAINED = """
import minidl_core as dl
w = dl.Variable(1.0)
step = dl.train.GradientDescentOptimizer(0.1).minimize(w * w)
dl.Session().run(step)
"""

UNLUCKY = {
    "replaces its output": "import sys, io\nsys.stdout = sys.stderr = io.StringIO()",
    "closes its output": "import sys\nsys.stdout.close(); sys.stderr.close(); print('still')",
    "closes its input": "import sys\nsys.stdin.close()",
    "closes the descriptors": "import os\nfor n in (0, 1, 2): os.close(n)",
    "has no output": "import sys\nsys.stdout = sys.stderr = None",
    "writes bytes": "import sys\nsys.stdout.buffer.write(b'\\xff\\n')",
    "prints much": "for _ in range(20_000): print('line')",
    "forks": "import os\nif os.fork() == 0: raise SystemExit\nos.wait()",
    "forks to its end": "import os\nos.fork() and os.wait()",
    "starts a process": "import subprocess\nsubprocess.run(['echo', 'said'])",
    "has a thread": "import threading\nthreading.Thread(target=print, args=['x']).start()",
    "exits": "import sys\nsys.exit()",
    "exits at once": "import os\nos._exit(0)",
    "deletes itself": "import os\nos.remove(__file__)",
    "goes away": "import os\nos.chdir('/')",
    "is asked for arguments": "import argparse\nargparse.ArgumentParser().parse_args()",
    "has a main": "if __name__ == '__main__': print('main')\nelse: 1 / 0",
    "replaces built-ins": "import builtins\nbuiltins.print = builtins.vars = builtins.sorted = None",
    "sets the interpreter": (
        "import sys, gc, signal, warnings, numpy as np\nsys.setrecursionlimit(200); gc.disable()\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); warnings.simplefilter('error'); np.seterr(all='raise')\n"
        "np.set_printoptions(precision=1)"
    ),
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", sys.path.copy())


@pytest.mark.parametrize("does", UNLUCKY.values(), ids=UNLUCKY.keys())
def test_it_opens_and_nothing_of_it_stays(does: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("my_model.py").write_text(TRAINED + does, encoding="utf-8")

    def surroundings() -> list[object]:
        streams = sys.stdin, sys.stdout, sys.stderr
        descriptors = [os.fstat(number) for number in range(3)]
        kept = [(each.st_dev, each.st_ino) for each in descriptors]
        limits = sys.getrecursionlimit(), signal.getsignal(signal.SIGTERM), np.geterr(), np.get_printoptions()
        return [streams, kept, limits, dict(vars(builtins)), warnings.filters[:], os.getcwd(), os._exit]

    before = surroundings()
    program = open_script("my_model.py")
    assert surroundings() == before
    assert program.warning == ""
    assert program.example.loss.inputs[0].name == "w"
    assert capfd.readouterr().out == ""


STOPS = {
    "class E(Exception):\n    def __str__(self): return 3\nraise E": "raised E: (it has no text: TypeError)",
    "class E(Exception):\n    __str__ = lambda self: str(self)\nraise E": "raised E: (it has no text: RecursionError)",
    "class E(BaseException): pass\nraise E('x')": "my_model.py:2 raised E: x",
    "raise ExceptionGroup('two', [ValueError(1), ValueError(2)])": "raised ExceptionGroup: two (2 sub-exceptions)",
    "raise ValueError('x' * 100_000)": f"raised ValueError: {'x' * 500} [...]",
    "raise ValueError('\\x1b[31m')": "raised ValueError: \\x1b[31m",
    "def f(): f()\nf()": "my_model.py:1 raised RecursionError: maximum recursion depth exceeded",
    "import os\nos._exit(3)": "my_model.py:2 ended the script with sys.exit(3)",
    "class C:\n    def __repr__(self): 1 / 0\nraise SystemExit(C())": "sys.exit((it has no text: ZeroDivisionError))",
    "import builtins\nbuiltins.len = None\nlen([])": "my_model.py:3 raised TypeError",
    "import sys\nsys.stdout.close()\nsys.stderr = None\n1 / 0": "my_model.py:4 raised ZeroDivisionError",
    "import atexit\natexit.register(lambda: 1 / 0)": "my_model.py:2 raised ZeroDivisionError",
}


@pytest.mark.parametrize(("text", "said"), STOPS.items())
def test_what_stops_it_is_one_line(text: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("my_model.py").write_text(text, encoding="utf-8")
    assert main(["--headless", "my_model.py"]) == 2
    printed = capfd.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert printed.err.startswith("backprop-tui: my_model.py")
    assert printed.err.count("\n") == 1


def test_what_it_trained_until_an_error_is_opened(capfd: pytest.CaptureFixture[str]) -> None:
    Path("my_model.py").write_text(f"{TRAINED}1 / 0", encoding="utf-8")
    assert open_script("my_model.py").warning.startswith("my_model.py:6 raised ZeroDivisionError: division by zero.")
    Path("my_model.py").write_text(f"{TRAINED}raise KeyboardInterrupt", encoding="utf-8")
    assert open_script("my_model.py").warning.startswith("my_model.py:6 was interrupted.")


def test_without_a_standard_input_or_output() -> None:
    Path("my_model.py").write_text(TRAINED + "print('printed')", encoding="utf-8")
    command = [sys.executable, "-m", "tui_backprop", "--json", "my_model.py"]
    shell = ["sh", "-c", '"$@" <&- 2>&-', "sh", *command]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(shell, capture_output=True, text=True, env=environment, check=True)
    assert "losses" in json.loads(done.stdout)


# notebooks


def notebook(*cells: str | list[str], **more: object) -> str:
    """Write a notebook of these code cells and return its path."""
    written = [{"cell_type": "markdown", "source": "# Title"}]
    written += [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]  # type: ignore[misc]
    Path("my.ipynb").write_text(json.dumps({"nbformat": 4, "cells": written, **more}), encoding="utf-8")
    return "my.ipynb"


def test_it_opens_while_there_is_a_screen() -> None:
    """Textual's own standard error output says -1 for its descriptor, and L opens the engine's lesson under it."""

    class Captured(io.StringIO):
        def fileno(self) -> int:
            return -1

    Path("my_model.py").write_text("print('said')\n" + TRAINED, encoding="utf-8")
    with redirect_stderr(Captured()) as captured:
        open_script("my_model.py")
    assert captured.getvalue() == "said\n"


def test_a_notebook_is_the_script_of_its_cells(capfd: pytest.CaptureFixture[str]) -> None:
    path = notebook(
        ["%matplotlib inline\n", "!pip install numpy\n", "import minidl_core as dl\n", "text = '''\n", "%d\n", "'''"],
        "%%bash\necho not Python",
        "%time w = dl.Variable(1.0)\nif True:\n    %who\nfiles = !ls",
        "loss = dl.square(w)\ndl.Session().run(dl.train.GradientDescentOptimizer(0.1).minimize(loss))\nprint(text)",
    )
    program = open_script(path)
    assert program.warning == (
        "my.ipynb: left out, as a script has no such thing: "
        "%matplotlib (cell 1), !pip (cell 1), %%bash (cell 2) and 2 more."
    )
    loss = program.example.loss
    assert [node.name for node in loss.graph.nodes][:2] == ["w", "loss"]
    assert loss.location == "my.ipynb cell 4:1"
    assert capfd.readouterr().err == "\n%d\n\n"
    assert is_path("my.ipynb")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x = 1\n1 / 0", "my.ipynb cell 1:2 raised ZeroDivisionError: division by zero"),
        ("x = (", "my.ipynb cell 1:1 is not Python: '(' was never closed"),
        ("display(3)", "a notebook runs here as a script, which has no display: print, or take it out"),
        ("", "my.ipynb has no code"),
    ],
)
def test_a_mistake_in_a_notebook_names_its_cell(cell: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless", notebook(cell)]) == 2
    assert said in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a notebook: it is not JSON"),
        ("[" * 100_000, "is not a notebook: it is not JSON"),
        ("3", "it has no list of cells"),
        ('{"cells": null}', "it has no list of cells"),
        ('{"cells": [3, null, {"cell_type": "code"}]}', "has no code"),
        ('{"worksheets": []}', "format 3; bring it to format 4: jupyter nbconvert --to notebook --inplace my.ipynb"),
    ],
)
def test_what_is_no_notebook_is_said(text: str, said: str) -> None:
    Path("my.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(ProgramError, match=r"my\.ipynb") as error:
        execute("my.ipynb")
    assert said in str(error.value)


BY_KIND = {
    "engine": """
class Value:
    def __init__(self, data, prev=()):
        self.data, self.grad, self.prev = data, 0.0, prev
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other))
    def backward(self):
        self.grad = 1.0
        a, b = self.prev
        a.grad += b.data
        b.grad += a.data
w, x = Value(1.0), Value(0.5)
for step in range(9):
    w.grad = x.grad = 0.0
    (w * x).backward()
    w.data -= 0.1 * w.grad
    print("step", step)
""",
    "numpy": """
import numpy as np
class Net:
    w = np.ones(3)
net = Net()
for step in range(9):
    loss = np.sum(net.w ** 2)
    net.w -= 0.1 * (2 * net.w)
    print("step", step)
""",
}


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_script_that_is_asked_for_some_steps_is_ended_after_them(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.py"
    path.write_text(BY_KIND[kind])
    program = open_script(str(path), most=3)
    assert (len(program.steps), program.warning) == (3, "")
    assert "step 2" in capsys.readouterr().err
    assert main([str(path), "--headless", "--steps", "2"]) == 0
    # of plain NumPy two more tell what the last one updated
    assert f"step {4 if kind == 'numpy' else 2}" not in capsys.readouterr().err
