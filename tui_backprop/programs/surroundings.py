"""What a script may change of the process that runs it, and how it is put back."""

from __future__ import annotations

import atexit
import builtins
import gc
import locale
import os
import signal
import sys
import termios
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import ModuleType
from typing import Any

import numpy as np

_STREAMS = ("stdin", "stdout", "stderr")


@contextmanager
def as_main(main: ModuleType, path: str, directory: str = "") -> Iterator[None]:
    """Let a module be what Python makes of a script: `__main__`, with its arguments and its directory on the path.

    That is another `directory` where it is a module of a package.
    """
    ours, arguments = sys.modules["__main__"], sys.argv
    directory = directory or os.path.dirname(os.path.realpath(path))
    sys.modules["__main__"], sys.argv = main, [path]
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv = ours, arguments
        # last, so that nothing of ours is taken from there, but what the script imports later is found
        sys.path[:] = [entry for entry in sys.path if entry != directory] + [directory]


@contextmanager
def kept_surroundings() -> Iterator[None]:
    """Put back, after this block, what the app needs of the process: streams, directory, signals, built-ins and more.

    A copy of the process that was forked in this block ends here.
    """
    own = os.getpid()
    with ExitStack() as after:
        after.enter_context(_kept_files())
        after.enter_context(np.errstate())
        after.enter_context(np.printoptions())
        after.enter_context(warnings.catch_warnings())
        _keep_settings(after)
        status = 0
        try:
            yield
        except BaseException:
            status = 1
            if os.getpid() != own:
                traceback.print_exc()
            raise
        finally:
            if os.getpid() != own:
                with suppress(Exception):
                    sys.stdout.flush()
                os._exit(status)


@contextmanager
def kept_built_ins() -> Iterator[None]:
    """Put the built-ins back after this block; nothing here works while a script has replaced them."""
    built_ins, own = vars(builtins), dict(vars(builtins))
    try:
        yield
    finally:
        built_ins.update(own)


def _keep_settings(after: ExitStack) -> None:
    """Have the settings of the interpreter put back."""
    after.callback(sys.setrecursionlimit, sys.getrecursionlimit())
    after.callback(gc.enable if gc.isenabled() else gc.disable)
    after.callback(setattr, threading, "excepthook", _ignore)  # of a thread that goes on while the screen is shown
    after.callback(setattr, sys, "excepthook", sys.excepthook)
    after.callback(sys.settrace, sys.gettrace())
    after.callback(sys.setprofile, sys.getprofile())
    with suppress(locale.Error):
        after.callback(locale.setlocale, locale.LC_ALL, locale.setlocale(locale.LC_ALL))
    if threading.current_thread() is threading.main_thread():
        for number in signal.valid_signals():
            handler = signal.getsignal(number)
            if handler is not None and number not in (signal.SIGKILL, signal.SIGSTOP):
                after.callback(signal.signal, number, handler)
        after.callback(signal.alarm, 0)


def _ignore(_: object) -> None:
    """Say nothing: the sentence would stand on the screen."""


@contextmanager
def _kept_files() -> Iterator[None]:
    """Put back the current directory, the standard streams and their descriptors, and how the terminal is set."""
    directory = os.getcwd()
    streams = {name: getattr(sys, name) for name in _STREAMS}
    descriptors = {}
    for number in range(len(_STREAMS)):
        with suppress(OSError):
            descriptors[number] = os.dup(number)
    attributes = termios.tcgetattr(0) if 0 in descriptors and os.isatty(0) else None
    with suppress(AttributeError, OSError, ValueError):
        os.dup2(sys.stderr.fileno(), 1)  # what it prints past Python, or by another process
    try:
        yield
    finally:
        for number, kept in descriptors.items():
            with suppress(OSError):
                os.dup2(kept, number)
                os.close(kept)
        if attributes is not None:
            with suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, attributes)
        for name, stream in streams.items():
            setattr(sys, name, stream)
        if sys.stdin is not None and sys.stdin.closed:
            sys.stdin = open(0, closefd=False)  # noqa: SIM115  # it is the standard input from now on
        with suppress(OSError):
            os.chdir(directory)


@contextmanager
def ending_as_a_process() -> Iterator[None]:
    """Do after this block what Python does at the end of a script: wait for its threads, call what it registered.

    Only what belongs to `__main__` is called; `os._exit` ends the script, as sys.exit does.
    """
    own, before = os.getpid(), set(threading.enumerate())
    registered: list[Callable[[], object]] = []
    register, leave = atexit.register, os._exit

    def note(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if getattr(function, "__module__", None) != "__main__":
            return register(function, *args, **kwargs)
        registered.append(lambda: function(*args, **kwargs))
        return function

    def end(status: int) -> None:
        if os.getpid() != own:
            leave(status)
        raise SystemExit(status)

    atexit.register, os._exit = note, end  # type: ignore[assignment]
    is_interrupted = False
    try:
        yield
    except KeyboardInterrupt:
        is_interrupted = True
        raise
    finally:
        try:
            for thread in set(threading.enumerate()) - before:
                if not (thread.daemon or is_interrupted) and os.getpid() == own:
                    thread.join()
            while registered:
                registered.pop()()
        finally:
            atexit.register, os._exit = register, leave
