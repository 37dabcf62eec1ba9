"""What every test stands on: one terminal, one kind of colours, snapshots as SVG files, the operations as they are."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Generator, Iterator
from itertools import count

import pytest
import textual.app
import textual.pilot
from pytest_textual_snapshot import SVGImageExtension

from minidl_core.definition import definitions
from minidl_core.gradients import _gradient_registry
from tui_backprop.drawing.ascii import spell_out
from tui_backprop.programs.collecting import RARELY, importing

# Textual reads these when it is imported: whoever runs the tests, the screens are the same
os.environ["TERM"] = "xterm-256color"
os.environ["COLORTERM"] = "truecolor"
for name in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME", "COLUMNS", "LINES"):
    os.environ.pop(name, None)
# some hundred processes are started: the project is compiled for the first of them, not for each
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", type=int, default=2, help="how many seeds of random keys tests/e2e/test_fuzz.py tries")
    parser.addoption("--graphs", type=int, default=200, help="on how many random graphs wrong machines are tried")
    parser.addoption("--moves", type=int, default=60, help="how many random moves a class follows")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have the garbage collector look seldom, and past the thousands of tests: that took a fifth of the whole time."""
    with importing():
        result = yield
    gc.set_threshold(*RARELY)
    return result


REST, AGAIN = 0.02, 0.005  # an app rests where it has nothing to do for so long, in seconds; it is looked twice


async def wait_for_rest(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until the app has nothing to do, now or soon; Textual's own waits for 20 ms and looks at the processor."""
    loop = asyncio.get_running_loop()
    end, rested = loop.time() + max_sleep, False
    while loop.time() < end:
        await asyncio.sleep(0)
        if not loop._ready:
            soonest = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
            if soonest <= loop.time() + REST:
                await asyncio.sleep(max(soonest - loop.time(), 0))
            elif rested:
                return
            else:
                await asyncio.sleep(AGAIN)
            rested = soonest > loop.time() + REST


textual.app.wait_for_idle = textual.pilot.wait_for_idle = wait_for_rest

# syrupy 5 reads the attribute under this name
SVGImageExtension.file_extension = "svg"


_homes = count()


@pytest.fixture(autouse=True, scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give the tests of a file, and the programs that they start, no settings, progress or reports of who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))))
        yield


@pytest.fixture(autouse=True)
def progress(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a place of its own for what is kept of a learner's progress, made only where it is written."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "homes" / str(next(_homes))))


@pytest.fixture(autouse=True)
def signs() -> Iterator[None]:
    """Have all signs again after a test on a terminal that lacks some."""
    yield
    spell_out(None)


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
