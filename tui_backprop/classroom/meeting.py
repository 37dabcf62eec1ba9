"""Where a class meets on a machine with accounts: a socket in a directory that only its teacher's group may enter."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
from contextlib import suppress
from pathlib import Path

from .left_behind import PREFIX, SOCKET, is_listening, remove_left_behind
from .pupil import NoClassError

PLACE = Path("/tmp")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)


def meet(name: str, group: str | None) -> tuple[socket.socket, str]:
    """Return a listening socket for a class, and the name of the group whose members can join.

    That is the teacher's own group, unless another is named. What a class of the same teacher left is taken over.
    Raises NoClassError.
    """
    remove_left_behind(PLACE)
    directory = _directory(name)
    number = os.getgid()
    if group is not None:
        try:
            number = grp.getgrnam(group).gr_gid
        except KeyError:
            raise NoClassError(f"there is no group {group} on this machine") from None
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        _check(directory, os.getuid())
        os.chown(directory, -1, number)
        directory.chmod(0o750)
    except PermissionError:
        with suppress(OSError):  # a class that is there already, or somebody else's
            directory.rmdir()
        raise NoClassError(f"you are not in the group {group}, so you cannot let it in") from None
    except OSError as error:
        raise NoClassError(f"{directory} cannot be made: {error.strerror}") from None
    path, deaf = directory / SOCKET, directory / f"{SOCKET}.new"
    if is_listening(path):
        raise NoClassError(f"you lead {name} already, in another terminal")
    deaf.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(deaf))
    os.chown(deaf, -1, number)
    deaf.chmod(0o660)
    listening.listen()
    deaf.rename(path)  # as long as nobody listens at it, it counts as left behind
    return listening, _group_name(number)


def part(name: str) -> None:
    """Take away where a class met."""
    directory = _directory(name)
    (directory / SOCKET).unlink(missing_ok=True)
    directory.rmdir()


def find(name: str) -> tuple[Path, str]:
    """Return the socket of a class, and who leads it; raises NoClassError where there is none that may be entered."""
    directory = _directory(name)
    try:
        owner = directory.lstat().st_uid
        _check(directory, owner)
        path = directory / SOCKET
        path.stat()
    except FileNotFoundError:
        raise NoClassError(
            f"there is no class {name} here; its teacher starts it with backprop-tui --class {name}"
        ) from None
    except PermissionError:
        group = _group_name(directory.lstat().st_gid)
        raise NoClassError(f"only the group {group} may join {name}; the teacher can name another by --group") from None
    return path, _user_name(owner)


def _directory(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise NoClassError(f"a class cannot be called '{name[:40]}': letters, digits, dots and dashes make a name")
    return PLACE / f"{PREFIX}{name}"


def _check(directory: Path, owner: int) -> None:
    """Raise NoClassError unless this is a directory that its owner made, and nobody else can put anything into."""
    found = directory.lstat()
    if not directory.is_dir() or directory.is_symlink() or found.st_uid != owner:
        raise NoClassError(f"{directory} belongs to {_user_name(found.st_uid)}; take another name for the class")
    if owner != os.getuid() and found.st_mode & 0o022:
        raise NoClassError(f"others than {_user_name(owner)} can write into {directory}, so nobody knows who leads it")


def _user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return f"group {number}"
