"""Gandi's LiveDNS (v5, REST): whole RRsets, live at once.

What lexicon recorded in 2020 and what other clients assume; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.gandi_shapes import (
    DEFAULT_TTL,
    Shapes,
    Wanted,
    grouped,
    owner_named,
    rrset_name,
    rrset_object,
    zone_file,
)
from registrar_sync.sandbox.web import Action, Call, Json, empty, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

BASE = "/gandi/v5/livedns"
CREDENTIALS = ("Bearer sandbox", "Apikey sandbox")


def gandi_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Gandi(store, switches)
    domain, records = "/domains/{zone}", "/domains/{zone}/records"
    name, rrset = records + "/{name}", records + "/{name}/{type}"
    reads: dict[str, Action] = {
        "/domains": vendor.domains,
        domain: vendor.domain,
        records: vendor.read_records,
        name: vendor.read_name,
        rrset: vendor.read_rrset,
    }
    writes: list[tuple[str, str, Action]] = [
        ("POST", records, vendor.create),
        ("PUT", records, vendor.replace_records),
        ("DELETE", records, vendor.delete),
        ("PUT", name, vendor.replace_name),
        ("DELETE", name, vendor.delete),
        ("POST", rrset, vendor.create),
        ("PUT", rrset, vendor.replace_rrset),
        ("DELETE", rrset, vendor.delete),
    ]
    return vendor_app(
        [route("GET", path, action, vendor.check_login) for path, action in reads.items()]
        + [route(method, path, vendor.unless_dry(action), vendor.check_right) for method, path, action in writes],
        lambda status: vendor.shapes.error(status).response,
    )


class _Gandi:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self.shapes = Shapes(switches)

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def check_login(self, call: Call) -> None:
        if call.headers.get("authorization") not in CREDENTIALS:
            raise self.shapes.error(401)

    def check_right(self, call: Call) -> None:
        self.check_login(call)
        if not self._switches.gandi_token_may_write:
            raise self.shapes.error(403)

    def unless_dry(self, action: Action) -> Action:
        """A write that ``Dry-Run: 1`` keeps from happening (go-gandi, internal/client/gandi.go)."""
        return lambda call: Json({"status": "success"}) if call.headers.get("dry-run") == "1" else action(call)

    def _zone(self, call: Call) -> Zone:
        found = self._store.zones().get(call.params["zone"].lower() + ".")
        if not found or not found.hosted:
            raise self.shapes.error(self._switches.gandi_foreign_zone_status if found else 404)
        return found

    def _owner(self, zone: Zone, name: object) -> str:
        if not isinstance(name, str):
            raise self.shapes.invalid("rrset_name", "a string is required")
        try:
            return owner_named(zone, name)
        except ValueError as error:
            raise self.shapes.invalid("rrset_name", f"{name!r}: {error}") from None

    # --- reading -----------------------------------------------------------------------------------------------------
    def domains(self, call: Call) -> Response:
        page, headers = self.shapes.page(call, self._store.hosted())
        keep = ("fqdn", "domain_href", "domain_records_href")
        return Json([{key: value for key, value in _domain(call, zone).items() if key in keep} for zone in page], headers=headers)

    def domain(self, call: Call) -> Response:
        return Json(_domain(call, self._zone(call)))

    def read_records(self, call: Call) -> Response:
        zone = self._zone(call)
        return self._shown(call, zone, grouped(zone))

    def read_name(self, call: Call) -> Response:
        zone, name = self._zone(call), call.params["name"]
        found = {key: rows for key, rows in grouped(zone).items() if key[0] == name}
        if not found and self._switches.gandi_empty_name == "not-found":
            raise self.shapes.missing_rrset(name, "")
        return self._shown(call, zone, found)

    def _shown(self, call: Call, zone: Zone, rrsets: Mapping[tuple[str, str], Sequence[Row]]) -> Response:
        if call.headers.get("accept", "").startswith("text/plain"):
            return PlainTextResponse(zone_file(zone, rrsets))
        page, headers = self.shapes.page(call, list(rrsets.items()))
        return Json([rrset_object(_records_href(call, zone), zone, key[0], rows) for key, rows in page], headers=headers)

    def read_rrset(self, call: Call) -> Response:
        zone, name, rtype = self._zone(call), call.params["name"], call.params["type"].upper()
        rows = grouped(zone).get((name, rtype))
        if not rows:
            raise self.shapes.missing_rrset(name, rtype)
        return Json(rrset_object(_records_href(call, zone), zone, name, rows))

    # --- writing -----------------------------------------------------------------------------------------------------
    def create(self, call: Call) -> Response:
        zone, sent = self._zone(call), self.shapes.body_of(call)
        owner = self._owner(zone, call.params.get("name", sent.get("rrset_name")))
        wanted = self.shapes.wanted(zone, call.params.get("type", sent.get("rrset_type")), sent)
        there = grouped(zone).get((rrset_name(zone, owner), wanted.rtype), [])
        if there and {row.text for row in there} == set(wanted.texts):
            return Json({"message": "A DNS Record already exists with same value"}, 200)
        return self._written(call, zone, lambda draft: self._add(draft, owner, wanted), owner, wanted.rtype)

    def _add(self, draft: Draft, owner: str, wanted: Wanted) -> None:
        if (rrset_name(draft.zone, owner), wanted.rtype) in grouped(draft.zone):
            raise self.shapes.error(self._switches.gandi_post_existing_status, "A DNS Record already exists with other values")
        self._replace(draft, owner, wanted)

    def replace_rrset(self, call: Call) -> Response:
        zone, sent = self._zone(call), self.shapes.body_of(call)
        # A name or type in the body that differs from the URL is accepted (recorded); the URL wins.
        owner, wanted = self._owner(zone, call.params["name"]), self.shapes.wanted(zone, call.params["type"], sent)
        return self._written(call, zone, lambda draft: self._replace(draft, owner, wanted), owner, wanted.rtype)

    def replace_name(self, call: Call) -> Response:
        zone = self._zone(call)
        owner = self._owner(zone, call.params["name"])
        items = [(owner, self.shapes.wanted(zone, item.get("rrset_type"), item)) for item in self._items(call)]
        return self._written(call, zone, lambda draft: self._replace_all(draft, draft.zone.at(owner), items), owner)

    def replace_records(self, call: Call) -> Response:
        zone = self._zone(call)
        items = [
            (self._owner(zone, item.get("rrset_name")), self.shapes.wanted(zone, item.get("rrset_type"), item))
            for item in self._items(call)
        ]
        return self._written(call, zone, lambda draft: self._replace_all(draft, draft.zone.rows, items), zone.name)

    def _items(self, call: Call) -> list[dict[str, Any]]:
        items = self.shapes.body_of(call).get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.shapes.invalid("items", "a list of objects is required")
        return items

    def _written(self, call: Call, zone: Zone, change: Callable[[Draft], None], owner: str, rtype: str | None = None) -> Response:
        with self._store.editing(zone.name) as draft:
            change(draft)
            draft.publish()
        name = quote(rrset_name(zone, owner), safe="")
        location = f"{_records_href(call, zone)}/{name}" + (f"/{rtype}" if rtype else "")
        return Json({"message": "DNS Record Created"}, 201, {"location": location})

    def _replace(self, draft: Draft, owner: str, wanted: Wanted) -> None:
        self._protect(draft.zone, owner, wanted.rtype)
        old = grouped(draft.zone).get((rrset_name(draft.zone, owner), wanted.rtype), [])
        clash = any((row.served_type == "CNAME") != (wanted.rtype == "CNAME") for row in draft.zone.at(owner) if row not in old)
        if clash:
            raise self.shapes.invalid("items", "a CNAME cannot stand beside other types", self._switches.gandi_cname_clash_status)
        keep = bool(old) and self._switches.gandi_missing_ttl == "kept"
        ttl = wanted.ttl or (draft.zone.ttl_of(old[0]) if keep else DEFAULT_TTL)
        draft.remove(old)
        for text in wanted.texts:
            draft.add(owner, wanted.rtype, text, ttl)

    def _replace_all(self, draft: Draft, old: Sequence[Row], items: Sequence[tuple[str, Wanted]]) -> None:
        draft.remove(row for row in old if not _is_apex_ns(draft.zone, row.owner, row.served_type))
        for owner, wanted in items:
            if not _is_apex_ns(draft.zone, owner, wanted.rtype):
                self._replace(draft, owner, wanted)

    def _protect(self, zone: Zone, owner: str, rtype: str) -> None:
        if _is_apex_ns(zone, owner, rtype):
            raise self.shapes.invalid("rrset_type", "the NS records of the apex cannot be changed")

    def delete(self, call: Call) -> Response:
        zone, name, rtype = self._zone(call), call.params.get("name"), call.params.get("type", "").upper()
        with self._store.editing(zone.name) as draft:
            gone = [
                row
                for (at, kind), rows in grouped(draft.zone).items()
                for row in rows
                if name in (None, at) and rtype in ("", kind) and not _is_apex_ns(zone, row.owner, kind)
            ]
            if rtype and not gone:
                raise self.shapes.missing_rrset(str(name), rtype)
            draft.remove(gone)
            draft.publish()
        return empty(204)


def _is_apex_ns(zone: Zone, owner: str, rtype: str) -> bool:
    return rtype == "NS" and owner.lower() == zone.name


def _records_href(call: Call, zone: Zone) -> str:
    return f"{call.base}{BASE}/domains/{zone.name.removesuffix('.')}/records"


def _domain(call: Call, zone: Zone) -> dict[str, Any]:
    href = f"{call.base}{BASE}/domains/{zone.name.removesuffix('.')}"
    return {
        "fqdn": zone.name.removesuffix("."),
        "automatic_snapshots": True,
        "domain_href": href,
        "domain_keys_href": f"{href}/keys",
        "domain_records_href": f"{href}/records",
    }
