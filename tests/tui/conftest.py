"""No test passes over an overlay that failed without the app's end; a script is written into a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui_backprop.app import BackpropApp

from .scripts import Write


@pytest.fixture(autouse=True)
def failed_overlays(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """Collect what overlays fail of, and raise it at the end where a test leaves any in the list."""
    failed: list[Exception] = []
    handle = BackpropApp._handle_exception

    def handle_and_keep(app: BackpropApp, error: Exception) -> None:
        handle(app, error)
        if app._exception is not error:
            failed.append(error)

    monkeypatch.setattr(BackpropApp, "_handle_exception", handle_and_keep)
    yield failed
    if failed:
        raise failed[0]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes a script to the current directory and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", sys.path.copy())

    def written(text: str, name: str = "my_model.py") -> str:
        Path(name).write_text(text, encoding="utf-8")
        return name

    return written
