"""Noting what makes each instance of a script's own classes, while the script runs and without changing it.

A class of the script is built on `Noted`, which keeps with each new instance where it was made and what the functions
that made it had been given: so a note lives and dies with its instance, and nothing of the script's own (`__init__`,
`__eq__`, `__hash__`, `__repr__`) is called or replaced. Functions called `backward` or the like are reported.
"""

from __future__ import annotations

import builtins
import os
import re
import sys
import sysconfig
from abc import ABCMeta
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from inspect import CO_VARARGS, CO_VARKEYWORDS
from itertools import islice
from operator import itemgetter
from types import CodeType, FrameType, FunctionType, resolve_bases
from typing import Any

import minidl_core
import tui_backprop

from ..project import is_installed
from .mixed_bases import bases_beside_builtins

ARITHMETIC = frozenset(f"__{side}{name}__" for side in ("", "r", "i") for name in ("add", "sub", "mul", "truediv"))
ARITHMETIC |= {"__pow__", "__rpow__", "__matmul__", "__rmatmul__", "__neg__", "__abs__"}
BACKWARD = re.compile(r"(?!_)(run_|do_|full_)?(back_?ward|back_?prop|back)(_pass|agate|agation|_all)?|calc_gradients?")
_OURS = tuple(os.path.join(each.__path__[0], "") for each in (minidl_core, tui_backprop))
_LESSON = os.path.join(tui_backprop.__path__[0], "exercise", "value.py")
"""The engine of the lesson about engines is noticed as a learner's own is."""
_LIBRARY = (*(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")), "<frozen", "<string>")
_HEAP_TYPE = 1 << 9
_METACLASSES = (type, ABCMeta)
_MOST_LEVELS = 3  # of functions that hand a value on to the class: `__add__` calls `_make` calls the class

Call = Callable[[], Any]
Backward = Callable[[tuple[Any, ...], Call, CodeType, FrameType], Any]
"""Told of a call of a backward function: its arguments, what makes the call, its code, the caller's file and line."""


class Site:
    """A place in the script from which instances were made: a line, by way of which functions.

    `levels` are the functions that may have made them, the innermost first, with the names of their parameters; the
    one that `made_by` counts is the operation. `is_operation` is None until the first instance was looked at; `links`
    are the attributes by which that refers to its operands, and `inside` where objects among the arguments keep some:
    the number of the argument and the attribute. `is_given` says whether the class itself was given instances.
    """

    __slots__ = (
        *("callers", "index", "inside", "is_given", "is_operation", "is_through", "levels", "links", "made_by"),
        "take",
    )

    def __init__(self, index: int, levels: list[FrameType], is_through: bool, is_given: bool) -> None:
        self.index = index
        self.is_given = is_given
        self.levels = [(frame.f_code, _parameters(frame.f_code)) for frame in levels]
        self.is_through = is_through
        self.take = _taker(self.levels[0][1])
        self.is_operation: bool | None = None
        self.links: tuple[str, ...] = ()
        self.inside: tuple[tuple[int, str], ...] = ()
        self.made_by = 0
        self.callers: list[tuple[CodeType, int]] = []
        caller: FrameType | None = levels[0]
        while caller is not None:
            self.callers.append((caller.f_code, caller.f_lineno))
            caller = caller.f_back if caller.f_code.co_name != "<module>" else None


Note = tuple[Any, ...]
"""Of an instance: its site, and for each level of the site a tuple of what that function had been given."""

_get_frame = sys._getframe
_new = object.__new__


class Noted:
    """The base of a script's own classes while the script is run."""

    __slots__ = ("note",)

    def __new__(cls, *args: Any, **keywords: Any) -> Noted:
        """Make an instance and note what made it."""
        self = _new(cls)
        if _sites is None:
            return self
        frame = _get_frame(1)
        while frame.f_code.co_name == "__new__" and frame.f_back is not None:
            frame = frame.f_back
        caller = frame.f_back
        if caller is _recent[0]:
            chain = _recent[1]
        elif caller is _recent[2]:
            chain = _recent[3]
        else:
            chain = _chain(caller)
        key = (id(frame.f_code), frame.f_lasti, caller.f_lasti if caller else 0, chain)
        site = _sites.get(key)
        if site is None:
            if args and cls.__init__ is object.__init__:
                raise TypeError(f"{cls.__name__}() takes no arguments")
            site = _new_site(key, frame, args, keywords.values())
        if site.is_operation is False:
            _set_note(self, (site,))
        elif not site.is_through:
            try:
                _set_note(self, (site, site.take(frame.f_locals)))
            except KeyError:  # a parameter that was deleted
                _set_note(self, (site, _given(frame, site.levels[0][1])))
        else:
            note: list[Any] = [site]
            for level in site.levels:
                note.append(_given(frame, level[1]))
                frame = frame.f_back or frame
            _set_note(self, tuple(note))
        return self


_slot: Any = Noted.__dict__["note"]
delattr(Noted, _slot.__name__)  # copying and pickling an instance must not find it
_set_note = _slot.__set__
set_note: Callable[[Noted, Note], None] = _set_note
_Key = tuple[int, int, int, int]
_sites: dict[_Key, Site] | None = None
_ways: dict[tuple[int, ...], Site] = {}
_chains: dict[tuple[int, ...], int] = {}
_recent: list[Any] = [None, 0, None, 0]
"""The two frames that made something last, a generator and what asks it, with the functions above each."""
_on_backward: Backward | None = None
_depth = 0


def _chain(frame: FrameType | None) -> int:
    """Return a number for the functions that are running, and keep it for the frame."""
    chain: list[int] = []
    above = frame
    while above is not None and len(chain) < 20:
        chain.extend((id(above.f_code), above.f_lasti if len(chain) else 0))
        above = above.f_back
    _recent[2:] = _recent[:2]
    _recent[:2] = [frame, _chains.setdefault(tuple(chain), len(_chains))]
    return _recent[1]  # type: ignore[no-any-return]


def note_of(instance: Noted) -> Note | None:
    """Return the note of an instance, None where it was made behind our back."""
    try:
        return _slot.__get__(instance, Noted)  # type: ignore[no-any-return]
    except AttributeError:
        return None


def _parameters(code: CodeType) -> tuple[str, ...] | None:
    """Return the names of a function's parameters; of a comprehension None, for all that it sees counts."""
    if code.co_name == "<module>":
        return ()
    if code.co_name.startswith("<") and code.co_name != "<lambda>":
        return None
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_varnames[:count]


def _taker(names: tuple[str, ...] | None) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the parameters of a function out of its variables."""
    if names is None:
        return lambda seen: tuple([value for name, value in seen.items() if name != ".0"])
    if len(names) > 1:
        return itemgetter(*names)
    return lambda seen: tuple([seen[name] for name in names])


def _given(frame: FrameType, names: tuple[str, ...] | None) -> tuple[Any, ...]:
    if names == ():
        return ()
    seen = frame.f_locals
    return _taker(None)(seen) if names is None else tuple([seen.get(name) for name in names])


def _new_site(key: _Key, frame: FrameType, args: tuple[Any, ...], named: Collection[Any]) -> Site:
    assert _sites is not None
    _report_functions(frame)
    levels = [frame]
    # what a comprehension takes may stand in the function around it alone
    if _parameters(frame.f_code) is None and frame.f_back is not None:
        levels.append(frame.f_back)
    # a function that hands its own argument on to the class makes a constant of it, or is another's factory
    while args and len(levels) < _MOST_LEVELS and any(args[0] is each for each in _given_to(levels[-1])):
        if levels[-1].f_back is None:
            break
        levels.append(levels[-1].f_back)
    # one instruction has several addresses, before and after the interpreter specialised it
    way = [len(levels)]
    above: FrameType | None = frame
    while above is not None:
        way += [id(above.f_code), *_position(above)]
        above = above.f_back
    inner = [one for each in (*args, *named) for one in (each if type(each) in (list, tuple, set) else (each,))]
    is_given = any(isinstance(each, Noted) for each in inner)
    site = _ways.setdefault(tuple(way), Site(len(_ways), levels, len(levels) > 1, is_given))
    _sites[key] = site
    return site


def _position(frame: FrameType) -> list[int]:
    """Return which lines and columns of the source a frame is at."""
    position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), ())
    return [number or 0 for number in position]


def _given_to(frame: FrameType) -> tuple[Any, ...]:
    return _given(frame, _parameters(frame.f_code))


def _report_functions(frame: FrameType | None) -> None:
    """Let the free functions `backward(loss)` of the modules that make instances be reported, too."""
    while frame is not None:
        names = frame.f_globals
        if not _is_foreign(frame.f_code.co_filename):
            for name, value in list(names.items()):
                if type(value) is FunctionType and BACKWARD.fullmatch(name) and not hasattr(value, "__wrapped__"):
                    names[name] = _reported(value)
        if frame.f_code.co_name == "<module>":
            break
        frame = frame.f_back


def _reported(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def backward(*args: Any, **kwargs: Any) -> Any:
        global _depth
        if _on_backward is None or _depth:
            return function(*args, **kwargs)
        _depth += 1
        try:
            return _on_backward(args, lambda: function(*args, **kwargs), function.__code__, sys._getframe(1))
        finally:
            _depth -= 1

    return backward


def _is_foreign(file: str) -> bool:
    return (file.startswith(_OURS) and file != _LESSON) or (file.startswith(_LIBRARY) and "-packages" not in file)


def _is_watched(body: FunctionType, bases: tuple[Any, ...], metaclass: type) -> bool:
    """Return whether a class that is about to be built may be a learner's own."""
    file = body.__code__.co_filename
    if _is_foreign(file):
        return False
    if is_installed(file):  # somebody else's: only what looks like an engine
        methods = {const.co_name for const in body.__code__.co_consts if isinstance(const, CodeType)}
        if not (methods & {"__add__", "__mul__"} and any(map(BACKWARD.fullmatch, methods))):
            return False
    return metaclass in _METACLASSES and all(map(_is_plain, resolve_bases(bases)))


def _left_alone(body: FunctionType) -> frozenset[str]:
    return bases_beside_builtins(body.__code__.co_filename)


def _is_plain(base: Any) -> bool:
    """Return whether a class can be built on this base and on `Noted`: it is written in Python, and has no slots."""
    if type(base) not in _METACLASSES:
        return False
    return issubclass(base, Noted) or all(
        each is object or (each.__flags__ & _HEAP_TYPE and not vars(each).get("__slots__")) for each in base.__mro__
    )


@contextmanager
def noting(on_backward: Backward) -> Iterator[None]:
    """Note the instances of all classes that are built in this block, and report the backward calls."""
    global _sites, _on_backward
    build = builtins.__build_class__

    def build_class(body: Any, name: str, /, *bases: Any, **keywords: Any) -> Any:
        if not _is_watched(body, bases, keywords.get("metaclass", type)) or name in _left_alone(body):
            return build(body, name, *bases, **keywords)
        own = tuple([base for base in bases if base is not object])
        noted = any(issubclass(base, Noted) for base in resolve_bases(own))
        made = build(body, name, *own, *(() if noted else (Noted,)), **keywords)
        for method, function in list(vars(made).items()):
            if type(function) is FunctionType and BACKWARD.fullmatch(method):
                setattr(made, method, _reported(function))
        return made

    _sites, _on_backward = {}, on_backward
    builtins.__build_class__ = build_class
    try:
        yield
    finally:
        builtins.__build_class__ = build
        _sites, _on_backward = None, None
        _recent[:] = [None, 0, None, 0]
        _chains.clear()
        _ways.clear()
