"""A class without accounts: a server that gives everybody who comes by ssh a viewer of their own, and nothing else."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import time
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from platformdirs import user_data_path

from ..classroom.house import ANYBODY, LEAD, House, Rules, User
from ..classroom.left_behind import PREFIX, hold, remove_left_behind
from ..complaints import complain
from ..notation.fitting import printable
from ..programs import is_path
from ..terminal.run import RESTORE

LOOPBACK = "127.0.0.1"
_NOT_PASSED_ON = ("COLORTERM", "NO_COLOR", "FORCE_COLOR", "SSH_AUTH_SOCK", "SSH_AGENT_PID", "COLUMNS", "LINES")


def run_server(
    name: str,
    program: str,
    address: tuple[str, int],
    web: int | None,
    word: str,
    most: int,
    tries: int,
    rate: int,
    idle: float,
) -> int:
    """Serve a class until it is interrupted, and return the exit status, 2 where it cannot be.

    Pupils come by ssh at the address, and where there is a port for the `web`, in a browser.
    """
    try:
        from ..classroom.ssh_server import host_key, listen
        from ..classroom.web_server import open_website
    except ImportError as error:
        complain(f"serve needs {error.name}: pip install 'backprop-tui[serve]'")
        return 2
    rules = Rules(secrets.token_hex(6), word, most, tries, rate, idle)
    for variable in _NOT_PASSED_ON:
        os.environ.pop(variable, None)
    host, port = address
    here = host or socket.gethostname()

    async def serve(house: House) -> None:
        acceptor = await listen(house, key, host, port)
        at = acceptor.get_port()
        _say(f"pupils type   ssh -p {at} {ANYBODY}@{here}   or their name in place of {ANYBODY}")
        _say(f"their word    {word or 'none: whoever reaches this port can watch; --word sets one'}")
        _say(f"the teacher   ssh -p {at} {LEAD}@{here}   with the word {rules.lead_word}")
        _say(f"the key       {key.get_fingerprint()}")
        website = None
        if web is not None:
            website, at = await open_website(house, f"backprop-tui {name}", host or LOOPBACK, web)
            _say(f"a browser     http://{host or LOOPBACK}:{at}/   and /{LEAD} for the teacher; {_who_reaches(host)}")
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
        acceptor.close()
        await house.close()
        if website is not None:
            await website.cleanup()
        await acceptor.wait_closed()

    try:
        key = host_key(user_data_path("backprop-tui", appauthor=False) / "ssh_host_ed25519_key")
        remove_left_behind(Path(gettempdir()))
        with TemporaryDirectory(prefix=PREFIX) as directory:
            hold(Path(directory))
            invitation = f"pupils come by: ssh -p {port} {ANYBODY}@{here}"
            nursery = Nursery(name, program, invitation, Path(directory))
            asyncio.run(serve(House(rules, nursery.start, _log, RESTORE.encode())))
    except OSError as error:
        complain(f"serve: {error.strerror or error}")
        return 2
    return 0


def _who_reaches(host: str) -> str:
    if host in ("", LOOPBACK, "localhost", "::1"):
        return "only who sits at this machine gets there, unless --host names an address"
    return "nothing is encrypted: whoever is on the way can read all of it, the words too, and change it"


class Nursery:
    """Where the processes of sessions come from: each is forked from one that has everything imported."""

    def __init__(self, name: str, program: str, invitation: str, directory: Path) -> None:
        from .served import IMPORTED_LATER, ServedClass, begin, view

        self._forking: ForkServerContext = multiprocessing.get_context("forkserver")
        self._forking.set_forkserver_preload([view.__module__, *IMPORTED_LATER])
        self._view = view
        address = os.path.abspath(program) if is_path(program) else program
        self._class = ServedClass(name, address, invitation, directory)
        self._numbers = count()
        self._children: dict[ForkServerProcess, Path] = {}
        first = self._forking.Process(target=begin)
        first.start()
        first.join()

    def start(self, user: User, term: str, terminal: int) -> ForkServerProcess:
        """Begin a user's session in a pseudo-terminal."""
        for child in [child for child in self._children if not child.is_alive()]:
            shutil.rmtree(self._children.pop(child), ignore_errors=True)
        scratch = self._class.directory / f"scratch-{next(self._numbers)}"
        scratch.mkdir(mode=0o700)
        handed = Connection(os.dup(terminal))
        child = self._forking.Process(target=self._view, args=(self._class, user, term, handed, scratch), daemon=True)
        child.start()
        handed.close()
        self._children[child] = scratch
        return child


def _say(line: str) -> None:
    print(printable(line), flush=True)


def _log(line: str) -> None:
    _say(f"{time.strftime('%H:%M:%S')} {line}")
