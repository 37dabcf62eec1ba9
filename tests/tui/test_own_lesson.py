"""A lesson in a file of one's own: opened like a built-in one, and checked against the graph that it builds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import minidl_core as dl
from tui_backprop.commands.cli import main
from tui_backprop.debugger.lesson_fit import misfit
from tui_backprop.debugger.steps import Place, after_event
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.keys import KEY_OF
from tui_backprop.lessons import lesson_names
from tui_backprop.lessons.lesson import Example, Lesson, Plane
from tui_backprop.lessons.pages import Goal, Next, Page
from tui_backprop.narration.narration import narrate_line
from tui_backprop.notation.moments import command
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .readme import file_under


def example() -> Example:
    with dl.Graph().as_default():
        x, w, b = dl.placeholder(name="x"), dl.Variable(np.eye(2), name="weights"), dl.Variable([0, 1], name="b")
        return Example(dl.reduce_sum(x @ w + b, name="J"), {x: np.ones((3, 2))}, Plane(x, x, w, b))


def lesson_with(**said: dict) -> Lesson:
    return Lesson("mine", "", lambda _: example(), 0.1, **said)


def test_the_pages_lesson_opens_with_its_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "my_lesson.py")
    Path(path).write_text(file_under("Your own lesson"), encoding="utf-8")
    said = []
    for seed in (3, 4):
        assert main(["--json", path, "--seed", str(seed)]) == 0
        said.append(json.loads(capsys.readouterr().out))
        assert (said[-1]["lesson"], said[-1]["seed"], said[-1]["learning_rate"]) == ("prices", seed, 0.05)
    assert said[0]["variables"]["w"] == pytest.approx([3, -1], abs=0.01)
    assert said[0]["losses"] != said[1]["losses"]
    timeline = Timeline(open_program(path, 3))
    assert command(timeline) == f"backprop-tui {path} --seed 3 --at 0"
    assert timeline.program.lesson.summary.startswith("five houses")
    timeline.go_to(Place(1, 2, fine=True))
    assert plain([narrate_line(timeline.moment, KEY_OF)]).startswith("w has two prices, of a room and of a mile: [")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("return 1 / 0", "raised ZeroDivisionError: division by zero"),
        ("return None", "my_lesson.py has a lesson whose build returns None; it must return an Example"),
        ("return Example(5, {})", "my_lesson.py cannot be trained: 5 is not a node"),
        ("return Example(dl.Variable(1.0), {})", "does not fit its graph: its labels 'nobody' are for no node of the"),
    ],
)
def test_a_lesson_that_cannot_be_built_is_one_line(
    build: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my_lesson.py"
    path.write_text(
        "import minidl_core as dl\nfrom tui_backprop.lessons.lesson import *\n"
        f"def build(seed): {build}\n"
        "lesson = Lesson('mine', '', build, 0.1, labels={'nobody': ()})"
    )
    assert main(["--headless", str(path)]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("sentences", "said"),
    [
        ({"NodeEvaluated Weights": ""}, "'NodeEvaluated Weights' is for no event of the graph; did you mean 'NodeEval"),
        ({"ContributionAdded b <- J": ""}, "its sentence 'ContributionAdded b <- J' is for no event of the graph; did"),
        ({"NodeVisited b": "{value}"}, "can have no other braces than {iteration}, {history}, {loss}, {learning_rate}"),
        ({"NodeEvaluated b": "{"}, "can have no other braces than {iteration}, {history}, {loss}, {learning_rate}, {v"),
        ({"NodeEvaluated b": "{}"}, "its sentence 'NodeEvaluated b' can have no other braces than"),
        ({"NodeEvaluated b": "{value:.2f}"}, "its sentence 'NodeEvaluated b' can have no other braces than"),
        ({"NodeEvaluated b": "{loss.nothing}"}, "its sentence 'NodeEvaluated b' can have no other braces than"),
    ],
)
def test_a_sentence_that_cannot_be_said_is_found(sentences: dict[str, str], said: str) -> None:
    assert said in str(misfit(lesson_with(sentences=sentences), example()))


def test_labels_folds_and_a_plane_that_do_not_fit_are_found() -> None:
    assert misfit(lesson_with(labels={"weights": (("x", "y"), ())}), example()) is None
    assert misfit(lesson_with(labels={"weight": ()}), example()) == (
        "its labels 'weight' are for no node of the graph; did you mean 'weights'?"
    )
    assert misfit(lesson_with(folds={"weights": "net"}), example()) is None
    assert misfit(lesson_with(folds={"weight": "net"}), example()) == (
        "its folds 'weight' are for no node of the graph; did you mean 'weights'?"
    )
    made = example()
    for feeds in ({}, dict.fromkeys(made.feeds, np.ones((3, 3)))):
        assert "its plane needs points (n,2)" in str(misfit(lesson_with(), Example(made.loss, feeds, made.plane)))


@pytest.mark.parametrize("name", lesson_names())
def test_every_built_in_lesson_fits_its_graph(name: str) -> None:
    program = open_program(name)
    assert misfit(program.lesson, program.example) is None


def test_every_number_that_a_sentence_may_name_can_be_said() -> None:
    any_event = "{iteration} {history} {loss} {learning_rate}"
    kinds = {
        "NodeEvaluated": " {value}",
        "BackwardStarted": "",
        "NodeVisited": "",
        "GradientCompleted": " {gradient}",
        "NodesEnqueued": "",
        "VariableUpdated": " {value}",
        "IterationFinished": "",
    }
    sentences = {
        f"{kind} {node}": f"said {any_event}{own}"
        for kind, own in kinds.items()
        for node in ("x", "weights", "matmul", "b", "add", "J")
    }
    edges = ("x <- matmul", "weights <- matmul", "matmul <- add", "b <- add", "add <- J")
    sentences |= {f"ContributionAdded {edge}": f"said {any_event} {{total}}" for edge in edges}
    lesson = lesson_with(sentences=sentences)
    assert misfit(lesson, example()) is None
    timeline = Timeline(program_of(lesson))
    while not timeline.at_end_of_iteration:
        timeline.forward(after_event)
        assert plain([narrate_line(timeline.moment, KEY_OF)]).startswith("said 1 "), timeline.moment.event


def test_a_sentence_that_asks_ends_with_its_question_mark() -> None:
    sentences = {"NodeEvaluated x": "Will x rise or fall?"}
    timeline = Timeline(program_of(lesson_with(sentences=sentences)))
    while timeline.moment.now is None or timeline.moment.now.name != "x":
        timeline.forward(after_event)
    assert plain([narrate_line(timeline.moment, KEY_OF)]) == "Will x rise or fall?"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"pages": ["b"]}, "its page 1 is 'b'; it must be a Page"),
        ({"pages": [Page("", node="weight")]}, "its page 1 points at 'weight', which is no node of the graph; did you"),
        ({"pages": [Page("", shows="legder")]}, "its page 1 shows 'legder'; there are value, ledger"),
        ({"pages": [Page(5)]}, "its page 1 has as its text 5; it must be text"),
        ({"pages": [Page("{v}")]}, "its page 1 has {v}, which is no number of the graph"),
        ({"pages": [Page("{dK/db}")]}, "its page 1 has {dK/db}, which is no number of the graph"),
        ({"pages": [Page(""), Page("", choices={"1": ""}, answer="1")]}, "its page 2 has 1 choices; there can be 2 to"),
        ({"pages": [Page("", choices={"1": "", "2": ""}, answer="3")]}, "has the answer '3', which is none of its"),
        ({"pages": [Page("", answer="b")]}, "has the answer 'b', which is no number, and no choices"),
        ({"pages": Page("")}, "its pages are Page(text=''"),
        ({"pages": "b"}, "its pages are 'b'; they must be a list of Page"),
        ({"pages": [Page("", choices=["1", "2"], answer="1")]}, "its page 1 has as its choices ['1', '2']; each must"),
        ({"pages": [Page("", choices={"1": 2, "2": ""}, answer="1")]}, "its page 1 has as its choices {'1': 2"),
        ({"goal": Goal(5, bool)}, "its goal is Goal(text=5"),
        ({"then": Next(5)}, "its then is Next(text=5"),
        ({"then": Next("", "chian")}, "its then leads to 'chian', which is no built-in lesson; did you mean 'chain'?"),
        ({"goal": lambda now: True}, "it must be a Goal"),
        ({"goal": Goal("", "J < 1")}, "it must be a Goal"),
        ({"then": "chain"}, "its then is 'chain'; it must be a Next"),
    ],
)
def test_pages_that_do_not_fit_are_found(told: dict, said: str) -> None:
    assert said in str(misfit(lesson_with(**told), example()))


def test_a_page_may_name_any_number_of_the_graph() -> None:
    page = Page("{J} {weights[0,1]} {dJ/dweights[0,1]} {new weights[1, 1]} {loss} {iteration} {learning rate}")
    assert misfit(lesson_with(pages=[page, Page("", answer="{dJ/db[0]}")]), example()) is None
