"""The code behind a node: the functions that compute its value and pass its gradient on, as they are written."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import PurePath
from types import CodeType
from typing import Any, NamedTuple

from minidl_core import GradientError, Node, Operation, Variable
from minidl_core.gradients import gradient_rule
from minidl_core.train import Optimizer

from ..debugger.diagnosing import faults_at
from ..debugger.edges import edge_in_focus, gradient_edges
from ..debugger.followed import Followed
from ..debugger.kept import kept
from ..debugger.moment import Moment
from ..drawing.glyphs import LEFT, MORE, PARTS
from ..drawing.palette import Line
from ..notation.fitting import clip, ends_or_below, fit, flow, printable, prose
from ..notation.names import called, slope_name, text_in_names
from ..programs.learners_engine import LearnersEngine
from .view import View

_HANGING = 4
_UNFOLDED = 1000
_STYLES = (  # the first kind of token that fits; pygments calls them so
    ("Token.Keyword", "key"),
    ("Token.Operator.Word", "key"),
    ("Token.Literal.String", "done"),
    ("Token.Literal.Number", "waiting"),
    ("Token.Comment", "dim"),
    ("Token.Name.Function", "title"),
)


class Source(NamedTuple):
    """A function as it is written: its lines without decorators, and where the first of them stands."""

    lines: tuple[tuple[tuple[str, str], ...], ...]
    file: str
    start: int

    @property
    def location(self) -> str:
        """Where the first line stands."""
        return f"{self.file}:{self.start}"


class CodeView(View):
    """The functions that compute a node and pass its gradient on."""

    name = "code"

    def move(self, moment: Moment, followed: Followed, node: Node, dx: int, dy: int) -> Followed:
        """Return what is followed with the code moved by so many lines."""
        last = len(code_lines(moment, node, _UNFOLDED, followed)) - 1
        return replace(followed, line=min(max(followed.line + dy, 0), last))

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw the functions of a node, from the line that `followed` says; where all of them fit, from the first."""
        lines = code_lines(moment, node, width, followed)
        first = followed.line if len(lines) > height else 0
        shown = [clip(line, width) for line in lines[first : first + height]]
        below = len(lines) - first - height
        if below > 0 and height > 1:
            shown[-1] = [(fit(f"{MORE}  {below + 1} more lines: ↓", width), "dim")]
        return shown


def code_lines(moment: Moment, node: Node, width: int, followed: Followed) -> list[Line]:
    """Return all lines of the view: of an operation's functions, of a variable's update; data has no code.

    In the backward pass the function of the consumer comes first that has made the contribution in view; where the
    learner's gradient parts and the pass is over, before it those that are at fault, but for the node's own.
    """
    giver = _giver(moment, node, followed) if moment.phase == "backward" else None
    at_fault, own = _at_fault(moment, node, width), _own_lines(moment, node, width)
    if giver is None:
        return [*at_fault, *own]
    title = f"{giver.definition.name}, backward: gives {called(node)} its part"
    return [*at_fault, *_function(title, gradient_rule(giver).function, width), [], *own]


def _giver(moment: Moment, node: Node, followed: Followed) -> Operation | None:
    """Return the consumer that has made the contribution to a node that is in view."""
    if node not in moment.graph.position:
        return None
    edge = edge_in_focus(moment, node, gradient_edges(moment, node), followed)
    return edge[0] if edge is not None and edge[2] is not None else None


def _own_lines(moment: Moment, node: Node, width: int) -> list[Line]:
    if isinstance(node, Operation):
        name = node.definition.name
        engine = moment.program.engine
        if engine is not None and node in engine.functions:
            return _of_theirs(moment, node, engine, width)
        lines = _function(f"{name}, forward", node.definition.compute, width)
        try:
            function: Callable[..., Any] = gradient_rule(node).function
        except GradientError:
            return [*lines, [], *prose(f"no gradient function is registered for {name}", width)]
        return [*lines, [], *_function(f"{name}, backward", function, width)]
    if isinstance(node, Variable):
        functions = _of_update(moment.optimizer)
        parts = [_function(f"{called(node)}, {title}", function, width) for title, function in functions]
        return [line for part in parts for line in ([], *part)][1:]
    return prose(f"{called(node)} is computed by no code: it is given, at {node.location}.", width)


def _at_fault(moment: Moment, node: Node, width: int) -> Iterator[Line]:
    """Yield the learner's functions in which a diagnosis points at a line, but for those that are of the node."""
    engine = moment.program.engine
    if engine is None or node not in moment.parted:
        return
    theirs = engine.functions.get(node)
    own = () if theirs is None else (theirs.forward, theirs.backward)
    for code in dict.fromkeys(fault.code for fault in faults_at(moment)):
        if code is not None and code not in own:
            yield from _function(f"at fault: {printable(code.co_name)}", code, width, _lines_at_fault(moment, code))
            yield []


def _lines_at_fault(moment: Moment, code: CodeType) -> list[int]:
    """Return the lines of the function's file at which a diagnosis points."""
    return [fault.line for fault in faults_at(moment) if fault.file == code.co_filename]


def _of_theirs(moment: Moment, node: Operation, engine: LearnersEngine, width: int) -> list[Line]:
    """Return the learner's functions, and beside them the right rule; lines that are at fault are pointed at."""
    theirs = engine.functions[node]
    name, whose = node.definition.name, printable(engine.class_name)
    at_fault = _lines_at_fault(moment, theirs.forward)
    lines = _function(f"{name}, forward of {whose}", theirs.forward, width, at_fault)
    if theirs.backward is None:
        return [*lines, [], *prose(f"{whose} has no backward function for it", width), [], *_rule(moment, node, width)]
    return [
        *lines,
        [],
        *_function(f"{name}, backward of {whose}", theirs.backward, width, at_fault),
        [],
        *_rule(moment, node, width),
    ]


def _rule(moment: Moment, node: Operation, width: int) -> list[Line]:
    """Return what each input of an operation gets of its gradient G, as a formula."""
    lines: list[Line] = [[("the right rule", "title")]]
    try:
        rule = gradient_rule(node)
    except GradientError:
        return [*lines, *prose(f"no gradient function is registered for {node.definition.name}", width)]
    for input_index, source in enumerate(node.inputs):
        formula = text_in_names(moment, node, rule.formula_for(input_index))
        lines += prose(f"{called(source)} += {formula}" if formula else f"{called(source)}: no formula", width)
    return [*lines, *prose(f"G is {slope_name(moment, node)}", width, "dim")]


def _of_update(optimizer: Optimizer) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the functions of an update with titles: what the terms are computed by, and what that calls of its file."""
    compute = type(optimizer).compute
    yield "update", compute
    code = getattr(compute, "__code__", None)
    for name in code.co_names if code is not None else ():
        called = compute.__globals__.get(name)
        if inspect.isfunction(called) and called.__module__ == compute.__module__:
            yield name, called
    for each in optimizer.in_front:
        yield each.setting, each.compute.function


def _function(
    title: str, function: Callable[..., Any] | CodeType, width: int, at_fault: Collection[int] = ()
) -> list[Line]:
    """Return a function under a title with its location, or the sentence that says why its code cannot be shown.

    The lines of its file that are `at_fault` are pointed at.
    """
    try:
        source = _source(function)
    except (OSError, TypeError, SyntaxError):
        name = getattr(function, "co_name", getattr(function, "__name__", type(function).__name__))
        sentence = f"the code of {printable(name)} is in no file that can be read"
        return [[(title, "title")], *prose(sentence, width)]
    rows = ends_or_below([(title, "title")], (source.location, "dim"), width - 1)
    for number, line in enumerate(source.lines, source.start):
        pointer: Line = [(f"   {LEFT} {PARTS} here", "error")] if number in at_fault else []
        rows += _folded([*line, *pointer], width)
    return rows


@kept
def _source(function: Callable[..., Any] | CodeType) -> Source:
    """Return the code of a function; raises OSError, TypeError or SyntaxError where there is none."""
    from pygments import lex  # not before it is needed: it takes its time to import
    from pygments.lexers import PythonLexer

    found, start = inspect.getsourcelines(function)
    text = textwrap.dedent("".join(found)).expandtabs(4)
    decorators = _lines_before_def(text)
    code = "\n".join(text.splitlines()[decorators:])
    lines: list[tuple[tuple[str, str], ...]] = []
    line: list[tuple[str, str]] = []
    for kind, token in lex(code, PythonLexer()):
        style = next((style for name, style in _STYLES if str(kind).startswith(name)), "text")
        first, *others = token.split("\n")
        line.append((printable(first), style))
        for other in others:
            lines.append(tuple(span for span in line if span[0]))
            line = [(printable(other), style)]
    while lines and not lines[-1]:
        lines.pop()
    return Source(tuple(lines), PurePath(inspect.getsourcefile(function) or "?").name, max(start, 1) + decorators)


def _lines_before_def(text: str) -> int:
    """Return how many lines of decorators stand before the definition; a lambda's statement is shown whole."""
    try:
        defined = ast.parse(text).body[0]
    except SyntaxError:
        return 0
    return defined.lineno - 1


def _folded(line: Line, width: int) -> list[Line]:
    """Break a line of code that is too long between two tokens; comments and strings break between words."""
    indent = len(text := "".join(part for part, _ in line)) - len(text.lstrip())
    tokens: list[Line] = []
    for text, style in line:
        parts = re.split("(?= )", text) if style in ("done", "dim") else [text]
        tokens += [[(part, style)] for part in parts]
    return flow(tokens, width, min(indent + _HANGING, max(width - 2 * _HANGING, 0)))
