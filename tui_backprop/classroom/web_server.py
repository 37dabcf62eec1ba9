"""A server for browsers that gives nothing but the app: the page is textual-serve's, each page a seat of the house.

The app is begun as for those who come by ssh, so that there are the same limits, and what is in a seat may do no more.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
import textual_serve
from aiohttp import web

from .house import ANYBODY, LEAD, MOST_HELD, House, Seat, User, read_user

_PAGE = Path(textual_serve.__file__).parent
_FROM_ELSEWHERE = re.compile(r"<link[^>]*https?://[^>]*>")
_POLICY = "default-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' {seats}; frame-ancestors 'none'"
"""The page asks nothing of other servers, and no other one's page has it in a frame."""
_CLIPBOARD = """
<script>
  // browsers have no other clipboard for a page that is not encrypted, unless it is of the same machine
  navigator.clipboard ?? Object.defineProperty(navigator, "clipboard", { value: {
    async readText() { return ""; },
    async writeText(text) {
      const field = document.createElement("textarea"), focused = document.activeElement;
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      focused?.focus();
    },
  }});
</script>
"""
_MOST_TICKETS = 1000


async def open_website(house: House, title: str, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Begin to let people in; return what ends that, and the port. Raises OSError where the port cannot be had."""
    site = Website(house, title)
    app = web.Application()
    aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(_PAGE / "templates"))
    app.add_routes(
        [
            web.get("/", site.give_page),
            web.get(f"/{LEAD}", site.give_page),
            web.get("/ws/{ticket}", site.give_seat),
            web.static("/static", _PAGE / "static"),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])


class Website:
    """Gives a page to who knows the word, and with it a ticket for one seat: so no other page can take one."""

    def __init__(self, house: House, title: str) -> None:
        self._house = house
        self._title = title
        self._tickets: dict[str, User] = {}

    async def give_page(self, request: web.Request) -> web.Response:
        """Give the page, after the word if one is asked; whose it is says the browser's question, or ?name=."""
        house, address = self._house, request.remote or "?"
        if not house.lets_in(address):
            return web.Response(status=429, text="Too many connections; wait a minute.")
        name, word = _read_authorization(request.headers.get("Authorization", ""))
        leads = request.path == f"/{LEAD}"
        pupil = read_user(name or request.query.get("name", ANYBODY)).name or ""
        user = User(None if leads else pupil, in_browser=True)
        if house.asks_word(user) and not (word and house.is_right(user, word, address)):
            what = "the teacher's word" if leads else "your name and the class's word"
            asks = {"WWW-Authenticate": f'Basic realm="{what}", charset="UTF-8"'}
            return web.Response(status=401, headers=asks, text=f"This needs {what}.")
        ticket = secrets.token_urlsafe(16)
        self._tickets[ticket] = user
        if len(self._tickets) > _MOST_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        seats = f"ws://{request.host}"
        values = {
            "font_size": 16,
            "app_websocket_url": f"{seats}/ws/{ticket}",
            "config": {"static": {"url": "/static/"}},
            "application": {"name": self._title},
        }
        page = _FROM_ELSEWHERE.sub("", aiohttp_jinja2.render_string("app_index.html", request, values))
        page = page.replace("</head>", f"{_CLIPBOARD}</head>", 1)
        headers = {"Content-Security-Policy": _POLICY.format(seats=seats), "Cache-Control": "no-store"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def give_seat(self, request: web.Request) -> web.WebSocketResponse:
        """Give a seat for a ticket, until its page is closed or its app ends."""
        house, user = self._house, self._tickets.pop(request.match_info["ticket"], None)
        if user is None or len(house.doors) >= house.rules.most:
            raise web.HTTPForbidden(text="There is no seat for this; load the page again.")
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MOST_HELD)
        await socket.prepare(request)
        page = Page(house, user, request.remote or "?", socket)
        house.doors.add(page)
        try:
            page.seat.begin("xterm-256color", *(_cells(request.query.get(name)) for name in ("width", "height")))
            async for message in socket:
                await page.take(message.data)
        finally:
            house.doors.discard(page)
            page.seat.leave()
        return socket


class Page:
    """What somebody's browser shows of their seat."""

    def __init__(self, house: House, user: User, address: str, socket: web.WebSocketResponse) -> None:
        self.seat = Seat(house, user, address, self)
        self._socket = socket
        self._painted = b""
        self._painting: asyncio.Task[None] | None = None
        self._takes_keys = asyncio.Event()
        self._takes_keys.set()
        self._is_over = False

    async def take(self, data: Any) -> None:
        """Take a message of the page; one that it does not send ends the connection."""
        try:
            message = json.loads(data) if isinstance(data, str) else None
        except (ValueError, RecursionError):
            message = None
        match message:
            case ["stdin", str(typed)]:
                self.seat.type(typed.encode(errors="replace"))
                await self._takes_keys.wait()
            case ["resize", {"width": int(width), "height": int(height)}]:
                self.seat.resize(width, height)
            case ["ping", str(back)]:
                await self._socket.send_json(["pong", back])
            case ["focus" | "blur"]:
                pass
            case _:
                await self._socket.close()

    def paint(self, painted: bytes) -> None:
        """Send what the app has painted, and have it wait until the line has taken it."""
        self._painted += painted
        if self._painting is None or self._painting.done():
            self.seat.hold(is_full=True)
            self._painting = asyncio.create_task(self._paint())

    async def _paint(self) -> None:
        with suppress(ConnectionError):
            while self._painted:
                painted, self._painted = self._painted, b""
                await self._socket.send_bytes(painted)
        self.seat.hold(is_full=False)
        if self._is_over:
            await self._socket.close()

    def wait(self, is_full: bool) -> None:
        """Take no more keys while the app takes none."""
        (self._takes_keys.clear if is_full else self._takes_keys.set)()

    def ended(self, status: int) -> None:  # noqa: ARG002 (a page has no use for it)
        """Close the page, because the app has ended."""
        self._is_over = True
        self._takes_keys.set()
        self.paint(b"")

    def close(self) -> None:
        """Close the page."""
        self.ended(0)


def _read_authorization(header: str) -> tuple[str, str]:
    """Return the name and the word that a browser has asked for; both are empty where it has not."""
    kind, _, told = header.partition(" ")
    try:
        name, _, word = base64.b64decode(told, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return (name, word) if kind.lower() == "basic" else ("", "")


def _cells(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 5 else 80
