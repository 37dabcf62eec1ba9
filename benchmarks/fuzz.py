"""Random keys, bytes, clicks and sizes over all programs, in a real pseudo-terminal: the app lives, and is right.

    python benchmarks/fuzz.py                       a minute of it
    python benchmarks/fuzz.py --keys 100000         until so many keys were pressed
    python benchmarks/fuzz.py --seed 7 --rounds 1   one round again

Each round opens one program, and presses keys in bursts of one write or one by one, also while nothing that the app
sends is taken from it, as over a link that stalls. Then the screen must be what a fresh paint shows, and the way back
to the start and forward again must lead to the same digits. A round is made by its seed alone.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.e2e.test_foreign_input import FOREIGN
from tests.e2e.test_fuzz import OF_THE_SCREEN, SIZES, TYPED, click, come_back
from tui_backprop.lessons import lesson_names

ROOT = Path(__file__).parents[1]
PROGRAMS = (
    *([name] for name in lesson_names()),
    ["vanishing", "--variant", "skip"],
    ["xor", "--data", "moons", "--points", "20"],
    ["-e", "sigmoid(w*x + b)", "--set", "w=0.5", "b=-1", "--data", "x=2"],
    [str(ROOT / "docs" / "own_engine.py")],
    ["hunt", "--seed", "3"],
    ["hunt", "--seed", "8"],
)
BEGINNINGS = ([], ["T"], ["D", "p"], ["t"], ["V", "p"], ["V", "V", "V"], ["m"], ["r"], ["o"], ["J"], ["="])
STALL_SECONDS = 0.3
ROUNDS_TOLD = 50
OF_THE_SYSTEM = b"\x03\x1a\x1c"
"""Bytes that interrupt, suspend and quit: what is typed then is shown by the terminal itself, between what we send."""


def one_round(seed: int, directory: Path) -> int:
    """Play one round and return how many keys were pressed; raises AssertionError where something is not right."""
    chance = random.Random(seed)
    program = PROGRAMS[seed % len(PROGRAMS)]
    command = [sys.executable, "-m", "tui_backprop", *program]
    surroundings = {name: str(directory) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME")}
    surroundings["SSH_CONNECTION" if seed % 3 == 0 else "LANG"] = "C.UTF-8"
    columns, rows = chance.choice(SIZES[:4])
    with PseudoTerminal(
        command, columns=columns, rows=rows, environment=surroundings, modern=seed % 2 == 1, directory=directory
    ) as terminal:
        terminal.wait_until(lambda: 1049 in terminal.modes, 60)
        terminal.wait_for_rest()
        terminal.press(*chance.choice(BEGINNINGS))
        pressed = 0
        for _ in range(chance.randint(2, 5)):
            for _ in range(chance.randint(8, 30)):
                pressed += _do_something(terminal, chance)
                if not _is_open(terminal):
                    return _ended(terminal, pressed)
            come_back(terminal)
            terminal.press("escape", " ")  # a run would not come to rest
            if not _is_open(terminal):
                return _ended(terminal, pressed)
            assert terminal.is_as_painted_afresh(), "the screen is not as painted afresh"
        terminal.resize(120, 40)
        come_back(terminal)
        first, second = _there(terminal), _there(terminal)
        assert first == second, f"back and forward again:\n{first}\n{second}"
        terminal.press("q")
        return _ended(terminal, pressed)


def _do_something(terminal: PseudoTerminal, chance: random.Random) -> int:
    """Send a burst, single keys, foreign bytes, a click or a size; return how many keys that were."""
    keys = [
        chance.choice([chance.choice([*OF_THE_SCREEN, "ctrl+p"]), chance.choice(TYPED), "space"]) for _ in range(40)
    ]
    match chance.randrange(8):
        case 0:
            terminal.scribble()  # what a terminal does with its cells then is not known
            now = terminal.screen.columns, terminal.screen.lines
            terminal.resize(*chance.choice([size for size in SIZES if size != now]))
            return 0
        case 1:
            terminal.child.send(chance.choice(list(FOREIGN.values())))
            return 1
        case 2:
            terminal.press(click(chance) * chance.randint(1, 2))
            return 1
        case 3:
            for key in keys[:8]:
                terminal.press(key)
                terminal.read(0.02)
            return 8
        case 4:
            terminal.press(*keys)
            time.sleep(STALL_SECONDS)  # nothing is taken meanwhile
            return len(keys)
        case 5:
            terminal.child.send(chance.randbytes(chance.randint(1, 30)).translate(None, OF_THE_SYSTEM))
            return 1
        case _:
            count = chance.randint(1, 40)
            terminal.press(*keys[:count])
            return count


def _there(terminal: PseudoTerminal) -> str:
    """Go to the start and two iterations on, and return what stands there, with what overlies it closed."""
    terminal.press("home")
    terminal.wait_for_rest()
    terminal.press("i", "i")
    terminal.wait_for_rest()
    return "\n".join(terminal.screen.display[:-1])  # the last row may have a notice of what was done before


def _is_open(terminal: PseudoTerminal) -> bool:
    """Return whether the app has the terminal: it has given it back before it ends."""
    return terminal.child.isalive() and 1049 in terminal.modes


def _ended(terminal: PseudoTerminal, pressed: int) -> int:
    """Check that the app was quit, by a key or by an entry of the palette, and return the number of keys."""
    if 1049 not in terminal.modes and terminal.child.isalive():
        terminal.press("ctrl+q")  # a Ctrl+S that was typed behind that key stops the output, as in any shell
    code = terminal.wait_for_exit(30)
    assert code == 0, f"it ended with {code}: {terminal.output[-1500:].decode(errors='replace')}"
    assert terminal.is_clean, f"the terminal is not clean: {terminal.modes}"
    return pressed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--keys", type=int, help="go on until so many keys were pressed")
    parser.add_argument("--rounds", type=int, help="play so many rounds")
    parser.add_argument("--seed", type=int, default=0, help="of the first round")
    asked = parser.parse_args()
    began, pressed, failed, seed = time.monotonic(), 0, 0, asked.seed

    def goes_on() -> bool:
        if asked.rounds is not None:
            return seed < asked.seed + asked.rounds
        return pressed < asked.keys if asked.keys is not None else time.monotonic() - began < asked.seconds

    while goes_on():
        with tempfile.TemporaryDirectory() as directory:
            try:
                pressed += one_round(seed, Path(directory))
            except Exception as error:
                failed += 1
                program = " ".join(map(os.path.basename, PROGRAMS[seed % len(PROGRAMS)]))
                print(f"seed {seed} ({program}): {type(error).__name__}: {error}", flush=True)
        seed += 1
        if (seed - asked.seed) % ROUNDS_TOLD == 0:
            print(f"{seed - asked.seed} rounds, {pressed:,} keys, {failed} failed", flush=True)
    print(f"{seed - asked.seed} rounds, {pressed:,} keys, {failed} failed, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
