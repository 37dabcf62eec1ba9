"""A script that is a part of a project or a package: what it imports from there is its own code, too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError
from tui_backprop.programs.project import is_of_project, project_of
from tui_backprop.verdict import judge

NETWORK = """
import numpy as np

class Network:
    def __init__(self, seed):
        self.W = np.random.default_rng(seed).normal(size=(2, 1))
        self.b = np.zeros(1)

    def fit(self, X, y):
        for step in range(4):
            out = X @ self.W + self.b
            loss = np.mean((out - y) ** 2)
            error = 2 * (out - y) / len(y)
            self.W -= 0.1 * (X.T @ error)
            self.b -= 0.1 * error.sum(axis=0)
"""
TRAIN = """
{}
import numpy as np

def main():
    X = np.random.default_rng(0).normal(size=(8, 2))
    Network(1).fit(X, X[:, :1] - X[:, 1:])

if __name__ == "__main__":
    main()
"""
AT_RUN_TIME = """
import os, sys
sys.path.append(os.path.join(os.path.dirname(__file__), ".."))
from {}.network import *
"""


@pytest.mark.parametrize(
    ("package", "mark", "imports"),
    [("nets", "pyproject.toml", AT_RUN_TIME), ("layers", "", "from .network import Network")],
    ids=["project", "package"],
)
def test_a_network_in_another_file_of_the_project_is_followed_and_judged(
    tmp_path: Path, package: str, mark: str, imports: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name, mistake in (("right", ""), ("wrong", "error.mean(axis=0)")):
        own = f"{package}_{name}"  # modules stay
        folder = tmp_path / name / own
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "network.py").write_text(NETWORK.replace("error.sum(axis=0)", mistake or "error.sum(axis=0)"))
        script = folder / "train.py"
        if mark:
            (tmp_path / name / mark).touch()
            script = tmp_path / name / "scripts" / "train.py"
            script.parent.mkdir()
        script.write_text(TRAIN.format(imports.format(own)))
        verdict = judge(open_program(str(script)))
        assert verdict is not None
        assert verdict.status == (3 if mistake else 0)
        assert ("network.py:15" in "\n".join(verdict.lines())) is bool(mistake)


def test_what_was_installed_into_the_folder_of_a_project_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    project = project_of(str(tmp_path / "scripts" / "train.py"))
    assert project == f"{tmp_path}/"
    assert is_of_project(str(tmp_path / "scripts" / ".." / "nets" / "network.py"), project)
    assert not is_of_project(str(tmp_path / ".venv/lib/python3.12/site-packages/numpy/_core.py"), project)
    assert not is_of_project(str(tmp_path.parent / "other.py"), project)


def _stopped(script: Path) -> str:
    with pytest.raises(ProgramError) as stopped:
        open_program(str(script))
    return str(stopped.value)


def test_a_module_that_is_missing_is_said_to_be_had_where_it_is_or_from_where_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "scripts" / "train.py"
    script.parent.mkdir()
    (tmp_path / "setup.py").touch()
    (tmp_path / "nets_nearby").mkdir()
    script.write_text("from nets_nearby.layers import Dense\n")
    assert f"set PYTHONPATH={tmp_path}" in _stopped(script)
    script.write_text("import mine_that_nobody_has.plots\n")
    assert f"{sys.executable} -m pip install mine_that_nobody_has" in _stopped(script)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plots_nearby.py").touch()
    script.write_text("import plots_nearby\n")
    assert f"set PYTHONPATH={tmp_path}" in _stopped(script)


def test_what_only_a_notebook_has_is_told_of_a_script_that_was_made_of_one(tmp_path: Path) -> None:
    script = tmp_path / "exported.py"
    script.write_text("get_ipython().run_line_magic('matplotlib', 'inline')\n")
    assert "a script has no get_ipython: print, or take it out" in _stopped(script)


MODULES = """
class Module:
    pass
class Value(Module):
    def __init__(self, data, kids=()):
        self.data, self.grad, self.kids = data, 0.0, kids
    def __mul__(self, o):
        return Value(self.data * o.data, (self, o))
    def backward(self):
        self.grad = 1.0
        a, b = self.kids
        a.grad += b.data
        b.grad += a.data
"""
LAYERS = """
from {0} import Module, Value
class Layers(Module, list):
    pass
w = Layers([Value(0.5), Value(1.5)])
for step in range(3):
    loss = w[0] * w[1]
    for each in w:
        each.grad = 0.0
    loss.backward()
    for each in w:
        each.data -= 0.1 * each.grad
"""


def test_a_class_that_another_file_builds_on_beside_a_list_stays_one_that_can_be(tmp_path: Path) -> None:
    (tmp_path / "nets_of_lists.py").write_text(MODULES)
    script = tmp_path / "train.py"
    script.write_text(LAYERS.format("nets_of_lists"))
    verdict = judge(open_program(str(script)))
    assert verdict is not None
    assert (verdict.status, verdict.checked) == (0, 3)


def test_what_pip_installed_into_a_folder_of_its_own_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    (library / "installed_there-1.0.dist-info").mkdir(parents=True)
    # built on a class of C and one in Python, as classes of pandas are
    (library / "installed_there.py").write_text(
        "import datetime\nclass Part:\n    pass\nclass Stamp(datetime.datetime, Part):\n    pass\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(library)])
    script = tmp_path / "train.py"
    script.write_text("import installed_there\n" + NETWORK + "\nNetwork(1).fit(np.eye(2), np.ones((2, 1)))\n")
    assert len(open_program(str(script)).steps) == 4
