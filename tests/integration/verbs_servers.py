"""Vendors' APIs as lexicon's own adapters ask them: a few calls each, kept in memory, for one zone, example.com.

Shapes: lexicon 3.25.2's adapters and its recorded traffic, read on 2026-11-23.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Any]
TOKEN = "right-token"


@dataclass
class Vendor:
    """``records``: as the vendor keeps them. ``asked``: "METHOD path" of every request. ``refuse``: the answer to the next."""

    records: list[Json]
    asked: list[str] = field(default_factory=list)
    refuse: Answer | None = None
    next_id: int = 100

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, headers: dict[str, str]) -> Answer:
        """One request."""
        raise NotImplementedError

    def find(self, id_: str) -> Json | None:
        """A record by its id."""
        return next((record for record in self.records if str(record["id"]) == id_), None)

    def add(self, record: Json) -> Json:
        """Keep a new one."""
        self.next_id += 1
        self.records.append({**record, "id": self.next_id})
        return self.records[-1]


class Dnsimple(Vendor):
    """Lists TXT in quotes and MX with ``priority`` beside it; ``name_like`` finds parts of names."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, headers: dict[str, str]) -> Answer:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Authentication failed"}
        if path == "/accounts":
            return 200, {"data": [{"id": 1, "email": "x@example.net", "plan_identifier": "solo"}]}
        if path == "/1/domains":
            names = ["example.com", "notexample.org"]
            return 200, {"data": [{"id": 7, "name": name} for name in names if query["name_like"] in name]}
        if not path.startswith("/1/zones/example.com/records"):
            return 404, {"message": "Zone not found"}
        id_ = path.removeprefix("/1/zones/example.com/records").strip("/")
        if method == "GET":
            wanted = [r for r in self.records if all(str(r[key]) == value for key, value in query.items())]
            return 200, {"data": wanted[:30]}
        if method == "POST":
            return 201, {"data": self.add({"priority": None, **self._kept(body)})}
        record = self.find(id_)
        if record is None:
            return 404, {"message": "Record not found"}
        if method == "DELETE":
            self.records.remove(record)
            return 204, None
        record.update(self._kept(body))
        return 200, {"data": record}

    def _kept(self, body: Json) -> Json:
        return {key: value for key, value in body.items() if key in ("type", "name", "content", "ttl", "priority")}


class Luadns(Vendor):
    """Names absolute, the preference in the content; PUT replaces a record."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, headers: dict[str, str]) -> Answer:
        if not headers.get("Authorization", "").startswith("Basic "):
            return 401, {"status": "Unauthorized"}
        if path == "/zones":
            return 200, [{"id": 5, "name": "example.com"}, {"id": 6, "name": "other.example"}]
        id_ = path.removeprefix("/zones/5/records").strip("/")
        if method == "GET":
            return 200, self.records
        if method == "POST":
            return 200, self.add(body)
        record = self.find(id_)
        if record is None:
            return 404, {"status": "Not Found"}
        if method == "DELETE":
            self.records.remove(record)
        else:
            record.update(body)
        return 200, record


class Vultr(Vendor):
    """An apex without a name, a ``priority`` in every record; a page ends with an empty link."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, headers: dict[str, str]) -> Answer:
        last = {"links": {"next": "", "prev": ""}}
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid API token.", "status": 401}
        if path == "/domains":
            return 200, {"domains": [{"domain": "example.com"}], "meta": last}
        id_ = path.removeprefix("/domains/example.com/records").strip("/")
        if method == "GET" and not id_:
            return 200, {"records": self.records, "meta": last}
        if method == "POST":
            return 201, {"record": self.add(body)}
        record = self.find(id_)
        if record is None:
            return 404, {"error": "Not found", "status": 404}
        if method == "DELETE":
            self.records.remove(record)
            return 204, None
        return 200, {"record": record}


class Porkbun(Vendor):
    """Everything by POST, the keys in the body, numbers as texts."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Json, headers: dict[str, str]) -> Answer:
        if body.pop("secretapikey", "") != TOKEN:
            return 400, {"status": "ERROR", "message": "Invalid API key. (001)"}
        body.pop("apikey")
        words = path.strip("/").split("/")
        if words == ["ping"]:
            return 200, {"status": "SUCCESS", "yourIp": "192.0.2.1"}
        if words[2] != "example.com":
            return 400, {"status": "ERROR", "message": "Invalid domain."}
        if words[1] == "retrieve":
            return 200, {"status": "SUCCESS", "records": [dict(record) for record in self.records]}
        kept: Json = {key: str(value) for key, value in body.items()}
        if "name" in kept:
            kept["name"] = f"{kept['name']}.example.com".lstrip(".")
        if words[1] == "create":
            return 200, {"status": "SUCCESS", "id": self.add({"prio": None, **kept})["id"]}
        record = self.find(words[3])
        if record is None:
            return 400, {"status": "ERROR", "message": "Invalid record ID."}
        if words[1] == "delete":
            self.records.remove(record)
        else:
            record.update(kept)
        return 200, {"status": "SUCCESS"}


@contextmanager
def serving(vendor: Vendor) -> Iterator[str]:
    """The vendor's API on loopback; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            vendor.asked.append(f"{self.command} {parts.path}")
            answered = vendor.refuse or vendor.answer(
                self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), _json(body), dict(self.headers)
            )
            vendor.refuse = None
            status, content = answered
            told = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _json(body: bytes) -> Json:
    return json.loads(body) if body.strip() else {}


MAKERS: dict[str, Callable[[], Vendor]] = {}


def _of(name: str, make: Callable[[list[Json]], Vendor], records: list[Json]) -> None:
    MAKERS[name] = lambda: make([{**record, "id": number} for number, record in enumerate(records, 1)])


_of(
    "dnsimple",
    Dnsimple,
    [
        {"type": "NS", "name": "", "content": "ns1.dnsimple.com", "ttl": 3600, "priority": None},
        {"type": "TXT", "name": "", "content": '"v=spf1 mx ~all"', "ttl": 600, "priority": None},
        {"type": "TXT", "name": "", "content": '"part one, " "part two"', "ttl": 600, "priority": None},
        {"type": "TXT", "name": "sub", "content": '"v=spf1 mx ~all"', "ttl": 600, "priority": None},
        {"type": "MX", "name": "", "content": "mailgate.example.com", "ttl": 300, "priority": 5},
        {"type": "MX", "name": "", "content": "smtp.isp.net", "ttl": 300, "priority": 40},
        {"type": "MX", "name": "", "content": "zero.isp.net", "ttl": 300, "priority": 0},
    ],
)
_of(
    "luadns",
    Luadns,
    [
        {"type": "NS", "name": "example.com.", "content": "ns1.luadns.net.", "ttl": 3600},
        {"type": "TXT", "name": "example.com.", "content": "v=spf1 mx ~all", "ttl": 600},
        {"type": "TXT", "name": "example.com.", "content": 'say "hi" back\\slash', "ttl": 600},
        {"type": "TXT", "name": "sub.example.com.", "content": "v=spf1 mx ~all", "ttl": 600},
        {"type": "MX", "name": "example.com.", "content": "5 mailgate.example.com.", "ttl": 300},
        {"type": "MX", "name": "example.com.", "content": "40 smtp.isp.net.", "ttl": 300},
        {"type": "MX", "name": "example.com.", "content": "0 zero.isp.net.", "ttl": 300},
    ],
)
_of(
    "vultr",
    Vultr,
    [
        {"type": "NS", "name": "", "data": "ns1.vultr.com", "ttl": 300, "priority": 0},
        {"type": "TXT", "name": "", "data": '"v=spf1 mx ~all"', "ttl": 600, "priority": 0},
        {"type": "TXT", "name": "", "data": '"part one, " "part two"', "ttl": 600, "priority": 0},
        {"type": "TXT", "name": "sub", "data": '"v=spf1 mx ~all"', "ttl": 600, "priority": 0},
        {"type": "MX", "name": "", "data": "mailgate.example.com", "ttl": 300, "priority": 5},
        {"type": "MX", "name": "", "data": "smtp.isp.net", "ttl": 300, "priority": 40},
        {"type": "MX", "name": "", "data": "zero.isp.net", "ttl": 300, "priority": 0},
    ],
)
_of(
    "porkbun",
    Porkbun,
    [
        {"type": "NS", "name": "example.com", "content": "maceio.ns.porkbun.com", "ttl": "86400", "prio": None},
        {"type": "TXT", "name": "example.com", "content": "v=spf1 mx ~all", "ttl": "600", "prio": "0"},
        {"type": "TXT", "name": "example.com", "content": "google-site-verification=abc", "ttl": "600", "prio": "0"},
        {"type": "TXT", "name": "sub.example.com", "content": "v=spf1 mx ~all", "ttl": "600", "prio": "0"},
        {"type": "MX", "name": "example.com", "content": "mailgate.example.com", "ttl": "600", "prio": "5"},
        {"type": "MX", "name": "example.com", "content": "smtp.isp.net", "ttl": "600", "prio": "40"},
        {"type": "MX", "name": "example.com", "content": "zero.isp.net", "ttl": "600", "prio": "0"},
    ],
)
