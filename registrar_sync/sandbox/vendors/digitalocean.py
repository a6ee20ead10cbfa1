"""DigitalOcean's domain records (API v2): records with ids, listed in pages, served at once.

The vendor's OpenAPI and lexicon's recordings of 2020; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.digitalocean_records import (
    DEFAULT_TTL,
    NAME_TYPES,
    NO_DOT,
    Records,
    error_reply,
    record_id,
    refusal,
    unprocessable,
)
from registrar_sync.sandbox.web import Action, Call, Guard, Json, Refusal, empty, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

TOKEN = "sandbox"  # noqa: S105 - what the sandbox takes
AN_HOUR, A_MINUTE = 5000, 250  # requests (the API's description)
PER_PAGE = 20


def digitalocean_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor, limits = _DigitalOcean(store, switches), _Limits(store.now)
    domain, records = "/domains/{domain}", "/domains/{domain}/records"
    record = records + "/{id}"
    endpoints = [
        ("GET", "/domains", vendor.domains),
        ("GET", domain, vendor.read_domain),
        ("GET", records, vendor.list_records),
        ("POST", records, vendor.create),
        ("GET", record, vendor.read),
        ("PUT", record, vendor.update),
        ("PATCH", record, vendor.update),
        ("DELETE", record, vendor.delete),
    ]
    return vendor_app(
        [route(method, path, limits.told(action, vendor.check)) for method, path, action in endpoints], _no_endpoint
    )


def _no_endpoint(status: int) -> Response:
    if status == 404:
        return error_reply(404, "not_found", "The resource you were accessing could not be found.")
    return error_reply(status, "method_not_allowed", "The method is not allowed.")


class _Limits:
    """The headers on every answer, and 429 with ``Retry-After`` in a burst (docs.digitalocean.com/notes/2023/api-rate-limit)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=AN_HOUR)

    def told(self, action: Action, check: Guard) -> Action:
        """The action, checked, within the limits."""

        def answer(call: Call) -> Response:
            wait, headers = self._take()
            try:
                check(call)
                response = error_reply(429, "too_many_requests", "API Rate limit exceeded.") if wait else action(call)
            except Refusal as refused:
                response = refused.response
            response.headers.update(headers)
            return response

        return answer

    def _take(self) -> tuple[int, dict[str, str]]:
        with self._lock:
            now = self._now()
            lately = [time for time in self._times if time > now - 60]
            hour = [time for time in self._times if time > now - 3600]
            wait = int(lately[0] + 60 - now) + 1 if len(lately) >= A_MINUTE else 0
            if not wait:
                self._times.append(now)
        left = 0 if wait else max(0, AN_HOUR - len(hour) - 1)
        reset = str(int((hour or [now])[0] + 3600))
        headers = {"ratelimit-limit": str(AN_HOUR), "ratelimit-remaining": str(left), "ratelimit-reset": reset}
        return wait, headers | ({"retry-after": str(wait)} if wait else {})


class _DigitalOcean:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._records = Records(switches)

    def check(self, call: Call) -> None:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            raise refusal(401, "unauthorized", "Unable to authenticate you.")
        if call.method != "GET" and not self._switches.digitalocean_token_may_write:
            raise refusal(403, "forbidden", "You do not have access for the attempted action.")

    def _zone(self, call: Call) -> Zone:
        found = self._store.zones().get(call.params["domain"].lower() + ".")
        if not found or not found.hosted:
            raise _missing()
        return found

    def _row(self, zone: Zone, call: Call) -> Row:
        row = next((row for row in zone.rows if str(record_id(zone, row)) == call.params["id"]), None)
        if row is None:
            raise _missing()
        return row

    # --- reading -----------------------------------------------------------------------------------------------------
    def domains(self, call: Call) -> Response:
        return self._paged(call, "domains", [_domain(zone) for zone in self._store.hosted()])

    def read_domain(self, call: Call) -> Response:
        return Json({"domain": _domain(self._zone(call))})

    def list_records(self, call: Call) -> Response:
        zone = self._zone(call)
        shown = [_soa(zone), *(self._records.shown(zone, row) for row in zone.rows)]
        if (rtype := call.query.get("type")) is not None:
            shown = [record for record in shown if record["type"] == rtype]
        if (name := call.query.get("name")) is not None:
            shown = [record for record in shown if _full_name(zone, record) == name.lower()]
        return self._paged(call, "domain_records", shown)

    def _paged(self, call: Call, key: str, items: Sequence[dict[str, Any]]) -> Response:
        size = min(_count(call, "per_page", PER_PAGE), self._switches.digitalocean_page_size)
        number, last = _count(call, "page", 1), max(1, -(-len(items) // size))
        base = call.url.split("?")[0]
        asked = "".join(f"&{name}={value}" for name, value in call.query.items() if name != "page")

        def link(page: int) -> str:
            return f"{base}?page={page}{asked}"

        pages: dict[str, str] = {}
        if number > 1:
            pages |= {"first": link(1), "prev": link(number - 1)}
        if number < last:
            pages |= {"last": link(last), "next": link(number + 1)}
        body = {key: items[(number - 1) * size : number * size], "links": {"pages": pages} if pages else {}}
        return Json({**body, "meta": {"total": len(items)}})

    def read(self, call: Call) -> Response:
        zone = self._zone(call)
        return Json({"domain_record": self._records.shown(zone, self._row(zone, call))})

    # --- writing -----------------------------------------------------------------------------------------------------
    def create(self, call: Call) -> Response:
        zone, sent = self._zone(call), _body(call)
        rtype, owner = self._records.rtype(sent), zone.owner_of(self._records.label(sent))
        text, ttl = self._records.text(zone, rtype, sent), self._records.ttl(sent)
        with self._store.editing(zone.name) as draft:
            self._check_beside(draft, owner, rtype, text)
            row = draft.add(owner, rtype, text, ttl)
            draft.publish()
        return Json({"domain_record": self._records.shown(zone, row)}, 201)

    def _check_beside(self, draft: Draft, owner: str, rtype: str, text: str) -> None:
        there = draft.zone.at(owner)
        if any((row.rtype == "CNAME") != (rtype == "CNAME") or rtype == row.rtype == "CNAME" for row in there):
            raise unprocessable("CNAME records cannot share a name with other records")
        same = any((row.rtype, row.text) == (rtype, text) for row in there)
        if same and self._switches.digitalocean_duplicates == "refused":
            raise unprocessable("Record already exists.")

    def update(self, call: Call) -> Response:
        """PUT and PATCH alike: what is not sent stays, and is judged as it is shown (doctl issue 919)."""
        zone, sent = self._zone(call), _body(call)
        with self._store.editing(zone.name) as draft:
            row = self._row(draft.zone, call)
            merged = self._records.shown(draft.zone, row) | sent
            if self._records.rtype(merged) != row.rtype:
                raise unprocessable("Type cannot be changed.")
            if row.rtype in NAME_TYPES and not str(merged["data"]).endswith(".") and merged["data"] != "@":
                raise unprocessable(NO_DOT)
            touched = row.rtype in NAME_TYPES or "data" in sent
            text = self._records.text(zone, row.rtype, merged) if touched else row.text
            owner = zone.owner_of(self._records.label(merged))
            row = draft.change(row, owner=owner, text=text, ttl=self._records.ttl(merged))
            draft.publish()
        return Json({"domain_record": self._records.shown(zone, row)})

    def delete(self, call: Call) -> Response:
        zone = self._zone(call)
        with self._store.editing(zone.name) as draft:
            draft.remove([self._row(draft.zone, call)])
            draft.publish()
        return empty(204)


def _missing() -> Refusal:
    return refusal(404, "not_found", "The resource you were accessing could not be found.")


def _domain(zone: Zone) -> dict[str, Any]:
    lines = [f"{row.owner} {zone.ttl_of(row)} IN {row.rtype} {row.text}" for row in zone.rows]
    file = "\n".join([f"$ORIGIN {zone.name}", f"$TTL {DEFAULT_TTL}", *lines, ""])
    return {"name": zone.name.removesuffix("."), "ttl": DEFAULT_TTL, "zone_file": file}


def _soa(zone: Zone) -> dict[str, Any]:
    """The SOA as a record: its data is a TTL (recorded)."""
    row = Row(number=0, owner=zone.name, rtype="SOA", text="", ttl=DEFAULT_TTL)
    nothing = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    return {"id": record_id(zone, row), "type": "SOA", "name": "@", "data": str(DEFAULT_TTL), "ttl": DEFAULT_TTL, **nothing}


def _full_name(zone: Zone, record: dict[str, Any]) -> str:
    label = "" if record["name"] == "@" else str(record["name"]).lower()
    return zone.owner_of(label).removesuffix(".")


def _count(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise unprocessable(f"{name} is invalid")
    return int(text[:9])


def _body(call: Call) -> dict[str, Any]:
    try:
        sent = call.json()
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        raise refusal(400, "bad_request", "The body is no JSON object.")
    return sent
