"""A notebook is the script of its code cells; what only a notebook understands is left out, and that is said."""

from __future__ import annotations

import json
import re
from typing import Any

from .program import ProgramError

_MAGIC = re.compile(r"(\s*)(?:[%!]|[\w, ]+=\s*[%!]|.*\?\s*$)")
_TIMED = re.compile(r"\s*%(?:time|prun|memit)\s+")
_RUNS_THE_REST = ("%%time", "%%capture", "%%prun")


def cells_of(text: bytes, path: str, file: str) -> tuple[dict[str, bytes], str]:
    """Return the code of each cell, under a name that says which cell of the file it is, and what is left out of them.

    Cells are counted from 1, those of code alone. Raises ProgramError where the text is no notebook with code in it.
    """
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{path} is not a notebook: it is not JSON ({error})") from error
    if isinstance(notebook, dict) and "worksheets" in notebook:
        remedy = "bring it to format 4: jupyter nbconvert --to notebook --inplace"
        raise ProgramError(f"{path} is a notebook of format 3; {remedy} {path}")
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise ProgramError(f"{path} is not a notebook: it has no list of cells")
    codes = [_source(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    if not any(code.strip() for code in codes):
        raise ProgramError(f"{path} has no code: no cell of it is a code cell with something in it")
    parts: dict[str, bytes] = {}
    left_out: dict[str, None] = {}
    for number, code in enumerate(codes, 1):
        name = f"{file} cell {number}"
        kept, magics = _without_magics(code)
        parts[name] = kept.encode(errors="surrogatepass")
        left_out |= dict.fromkeys(f"{magic} (cell {number})" for magic in magics)
    said = list(left_out)
    more = f" and {len(said) - 3} more" if len(said) > 3 else ""
    return parts, f"{path}: left out, as a script has no such thing: {', '.join(said[:3])}{more}." if said else ""


def _source(cell: dict[str, Any]) -> str:
    """Return what stands in a cell; it is kept as a text or as a list of lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _without_magics(code: str) -> tuple[str, list[str]]:
    """Return a cell as Python, and the first word of each line that is none; the numbers of the lines stay."""
    lines = code.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    magics: list[str] = []
    if lines[first].startswith("%%"):
        word = lines[first].split()[0]
        if word not in _RUNS_THE_REST:
            return "", [word]
        lines[first] = ""
    for _ in range(len(lines)):
        try:
            compile("\n".join(lines), "cell", "exec", dont_inherit=True)
        except SyntaxError as error:
            # a line that begins with a % may as well belong to a text or a sum: only what is no Python is a magic
            number = (error.lineno or 0) - 1
            magic = _MAGIC.match(lines[number]) if 0 <= number < len(lines) else None
            if magic is None:
                break
            if timed := _TIMED.match(lines[number]):
                lines[number] = magic[1] + lines[number][timed.end() :]
                continue
            magics.append(lines[number].split()[0])
            lines[number] = f"{magic[1]}pass"
        except (ValueError, RecursionError, MemoryError):
            break
        else:
            break
    return "\n".join(lines), magics
