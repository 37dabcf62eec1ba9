"""What a terminal sends is foreign: any bytes are survived, and what is not understood is dropped whole.

Textual's parser takes a sequence that it does not know for keys, and raises for some; an unfinished paste takes
all that follows. So it is given whole sequences only, one by one, and pastes are taken here.
"""

from __future__ import annotations

import os
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from time import monotonic

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

MOST_COLUMNS, MOST_ROWS = 1000, 500
"""A terminal that says it is larger than that is not believed: each cell costs memory and time."""

PASTE_SECONDS = 1.0
"""So long a paste may pause before it counts as broken off."""

SECONDS_OVER_SSH = 0.5
"""So long the rest of a sequence may take over a slow line, where ESCDELAY says nothing else."""

LATE_SECONDS = 2.0
"""What follows the key Escape at once, as a sequence would, within so long is the rest of one that took longer."""

MOST_TEXT = 100_000
"""What a paste, or a sequence, has beyond so many characters is dropped."""

MOST_OF_A_SEQUENCE = 32
"""A longer sequence would come out of Textual's parser as keys, one for each character."""

WHOLE = re.compile(
    r"\x1b(?:"
    r"\[M[^\x1b]{3}|\[\[[A-E]|\[(?![M\[])[0-?]*[ -/]*[@-~]"  # the mouse of old, keys of Linux, all others
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # strings: answers to questions
    r"|O[^\x1b]|[^\[OPX\]^_\x1b]"  # function keys; a character with Alt
    r")"
)
BEGUN = re.compile(r"\x1b(?:\[M[^\x1b]{0,2}|\[\[|\[[0-?]*[ -/]*|O|[\]PX^_][^\x07\x1b]*(?:\x1b\Z)?)?")
LATE = re.compile(r"\[[0-?]*[ -/]*[@-~]|O[A-DHFP-S]")
STRINGS = tuple("]PX^_")  # what begins with an escape and these holds an answer to a question that nobody asked
LONGER = ("[", "O", *STRINGS)  # what an escape and these begin is no key with Alt
SIZE = re.compile(r"\x1b\[48;(\d+)[\d:]*;(\d+)[\d:]*;(\d+)[\d:]*;(\d+)[\d:]*t")
PASTE, END_OF_PASTE = "\x1b[200~", "\x1b[201~"
MOUSE = ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size")
"""What the parser keeps from one sequence to the next."""


BACKGROUND = re.compile(r"\x1b\]11;rgb:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:\x07|\x1b\\)")
ASK_BACKGROUND = "\x1b]11;?\x1b\\"


class BackgroundReported(Message):
    """The terminal says what colour its background has; `is_light` is whether black can be read better on it."""

    def __init__(self, is_light: bool) -> None:
        super().__init__()
        self.is_light = is_light


class TerminalInput:
    """Makes the messages for Textual out of a terminal's bytes."""

    def __init__(self) -> None:
        self._decode = getincrementaldecoder("utf-8")("ignore").decode
        self._parser = XTermParser()
        self._rest = ""  # the beginning of a sequence
        self._pasted: str | None = None
        self._last = monotonic()
        self._escaped = -LATE_SECONDS  # when an escape was taken for the key
        slow = "SSH_CONNECTION" in os.environ and "ESCDELAY" not in os.environ
        self._patience = SECONDS_OVER_SSH if slow else constants.ESCAPE_DELAY

    def take(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes mean together with those that came before them."""
        self._last = monotonic()
        text, self._rest = self._rest + self._decode(data), ""
        if self._last - self._escaped < LATE_SECONDS and LATE.match(text):
            text = f"\x1b{text}"
        self._escaped = -LATE_SECONDS
        while text:
            escape = text.find("\x1b")
            if escape:
                plain, text = (text, "") if escape < 0 else (text[:escape], text[escape:])
                if self._pasted is None:
                    yield from self._parse(plain)
                else:
                    self._pasted = (self._pasted + plain)[:MOST_TEXT]
            elif whole := WHOLE.match(text):
                text = text[whole.end() :]
                yield from self._take_sequence(whole[0])
            elif BEGUN.fullmatch(text):
                self._rest, text = text[:MOST_TEXT], ""
            else:  # an escape alone, or a sequence that is broken off by what follows
                begun = BEGUN.match(text)
                end = begun.end() if begun else 1
                if end == 1:
                    yield from self._take_sequence("\x1b")
                text = text[end:]

    def tick(self) -> Iterator[Message]:
        """Yield what the beginning of a sequence means, if no more of it has come for a while."""
        waited = monotonic() - self._last
        if self._rest and waited >= self._patience:
            sequence, self._rest = self._rest, ""
            self._escaped = self._last if sequence == "\x1b" else -LATE_SECONDS
            yield from self._take_sequence(sequence)
        if waited >= PASTE_SECONDS:
            self._pasted = None

    def _take_sequence(self, sequence: str) -> Iterator[Message]:
        if sequence == PASTE:
            self._pasted = ""
        elif sequence == END_OF_PASTE:
            if self._pasted:
                yield events.Paste("".join(filter(_is_text, self._pasted)))
            self._pasted = None
        elif answer := BACKGROUND.fullmatch(sequence):
            red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in answer.groups())
            # the weights of the luminance that the eye sees (ITU-R BT.709)
            yield BackgroundReported(0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5)
        else:
            self._pasted = None  # a paste holds no other
            if len(sequence) <= MOST_OF_A_SEQUENCE and sequence[1:2] not in STRINGS and _believed(sequence):
                yield from self._parse(sequence)

    def _parse(self, text: str) -> list[Message]:
        """Return the messages that Textual's parser makes of plain text or of one sequence, if it understands it."""
        messages: list[Message] = []
        try:
            messages += self._parser.feed(text)
            if self._parser._awaiting.timeout is None:
                return messages
            if len(text) == 1 or text[1] not in LONGER:  # the key Escape, or another one with Alt
                messages += self._parser.feed("")
        except Exception:  # of a parser that trusts what comes
            messages.clear()
        parser = XTermParser()
        vars(parser).update({name: getattr(self._parser, name) for name in MOUSE})
        self._parser = parser
        return messages


def _is_text(character: str) -> bool:
    """Return whether a character that is pasted shows as itself, as those do that are typed, or ends a line."""
    return character.isprintable() or character in "\t\r\n"


def _believed(sequence: str) -> bool:
    """Return whether this is not the report of a size that no terminal has."""
    size = SIZE.fullmatch(sequence)
    if size is None:
        return True
    rows, columns, height, width = map(int, size.groups())
    return 0 < rows <= MOST_ROWS and 0 < columns <= MOST_COLUMNS and height > 0 and width > 0
