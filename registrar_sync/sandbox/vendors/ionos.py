"""IONOS' hosting DNS API (v1, once 1&1): records with ids, and a PATCH that replaces RRsets.

The vendor's specification 1.0.2 and lexicon's recordings of 2024; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare
from registrar_sync.sandbox.vendors.ionos_records import (
    DEFAULT_TTL,
    Records,
    Wanted,
    error_reply,
    is_owner,
    record_id,
    refusal,
    zone_id,
)
from registrar_sync.sandbox.web import Call, Json, Refusal, empty, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

KEYS = ("sandbox", "sandbox.sandbox")


def ionos_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Ionos(store, switches)
    zone = "/zones/{zone}"
    records, record = zone + "/records", zone + "/records/{id}"
    endpoints = [
        ("GET", "/zones", vendor.zones),
        ("GET", zone, vendor.read_zone),
        ("PATCH", zone, vendor.replace_rrsets),
        ("PUT", zone, vendor.replace_zone),
        ("POST", records, vendor.create),
        ("GET", record, vendor.read),
        ("PUT", record, vendor.update),
        ("DELETE", record, vendor.delete),
    ]
    return vendor_app([route(method, path, action, _check) for method, path, action in endpoints], _no_endpoint)


def _no_endpoint(status: int) -> Response:
    return error_reply(status, "NOT_FOUND" if status == 404 else "METHOD_NOT_ALLOWED", "The resource or method does not exist.")


def _check(call: Call) -> None:
    if not call.headers.get("user-agent"):
        # stalwartlabs/dns-update PR 62
        raise Refusal(PlainTextResponse("Service Unavailable", 503))
    if len(call.headers.getlist("content-type")) > 1:
        # acme.sh PR 7028
        raise refusal(400, "INVALID_REQUEST", "A generic error has occurred.")
    if call.headers.get("x-api-key") not in KEYS:
        raise _unauthorized()


def _unauthorized() -> Refusal:
    return refusal(401, "UNAUTHORIZED", "The customer is not authorized to do this operation.")


class _Ionos:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._records = Records(switches)

    def _zone(self, call: Call) -> Zone:
        for zone in self._store.hosted():
            if zone_id(zone.name) == call.params["zone"]:
                return zone
        if self._switches.ionos_unknown_zone_status == 401:
            raise _unauthorized()
        raise refusal(404, "ZONE_NOT_FOUND", "The zone does not exist.")

    # --- reading -----------------------------------------------------------------------------------------------------
    def zones(self, _: Call) -> Response:
        return Json([_named(zone) for zone in self._store.hosted()])

    def read_zone(self, call: Call) -> Response:
        zone = self._zone(call)
        rows = [_soa_row(zone, self._store.now()), *zone.rows]
        for narrow in (self._by_name, self._by_suffix, _by_type):
            rows = narrow(call, zone, rows)
        return Json(_named(zone) | {"records": [self._records.shown(zone, row) for row in rows]})

    def _by_name(self, call: Call, zone: Zone, rows: list[Row]) -> list[Row]:
        name = call.query.get("recordName")
        if name is None:
            return rows
        if not is_owner(zone, name + "."):
            raise self._records.invalid({"name": name}, "name")
        exact = self._switches.ionos_record_name_case == "exact"
        return [row for row in rows if (row.owner == name + "." if exact else row.stands_at(name + "."))]

    def _by_suffix(self, call: Call, zone: Zone, rows: list[Row]) -> list[Row]:
        suffix = call.query.get("suffix")
        if suffix is None:
            return rows
        if not is_owner(zone, suffix + "."):
            # lego#1825
            raise refusal(400, "INVALID_REQUEST", "Invalid 'suffix' request parameter.")
        return [row for row in rows if row.owner.lower().endswith(suffix.lower() + ".")]

    def read(self, call: Call) -> Response:
        zone = self._zone(call)
        return Json(self._records.shown(zone, self._row(zone, call)))

    def _row(self, zone: Zone, call: Call) -> Row:
        for row in zone.rows:
            if record_id(zone, row) == call.params["id"]:
                return row
        raise refusal(404, "RECORD_NOT_FOUND", "Record does not exist.")

    # --- writing -----------------------------------------------------------------------------------------------------
    def _items(self, zone: Zone, call: Call) -> list[Wanted]:
        items = _body(call)
        if not isinstance(items, list):
            raise refusal(400, "INVALID_DATA", "An array of records is expected.")
        return list(dict.fromkeys(self._records.wanted(zone, item) for item in items))

    def create(self, call: Call) -> Response:
        zone = self._zone(call)
        items = self._items(zone, call)
        with self._store.editing(zone.name) as draft:
            created = [self._create(draft, item) for item in items]
            draft.publish()
        return Json([self._records.shown(zone, row) for row in created], 201)

    def _create(self, draft: Draft, item: Wanted) -> Row:
        # An identical record takes the place of the old one under a new id (recorded: ..duplicate_records_should_be_noop).
        draft.remove([row for row in draft.zone.rows if item.is_same_value(row)])
        self._deactivate(draft, [row for row in draft.zone.at(item.owner, item.rtype) if row.service and _clash(row, item)])
        return draft.add(item.owner, item.rtype, item.text, item.ttl, disabled=item.disabled)

    def replace_rrsets(self, call: Call) -> Response:
        zone = self._zone(call)
        items = self._items(zone, call)
        touched = {(item.owner.lower(), item.rtype) for item in items}
        with self._store.editing(zone.name) as draft:
            self._replace(draft, [row for row in draft.zone.rows if (row.owner.lower(), row.rtype) in touched], items)
            draft.publish()
        return empty(200)

    def replace_zone(self, call: Call) -> Response:
        zone = self._zone(call)
        items = self._items(zone, call)
        with self._store.editing(zone.name) as draft:
            # The zone's own NS set stays where the array brings no other: a zone without one could not be served.
            apex = () if any(_is_apex_ns(zone, item) for item in items) else draft.zone.at(zone.name, "NS")
            self._replace(draft, [row for row in draft.zone.rows if row not in apex], items)
            draft.publish()
        return empty(200)

    def _replace(self, draft: Draft, old: Sequence[Row], items: Sequence[Wanted]) -> None:
        kept: list[Row] = []
        for item in items:
            same = next((row for row in old if item.is_same_value(row) and row not in kept), None)
            if same and (same.service or self._switches.ionos_patch_ids == "kept"):
                kept.append(same)
                draft.change(same, ttl=item.ttl, disabled=item.disabled)
            else:
                draft.add(item.owner, item.rtype, item.text, item.ttl, disabled=item.disabled)
        leaving = [row for row in old if row not in kept]
        services = [row for row in leaving if row.service and self._switches.ionos_deactivates_services]
        self._deactivate(draft, services)
        draft.remove(row for row in leaving if row not in services)

    def _deactivate(self, draft: Draft, rows: Sequence[Row]) -> None:
        """Switch the vendor's own records off instead of removing them (specification, introduction)."""
        if self._switches.ionos_deactivates_services:
            for row in rows:
                draft.change(row, disabled=True)

    def update(self, call: Call) -> Response:
        zone, sent = self._zone(call), _body(call)
        if not isinstance(sent, dict):
            raise refusal(400, "INVALID_DATA", "An object is expected.")
        with self._store.editing(zone.name) as draft:
            row = self._row(draft.zone, call)
            shown = self._records.shown(draft.zone, row)
            text = self._records.text(zone, row.rtype, shown | {key: sent[key] for key in ("content", "prio") if key in sent})
            ttl, disabled = self._records.ttl(sent, draft.zone.ttl_of(row)), self._records.disabled(sent, row.disabled)
            row = draft.change(row, text=text, ttl=ttl, disabled=disabled)
            draft.publish()
        return Json(self._records.shown(zone, row))

    def delete(self, call: Call) -> Response:
        zone = self._zone(call)
        with self._store.editing(zone.name) as draft:
            draft.remove([self._row(draft.zone, call)])
            draft.publish()
        return empty(200)


def _named(zone: Zone) -> dict[str, Any]:
    return {"id": zone_id(zone.name), "name": zone.name.removesuffix("."), "type": "NATIVE"}


def _soa_row(zone: Zone, now: float) -> Row:
    published = zone.served(now)
    text = zone.soa.format(serial=published.serial)
    return Row(number=0, owner=zone.name, rtype="SOA", text=text, ttl=zone.soa_ttl or DEFAULT_TTL, changed=published.asked)


def _by_type(call: Call, _: Zone, rows: list[Row]) -> list[Row]:
    types = call.query.get("recordType")
    return rows if types is None else [row for row in rows if row.rtype in types.upper().split(",")]


def _is_apex_ns(zone: Zone, item: Wanted) -> bool:
    return item.rtype == "NS" and item.owner.lower() == zone.name


def _clash(row: Row, item: Wanted) -> bool:
    """Whether a new record takes over what the vendor's own one does: mail's way in, or the one SPF record."""
    return item.rtype != "TXT" or (_is_spf(row.text) and _is_spf(item.text))


def _is_spf(text: str) -> bool:
    return bare(text).lower().startswith("v=spf1")


def _body(call: Call) -> Any:
    try:
        return call.json()
    except ValueError:
        raise refusal(400, "INVALID_DATA", "The body is not JSON.") from None
