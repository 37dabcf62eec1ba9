"""What a script computes is noted up to a limit, in a time that grows with its length."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

from tui_backprop.programs.arrays import noted, recorder, steps
from tui_backprop.programs.arrays import tape as notes
from tui_backprop.programs.program import ProgramError

from .array_scripts import opened

EULER = """
import numpy as np
rng = np.random.default_rng(0)
X, y, w = rng.normal(size=(20, 3)), rng.normal(size=20), np.zeros(3)
for step in range(3):
    h = np.zeros(20)
    for t in range({count}):
        h = h + (X @ w - h) * 0.01
    loss = np.mean((h - y) ** 2)
    w = w - 0.1 * (1 - 0.99 ** {count}) * 2 * X.T @ (h - y) / len(y)
    print(loss)
"""

ADDED = """
import numpy as np
h, a = np.zeros(3), np.ones(3)
for t in range({count}):
    h = h + a * 0.01
print(np.sum(np.tanh(h)))
"""


@pytest.mark.parametrize("source", [EULER, ADDED], ids=["in training", "alone"])
def test_sums_within_an_iteration_are_followed_in_a_time_that_grows_with_their_number(
    source: str, tmp_path: Path
) -> None:
    def calls(count: int) -> int:
        made = 0

        def note(frame: FrameType, event: str, _: object) -> None:
            nonlocal made
            made += event == "call" and frame.f_code.co_filename in (steps.__file__, notes.__file__)

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            with suppress(ProgramError):  # two of them train nothing
                opened(source.format(count=count), tmp_path)
        finally:
            sys.setprofile(before)
        return made

    calls(20)
    assert calls(400) < 4.6 * calls(100)


def test_a_script_that_only_computes_is_noted_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BEFORE_A_STEP", 400_000)
    computing = """
import gc
import numpy as np
from tui_backprop.programs.arrays.tape import Note
def count(): return sum(type(each) is Note for each in gc.get_objects())
gc.collect()
X, total, before = np.ones((50, 50)), 0.0, count()
for i in range({count}):
    Y = np.tanh(X.T * (i + 1.0))
    total += float(np.sum(Y))
raise SystemExit(f"kept {{count() - before}}.")
"""
    kept = []
    for count in (4, 8, 500):
        with pytest.raises(ProgramError, match=r"kept \d+\.") as ended:
            opened(computing.format(count=count), tmp_path)
        kept.append(int(str(ended.value).rpartition("kept ")[2].partition(".")[0].rstrip("')")))
    assert kept[0] < kept[1]
    assert kept[2] < 60


def test_steps_before_the_limit_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ADDED.partition("h, a")[0] + (
        "X, y, w = np.arange(60.0).reshape(20, 3) / 60, np.ones(20), np.zeros(3)\nclass Kept: pass\n"
        "for step in range(6):\n    loss = np.mean((X @ w - y) ** 2)\n    w = w - 0.1 * 2 * X.T @ (X @ w - y) / 20\n"
        "for i in range(2000):\n    Z = np.tanh(X * i)\n"
    )
    monkeypatch.setattr(recorder, "MOST_BYTES", 100_000)
    program = opened(source, tmp_path)
    assert len(program.steps) == 6
    assert "Only the first 6 steps of" in program.warning
    assert program.warning.endswith("net.py are here: more would not fit.")


def test_no_tape_stays_on_where_what_ends_the_last_step_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: steps.Steps) -> None:
        raise AskedForError

    monkeypatch.setattr(steps.Steps, "finish", fail)
    with pytest.raises(AskedForError):
        opened(ADDED.format(count=3), tmp_path)
    assert noted.tape == []


class AskedForError(Exception):
    """A fault that the test asked for."""
