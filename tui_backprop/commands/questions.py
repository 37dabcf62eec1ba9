"""A quiz on paper: what the app asks about a program, drawn from a seed, as Markdown with the answers at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase

from minidl_core import Node, Operation

from ..complaints import complain
from ..debugger.followed import Followed
from ..debugger.moment import Moment
from ..debugger.steps import Place, after_step
from ..debugger.timeline import Timeline
from ..drawing.palette import plain
from ..narration.narration import narrate_line
from ..narration.solution import ROOMS, escaped
from ..narration.wording import in_list
from ..notation.fitting import printable
from ..notation.formats import shape_text
from ..notation.formulas import right_side
from ..notation.moments import command, name_moment
from ..notation.names import called, text_in_names
from ..programs import FORMULA, is_path, words_of
from ..programs.program import ProgramError
from ..quiz import Question
from ..quiz.quiz import Quiz
from ..session.opening import NOT_OPENED, Asked, open_session, why_not

_ITERATIONS = 4
_MOST_IN_VAIN = 200
"""After so many places in a row at which nothing new is asked, there is taken to be nothing more."""
_MOST_NODES = 60
_MOST_VISITED = 12


@dataclass(frozen=True)
class Drawn:
    """A question that was drawn: at which place, in which words of where that is, and the step that answers it."""

    place: Place
    moment: str
    where: str
    question: Question
    sentence: str


def run_questions(asked: Asked, count: int) -> int:
    """Print so many questions about a program, or as many as there are, and return the exit status.

    A lesson draws its numbers from the seed, too; of a script it only chooses the questions. The status is 2 where the
    program cannot be opened, or nothing can be asked about it.
    """
    draws = is_path(asked.name) or words_of(asked.name)[0] == FORMULA
    try:
        session = open_session(asked._replace(seed=None) if draws else asked).session
        if session.hunt is not None:
            raise ProgramError(f"{asked.name} is a hunt: nothing is asked about what a broken engine computes")
        drawn = draw_questions(session.timeline, count, asked.seed or 0)
    except NOT_OPENED as error:
        complain(why_not(asked.name, error))
        return 2
    if len(drawn) < count:
        complain(f"{len(drawn)} of {count} questions: the first {_ITERATIONS} iterations have no other")
    for line in write_quiz(session.timeline, drawn) if drawn else ():
        print(printable(line))
    return 0 if drawn else 2


def draw_questions(timeline: Timeline, count: int, seed: int) -> list[Drawn]:
    """Draw so many questions of the first iterations, of many kinds, in the order of their places; or all there are."""
    random, found = Random(seed), dict[tuple[str, str], Drawn]()
    kinds: Counter[str] = Counter()
    spare: dict[tuple[str, str], Drawn] = {}
    in_vain = 0
    while in_vain < _MOST_IN_VAIN and len(found) < count:
        in_vain += 1
        drawn = _draw(timeline, random)
        if drawn is None:
            continue
        text = drawn.question.text, "; ".join(drawn.question.given)
        kind = drawn.question.kind
        if text in found or text in spare:
            continue
        in_vain = 0
        if kinds[kind] >= max(count // 3, 1):
            spare[text] = drawn
            continue
        kinds[kind] += 1
        found[text] = drawn
    chosen = [*found.values(), *spare.values()][:count]
    return sorted(chosen, key=lambda drawn: drawn.place)


def _draw(timeline: Timeline, random: Random) -> Drawn | None:
    """Go to a place by chance and ask what the app would ask there; None where it asks nothing."""
    timeline.go_to(Place(random.randint(1, _ITERATIONS)))
    cursor = random.randrange(len(timeline.recording.events) + 1)
    timeline.go_to(Place(timeline.recording.iteration, cursor))
    if cursor and not after_step(timeline.recording, cursor - 1):
        timeline.forward(after_step)
    quiz = Quiz()
    if not quiz.ask(timeline, Followed()) or (question := quiz.question) is None:
        return None
    place, name, where = timeline.place, name_moment(timeline), _where(timeline.moment, question)
    if not timeline.forward(after_step) or timeline.moment.error is not None:
        return None
    return Drawn(place, name, where, question, plain([narrate_line(timeline.moment, {}, ROOMS)]))


def _where(moment: Moment, question: Question) -> str:
    """Say where in a training a question is asked, and where it is about the search, how far that is."""
    where = f"Iteration {moment.iteration}, {moment.phase} pass"
    if not question.hides_queue:
        return f"{where}."
    visited = [in_list(node) for node in moment.last_visited(_MOST_VISITED)]
    last = f"the last {_MOST_VISITED} visited" if len(visited) == _MOST_VISITED else "visited so far"
    return f"{where}; {last}: {', '.join(visited) or 'none'}."


def write_quiz(timeline: Timeline, drawn: Sequence[Drawn]) -> Iterator[str]:
    """Yield the lines of the quiz: the graph, the questions, and at the end the answers."""
    timeline.first()
    moment = timeline.moment
    yield from (f"# {len(drawn)} questions about {escaped(moment.program.lesson.name)}", "")
    yield from ("The nodes, in the order of their evaluation:", "")
    nodes = moment.graph.nodes
    yield from (f"- {escaped(_node(moment, node))}" for node in nodes[:_MOST_NODES])
    if len(nodes) > _MOST_NODES:
        yield f"- and {len(nodes) - _MOST_NODES} more"
    yield from ("", "## Questions", "")
    for number, each in enumerate(drawn, 1):
        yield from (f"{number}. {escaped(each.where)} {escaped(each.question.text)}", "")
        yield from (f"   - {escaped(fact)}" for fact in each.question.given)
        yield from ("",) if each.question.given else ()
        if each.question.choices:
            yield from (
                f"   {letter}) {escaped(choice)}  "
                for letter, choice in zip(ascii_lowercase, each.question.choices, strict=False)
            )
        else:
            yield "   ______"
        yield ""
    yield from ("## Answers", "")
    for number, each in enumerate(drawn, 1):
        question = each.question
        letter = f"{ascii_lowercase[question.choices.index(question.answer)]}) " if question.choices else ""
        why = f": {escaped(question.why)}" if question.why else ""
        yield f"{number}. **{letter}{escaped(question.answer)}**{why}. {escaped(each.sentence)} (`{each.moment}`)"
    timeline.go_to(drawn[0].place)
    yield from ("", f"`{command(timeline)}`, then `m` and space, asks question 1; so do the other moments with theirs.")


def _node(moment: Moment, node: Node) -> str:
    """Write what an operation computes, and what any other node is, with its shape."""
    what = f"= {text_in_names(moment, node, right_side(node))}" if isinstance(node, Operation) else f"is a {node.kind}"
    shape = None if isinstance(node, Operation) else moment.shape(node)  # a question may ask for that of an operation
    return f"{called(node)} {what}{f', {shape_text(shape)}' if shape else ''}"
