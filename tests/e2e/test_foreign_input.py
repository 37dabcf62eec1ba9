"""Whatever bytes come, the app goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.events import Key, Paste

from tui_backprop.terminal.input import TerminalInput

from .pseudo_terminal import PseudoTerminal
from .test_session import COMMAND

FOREIGN = {
    "no UTF-8": b"\x9c\xff\xc3(",
    "a key's release": b"\x1b[1;129:3D",
    "a key's other character": b"\x1b[97:65;2u",
    "a letter's release": b"\x1b[97;1:3u",
    "a repeated key": b"\x1b[1;1:2A",
    "no character": b"\x1b[1114112;1u",
    "reports of size, unasked": b"\x1b[?2048;2$y\x1b[<35;5;5M",
    "a size without pixels": b"\x1b[48;24;80;0;0t\x1b[<35;5;5M\x1b[<0;5;5M\x1b[<0;5;5m",
    "a size of no terminal": b"\x1b[48;30000;30000;600000;300000t",
    "a mouse far outside": b"\x1b[<0;99999;99999M\x1b[<0;99999;99999m\x1b[<35;99999;99999M",
    "endless numbers": b"\x1b[" + b"9" * 6000 + b"u\x1b[<0;" + b"9" * 6000 + b";1M",
    "answers": b"\x1b[?62;1;4c\x1b]11;rgb:0000/0000/0000\x07\x1bP>|tq\x1b\\",
    "an unfinished paste": b"\x1b[200~qqq\x1b[I",
    "an unfinished string": b"\x1b]11;rgb:00\x1b[I",
}


@pytest.fixture(scope="module")
def terminal() -> Iterator[PseudoTerminal]:
    with PseudoTerminal([*COMMAND, "chain"]) as terminal:
        terminal.wait_for("not yet")
        yield terminal
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.is_clean


@pytest.mark.parametrize("sent", FOREIGN.values(), ids=FOREIGN.keys())
def test_bytes_that_mean_nothing_do_nothing(terminal: PseudoTerminal, sent: bytes) -> None:
    terminal.wait_for_rest()
    before = terminal.text
    terminal.child.send(sent)
    terminal.wait_for_rest()
    assert terminal.text == before
    terminal.press("space")
    terminal.wait_for("node 3 of 8")
    terminal.press("home")
    terminal.wait_until(lambda: "node" not in terminal.screen.display[0])


def test_a_paste_that_is_broken_off_ends_when_no_more_of_it_comes(terminal: PseudoTerminal) -> None:
    terminal.press("\x1b[200~abc")
    while terminal.read(1.5):
        pass
    terminal.press("space")
    terminal.wait_for("node 3 of 8")


def test_what_is_pasted_shows_as_itself() -> None:
    pasted = "a\u202eb\x00\x9b2J\u200bé\tc\nd"
    [paste] = TerminalInput().take(f"\x1b[200~{pasted}\x1b[201~".encode())
    assert isinstance(paste, Paste)
    assert paste.text == "ab2Jé\tc\nd"


@pytest.mark.parametrize(("rest", "key"), [(b"[C", "right"), (b"OA", "up"), (b"[5~", "pageup")])
def test_a_sequence_whose_rest_comes_late_is_no_two_commands(
    rest: bytes, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")
    now = 0.0
    monkeypatch.setattr("tui_backprop.terminal.input.monotonic", lambda: now)
    keys: list[str] = []
    source = TerminalInput()
    for seconds, data in (
        (0.0, b"\x1b"),
        (0.4, b""),
        (0.0, rest),
        (0.1, b"\x1b"),
        (0.6, b""),
        (0.5, rest),
        (0.1, b"[C"),
    ):
        now += seconds
        keys += [event.key for event in (source.take(data) if data else source.tick()) if isinstance(event, Key)]
    assert keys == [key, "escape", key, "left_square_bracket", "C"]
