"""The server for browsers: a page for who knows the word, a seat for each page, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.classroom.test_ssh_server import Served
from tui_backprop.classroom.house import House, Rules, User
from tui_backprop.classroom.web_server import open_website


class Site(Served):
    """A server, and somebody's browser."""

    def __init__(self, browser: aiohttp.ClientSession) -> None:
        super().__init__()
        self.browser = browser

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def load(self, path: str = "/", user: str = "", word: str = "") -> tuple[int, str, str]:
        """Return the status, the page, and the address of its seat."""
        headers = {"Authorization": aiohttp.encode_basic_auth(user, word)} if user else {}
        async with self.browser.get(self.address(path), headers=headers) as answer:
            page = await answer.text()
            return answer.status, page, "".join(re.findall(r'websocket-url="(.*?)"', page))


@asynccontextmanager
async def website(**rules: object) -> AsyncIterator[Site]:
    async with aiohttp.ClientSession() as browser:
        site = Site(browser)
        house = House(Rules("leads", **rules), site.start, site.log.append, b"restored")  # type: ignore[arg-type]
        runner, site.port = await open_website(house, "a class", "127.0.0.1", 0)
        try:
            async with asyncio.timeout(20):
                yield site
                while house.doors or house.seats:
                    await asyncio.sleep(0.005)
        finally:
            await runner.cleanup()


async def read(socket: aiohttp.ClientWebSocketResponse, wanted: str) -> str:
    seen = ""
    while wanted not in seen:
        seen += (await socket.receive_bytes()).decode()
    return seen


async def over(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


async def test_a_page_has_one_seat_of_its_size_until_it_is_closed() -> None:
    async with website() as site:
        status, page, seat = await site.load("/?name=Ann")
        assert status == 200
        assert "a class" in page
        async with site.browser.ws_connect(f"{seat}?width=70&height=20") as socket:
            assert "columns=70, lines=20" in await read(socket, "lines")
            await socket.send_json(["ping", "7"])
            assert await socket.receive_json() == ["pong", "7"]
            await socket.send_json(["resize", {"width": 90, "height": 10**12}])
            await socket.send_json(["blur"])
            await socket.send_json(["stdin", "\ud800\r"])
            await over(socket)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await site.browser.ws_connect(seat)
        assert site.started == [User("Ann", in_browser=True)]
        assert site.log == ["Ann (127.0.0.1) came", "Ann (127.0.0.1) left"]


async def test_the_word_is_asked_and_the_teachers_is_another() -> None:
    async with website(word="sesame", rate=9) as site:
        for path, user, word in (
            ("/", "", ""),
            ("/", "Ann", "leads"),
            ("/lead", "Ann", "sesame"),
            ("/lead", "lead", "sesame"),
            ("/", "lead+nocolor", "leads"),
        ):
            status, _, seat = await site.load(path, user, word)
            assert (status, seat) == (401, "")
        for path, user, word in (("/", "Ann", "sesame"), ("/", "lead", "sesame"), ("/lead", "anybody", "leads")):
            status, _, seat = await site.load(path, user, word)
            assert status == 200
            async with site.browser.ws_connect(seat) as socket:
                await read(socket, "TERM")
        assert site.started == [User(name, in_browser=True) for name in ("Ann", "", None)]
        assert [await site.load() for _ in range(2)][-1][0] == 429


async def test_nothing_else_is_to_be_had_and_nonsense_ends_only_its_own_page() -> None:
    async with website(most=2) as site:
        for path in ("/static/", "/static/../server.py", "/static/%2e%2e/server.py", "/download/x", "/ws", "/ws/x"):
            async with site.browser.get(site.address(path)) as answer:
                assert answer.status in (403, 404), path
        async with site.browser.get(site.address("/")) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            of_others = re.findall(r'(?:src|href)="https?://[^"]*"', await answer.text())
            assert not of_others, "there may be no other server than this one"
        async with site.browser.ws_connect((await site.load())[2]) as other:
            await read(other, "TERM")
            for nonsense in ("x", "[" * 9000, '["stdin", 7]', '["resize", {"width": "a"}]', b"\xff", "7" * 70_000):
                async with site.browser.ws_connect((await site.load())[2]) as socket:
                    await (socket.send_bytes if isinstance(nonsense, bytes) else socket.send_str)(nonsense)
                    await over(socket)
            await other.send_json(["ping", "there"])
            assert await other.receive_json() == ["pong", "there"]
            async with site.browser.ws_connect((await site.load())[2]):
                assert (await site.load())[0] == 429
