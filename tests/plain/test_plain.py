"""The session as lines: every lesson to its end, every command, and nothing but words in what is written."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from tests.sample_graphs import SWEPT
from tui_backprop.commands.cli import main
from tui_backprop.keys import KEY_OF
from tui_backprop.notation.formats import number
from tui_backprop.notation.moments import name_moment
from tui_backprop.plain.aloud import aloud
from tui_backprop.plain.answers import spoken
from tui_backprop.plain.commands import COMMANDS, KEYS
from tui_backprop.plain.front_end import _ON_THE_SCREEN, do
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer


def opened(name: str) -> Viewer:
    return Viewer(DebugSession(open_program(name)), KEYS)


def said(viewer: Viewer, *lines: str) -> list[str]:
    return [sentence for line in lines for sentence in spoken(do(viewer, line))]


@pytest.mark.parametrize("name", [*SWEPT, "engine"])
def test_every_lesson_can_be_stepped_to_the_end_of_an_iteration_in_words(name: str) -> None:
    viewer = opened(name)
    written = said(viewer, "graph", "step 3", "phase", "graph", "value", "step", "ledger", "where")
    written += said(viewer, "go 1", "log", "update", "code", "check", "why")
    assert all(written)
    assert not {character for line in written for character in line if ord(character) > 127}
    assert not [line for line in written if "loss loss" in line]


def test_what_it_says_is_what_the_screen_says() -> None:
    viewer = opened("two-paths")
    assert said(viewer, "go 1:b:1")[0].startswith("b gets ")
    ledger = said(viewer, "ledger b")
    assert any("c" in line for line in ledger)
    assert said(viewer, "where")[0] == "Moment 1:b:1: iteration 1, backward pass of two-paths."
    assert said(viewer, "go 2")[-1].startswith("The loss e is ")


def test_beliefs_are_listed_and_each_is_shown_beside_the_truth() -> None:
    viewer = opened("skip")
    listed = said(viewer, "belief")
    assert listed[0] == "1. Suppose a node may go as soon as one consumer is done: something comes out wrong."
    assert listed[1].endswith("nothing comes out wrong.")
    first = said(viewer, "belief 1")
    assert first[1] == "Step 1: both visit J, its gradient 1, then in the queue y."
    assert first[-1].startswith("Wrong in the end: dJ/dx 5.762 instead of 6.367")
    assert said(viewer, "belief 7") == ["Which belief? Give its number, from 1 to 6; belief lists them."]
    assert said(viewer, "ask", "step", "belief")[-1] == "the beliefs would answer it; skip skips the question"


def test_a_picture_is_told_in_sentences() -> None:
    viewer = opened("two-edges")
    said(viewer, "go 1", "phase", "phase")
    told = said(viewer, "picture")
    weight = viewer.focus.weight
    assert weight is not None
    gradient = viewer.moment.gradient(weight.node)
    assert gradient is not None
    assert f"has the slope {number(float(gradient))}: that is the gradient of {weight.name}." in told[2]
    assert told[-1].startswith(f"After 1 update {weight.name} was ")
    assert "root of the mean square" in said(viewer, "picture layers")[0]
    assert said(viewer, "picture data") == ["There is no picture data of this; there are curve, layers."]


def test_an_edit_begins_a_branch_and_branch_goes_back() -> None:
    viewer = opened("chain")
    before = said(viewer, "phase", "where")[-1]
    assert said(viewer, "edit a = 3")[0].startswith("a 1 to 3: iteration 1 was computed again")
    assert said(viewer, "where")[1] != before
    assert said(viewer, "where")[2] == "e of iteration 1: 2 here, 10 on original."
    assert said(viewer, "branch")[0].startswith("This is branch 1 of 2, original")
    assert said(viewer, "where")[1] == before


def test_a_question_is_answered_by_a_number_alone_and_judged() -> None:
    viewer = opened("chain")
    asked = said(viewer, "ask", "step")
    assert any(line.startswith("Question: ") for line in asked)
    assert said(viewer, "nothing")[0].startswith("There is no command nothing")
    question = viewer.session.quiz.question
    assert question is not None
    right = question.choices.index(question.answer) + 1 if question.choices else question.number
    assert said(viewer, str(right))[0].startswith("right: ")
    assert viewer.session.quiz.question is None


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("sted", "do you mean step"),
        ("co", "do you mean code or continue or command"),
        ("step much", "a whole number from 1 to 10,000"),
        ("back sideways", "There are step, event, node, phase and iteration"),
        ("go nowhere", "is not a moment"),
        ("select 99", "graph lists them"),
        ("element 9,9", "No array is in view"),
        ("edit", "Write it with its new number"),
        ("edit q = 1", "There is no 'q'"),
        ("break nonsense", "is not a condition"),
        ("continue", "no breakpoint is on"),
        ("answer 1", "No question waits"),
        ("skip", "No question waits"),
        ("save", "Give its name"),
        ("save /no/such/folder/file", "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_on(line: str, answer: str) -> None:
    assert answer in " ".join(said(opened("chain"), line))


def test_a_letter_does_what_its_key_does_on_the_screen() -> None:
    viewer = opened("two-paths")
    for keys, there in (("p", "1:e:forward"), ("i", "1"), ("I", "0"), ("s", "1.1"), ("i 2", "2"), ("b", "2:a:update")):
        said(viewer, keys)
        assert name_moment(viewer.session.timeline) == there, keys
    for action, letter in KEY_OF.items():
        if letter in _ON_THE_SCREEN:
            command = _ON_THE_SCREEN[letter]
            same = {f"back {action.removesuffix(' back')}", action, KEYS.get(action), action.split()[0]}
            assert command in same or (action, command) in {("where", "command"), ("keys", "help")}
    assert set(_ON_THE_SCREEN) <= set(KEY_OF.values())
    assert said(viewer, "w")[0].startswith("come back with: ")
    assert said(viewer, "X") == said(viewer, "breakpoints")
    assert said(viewer, "?") == said(viewer, "help")


def test_what_is_equal_in_few_digits_is_read_in_all_of_them_by_a_command_that_there_is() -> None:
    viewer = opened("chain")
    checked = said(viewer, "step 4", "check a")
    assert "equal in these digits: full shows all" in checked
    assert said(viewer, "full") == said(viewer, "=") == ["de/da = -12.0 measured = -12.00000000000001"]


def test_a_sign_that_is_a_key_is_no_answer_to_a_question() -> None:
    viewer = opened("skip")
    assert said(viewer, "ask", "step")[1].startswith("Question: ")
    assert said(viewer, "?")[0] == said(viewer, "help")[0]
    assert said(viewer, "=") == said(viewer, "full")
    assert viewer.session.quiz.question is not None
    assert said(viewer, "#") == ["The answer is a number from 1 to 3, or skip."]


def test_no_sentence_of_a_view_names_a_key_of_the_screen() -> None:
    viewer = opened("perceptron")
    names = [node.name for node in viewer.moment.graph.nodes]
    views = [f"{view} {name}" for view in ("value", "ledger", "update", "check", "forward") for name in names]
    said(viewer, "go 1:b:update")
    assert not [
        line
        for line in said(viewer, *views)
        if re.search("(^| )[^ a-z0-9] shows|(^| )[a-zA-Z] (shows|goes|opens)", line)
    ]


def test_a_solution_is_saved_once(tmp_path: Path) -> None:
    viewer, path = opened("chain"), tmp_path / "solution.md"
    assert "lines" in said(viewer, "iteration", f"save {path}")[-1]
    assert path.read_text(encoding="utf-8").startswith("# Backpropagation, worked out: chain")
    assert "is there already" in said(viewer, f"save {path}")[-1]


@pytest.mark.parametrize("command", ["save", "keep"])
def test_a_name_that_no_file_can_have_is_refused(command: str) -> None:
    assert "embedded null byte" in said(opened("chain"), f"{command} nul\0l")[-1]


def test_help_names_every_command() -> None:
    lines = said(opened("chain"), "help")
    assert [line.split(":")[0].split(" ")[0] for line in lines] == [*COMMANDS, "quit"]


def test_commands_in_a_pipe_end_with_status_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\nst 2\nwhere\nquit\nstep\n"))
    assert main(["--plain", "chain", "--at", "1:c"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[2].startswith("Moment 1:c: ")
    assert written[-2].startswith("Moment 1:a:update: ")
    assert "> " not in written


def test_an_iteration_is_narrated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--narrate", "chain"]) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[0] == "Log of iteration 1 up to here: 38 events."
    assert written[-1].startswith("38. Iteration 1 is done.")


def test_a_program_that_cannot_be_opened_or_a_wrong_moment_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--plain", "no_such_file.py"]) == 2
    assert main(["--plain", "chain", "--at", "1:q"]) == 2
    assert "There is no node 'q'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("W gets Xᵀ·G", "W gets X transposed times G"),
        ("(2)(-3) = -6", "(2) times (-3) = -6"),
        ("c² → Σ", "c squared to the sum of"),
        ("loss  ·  not", "loss pending not"),
        ("━━━ a ▐█▌ ⣿⣿", "a"),
        ("η·G", "the learning rate times G"),
        (
            "b - η·3, where η is the learning rate. Which η?",
            "b - eta times 3, where eta is the learning rate. Which eta?",
        ),
    ],
)
def test_signs_become_words(text: str, words: str) -> None:
    assert aloud(text) == words


def test_a_loss_that_is_called_loss_is_said_once() -> None:
    assert "The loss is not measured yet." in list(do(opened("engine"), "where"))
    assert "The loss J is not measured yet." in list(do(opened("xor"), "where"))


def test_the_learner_drives_in_words() -> None:
    viewer = opened("two-paths")
    assert said(viewer, "drive")[0].startswith("you drive the way back; the forward pass is the engine's: step steps")
    shown = said(viewer, "phase", "step")
    assert "Your move, next nodes: Which node does the search visit next?" in shown
    assert any(line.startswith("The first, worked: e: the search starts at the loss") for line in shown)
    assert "It begins: the queue, first in, first out: c, d" in said(viewer, "step")
    why = "not d: d is in the queue, but another node joined before it: first in, first out"
    assert said(viewer, "d") == [f"{why}; it comes again after 3 more moves of its kind."]
    assert said(viewer, "d") == [f"{why}."]
    asked = said(viewer, "c")
    assert asked[0] == "right: c"
    assert "Your move, contributions: What does e contribute to de/dc?" in asked
    said(viewer, "step", "answer d", "1*1", "b")
    assert said(viewer, "7") == ["not 7; it comes again after 3 more moves of its kind."]
    assert said(viewer, "check b") == ["the check would answer it; skip shows it"]
    assert said(viewer, "exp(0)") == ["not exp(0): that is G alone: it is multiplied by the slope of c."]
    assert said(viewer, "apples")[0].startswith("There is no command apples")
    assert "Worked: 2 times G times b = (2) times (1) times (6) = 12" in said(viewer, "skip")
    assert said(viewer, "skip")[0] == "the answer: 12"
    assert said(viewer, "drive") == ["the engine drives again: 3 of 5 moves right"]
    assert said(viewer, "step")[0].startswith("b gets ")
