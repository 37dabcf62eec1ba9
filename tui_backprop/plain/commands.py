"""Every command of a session as lines, once: its name, what may follow it, what it does, and the help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import ge
from typing import NamedTuple

from ..beliefs.beliefs import WRONG_MACHINES
from ..debugger.followed import is_by_point
from ..debugger.steps import Place
from ..hunt.hunt import GuessError, example_guess, read_guess, written_kinds
from ..narration.messages import sentences
from ..narration.solution import write_solution
from ..notation.conditions import ConditionError, read_breakpoint
from ..notation.edits import LEARNING_RATE, EditError, read_any_edit, why_not_editable
from ..notation.formats import element_text
from ..notation.moments import NoMomentError, read_moment
from ..notation.names import called
from ..pictures import picture_named, pictures_of
from ..quiz.question import ANSWERS
from ..session import Viewer
from ..session.saving import path_of, save_lines
from ..session.session_file import ENDING, file_of, with_ending
from .answers import write_graph, write_in_full, write_log, write_place, write_view
from .asking import answer, drive, skip, write_arrival, write_asked, write_complaint, write_said
from .beliefs import write_belief, write_beliefs
from .command_error import CommandError
from .lesson_commands import turn_page, write_goal, write_path
from .nodes import read_node

MOST_AT_ONCE = 10_000


REFUSED = (CommandError, ConditionError, EditError, GuessError, NoMomentError, OSError)
"""What a command raises for the person who typed it; any other error is a fault."""

Lines = Iterator[str]


class Command(NamedTuple):
    """What a command takes, if anything, what it does, and the function that yields what there is to say of it."""

    takes: str
    does: str
    run: Callable[[Viewer, str], Lines]


def _forward(stop: str) -> Callable[[Viewer, str], Lines]:
    def run(viewer: Viewer, rest: str) -> Lines:
        for _ in range(_count(rest)):
            moved = viewer.session.step(stop, viewer.followed)
            quiz = viewer.session.quiz
            if quiz.question is not None and not moved:
                yield from write_complaint(viewer)
                yield from write_asked(viewer)
                return
            yield from write_arrival(viewer)
            if not moved or quiz.question is not None:
                return

    return run


def _back(viewer: Viewer, rest: str) -> Lines:
    words = rest.split()
    stop = words.pop(0) if words and not words[0].isdecimal() else "step"
    if stop not in ("step", "event", "node", "phase", "iteration"):
        raise CommandError(f"Back by what? There are step, event, node, phase and iteration, not {stop}.")
    for _ in range(_count(" ".join(words))):
        if not viewer.session.back(stop):
            yield "This is the very start."
            return
        yield from write_arrival(viewer)


def _count(rest: str) -> int:
    if not rest:
        return 1
    if not rest.isdecimal() or not 1 <= int(rest) <= MOST_AT_ONCE:
        raise CommandError(f"How often? Give a whole number from 1 to {MOST_AT_ONCE:,}, not {rest}.")
    return int(rest)


def _move(method: str) -> Callable[[Viewer, str], Lines]:
    def run(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
        getattr(viewer.session, method)()
        yield from write_arrival(viewer)

    return run


def _go(viewer: Viewer, rest: str) -> Lines:
    viewer.session.go(read_moment(rest, viewer.session.timeline))
    yield from _ran(viewer)


def _run(viewer: Viewer, rest: str) -> Lines:
    if viewer.session.quiz.mode != "off":
        viewer.session.run()  # which says why not
    else:
        timeline = viewer.session.timeline
        done = timeline.recording.iteration - (not timeline.at_end_of_iteration)
        viewer.session.go(Place(done + _count(rest)))
    yield from _ran(viewer)


def _continue(viewer: Viewer, rest: str) -> Lines:
    viewer.session.resume(backwards=rest == "back")
    yield from _ran(viewer)


def _ran(viewer: Viewer) -> Lines:
    while viewer.session.running is not None:
        viewer.session.tick()
    yield from write_arrival(viewer)
    yield from write_place(viewer)


def _branch(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    if viewer.session.switch_branch():
        yield from write_arrival(viewer)
    else:
        yield from write_said(viewer)


def _select(viewer: Viewer, rest: str) -> Lines:
    if not rest:
        viewer.deselect()
        node = viewer.node
        yield f"In view is the node of now: {called(node)}." if node is not None else "No node is in view yet."
        return
    viewer.select(read_node(viewer, rest))
    yield from write_view(viewer, viewer.shown_view)


def _view(view: str) -> Callable[[Viewer, str], Lines]:
    def run(viewer: Viewer, rest: str) -> Lines:
        if view in ANSWERS and viewer.session.refuses_to_answer(view):
            yield from write_said(viewer)
            return
        if rest:
            viewer.select(read_node(viewer, rest))
        elif viewer.node is None:
            viewer.look_at_loss(view)
        viewer.view = view
        yield from write_view(viewer, view)

    return run


def _element(viewer: Viewer, rest: str) -> Lines:
    node = viewer.node
    shape = None if node is None else viewer.moment.shape(node)
    if node is None or shape is None:
        raise CommandError("No array is in view; take a step, or select a node.")
    parts = [part.strip() for part in rest.strip("[]() ").split(",") if part.strip()]
    index = tuple(int(part) for part in parts if part.isdecimal())
    if not len(index) == len(parts) == len(shape) or any(map(ge, index, shape)):
        last = element_text(called(node), tuple(size - 1 for size in shape))
        raise CommandError(f"Which element? {called(node)} has those up to {last}; give its index, as in element 0,1.")
    viewer.followed = viewer.followed.alone.at(index, is_by_point(viewer.moment, node, shape))
    yield from write_view(viewer, viewer.shown_view)


def _why(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    viewer.go_to_origin()
    if viewer.message is not None:
        yield sentences(viewer.message, viewer.keys)[0]
    yield from write_view(viewer, viewer.shown_view)


def _picture(viewer: Viewer, rest: str) -> Lines:
    there = pictures_of(viewer.moment)
    name = rest or viewer.picture or (there[0] if there else "")
    if name not in there:
        raise CommandError(f"There is no picture {name} of this; there are {', '.join(there) or 'none'}.")
    viewer.picture = name
    yield from picture_named(name).facts(viewer.moment, viewer.focus)


def _edit(viewer: Viewer, rest: str) -> Lines:
    timeline = viewer.session.timeline
    node, target = viewer.node, LEARNING_RATE
    if node is not None and not why_not_editable(node, timeline.edited_state, timeline.graph):
        target = called(node)
    if not rest:
        raise CommandError(f"Edit what? Write it with its new number, as in edit {target} = 0.5.")
    viewer.session.edit(read_any_edit(rest, timeline, target))
    yield from write_arrival(viewer)


def _break(viewer: Viewer, rest: str) -> Lines:
    if rest:
        viewer.session.break_at(read_breakpoint(rest, viewer.session.timeline.graph))
    else:
        viewer.session.toggle_breakpoint(viewer.node)
    yield from write_said(viewer)


def _breakpoints(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    points = list(viewer.session.breakpoints.on)
    yield from (f"{place}. {point.text}" for place, point in enumerate(points, 1))
    if not points:
        yield "There is no breakpoint; break sets one, as in break node b, or break loss rises."


def _ask(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    viewer.session.ask()
    yield from write_said(viewer)


def _log(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    if viewer.session.refuses_to_answer("log"):
        yield from write_said(viewer)
    else:
        viewer.session.look("log", viewer.moment.iteration)
        yield from write_log(viewer.moment, viewer.keys)


def _believe(viewer: Viewer, rest: str) -> Lines:
    if viewer.session.refuses_to_answer("beliefs") or viewer.session.refuses_to_end_hunt("beliefs"):
        yield from write_said(viewer)
    elif not rest:
        yield from write_beliefs(viewer)
    elif rest.isdecimal() and 1 <= int(rest) <= len(WRONG_MACHINES):
        yield from write_belief(viewer, WRONG_MACHINES[int(rest) - 1])
    else:
        raise CommandError(f"Which belief? Give its number, from 1 to {len(WRONG_MACHINES)}; belief lists them.")


def _save(viewer: Viewer, rest: str) -> Lines:
    _check_files(viewer)
    if not rest:
        raise CommandError("Save into which file? Give its name, as in save solution.md.")
    if viewer.session.refuses_to_answer("log"):
        yield from write_said(viewer)
        return
    try:
        solution = write_solution(viewer.session.timeline, viewer.followed)
        lines = sum(1 for _ in save_lines(path_of(rest), solution))
    except FileExistsError:
        raise CommandError(f"{rest} is there already; save under another name.") from None
    yield f"The worked solution of iteration {viewer.moment.iteration} is in {rest}, {lines} lines."


def _check_files(viewer: Viewer) -> None:
    if not viewer.session.has_files:
        raise CommandError("There are no files here, because this class is served; log says the same in words.")


def _keep(viewer: Viewer, rest: str) -> Lines:
    _check_files(viewer)
    name = rest or file_of(viewer.session.program)
    viewer.session.keep(path_of(with_ending(name)))
    yield from write_said(viewer)


def _come_back(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    viewer.session.say_where()
    yield from write_said(viewer)


def _help(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    for name, command in COMMANDS.items():
        yield f"{name}{f' {command.takes}' if command.takes else ''}: {command.does}."
    letters = "a letter alone does what its key does on the screen"
    numbers = "an empty line steps, a number alone answers a question"
    yield f"quit: end. A name may be shortened, as st for step; {letters}; {numbers}."


def _where(viewer: Viewer, rest: str) -> Lines:  # noqa: ARG001 (as all of them)
    yield from write_place(viewer)


def _guess(viewer: Viewer, rest: str) -> Lines:
    session = viewer.session
    if not session.has_hunt():
        yield from write_said(viewer)
        return
    if not rest:
        example = example_guess(session.timeline.graph.nodes)
        yield f"Type guess, a node or an operation, and the number of what is wrong there, as in guess {example}."
        yield from written_kinds()
        return
    in_view = "" if viewer.node is None else viewer.node.name
    session.guess(read_guess(rest, in_view, session.timeline.graph.nodes))
    yield from write_said(viewer)


COMMANDS = {
    "step": Command("[TIMES]", "take the next step, or several", _forward("step")),
    "inside": Command("[TIMES]", "one single event", _forward("event")),
    "node": Command("[TIMES]", "to the end of the work on this node, or the next", _forward("node")),
    "phase": Command("[TIMES]", "to the end of this pass: forward, backward, update", _forward("phase")),
    "iteration": Command("[TIMES]", "to the end of this iteration, or the next", _forward("iteration")),
    "back": Command("[step, event, node, phase or iteration] [TIMES]", "the same, back in time", _back),
    "first": Command("", "to the very start", _move("first")),
    "last": Command("", "to the latest moment that was ever reached", _move("last")),
    "go": Command("MOMENT", "to a moment by its name: 7, 7:b, 7:b:2", _go),
    "run": Command("[ITERATIONS]", "train so many iterations on", _run),
    "where": Command("", "say which moment this is, the loss and the queue", _where),
    "graph": Command("", "list the nodes, each with a number", lambda viewer, _: write_graph(viewer.moment)),
    "select": Command("[NODE]", "have a node in view, by its name or number; without one, that of now", _select),
    "element": Command("INDEX", "follow an element of the array in view, as in element 0,1", _element),
    "value": Command("[NODE]", "how its value was computed", _view("value")),
    "ledger": Command("[NODE]", "its gradient: what each consumer contributed, and the sum", _view("ledger")),
    "update": Command("[NODE]", "how a variable moves", _view("update")),
    "code": Command("[NODE]", "the functions that compute it", _view("code")),
    "check": Command("[NODE]", "measure its gradient on both sides of the number", _view("check")),
    "forward": Command("[NODE]", "forward mode: how it changes with one number of a variable", _view("forward mode")),
    "picture": Command("[NAME]", "what a picture shows: curve, map, data or layers", _picture),
    "full": Command("", "the numbers of what was read last, with all digits", lambda viewer, _: write_in_full(viewer)),
    "why": Command("", "go to where the followed number came from", _why),
    "edit": Command("NAME = NUMBER", "a branch begins: edit W[0,0] = 1, seed = 5, or optimizer = adam", _edit),
    "reset": Command("", "start again: at the very start, without any branch", _move("reset")),
    "branch": Command("", "to the same step on the branch before the edit; again: on to the others", _branch),
    "break": Command("[CONDITION]", "a breakpoint on the node in view, or as in break gradient > 10", _break),
    "breakpoints": Command("", "list the breakpoints", _breakpoints),
    "continue": Command("[back]", "go on to the next breakpoint", _continue),
    "ask": Command("", "ask me before each step, then the room, then nobody", _ask),
    "drive": Command("", "make the engine's moves, on the way back and in the update; again: no more", drive),
    "answer": Command("ANSWER", "answer the question that stands, or make the move", answer),
    "skip": Command("", "give the answer to the question away; of a move, see how it is worked", skip),
    "guess": Command("[NODE NUMBER]", "in a hunt: what is broken, and how; alone, it lists what can be wrong", _guess),
    "belief": Command("[NUMBER]", "what would come out if a belief were right, beside the truth", _believe),
    "log": Command("", "a sentence for each event of this iteration", _log),
    "save": Command("FILE", "write this iteration up to here as a worked solution", _save),
    "keep": Command("[FILE]", f"write the session into a file that opens it again, named *{ENDING}", _keep),
    "command": Command("", "say the command that comes back here", _come_back),
    "page": Command("[back]", "read the lesson's next page, or the one before", turn_page),
    "goal": Command("", "say the goal of the lesson, and whether it is reached", write_goal),
    "lessons": Command(
        "", "list the lessons, and what you have reached", lambda viewer, _: write_path(viewer.reading.progress)
    ),
    "help": Command("", "list the commands", _help),
}
KEYS = {name: name for name in COMMANDS} | {"origin": "why"}
"""What sentences call the commands; a breakpoint is set by `break`."""
KEYS |= {"go to": "go", "train": "run", "panes": "code", "pane": "ledger", "down": "element"}
KEYS |= {"in full": "full", "breakpoint": "break", "class": "follow", "offer": "offer", "beliefs": "belief"}
