"""What every test stands on: one terminal, one kind of colours, snapshots as SVG files, the operations as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
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
