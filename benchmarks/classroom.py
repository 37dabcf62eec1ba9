"""A served class of thirty on this machine: how soon each has drawn what the teacher did, and how much memory it takes.

Run it as `python benchmarks/classroom.py [PUPILS]`; it needs the extra `serve`. It starts a server, lets pupils come in
terminals of many sizes, and presses keys as their teacher. A pupil has drawn when the last byte of a burst has come.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import asyncssh

SIZES = [(80, 24), (60, 16), (120, 40), (100, 30), (200, 60), (300, 100)]
KEYS = "  sb nip mm  Ii"
REST = 0.4  # seconds without a byte after which all have drawn


class Seat:
    """A pupil's terminal: when its last byte came, and how many there were since the key."""

    def __init__(self) -> None:
        self.last = 0.0
        self.bytes = 0

    async def read(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        while data := await process.stdout.read(65536):
            self.last = time.perf_counter()
            self.bytes += len(data)


async def measure(pupils: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as home:
        server = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-u",
                "-m",
                "tui_backprop",
                "serve",
                "--class",
                "b",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
            ),
            *("--rate", "1000", "--most", "1000"),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "XDG_DATA_HOME": home},
        )
        assert server.stdout is not None
        said = b"".join([await server.stdout.readline() for _ in range(4)]).decode()
        drain = asyncio.create_task(server.stdout.read())
        port, word = int(re.findall(r"-p (\d+)", said)[0]), re.findall(r"the word (\w+)", said)[0]

        async def come(user: str, size: tuple[int, int]) -> tuple[Seat, asyncssh.SSHClientProcess[bytes]]:
            client = await asyncssh.connect(
                "127.0.0.1", port, username=user, password=word, known_hosts=None, client_keys=[], config=[]
            )
            process = await client.create_process(term_type="xterm-256color", term_size=size, encoding=None)
            seat = Seat()
            reading.append(asyncio.create_task(seat.read(process)))
            return seat, process

        async def rest(seats: list[Seat]) -> None:
            while time.perf_counter() - max(seat.last for seat in seats) < REST:
                await asyncio.sleep(0.05)

        reading: list[asyncio.Task[None]] = []
        _, teacher = await come("lead", (120, 40))
        began = time.perf_counter()
        seats = []
        for number in range(pupils):
            seat, _ = await come(f"p{number}", SIZES[number % len(SIZES)])
            seats.append(seat)
        await asyncio.sleep(1)
        await rest(seats)
        print(f"{pupils} pupils came and drew in {max(seat.last for seat in seats) - began:.1f} s")
        await asyncio.sleep(3)  # until those who looked for the teacher have found them
        took: list[float] = []
        processes = below(server.pid)
        before, before_server = [cpu(pid) for pid in processes], cpu(server.pid)
        for key in KEYS:
            for seat in seats:
                seat.last, seat.bytes = 0.0, 0
            pressed = time.perf_counter()
            teacher.stdin.write(key.encode())
            while not any(seat.bytes for seat in seats):
                if time.perf_counter() - pressed > 2:
                    break
                await asyncio.sleep(0.001)
            await rest(seats)
            took += [seat.last - pressed for seat in seats if seat.bytes]
        took.sort()
        shares = took[len(took) * 95 // 100], took[-1]
        print(f"drawn after the key: {1000 * median(took):.0f} ms in the median, {1000 * shares[0]:.0f} ms for 95 %,")
        print(f"  {1000 * shares[1]:.0f} ms at worst, over {len(took)} screens")
        spent = sum(cpu(pid) for pid in processes) - sum(before)
        print(f"processor: {1000 * spent / len(KEYS) / (pupils + 1):.1f} ms a key and screen, the server itself")
        print(f"  {1000 * (cpu(server.pid) - before_server) / len(KEYS):.1f} ms a key")
        private = [memory(pid) for pid in below(server.pid)]
        print(f"memory: {sum(private) / len(private):.1f} MB each (proportional share) in {len(private)} processes")
        server.terminate()
        await asyncio.gather(drain, *reading, return_exceptions=True)
        await server.wait()


def below(pid: int) -> list[int]:
    """Return the processes that a process has begun, and those that they have."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *below(int(child))]
    return found


def cpu(pid: int) -> float:
    """Return how many seconds a process has had a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Return the proportional share of memory of a process in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0]) / 1024


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
