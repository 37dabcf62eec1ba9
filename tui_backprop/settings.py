"""What somebody has set for all sessions, in a file `config.toml`; a wrong value is named, and its default used."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from .drawing.palette import ON_DARK, ON_LIGHT, THEMES
from .notation.fitting import printable

FILE = "config.toml"
KEYS = "keys"
"""The table in which the keys of actions are chosen."""
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "theme": ("auto", *THEMES),
    "speed": tuple(range(1, 8)),
    "ask": ("off", "me", "room"),
    "plain": (False, True),
    "ascii": (False, True),
}
"""What each setting may be, the default first but for the speed, whose is 2."""
MEANINGS = {
    "theme": "auto and colour-blind follow the terminal's background, where it can be asked",
    "speed": "of a run, from 1 step a second to as fast as it trains",
    "ask": "whether questions are asked from the start: you, or the room",
    "plain": "lines instead of a screen",
    "ascii": "no box drawing, no arrows; where the locale is not UTF-8, always",
}


@dataclass(frozen=True)
class Settings:
    """What is set; `keys` are the chosen ones, and `wrong` sentences about what is not understood in the file."""

    theme: str = "auto"
    speed: int = 2
    ask: str = "off"
    plain: bool = False
    ascii: bool = False
    keys: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()

    @property
    def follows_background(self) -> bool:
        """Whether the theme depends on the terminal's background."""
        return self.theme in ON_LIGHT

    @property
    def only_ascii(self) -> bool:
        """Whether nothing but ASCII is to be sent: as set, or because the terminal's locale has no other signs."""
        encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower().replace("-", "")
        return self.ascii or encoding != "utf8" or _is_c_locale()


def _is_c_locale() -> bool:
    """Return whether the locale is set to C or POSIX, for which Python takes UTF-8 by itself, and so hides it."""
    if not sys.flags.utf8_mode or "PYTHONUTF8" in os.environ or "utf8" in sys._xoptions:
        return False
    # Python has perhaps set LC_CTYPE in place of what stood there, or of nothing
    return next(filter(None, map(os.environ.get, ("LC_ALL", "LANG"))), "") in ("C", "POSIX")


def config_path() -> Path:
    """Return where the file is, whether or not it is there."""
    return user_config_path("backprop-tui", appauthor=False) / FILE


def read_settings(path: Path | None = None) -> Settings:
    """Return what the file says; of what cannot be read, or is nonsense, the defaults, and the sentences about it."""
    path = config_path() if path is None else path
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        return Settings(wrong=(f"{path} cannot be read: {error.strerror}; the defaults are used",))
    except UnicodeDecodeError as error:
        return Settings(wrong=(f"{path} is not TOML: {error}; the defaults are used",))
    import tomllib  # most have no such file

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Settings(wrong=(f"{path} is not TOML: {error}; the defaults are used",))
    good: dict[str, Any] = {}
    wrong = []
    for name, value in found.items():
        if name == KEYS and isinstance(value, dict):
            from .keys import read_keymap  # which imports Textual

            good[name], problems = read_keymap(value)
            table = text[: match.start()].count("\n") if (match := re.search(r"(?m)^\s*\[keys\]", text)) else 0
            wrong += [
                f"{path}:{_line(text, action, table)}: {problem}; {action} is as it was" for action, problem in problems
            ]
        elif name not in CHOICES:
            there_are = ", ".join((*CHOICES, f"the table [{KEYS}]"))
            wrong.append(f"{path}:{_line(text, name)}: there is no setting {name!r}; there are {there_are}")
        elif not any(type(value) is type(choice) and value == choice for choice in CHOICES[name]):
            may_be = ", ".join(map(_toml, CHOICES[name]))
            default = _toml(getattr(Settings, name))
            wrong.append(f"{path}:{_line(text, name)}: {name} cannot be {value!r}, but {may_be}; it is {default} now")
        else:
            good[name] = value
    return Settings(**good, wrong=tuple(wrong))


def _line(text: str, name: str, after: int = 0) -> int:
    """Return the number of the line in which a name is set, behind so many lines."""
    pattern = re.compile(rf"\s*\[*\s*(?:{KEYS}\.)?[\"']?{re.escape(name)}\b(?!-)")
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if number > after and pattern.match(line)), 1)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, int) else f'"{value}"'


def write_config(settings: Settings, path: Path | None = None) -> str:
    """Return a file that says what is set now, with what each may be."""
    lines = [f"# {printable(str(config_path() if path is None else path))}"]
    for each in fields(settings):
        if each.name in CHOICES:
            may_be = ", ".join(map(_toml, CHOICES[each.name]))
            lines += ["", f"# {MEANINGS[each.name]}: {may_be}", f"{each.name} = {_toml(getattr(settings, each.name))}"]
    from .keys import write_keymap  # which imports Textual

    lines += ["", "# a character, or a name such as enter or ctrl+g; several are a list", f"[{KEYS}]"]
    return "\n".join([*lines, *write_keymap(settings.keys), ""])


def theme_of(settings: Settings) -> str:
    """Return the theme to begin with: the one that is set, or what some terminals say in their environment."""
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return theme_on(settings, is_light=background in ("7", "15"))


def theme_on(settings: Settings, *, is_light: bool) -> str:
    """Return the theme on a light or a dark background: the one that is set, unless that follows the background."""
    return (ON_LIGHT if is_light else ON_DARK).get(settings.theme, settings.theme)
