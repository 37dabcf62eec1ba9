"""The update of a variable: old value, gradient, step, new value, and what the step should bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from minidl_core import Node, Variable, VariableUpdated

from ..debugger.followed import Followed, element_at
from ..debugger.moment import Moment
from ..drawing.glyphs import NOT_YET, STALE
from ..drawing.palette import Line
from ..notation.expression import element_text
from ..notation.fitting import ends, prose, width_of
from ..notation.formats import notation, number
from ..notation.names import called, describe, slope_name
from ..notation.rounding import is_rounding
from ..notation.sections import Section, compose
from ..notation.update import COLUMNS, ROWS, update_notations, worked_update
from .arrays import block, draw_halves, halves_height, with_columns
from .forecast import forecast
from .origin import Origin, draw_origin, own_gradient
from .view import View

_NAMED = 8


class UpdateView(View):
    """The update of a variable, and what the step should bring."""

    name = "update"

    def applies(self, node: Node) -> bool:
        """Return whether it is a variable."""
        return isinstance(node, Variable)

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return the element of the gradient that the update is made with."""
        return own_gradient(moment, followed, node)

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw what a variable's update did to it, or what it will need."""
        slope = slope_name(moment, node)
        event = moment.update(node)
        rule = f"{called(node)} new = {called(node)} - η·{slope}"
        rate = f"η = {number(moment.learning_rate)}"
        sections = [Section(6, [ends([(rule, "title")], (rate, "text"), width - 1, gap=2)])]
        if event is None:
            ready = moment.gradient(node) is not None
            missing = "comes when every gradient is complete" if ready else f"needs {slope} first"
            sections.append(Section(10, prose(f"{NOT_YET} not updated yet: it {missing}", width)))
            return compose(sections, width, height)
        sections += _update(moment, event, followed, width, height)
        sections.append(Section(5, draw_origin(moment, own_gradient(moment, followed, node), width), joined=True))
        return compose([*sections, *forecast(moment, width), *_stale(moment, width)], width, height)


def _update(moment: Moment, event: VariableUpdated, followed: Followed, width: int, height: int) -> list[Section]:
    node = event.node
    name, slope = called(node), slope_name(moment, node)
    index = element_at(moment, node, event.new.shape, followed)
    with np.errstate(all="ignore"):
        step = event.learning_rate * event.gradient
    fine, coarse = update_notations(event.old, step, event.new, index)
    columns = [
        ((f"{name} before", "before"), event.old, fine),
        ((slope, "gradient"), event.gradient, notation(event.gradient)),
        ((f"η·{slope}", "η·gradient"), step, fine),
        ((f"{name} new", "new"), event.new, coarse),
    ]
    blocks = [
        with_columns(replace(block(moment, node, array, followed, titles=titles, written=same), in_step=True), COLUMNS)
        for titles, array, same in columns
    ]
    most = min(height, halves_height(blocks, width, ROWS))
    arrays = Section(9, draw=lambda room: draw_halves(blocks, width, room), least=2, comfort=min(most, 10), most=most)
    lines = worked_update(event, index, fine, coarse)
    words = f"   {describe(moment, node, index, event.new.shape)}"
    if index and "entry" not in words and width_of(lines[0]) + len(words) <= width:
        lines[0].append((words, "dim"))
    return [arrays, Section(10, lines), Section(8, _meaning(moment, event, index, width), joined=True)]


def _meaning(moment: Moment, event: VariableUpdated, index: tuple[int, ...], width: int) -> list[Line]:
    slope = float(event.gradient[index])
    loss, target = called(moment.graph.loss), element_text(called(event.node), index)
    if is_rounding(moment, event.node, index):
        text = "its slope is 0 but for rounding; it moves neither way"
    elif slope == 0:
        text = f"its slope is 0: {loss} does not feel it; so {target} stays"
    elif slope < 0:
        text = f"its slope is negative: more {target}, less {loss}; so {target} rises"
    else:
        text = f"its slope is positive: more {target}, more {loss}; so {target} falls"
    return prose(f"  {text}", width, indent=2)


def _stale(moment: Moment, width: int) -> list[Section]:
    updated = moment.updated
    more = f" and {len(updated) - _NAMED} more" if len(updated) > _NAMED else ""
    names = ", ".join(map(called, updated[:_NAMED])) + more
    return [Section(2, prose(f"{STALE} marks values made with the old {names}", width, "stale"))] if names else []
