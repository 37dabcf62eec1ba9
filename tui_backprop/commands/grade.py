"""Grading sessions that were handed in: each is computed again, and every answer is asked and judged again.

So a number that was changed in a file is found out. Who answered cannot be known.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minidl_core import MinidlError

from ..complaints import complain
from ..debugger.followed import Followed
from ..debugger.steps import Place
from ..debugger.timeline import Timeline
from ..driving.moves import moves_at
from ..hunt.hunt import Guess, Hunt
from ..notation.fitting import fit, printable, width_of
from ..notation.moments import NoMomentError, name_moment
from ..programs.program import ProgramError
from ..quiz import Question, judge
from ..quiz.quiz import Quiz
from ..session.opening import begin
from ..session.saving import save_lines
from ..session.session_file import SessionFile, read_session, take_up
from ..strict_json import to_json

CANNOT_PROVE = "Computed again from the files; who answered, and with what help, cannot be told from a file."


@dataclass(frozen=True)
class Graded:
    """An answer that was asked again: at which moment, what was asked, given and right, and what does not fit."""

    moment: str
    question: str
    given: str | None
    answer: str
    right: bool
    doubt: str = ""


@dataclass(frozen=True)
class Grade:
    """What came of a file: its answers, and what about it is not as the program computes it."""

    file: str
    program: str
    answers: Sequence[Graded]
    doubts: Sequence[str] = field(default_factory=list)

    @property
    def right(self) -> int:
        """How many answers are right, and as they were asked."""
        return sum(answer.right and not answer.doubt for answer in self.answers)

    @property
    def all_doubts(self) -> list[str]:
        """What does not fit, in the file and in its answers."""
        return [*self.doubts, *(f"{answer.moment}: {answer.doubt}" for answer in self.answers if answer.doubt)]


def grade(path: str, program: str | None = None) -> Grade:
    """Compute a session again, of a program that is named here or in its file, and judge its answers.

    Raises ProgramError where the file is none, or damaged, what the engine raises where its program cannot be trained.
    """
    file = read_session(path)
    session = begin(program or file.address, file.says.get("seed"), file.says.get("learning rate"))
    differs = take_up(session, file)
    try:
        answers = [_asked_again(session.timeline, each, _question) for each in file.says["answers"]]
        answers += [_asked_again(session.timeline, each, _move) for each in file.says.get("driving", ())]
        if session.hunt is not None:
            answers += [_guessed_again(session.hunt, each) for each in file.says["hunt"]["guesses"]]
        doubts = [*_of_the_program(file, program), *([differs] if differs else []), *_of_the_scores(file.says)]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ProgramError(f"{path} is damaged in its answers: {error!r}") from error
    return Grade(path, file.address, answers, doubts)


def _of_the_program(file: SessionFile, program: str | None) -> list[str]:
    named = file.says["program"]
    is_another = program is not None and Path(named).name != Path(program).name
    return [f"it is about {named}, not {program}"] if is_another else []


def _of_the_scores(says: Mapping[str, Any]) -> Iterator[str]:
    for score, answers in (("score", "answers"), ("driving score", "driving")):
        right = Counter(str(each["kind"]) for each in says.get(answers, ()) if each["right"])
        for kind, (claimed, *_) in says.get(score, {}).items():
            if int(claimed) > right[kind]:
                yield f"its score has {claimed} right of {kind}, its answers have {right[kind]}"


def _question(timeline: Timeline, followed: Followed, text: str) -> Question | None:  # noqa: ARG001 (as a move is)
    """Return the question that is asked at a place."""
    quiz = Quiz()
    quiz.ask(timeline, followed)
    return quiz.question


def _move(timeline: Timeline, followed: Followed, text: str) -> Question | None:
    """Return what is asked of a learner who drives: where the next event takes several moves, the one of this text."""
    asked = [move.question for move in moves_at(timeline, followed)]
    return next((question for question in asked if question.text == text), asked[0] if asked else None)


def _asked_again(
    timeline: Timeline, says: Mapping[str, Any], ask: Callable[[Timeline, Followed, str], Question | None]
) -> Graded:
    text, given = str(says["question"]), says["given"]
    if says["branch"] is None:
        return Graded("", text, given, "", right=False, doubt="its branch was forgotten, so it cannot be asked again")
    iteration, cursor = map(int, says["place"])
    timeline.open_branch(timeline.branches[int(says["branch"])], Place(iteration, cursor))
    point, entry = says["followed"]
    question = ask(timeline, Followed(int(point), tuple(map(int, entry))), text)
    moment = name_moment(timeline)
    if question is None or question.text != text:
        asked = "nothing is asked" if question is None else f"{question.text!r} is asked"
        return Graded(moment, text, given, "", right=False, doubt=f"{asked} there, not {text!r}")
    right = given is not None and judge(question, str(given))
    claimed = bool(says["right"])
    doubt = "" if right == claimed else f"the file says {'right' if claimed else 'wrong'} of {given!r}"
    return Graded(moment, text, given, question.answer, right, doubt)


def _guessed_again(hunt: Hunt, says: Mapping[str, Any]) -> Graded:
    given, claimed = Guess(str(says["broken"]), says["kind"]), bool(says["right"])
    right = hunt.is_right(given)
    doubt = "" if right == claimed else f"the file says {'right' if claimed else 'wrong'} of {given}"
    shown = None if given.kind is None else str(given)
    return Graded("hunt", "What is broken?", shown, str(hunt.answer), right, doubt)


def run_grade(files: Sequence[str], program: str | None, *, as_json: bool, gradescope: str | None) -> int:
    """Grade files, print a table or JSON, and return the exit status.

    That is 2 where a file cannot be graded or written, 3 where something in one does not fit, else 0. `gradescope` is
    the path of a results file for that service, of the first file.
    """
    grades: list[Grade] = []
    status = 0
    for path in files:
        try:
            grades.append(grade(path, program))
        except (ProgramError, NoMomentError) as error:
            complain(error)
            status = 2
        except MinidlError as error:
            complain(f"{path} cannot be computed again: {error}")
            status = 2
    if status == 0 and any(each.all_doubts for each in grades):
        status = 3
    if as_json:
        print(to_json({"files": [_facts(each) for each in grades], "note": CANNOT_PROVE}))
    else:
        for line in _table(grades):
            print(printable(line))
    if gradescope is not None and grades:
        try:
            for _ in save_lines(Path(gradescope), [to_json(_results(grades[0]))], replace=True):
                pass
        except OSError as error:
            complain(f"--gradescope {gradescope} cannot be written: {error.strerror}")
            status = 2
    sys.stdout.flush()
    return status


def _facts(grade: Grade) -> dict[str, Any]:
    answers = [vars(answer) for answer in grade.answers]
    counts = {"right": grade.right, "asked": len(grade.answers)}
    return {"file": grade.file, "program": grade.program, **counts, "answers": answers, "doubts": grade.all_doubts}


def _table(grades: Sequence[Grade]) -> list[str]:
    files = [printable(each.file) for each in grades]
    width = max(map(width_of, files), default=4)
    lines = [f"{'file':<{width}}  right  asked  skipped  program"]
    for name, each in zip(files, grades, strict=True):
        skipped = sum(answer.given is None for answer in each.answers)
        lines.append(f"{fit(name, width)}  {each.right:>5}  {len(each.answers):>5}  {skipped:>7}  {each.program}")
        lines += [f"    does not fit: {doubt}" for doubt in each.all_doubts]
    return [*lines, CANNOT_PROVE]


def _results(grade: Grade) -> dict[str, Any]:
    """Return a submission's results in the form that Gradescope reads."""
    tests = [
        {
            "name": _as_text(f"{answer.moment}  {answer.question}"),
            "score": int(answer.right and not answer.doubt),
            "max_score": 1,
            "output": _as_text(answer.doubt or f"given: {answer.given}; right: {answer.answer}"),
        }
        for answer in grade.answers
    ]
    return {"output": "\n".join([CANNOT_PROVE, *map(_as_text, grade.all_doubts)]), "tests": tests}


def _as_text(text: str) -> str:
    """Return a text that a page shows and a spreadsheet takes for no formula: a pupil's names may be in it."""
    text = printable(text).strip()
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
