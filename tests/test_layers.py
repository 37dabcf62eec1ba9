"""The house: imports go down only, between rooms and between files, and Textual stays in the rooms that need it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "tui_backprop"
ORDER = (
    *("minidl_core", PACKAGE, "beliefs", "lessons", "programs", "debugger", "drawing", "notation", "complaints"),
    *("strict_json", "narration", "graph", "inspector", "quiz", "hunt", "driving", "pictures", "session", "classroom"),
    *(
        "export",
        "crash",
        "panes",
        "widgets",
        "terminal",
        "plain",
        "keys",
        "screens",
        "settings",
        "later",
        "app",
        "verdict",
    ),
    *("exercise", "commands", "__main__"),
)
"""The rooms of the app, each a folder or a file, from the lowest to the highest."""
BELOW_WIDGETS = ("minidl_core", PACKAGE, "debugger", "drawing", "notation")
WITH_TEXTUAL = ("keys", "widgets", "screens", "terminal", "app")

Arrows = Mapping[str, Iterable[str]]
"""By a file as a module's name the modules that it imports, also for types only and inside functions."""


def modules(root: Path, package: str) -> dict[str, Path]:
    """Return the files of a package by their modules' names."""
    found = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(root: Path, package: str) -> dict[str, set[str]]:
    """Return what every file imports: of its own package the very file, of others the module as it is written."""
    files = modules(root, package)
    return {name: set(_imported(name, path, files)) for name, path in files.items()}


def _imported(name: str, path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    inside = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = inside[: len(inside) - node.level + 1] if node.level else []
            module = ".".join([*start, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                submodule = f"{module}.{alias.name}"
                yield submodule if submodule in files else module


def room(module: str) -> str:
    """Return the room of a module; what is outside the package is a room by its first name."""
    first, *others = module.split(".")
    return others[0] if first == PACKAGE and others else first


def faults(arrows: Arrows) -> list[str]:
    """Return what is wrong: a room that is in no order, an arrow that goes up, a circle of files."""
    found = []
    for module, targets in arrows.items():
        here = room(module)
        if here not in ORDER:
            found.append(f"{module} is in no room of the order")
            continue
        for target in targets:
            there = room(target)
            if there in ORDER and ORDER.index(there) > ORDER.index(here):
                found.append(f"{module} -> {target} goes up")
    try:
        TopologicalSorter({module: set(targets) & set(arrows) for module, targets in arrows.items()}).prepare()
    except CycleError as error:
        found.append(f"circle: {' -> '.join(error.args[1])}")
    return found


def with_textual(arrows: Arrows) -> set[str]:
    """Return the rooms that import Textual."""
    return {room(module) for module, targets in arrows.items() if any(room(t) == "textual" for t in targets)}


def test_imports_go_down_only() -> None:
    assert faults(imports(ROOT, PACKAGE)) == []


def test_nothing_below_the_screens_imports_textual_and_the_engine_no_terminal_at_all() -> None:
    assert with_textual(imports(ROOT, PACKAGE)) <= set(WITH_TEXTUAL)
    engine = imports(ROOT, "minidl_core")
    assert not {room(target) for targets in engine.values() for target in targets} & {"textual", "rich", PACKAGE}


def test_a_widget_draws_and_knows_nothing_of_panes_and_screens() -> None:
    arrows = imports(ROOT, PACKAGE)
    rooms = {room(t) for m, targets in arrows.items() if room(m) == "widgets" for t in targets if room(t) in ORDER}
    assert rooms <= {*BELOW_WIDGETS, "widgets"}


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        (
            "debugger/moment.py",
            "from ..drawing.glyphs import NOW",
            "moment -> tui_backprop.drawing.glyphs goes up",
        ),
        (
            "debugger/moment.py",
            "if TYPE_CHECKING:\n    from ..panes import frame",
            "tui_backprop.panes.frame goes up",
        ),
        (
            "lessons/xor.py",
            "def build():\n    import tui_backprop.programs.script",
            "xor -> tui_backprop.programs",
        ),
        ("graph/pane.py", "from .picture import fold", "circle: "),
        ("notation/names.py", "from ..quiz import judge", "notation.names -> tui_backprop.quiz goes up"),
        ("attic/old.py", "", "tui_backprop.attic.old is in no room of the order"),
    ],
)
def test_a_planted_arrow_is_found(tmp_path: Path, file: str, line: str, fault: str) -> None:
    files = {
        "drawing/glyphs.py": "NOW = 1",
        "panes/frame.py": "",
        "programs/script.py": "",
        "graph/picture.py": "from .pane import fold",
        "quiz/__init__.py": "from ..notation import names",
        "screens/main.py": "from ..graph.picture import fold",
    }
    package = tmp_path / PACKAGE
    for name, text in (files | {file: line}).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    assert any(fault in found for found in faults(imports(tmp_path, PACKAGE)))
    (package / file).unlink()
    assert faults(imports(tmp_path, PACKAGE)) == []


def test_textual_in_a_room_without_a_screen_is_found(tmp_path: Path) -> None:
    for name in ("panes", "screens"):
        (tmp_path / PACKAGE / name).mkdir(parents=True)
        (tmp_path / PACKAGE / name / "main.py").write_text("def draw():\n    from textual.app import App")
    assert with_textual(imports(tmp_path, PACKAGE)) == {"panes", "screens"}
