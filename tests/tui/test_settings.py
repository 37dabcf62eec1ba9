"""What is set in a file: each setting, each wrong one by file and line; the themes' contrast; ASCII for all signs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tokenize
from pathlib import Path
from types import ModuleType

import pytest
from rich.color import Color
from rich.style import Style
from textual.widgets import Input, Static

import minidl_core
import minidl_core as dl
import tui_backprop
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import main
from tui_backprop.debugger.message import Message
from tui_backprop.drawing.ascii import in_ascii, spell, spell_out, write_ascii
from tui_backprop.drawing.console import SIGNS, in_console
from tui_backprop.drawing.glyphs import CHOSEN, LINES
from tui_backprop.drawing.palette import STYLES, THEMES, choose_theme, plain
from tui_backprop.lessons.lesson import Example
from tui_backprop.notation.fitting import fit, spelled_in_place, width_of, wrap
from tui_backprop.programs.program import program_of
from tui_backprop.screens.main_screen import MainScreen
from tui_backprop.settings import CHOICES, MEANINGS, Settings, read_settings, theme_of, write_config
from tui_backprop.terminal.input import BackgroundReported, TerminalInput
from tui_backprop.widgets.canvas import Canvas

from .on_screen import opened, text
from .random_timelines import lesson_of

DARK = {
    "black": "#000000",
    "VS Code": "#1e1e1e",
    "One Dark": "#282c34",
    "Solarized dark": "#002b36",
    "Nord": "#2e3440",
    "Ubuntu": "#300a24",
    "Monokai": "#272822",
    "Dracula": "#282a36",
    "Catppuccin Frappé": "#303446",
}
LIGHT = {
    "white": "#ffffff",
    "One Light": "#fafafa",
    "Solarized light": "#fdf6e3",
    "Gruvbox light": "#fbf1c7",
    "Catppuccin Latte": "#eff1f5",
}
BACKGROUNDS = {"dark": DARK, "light": LIGHT, "colour-blind": DARK, "colour-blind-light": LIGHT}
"""Backgrounds that terminals have, by the theme that is for them."""
STRINGS = (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))  # from Python 3.12 on
READABLE = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""
VISIBLE = 3.0
"""The least contrast of lines, such as frames and axes (1.4.11)."""


@pytest.fixture
def only_ascii() -> None:
    """Have signs spelled out, as on a terminal that has none."""
    spell_out(frozenset())


def luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.get_truecolor()]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, other: str) -> float:
    bright, dark = sorted((luminance(Color.parse(colour)), luminance(Color.parse(other))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_a_theme_can_be_read_on_the_backgrounds_of_terminals(theme: str) -> None:
    assert THEMES[theme].keys() == THEMES["dark"].keys()
    for name, style in THEMES[theme].items():
        front, _, behind = style.partition(" on ")
        least = VISIBLE if name == "frame" else READABLE
        for colour in [word for word in front.split() if word.startswith("color")]:
            for terminal, background in BACKGROUNDS[theme].items():
                assert contrast(colour, behind or background) >= least, (theme, name, terminal)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_frames_are_lines_and_no_text(size: tuple[int, int]) -> None:
    """What has their colour may be fainter than text."""
    app = BackpropApp("xor")
    async with app.run_test(size=size) as pilot:
        for key in "iippVVVV":
            await pilot.press(key)
            assert isinstance(app.screen, MainScreen)
            spans = [span for canvas in app.screen.query(Canvas) for y in range(size[1]) for span in canvas.spans(y)]
            frame = Style.parse(STYLES["frame"]).color
            texts = [text for text, colours in spans if frame and f"38;5;{frame.number}" in colours]
            assert any("─" in text for text in texts)
            assert not [text for text in texts if any(sign.isalnum() for sign in text)]


def test_a_theme_is_taken_where_the_background_is_light_and_nothing_else_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    try:
        for answer, light in (("rgb:ffff/ffff/dddd", True), ("rgb:1e/1e/2e", False)):
            [message] = TerminalInput().take(f"\x1b]11;{answer}\x1b\\".encode())
            assert isinstance(message, BackgroundReported)
            assert message.is_light is light
        for theme, taken in (("auto", "light"), ("dark", "dark"), ("colour-blind", "colour-blind-light")):
            app = BackpropApp("chain")
            app.set_up(Settings(theme=theme))
            app.on_background_reported(BackgroundReported(is_light=True))
            assert THEMES[taken].items() <= STYLES.items()
        monkeypatch.setenv("COLORFGBG", "0;15")  # of a terminal in which this one was begun, say
        app = BackpropApp("chain")
        app.set_up(Settings())
        app.on_background_reported(BackgroundReported(is_light=False))
        assert THEMES["dark"].items() <= STYLES.items()
    finally:
        choose_theme("dark")


def test_some_terminals_say_their_background_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORFGBG", "0;15")
    assert theme_of(Settings()) == "light"
    assert theme_of(Settings(theme="colour-blind")) == "colour-blind-light"
    assert theme_of(Settings(theme="dark")) == "dark"
    monkeypatch.setenv("COLORFGBG", "15;0")
    assert theme_of(Settings()) == "dark"
    assert theme_of(Settings(theme="colour-blind")) == "colour-blind"


def test_what_is_printed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert read_settings(path) == Settings()
    for name, choices in CHOICES.items():
        for choice in choices:
            settings = Settings(**{name: choice})
            path.write_text(write_config(settings, path))
            assert read_settings(path) == settings
    assert MEANINGS.keys() == CHOICES.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('speed = 3\n\ntheme = "pink"\n', ':3: theme cannot be \'pink\', but "auto", "dark"'),
        ("speed = true", ":1: speed cannot be True, but 1, 2"),
        ("ascii = 1", ":1: ascii cannot be 1, but false, true; it is false now"),
        ("\n[colour]\n", ":2: there is no setting 'colour'; there are theme"),
        ("theme = ", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_the_rest_is_taken(
    text: str | bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    settings = read_settings(path)
    [wrong] = settings.wrong
    assert str(path) in wrong
    assert said in wrong
    assert settings.theme == "auto"
    assert settings.speed == (3 if "speed = 3" in str(text) else 2)


def test_a_mark_of_the_byte_order_is_no_setting(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "light"\n', encoding="utf-8-sig")
    assert read_settings(path) == Settings(theme="light")


def test_a_file_that_is_a_folder_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in read_settings(tmp_path).wrong[0]


def test_the_command_line_says_and_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-config", "--theme", "light", "--ascii"]) == 0
    printed = capsys.readouterr().out
    assert 'theme = "light"' in printed
    assert "ascii = true" in printed
    with pytest.raises(SystemExit):
        main(["--theme", "pink"])
    assert "there are auto, dark, light, colour-blind, colour-blind-light" in capsys.readouterr().err


def test_speed_and_questions_are_set_from_the_start() -> None:
    app = BackpropApp("chain")
    app.set_up(Settings(theme="dark", speed=7, ask="room"))
    assert app.session.quiz.mode == "room"
    assert app.session.message is None
    app.session.ask()
    app.session.run()
    assert app.session.running is not None
    assert app.session.running.stop is None


def test_what_was_wrong_with_the_program_is_still_to_be_read_after_the_settings() -> None:
    session = BackpropApp("chain").session
    warned = Message("warned", {"text": "half of it is not here."})
    session.message = warned
    app = BackpropApp(session)
    app.set_up(Settings(speed=7, ask="room"))
    assert app.session.message is warned


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('theme = "purple"', "config.toml:1: theme cannot be 'purple'"),
        ('[keys]\nback = "space"\nstep = "h h"', "config.toml:3: 'h h' is no key"),
        ("theme: dark", "config.toml is not TOML"),
    ],
)
async def test_what_is_wrong_is_on_the_screen_at_the_start(
    config: str, said: str, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config)
    monkeypatch.setattr("tui_backprop.app.config_path", lambda: path)
    app = BackpropApp("chain", begins=True)
    app.set_up(read_settings(path))
    async with app.run_test(size=size) as pilot:
        assert text(pilot, "page")
        assert said in " ".join(text(pilot, "step").split())
        assert "…" not in text(pilot, "step")
    path_first = BackpropApp("chain", offers_path=True)
    path_first.set_up(read_settings(path))
    async with path_first.run_test(size=size):
        problem = path_first.screen.query_one(".problem", Static)
        assert said in str(problem.render())
        assert problem.size.height >= len(str(problem.render())) // problem.size.width + 1


@pytest.mark.parametrize(
    ("locale", "is_ascii"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "POSIX"}, True),
        ({"LANG": "C"}, True),
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_ALL": "C", "PYTHONUTF8": "1"}, False),
        ({}, False),
    ],
)
def test_a_locale_without_other_signs_gets_ascii_though_python_says_utf_8(
    locale: dict[str, str], is_ascii: bool
) -> None:
    others = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    script = "from tui_backprop.settings import Settings; print(Settings().only_ascii)"
    done = subprocess.run([sys.executable, "-c", script], env=others | locale, capture_output=True, check=True)
    assert done.stdout.decode() == f"{is_ascii}\n"


def test_every_sign_becomes_one_ascii_character() -> None:
    signs = "─┃╋┌┛╾·⊙Σᵀ²→►✓✗≈…ηβ■●⣿⠀₃▐é"
    plain = in_ascii(f"{signs}{CHOSEN}")
    assert len(plain) == len(signs) + 1
    assert plain.isascii()
    assert in_ascii("名e\u0301\U0001f50e") == "??e??"
    assert in_ascii("\x1b[38;5;220m│\x1b[0m") == "\x1b[38;5;220m|\x1b[0m"


def test_a_product_is_no_decimal_in_ascii() -> None:
    assert in_ascii("0.1·(-6)  1·1  2·G·w  b[0]·2  ·x··x··") == "0.1*(-6)  1*1  2*G*w  b[0]*2  .x..x.."
    assert in_ascii("v·  g· │ · not yet") == "v.  g. | . not yet"
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    write_ascii(file)
    file.write("G·(1 - A²) · x → ⊙")
    file.seek(0)
    assert file.read() == "G*(1 - A^2) . x -> .*"


@pytest.mark.parametrize(
    ("signs", "spelled"),
    [
        ("(y - t)²", "(y - t)^2"),
        ("x⁻¹² + 0.5·A³", "x^-12 + 0.5*A^3"),
        ("-η·Σ grad²", "-eta*sum grad^2"),
        ("β1·m + λ·W/ε + Δw", "beta1*m + lambda*W/epsilon + Deltaw"),
        ("Q·Kᵀ/√2", "Q*K^T/sqrt 2"),
        ("G⊙(A ≥ 0)⊙(A ≤ 1)", "G.*(A >= 0).*(A <= 1)"),
        ("0⊕1", "0 xor 1"),
        ("6 → 5  a ← b  ←↑↓→", "6 -> 5  a <- b  <^v>"),
    ],
)
def test_what_one_character_would_make_wrong_is_spelled_out(signs: str, spelled: str, only_ascii: None) -> None:
    assert in_ascii(spell(signs)) == spelled
    assert width_of(signs) == len(spelled)
    assert fit(signs, 40).rstrip() == spell(signs).rstrip()
    assert in_ascii(plain(wrap([(signs, "text")], 40))) == spelled


def test_columns_stay_where_a_sign_is_spelled_out(only_ascii: None) -> None:
    assert plain([spelled_in_place([("A²   = ", "text"), ("Σ b     c", "dim")])]) == "A^2  = sum b   c"
    assert plain([spelled_in_place([("A    = ", "text"), ("  b     c", "dim")])]) == "A    =   b     c"


def test_a_product_is_one_though_its_factors_have_other_styles_than_its_dot(only_ascii: None) -> None:
    line = [("gets ", "text"), ("G·", "text"), ("w", "now"), ("   v", "dim"), ("·", "dim"), (" g·", "dim")]
    assert plain([spelled_in_place(line)]) == "gets G*w   v· g·"


async def test_a_greek_name_is_shown_in_letters_and_read_in_them(only_ascii: None) -> None:
    with dl.Graph().as_default():
        theta = dl.Variable(0.5, name="θ")
        loss = dl.square(dl.multiply(theta, 3.0, name="ŷ"), name="J")
    app = BackpropApp(program_of(lesson_of(Example(loss, {}))))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("p", "p", "left", "left")
        assert "|theta var" in in_ascii(text(pilot, "graph"))
        assert "|y multiply" in in_ascii(text(pilot, "graph"))
        await pilot.press("e")
        assert app.screen.query_one(Input).value == "theta = 0.5"
        await pilot.press("2", "enter")
        assert app.timeline.moment.variable(theta) == 2


async def test_a_squared_gap_reads_as_one_on_the_screen(only_ascii: None) -> None:
    async with opened("descent") as pilot:
        await pilot.press("p", "p", "space")
        lines = in_ascii(text(pilot, "inspector")).splitlines()
        assert lines[0].split("  ")[0] == " w new = w - eta*dJ/dw"
        [now, forecast] = [line for line in lines if "grad^2" in line or "J now" in line]
        assert forecast.startswith("   forecast -eta*sum grad^2")
        assert forecast.index("-3.6") + 4 == now.index("9.0") + 3
        await pilot.press("home", "p", "space", "space")
        assert " > gap -> J  ()  2*G*gap  -6" in in_ascii(text(pilot, "inspector")).splitlines()


def test_the_linux_console_gets_signs_and_colours_that_it_has() -> None:
    lines = "".join(sign for row in LINES for sign in row)
    shown = in_console(lines)
    assert set(shown) == set(" │─┌┐└┘├┤┬┴┼")
    assert len(shown) == len(lines)
    spell_out(SIGNS)
    assert spell("x² + y³ + η·Σ √2 → Aᵀ") == "x² + y^3 + eta·Σ √2 → A^T"
    assert in_console("► • ← ↓ · ■ ² ✓ η ⊙ ⣿ 名 e\u0301") == "► • ← ↓ · ■ ² y n * * ?? e"
    assert in_console("\x1b[0;1;93ma 93m\x1b[30;102mb\x1b[38;5;97mc") == "\x1b[0;1;1;33ma 93m\x1b[30;42mb\x1b[38;5;97mc"


@pytest.mark.parametrize("package", [minidl_core, tui_backprop], ids=lambda package: package.__name__)
def test_every_sign_that_we_write_has_a_likeness(package: ModuleType) -> None:
    for file in Path(package.__path__[0]).rglob("*.py"):
        with file.open("rb") as source:
            texts = [token.string for token in tokenize.tokenize(source.readline) if token.type in STRINGS]
        signs = "".join(texts)
        assert "?" not in in_ascii(signs.replace("?", "")), file
