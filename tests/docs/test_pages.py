"""What the README and the pages beside it say is so: house, commands, conditions, moments, optimizers, links."""

from __future__ import annotations

import inspect
import re
import shlex
from inspect import isabstract
from pathlib import Path

import pytest

from minidl_core import train
from tests.test_layers import ORDER
from tests.test_layers import ROOT as PROJECT
from tests.tui.readme import PAGES, file_under, text_of
from tui_backprop.commands.cli import address_of, main
from tui_backprop.commands.parsers import EXAMPLES, build_hunt_parser, build_parser, build_serve_parser
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons import lesson_names
from tui_backprop.notation.conditions import read_breakpoint
from tui_backprop.notation.moments import read_moment
from tui_backprop.programs.opening import open_program
from tui_backprop.session.opening import Asked, open_session
from tui_backprop.verdict import judge

# what the page of first changes shows is true of a changed copy, and looked at there
ALL_PAGES = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page.name != "first-change.md")
COMMANDS = sorted(
    {
        *re.findall(r"`(backprop-tui[^`]*)`", ALL_PAGES),
        *re.findall(r"^  (backprop-tui.*?)(?:  |$)", EXAMPLES, re.MULTILINE),
    }
)


def rows_under(page: str, title: str) -> list[str]:
    """Return the first cells of the first table under a heading."""
    _, _, text = text_of(page).partition(f"## {title}\n")
    table = text[text.index("\n|---") :].partition("\n\n")[0]
    return [row.split("|")[1] for row in table.splitlines()[2:]]


def test_the_house_has_the_rooms_that_the_imports_go_down_through() -> None:
    _, _, text = text_of("README.md").partition("## How it is made\n\n```\n")
    house = text.partition("```")[0].splitlines()
    rooms = [room for line in house for room in line[:20].split()]
    folders = {path.name for path in (PROJECT / "tui_backprop").iterdir()} | {"minidl_core"}
    assert rooms == [room for room in ORDER if room in folders]
    assert len(house) == 16


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_does_what_it_is_named_for(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_model.py").write_text(file_under("Your own graph"), encoding="utf-8")
    Path("my_engine.py").write_text(text_of("docs/own_engine.py"), encoding="utf-8")
    Path("my_lesson.py").write_text(file_under("Your own lesson"), encoding="utf-8")
    arguments = shlex.split(command.partition(" > ")[0])[1:]
    for name in ("chain.backprop", "lesson.backprop"):
        open_session(Asked("chain")).session.keep(Path(name))
    if arguments[:1] == ["grade"]:
        assert main([each.replace("*", "chain") for each in arguments]) == 0
        return
    if arguments[:1] == ["exercise"]:
        assert main([*arguments, "--once"]) == 3, "there are gaps in it"
        return
    Path("mine.py").write_text(text_of("docs/own_engine.py"), encoding="utf-8")
    if arguments[:1] == ["serve"]:
        assert build_serve_parser().parse_args(arguments[1:]).leads == "monday"
        return
    if arguments[:1] == ["hunt"]:
        assert build_hunt_parser().parse_args(arguments[1:]).seed is None
        return
    asked = build_parser().parse_args(arguments)
    asked.lesson = address_of(asked)
    if asked.list or asked.headless or asked.export or asked.questions:
        # the engine that the pages open has a mistake
        assert main(arguments) == (3 if "my_engine.py" in arguments else 0)
        assert capsys.readouterr().out
    else:
        opened = open_session(Asked(asked.lesson, asked.seed, asked.learning_rate, at=asked.at))
        assert opened.missed is None


@pytest.mark.parametrize("page", ["README.md", "docs/own-programs.md"])
def test_the_line_that_the_pages_name_in_the_engine_is_the_one_that_the_verdict_names(page: str) -> None:
    verdict = judge(open_program(str(PROJECT / "docs" / "own_engine.py")))
    assert verdict is not None
    [fault] = verdict.diagnosis
    [named] = re.findall(r"\*a gradient is set with = where \+= is needed\s\((.*?)\)\*", text_of(page))
    assert fault.message.endswith("a gradient is set with = where += is needed")
    assert named == fault.location


def test_every_lesson_is_in_the_readme() -> None:
    named = {
        row.split()[1].strip("`") for row in rows_under("README.md", "What there is to see") if len(row.split()) > 1
    }
    assert set(lesson_names()) - {"perceptron"} <= named


def test_every_condition_of_a_breakpoint_can_be_set() -> None:
    graph = Timeline(open_program("chain")).graph
    conditions = [each for row in rows_under("docs/keys.md", "Breakpoints") for each in re.findall("`(.+?)`", row)]
    assert len(conditions) > 6
    for condition in conditions:
        assert read_breakpoint(condition.replace("operation add", "operation multiply"), graph).stops


def test_every_name_of_a_moment_leads_to_one() -> None:
    names = [each for row in rows_under("docs/keys.md", "Moments have names") for each in re.findall("`(.+?)`", row)]
    assert len(names) > 5
    for name in names:
        timeline = Timeline(open_program("two-paths"))
        assert timeline.go_to(read_moment(name.replace(":W:", ":a:"), timeline)), name


def test_every_optimizer_schedule_and_option_has_its_row() -> None:
    optimizers = [each for each in vars(train).values() if isinstance(each, type) and issubclass(each, train.Optimizer)]
    names = {each.__name__ for each in optimizers if not isabstract(each)}
    names |= {"StepRate", "CosineRate", "WarmUp", "ConstantRate", *train.Optimizer.settings} - {"learning_rate"}
    table = text_of("docs/optimizers.md").partition("## One of your own")[0]
    assert set(re.findall(r"`(\w+)[`(]", table)) == names
    for name, arguments in re.findall(r"`(\w+)\((.*?)\)`", table):
        given = [argument.partition("=")[::2] for argument in arguments.split(", ")]
        taken = [*inspect.signature(getattr(train, name)).parameters.values()][: len(given)]
        assert [name for name, _ in given] == [each.name.replace("learning_rate", "rate") for each in taken]
        for (_, default), each in zip(given, taken, strict=True):
            assert default in ("", str(each.default).replace("1e-08", "1e-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).is_file(), link
