"""What a process that serves a stranger may do: read Python and the program, write into one directory, and no more.

Python tells hooks what it is about to do; here the rest of it is refused. A hook cannot be taken away. It is the second
wall: no key of a served viewer asks for a file at all.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LARGEST_FILE = 10 << 20
_CHANGES = frozenset(
    f"os.{name}"
    for name in (
        *("chflags", "chmod", "chown", "link", "mkdir", "remove", "removexattr", "rename", "rmdir", "setxattr"),
        *("symlink", "truncate", "unlink", "utime"),
    )
)
_LISTS = frozenset({"os.listdir", "os.scandir", "os.chdir", "os.walk", "os.fwalk", "glob.glob"})
_REFUSED = frozenset(
    {
        *("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "os.killpg"),
        *("pty.spawn", "subprocess.Popen", "webbrowser.open", "ctypes.dlopen"),
        *("socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"),
    }
)
_HARMLESS = ("/dev/null", "/dev/urandom")


def confine(readable: Sequence[Path], writable: Path, socket: Path) -> None:
    """Refuse from now on all but reading Python's own files and those in `readable`, and writing in one directory.

    The one connection that may be made is that to the class's `socket`. What is refused raises PermissionError.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    python = [*filter(None, (sys.prefix, sys.base_prefix, *sys.path)), str(Path(__file__).parents[2])]
    write_to = os.path.realpath(writable)
    read_from = tuple({os.path.realpath(each) for each in (*python, *map(str, readable), str(writable))})
    its_terminal = os.ttyname(0) if os.isatty(0) else ""

    def is_in(path: Any, places: Sequence[str]) -> bool:
        if isinstance(path, int):
            return True  # a file that is open already
        if path in _HARMLESS or path == its_terminal:
            return True
        whole = os.path.realpath(os.fsdecode(path))
        return any(whole == place or whole.startswith(place.rstrip("/") + "/") for place in places)

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
            refused = not is_in(path, (write_to,) if writes else read_from)
        elif event in _CHANGES:
            refused = not all(is_in(path, (write_to,)) for path in args[: 1 + (event in ("os.rename", "os.link"))])
        elif event in _LISTS:
            refused = not is_in("." if args[0] is None else args[0], read_from)
        elif event == "socket.connect":
            refused = args[1] != str(socket)
        elif event == "os.kill":
            refused = args[0] != os.getpid()
        else:
            refused = event in _REFUSED
        if refused:
            raise PermissionError(f"a served session may not do this: {event}")

    sys.addaudithook(watch)
