"""What somebody has set for all sessions, in a file `config.toml`; a wrong value is named, and its default used."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from .drawing.palette import THEMES

FILE = "config.toml"
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "theme": ("auto", *THEMES),
    "speed": tuple(range(1, 8)),
    "ask": ("off", "me", "room"),
    "plain": (False, True),
    "ascii": (False, True),
}
"""What each setting may be, the default first but for the speed, whose is 2."""
MEANINGS = {
    "theme": "auto follows the terminal's background, where it can be asked",
    "speed": "of a run, from 1 step a second to as fast as it trains",
    "ask": "whether questions are asked from the start: you, or the room",
    "plain": "lines instead of a screen",
    "ascii": "no box drawing, no arrows; where the locale is not UTF-8, always",
}


@dataclass(frozen=True)
class Settings:
    """What is set; `wrong` are sentences about what is not understood in the file."""

    theme: str = "auto"
    speed: int = 2
    ask: str = "off"
    plain: bool = False
    ascii: bool = False
    wrong: tuple[str, ...] = ()

    @property
    def only_ascii(self) -> bool:
        """Whether nothing but ASCII is to be sent: as set, or because the terminal's locale has no other signs."""
        encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower().replace("-", "")
        return self.ascii or encoding != "utf8"


def config_path() -> Path:
    """Return where the file is, whether or not it is there."""
    return user_config_path("backprop-tui", appauthor=False) / FILE


def read_settings(path: Path | None = None) -> Settings:
    """Return what the file says; of what cannot be read, or is nonsense, the defaults, and the sentences about it."""
    path = config_path() if path is None else path
    try:
        text = path.read_bytes().decode()
        found = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        return Settings(wrong=(f"{path} cannot be read: {error.strerror}; the defaults are used",))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Settings(wrong=(f"{path} is not TOML: {error}; the defaults are used",))
    good, wrong = {}, []
    for name, value in found.items():
        if name not in CHOICES:
            there_are = ", ".join(CHOICES)
            wrong.append(f"{path}:{_line(text, name)}: there is no setting {name!r}; there are {there_are}")
        elif not any(type(value) is type(choice) and value == choice for choice in CHOICES[name]):
            may_be = ", ".join(map(_toml, CHOICES[name]))
            default = _toml(getattr(Settings, name))
            wrong.append(f"{path}:{_line(text, name)}: {name} cannot be {value!r}, but {may_be}; it is {default} now")
        else:
            good[name] = value
    return Settings(**good, wrong=tuple(wrong))


def _line(text: str, name: str) -> int:
    """Return the number of the line in which a name is set."""
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(name)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, int) else f'"{value}"'


def write_config(settings: Settings, path: Path | None = None) -> str:
    """Return a file that says what is set now, with what each may be."""
    lines = [f"# {config_path() if path is None else path}"]
    for each in fields(settings):
        if each.name in CHOICES:
            may_be = ", ".join(map(_toml, CHOICES[each.name]))
            lines += ["", f"# {MEANINGS[each.name]}: {may_be}", f"{each.name} = {_toml(getattr(settings, each.name))}"]
    return "\n".join([*lines, ""])


def theme_of(settings: Settings) -> str:
    """Return the theme to begin with: the one that is set, or what some terminals say in their environment."""
    if settings.theme != "auto":
        return settings.theme
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if background in ("7", "15") else "dark"
