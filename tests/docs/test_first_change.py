"""The page of first changes is true: each, made in a copy, touches the places that it says, and does what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "first-change.md"
PACKAGES = ("minidl_core", "tui_backprop")

PLACES = {
    "An operation": ["minidl_core/operations/curves.py"],
    "An optimizer": ["minidl_core/train/rules.py"],
    "A lesson": ["tui_backprop/lessons/valley.py"],
    "A pane": ["tui_backprop/panes/queue_pane.py", "tui_backprop/panes/__init__.py"],
    "A picture": [
        *("tui_backprop/pictures/largest.py", "tui_backprop/pictures/__init__.py"),
        "tui_backprop/lessons/lesson.py",
    ],
    "A view of the inspector": ["tui_backprop/inspector/range_view.py", "tui_backprop/inspector/view_table.py"],
    "A key": ["tui_backprop/keys.py", "tui_backprop/session/viewer.py"],
    "An event": [
        *("minidl_core/events.py", "minidl_core/stepper.py"),
        *("tui_backprop/debugger/event_table.py", "tui_backprop/narration/sentences.py"),
    ],
}
"""The files that each change touches."""
LINES = {"tui_backprop/panes/__init__.py": 1, "tui_backprop/inspector/view_table.py": 1, "tui_backprop/keys.py": 1}
LINES |= {"tui_backprop/debugger/event_table.py": 1, "tui_backprop/pictures/__init__.py": 1}
"""How many lines, beside imports, a list or a table gets by one change."""


class Block(NamedTuple):
    """A piece of code in the page: how it comes into which file."""

    how: str
    file: str
    text: str


def blocks() -> dict[str, list[Block]]:
    """Return the page's pieces of code by their heading."""
    found: dict[str, list[Block]] = {}
    heading = how = file = ""
    parts = re.compile(
        r"^## ([^\n]+)$|^(New file|At the end of|In) `([^`]+)`:$|^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
    )
    for title, manner, name, code in parts.findall(PAGE.read_text(encoding="utf-8")):
        if title:
            heading = title
        elif manner:
            how, file = manner, name
        else:
            found.setdefault(heading, []).append(Block(how, file, code))
    return found


def apply(block: Block, root: Path) -> None:
    """Make a change in a copy of the project."""
    path = root / block.file
    assert path.exists() == (block.how != "New file"), block.file
    if block.how == "New file":
        path.write_text(block.text, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if block.how == "At the end of":
        path.write_text(f"{text}\n\n{block.text}", encoding="utf-8")
        return
    before = "".join(line[1:] for line in block.text.splitlines(keepends=True) if line[0] in " -")
    after = "".join(line[1:] for line in block.text.splitlines(keepends=True) if line[0] in " +")
    assert text.count(before) == 1, f"{block.file} has {text.count(before)} times:\n{before}"
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make all changes in one copy: they must not be in each other's way."""
    root = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for change in blocks().values():
        for block in change:
            apply(block, root)
    return root


@pytest.mark.parametrize("change", PLACES)
def test_a_change_does_what_the_page_says(change: str, copy: Path) -> None:
    name = change.lower().replace(" ", "_")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("first_change.py")), name, str(copy)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_change_touches_as_few_places_as_the_design_says() -> None:
    assert {change: list(dict.fromkeys(block.file for block in made)) for change, made in blocks().items()} == PLACES
    added = Counter(
        block.file
        for made in blocks().values()
        for block in made
        for line in block.text.splitlines()
        if block.how == "In" and line.startswith("+") and not re.match(r"\+(from|import) ", line)
    )
    assert {file: added[file] for file in LINES} == LINES


def test_the_page_counts_the_places_as_they_are() -> None:
    rows = re.findall(r"^\| (an? .+?) \| 1 (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name.capitalize() for name, _ in rows] == list(PLACES)
    for name, where in rows:
        made = blocks()[name.capitalize()]
        assert where.startswith("new file") == (made[0].how == "New file")
        assert ("`PANES`" in where) == (name == "a pane")
        assert (where == "file") == (len(PLACES[name.capitalize()]) == 1 and made[0].how != "New file")


@pytest.mark.parametrize("check", [("check",), ("format", "--check")], ids=" ".join)
def test_the_changed_copy_passes_the_lint(check: tuple[str, ...], copy: Path) -> None:
    command = [sys.executable, "-m", "ruff", *check, "--no-cache", "--config", str(ROOT / "pyproject.toml"), "."]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
