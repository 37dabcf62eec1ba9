"""No test of a screen passes over an overlay that failed without the app's end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tui_backprop.app import BackpropApp


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
