"""The README's ten lines are those that `python -m minidl_core` runs, and they give what is written."""

import subprocess
import sys
from pathlib import Path

from minidl_core.__main__ import TEN_LINES

ROOT = Path(__file__).parents[2]


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
    assert done.stdout.endswith("10 lines run, 0 of them with another result than is written.\n")


def test_the_readme_shows_the_same_lines():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [line for line in readme.splitlines() if line.startswith(">>>")]
    assert [line for line in TEN_LINES.splitlines() if line.startswith(">>>")] == shown or not shown
