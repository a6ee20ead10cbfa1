"""Cloudflare's v4 DNS records: rows with ids, live at once, and a batch in one transaction.

lexicon's recordings of August 2025, the vendor's documentation and its SDK 5; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.cloudflare_records import Records, Wanted, kept_beside, record_id, zone_id
from registrar_sync.sandbox.web import Action, Call, Refusal, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

ADDRESSES = frozenset({"A", "AAAA"})


def cloudflare_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Cloudflare(store, switches)
    records = "/zones/{zone}/dns_records"
    record = records + "/{id}"
    reads: dict[str, Action] = {
        "/zones": vendor.zones,
        "/zones/{zone}": vendor.zone,
        records: vendor.list_records,
        record: vendor.read,
    }
    writes: list[tuple[str, str, Action]] = [
        ("POST", records + "/batch", vendor.batch),
        ("POST", records, vendor.one("posts")),
        ("PATCH", record, vendor.one("patches")),
        ("PUT", record, vendor.one("puts")),
        ("DELETE", record, vendor.one("deletes")),
    ]
    return vendor_app(
        [route("GET", path, action, vendor.check_login) for path, action in reads.items()]
        + [route(method, path, action, vendor.check_right) for method, path, action in writes],
        lambda _: vendor.records.failure(400, 7000, "No route for that URI").response,
    )


class _Cloudflare:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self.records = Records(switches)
        # The documented order, whatever the body's is.
        self._doing: dict[str, Callable[[Draft, Any], Row]] = {
            "deletes": self._delete,
            "patches": self._patch,
            "puts": self._put,
            "posts": self._create,
        }

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def check_login(self, call: Call) -> None:
        bearer, pair = call.headers.get("authorization"), (call.headers.get("x-auth-email"), call.headers.get("x-auth-key"))
        if bearer != "Bearer sandbox" and pair != ("sandbox", "sandbox"):
            raise self._wrong_token()

    def _wrong_token(self) -> Refusal:
        kind = self._switches.cloudflare_wrong_token
        if kind == "400-6003":
            return self.records.failure(400, 6003, "Invalid request headers", (6111, "Invalid format for Authorization header"))
        if kind == "200-9103":
            return self.records.failure(200, 9103, "Unknown X-Auth-Key or X-Auth-Email")
        return self.records.failure(403, 9109, "Invalid access token")

    def check_right(self, call: Call) -> None:
        self.check_login(call)
        if not self._switches.cloudflare_token_may_edit:
            raise self.records.failure(403, 10000, "Authentication error")

    def _zone(self, call: Call) -> Zone:
        for zone in self._store.hosted():
            if zone_id(zone.name) == call.params["zone"]:
                return zone
        path = f"/client/v4/zones/{call.params['zone']}"
        message = f"Could not route to {path}, perhaps your object identifier is invalid?"
        raise self.records.failure(self._switches.cloudflare_unknown_zone_status, 7003, message)

    # --- reading -----------------------------------------------------------------------------------------------------
    def zones(self, call: Call) -> Response:
        name, filtering = call.query.get("name"), self._switches.cloudflare_zone_name_filter
        if name is not None and filtering == "refused":
            raise self.records.failure(400, 1001, "The name filter is deprecated")
        found = [self._shown_zone(zone) for zone in self._store.hosted()]
        if name is not None and filtering == "exact":
            found = [zone for zone in found if zone["name"] == name.lower()]
        return self._page(call, found, 20, self._switches.cloudflare_page_cap)

    def _shown_zone(self, zone: Zone) -> dict[str, Any]:
        return {
            "id": zone_id(zone.name),
            "name": zone.name.removesuffix("."),
            "status": self._switches.cloudflare_zone_status,
            "paused": False,
            "type": "full",
            "name_servers": ["blakely.ns.cloudflare.com", "vin.ns.cloudflare.com"],
            "account": {"id": "0" * 32, "name": "sandbox"},
            "plan": {"name": "Free Website", "legacy_id": "free"},
        }

    def _page(self, call: Call, found: Sequence[Any], usual: int, cap: int) -> Response:
        number, size = self._number(call, "page", 1), min(self._number(call, "per_page", usual), cap)
        page = found[(number - 1) * size : number * size]
        pages = max(1, -(-len(found) // size))  # an empty list still has one page (recorded 2025)
        about = {"page": number, "per_page": size, "count": len(page), "total_count": len(found), "total_pages": pages}
        return self.records.success(page, about)

    def _number(self, call: Call, name: str, default: int) -> int:
        asked = call.query.get(name, str(default))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 8 and int(asked) > 0):
            raise self.records.failure(400, 1001, f"Invalid {name}")
        return int(asked)

    def zone(self, call: Call) -> Response:
        return self.records.success(self._shown_zone(self._zone(call)))

    def list_records(self, call: Call) -> Response:
        zone = self._zone(call)
        found = [self.records.shown(zone, row) for row in _listed(zone)]
        for field in ("name", "type", "content"):
            asked = call.query.get(field, call.query.get(f"{field}.exact"))
            found = [row for row in found if asked is None or row[field].lower() == asked.lower()]
        return self._page(call, found, 100, 5_000_000)

    def read(self, call: Call) -> Response:
        zone = self._zone(call)
        return self.records.success(self.records.shown(zone, self._row(zone, call.params["id"])))

    def _row(self, zone: Zone, asked: object) -> Row:
        for row in _listed(zone):
            if record_id(zone, row) == asked:
                return row
        raise self.records.failure(404, 81044, "Record does not exist.")

    # --- writing -----------------------------------------------------------------------------------------------------
    def batch(self, call: Call) -> Response:
        """All or nothing, and the first error is told (page "Batch record changes")."""
        zone, sent = self._zone(call), self._body(call)
        wanted = [(kind, item) for kind in self._doing for item in self._items(sent, kind)]
        if len(wanted) > self._switches.cloudflare_batch_limit:
            raise self.records.refused(1004, "Too many records in one batch")
        done: dict[str, list[Any]] = {kind: [] for kind in self._doing}
        with self._store.editing(zone.name) as draft:
            for kind, item in wanted:
                row = self._doing[kind](draft, item)
                done[kind].append(self.records.shown(draft.zone, row))
            draft.publish()
        return self.records.success(done)

    def one(self, kind: str) -> Action:
        """The call for one record that does what a batch does."""

        def act(call: Call) -> Response:
            zone, sent = self._zone(call), {} if kind == "deletes" else self._body(call)
            with self._store.editing(zone.name) as draft:
                row = self._doing[kind](draft, sent | ({"id": call.params["id"]} if "id" in call.params else {}))
                draft.publish()
            return self.records.success(
                {"id": record_id(zone, row)} if kind == "deletes" else self.records.shown(draft.zone, row)
            )

        return act

    def _body(self, call: Call) -> dict[str, Any]:
        try:
            sent = call.json()
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            raise self.records.refused(6007, "Malformed JSON in request body")
        return sent

    def _items(self, sent: dict[str, Any], kind: str) -> list[dict[str, Any]]:
        items = sent.get(kind) or []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.records.refused(6007, "Malformed JSON in request body")
        return items

    def _delete(self, draft: Draft, item: dict[str, Any]) -> Row:
        row = self._row(draft.zone, item.get("id"))
        draft.remove([row])
        return row

    def _patch(self, draft: Draft, item: dict[str, Any]) -> Row:
        """What is not named stays as it is."""
        row = self._row(draft.zone, item.get("id"))
        return self._change(draft, row, self.records.wanted(draft.zone, self.records.shown(draft.zone, row) | item))

    def _put(self, draft: Draft, item: dict[str, Any]) -> Row:
        """What is not named gets its default."""
        row = self._row(draft.zone, item.get("id"))
        return self._change(draft, row, self.records.wanted(draft.zone, item))

    def _change(self, draft: Draft, row: Row, wanted: Wanted) -> Row:
        self._check_beside(draft.zone, wanted, [other for other in _listed(draft.zone) if other.number != row.number])
        return draft.change(row, owner=wanted.owner, rtype=wanted.rtype, text=wanted.text, ttl=wanted.ttl, beside=wanted.beside)

    def _create(self, draft: Draft, item: dict[str, Any]) -> Row:
        wanted = self.records.wanted(draft.zone, item)
        self._check_beside(draft.zone, wanted, _listed(draft.zone))
        return draft.add(wanted.owner, wanted.rtype, wanted.text, wanted.ttl, beside=wanted.beside)

    def _check_beside(self, zone: Zone, wanted: Wanted, others: Sequence[Row]) -> None:
        there = [row for row in others if row.stands_at(wanted.owner)]
        if any(row.rtype == wanted.rtype and self._is_identical(row, wanted) for row in there):
            raise self.records.refused(81058, "An identical record already exists.")
        types = {row.rtype for row in there}
        if wanted.rtype in ADDRESSES and "CNAME" in types:
            raise self.records.refused(81054, "A CNAME record with that host already exists.")
        if wanted.rtype == "CNAME" and types & (ADDRESSES | {"CNAME"}):
            raise self.records.refused(81053, "An A, AAAA, or CNAME record with that host already exists.")

    def _is_identical(self, row: Row, wanted: Wanted) -> bool:
        if wanted.rtype == "MX" and self._switches.cloudflare_same_exchange_twice == "refused":
            return row.text.split()[1] == wanted.text.split()[1]
        spelling = "content" in kept_beside(row), '"content"' in wanted.beside
        return row.text == wanted.text and spelling[0] == spelling[1]


def _listed(zone: Zone) -> list[Row]:
    """The rows that the API shows: the zone's own NS are not among them."""
    return [row for row in zone.rows if not (row.rtype == "NS" and row.stands_at(zone.name))]
