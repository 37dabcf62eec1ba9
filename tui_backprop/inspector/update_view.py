"""The update of a variable: old value, gradient, step, new value, and what the step should bring."""

from __future__ import annotations

from dataclasses import replace

from minidl_core import Node, Variable, VariableUpdated

from ..debugger.followed import Followed, element_at
from ..debugger.kept import kept
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..drawing.glyphs import MORE, NOT_YET, STALE
from ..drawing.palette import Line
from ..narration.theirs import causes
from ..notation.equation import write_worked
from ..notation.fitting import ends_or_below, first_that_fits, printable, prose, width_of
from ..notation.formats import element_text, notation, number
from ..notation.names import called, describe, slope_name
from ..notation.optimizer import OWN_UPDATE, is_straight, name_of, repeats, schedule_text
from ..notation.rounding import is_rounding
from ..notation.sections import Section, compose
from ..notation.update import (
    COLUMNS,
    ROWS,
    step_text,
    update_notations,
    why_it_moves,
    worked_terms,
    worked_update,
)
from ..notation.worked import Worked
from ..notation.worked_rate import worked_rate
from .arrays import block, draw_halves, halves_height, with_columns
from .forecast import forecast
from .origin import Origin, draw_origin, own_gradient
from .view import View

_NAMED = 8
_AROUND, _FORECAST = 2, 4
"""So many lines have title and origin, and the forecast with what is stale."""

_HIGH = 30
"""In a pane of so many lines a schedule is worked out in numbers."""


class UpdateView(View):
    """The update of a variable, and what the step should bring."""

    name = "update"

    def applies(self, node: Node) -> bool:
        """Return whether it is a variable."""
        return isinstance(node, Variable)

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return the element of the gradient that the update is made with."""
        return own_gradient(moment, followed, node)

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return what the variable was, what its gradient, each term of its update, and what it is."""
        event = moment.update(node)
        if event is None:
            return {}
        index = element_at(moment, node, event.new.shape, followed)
        name = element_text(called(node), index)
        return {
            f"{name} new": float(event.new[index]),
            f"{name} before": float(event.old[index]),
            element_text(slope_name(moment, node), index): float(event.gradient[index]),
            **{printable(each.term.symbol): float(each.value[index]) for each in event.terms},
        }

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw what a variable's update did to it, or what it will need."""
        slope, optimizer = slope_name(moment, node), moment.optimizer
        event, several = moment.update(node), len(optimizer.rule) > 1
        rule = f"{called(node)} new = {called(node)} - {step_text(optimizer.rule, called(node), slope)}"
        rate = f"η = {number(moment.learning_rate)}"
        if repeats(optimizer):
            rate = OWN_UPDATE
        elif several:
            rate = first_that_fits(width - len(rule) - 3, f"{name_of(optimizer)}   {rate}", rate)
        title = ends_or_below([(rule, "title")], (rate, "text"), width - 1, gap=2)
        schedule = _schedule(moment, width, height)
        sections = [Section(6, title), Section(7, schedule, joined=True)]
        if event is None:
            ready = moment.gradient(node) is not None
            missing = "comes when every gradient is complete" if ready else f"needs {slope} first"
            sections.append(Section(10, prose(f"{NOT_YET} not updated yet: it {missing}", width)))
            if several:
                formulas = [printable(f"  {term.symbol} = {term.formula}") for term in optimizer.rule]
                sections.append(Section(3, [line for formula in formulas for line in prose(formula, width)]))
            return compose(sections, width, height)
        sections += _update(moment, event, followed, width, height - len(schedule))
        step = moment.recording.step
        wrong = causes(moment) if step is not None and step.old_sum else []
        sections.append(Section(9, [line for cause in wrong for line in prose(cause, width, "error", indent=2)]))
        sections.append(Section(5, draw_origin(moment, own_gradient(moment, followed, node), width), joined=True))
        what_comes = forecast(moment, width, short=several)
        return compose([*sections, *what_comes, *_stale(moment, width)], width, height)


def _schedule(moment: Moment, width: int, height: int) -> list[Line]:
    """Say how a schedule makes the learning rate of this iteration; nothing where it is a number."""
    start = moment.recording.start
    worked, iteration = worked_rate(start), start.memory.iterations + 1
    if not callable(start.learning_rate) or worked is None:
        return []
    if worked.tree is None:
        return prose(f"  η of iteration {iteration} by {schedule_text(start.learning_rate)}", width, indent=4)
    lines = write_worked(worked, width, most=4)
    if len(lines) > 2 and height < _HIGH:
        [first, *_, result], sign = worked.steps
        return prose(f"  η = {first} {sign} {result}", width, indent=4)
    return lines


def _update(moment: Moment, event: VariableUpdated, followed: Followed, width: int, height: int) -> list[Section]:
    node, several = event.node, len(event.terms) > 1
    name, slope = called(node), slope_name(moment, node)
    index = element_at(moment, node, event.new.shape, followed)
    step = event.terms[-1].value
    fine, coarse = update_notations(event.old, step, event.new, index)
    rule = [each.term for each in event.terms]
    taken = [step_text(rule, name, gradient) for gradient in (slope, "gradient")]
    columns = [
        ((f"{name} before", "before"), event.old, fine),
        ((f"G = {slope}", "G") if several else (slope, "gradient"), event.gradient, notation(event.gradient)),
        (tuple(taken), step, fine),
        ((f"{name} new", "new"), event.new, coarse),
    ]
    if several:
        del columns[2]  # the terms end with it
    blocks = [
        with_columns(replace(block(moment, node, array, followed, titles=titles, written=same), in_step=True), COLUMNS)
        for titles, array, same in columns
    ]
    most = min(height, halves_height(blocks, width, ROWS))
    arrays = Section(9, draw=lambda room: draw_halves(blocks, width, room), least=2, comfort=min(most, 10), most=most)
    if several:
        arrays = replace(arrays, importance=5, least=halves_height(blocks, width, 1))
    lines = worked_update(event, index, fine, coarse)
    if any(width_of(line) > width for line in lines):  # the name has a line of its own, so that no number is cut
        [head, *first], *others = lines
        lines = [[head], *(line for rest in (first, *others) for line in prose(f"  {_text(rest)}", width, indent=4))]
    words = f"   {describe(moment, node, index, event.new.shape)}"
    if index and "entry" not in words and width_of(lines[0]) + len(words) <= width:
        lines[0].append((words, "dim"))
    meaning = _meaning(moment, event, index, width)
    sections = [arrays]
    if several:
        least = _AROUND + len(lines)
        terms = _worked(moment.recording, node, index)
        wanted = sum(len(write_worked(worked, width, most=2)) for worked in terms)
        room = max(min(wanted, height - least), height - least - len(meaning) - arrays.comfort - _FORECAST)
        sections.append(Section(9, _terms(terms, width, room)))
        reasons = [printable(f"  {term.symbol}: {term.reason}") for term in rule]
        sections.append(Section(1, [line for reason in reasons for line in prose(reason, width, "dim", 4)]))
    return [*sections, Section(10, lines), Section(4 if several else 8, meaning, joined=True)]


def _text(line: Line) -> str:
    return "".join(text for text, _ in line).strip()


@kept
def _worked(recording: Recording, node: Variable, index: tuple[int, ...]) -> list[Worked]:
    """Work out the terms of a variable's update, which takes its time."""
    event = recording.events[recording.updated[node]]
    assert isinstance(event, VariableUpdated), "it was noted as one"
    return worked_terms(event, index)


def _terms(terms: list[Worked], width: int, room: int) -> list[Line]:
    """Write the terms in numbers, shorter and shorter until all fit; where they cannot, the last of them."""
    ways = [_ways(worked, width) for worked in terms]
    while sum(len(term[0]) for term in ways) > room and (longer := [term for term in ways if len(term) > 1]):
        # no term loses its numbers while another has steps to spare, and the last, the step, is the last to do so
        max(longer, key=lambda term: (len(term), term is not ways[-1], len(term[0]))).pop(0)
    lines = [line for part in ways for line in part[0]]
    if len(lines) > room > 1:
        hidden = len(lines) - room + 1
        lines = [[(f"{MORE}  {hidden} terms before: a higher pane has room", "dim")], *lines[hidden:]]
    return lines


def _ways(worked: Worked, width: int) -> list[list[Line]]:
    """Return ways to write a term, each in fewer lines: without steps, without its formula or numbers, its number."""
    numbers, sign = worked.steps
    target, result = f"  {worked.target} = ", numbers[-1]
    ways = [write_worked(worked, width), write_worked(worked, width, most=2)]
    if worked.tree is not None:
        ways += [[[(f"{target}{text} {sign} {result}", "text")]] for text in (numbers[0], worked.symbols)]
    ways = [way for way in ways if all(width_of(line) <= width for line in way)] + [[[(target + result, "text")]]]
    return [way for place, way in enumerate(ways) if all(len(way) < len(longer) for longer in ways[:place])]


def _meaning(moment: Moment, event: VariableUpdated, index: tuple[int, ...], width: int) -> list[Line]:
    slope = float(event.gradient[index])
    loss, target = called(moment.graph.loss), element_text(called(event.node), index)
    straight = is_straight(moment.optimizer)
    moves = "it moves neither way" if straight else why_it_moves(event, index, target)
    if is_rounding(moment, event.node, index):
        text = f"its slope is 0 but for rounding; {moves}"
    elif slope == 0:
        text = f"its slope is 0: {loss} does not feel it; {f'so {target} stays' if straight else moves}"
    else:
        sign, change, way = ("negative", "less", "rises") if slope < 0 else ("positive", "more", "falls")
        so = f"so {target} {way}" if straight else moves
        text = f"its slope is {sign}: more {target}, {change} {loss}; {so}"
    return prose(f"  {text}", width, indent=2)


def _stale(moment: Moment, width: int) -> list[Section]:
    updated = moment.updated
    more = f" and {len(updated) - _NAMED} more" if len(updated) > _NAMED else ""
    names = ", ".join(map(called, updated[:_NAMED])) + more
    return [Section(2, prose(f"{STALE} marks values made with the old {names}", width, "stale"))] if names else []
