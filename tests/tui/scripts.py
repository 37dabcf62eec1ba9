"""What the scripts in the tests have in common."""

from __future__ import annotations

from collections.abc import Callable

Write = Callable[[str], str]

IMPORTS = "import sys\nimport minidl_core as dl\n"

STEP = """
def step_of(loss, rate=0.1, name=None):
    return dl.train.GradientDescentOptimizer(rate).minimize(loss, name=name)
"""
