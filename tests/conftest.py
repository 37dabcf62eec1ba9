"""What every test of the app stands on: one terminal, one kind of colours, snapshots as SVG files."""

from __future__ import annotations

import os

from pytest_textual_snapshot import SVGImageExtension

# Textual reads these when it is imported: whoever runs the tests, the screens are the same
os.environ["TERM"] = "xterm-256color"
os.environ["COLORTERM"] = "truecolor"
for name in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME", "COLUMNS", "LINES"):
    os.environ.pop(name, None)

# syrupy 5 reads the attribute under this name
SVGImageExtension.file_extension = "svg"
