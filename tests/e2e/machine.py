"""A machine with accounts: OpenSSH's own server, people who come to it by plain ssh, and the app installed for all."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import tui_backprop

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
_NOT_NEEDED = shutil.ignore_patterns("site-packages", "test", "share", "include", "torch*", "nvidia*", "triton*")


class Machine:
    """Accounts that are in a group, or not, and how each of them logs in; `home` has a directory for each."""

    def __init__(self, home: Path, group: str, port: int) -> None:
        self.home = home
        self.group = group
        self._port = port
        installed = [_for_all(Path(package).parent / name, home) for package in tui_backprop.__path__ for name in _OURS]
        packages = [_for_all(Path(each), home) for each in sys.path if Path(each).name == "site-packages"]
        python = _for_all(Path(sys.base_prefix), home)
        self._surroundings = {
            "PYTHONPATH": os.pathsep.join(map(str, dict.fromkeys([*(each.parent for each in installed), *packages]))),
            "LD_LIBRARY_PATH": str(python / "lib"),
        }
        self._python = python / Path(sys.executable).resolve().relative_to(Path(sys.base_prefix).resolve())

    def account(self, name: str) -> str:
        """Return the name of an account on this machine: nobody else's has it."""
        return f"{self.group}-{name}"

    def by_ssh(self, name: str, *command: str) -> list[str]:
        """Return the command by which somebody runs Python's `command` there, in a terminal."""
        words = ["env", *(f"{key}={value}" for key, value in self._surroundings.items()), str(self._python), *command]
        return [*self._client(name), "-t", shlex.join(words)]

    def app(self, name: str, *arguments: str) -> list[str]:
        """Return the command by which somebody runs the app there."""
        return self.by_ssh(name, "-m", "tui_backprop", *arguments)

    def _client(self, name: str) -> list[str]:
        known = [f"-oUserKnownHostsFile={self.home / 'known'}", "-oStrictHostKeyChecking=no", "-oLogLevel=ERROR"]
        there = [f"-p{self._port}", "-i", str(self.home / f"{name}.key"), f"{self.account(name)}@127.0.0.1"]
        return ["ssh", "-F", "/dev/null", *known, *there]


_OURS = ("minidl_core", "tui_backprop")


@contextmanager
def machine(members: tuple[str, ...], others: tuple[str, ...]) -> Iterator[Machine]:
    """Make accounts that are members of a group, and others, let them in by ssh, and take all of it away again."""
    with TemporaryDirectory(prefix="machine-") as directory, ExitStack() as made:
        home, group = Path(directory), f"t{os.getpid()}"
        home.chmod(0o755)
        _run("groupadd", group)
        made.callback(_run, "groupdel", group)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        there = Machine(home, group, port)
        for name in (*members, *others):
            in_group = ["--groups", group] if name in members else []
            _run("useradd", *in_group, "-m", "-d", home / name, "-p", "*", "-s", "/bin/sh", there.account(name))
            made.callback(_run, "userdel", "--force", there.account(name))  # its processes may not have ended yet
            (home / name).chmod(0o755)
            _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / f"{name}.key")
            (home / f"{name}.key.pub").rename(home / f"{there.account(name)}.pub")
        with _server(home, port):
            yield there


@contextmanager
def _server(home: Path, port: int) -> Iterator[None]:
    """Run OpenSSH's server with a key of its own."""
    _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "host")
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it does not begin without a place to lock itself in
    settings = {
        "ListenAddress": "127.0.0.1",
        "Port": port,
        "HostKey": home / "host",
        "AuthorizedKeysFile": f"{home}/%u.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    assert SSHD is not None
    with subprocess.Popen([SSHD, "-D", "-q", "-f", "/dev/null", *options]) as running:
        try:
            end = time.monotonic() + 10
            while not _answers(port):
                assert running.poll() is None, "the server did not begin"
                assert time.monotonic() < end, "the server does not answer"
            yield
        finally:
            running.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as made:
        made.settimeout(1)
        return made.connect_ex(("127.0.0.1", port)) == 0


def _run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True)


def _for_all(path: Path, home: Path) -> Path:
    """Return where everybody may read a directory: itself, or else one of the same files under the home."""
    path = path.resolve()
    if path.stat().st_mode & 0o004 and all(each.stat().st_mode & 0o001 for each in (path, *path.parents)):
        return path
    same = home / "installed" / path.relative_to("/")
    shutil.copytree(path, same, copy_function=_link, ignore=_NOT_NEEDED, symlinks=True)
    return same


def _link(here: str, there: str) -> None:
    try:
        os.link(here, there)
    except OSError:  # on another file system
        shutil.copy2(here, there)
