"""Make the pictures of the pages: the app takes screenshots of itself, in backward passes, an update, and a class."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from minidl_core.train import AdamOptimizer
from tui_backprop.app import BackpropApp
from tui_backprop.classroom.lead import Lead
from tui_backprop.classroom.pupil import Pupil
from tui_backprop.lessons import load_lesson
from tui_backprop.programs.program import Program, program_of


async def take(name: str, program: str | Program, *keys: str) -> None:
    """Open a program, press keys, and save the screen under a name."""
    app = BackpropApp(program)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*keys)
        svg = app.export_screenshot(title="backprop-tui")
    Path(__file__).with_name(f"{name}.svg").write_text(svg, encoding="utf-8")


async def take_class(name: str) -> None:
    """Save the screens of a teacher, of a pupil who follows, and of one who does not, beside each other."""
    with TemporaryDirectory() as directory:
        path, listening = Path(directory) / "socket", socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        async with AsyncExitStack() as stack:
            teacher = BackpropApp("perceptron", company=Lead("monday", listening, ""))
            leads = await stack.enter_async_context(teacher.run_test(size=(120, 40)))
            pupils = [BackpropApp("perceptron", company=Pupil(path, "", "monday")) for _ in range(2)]
            follow = [
                await stack.enter_async_context(app.run_test(size=size))
                for app, size in zip(pupils, [(80, 24), (60, 16)], strict=True)
            ]
            await leads.press(*["i"] * 3, *["space"] * 17)
            while any(app.timeline.place != teacher.timeline.place for app in pupils):
                await asyncio.sleep(0.05)
            await follow[1].press("P", "space")
            while teacher.session.standing is None or not teacher.session.standing.data["alone"]:
                await asyncio.sleep(0.05)
            await leads.pause()
            screens = [
                app.export_screenshot(title=title)
                for app, title in zip([teacher, *pupils], ["the teacher", "follows", "on their own"], strict=True)
            ]
    whole = []
    sizes = [tuple(map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])) for svg in screens]
    (wide, high), (second, second_high), _ = sizes
    places = [(0.0, 0.0), (wide + 20, 0.0), (wide + 20, second_high + 20)]
    for svg, (width, height), (x, y) in zip(screens, sizes, places, strict=True):
        whole.append(svg.replace("<svg ", f'<svg x="{x}" y="{y}" width="{width}" height="{height}" ', 1))
    size = f'viewBox="0 0 {wide + 20 + second} {max(high, places[2][1] + sizes[2][1])}"'
    inner = "\n".join(whole)
    picture = f'<svg {size} xmlns="http://www.w3.org/2000/svg">\n{inner}\n</svg>\n'
    Path(__file__).with_name(f"{name}.svg").write_text(picture, encoding="utf-8")


async def main() -> None:
    """Step to what `add` contributes to `b`, to an update by Adam, and to a gradient that a learner's engine missed."""
    await take("perceptron", "perceptron", *["i"] * 3, *["space"] * 17)
    adam = replace(load_lesson("xor"), optimizer=AdamOptimizer, learning_rate=0.05)
    await take("adam", program_of(adam), *["i"] * 2, "p", "p", "space", "space")
    await take("own_engine", str(Path(__file__).with_name("own_engine.py")), "p", *["n"] * 8)
    await take_class("class")


if __name__ == "__main__":
    asyncio.run(main())
