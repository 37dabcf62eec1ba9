"""Every key of the screen, once: its bindings, the help and the palette are made from this table.

An action names what it is done with: `session('first')` is a method of the session, `viewer('fold')` one of the
viewer; any other is an action of the screen or, after `app.`, of the app.
Which of them the key bar names is chosen in panes/key_bar.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from textual.binding import Binding
from textual.keys import Keys, _character_to_key, key_to_character

Keymap = Mapping[str, str]
"""The keys that somebody has chosen for actions, by the ids of their bindings; several are separated by commas."""


def _key(keys: str, action: str, description: str, tooltip: str, shown: str = "") -> Binding:
    return Binding(
        keys, action, description, tooltip=tooltip, id=description.replace(" ", "-"), key_display=shown or keys
    )


REPAINT = _key("ctrl+l", "app.repaint", "repaint", "Paint all anew, where something else wrote on it", "Ctrl+L")
"""The one key that every screen has."""

SECTIONS: dict[str, list[Binding]] = {
    "Forward in time": [
        _key("space,full_stop,pagedown", "forward('step')", "step", "Take the next step", "space . PgDn"),
        _key("s", "forward('event')", "inside", "Go inside: the next single event"),
        _key("n", "forward('node')", "node", "To the end of the work on this node, or the next"),
        _key("p", "forward('phase')", "phase", "To the end of this pass: forward, backward, update"),
        _key("i", "forward('iteration')", "iteration", "To the end of this iteration, or the next"),
        _key("end", "last", "last", "To the latest moment that was ever reached", "End"),
    ],
    "Back in time": [
        _key("b,comma,pageup", "back('step')", "back", "Take the step back", "b , PgUp"),
        _key("S", "back('event')", "event back", "One single event back"),
        _key("N", "back('node')", "node back", "To where the work on this node began"),
        _key("P", "back('phase')", "phase back", "To where this pass began"),
        _key("I", "back('iteration')", "iteration back", "To the end of the iteration before"),
        _key("home", "session('first')", "first", "To the very start", "Home"),
    ],
    "Run": [
        _key("r", "session('run')", "run", "Run, and pause again; space pauses too"),
        _key("less_than_sign", "session('change_speed', -1)", "slower", "Run more slowly", "<"),
        _key(
            "greater_than_sign", "session('change_speed', 1)", "faster", "Run faster, up to as fast as it trains", ">"
        ),
        _key("G", "over('go_to')", "go to", "Go to a moment by its name: 7, 7:b, 7:b:2"),
        _key("c", "continue('forward')", "continue", "Continue to the next breakpoint; space pauses"),
        _key("C", "continue('back')", "continue back", "Continue back to the breakpoint before"),
        _key("x", "breakpoint", "breakpoint", "Set a breakpoint on the node in view, or take it away"),
        _key(
            "X",
            "over('list_breakpoints')",
            "breakpoints",
            "The list of breakpoints; conditions: phase, gradient, loss, NaN",
        ),
    ],
    "Change": [
        _key(
            "e", "over('edit')", "edit", "Edit a number of a variable or of data, or the learning rate: a branch begins"
        ),
        _key(
            "E",
            "session('switch_branch')",
            "branch",
            "To the same step on the branch before the edit; again: on to the others",
        ),
    ],
    "Learn": [
        _key(
            "m",
            "session('ask')",
            "ask",
            "Ask me before each step (1-4, or a number and Enter; Esc skips); ask the room; stop",
        ),
        _key("H", "over('guess')", "guess", "In a hunt: guess which node or operation is broken, and how"),
        _key("D", "drive", "drive", "You drive: make the engine's moves, on the way back and in the update; stop"),
        _key("T", "viewer('turn_page', 1)", "page", "The lesson's next page; behind the last one it closes"),
        _key("Y", "viewer('turn_page', -1)", "page back", "The lesson's page before; before the first one it closes"),
        _key("F", "class", "class", "In a class: follow the teacher again; the teacher sees who is there"),
        _key("O", "offer", "offer", "In a class: look at mine, the teacher may see it and point into it; no more"),
    ],
    "Look": [
        _key(
            "left,h", "viewer('arrow', 'left')", "left", "Select an input, or in the inspector the number left", "← h"
        ),
        _key(
            "right,l",
            "viewer('arrow', 'right')",
            "right",
            "Select a consumer, or in the inspector the number right",
            "→ l",
        ),
        _key(
            "up,k", "viewer('arrow', 'up')", "up", "Select the node above, or in the inspector the number above", "↑ k"
        ),
        _key(
            "down,j",
            "viewer('arrow', 'down')",
            "down",
            "Select the node below, or in the inspector the number below",
            "↓ j",
        ),
        _key(
            "tab",
            "viewer('next_view')",
            "panes",
            "To the inspector, its next view, after the last the graph again",
            "Tab",
        ),
        _key(
            "shift+tab",
            "viewer('other_pane')",
            "pane",
            "Between the graph and the inspector, whose view stays",
            "Shift+Tab",
        ),
        _key(
            "t",
            "over('compare_beliefs')",
            "beliefs",
            "What a belief would compute, beside the truth: why a node waits, why +=",
        ),
        _key(
            "o", "over('read_log')", "log", "Read the log: a sentence for each event; search it, save it, go to a line"
        ),
        _key(
            "equals_sign",
            "viewer('change_digits')",
            "in full",
            "Show the loss and the number in view with all their digits (17), or with few",
            "=",
        ),
        _key(
            "V", "viewer('next_picture')", "picture", "Show the next picture: J over a weight, a map, the data, layers"
        ),
        _key("y", "viewer('change_scale')", "scale", "Draw the loss on a linear or a logarithmic axis"),
    ],
    "The graph": [
        _key("slash", "over('find')", "find", "Find a node by its name, operation or scope", "/"),
        _key(
            "f",
            "viewer('follow_or_stay')",
            "follow",
            "Stay with this node while time moves, or follow the action again",
        ),
        _key("v", "viewer('change_picture')", "view", "Show the graph as a diagram or as a tape"),
        _key(
            "left_square_bracket", "viewer('change_detail', -1)", "less", "Show less of each node: only its name", "["
        ),
        _key(
            "right_square_bracket",
            "viewer('change_detail', 1)",
            "more",
            "Show more of each node: its shape, its numbers",
            "]",
        ),
        _key("z", "viewer('fold')", "fold", "Fold the scope of this node into one box, or open it"),
        _key("Z", "viewer('fold_all')", "fold all", "Open every folded scope, or fold them all"),
        _key(
            "shift+left",
            "viewer('pan', (-8, 0))",
            "pan left",
            "Show what is further left; or drag, wheel",
            "Shift+←",
        ),
        _key("shift+right", "viewer('pan', (8, 0))", "pan right", "Show what is further right", "Shift+→"),
        _key("shift+up", "viewer('pan', (0, -3))", "pan up", "Show what is further up", "Shift+↑"),
        _key("shift+down", "viewer('pan', (0, 3))", "pan down", "Show what is further down", "Shift+↓"),
    ],
    "From number to number": [
        _key(
            "g",
            "viewer('show_on_request', 'check')",
            "check",
            "Check this gradient: measure the loss on both sides of the number; nudge it by 0.01",
        ),
        _key(
            "J",
            "viewer('show_on_request', 'forward mode')",
            "forward mode",
            "How this node changes with one number of a variable, accumulated forwards; its Jacobian; what both cost",
        ),
        _key(
            "enter",
            "viewer('go_to_origin')",
            "origin",
            "Go to where this number came from, or open the selected scope",
            "Enter",
        ),
        _key("backspace", "viewer('go_back')", "return", "Return to the number that came from here", "Backspace"),
        _key("a", "viewer('choose_edge', 1)", "edge", "Look at the next edge over which this number came"),
        _key("A", "viewer('choose_edge', -1)", "edge before", "Look at the edge before"),
        _key("d", "viewer('choose_term', 1)", "term", "Look at the next term that this number is made of"),
        _key("u", "viewer('choose_term', -1)", "term before", "Look at the term before"),
    ],
    "The program": [
        _key("question_mark,f1", "over('explain')", "keys", "Every key, and what the screen shows", "? F1"),
        _key("L", "lessons", "lessons", "Open another lesson; this one stays where it is"),
        _key("K", "over('keep')", "keep", "Keep this session in a file that opens it again: place, edits, answers"),
        _key("w", "where", "where", "Say the command that opens the app where you are; or click on the top line"),
        REPAINT,
        _key("q", "app.quit", "quit", "Quit"),
    ],
}


def names_of(keymap: Keymap) -> dict[str, str]:
    """Return the first key of each action, as sentences name it.

    `ACTION while typing` is the first of its keys that types no character, where it has one.
    """
    names = {"choices": "1-4", "answer": "Enter", "skip": "Esc"}
    for binding in _bindings():
        shown = shown_keys(binding, keymap).split()
        names[binding.description] = shown[0]
        names |= {f"{binding.description} while typing": name for name in reversed(shown) if len(name) > 1}
    # a run goes by iterations only from between two
    names["train"] = f"{names['iteration']}, then {names['run']} ({names['faster']} is faster)"
    return names | {"arrows": "".join(names[way] for way in ("left", "up", "down", "right"))}


def shown_keys(binding: Binding, keymap: Keymap) -> str:
    """Return all keys of an action, as the help names them."""
    chosen = keymap.get(binding.id or "")
    return str(binding.key_display) if chosen is None else " ".join(map(_shown, chosen.split(",")))


def read_keymap(chosen: Mapping[str, object]) -> tuple[Keymap, list[tuple[str, str]]]:
    """Return the keys that are chosen for actions by their names, and by the name of each wrong one what is wrong.

    A key is a character or a name of Textual's; several are a list. What is wrong is left as it is without it.
    """
    standard = {str(binding.id): binding.key for binding in _bindings()}
    keymap: dict[str, str] = {}
    wrong = []
    for name, keys in chosen.items():
        listed = keys if isinstance(keys, list) and keys else [keys]
        problem = "" if name in standard else f"there is no action {name!r}; there are {', '.join(standard)}"
        problem = problem or next(filter(None, map(_why_not, listed)), "")
        if problem:
            wrong.append((name, problem))
        else:
            keymap[name] = ",".join(_long_name(str(key)) for key in listed)
    while clash := _clash(standard | keymap, keymap):
        name, key, other = clash
        wrong.append((name, f"the key {_shown(key)} is that of {other}"))
        del keymap[name]
    return keymap, wrong


def write_keymap(keymap: Keymap) -> Iterator[str]:
    """Yield the lines that choose the key of each action; where it is the usual one, as a comment."""
    for binding in _bindings():
        keys = [f'"{key}"' for key in keymap.get(str(binding.id), binding.key).split(",")]
        line = f"{binding.id} = {keys[0] if len(keys) == 1 else '[' + ', '.join(keys) + ']'}"
        yield line if binding.id in keymap else f"# {line}"


_TAKEN = {"escape": "skips a question", "ctrl+p": "opens the palette", "ctrl+z": "suspends", "ctrl+c": "ends"}
_TAKEN |= dict.fromkeys("0123456789", "answers a question") | {"ctrl+q": "quits"}
_TAKEN |= {f"ctrl+{letter}": "is another one to a terminal" for letter in "hijm"}
_MODIFIERS = {"ctrl", "alt", "shift"}
_SHOWN = {"pageup": "PgUp", "pagedown": "PgDn", "space": "space"}
_SHOWN |= {"left": "←", "right": "→", "up": "↑", "down": "↓"}


def _bindings() -> Iterator[Binding]:
    return (binding for section in SECTIONS.values() for binding in section)


def _why_not(key: object) -> str:
    """Say why an action cannot have this key; nothing where it can."""
    *modifiers, last = _long_name(key).split("+") if isinstance(key, str) else [""]
    known = last in _NAMED or (last != "" and (key_to_character(last) or "\0").isprintable())
    if not known or not _MODIFIERS.issuperset(modifiers):
        return f"{key!r} is no key; a key is a character or a name such as 'enter' or 'ctrl+g'"
    return f"the key {key} {_TAKEN[str(key)]}" if key in _TAKEN else ""


_NAMED = {str(key.value) for key in Keys}


def _long_name(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key


def _shown(key: str) -> str:
    """Return a key as it is called on the screen: Enter, /, Ctrl+G."""
    *modifiers, last = key.split("+")
    character = key_to_character(last)
    if last in _SHOWN:
        last = _SHOWN[last]
    elif character is not None and character.isprintable():
        last = character.upper() if modifiers == ["ctrl"] else character
    else:
        last = last.capitalize()
    return "+".join([*(modifier.capitalize() for modifier in modifiers), last])


def _clash(keys: Keymap, chosen: Keymap) -> tuple[str, str, str] | None:
    """Return a chosen action, the later first, with a key that another action has, too; None where there is none."""
    for name in reversed(list(chosen)):
        for key in keys[name].split(","):
            for other in keys:
                if other != name and key in keys[other].split(","):
                    return name, key, other
    return None


KEY_OF = names_of({})
"""The first key of each action, where nobody has chosen another one."""
