"""What classes whose processes were killed left among the temporary files.

A served class holds a lock in its directory, one on a machine with accounts listens at a socket in it. Both end with
their process, however that ends; only what is the same user's is looked at.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from contextlib import suppress
from pathlib import Path

PREFIX = "backprop-tui-"
SOCKET = "socket"
_LOCK = "lock"


def hold(directory: Path) -> int:
    """Mark a directory as in use as long as this process lives, or until the descriptor that it returns is closed."""
    unlocked = directory / f"{_LOCK}.new"
    descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    unlocked.rename(directory / _LOCK)  # nobody sees it before it is locked
    return descriptor


def remove_left_behind(place: Path) -> None:
    """Remove from a folder the directories of this user's classes that are over; what is no class's stays."""
    for directory in place.glob(f"{PREFIX}*"):
        with suppress(OSError):  # it has gone, or is not to be entered
            if directory.is_symlink() or not directory.is_dir() or directory.lstat().st_uid != os.getuid():
                continue
            if (directory / _LOCK).exists():
                if _can_lock(directory / _LOCK):
                    shutil.rmtree(directory)
            elif not is_listening(directory / SOCKET):
                (directory / SOCKET).unlink()
                directory.rmdir()


def is_listening(path: Path) -> bool:
    """Return whether somebody listens at a socket."""
    with socket.socket(socket.AF_UNIX) as other:
        return other.connect_ex(str(path)) == 0


def _can_lock(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
