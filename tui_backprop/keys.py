"""Every key, once: the bindings, the key bar, the help and the palette are made from this table."""

from __future__ import annotations

import re

from textual.binding import Binding


def _key(keys: str, action: str, description: str, tooltip: str, shown: str = "") -> Binding:
    identity = re.sub(r"\W+", "-", action).strip("-")
    return Binding(keys, action, description, tooltip=tooltip, id=identity, key_display=shown or keys)


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
        _key("home", "first", "first", "To the very start", "Home"),
    ],
    "Run": [
        _key("r", "run", "run", "Run, and pause again; space pauses too"),
        _key("less_than_sign", "slower", "slower", "Run more slowly", "<"),
        _key("greater_than_sign", "faster", "faster", "Run faster, up to as fast as it trains", ">"),
        _key("G", "go_to", "go to", "Go to an iteration by its number"),
    ],
    "Look": [
        _key("v", "view", "view", "Show the graph as a diagram or as a tape"),
        _key(
            "tab", "next_pane", "panes", "Show the next view: value, ledger, update; small screens: data, loss", "Tab"
        ),
        _key("y", "scale", "scale", "Draw the loss on a linear or a logarithmic axis"),
        _key("up", "pin('up')", "pin up", "Follow the element above; the window of a large array moves along", "↑"),
        _key("down", "pin('down')", "pin down", "Follow the element below", "↓"),
        _key("left", "pin('left')", "pin left", "Follow the element to the left", "←"),
        _key("right", "pin('right')", "pin right", "Follow the element to the right", "→"),
    ],
    "From number to number": [
        _key("enter", "origin", "origin", "Go to where this number came from: a consumer's G, an operand", "Enter"),
        _key("backspace", "return", "return", "Return to the number that came from here", "Backspace"),
        _key("w", "choose('edge', 'next')", "edge", "Look at the next edge over which this number came"),
        _key("W", "choose('edge', 'before')", "edge before", "Look at the edge before"),
        _key("t", "choose('term', 'next')", "term", "Look at the next term that this number is made of"),
        _key("T", "choose('term', 'before')", "term before", "Look at the term before"),
    ],
    "The program": [
        _key("question_mark,f1", "help", "keys", "What the screen shows, and every key", "? F1"),
        _key("q", "app.quit", "quit", "Quit"),
    ],
}
