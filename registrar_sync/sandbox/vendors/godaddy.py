"""GoDaddy's domains API (v1): whole RRsets without ids, live at once, busy for a while after an edit.

What lexicon recorded in 2021, the vendor's list of calls and answers, and what other clients assume; what nobody confirmed is
in ``switches``.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.godaddy_records import Records, Wanted, refusal
from registrar_sync.sandbox.web import Action, Call, Json, empty, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

KEY = "sso-key sandbox:sandbox"


def godaddy_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _GoDaddy(store, switches)
    domain, records = "/domains/{zone}", "/domains/{zone}/records"
    rtype, rrset = records + "/{type}", records + "/{type}/{name}"
    endpoints: list[tuple[str, str, Action]] = [
        ("GET", "/domains", vendor.domains),
        ("GET", domain, vendor.domain),
        *(("GET", path, vendor.read) for path in (records, rtype, rrset)),
        *(("PUT", path, vendor.replace) for path in (records, rtype, rrset)),
        ("PATCH", records, vendor.add),
        ("DELETE", rrset, vendor.delete),
    ]
    return vendor_app(
        [route(method, path, action, vendor.check) for method, path, action in endpoints],
        lambda status: refusal(status, "NOT_FOUND", "The requested resource was not found").response,
    )


class _GoDaddy:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._records = Records(switches)
        self._busy: dict[str, int] = {}

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def check(self, call: Call) -> None:
        if call.headers.get("authorization") != KEY:
            raise refusal(401, "UNABLE_TO_AUTHENTICATE", "Unauthorized : Could not authenticate API key/secret")
        if self._switches.godaddy_small_account:
            raise refusal(403, "ACCESS_DENIED", "Authenticated user is not allowed access")

    def _zone(self, call: Call) -> Zone:
        name = call.params["zone"].lower()
        found = self._store.zones().get(name + ".")
        if found and found.hosted:
            return found
        if self._switches.godaddy_foreign_zone_status == 401:
            raise refusal(401, "UNABLE_TO_AUTHENTICATE", "Unauthorized : Could not authenticate API key/secret")
        raise refusal(404, "NOT_FOUND", f"Domain {name} not found for shopper")

    def _ready_zone(self, call: Call) -> Zone:
        zone = self._zone(call)
        if self._busy.get(zone.name, 0):
            self._busy[zone.name] -= 1
            raise refusal(409, "CONFLICT", "The given domain is not eligible to have its records changed")
        return zone

    # --- reading -----------------------------------------------------------------------------------------------------
    def domains(self, call: Call) -> Response:
        """``marker`` is the last name of the page before (webprofusion/certify PR 600)."""
        names = sorted(zone.name for zone in self._store.hosted())
        marker = call.query.get("marker", "") + "."
        after = [name for name in names if marker == "." or name > marker]
        return Json([self._shown(name) for name in after[: self._number(call, "limit", 1000)]])

    def domain(self, call: Call) -> Response:
        return Json(self._shown(self._zone(call).name))

    def _shown(self, name: str) -> dict[str, Any]:
        return {
            "domain": name.removesuffix("."),
            "domainId": 100_000_000 + zlib.crc32(name.encode()) % 10**8,
            "status": "ACTIVE",
            "locked": True,
            "privacy": False,
            "nameServers": ["ns09.domaincontrol.com", "ns10.domaincontrol.com"],
        }

    def read(self, call: Call) -> Response:
        """A set that is not there is an empty list, not 404 (recorded)."""
        zone = self._ready_zone(call)
        found = [self._records.shown(zone, row) for row in self._asked(call, zone)]
        size = min(self._number(call, "limit", self._switches.godaddy_page_cap), self._switches.godaddy_page_cap)
        offset = self._number(call, "offset", 1 if self._switches.godaddy_offset == "pages" else 0)
        first = (offset - 1) * size if self._switches.godaddy_offset == "pages" else offset
        return Json(found[first : first + size])

    def _asked(self, call: Call, zone: Zone) -> list[Row]:
        rtype, name = call.params.get("type"), call.params.get("name")
        return [
            row
            for row in zone.rows
            if rtype in (None, row.rtype) and (name is None or name.lower() == (zone.label_of(row.owner).lower() or "@"))
        ]

    def _number(self, call: Call, name: str, default: int) -> int:
        asked = call.query.get(name, str(default))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 8):
            raise refusal(422, "INVALID_QUERY", "Request query doesn't fulfill schema", (name, "is not a integer"))
        return int(asked)

    # --- writing -----------------------------------------------------------------------------------------------------
    def replace(self, call: Call) -> Response:
        """All that the URL names: the zone, a type, or a set."""
        zone, items = self._ready_zone(call), self._items(call)
        if not items:
            if self._switches.godaddy_empty_put == "refused":
                raise self._records.invalid("records", "must have a minimum length of 1")
            return empty(200)
        wanted = self._wanted(call, zone, items)
        with self._store.editing(zone.name) as draft:
            draft.remove(row for row in self._asked(call, draft.zone) if row.rtype != "NS" or not row.stands_at(zone.name))
            self._add(draft, wanted)
        self._busy[zone.name] = self._switches.godaddy_busy_answers
        return empty(200)

    def add(self, call: Call) -> Response:
        zone = self._ready_zone(call)
        wanted = self._wanted(call, zone, self._items(call))
        with self._store.editing(zone.name) as draft:
            self._add(draft, wanted)
        self._busy[zone.name] = self._switches.godaddy_busy_answers
        return empty(200)

    def delete(self, call: Call) -> Response:
        zone = self._ready_zone(call)
        gone = self._asked(call, zone)
        if not gone and self._switches.godaddy_delete_missing_status == 404:
            raise refusal(404, "NOT_FOUND", "The record was not found")
        with self._store.editing(zone.name) as draft:
            draft.remove(gone)
            draft.publish()
        self._busy[zone.name] = self._switches.godaddy_busy_answers
        return empty(204)

    def _items(self, call: Call) -> list[Any]:
        try:
            items = call.json()
        except ValueError:
            raise refusal(400, "INVALID_JSON", "Request body is not valid JSON") from None
        if not isinstance(items, list):
            raise self._records.invalid("records", "is not an array")
        return items

    def _wanted(self, call: Call, zone: Zone, items: Sequence[Any]) -> list[Wanted]:
        rtype, name = call.params.get("type"), call.params.get("name")
        wanted = [self._records.wanted(zone, place, item, rtype=rtype, name=name) for place, item in enumerate(items)]
        if len(set(wanted)) < len(wanted) and self._switches.godaddy_same_record_twice == "refused":
            raise refusal(422, "DUPLICATE_RECORD", "Another record with the same attributes already exists")
        return list(dict.fromkeys(wanted))

    def _add(self, draft: Draft, wanted: Sequence[Wanted]) -> None:
        for one in wanted:
            there = [row for row in draft.zone.at(one.owner) if (row.rtype, row.text) == (one.rtype, one.text)]
            if there and self._switches.godaddy_same_record_twice == "refused":
                raise refusal(422, "DUPLICATE_RECORD", "Another record with the same attributes already exists")
            draft.remove(there)
            draft.add(one.owner, one.rtype, one.text, one.ttl)
        draft.publish()
