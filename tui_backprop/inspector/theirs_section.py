"""The learner's gradient beside the right one, as lines of a view: two numbers, whether they agree, and why not."""

from __future__ import annotations

from minidl_core import Node

from ..debugger.followed import Followed, element_at
from ..debugger.moment import Moment
from ..drawing.glyphs import DONE, PARTS
from ..drawing.palette import Line
from ..narration.theirs import causes, explanation, parted_entries, two_numbers, unused_sums, whose
from ..notation.fitting import printable, prose
from ..notation.formats import element_text, shape_text
from ..notation.names import called
from ..notation.sections import Section


def theirs_sections(moment: Moment, node: Node, followed: Followed, width: int) -> list[Section]:
    """Return the learner's gradient and the right one of a node; nothing where there are not both.

    Of an array it is the followed entry; where another parts, that one and how many do are said as well.
    """
    theirs, right = moment.theirs(node), moment.gradient(node)
    if theirs is None or right is None:
        return []
    subject = whose(moment)
    if moment.agrees(node):
        step = moment.recording.step
        old = unused_sums([node] if step is not None and node in step.unused_sums else [])
        said = [line for text in old for line in prose(text, width, "dim", indent=4)]
        return [Section(7, [[(f"{subject:<10}", "dim"), (f"{DONE} agrees", "done")], *said], joined=True)]
    entries = parted_entries(moment, node)
    if entries is None:
        text = f"{PARTS} parts: it is {shape_text(theirs.shape)}, and the right one {shape_text(right.shape)}"
        return [Section(9, [[(f"{subject:<10}", "dim"), *line] for line in prose(text, width - 10, "error")])]
    index = element_at(moment, node, right.shape, followed)
    found, wanted = two_numbers(float(theirs[index]), float(right[index]))
    size = max(len(found), len(wanted))
    element = f"   {element_text(called(node), index)}" if index else ""
    parts = (f"   {PARTS} parts", "error") if index in entries else (f"   {DONE} agrees here", "done")
    lines: list[Line] = [
        [(f"{subject:<10}", "dim"), (f"{found:>{size}}", "text"), parts],
        [("right     ", "dim"), (f"{wanted:>{size}}", "text"), (element, "dim")],
    ]
    engine = moment.program.engine
    place = "" if engine is None else engine.found_at.get(node, "")
    if place:
        lines.append([("found at  ", "dim"), (printable(place), "text")])
    if index:
        first = entries[0]
        texts = two_numbers(float(theirs[first]), float(right[first]))
        text = f"{len(entries)} of {right.size} entries part, first {element_text(called(node), first)}: "
        lines += prose(f"{text}{subject} {texts[0]}, right {texts[1]}", width, "error", indent=4)
    if why := explanation(moment, node):
        lines += prose(why, width, "error", indent=4)
    for cause in causes(moment) if node is moment.parted[0] else ():
        lines += prose(cause, width, "error", indent=4)
    return [Section(9, lines, joined=True)]
