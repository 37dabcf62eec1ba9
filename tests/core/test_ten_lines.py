"""The README's ten lines are those that `python -m minidl_core` runs; each page's examples give what is written."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

from minidl_core.__main__ import TEN_LINES
from minidl_core.definition import definitions

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def test_they_run_and_give_what_is_written():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "minidl_core"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(TEN_LINES)
    assert done.stdout.endswith(" lines run, 0 of them with another result than is written.\n")


def test_the_readme_shows_the_same_lines():
    assert TEN_LINES.strip() in README.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", [README, *(ROOT / "docs" / name for name in ("layers.md", "optimizers.md"))], ids=lambda page: page.name
)
def test_every_example_gives_what_is_written(page):
    failed, tried = doctest.testfile(str(page), module_relative=False)
    definitions.pop("double", None)
    assert failed == 0
    assert tried > 6
