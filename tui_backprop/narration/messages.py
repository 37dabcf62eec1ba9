"""Messages as sentences: what happened, and which keys go on from there, as far as the front end names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..debugger.message import Kind, Message
from ..notation.edits import branch_label, label
from ..notation.fitting import cut, printable

Keys = Mapping[str, str]
"""The keys of a front end, by the names of their actions: step, back, edit, branch, run ..."""


def sentences(message: Message, keys: Keys) -> tuple[str, ...]:
    """Return ever shorter wordings of a message; an action that has no key is left out."""
    return SENTENCES[message.kind](message.data, keys)


def remedies(keys: Keys, *actions: tuple[str, str], between: str) -> str:
    """Say what the keys of these actions do, as far as there are any."""
    return between.join(f"{keys[action]} {does}" for action, does in actions if action in keys)


def _warned(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    said = printable(data["text"]).split(". ")
    return tuple([". ".join(said[:count]).removesuffix(".") + "." for count in range(len(said), 0, -1)])


def _wrong_settings(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    first, *others = map(printable, data["said"])
    more = f" There is more, said at the end: {len(others)}." if others else ""
    head = first.rpartition("; ")[0] or first
    bare = head.partition(", ")[0]
    return f"{first}.{more}", f"{head}.{more}", f"{bare}.{more}", f"{bare}."


def _forked(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    iteration, forgotten = data["iteration"], data["forgotten"]
    done = f"iteration {iteration} starts with it"
    if data["again"]:
        done = f"iteration {iteration} was computed again from its start, to this same step"
    lost = "" if forgotten is None else f" The oldest branch, {branch_label(forgotten)}, is forgotten."
    wordings = [f"{label(data['edit'], length)}: {done}." for length in (16, 6)]
    back = f" {keys['branch']}: the branch without it." if "branch" in keys else ""
    return (*(f"{text}{back}{lost}" for text in wordings), *(f"{text}{lost}" for text in wordings), wordings[1])


def _switched(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    where = "at the same step" if data["same"] else "which went no further than this"
    branch = f"This is branch {data['number']} of {data['count']}"
    head = f"{branch}, {branch_label(data['branch'])}, {where}."
    on = remedies(keys, ("branch", "goes to the next."), between="")
    return (*([f"{head} {on}"] if on else []), head, f"{branch}.")


def _paused(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    on = remedies(keys, ("run", "runs on"), between="")
    return (f"paused: {on}" if on else "paused",)


def _stopped(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    node = data["node"]
    return (_with_a_way_on(f"stopped at {cut(node.name, 10)}" if node is not None else "stopped", data, keys),)


def _with_a_way_on(what: str, data: Mapping[str, Any], keys: Keys) -> str:
    actions = [("back", "steps back"), ("edit", "edits a number or the learning rate")]
    if data["branches"] > 1:
        actions.append(("branch", "returns"))
    ways_on = remedies(keys, *actions, between=", ")
    return f"{what}: {ways_on}" if ways_on else what


def _no_such_moment(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:  # noqa: ARG001 (as all of them)
    asked, here = data["asked"], data["here"]
    event = f", event {asked.cursor}" if asked.cursor else ""
    stopped = f"training stopped in iteration {here.iteration}, after event {here.cursor}"
    return (f"There is no iteration {asked.iteration}{event}: {stopped}.",)


def _with_remedies(text: str, join: str, on: str) -> tuple[str, ...]:
    return (f"{text}{join}{on}" if on else text,)


def _no_breakpoint(_: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    actions = ("breakpoint", "sets one on the node in view"), ("breakpoints", "shows the list")
    return _with_remedies("no breakpoint is on", ": ", remedies(keys, *actions, between=", "))


def _breakpoint_set(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    point, on = data["breakpoint"], remedies(keys, ("continue", "goes on to it"), between="")
    if data["in_view"]:
        return _with_remedies(f"breakpoint on {point.text}", ": ", on)
    return _with_remedies(f"breakpoint: {point.text}", "; ", on)


def _quiz_mode(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    ask, step = keys.get("ask"), keys.get("step", "the next step")
    if data["mode"] == "me":
        return _with_remedies(f"{step} asks before it shows a step", "; ", f"{ask}: ask the room" if ask else "")
    if data["mode"] == "room":
        return _with_remedies(f"{step} asks, the next {step} reveals", "; ", f"{ask}: stop asking" if ask else "")
    return ("no more questions",)


def _no_run(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    what = {"run": "run", "resume": "going on"}[data["what"]]
    if data["mode"] == "drive":
        return _with_remedies(f"no {what} while you drive", "; ", remedies(keys, ("drive", "ends that"), between=""))
    return _with_remedies(
        f"no {what} while questions are asked", "; ", remedies(keys, ("ask", "stops them"), between="")
    )


def _would_answer(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    actions = ("step", "reveals it") if data["mode"] == "room" else ("skip", "skips the question")
    actions = ("skip", "shows it") if data["mode"] == "drive" else actions
    return _with_remedies(f"the {data['what']} would answer it", "; ", remedies(keys, actions, between=""))


def _question_waits(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    answers = (
        f"1 to {data['choices']} answers" if data["choices"] else remedies(keys, ("answer", "answers"), between="")
    )
    on = ", ".join(filter(None, (answers, remedies(keys, ("skip", "skips"), between=""))))
    return _with_remedies("it waits for an answer", ": ", on)


def _no_number_typed(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    text = f"'{data['typed']}' is not a number" if data["typed"] else "nothing is typed"
    return (f"{text}; type one such as -0.25",)


def _learner_drives(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    if not data["forward"]:
        return ("you drive: make the engine's moves", "you drive")
    if data["measured"]:
        return (
            *_with_remedies("you drive the way back", "; ", remedies(keys, ("step", "begins it"), between="")),
            "you drive",
        )
    on = remedies(keys, ("step", "steps"), ("phase", "goes to its end"), between=", ")
    return (
        *_with_remedies("you drive the way back; the forward pass is the engine's", ": ", on),
        *_with_remedies("you drive the way back", "; ", remedies(keys, ("phase", "goes there"), between="")),
        "you drive",
    )


def _engine_drives(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    score = f": {data['right']} of {data['answered']} moves right" if data["answered"] else ""
    return (f"the engine drives again{score}", f"the engine drives{score}", "the engine drives")


def _engines_move(_: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    on = remedies(keys, ("step", "makes it"), between="")
    return (
        *_with_remedies("the engine's move: it cannot be written out", "; ", on),
        *_with_remedies("the engine's move", "; ", on),
        "the engine's move",
    )


def _move_waits(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    how = "select a node" if data["picks"] else "type a number"
    on = ", ".join(filter(None, (how, remedies(keys, ("skip", "shows it"), between=""))))
    return (f"the move is yours: {on}",)


def _wrong_move(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    given = printable(data["given"])
    again = f"; it comes again after {data['again']} more moves of its kind" if data["again"] else ""
    return (f"not {given}: {data['why']}{again}" if data["why"] else f"not {given}{again}",)


def _offered(who: str, base: tuple[str, ...], data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return wordings of how a pupil stands to a class, with what the teacher may see."""
    if data["looked at"]:
        looks = (f"{base[1]}; teacher looks", f"{who}; teacher looks", f"{who}; seen")
        return (f"{base[0]}; the teacher looks at yours", *looks)
    return (f"{base[0]}; the teacher may look at yours", f"{base[1]}; offered", *base) if data["offers"] else base


def _looks(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    name = cut(data["name"] or "a pupil", 16)
    if data["over"]:
        return (f"{name} offers this no more; q leads back", "no more; q back", "q back")
    if data["wrong"]:
        return (f"{name} {data['wrong']}; q leads back", "not shown; q back", "q back")
    return (f"you look at {name}; q leads back", f"you look at {name}; q back", f"{name}; q back", "q back")


def _leads(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    follow, alone, slow = data["follow"], data["alone"], data["slow"]
    others = [f"{alone} on their own"] * bool(alone) + [f"{slow} slow"] * bool(slow)
    few = [f"{alone} own"] * bool(alone) + [f"{slow} slow"] * bool(slow)
    name = cut(data["name"], 12)
    return (
        f"class {name}: {', '.join([f'{follow} follow', *others])}",
        ", ".join([f"{follow} follow", *few]),
        f"{follow} follow",
    )


def _follows(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    if data["wrong"]:
        return ("what the teacher did cannot be shown here", "cannot follow")
    if not data["same"]:
        return ("you follow; your loss is another one", "another loss!")
    return _offered("follow", (f"you follow {cut(data['name'], 12)}", "you follow"), data)


def _on_ones_own(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    since = f" since {cut(data['since'], 20)}" if data["since"] else ""
    if not data["there"]:
        return (f"on your own{since}; the teacher is not there", "no teacher there", "no teacher")
    key = keys.get("class", "follow")
    wordings = f"on your own{since}; {key} follows", f"your own; {key} follows", f"own; {key} follows"
    return _offered("own", wordings, data)


def _too_many_to_open(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    one_at_a_time = remedies(keys, ("fold", "opens one"), between="")
    return f"{data['nodes']:,} nodes are too many to show at once; {one_at_a_time}", f"too many; {one_at_a_time}"


def _speed(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    return _with_remedies(data["speed"].label, ": ", remedies(keys, ("run", "runs"), between=""))


def _too_small(_: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    return _with_remedies("paused, because nothing could be seen", "; ", remedies(keys, ("run", "runs on"), between=""))


def _hunting(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    looks = f"{data['looks']} look{'s' * (data['looks'] != 1)}"
    if data["over"]:
        return (f"over: {looks}", looks)
    return (*_with_remedies(looks, "; ", remedies(keys, ("guess", "guesses"), between="")), looks)


def _hunt(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    minutes, seconds = divmod(round(data["seconds"]), 60)
    looks = f"{data['looks']} look{'s' * (data['looks'] != 1)}"
    took = f"{looks}, {f'{minutes} min ' * bool(minutes)}{seconds} s"
    if not data["over"]:
        return (f"That is not it. So far: {took}.",)
    head = "Found" if data["found"] else "It was this"
    more = verdict_beside(data)
    return (
        f"{head} ({took}): {data['wrong']}.{f' {more}' if more else ''}",
        f"{head} ({took}): {data['wrong']}.",
        f"{head} ({looks}): {data['wrong']}.",
        f"{head}: {data['wrong']}.",
    )


def verdict_beside(data: Mapping[str, Any]) -> str:
    """Return what there is to say of a hunt beside its verdict: the right rule, and what went wrong with the score."""
    return " ".join(filter(None, (data["rule"], f"{printable(data['score'])}." if data["score"] else "")))


def _page_moved_back(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    where = f"page {data['number']} is about {data['moment']}"
    back = remedies(keys, ("go to", f"{data['left']} goes back to where you were"), between="")
    short = remedies(keys, ("go to", f"{data['left']} goes back"), between="")
    return (*_with_remedies(f"{where}, so time went there", "; ", back), *_with_remedies(where, "; ", short), where)


def _goal_reached(data: Mapping[str, Any], keys: Keys) -> tuple[str, ...]:
    reached = "the lesson's goal is reached"
    on = f"and Enter open {data['lesson']}" if data["lesson"] else "lists the others"
    return (*_with_remedies(reached, ": ", remedies(keys, ("lessons", on), between="")), reached)


def _goal_not_judged(data: Mapping[str, Any], _: Keys) -> tuple[str, ...]:
    error = data["error"]
    why = printable(f"{type(error).__name__}: {error} ({data['location']})")
    return f"whether the lesson's goal is reached cannot be told: {why}", f"the goal cannot be judged: {why}"


SENTENCES: dict[Kind, Callable[[Mapping[str, Any], Keys], tuple[str, ...]]] = {
    "warned": _warned,
    "wrong settings": _wrong_settings,
    "forked": _forked,
    "switched": _switched,
    "paused at goal": _paused,
    "breakpoint hit": lambda data, _: (f"breakpoint: {data['breakpoint'].text}",),
    "no breakpoint up to goal": lambda data, _: (f"no breakpoint up to iteration {data['goal']}, where a run pauses",),
    "no breakpoint before here": lambda data, _: ("no breakpoint before here: this is the start",),  # noqa: ARG005
    "no further stop": lambda data, keys: (_with_a_way_on("no further stop", data, keys),),
    "at the very start": lambda *_: ("this is the very start",),
    "stopped by an error": _stopped,
    "no such moment": _no_such_moment,
    "no breakpoint is on": _no_breakpoint,
    "breakpoint set": _breakpoint_set,
    "breakpoint removed": lambda data, _: (f"no breakpoint on {data['breakpoint'].text} any more",),
    "nothing to break on": lambda *_: ("no node is in view to break on: take a step, or select one",),
    "no number in view": lambda *_: ("no number is in view; take a step, or select a node",),
    "picture in view": lambda _, keys: _with_remedies(
        "a picture is in view", "; ", remedies(keys, ("panes", "goes on to other views"), between="")
    ),
    "no other": lambda data, _: (f"the number that is written out has no other {data['what']}",),
    "no origin": lambda data, keys: (f"{keys.get('origin', 'the way')} {data['why']}",),
    "no way back": lambda _, keys: _with_remedies(
        "there is no number to return to", ": ", remedies(keys, ("origin", "goes on from one"), between="")
    ),
    "no other branch": lambda _, keys: _with_remedies(
        "there is no other branch", ": ", remedies(keys, ("edit", "begins one"), between="")
    ),
    "leads a class": _leads,
    "follows a class": _follows,
    "on one's own in a class": _on_ones_own,
    "looks at a pupil": _looks,
    "theirs to move": lambda *_: ("it is the pupil's to move: select what you want to point at, q leads back",),
    "offers session": lambda data, keys: (
        f"the teacher may look at your session, and point into it; {keys['offer']} ends that"
        if data["offers"]
        else "the teacher can look at your session no more",
    ),
    "other program in class": lambda *_: ("the class has another program: join it again", "join again"),
    "in no class": lambda *_: ("this session is in no class; backprop-tui --class NAME begins one",),
    "speed": _speed,
    "too small": _too_small,
    "how to quit": lambda _, keys: (remedies(keys, ("quit", "quits"), between=""),),
    "no such key": lambda data, _: (
        f"{printable(data['key'])} is no key here: they are Latin letters, so switch the layout of your keyboard",
        f"{printable(data['key'])} is no key: switch to a Latin layout",
    ),
    "where": lambda data, _: (f"come back with: {data['command']}", data["command"]),
    "kept": lambda data, _: (f"the session is kept: backprop-tui {printable(str(data['path']))} opens it here",),
    "not kept": lambda data, _: (f"{printable(str(data['path']))} cannot be written: {data['why']}",),
    "sent to the terminal": lambda data, _: (
        f"the {data['what']} went to your terminal; many put it onto the clipboard",
        f"the {data['what']} went to your terminal",
    ),
    "quiz mode": _quiz_mode,
    "no run in a quiz": _no_run,
    "would answer": _would_answer,
    "question waits": _question_waits,
    "no such choice": lambda data, _: (f"there is no choice {data['typed']}: 1 to {data['choices']} answers",),
    "no number typed": _no_number_typed,
    "learner drives": _learner_drives,
    "engine drives": _engine_drives,
    "engine's move": _engines_move,
    "move comes again": lambda data, _: (
        f"again, because it went wrong: you are at {data['moment']}",
        f"again, at {data['moment']}",
        "again",
    ),
    "move waits": _move_waits,
    "wrong move": _wrong_move,
    "in no scope": lambda data, _: (f"{printable(data['node'].name)} is in no scope",),
    "no scopes": lambda *_: ("no node has a scope",),
    "too many to open": _too_many_to_open,
    "nothing folded here": lambda *_: ("nothing is folded here",),
    "hunting": _hunting,
    "hunt": _hunt,
    "no hunt": lambda data, _: (
        "this hunt is over; backprop-tui hunt begins another"
        if data["over"]
        else "there is nothing to hunt here; backprop-tui hunt begins a hunt",
    ),
    "would end the hunt": lambda data, _: (f"no {data['what']} in a hunt: the right engine's numbers would end it",),
    "no pages": lambda *_: ("this lesson has no pages",),
    "page moved back": _page_moved_back,
    "page is nowhere": lambda data, _: (f"this page's moment is not there: {data['why']}",),
    "goal reached": _goal_reached,
    "goal not judged": _goal_not_judged,
}
