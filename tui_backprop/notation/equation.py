"""A worked element as lines: symbols, numbers, result, folded to the pane's width."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..drawing.ascii import spell
from ..drawing.palette import Line
from .fitting import LEAST_PROSE, broken, flow
from .worked import Worked

_BEFORE_A_SIGN = re.compile(r"(?<=\S)(?<! [-+=≈/])(?= [-+=≈/])")


def write_worked(worked: Worked, width: int, relation: str = "=", most: int = 99) -> list[Line]:
    """Write an element and how it was computed, without the steps in the middle if it takes more than `most` lines.

    matmul[3,0] = X[3,0]·W[0,0] + X[3,1]·W[1,0]
                = (0.921)(0.223) + (1.847)(-1.075)
                = 0.205 - 1.986 = -1.78
    """
    steps, sign = worked.steps
    members = list(map(spell, [worked.symbols, *steps] if worked.symbols else steps))
    target = spell(worked.target)
    lines = _lines(target, relation, members, sign, width)
    while len(lines) > most and len(members) > 3:
        # the numbers come first, the last step last: what lies between can be done in the head
        members.pop(2)
        lines = _lines(target, relation, members, sign, width)
    return lines


def _lines(target: str, relation: str, members: list[str], sign: str, width: int) -> list[Line]:
    joints = ["=" for _ in members[1:-1]] + [sign]
    start = f"  {target} {relation} "
    chain = members[0] + "".join(f" {joint} {member}" for joint, member in zip(joints, members[1:], strict=False))
    if len(members) < 4 and len(start) + len(chain) <= width:
        return [[(start + chain, "text")]]
    margin = " " * (len(start) - 2)
    if len(start) + max(map(len, members)) > width:
        # the target on a line of its own leaves more room
        margin = "  "
        lines = [f"  {target}{'' if relation == '=' else f' {relation}'}", f"  {'=' if relation == '=' else ' '} "]
    else:
        lines = [start]
    lines[-1] += members[0]
    for place, (joint, member) in enumerate(zip(joints, members[1:], strict=False)):
        if place and len(lines[-1]) + len(joint) + len(member) + 2 <= width:
            lines[-1] += f" {joint} {member}"
        else:
            lines.append(f"{margin}{joint} {member}")
    return [part for line in lines for part in _folded(line, width)]


def _whole_calls(pieces: Iterable[str], most: int) -> list[str]:
    """Return the pieces with what a function has in its parentheses in one, if that takes at most so many cells."""
    joined: list[str] = []
    for piece in pieces:
        if joined and _is_open(joined[-1]) and len(joined[-1]) + len(piece) <= most:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _is_open(piece: str) -> bool:
    """Return whether a piece ends within the parentheses of a function, such as exp(a."""
    open_ones: list[bool] = []
    for before, char in zip(f" {piece}", piece, strict=False):
        if char == "(":
            open_ones.append(before.isalpha())
        elif char == ")" and open_ones:
            open_ones.pop()
    return any(open_ones)


def _folded(line: str, width: int) -> list[Line]:
    """Break a line that is too long before a sign, where it can be done."""
    width = max(width, LEAST_PROSE)
    indent = max(min(len(line) - len(line.lstrip()) + 4, width - 12), 0)
    if len(line) <= width:
        return [[(line, "text")]]
    ways = _whole_calls(pieces := _BEFORE_A_SIGN.split(line), width - indent), pieces
    folded = [flow(broken([[(each, "text")] for each in way], width - indent), width, indent) for way in ways]
    return min(folded, key=len)
