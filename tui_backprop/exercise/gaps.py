"""The gaps of the exercise, cut out of the engine in value.py; each is judged in that engine, apart from the others."""

from __future__ import annotations

import io
import math
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

OPEN, RIGHT, WRONG = "open", "right", "wrong"
_GAP = re.compile(
    r"^(?P<indent> *)# gap (?P<number>\d+): (?P<task>.*)\n(?P<body>(?:.*\n)*?) *# end of gap (?P=number)$", re.M
)
_TITLE = '''"""Your own engine: fill the gaps, each with one to four lines in place of its three dots, and save."""'''
_FIRST, _LAST = "# gap {}:", "# end of gap {}"
_STARTS = {"a": 2.0, "b": -3.0, "c": 0.5}
_TRIALS: Mapping[int, Sequence[str]] = {
    1: ("a + b", "a + a", "(a + b) * a", "(b + a) * a"),
    2: ("a * b", "a * a", "(a * b) + a", "(b * a) + a"),
    3: ("c.relu()", "b.relu()", "c.relu() * c"),
    4: ("a", "a + b", "(c * c).relu() + c", "(c + (c * b)) * (c * b)"),
}
"""Formulas of a, b and c whose gradients show whether a gap is right; the last gap shows in the training itself."""


class ExerciseError(Exception):
    """A file is no exercise, or not any more; the message says why."""


class Gap(NamedTuple):
    """What is asked for in a gap, and what stands in it, as lines that begin where the gap does."""

    task: str
    body: str


class Judgement(NamedTuple):
    """Whether a gap is `open`, `right` or `wrong`, and what shows that it is wrong."""

    number: int
    task: str
    state: str
    why: str = ""


@cache
def _solution() -> str:
    return Path(__file__).with_name("value.py").read_text(encoding="utf-8")


def exercise() -> str:
    """Return the text of the exercise: the engine without what belongs into its gaps."""
    text = _GAP.sub(lambda gap: _filled(gap, "...\n"), _solution())
    return _TITLE + text[text.index("\n") :]


def gaps_of(text: str) -> dict[int, Gap]:
    """Return the gaps of an exercise by their numbers; raises ExerciseError where the comments around one are gone."""
    found = {int(gap["number"]): Gap(gap["task"], _dedented(gap["body"], gap["indent"])) for gap in _GAP.finditer(text)}
    for number in map(int, re.findall(r"# gap (\d+):", _solution())):
        if number not in found:
            first, last = _FIRST.format(number), _LAST.format(number)
            raise ExerciseError(f"the lines '{first} ...' and '{last}' say where gap {number} is; put them back")
    return found


def judge_gaps(text: str) -> Iterator[Judgement]:
    """Yield a judgement of each gap; raises ExerciseError as `gaps_of` does."""
    for number, gap in gaps_of(text).items():
        code = re.sub(r"^\s*(#.*)?\n", "", gap.body, flags=re.M).strip()
        if code in ("", "...", "pass"):
            yield Judgement(number, gap.task, OPEN)
            continue
        why = _mistake(number, gap.body)
        yield Judgement(number, gap.task, WRONG if why else RIGHT, why)


def _filled(gap: re.Match[str], body: str) -> str:
    """Return a gap with lines in it that begin where it does."""
    first, *_, last = gap[0].split("\n")
    lines = "".join(f"{gap['indent']}{line}" if line.strip() else line for line in body.splitlines(keepends=True))
    return f"{first}\n{lines}{last}"


def _dedented(body: str, indent: str) -> str:
    return re.sub(rf"^{indent}", "", body, flags=re.M)


def _mistake(number: int, body: str) -> str:
    """Return what goes wrong in the engine with these lines in one of its gaps; empty where nothing does."""
    text = _GAP.sub(lambda gap: _filled(gap, body if int(gap["number"]) == number else _own(gap)), _solution())
    right = _run(_solution())
    try:
        with redirect_stdout(io.StringIO()):
            tried = _run(text)
            for formula in _TRIALS.get(number, ()):
                wrong = _parted(formula, _gradients(formula, tried), _gradients(formula, right))
                if wrong:
                    return wrong
            if number not in _TRIALS:
                for name in ("w", "b"):
                    for what in ("grad", "data"):
                        found, wanted = getattr(tried[name], what), getattr(right[name], what)
                        if not _same(found, wanted):
                            return f"after the last step {name}.{what} is {_text(found)} and should be {_text(wanted)}"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # it is the learner's
        return _said(error, text)
    return ""


def _own(gap: re.Match[str]) -> str:
    return _dedented(gap["body"], gap["indent"])


def _run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "exercise"}
    exec(compile(text, "exercise", "exec", dont_inherit=True), names)
    return names


def _gradients(formula: str, names: Mapping[str, Any]) -> dict[str, object]:
    values = {name: names["Value"](start) for name, start in _STARTS.items() if re.search(rf"\b{name}\b", formula)}
    eval(formula, dict(values)).backward()
    return {name: value.grad for name, value in values.items()}


def _parted(formula: str, found: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """Say of which node the gradients differ; nothing where none does."""
    for name, gradient in wanted.items():
        if not _same(found[name], gradient):
            where = ", ".join(f"{each} = {_STARTS[each]:g}" for each in found)
            return f"in {formula} at {where}: {name}.grad is {_text(found[name])} and should be {_text(gradient)}"
    return ""


def _same(found: object, wanted: object) -> bool:
    assert isinstance(wanted, float)
    return isinstance(found, int | float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)


def _text(number: object) -> str:
    return f"{number:.6g}" if isinstance(number, int | float) else f"{number!r:.40}"


def _said(error: BaseException, text: str) -> str:
    """Say what was raised, and by which line."""
    if isinstance(error, SyntaxError):
        return f"{(error.text or '').strip()!r} is not Python: {error.msg}"
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == "exercise"]
    where = f" by {text.splitlines()[lines[-1] - 1].strip()!r}" if lines else ""
    return f"{type(error).__name__} is raised{where}: {error}"
