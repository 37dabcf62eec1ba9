"""What each first change is to bring, looked at in the changed copy: `python tests/docs/first_change.py a_lesson COPY`.

It runs in a process of its own, because the project itself has been imported by the tests already.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

COPY = Path(sys.argv[2])
sys.path.insert(0, str(COPY))

import minidl_core as dl  # noqa: E402
from minidl_core.train import Optimizer, StepRate, rules  # noqa: E402
from tui_backprop.app import BackpropApp  # noqa: E402
from tui_backprop.debugger.followed import Followed  # noqa: E402
from tui_backprop.debugger.lesson_fit import misfit  # noqa: E402
from tui_backprop.debugger.steps import STOPS  # noqa: E402
from tui_backprop.debugger.timeline import Timeline  # noqa: E402
from tui_backprop.drawing.palette import plain  # noqa: E402
from tui_backprop.keys import KEY_OF  # noqa: E402
from tui_backprop.lessons import lesson_names, load_lesson  # noqa: E402
from tui_backprop.lessons.lesson import Example, Lesson  # noqa: E402
from tui_backprop.narration.narration import narrate_line  # noqa: E402
from tui_backprop.narration.solution import write_solution  # noqa: E402
from tui_backprop.pictures import picture_named, pictures_of  # noqa: E402
from tui_backprop.pictures.picture import Focus  # noqa: E402
from tui_backprop.programs.opening import open_program  # noqa: E402
from tui_backprop.programs.program import Program, program_of  # noqa: E402
from tui_backprop.widgets.canvas import Canvas  # noqa: E402

assert Path(dl.__file__).is_relative_to(COPY)


def cubic(optimizer: type[Optimizer] = rules.GradientDescentOptimizer) -> Program:
    from minidl_core.operations.curves import cube

    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            w = dl.Variable([2.0, -1.5], name="w")
            return Example(dl.reduce_sum(dl.square(cube(w)), name="J"), {})

    return program_of(Lesson("cubic", "", build, StepRate(0.001, 0.5, 10), optimizer=optimizer))


async def screen(program: str | Program, size: tuple[int, int], *keys: str, panes: str = "Canvas") -> str:
    """Return what is on the screen, or in some panes of it, after these keys."""
    app = BackpropApp(program)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        canvases = [canvas for canvas in app.screen.query(panes).results(Canvas) if canvas.display]
        return "\n".join(canvas.render_line(y).text for canvas in canvases for y in range(canvas.size.height))


def an_operation() -> None:
    program = cubic()
    timeline = Timeline(program)
    timeline.go_to(timeline.place._replace(iteration=5, cursor=0))
    losses = [loss for loss in (timeline.branch.losses.loss_at(i) for i in range(1, 5)) if loss is not None]
    assert losses == sorted(losses, reverse=True)
    [w] = [node for node in program.example.loss.graph.nodes if isinstance(node, dl.Variable)]
    checks = dl.check_gradient(program.example.loss, w)
    assert [check.verdict for check in checks] == ["agrees", "agrees"]
    seen = asyncio.run(screen(program, (120, 40), "space"))
    assert "cube[0] = w[0]³ = 2³ = 8" in seen, seen


def an_optimizer() -> None:
    timeline = Timeline(cubic(rules.AveragedOptimizer))
    seen = [timeline.moment.event]
    bits = []
    while timeline.forward(STOPS["event"]) and timeline.place.iteration < 4:
        seen.append(timeline.moment.event)
        if isinstance(seen[-1], dl.VariableUpdated):
            bits.append(seen[-1].new.tobytes())
    assert [term.term.symbol for term in next(e for e in seen if isinstance(e, dl.VariableUpdated)).terms] == [
        "m",
        "step",
    ]
    while timeline.back(STOPS["event"]):
        event = timeline.moment.event
        if isinstance(event, dl.VariableUpdated):
            assert event.new.tobytes() == bits.pop()
    assert bits == []
    seen = asyncio.run(screen(cubic(rules.AveragedOptimizer), (120, 40), "i", "p", "p", "space"))
    for term in ("m = β·m + (1 - β)·G", "step = η·m = (0.001)("):
        assert term in seen, seen


def a_lesson() -> None:
    assert "valley" in lesson_names()
    assert misfit(load_lesson("valley"), load_lesson("valley").build(0)) is None
    done = subprocess.run(
        [sys.executable, "-m", "tui_backprop", "--list"], cwd=COPY, capture_output=True, text=True, check=True
    )
    assert ["valley", "A valley: J is w², and the slope 2·w says which way is down."] in [
        line.split(maxsplit=1) for line in done.stdout.splitlines()
    ]
    seen = asyncio.run(screen("valley", (80, 24), "p", "s"))
    assert "Is dJ/dw positive" in seen, seen


def a_pane() -> None:
    inspector = "#inspector-title, #inspector"
    seen = [
        asyncio.run(screen("two-paths", (120, 40), "tab", "tab", *keys, panes=inspector)).split()
        for keys in (["p", "s"], ["p", "space", "s"], ["p", "space", "space"])
    ]
    assert all("Queue" in each for each in seen)
    assert [each for each in seen if "e" in each] == seen[:1]


def a_picture() -> None:
    moment = Timeline(open_program("chain")).moment
    there = pictures_of(moment)
    assert there[-1] == "largest"
    focus = Focus(None, Followed())
    assert list(picture_named("largest").facts(moment, focus)) == ["The largest number of a is 1."]
    assert plain(picture_named("largest").draw(moment, focus, 40, 5)).split() == ["a", "1", "█" * 22]
    seen = asyncio.run(screen("chain", (120, 40), *["V"] * len(there)))
    assert "Largest" in seen, seen


def a_view_of_the_inspector() -> None:
    seen = asyncio.run(screen("perceptron", (120, 40), "i", "space", "tab", "tab"))
    assert "[range]" in seen, seen
    assert "from -" in seen, seen


def a_key() -> None:
    assert "selected e" in asyncio.run(screen("chain", (80, 24), "J"))
    seen = asyncio.run(screen("chain", (80, 24), "space", "J", "left"))
    assert "selected" in seen, seen
    assert "selected e" not in seen, seen


def an_event() -> None:
    timeline = Timeline(open_program("skip"))
    said = []
    while timeline.forward(STOPS["step"]) and not timeline.at_end_of_iteration:
        said.append(plain([narrate_line(timeline.moment, KEY_OF)]))
    assert said.count("Every way to J has been walked: every node on it has its gradient.") == 1
    assert any("Every way to J has been walked" in line for line in write_solution(timeline, Followed()))
    for move in STOPS.values():
        timeline.first()
        while timeline.forward(move) and not timeline.at_end_of_iteration:
            pass
        while timeline.back(move):
            pass
        assert timeline.place[:2] == (1, 0)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
