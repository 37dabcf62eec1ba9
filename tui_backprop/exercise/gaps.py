"""The gaps of the exercise, cut out of the engine in value.py; each is judged in that engine, apart from the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from .trial import RunawayError, find_mistake

OPEN, RIGHT, WRONG, RUNAWAY = "open", "right", "wrong", "runaway"
_GAP = re.compile(
    r"^(?P<indent> *)# gap (?P<number>\d+): (?P<task>.*)\n(?P<body>(?:.*\n)*?) *# end of gap (?P=number)$", re.M
)
_TITLE = '''"""Your own engine: fill the gaps, each with one to four lines in place of its three dots, and save."""'''
_FIRST, _LAST = "# gap {}:", "# end of gap {}"
_CUT = {
    "self.grad += out.grad": (2, "what a sum passes on to self and to other"),
    "self.grad += other.data * out.grad": (2, "what a product passes on to self and to other"),
    "self.grad += (self.data > 0) * out.grad": (
        1,
        "what relu passes on to self; its slope is 1 where self is above 0, else 0",
    ),
    "self.grad = 1.0": (3, "set this node's own gradient; then all pass on, the last made first"),
    "for weight in (w, b):": (3, "move w and b by 0.1 times their gradients, downhill, and zero these"),
}
"""What is cut out of value.py: by the line that begins it, how many lines it has, and what is asked for there."""


class ExerciseError(Exception):
    """A file is no exercise, or not any more; the message says why."""


class Gap(NamedTuple):
    """What is asked for in a gap, and what stands in it, as lines that begin where the gap does."""

    task: str
    body: str


class Judgement(NamedTuple):
    """Whether a gap is `open`, `right`, `wrong` or a `runaway`, which takes all time or memory, and what shows it."""

    number: int
    task: str
    state: str
    why: str = ""


@cache
def solution() -> str:
    """Return the exercise as it is when it is done."""
    lines = Path(__file__).with_name("value.py").read_text(encoding="utf-8").splitlines(keepends=True)
    for number, (begins, (count, task)) in enumerate(_CUT.items(), 1):
        [at] = [at for at, line in enumerate(lines) if line.strip() == begins]
        indent = lines[at][: -len(lines[at].lstrip())]
        first, last = f"{_FIRST.format(number)} {task}", _LAST.format(number)
        lines[at : at + count] = [f"{indent}{first}\n", *lines[at : at + count], f"{indent}{last}\n"]
    return "".join(lines)


def exercise() -> str:
    """Return the text of the exercise: the engine without what belongs into its gaps."""
    text = _GAP.sub(lambda gap: _filled(gap, "...\n"), solution())
    return _TITLE + text[text.index("\n") :]


def gaps_of(text: str) -> dict[int, Gap]:
    """Return the gaps of an exercise by their numbers; raises ExerciseError where the comments around one are gone."""
    found = {int(gap["number"]): Gap(gap["task"], _dedented(gap["body"], gap["indent"])) for gap in _GAP.finditer(text)}
    for number in map(int, re.findall(r"# gap (\d+):", solution())):
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
        try:
            why = find_mistake(number, _with_gap(number, gap.body), solution())
        except RunawayError as error:
            yield Judgement(number, gap.task, RUNAWAY, str(error))
        else:
            yield Judgement(number, gap.task, WRONG if why else RIGHT, why)


def _with_gap(number: int, body: str) -> str:
    """Return the engine with these lines in one of its gaps."""
    return _GAP.sub(lambda gap: _filled(gap, body) if int(gap["number"]) == number else gap[0], solution())


def _filled(gap: re.Match[str], body: str) -> str:
    """Return a gap with lines in it that begin where it does."""
    first, *_, last = gap[0].split("\n")
    lines = "".join(f"{gap['indent']}{line}" if line.strip() else line for line in body.splitlines(keepends=True))
    return f"{first}\n{lines}{last}"


def _dedented(body: str, indent: str) -> str:
    return re.sub(rf"^{indent}", "", body, flags=re.M)
