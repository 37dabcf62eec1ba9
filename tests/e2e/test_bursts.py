"""Keys that arrive together do what they do when they are typed one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND


@pytest.fixture(scope="module")
def terminal() -> Iterator[PseudoTerminal]:
    with PseudoTerminal([*COMMAND, "perceptron"]) as terminal:
        terminal.wait_for("not yet")
        yield terminal
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


@pytest.mark.parametrize(
    "keys",
    [
        ("L", "enter", "enter"),
        ("L", "q"),
        ("L", "L"),
        ("L", "down", "enter", "L", "up", "enter"),
        ("e", "enter", "enter"),
        ("/", "enter", "enter"),
        ("G", "escape", "escape"),
        ("?", "q", "o", "q", "t", "q", "X", "q"),
        ("X", "a", *"node J", "enter", "enter", "escape", "q"),
        ("ctrl+p", "enter", "enter"),
        ("ctrl+p", "escape", "escape"),
        ("ctrl+p", "pagedown"),
        ("ctrl+p", "pageup", "pageup"),
        ("ctrl+p", *"zzzz", "pagedown", "pageup"),
        ("ctrl+p", *"theme", "enter", "enter", "enter"),
        ("o", "s", "escape", "q"),
        ("\x1b[<0;2;2M\x1b[<0;2;2m" * 2,),
        ("L", "\x1b[<0;2;2M\x1b[<0;2;2m" * 2),
        ("ctrl+p", "\x1b[<0;2;39M\x1b[<0;2;39m" * 2),
    ],
)
def test_no_overlay_fails_or_closes_more_than_itself(terminal: PseudoTerminal, keys: tuple[str, ...]) -> None:
    terminal.press(*keys)
    for _ in range(2):  # the log, and what it asks
        terminal.wait_for_rest()
        assert "This failed" not in terminal.text
        terminal.press("escape")
    terminal.press("home", "space")
    terminal.wait_until(lambda: "iteration 1 " in terminal.screen.display[0] and "node " in terminal.screen.display[0])


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (("e", *"12", "backspace", "5", "enter", "s"), "→ 15"),
        (("G", *"3:c", "backspace", "b", "enter"), "iteration 3"),
        (("e", *"3", "left", "1", "enter", "s"), "→ 13"),
        (("/", *"matx", "backspace", *"mul", "enter"), "selected matmul"),
        (("e", "\x1b[200~1\x1b[201~", "7", "enter", "s"), "→ 17"),
    ],
)
def test_editing_keys_keep_their_place_among_those_that_are_typed(
    terminal: PseudoTerminal, keys: tuple[str, ...], seen: str
) -> None:
    terminal.press("home", *keys)
    terminal.wait_for(seen)
