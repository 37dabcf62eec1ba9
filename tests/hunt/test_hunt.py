"""A hunt from the first look to the guess: on the screen, in lines, in files, and what it tells of the mistake."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from textual.widgets import Static

from tests.tui.on_screen import text
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import main
from tui_backprop.commands.grade import grade
from tui_backprop.debugger.steps import Place
from tui_backprop.hunt.hunt import WRONG_COSTS, Guess, GuessError, Hunt, example_guess, read_guess, written_kinds
from tui_backprop.hunt.mutants import KINDS, mutants
from tui_backprop.hunt.planting import hunt_address, kinds_by
from tui_backprop.inspector.view_table import VIEWS
from tui_backprop.lessons import lesson_names
from tui_backprop.narration.messages import sentences, verdict_beside
from tui_backprop.narration.wording import ROOMS, choose_sentence
from tui_backprop.plain.answers import spoken
from tui_backprop.plain.commands import KEYS
from tui_backprop.plain.front_end import do
from tui_backprop.programs.opening import open_program
from tui_backprop.session import DebugSession, Viewer, hunting
from tui_backprop.session.hunting import read_scores, take_guess, worst_seed
from tui_backprop.session.opening import Asked, begin, open_session

SKIP = hunt_address(7, "skip")
"""Its search is broken: x does not wait."""
RIGHT, WRONG = Guess("x", "no-order"), Guess("sigmoid", "misprint")


@pytest.fixture(autouse=True)
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data" / "hunts.json"
    monkeypatch.setattr(hunting, "scores_path", lambda: path)
    return path


@pytest.fixture
def viewer() -> Viewer:
    return Viewer(begin(SKIP), KEYS)


def hunt_of(session: DebugSession) -> Hunt:
    assert session.hunt is not None
    return session.hunt


def said(viewer: Viewer, *lines: str) -> str:
    return "\n".join(sentence for line in lines for sentence in spoken(do(viewer, line)))


def test_steps_are_free_and_a_look_counts_once_in_an_iteration(viewer: Viewer) -> None:
    hunt = hunt_of(viewer.session)
    said(viewer, "step 5", "phase", "phase", "where")
    assert hunt.looks == 0
    said(viewer, "check x", "check x", "log", "ledger y", "ledger y")
    assert hunt.looks == 3
    said(viewer, "select", "break phase backward", "continue")
    assert hunt.looks == 4
    said(viewer, "guess x 3")
    assert (hunt.looks, hunt.wrong) == (4 + WRONG_COSTS, 1)


def test_a_wrong_guess_tells_nothing_and_a_right_one_where_it_was(viewer: Viewer, scores: Path) -> None:
    assert said(viewer, "guess sigmoid 4").startswith("That is not it. So far: 3 looks, ")
    assert not scores.exists()
    told = said(viewer, "guess x 6")
    assert told.startswith("Found (3 looks, ")
    assert "x joins the queue after the visit of its first consumer" in told
    assert json.loads(scores.read_text()) == {"no-order": [3]}
    assert "this hunt is over" in said(viewer, "guess x 6")
    assert "nothing to hunt here" in said(Viewer(DebugSession(open_program("skip")), KEYS), "guess x 6")


def test_who_gives_up_is_told(viewer: Viewer, scores: Path) -> None:
    assert said(viewer, "guess 0").startswith("It was this (0 looks, ")
    assert json.loads(scores.read_text())["no-order"][0] > 2 * WRONG_COSTS


def test_a_guess_is_read_or_its_mistake_named(viewer: Viewer) -> None:
    nodes = viewer.session.timeline.graph.nodes
    assert read_guess("6", "x", nodes) == RIGHT
    assert read_guess(" sigmoid: 4", "x", nodes) == WRONG
    for wrong, why in {
        "b 1": "no node or operation b",
        "x 12": "1 to 11",
        "": "Type a node",
        "sigmoid": "Type",
    }.items():
        with pytest.raises(GuessError, match=why):
            read_guess(wrong, "x", nodes)
    with pytest.raises(GuessError, match=f"as in {example_guess(nodes)}"):
        read_guess("6", "", nodes)
    assert read_guess(example_guess(nodes), "", nodes).kind == "operand"
    assert len(written_kinds()) == len(KINDS) + 1
    assert "Type a node" in said(viewer, "guess sigmoid")


def test_what_would_tell_the_right_numbers_is_refused(viewer: Viewer) -> None:
    for command in ("ask", "belief", "belief 1", "drive"):
        assert "in a hunt" in said(viewer, command)
    assert viewer.session.quiz.mode == "off"


def test_the_check_names_no_function_and_waits_for_the_gradient() -> None:
    viewer = Viewer(begin(hunt_address(4, "skip")), KEYS)
    assert "has not found dJ/dx yet" in said(viewer, "check x")
    viewer.session.go(Place(1))
    shown = said(viewer, "check x")
    assert "they differ" in shown
    assert "gradient function" not in shown


def test_what_an_update_took_off_stands_beside_what_it_should() -> None:
    rate = next(seed for seed in range(200) if kinds_by(seed)[0].kind == "rate")
    viewer = Viewer(begin(hunt_address(rate, "chain")), KEYS)
    viewer.session.go(Place(1))
    shown = said(viewer, "check a")
    assert "they agree" in shown
    assert "they differ" in shown.partition("taken off")[2]


def test_of_a_search_that_does_not_wait_nothing_untrue_is_said(viewer: Viewer) -> None:
    log = said(viewer, "go 1", "log")
    assert "x and sigmoid join the queue.\n" in log
    lines = [line for line in log.splitlines() if " x leaves the queue" in line or "dJ/dx" in line]
    assert lines
    assert not any("both" in line or "no contribution will be missing" in line for line in lines)


@pytest.mark.parametrize("kind", ["no-order", "overwritten", "stale-update"])
def test_every_view_can_be_drawn_of_a_broken_engine(kind: str) -> None:
    seed = next(seed for seed in range(500) if kinds_by(seed)[0].kind == kind)
    viewer = Viewer(begin(hunt_address(seed, "skip")), KEYS)
    viewer.session.go(Place(2))
    assert hunt_of(viewer.session).kind == kind
    for node in viewer.moment.graph.nodes:
        assert all(said(viewer, f"{view.name.split()[0]} {node.name}") for view in VIEWS)


def test_a_hunt_is_kept_and_judged_again(tmp_path: Path) -> None:
    path = tmp_path / "a.backprop"
    session = begin(SKIP)
    session.look("check", "x")
    session.guess(WRONG)
    session.keep(path)
    again = open_session(Asked(str(path))).session
    assert (hunt_of(again).looks, hunt_of(again).guesses) == (1 + WRONG_COSTS, [WRONG])
    assert sentences(again.standing, KEYS)[0] == "4 looks; guess guesses"
    again.guess(RIGHT)
    again.keep(path)
    graded = grade(str(path))
    assert [(each.given, each.right, each.doubt) for each in graded.answers] == [
        ("sigmoid: misprint", False, ""),
        ("x: no-order", True, ""),
    ]
    path.write_text(path.read_text().replace('"kind": "misprint", "right": false', '"kind": "misprint", "right": true'))
    assert grade(str(path)).all_doubts == ["hunt: the file says right of sigmoid: misprint"]


def test_the_kind_that_was_found_worst_comes_first_again() -> None:
    assert kinds_by(worst_seed({"sign": [1], "rate": [30]}, Random(0)))[0].kind == "rate"
    well = {kind.kind: [1] for kind in KINDS if kind.kind != "factor"}
    assert kinds_by(worst_seed(well, Random(0)))[0].kind == "factor"


@pytest.mark.parametrize("damaged", ["{", "[1]", '{"sign": 3}', '{"sign": ["a"]}'])
def test_damaged_scores_are_kept_aside_and_said(damaged: str, scores: Path) -> None:
    scores.parent.mkdir()
    scores.write_text(damaged)
    found, warning = read_scores()
    assert found == {}
    assert "was damaged: it is kept as hunts.json.damaged" in warning
    assert scores.with_name("hunts.json.damaged").read_text() == damaged
    assert read_scores() == ({}, "")


def test_scores_that_cannot_be_written_cost_nothing_else(viewer: Viewer, scores: Path) -> None:
    scores.parent.write_text("in the way")
    told = said(viewer, "guess x 6")
    assert told.startswith("Found")
    assert "cannot be" in told


def test_it_begins_on_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", __import__("io").StringIO("phase\ncommand\n"))
    assert main(["hunt", "skip", "--seed", "7", "--plain"]) == 0
    written = capsys.readouterr().out
    assert "One thing in this engine is broken" in written
    assert "backprop-tui hunt skip --seed 7 --at 1:J:forward" in written
    with pytest.raises(SystemExit):
        main(["hunt", "skip", "--seed", "-1"])


@pytest.mark.parametrize("name", lesson_names())
def test_every_verdict_has_room_in_its_pane(name: str) -> None:
    for mutant in mutants(open_program(name).example.loss):
        for guess in (Guess("", None), Guess(mutant.broken, mutant.kind)):
            told = take_guess(Hunt(mutant), guess, keeps_score=False)
            line = choose_sentence(sentences(told, KEYS), ROOMS)
            written = "".join(part for part, _ in line)
            assert mutant.reason in written, "nothing of it is cut"
            assert mutant.rule in verdict_beside(told.data)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_right_rule_stands_in_the_inspector_with_what_its_letters_are(size: tuple[int, int]) -> None:
    seed = next(seed for seed in range(500) if kinds_by(seed)[0].kind == "misprint")
    async with BackpropApp(begin(hunt_address(seed, "skip"))).run_test(size=size) as pilot:
        await pilot.press("H", "0", "enter")
        step, beside = (" ".join(text(pilot, name).split()) for name in ("step", "inspector"))
        assert "the gradient function of sigmoid takes σ(A)·σ(1 - A) for the slope." in step
        assert "The rule is G⊙Y⊙(1 - Y), where Y = 1/(1 + exp(-A)) and G is the gradient of Y (curves.py:" in beside
        await pilot.press("space")
        assert "The rule is" not in text(pilot, "inspector")


async def test_the_key_asks_and_the_screen_counts() -> None:
    async with BackpropApp(begin(SKIP)).run_test(size=(80, 24)) as pilot:
        await pilot.press("p", "p", "g")
        assert "1 look; H guesses" in text(pilot, "header")
        await pilot.press("t")
        assert "in a hunt" in text(pilot, "keys")
        await pilot.press("H")
        asked = str(pilot.app.screen.query(Static).first().render()).splitlines()
        assert asked[1:] == written_kinds(), "each choice has a line of its own"
        await pilot.press(*"x 6", "enter")
        assert "Found (1 look" in " ".join(text(pilot, "step").split())
        await pilot.press("H")
        assert "this hunt is over" in text(pilot, "keys")
