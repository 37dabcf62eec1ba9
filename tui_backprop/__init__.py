"""backprop-tui: a debugger for backpropagation that runs in a terminal."""

__version__ = "0.1.0"
