"""The command `backprop-tui`, also as `python -m tui_backprop`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
