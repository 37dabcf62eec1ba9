"""The seven graphs that people learn from, as boxes and as a tape, in the middle of a backward pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sample_graphs import SMALL
from tui_backprop.app import BackpropApp
from tui_backprop.programs.program import program_of


@pytest.mark.parametrize("lesson", SMALL)
def test_boxes_at_120x40(snap_compare: Callable[..., bool], lesson: str) -> None:
    wide = lesson in ("two-layers", "residual-blocks", "recurrent")
    press = [*(["v"] if wide else []), "p", *["space"] * 5, "left"]
    assert snap_compare(BackpropApp(program_of(SMALL[lesson])), press=press, terminal_size=(120, 40))


@pytest.mark.parametrize("lesson", SMALL)
def test_tape_at_80x24(snap_compare: Callable[..., bool], lesson: str) -> None:
    assert snap_compare(
        BackpropApp(program_of(SMALL[lesson])), press=["p", *["space"] * 5, "left"], terminal_size=(80, 24)
    )
