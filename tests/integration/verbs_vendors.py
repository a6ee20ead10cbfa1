"""Small servers that keep one zone and answer as a vendor does: paths, bodies and spellings from dns-lexicon's recorded traffic
(its cassettes, seen 2026-11-23) and from what lexicon's adapter expects. The vendors themselves are
in verbs_vendors_plain.py and the modules beside it. A request that none of them knows is answered 500, and the test fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

ZONE = "example.com"
TTL = 7200  # not the one that lexicon takes of itself

_IDS = count(1000)

Answer = tuple[int, Any]  # status and body: JSON, a text as it is, or None


@dataclass
class Row:
    """One record as the DNS means it. ``name`` relative, "" at the apex; an exchange is absolute, without a final dot."""

    id: int
    name: str
    rtype: str
    content: str
    ttl: int
    preference: int | None = None

    @property
    def fqdn(self) -> str:
        """The name with the zone behind it."""
        return f"{self.name}.{ZONE}" if self.name else ZONE

    @property
    def meaning(self) -> tuple[str, str, int, str, int]:
        """All but the id."""
        return self.name, self.rtype, -1 if self.preference is None else self.preference, self.content, self.ttl


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    parts: list[str]
    query: dict[str, str]
    text: str
    url: str

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.text)


def start(ttl: int) -> list[tuple[str, str, str, int | None, int]]:
    """A zone as a customer has it: what stands at the apex stands elsewhere, too."""
    return [
        ("", "A", "192.0.2.10", None, ttl),
        ("", "TXT", "google-site-verification=abc", None, ttl),
        ("", "TXT", "v=spf1 mx ~all", None, ttl),
        ("", "MX", "mailgate.example.com", 5, ttl),
        ("", "MX", "smtp.isp.net", 40, ttl),
        ("sub", "TXT", "v=spf1 mx ~all", None, ttl),
        ("sub", "MX", "smtp.isp.net", 40, ttl),
    ]


@dataclass
class Vendor:
    """A vendor's side. ``moved``: URLs that lexicon knows by heart, all of which lead here. ``no_zone``: what is said of a
    zone that the account does not hold."""

    provider: ClassVar[str]
    moved: ClassVar[tuple[str, ...]] = ()
    ttl: ClassVar[int] = TTL
    no_zone: ClassVar[Answer] = (404, {"message": "Not found"})
    rows: list[Row] = field(default_factory=list)
    writes: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, rtype, content, preference, ttl in start(self.ttl):
            self.add(name, rtype, content, ttl, preference)

    def add(self, name: str, rtype: str, content: str, ttl: int, preference: int | None = None) -> Row:
        """A new row."""
        assert {type(ttl), type(preference)} <= {int, type(None)}, (ttl, preference)
        self.rows.append(Row(next(_IDS), name, rtype, content, ttl, preference))
        return self.rows[-1]

    def row(self, id_: object) -> Row:
        """The row with this id."""
        return next(row for row in self.rows if str(row.id) == str(id_))

    def drop(self, id_: object) -> Row:
        """Take the row with this id away."""
        row = self.row(id_)
        self.rows.remove(row)
        return row

    @property
    def zone(self) -> list[tuple[str, str, int, str, int]]:
        """What it keeps, whatever the ids."""
        return sorted(row.meaning for row in self.rows)

    def stubs(self) -> dict[str, Any]:
        """What stands in the adapter's module in place of an SDK."""
        return {}

    def answer(self, ask: Ask) -> Answer:
        """What it says; what it does not know is a ``LookupError``."""
        raise NotImplementedError


def relative(name: str) -> str:
    """A name as ``Row`` has it, from any spelling."""
    return name.strip(".").removesuffix(ZONE).strip(".").removeprefix("@")


def quoted(text: str, rtype: str) -> str:
    """TXT in quotes."""
    return f'"{text}"' if rtype == "TXT" else text


def unquoted(text: str) -> str:
    """Without the quotes around it."""
    return text[1:-1] if text.startswith('"') else text


def dotted(row: Row) -> str:
    """The content, an exchange with its final dot."""
    return f"{row.content}." if row.rtype == "MX" else row.content


def one_field(row: Row) -> str:
    """The content, of an MX with its preference and a final dot."""
    return f"{row.preference} {row.content}." if row.rtype == "MX" else row.content


def apart(rtype: str, text: str) -> tuple[str, int | None]:
    """Content and preference of such a field."""
    if rtype != "MX":
        return text, None
    preference, exchange = text.split(" ")
    assert exchange.endswith("."), text
    return exchange[:-1], int(preference)


@contextmanager
def served(vendor: Vendor) -> Iterator[str]:
    """Its URL, while it is served."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def _answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            parts = urlsplit(self.path)
            asked = Ask(self.command, [unquote(p) for p in parts.path.split("/")[1:]], dict(parse_qsl(parts.query)), text, url)
            before = vendor.zone
            named = f"{unquote(self.path)} {unquote(text)} {self.headers.get('X-Filter', '')}"
            inside = f"/{ZONE}/" in parts.path or "/domains/1/" in parts.path  # of the zone: an owner may be called so
            try:
                status, body = vendor.no_zone if f"www.{ZONE}" in named and not inside else vendor.answer(asked)
            except (LookupError, StopIteration, AssertionError) as error:
                status, body = 500, {"unknown here": f"{self.command} {self.path} {text}: {error!r}"}
            if vendor.zone != before:
                vendor.writes.append((self.command, self.path, text))
            told = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that http.server calls

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
