"""Keys, bytes, clicks and sizes in an order that nobody would think of, in bursts of one write: the app goes on.

What stands on the screen then is what a fresh paint shows; a burst does what its keys do one by one; and the way to the
start and back leads to the same screen. Run as `pytest tests/e2e/test_fuzz.py --fuzz 50` for fifty seeds.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tui_backprop.keys import SECTIONS

from .pseudo_terminal import KEYS, PseudoTerminal
from .test_foreign_input import FOREIGN
from .test_session import COMMAND

NAMES = {"full_stop": ".", "comma": ",", "slash": "/", "question_mark": "?", "less_than_sign": "<"}
NAMES |= {
    "equals_sign": "=",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "shift+tab": "\x1b[Z",
}
NAMES |= {f"shift+{way}": f"\x1b[1;2{KEYS[way][-1]}" for way in ("left", "right", "up", "down")} | {"f1": "\x1bOP"}
OF_THE_SCREEN = [
    NAMES.get(key, key)
    for section in SECTIONS.values()
    for binding in section
    if binding.action != "app.quit"
    for key in binding.key.split(",")
]
AT_REST = [key for key in OF_THE_SCREEN if key not in "rcCGL"]  # what runs is somewhere else at any time
TYPED = ["escape", "escape", "enter", "backspace", "1", "5", "a", "W"]
SIZES = [(60, 16), (80, 24), (120, 40), (100, 30), (59, 16)]
EDITING = ["e", "1", "backspace", "enter"]


def click(chance: random.Random) -> str:
    where = f"{chance.randint(1, 120)};{chance.randint(1, 40)}"
    return f"\x1b[<0;{where}M\x1b[<0;{where}m"


def burst(chance: random.Random, keys: list[str]) -> list[str]:
    return [chance.choice([chance.choice(keys), chance.choice(TYPED), "space"]) for _ in range(chance.randint(1, 7))]


def come_back(terminal: PseudoTerminal) -> None:
    """Leave what lies over the main screen, and the questions."""
    terminal.press("escape")
    for _ in range(3):
        terminal.wait_for_rest()
        terminal.press("escape")
    terminal.wait_for_rest()
    assert b"This failed" not in terminal.output, "something that lay over the screen failed"


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> range:
    return range(request.config.getoption("fuzz"))


def lesson(seed: int) -> str:
    return ("perceptron", "two-paths", "xor")[seed % 3]


def test_the_app_goes_on_and_the_screen_is_right(seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        chance = random.Random(seed)
        # the log saves files
        with PseudoTerminal([*COMMAND, lesson(seed)], modern=seed % 2 == 1, directory=tmp_path) as terminal:
            terminal.wait_for("not yet")
            for _ in range(8):
                for _ in range(chance.randint(1, 4)):
                    match chance.randrange(6):
                        case 0:
                            now = terminal.screen.columns, terminal.screen.lines
                            terminal.scribble()  # what a terminal does with its cells then is not known
                            terminal.resize(*chance.choice([size for size in SIZES if size != now]))
                        case 1:
                            terminal.child.send(chance.choice(list(FOREIGN.values())))
                        case 2:
                            terminal.press(click(chance) * chance.randint(1, 2))
                        case _:
                            terminal.press(*burst(chance, [*OF_THE_SCREEN, "ctrl+p"]))
                terminal.press("escape", "space")  # a run would not come to rest
                assert terminal.is_as_painted_afresh(), f"seed {seed}"
            terminal.resize(120, 40)
            come_back(terminal)
            terminal.press("q")
            assert terminal.wait_for_exit() == 0, f"seed {seed}"
            assert terminal.is_clean


def test_a_burst_does_what_its_keys_do_one_by_one(seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        chance = random.Random(seed)
        command = [*COMMAND, lesson(seed)]
        with (
            PseudoTerminal(command, directory=tmp_path) as at_once,
            PseudoTerminal(command, directory=tmp_path) as one_by_one,
        ):
            for terminal in (at_once, one_by_one):
                terminal.wait_for("not yet")
            for _ in range(5):
                keys = burst(chance, [*AT_REST, *EDITING])
                at_once.press(*keys)
                for key in keys:
                    one_by_one.press(key)
                    one_by_one.wait_for_rest()
                at_once.wait_for_rest()
                assert at_once.text == one_by_one.text, f"seed {seed}: {keys}"


def test_the_way_to_the_start_and_back_leads_to_the_same_screen(seeds: range, tmp_path: Path) -> None:
    for seed in seeds:
        chance = random.Random(seed)
        columns, rows = chance.choice(SIZES[:4])
        with PseudoTerminal([*COMMAND, lesson(seed)], columns=columns, rows=rows, directory=tmp_path) as terminal:
            terminal.wait_for("not yet")

            def screen_after(*keys: str) -> str:
                terminal.press(*keys)
                terminal.wait_for_rest()
                return terminal.text

            for _ in range(3):
                done = burst(chance, [key for key in AT_REST if key not in "meEo"])
                terminal.press(*done)
                come_back(terminal)
                steps = ["space"] * chance.randint(1, 30)
                before = screen_after("home", *steps)
                assert screen_after("home", "end", "home", *steps) == before, f"seed {seed}: {done}"
                assert screen_after(*["b"] * len(steps), *steps) == before, f"seed {seed}: {done}"
                latest = screen_after("end")
                assert screen_after("home", "end") == latest, f"seed {seed}: {done}"
