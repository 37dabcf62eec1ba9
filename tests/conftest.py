"""What every test stands on: one terminal, one kind of colours, snapshots as SVG files, the operations as they are."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterator

import pytest
import textual.app
import textual.pilot
from pytest_textual_snapshot import SVGImageExtension

from minidl_core.definition import definitions
from minidl_core.gradients import _gradient_registry

# Textual reads these when it is imported: whoever runs the tests, the screens are the same
os.environ["TERM"] = "xterm-256color"
os.environ["COLORTERM"] = "truecolor"
for name in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME", "COLUMNS", "LINES"):
    os.environ.pop(name, None)

# syrupy 5 reads the attribute under this name
SVGImageExtension.file_extension = "svg"


async def _until_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is ready to run and nothing is due soon, a repaint for example.

    Textual's own pilot sleeps until the process has used little time for a while: twice 20 ms for each key, and longer
    where the machine has other work.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    while loop.time() < end:
        await asyncio.sleep(0)
        if not loop._ready:
            due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=math.inf)
            if due > loop.time() + _SOON:
                return
            await asyncio.sleep(max(due - loop.time(), 0))


_SOON = 0.02
textual.app.wait_for_idle = textual.pilot.wait_for_idle = _until_idle


@pytest.fixture(autouse=True)
def operations() -> Iterator[None]:
    """Forget the operations and gradient functions that a test has registered."""
    made = dict(definitions)
    rules = {name: (rule, rule.function, rule.formulas) for name, rule in _gradient_registry.items()}
    yield
    definitions.clear()
    definitions.update(made)
    _gradient_registry.clear()
    for name, (rule, function, formulas) in rules.items():
        if rule.function is not function:
            rule.change(function, formulas)
        _gradient_registry[name] = rule
