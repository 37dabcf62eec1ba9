"""Which code is a script's own: that of its folder, and of the project or package that it is a part of."""

from __future__ import annotations

import ast
import os
import sys
from functools import lru_cache
from pathlib import Path

import minidl_core

_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
_INSTALLED = "-packages"
_OURS = tuple(
    os.path.join(os.path.realpath(folder), "")
    for folder in (*minidl_core.__path__, os.path.dirname(os.path.dirname(__file__)))
)


@lru_cache(20)
def project_of(path: str) -> str:
    """Return the folder of the project that a script is of, else of its package, else its own, with a separator."""
    folder = Path(os.path.abspath(path)).parent
    homes = Path(os.path.expanduser("~")), Path(folder.anchor)  # Path.home() raises where nobody has one
    for each in (folder, *folder.parents):
        if each in homes:  # a home that is kept under version control is no project
            break
        if any((each / mark).exists() for mark in _MARKS):
            return os.path.join(each, "")
    while (folder / "__init__.py").is_file() and folder.parent != folder:
        folder = folder.parent
    return os.path.join(folder, "")


@lru_cache(10_000)
def is_of_project(file: str, project: str) -> bool:
    """Return whether a file of code belongs to a project, and was not installed into it as other packages are."""
    if is_installed(file) or os.path.realpath(file).startswith(_OURS):
        return False
    real = os.path.join(os.path.realpath(project), "")
    return os.path.normpath(file).startswith(project) or os.path.realpath(file).startswith(real)


def is_installed(file: str) -> bool:
    """Return whether a file of code is of a package that was installed, also by `pip install --target`."""
    return _INSTALLED in file or any(file.startswith(os.path.join(each, "")) for each in _targets(tuple(sys.path)))


@lru_cache(20)
def _targets(path: tuple[str, ...]) -> list[str]:
    """Return the folders on the path into which packages were installed, that are not called so."""
    others = [os.path.abspath(each) for each in path if _INSTALLED not in each]
    return [each for each in others if os.path.isdir(each) and any(Path(each).glob("*.dist-info"))]


def package_of(path: str, source: bytes) -> tuple[str, str] | None:
    """Return the name of the package and the folder it is in, of a script that imports from its package by a dot.

    That is what `python -m package.script` makes of it; None where it has no such import.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    levels = [node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    if not levels:
        return None
    names: list[str] = []
    folder = Path(os.path.realpath(path)).parent
    while folder.parent != folder and (len(names) < max(levels) or (folder / "__init__.py").is_file()):
        names.insert(0, folder.name)
        folder = folder.parent
    return ".".join(names), str(folder)
