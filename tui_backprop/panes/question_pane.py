"""What the inspector shows of a quiz: a question's choices or its field, the numbers that it takes, and the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..drawing.glyphs import RIGHT
from ..drawing.palette import Line
from ..narration.messages import Keys, sentences
from ..notation.fitting import cut, fit, prose, width_of
from ..notation.formats import number
from ..notation.sections import Section, compose
from ..quiz import Question, belief_behind, judge, read_number
from ..quiz.quiz import Outcome, Quiz, Score


def draw_question(quiz: Quiz, question: Question, keys: Keys, width: int, height: int) -> list[Line]:
    """Draw the choices or the field, in at most `height` lines of at most `width` cells."""
    given = flowed(question.given, width - 2)
    if question.choices:
        columns = 1 if len(question.choices) + len(given) + 2 <= height else 2
        sections = [Section(10, _choices(question.choices, width, columns))]
        hint = f"1 to {len(question.choices)} answers, {keys['skip']} skips"
        if quiz.mode == "class":
            hint = f"1 to {len(question.choices)} answers"
    else:
        field: Line = [(f"  {RIGHT} ", "key"), (quiz.typed, "title"), ("_", "dim")]
        sections = [Section(10, [field])]
        hint = f"type a number, then {keys['answer']}; 1 % off is still right; {keys['skip']} skips"
    if quiz.complaint is not None:
        text = sentences(quiz.complaint, keys)[0]
        sections.append(Section(11, prose(f"  {text}", width, "error", indent=2), joined=True))
    sections += [Section(9 - position, [line], joined=position > 0) for position, line in enumerate(given)]
    if quiz.mode == "room":
        hint = f"think first: the next {keys['step']} reveals it"
    if quiz.answers_of_class is not None and quiz.class_size:
        hint = f"{len(quiz.answers_of_class)} of {quiz.class_size} have answered; {hint.removeprefix('think first: ')}"
    if quiz.given is not None:
        hint = f"your answer: {quiz.given}; it can be changed until the teacher reveals it"
    sections.append(Section(1, prose(f"  {hint}", width, "dim", indent=2)))
    return compose(sections, width, height)


def _choices(choices: Sequence[str], width: int, columns: int) -> list[Line]:
    """Return the choices with their numbers, in so many columns."""
    room = max(width // columns - len("  1  "), 1)
    lines: list[Line] = [[] for _ in range(-(-len(choices) // columns))]
    for position, choice in enumerate(choices):
        line = lines[position % len(lines)]
        line += [(f"  {position + 1}  ", "key"), (fit(choice, room) if columns > 1 else choice, "text")]
    return lines


def choice_at(lines: Sequence[Line], x: int, y: int) -> str | None:
    """Return the key of the choice that stands in a cell of the drawn pane, if one does."""
    chosen = None
    for text, style in lines[y] if 0 <= y < len(lines) else ():
        if x < 0:
            break
        x -= width_of(text)
        chosen = text.strip() if style == "key" else chosen
    return chosen if x < 0 else None


def flowed(items: Sequence[str], width: int) -> list[Line]:
    """Put items beside each other, as many as go into a line; only one that is longer than a line is broken."""
    rows: list[Line] = []
    for item in items:
        if rows and width_of(rows[-1]) + 3 + width_of(item) <= width:
            rows[-1].append((f"   {item}", "text"))
        else:
            rows += prose(item, width, indent=2)
    return [[("  ", "text"), *row] for row in rows]


def draw_score(score: Score, keys: Keys, width: int, height: int) -> list[Line]:
    """Draw how many answers were right, and of which kind; the hardest kind first."""
    right, answered = score.right, score.answered
    sections = [Section(10, [[(write_score(score), "title")]])]
    names = max(map(len, score.asked), default=0) + 2
    for kind in sorted(score.asked, key=lambda kind: (right[kind] / max(answered[kind], 1), kind)):
        hard = 2 * right[kind] < answered[kind]
        line: Line = [(f"  {kind:<{names}}", "dim"), (write_score(score, kind), "text")]
        sections.append(Section(9, [[*line, ("  hard", "error")] if hard else line], joined=len(sections) > 1))
    sections.append(Section(1, prose(f"{keys['step']} goes on", width, "dim")))
    return compose(sections, width, height)


def draw_answers(outcome: Outcome, keys: Keys, width: int, height: int) -> list[Line]:
    """Draw how often a class gave each answer, as bars, the right one marked."""
    question, given = outcome.question, outcome.answers
    shown = {answer: answer if question.choices else _as_number(answer) for answer in given}
    counts = Counter(shown[answer] for answer in given)
    right = {shown[answer] for answer in given if judge(question, answer)} | {question.answer}
    rows = list(question.choices) or sorted(counts | {question.answer: 0}, key=lambda text: -counts[text])
    names = max(min(max(map(width_of, rows)), width - 16), 1)
    room = max(width - names - 10, 1)
    sections = [Section(10, [[(f"{sum(judge(question, answer) for answer in given)} of {len(given)} right", "title")]])]
    for row in rows:
        count, style = counts[row], "done" if row in right else "text"
        bar = "█" * round(room * count / len(given))
        line: Line = [("✓ " if row in right else "  ", "done"), (fit(row, names), style), (f" {count:3} ", "title")]
        sections.append(Section(9, [[*line, (bar, style)]], joined=len(sections) > 1))
        behind = belief_behind(question, row) if count and row not in right else ""
        if behind:
            sections.append(Section(8, prose(f"  {behind}", width, "dim", indent=2), joined=True))
    sections.append(Section(1, prose(f"{keys['panes']} goes on", width, "dim")))
    return compose(sections, width, height)


def _as_number(typed: str) -> str:
    value = read_number(typed)
    return cut(typed, 12) if value is None else number(value)


def write_score(score: Score, kind: str | None = None) -> str:
    """Say how many of all questions, or of those of a kind, were answered right, and how many were skipped."""
    counts = (score.right, score.answered, score.skipped)
    right, answered, skipped = (count.total() if kind is None else count[kind] for count in counts)
    return ", ".join([f"{right} of {answered} right"] * (answered > 0) + [f"{skipped} skipped"] * (skipped > 0))


def draw_outcome(outcome: Outcome) -> list[Line]:
    """Return wordings of what came of a question, the longest first."""
    answer = (outcome.question.answer, "title")
    if outcome.given is None:
        return [[("the answer: ", "dim"), answer]]
    if outcome.right:
        return [[("✓ right: ", "done"), answer]]
    given = f"'{outcome.given}'" if " " in outcome.given else outcome.given
    whole: Line = [("✗ not ", "error"), (given, "text"), (": ", "error"), answer]
    return [whole, [("✗ the answer: ", "error"), answer]]


def draw_mode(quiz: Quiz) -> list[Line]:
    """Return wordings of who is asked, and how many answers were right, the longest first."""
    if quiz.mode in ("me", "drive"):
        who = ("ask me first" if quiz.mode == "me" else "you drive", "key")
        score = (write_score(quiz.score), "text")
        return [[who, ("  ", "text"), score], [score], []] if score[0] else [[who]]
    if quiz.mode == "class" and quiz.question is not None:
        return [[("the class is asked", "key")]]
    return [[("ask the room", "key")] if quiz.mode == "room" else []]
