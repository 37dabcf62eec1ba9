"""What the package offers, and what is said about it."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import minidl_core as dl
from minidl_core.definition import definitions
from minidl_core.gradients import _gradient_registry

MODULES = [module.name for module in pkgutil.walk_packages(dl.__path__, "minidl_core.")]
OPERATIONS = {name: made for name, made in definitions.items() if made.compute.__module__.startswith("minidl_core.")}


def test_all_is_sorted_and_complete():
    public = {
        name
        for name, value in vars(dl).items()
        if not name.startswith("_") and (name == "train" or not inspect.ismodule(value))
    }
    assert dl.__all__ == sorted(public)
    assert set(OPERATIONS) < set(dl.__all__)


def test_the_engine_imports_neither_textual_nor_rich():
    code = "import minidl_core, sys; sys.exit(bool({'textual', 'rich', 'plotext', 'tui_backprop'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("name", ["minidl_core", *MODULES])
def test_each_file_opens_with_its_one_idea_and_stays_one_idea(name):
    module = importlib.import_module(name)
    assert module.__doc__
    assert module.__doc__.splitlines()[0].endswith((".", ":", "of"))
    assert len(inspect.getsource(module).splitlines()) <= 400


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_says_formula_reason_and_samples_beside_its_gradient(name):
    made, rule = OPERATIONS[name], _gradient_registry[name]
    assert made.formula.startswith("Y = ")
    assert made.samples
    assert made.reason.endswith(".")
    assert "  " not in made.reason
    assert len(rule.formulas) == len(made.symbols) or (made.takes_list and len(rule.formulas) == 1)
    assert len(rule.reasons) in (1, len(made.symbols))
    for reason in rule.reasons:
        assert reason.endswith(".")
        assert ". " not in reason  # one sentence
    assert made.compute.__module__ == rule.function.__module__


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_sentence_about_an_operation_reads_with_the_names_of_nodes_in_it(name):
    made, rule = OPERATIONS[name], _gradient_registry[name]
    names = ["scores", "offsets", "shifts"][: len(made.symbols)]
    for text in (made.formula, made.reason, *rule.formulas, *rule.reasons):
        read = made.name_symbols(text, names, "result")
        words = {word.strip("()[],.:;-") for word in read.split()}
        assert not words & {"A", "B", "Y"}, read
