"""The server for SSH: it gives one terminal with the app, and refuses all else that a client can ask for."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tui_backprop.classroom.house import House, Rules, User
from tui_backprop.classroom.ssh_server import host_key, listen

KEY = asyncssh.generate_private_key("ssh-ed25519")
PAINTS = (
    "import os, sys; print('TERM is', os.environ['TERM'], os.get_terminal_size(), flush=True); sys.stdin.readline()"
)


class Process:
    """A process that paints one line and ends at the first one that is typed."""

    def __init__(self, terminal: int, term: str) -> None:
        self._made = subprocess.Popen(
            [sys.executable, "-c", PAINTS],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            env={"TERM": term},
        )
        self.pid = self._made.pid
        self.sentinel = os.pidfd_open(self.pid)

    @property
    def exitcode(self) -> int | None:
        return self._made.poll()

    def join(self, timeout: float | None = None) -> None:
        self._made.wait(timeout)
        os.close(self.sentinel)


class Served:
    """A server, whom it was asked to show the app, and its log."""

    def __init__(self) -> None:
        self.port = 0
        self.started: list[User] = []
        self.processes: list[Process] = []
        self.log: list[str] = []
        self.doors: set[Any] = set()

    def start(self, user: User, term: str, terminal: int) -> Process:
        self.started.append(user)
        self.processes.append(Process(terminal, term))
        return self.processes[-1]

    def connect(self, user: str = "join", word: str | None = "sesame", **options: object) -> asyncssh._ACMWrapper:
        options |= {"username": user, "password": word, "known_hosts": None, "client_keys": [], "config": []}
        return asyncssh.connect("127.0.0.1", self.port, **options)


@asynccontextmanager
async def server(**rules: object) -> AsyncIterator[Served]:
    served = Served()
    house = House(Rules("leads", **{"word": "sesame", **rules}), served.start, served.log.append, b"restored")  # type: ignore[arg-type]
    acceptor = await listen(house, KEY, "127.0.0.1", 0)
    served.port, served.doors = acceptor.get_port(), house.doors
    try:
        async with asyncio.timeout(20):
            yield served
            while house.doors:
                await asyncio.sleep(0.005)
    finally:
        acceptor.close()
        await acceptor.wait_closed()


async def test_one_terminal_of_the_clients_size_and_kind_and_nothing_of_its_variables() -> None:
    async with server() as served:
        async with served.connect("Ann") as client:
            process = await client.create_process(
                term_type="xterm", term_size=(70, 20), env={"TERM": "evil", "PYTHONSTARTUP": "/tmp/x"}
            )
            assert "TERM is xterm os.terminal_size(columns=70, lines=20)" in await process.stdout.readline()
            process.stdin.write("\n")
            await process.wait()
            assert process.exit_status == 0
            with pytest.raises(asyncssh.ChannelOpenError, match="one session"):
                await client.create_process(term_type="xterm")
        assert served.started == [User("Ann")]
        assert served.log == ["Ann (127.0.0.1) came", "Ann (127.0.0.1) left"]


async def test_no_command_no_files_no_forwarding_no_terminal_less_shell() -> None:
    async with server() as served:
        for asks in (
            lambda client: client.create_process("ls", term_type="xterm"),
            lambda client: client.create_process("ls"),
            lambda client: client.create_process(),
            lambda client: client.create_process(subsystem="netconf"),
            lambda client: client.start_sftp_client(),
            lambda client: asyncssh.scp((client, "/etc/passwd"), os.devnull),
            lambda client: client.open_connection("127.0.0.1", served.port),
            lambda client: client.open_unix_connection("/tmp/x"),
            lambda client: client.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22),
            lambda client: client.forward_remote_path("/tmp/x", "/tmp/y"),
        ):
            async with served.connect() as client:
                with pytest.raises((asyncssh.Error, asyncssh.ChannelListenError, OSError)):
                    await asks(client)
        assert served.started == []


async def test_no_agent(tmp_path: Path) -> None:
    agent = await asyncio.start_unix_server(lambda *_: None, tmp_path / "agent")
    offers = {"agent_path": str(tmp_path / "agent"), "agent_forwarding": True}
    async with agent, server() as served, served.connect(**offers) as client:
        process = await client.create_process(term_type="xterm")
        await process.stdout.readline()
        [door] = served.doors
        assert door._connection.get_agent_path() is None
        process.stdin.write("\n")
        await process.wait()


async def test_a_wrong_word_and_too_many_of_them() -> None:
    async with server(tries=2) as served:
        for user, word in (
            ("join", "x"),
            ("join", "leads"),
            ("lead", "sesame"),
            ("lead+plain", "sesame"),
            ("root", ""),
        ):
            with pytest.raises(asyncssh.PermissionDenied):
                async with served.connect(user, word):
                    pass
        tried: list[str] = []

        class Guessing(asyncssh.SSHClient):
            def password_auth_requested(self) -> str:
                tried.append("guess")
                return "guess"

            def kbdint_auth_requested(self) -> None:
                return None

        with pytest.raises(asyncssh.DisconnectError):
            async with served.connect("lead", None, client_factory=Guessing):
                pass
        assert len(tried) == 2
        assert served.started == []


async def test_a_new_teacher_ends_the_one_before() -> None:
    async with server() as served, served.connect("lead", "leads") as first:
        one = await first.create_process(term_type="xterm")
        await one.stdout.readline()
        async with served.connect("lead+nocolor", "leads") as second:
            other = await second.create_process(term_type="xterm")
            await other.stdout.readline()
            await one.wait()
            other.stdin.write("\n")
            await other.wait()
        assert served.started == [User(None), User(None, "nocolor")]


async def test_who_presses_no_key_and_who_types_without_end() -> None:
    async with server(idle=0.002) as served, served.connect() as client:
        process = await client.create_process(term_type="xterm", encoding=None)
        process.stdin.write(b"x" * 300_000)  # more than a terminal takes: the rest waits at the client
        done = await process.wait()
        assert any("no key was pressed" in line for line in served.log)
        assert done.stdout.endswith(b"restoredbackprop-tui: no key was pressed for 0.002 minutes\r\n")


async def test_one_who_is_killed_and_one_who_resizes_without_end() -> None:
    async with server() as served, served.connect() as first, served.connect() as second:
        one, other = [await client.create_process(term_type="xterm") for client in (first, second)]
        for terminal in (one, other):
            await terminal.stdout.readline()
        for width in range(500):
            other.change_terminal_size(width * 1000, width % 3)
        os.kill(served.processes[0].pid, signal.SIGKILL)
        killed = await one.wait()
        assert killed.stdout == "restored"
        assert killed.exit_status == signal.SIGKILL
        other.stdin.write("\n")
        assert (await other.wait()).exit_status == 0


async def test_only_so_many_connections() -> None:
    async with server(most=1) as served, served.connect():
        with pytest.raises((asyncssh.Error, OSError)):
            async with served.connect():
                pass
    async with server(rate=2) as served:
        for _ in range(2):
            async with served.connect():
                pass
        with pytest.raises((asyncssh.Error, OSError)):
            async with served.connect():
                pass


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    first = host_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert host_key(path).get_fingerprint() == first.get_fingerprint()
