"""The files of the engine stand in one order, and each imports only what stands before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import minidl_core

ORDER = [
    *(
        "elsewhere",
        "watching",
        "arrays",
        "attributes",
        "errors",
        "copies",
        "sums",
        "definition",
        "finite",
        "operators",
        "places",
        "names",
        "defaults",
        "order",
        "graph",
        "failures",
        "gradients",
    ),
    *("backprop", "floats", "structure", "scalars", "leaves", "plan"),
    *("train.settings", "train.schedules", "train.terms", "train.optimizer", "train.rules", "train.step", "train"),
    *("buffered", "session", "events", "stepper", "gradient_check", "forward_mode", "remarks"),
    *("operations.decorator", "operations.arithmetic", "operations.products", "operations.curves", "operations.shapes"),
    *("operations.choices", "operations.comparisons", "operations.reductions", "operations.extremes"),
    *("operations.selections", "operations.images", "operations.probabilities", "operations", ".", "__main__"),
]


def imports_of(module: str, is_package: bool, source: str) -> Iterator[str]:
    """What a module of the package imports of it, wherever in the file: in a function and for type names alone, too."""
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            # `from . import train` names a module
            names = [origin, *(f"{origin}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from names


def wrong_arrows(sources: dict[str, str], order: list[str], root: str = "minidl_core") -> list[str]:
    """Each import of a file that does not stand before the importing one, and each file without a place in the order.

    `sources` has the text of each file by its module's name without the root's: `.` for the root, and a name that
    others begin with is a package.
    """
    packages = {name for name in sources if name == "." or any(other.startswith(f"{name}.") for other in sources)}
    wrong = [f"{module} has no place in the order" for module in sources if module not in order]
    for module, source in sources.items():
        if module not in order:
            continue
        full = root if module == "." else f"{root}.{module}"
        for name in dict.fromkeys(imports_of(full, module in packages, source)):
            # to import a module of another package is to import that package
            imported = [part for part in packages - {"."} if name.startswith(f"{root}.{part}.")]
            imported = [part for part in imported if not module.startswith(f"{part}.") and part != module]
            imported.append("." if name == root else name.removeprefix(f"{root}."))
            for other in imported:
                if other in order and other != module and order.index(other) > order.index(module):
                    wrong.append(f"{module} imports {other}, which stands after it")
    return wrong


def files() -> dict[str, str]:
    folder = Path(minidl_core.__file__).parent
    sources = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        sources[".".join(part for part in parts if part != "__init__") or "."] = path.read_text(encoding="utf-8")
    return sources


def test_each_file_imports_only_what_stands_before_it():
    sources = files()
    assert wrong_arrows(sources, ORDER) == []
    assert set(ORDER) == set(sources)


@pytest.mark.parametrize(
    "text",
    [
        "from .plan import Plan",
        "from . import plan",
        "import minidl_core.plan",
        "from minidl_core.plan import Plan",
        "from minidl_core import plan",
        "if TYPE_CHECKING:\n    from .plan import Plan",
        "def later():\n    from .plan import Plan",
    ],
)
def test_a_planted_circle_is_found(text):
    sources = files()
    sources["graph"] += f"\n{text}\n"
    assert "graph imports plan, which stands after it" in wrong_arrows(sources, ORDER)
    before_graph = ORDER.copy()
    before_graph.remove("plan")
    before_graph.insert(ORDER.index("graph"), "plan")
    assert "plan imports graph, which stands after it" in wrong_arrows(sources, before_graph)


def test_a_module_of_a_package_below_is_imported_with_its_package():
    sources = files()
    sources["graph"] += "\nfrom .operations.decorator import operation\n"
    found = wrong_arrows(sources, ORDER)
    assert "graph imports operations, which stands after it" in found
    assert "graph imports operations.decorator, which stands after it" in found
    sources = files()
    sources["operations.shapes"] += "\nfrom . import softmax\n"
    assert wrong_arrows(sources, ORDER) == ["operations.shapes imports operations, which stands after it"]


def test_a_file_without_a_place_is_found():
    assert wrong_arrows(files() | {"extras": ""}, ORDER) == ["extras has no place in the order"]
