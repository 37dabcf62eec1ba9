"""A worked element as lines: symbols, numbers, result, folded to the pane's width."""

from __future__ import annotations

import re

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
    members = [worked.symbols, *steps] if worked.symbols else steps
    lines = _lines(worked.target, relation, members, sign, width)
    while len(lines) > most and len(members) > 3:
        # the numbers come first, the last step last: what lies between can be done in the head
        members.pop(2)
        lines = _lines(worked.target, relation, members, sign, width)
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


def _folded(line: str, width: int) -> list[Line]:
    """Break a line that is too long before a sign, where it can be done."""
    width = max(width, LEAST_PROSE)
    indent = max(min(len(line) - len(line.lstrip()) + 4, width - 12), 0)
    terms: list[Line] = [[(term, "text")] for term in _BEFORE_A_SIGN.split(line)]
    return flow(broken(terms, width - indent) if len(line) > width else terms, width, indent)
