"""A session as a file: program, seed, edits, place and answers, as JSON that a person can read.

Nothing computed is needed to open it again: all of it is computed again. The few numbers that are in it are compared,
so that a machine on which they differ says so.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from minidl_core import Node, Placeholder, Variable

from ..debugger.edits import Edit, NumberEdit, SeedEdit
from ..debugger.steps import Place
from ..debugger.timeline import Timeline
from ..notation.edits import OPTIMIZER, SEED, make_optimizer_edit, make_seed_edit
from ..notation.moments import NoMomentError, name_moment, read_moment
from ..programs import is_path
from ..programs.program import Program, ProgramError
from ..quiz.quiz import Quiz
from ..strict_json import to_json
from .saving import save_lines

if TYPE_CHECKING:
    from ..driving import Driving
    from ..hunt.hunt import Hunt

ENDING = ".backprop"
VERSION = 1
_FORMAT = "backprop-tui session"
_MOST_NUMBERS = 200


class SessionFile(NamedTuple):
    """What a file of a session says: which program, how it was opened, and what was done with it."""

    path: Path
    says: Mapping[str, Any]

    @property
    def address(self) -> str:
        """The name of the lesson, or the path of the file, as it was typed or else beside the session's file."""
        name = str(self.says["program"])
        beside = self.path.parent / name
        return str(beside) if is_path(name) and not Path(name).exists() and beside.exists() else name


class Keepable(Protocol):
    """What there is to write of a session."""

    timeline: Timeline
    asking: Quiz
    driving: Driving
    program: Program
    hunt: Hunt | None

    def look_on(self) -> None:
        """Say how many looks a hunt took."""

    def drive(self) -> None:
        """Have the learner make the engine's moves."""


def write_session(session: Keepable) -> Iterator[str]:
    """Yield the lines of a session's file."""
    timeline = session.timeline
    says = {
        _FORMAT: VERSION,
        **write_program(session.program),
        **write_branches(timeline),
        "at": name_moment(timeline),
        "place": timeline.place,
        **session.asking.written(timeline.branches),
        **session.driving.written(timeline.branches),
        **({} if session.hunt is None else {"hunt": session.hunt.written()}),
        "numbers": _numbers(timeline),
    }
    text = ",\n".join(f" {to_json(key)}: {_json(value)}" for key, value in says.items())
    yield from ("{", *text.split("\n"), "}")


def save_session(path: Path, session: Keepable) -> None:
    """Write a session into a file, or over one that was kept there; raises OSError, also where it is another file."""
    if path.exists() and not is_kept(path):
        raise FileExistsError(errno.EEXIST, "it is there, and is no session", str(path))
    for _ in save_lines(path, write_session(session), replace=True):
        pass


def read_session(path: str) -> SessionFile:
    """Return what a session's file says; raises ProgramError where it cannot be read, or is none."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ProgramError(f"{path} cannot be opened: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ProgramError(f"{path} is no session: it is not text") from None
    try:
        says = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProgramError(f"{path} is damaged: {error}; open the program itself instead") from None
    version = says.get(_FORMAT) if isinstance(says, dict) else None
    if not isinstance(version, int):
        raise ProgramError(f'{path} is no session: it does not begin with "{_FORMAT}"')
    if version > VERSION:
        raise ProgramError(f"{path} is of version {version}, this backprop-tui reads up to {VERSION}; take a newer one")
    if not isinstance(says.get("program"), str):
        raise ProgramError(f'{path} is damaged: "program" does not name one')
    return SessionFile(Path(path), says)


def take_up(session: Keepable, file: SessionFile) -> str:
    """Bring a session to where the file left it, and return a warning where a number differs; empty where none does.

    Raises ProgramError where the file does not fit the program.
    """
    timeline, says = session.timeline, file.says
    try:
        edits, furthest = read_branches(timeline, says)
        timeline.take_branches(edits, furthest, int(says["branch"]))
        _go(timeline, says)
        session.asking.take_up(says, timeline)
        if session.hunt is not None:
            session.hunt.take_up(says["hunt"])
            session.look_on()
        if "drive" in says:
            session.driving.take_up(says, timeline)
        elif says.get("drives"):  # a file of before
            session.drive()
        differs = _difference(timeline, says["numbers"])
    except NoMomentError as error:
        raise ProgramError(f"{file.path} does not fit {file.address}: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ProgramError(f"{file.path} is damaged, or does not fit {file.address}: {error!r}") from error
    if says.get("sha256") not in (None, hash_of(file.address)):
        return f"{file.address} has changed since {file.path} was saved: its numbers may differ"
    return differs and f"{file.path} was saved where {differs}"


def _go(timeline: Timeline, says: Mapping[str, Any]) -> None:
    """Go to the very place, which may have the name of another one; where somebody has written another name, there."""
    named = read_moment(str(says["at"]), timeline)
    if "place" in says:
        iteration, cursor, fine = says["place"]
        timeline.go_to(Place(int(iteration), int(cursor), bool(fine)))
    if "place" not in says or name_moment(timeline) != says["at"]:
        timeline.go_to(named)


def _json(value: Any) -> str:
    """Return a value as JSON, of a list of objects each on a line of its own."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        items = ",\n  ".join(map(_on_one_line, value))
        return f"[\n  {items}\n ]"
    return _on_one_line(value)


def _on_one_line(value: Any) -> str:
    """Return a value as JSON in which names are legible, and nothing is that would not show as itself."""
    text = to_json(value, ensure_ascii=False)
    return text if text.isprintable() else "".join(c if c.isprintable() else to_json(c)[1:-1] for c in text)


def write_program(program: Program) -> dict[str, Any]:
    """Return what opens a program again, and of a file its hash."""
    return {
        "program": program.address,
        **({"sha256": hash_of(program.address)} if is_path(program.address) else {}),
        "seed": program.seed,
        "learning rate": None if callable(program.learning_rate) else program.learning_rate,
    }


def write_branches(timeline: Timeline) -> dict[str, Any]:
    """Return the edits of all branches, how far each went, and which one is moved on."""
    branches = [
        {
            "furthest": branch.furthest[:2],
            "edits": [_written(*made) for made in branch.made],
        }
        for branch in timeline.branches
    ]
    return {"branches": branches, "branch": timeline.branches.index(timeline.branch)}


def read_branches(timeline: Timeline, says: Mapping[str, Any]) -> tuple[list[list[tuple[int, Edit]]], list[Place]]:
    """Return the edits of all branches that were written, and how far each went.

    Raises KeyError, IndexError, TypeError or ValueError where they do not fit.
    """
    edits = [[_read(each, timeline) for each in branch["edits"]] for branch in says["branches"]]
    furthest = [Place(int(branch["furthest"][0]), int(branch["furthest"][1])) for branch in says["branches"]]
    return edits, furthest


def hash_of(address: str) -> str | None:
    """Return the hash of a file; None where it cannot be read, or only once, as a pipe."""
    path = Path(address)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except OSError:
        return None


def _written(finished: int, edit: Edit) -> dict[str, Any]:
    if not isinstance(edit, NumberEdit):
        what = SEED if isinstance(edit, SeedEdit) else OPTIMIZER
        return {"after iteration": finished, what: edit.new, "old": edit.old}
    node = None if edit.node is None else edit.node.name
    return {"after iteration": finished, "node": node, "index": edit.index, "old": edit.old, "new": edit.new}


def _read(says: Mapping[str, Any], timeline: Timeline) -> tuple[int, Edit]:
    finished = int(says["after iteration"])
    if SEED in says:
        return finished, make_seed_edit(int(says["old"]), int(says[SEED]), timeline)
    if OPTIMIZER in says:
        return finished, make_optimizer_edit(str(says["old"]), says[OPTIMIZER])
    name, index = says["node"], says["index"]
    node = None if name is None else node_called(name, timeline)
    if not (node is None or isinstance(node, Variable | Placeholder)):
        raise ValueError(f"{name} cannot be edited")
    place = None if index is None else tuple(map(int, index))
    return finished, NumberEdit(node, place, float(says["old"]), float(says["new"]))


def node_called(name: str, timeline: Timeline) -> Node:
    """Return the node of this name; raises ValueError where there is none."""
    found = next((node for node in timeline.graph.nodes if node.name == name), None)
    if found is None:
        raise ValueError(f"there is no node {name}")
    return found


def _numbers(timeline: Timeline) -> dict[str, list[float]]:
    """Return the loss, if it is measured, and the variables, of large ones the first numbers."""
    moment = timeline.moment
    numbers = {} if moment.loss is None else {moment.graph.loss.name: [moment.loss]}
    room = _MOST_NUMBERS
    for variable in moment.graph.variables[:room]:
        first = moment.variable(variable).ravel()[: max(room, 1)].tolist()
        numbers[variable.name] = first
        room -= len(first)
        if room <= 0:
            break
    return numbers


def _difference(timeline: Timeline, saved: Mapping[str, list[float | str]]) -> str:
    """Say which number is another one here, and by how much; nothing where all are the same."""
    here = _numbers(timeline)
    for name, numbers in saved.items():
        for place, (said, now) in enumerate(zip(numbers, here.get(name, ()), strict=False)):
            before = float(said)
            if before != now and not (isnan(before) and isnan(now)):
                which = name if len(numbers) == 1 else f"number {place + 1} of {name}"
                return f"{which} was {before!r}; here it is {now!r}, {abs(now - before):.2g} away"
    return ""


def with_ending(name: str) -> str:
    """Return the name of a session's file, to which who types it need not put the ending."""
    return name if is_session(name) else f"{name}{ENDING}"


def is_session(name: str) -> bool:
    """Return whether somebody who types this means the file of a session."""
    return name.endswith(ENDING)


def is_kept(path: Path) -> bool:
    """Return whether there is a session in a file; a pipe, which would be waited for, is none."""
    if not path.is_file():
        return False
    try:
        read_session(str(path))
    except ProgramError:
        return False
    return True


def file_of(program: Program) -> str:
    """Return the name of the file that a session is kept in unless another is asked for."""
    name = program.lesson.name
    stem = re.sub(r"[^\w-]+", "-", Path(name).stem if is_path(program.address) else name).strip("-")
    return f"{stem}{ENDING}"
