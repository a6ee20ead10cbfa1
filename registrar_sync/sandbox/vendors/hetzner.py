"""Hetzner's Cloud API (v1), its DNS part: whole RRsets, changed by actions that take their time.

docs.hetzner.cloud/reference/cloud and lexicon's recordings of January 2026; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.hetzner_actions import ActionLog
from registrar_sync.sandbox.vendors.hetzner_sets import TYPES, Key, Sets, invalid, owner_of, refusal, ttl_of
from registrar_sync.sandbox.web import Action, Call, Json, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

TOKEN = "Bearer sandbox"  # noqa: S105 - what every credential of the sandbox is
RATE = {"ratelimit-limit": "3600", "ratelimit-remaining": "3599", "ratelimit-reset": "1768313803"}  # recorded


def hetzner_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Hetzner(store, switches)
    zone, rrsets = "/zones/{zone}", "/zones/{zone}/rrsets"
    rrset = rrsets + "/{name}/{type}"
    reads: dict[str, Action] = {
        "/zones": vendor.zones,
        "/zones/actions/{id}": vendor.action_below_zones,
        "/actions/{id}": vendor.action,
        zone: vendor.zone,
        rrsets: vendor.rrsets,
        rrset: vendor.rrset,
    }
    writes: list[tuple[str, str, Action]] = [
        ("POST", rrsets, vendor.create),
        ("PUT", rrset, vendor.label),
        ("DELETE", rrset, vendor.delete),
        ("POST", rrset + "/actions/{command}", vendor.change),
    ]
    return vendor_app(
        [route("GET", path, action, vendor.check_login) for path, action in reads.items()]
        + [route(method, path, action, vendor.check_right) for method, path, action in writes],
        lambda status: refusal(status, "not_found" if status == 404 else "method_not_allowed", "not found").response,
    )


class _Hetzner:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._sets = Sets(switches)
        self._actions = ActionLog(store, switches)

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def check_login(self, call: Call) -> None:
        if call.headers.get("authorization") != TOKEN:
            raise refusal(401, "unauthorized", "unable to authenticate")
        self._actions.carry_out_due()

    def check_right(self, call: Call) -> None:
        self.check_login(call)
        if not self._switches.hetzner_token_may_write:
            raise refusal(403, "token_readonly", "the token is only allowed to perform GET requests")

    def _zone(self, call: Call) -> Zone:
        asked = call.params["zone"]
        for zone in self._store.hosted():
            if asked in (zone.name.removesuffix("."), str(zone_id(zone))):
                return zone
        raise refusal(404, "not_found", "Zone not found")

    def _key(self, zone: Zone, call: Call) -> Key:
        if call.params["type"] not in TYPES:
            raise invalid("rr_type", "unknown")
        owner_of(zone, call.params["name"])
        return zone.name, call.params["name"], call.params["type"]

    def _rows(self, zone: Zone, key: Key) -> list[Row]:
        found = self._sets.all_of(zone, self._soa(zone)).get(key[1:])
        if not found:
            raise refusal(404, "not_found", "RRSet not found")
        return found

    def _soa(self, zone: Zone) -> Row:
        text = zone.soa.format(serial=zone.served(self._store.now()).serial)
        return Row(number=0, owner=zone.name, rtype="SOA", text=text, ttl=zone.soa_ttl)

    # --- reading -----------------------------------------------------------------------------------------------------
    def zones(self, call: Call) -> Response:
        shown = [self._shown_zone(zone) for zone in self._store.hosted()]
        return self._page(call, "zones", [zone for zone in shown if call.query.get("name") in (None, zone["name"])])

    def zone(self, call: Call) -> Response:
        return Json({"zone": self._shown_zone(self._zone(call))}, headers=RATE)

    def _shown_zone(self, zone: Zone) -> dict[str, Any]:
        return {
            "id": zone_id(zone),
            "name": zone.name.removesuffix("."),
            "mode": self._switches.hetzner_zone_mode,
            "ttl": zone.default_ttl,
            "labels": {},
            "primary_nameservers": [],
            "created": "2025-10-28T13:34:24Z",
            "protection": {"delete": False},
            "status": "ok",
            "record_count": len(zone.rows) + 1,
            "registrar": "other",
        }

    def rrsets(self, call: Call) -> Response:
        zone, names, types = self._zone(call), call.query.getlist("name"), call.query.getlist("type")
        found = [
            self._sets.shown(zone, name, rows, zone_id(zone))
            for (name, rtype), rows in self._sets.all_of(zone, self._soa(zone)).items()
            if (not names or name in names) and (not types or rtype in types)
        ]
        return self._page(call, "rrsets", found)

    def rrset(self, call: Call) -> Response:
        zone = self._zone(call)
        key = self._key(zone, call)
        return Json({"rrset": self._sets.shown(zone, key[1], self._rows(zone, key), zone_id(zone))}, headers=RATE)

    def _page(self, call: Call, name: str, items: Sequence[Any]) -> Response:
        number, size = _number(call, "page", 1), _number(call, "per_page", self._switches.hetzner_page_size)
        last = max(1, -(-len(items) // size))
        pagination = {
            "page": number,
            "per_page": size,
            "previous_page": number - 1 if number > 1 else None,
            "next_page": number + 1 if number < last else None,
            "last_page": last,
            "total_entries": len(items),
        }
        body = {name: items[(number - 1) * size : number * size], "meta": {"pagination": pagination}}
        return Json(body, headers=RATE)

    def action_below_zones(self, call: Call) -> Response:
        return self._action(call, hidden="global")

    def action(self, call: Call) -> Response:
        return self._action(call, hidden="zones")

    def _action(self, call: Call, *, hidden: str) -> Response:
        found = None if self._switches.hetzner_action_paths == hidden else self._actions.shown(call.params["id"])
        if found is None:
            raise refusal(404, "not_found", "Action not found")
        return Json({"action": found}, headers=RATE)

    # --- writing -----------------------------------------------------------------------------------------------------
    def create(self, call: Call) -> Response:
        zone, sent = self._zone(call), _body(call)
        name, rtype = sent.get("name"), sent.get("type")
        if not isinstance(name, str) or rtype not in TYPES:
            raise invalid("name", "name and type are required")
        owner, key = owner_of(zone, name), (zone.name, name, rtype)
        wanted, ttl = self._sets.wanted(zone, rtype, sent), ttl_of(sent)
        if key[1:] in self._sets.all_of(zone, self._soa(zone)):
            raise refusal(409, self._switches.hetzner_existing_code, "RRSet already exists")
        if any((row.served_type == "CNAME") != (rtype == "CNAME") for row in zone.at(owner)):
            raise invalid("type", "a CNAME cannot stand beside other types")

        def do(draft: Draft) -> None:
            self._sets.labels[key] = dict(sent.get("labels") or {})
            self._sets.replace(draft, key, wanted, ttl)

        shown = {"id": f"{name}/{rtype}", "name": name, "type": rtype, "ttl": sent.get("ttl"), "zone": zone_id(zone)}
        return self._started(zone, "create_rrset", do, {"rrset": shown | {"records": sent["records"]}})

    def label(self, call: Call) -> Response:
        zone = self._zone(call)
        key = self._key(zone, call)
        self._rows(zone, key)
        self._sets.labels[key] = dict(_body(call).get("labels") or {})
        return self.rrset(call)

    def delete(self, call: Call) -> Response:
        zone = self._zone(call)
        key = self._key(zone, call)
        self._check_changeable(zone, key)

        def do(draft: Draft) -> None:
            draft.remove(self._sets.standing(draft.zone, key))
            self._sets.forget(key)

        return self._started(zone, "delete_rrset", do)

    def change(self, call: Call) -> Response:
        zone, sent, command = self._zone(call), _body(call), call.params["command"]
        key = self._key(zone, call)
        if command == "change_protection":
            return self._protect(zone, key, sent)
        if command != "add_records" or self._has(zone, key):
            self._check_changeable(zone, key)
        if command == "change_ttl":
            return self._started(zone, "change_rrset_ttl", self._ttl_change(key, ttl_of(sent)))
        if command == "set_records":
            wanted = self._sets.wanted(zone, key[2], sent)
            return self._started(zone, "set_rrset_records", lambda draft: self._sets.replace(draft, key, wanted, 0))
        if command == "add_records":
            return self._started(zone, "add_rrset_records", self._addition(zone, key, sent))
        raise refusal(404, "not_found", "not found")

    def _ttl_change(self, key: Key, ttl: int) -> Callable[[Draft], object]:
        return lambda draft: [draft.change(row, ttl=ttl) for row in self._sets.standing(draft.zone, key)]

    def _addition(self, zone: Zone, key: Key, sent: Mapping[str, Any]) -> Callable[[Draft], object]:
        wanted, ttl, standing = self._sets.wanted(zone, key[2], sent), ttl_of(sent), self._sets.standing(zone, key)
        if standing and "ttl" in sent and ttl != standing[0].ttl:
            raise invalid("ttl", "must be the RRSet's own")

        def do(draft: Draft) -> None:
            there = {row.text: row.ttl for row in self._sets.standing(draft.zone, key)}
            for one in wanted:
                if one.text not in there:
                    draft.add(owner_of(zone, key[1]), key[2], one.text, next(iter(there.values()), ttl))

        return do

    def _has(self, zone: Zone, key: Key) -> bool:
        return key[1:] in self._sets.all_of(zone, self._soa(zone))

    def _check_changeable(self, zone: Zone, key: Key) -> None:
        self._rows(zone, key)
        if key in self._sets.protected:
            raise refusal(self._switches.hetzner_protected_status, "protected", "RRSet(s) is/are change protected")
        if key[2] == "SOA":
            raise invalid("rr_type", "the SOA is the API's")

    def _protect(self, zone: Zone, key: Key, sent: Mapping[str, Any]) -> Response:
        self._rows(zone, key)
        (self._sets.protected.add if sent.get("change") else self._sets.protected.discard)(key)
        return self._started(zone, "change_rrset_protection", lambda _: None)

    def _started(
        self, zone: Zone, command: str, change: Callable[[Draft], object], more: Mapping[str, Any] | None = None
    ) -> Response:
        if self._switches.hetzner_zone_mode != "primary":
            raise refusal(422, "incorrect_zone_mode", "This operation is not supported for this Zone's mode.")
        if self._switches.hetzner_locks and self._actions.is_running(zone.name):
            raise refusal(423, "locked", "Zone is locked: another action is running")
        action = self._actions.start(zone, zone_id(zone), command, change)
        return Json({**(more or {}), "action": action}, 201, RATE)


def zone_id(zone: Zone) -> int:
    """A number of five digits, always the same."""
    return 10_000 + zlib.crc32(zone.name.encode()) % 90_000


def _body(call: Call) -> dict[str, Any]:
    try:
        sent = call.json()
    except ValueError:
        raise refusal(400, "json_error", "invalid JSON") from None
    if not isinstance(sent, dict):
        raise refusal(400, "json_error", "an object is expected")
    return sent


def _number(call: Call, name: str, default: int) -> int:
    asked = call.query.get(name, str(default))
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) > 0):
        raise invalid(name, "must be a positive number")
    return int(asked)
