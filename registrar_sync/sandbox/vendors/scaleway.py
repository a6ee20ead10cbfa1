"""Scaleway's Domains and DNS (v2beta1): records with ids, and a PATCH that carries any number of changes, or none of them.

The vendor's Terraform recordings of March 2026, lexicon's of 2025, the vendor's SDKs; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.scaleway_records import Records, Wanted, invalid, owner_named, record_id, refusal
from registrar_sync.sandbox.web import Call, Json, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

# The vendor's SDKs take nothing but a UUID for a key.
KEYS = ("sandbox", "5a5a5a5a-5a5a-4a5a-8a5a-5a5a5a5a5a5a")
DEFAULT_PAGE = 20


def scaleway_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Scaleway(store, switches)
    records = "/dns-zones/{zone}/records"
    return vendor_app(
        [
            route("GET", "/dns-zones", vendor.zones, vendor.check_login),
            route("GET", records, vendor.records, vendor.check_login),
            route("PATCH", records, vendor.patch, vendor.check_right),
        ],
        lambda status: refusal(status, "resource is not found", "not_found").response,
    )


class _Scaleway:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._records = Records(switches)

    def check_login(self, call: Call) -> None:
        if call.headers.get("x-auth-token") not in KEYS:
            raise refusal(401, "authentication is denied", "denied_authentication", method="api_key", reason="not_found")

    def check_right(self, call: Call) -> None:
        self.check_login(call)
        if not self._switches.scaleway_may_write:
            details = [{"resource": "dns_zone", "action": "write"}]
            raise refusal(403, "insufficient permissions", "permissions_denied", details=details)

    def _zone(self, call: Call) -> Zone:
        name = call.params["zone"].lower().removesuffix(".") + "."
        hosted = {zone.name: zone for zone in self._store.hosted()}
        if name in hosted:
            return hosted[name]
        if any(name.endswith("." + zone) for zone in hosted):
            raise refusal(self._switches.scaleway_subdomain_status, "subdomain not found")
        raise refusal(403, "domain not found")

    # --- reading -----------------------------------------------------------------------------------------------------
    def zones(self, call: Call) -> Response:
        asked = call.query.getlist("dns_zones")
        found = [zone for zone in self._store.hosted() if not asked or zone.name.removesuffix(".") in asked]
        return self._page(call, "dns_zones", [_shown_zone(zone) for zone in found])

    def records(self, call: Call) -> Response:
        zone = self._zone(call)
        name, rtype, number = call.query.get("name"), call.query.get("type", "unknown").upper(), call.query.get("id")
        rows = sorted((row for row in zone.rows if not row.disabled), key=lambda row: (row.owner.lower() != zone.name, row.owner))
        shown = [self._records.shown(zone, row) for row in rows]
        return self._page(
            call,
            "records",
            [
                row
                for row in shown
                if name in (None, "", row["name"]) and rtype in ("UNKNOWN", row["type"]) and number in (None, row["id"])
            ],
        )

    def _page(self, call: Call, key: str, items: Sequence[Any]) -> Response:
        number = _number(call, "page", 1)
        size = min(_number(call, "page_size", DEFAULT_PAGE), self._switches.scaleway_page_cap)
        return Json({key: items[(number - 1) * size : number * size], "total_count": len(items)})

    # --- writing -----------------------------------------------------------------------------------------------------
    def patch(self, call: Call) -> Response:
        zone, sent = self._zone(call), _body(call)
        changes = sent.get("changes")
        if not isinstance(changes, list) or not all(isinstance(change, dict) and len(change) == 1 for change in changes):
            raise invalid("changes", "a list of changes is required")
        kinds: dict[str, Callable[[Draft, Any], list[Row]]] = {
            "add": self._add,
            "set": self._set,
            "delete": self._delete,
            "clear": self._clear,
        }
        touched: list[Row] = []
        with self._store.editing(zone.name) as draft:
            for change in changes:
                ((kind, what),) = change.items()
                if kind not in kinds:
                    raise invalid("changes", f"unknown change {kind}")
                touched += kinds[kind](draft, what)
            draft.publish()
        rows = draft.zone.rows if sent.get("return_all_records") else touched
        return Json({"records": [self._records.shown(draft.zone, row) for row in rows]})

    def _wanted(self, zone: Zone, what: Any) -> list[Wanted]:
        records = what.get("records") if isinstance(what, dict) else None
        if not isinstance(records, list):
            raise invalid("records", "a list of records is required")
        return [self._records.wanted(zone, record) for record in records]

    def _add(self, draft: Draft, what: Any) -> list[Row]:
        return [self._added(draft, one) for one in self._wanted(draft.zone, what)]

    def _added(self, draft: Draft, one: Wanted) -> Row:
        others = [row for row in draft.zone.at(one.owner) if (row.rtype == "CNAME") != (one.rtype == "CNAME")]
        if others:
            raise invalid("type", "a CNAME cannot stand beside other types")
        row = draft.add(one.owner, one.rtype, one.text, one.ttl)
        self._records.more[record_id(draft.zone, row)] = one.more
        return row

    def _set(self, draft: Draft, what: Any) -> list[Row]:
        """The first rows are changed in place and keep their ids (recorded for one), what is left over is added or removed."""
        rows, wanted = self._found(draft.zone, what), self._wanted(draft.zone, what)
        changed = [self._changed(draft, row, one) for row, one in zip(rows, wanted, strict=False)]
        draft.remove(rows[len(wanted) :])
        return changed + [self._added(draft, one) for one in wanted[len(rows) :]]

    def _changed(self, draft: Draft, row: Row, one: Wanted) -> Row:
        number = record_id(draft.zone, row)
        kept = self._records.more.get(number, {}) if self._switches.scaleway_unsent_fields == "kept" else {}
        self._records.more[number] = {**kept, **one.more}
        return draft.change(row, owner=one.owner, rtype=one.rtype, text=one.text, ttl=one.ttl)

    def _delete(self, draft: Draft, what: Any) -> list[Row]:
        draft.remove(self._found(draft.zone, what))
        return []

    def _clear(self, draft: Draft, _: Any) -> list[Row]:
        draft.remove(row for row in draft.zone.rows if row.rtype != "NS" or row.owner != draft.zone.name)
        return []

    def _found(self, zone: Zone, what: Any) -> list[Row]:
        """The rows named by ``id``, or by ``id_fields`` (octodns-scaleway writes idFields)."""
        if not isinstance(what, dict):
            raise invalid("changes", "an object is expected")
        fields = what.get("id_fields") or what.get("idFields")
        if isinstance(fields, dict):
            return self._like(zone, fields)
        found = [row for row in zone.rows if record_id(zone, row) == what.get("id")]
        if not found:
            raise refusal(self._switches.scaleway_missing_id_status, "resource is not found", "not_found", resource="record")
        return found

    def _like(self, zone: Zone, fields: dict[str, Any]) -> list[Row]:
        owner, rtype = owner_named(zone, fields.get("name")), str(fields.get("type")).upper()
        rows = [row for row in zone.at(owner) if row.rtype == rtype]
        if fields.get("data") is not None:
            text = self._records.text(zone, rtype, str(fields["data"]), 0)
            rows = [row for row in rows if row.text == text]
        return rows if fields.get("ttl") is None else [row for row in rows if zone.ttl_of(row) == fields["ttl"]]


def _shown_zone(zone: Zone) -> dict[str, Any]:
    """As if every zone were a domain's own: the store knows no subzones."""
    return {
        "domain": zone.name.removesuffix("."),
        "subdomain": "",
        "ns": ["ns0.dom.scw.cloud", "ns1.dom.scw.cloud"],
        "ns_default": ["ns0.dom.scw.cloud", "ns1.dom.scw.cloud"],
        "ns_master": [],
        "status": "active",
        "message": None,
        "linked_products": [],
        "project_id": "105bdce1-64c0-48ab-899d-868455867ecf",
        "updated_at": "2026-03-20T09:28:13Z",
    }


def _body(call: Call) -> dict[str, Any]:
    try:
        sent = call.json()
    except ValueError:
        raise refusal(400, "json parse error", "invalid_request_error") from None
    if not isinstance(sent, dict):
        raise refusal(400, "json parse error", "invalid_request_error")
    return sent


def _number(call: Call, name: str, default: int) -> int:
    asked = call.query.get(name, str(default))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) > 0):
        raise invalid(name, "must be a positive number")
    return int(asked)
