"""Yandex Cloud DNS v1, with what its resource manager and its operations answer: whole record sets, changed by operations.

yandex-cloud/docs, en/dns/api-ref, and lexicon's recordings of 2022; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.yandexcloud_sets import (
    CHANGED,
    DENIED,
    EXISTS,
    INVALID,
    NOT_FOUND,
    UNAUTHENTICATED,
    RecordSet,
    Sets,
    refusal,
)
from registrar_sync.sandbox.web import Action, Call, Json, Refusal, route, vendor_app
from registrar_sync.sandbox.zone import Zone

TOKEN = "Bearer sandbox"  # noqa: S105 - what every credential of the sandbox is
CLOUD = "b1gsandboxcloud00000"
_CONDITION = re.compile(r"""(name|type|zone) *= *["']([^"']*)["']""")


def yandexcloud_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints of all three services, below one path."""
    vendor = _YandexCloud(store, switches)
    zone = "/zones/{zone}"
    reads: dict[str, Action] = {
        f"{zone}:listRecordSets": vendor.record_sets,
        f"{zone}:getRecordSet": vendor.record_set,
        zone: vendor.zone,
        "/zones": vendor.zones,
        "/clouds": lambda call: vendor.page(call, "clouds", [{"id": CLOUD, "name": "sandbox"}]),
        "/folders": vendor.folders,
        "/operations/{id}": vendor.operation,
    }
    writes: dict[str, Action] = {f"{zone}:updateRecordSets": vendor.update, f"{zone}:upsertRecordSets": vendor.upsert}
    return vendor_app(
        [route("GET", path, action, vendor.check_login) for path, action in reads.items()]
        + [route("POST", path, action, vendor.check_right) for path, action in writes.items()],
        lambda status: refusal(NOT_FOUND if status == 404 else INVALID, "Not found").response,
    )


@dataclass(slots=True)
class _Operation:
    """One write. ``change``: what is still to be done; ``shown``: how it is shown once it is done."""

    ends: float
    zone: str
    shown: dict[str, Any]
    change: Callable[[Draft], object] | None

    def shown_at(self, now: float) -> dict[str, Any]:
        """``done`` and the end are left out while it runs."""
        return {"done": True, **self.shown} if self.ends <= now else {key: self.shown[key] for key in ("id", "description")}


class _YandexCloud:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._sets = Sets(switches)
        self._operations: list[_Operation] = []
        self._lock = threading.RLock()

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def check_login(self, call: Call) -> None:
        if call.headers.get("authorization") != TOKEN:
            raise refusal(UNAUTHENTICATED, "The token is invalid")
        self._carry_out_due()

    def check_right(self, call: Call) -> None:
        self.check_login(call)
        if not self._switches.yandexcloud_may_write:
            raise refusal(DENIED, "Permission denied")

    def _zone(self, call: Call) -> Zone:
        for zone in self._store.hosted():
            if call.params["zone"] in (zone_id(zone), zone_id(zone, "private")):
                return zone
        raise refusal(NOT_FOUND, f"DnsZone not found: DnsZone.Id(id={call.params['zone']})")

    # --- reading -----------------------------------------------------------------------------------------------------
    def page(self, call: Call, key: str, items: Sequence[Any]) -> Response:
        """An empty list is left out (recorded)."""
        size = min(int(call.query.get("pageSize", "1000")), self._switches.yandexcloud_page_size)
        first = int(call.query.get("pageToken") or 0)
        following = {"nextPageToken": str(first + size)} if first + size < len(items) else {}
        return Json({**({key: items[first : first + size]} if items else {}), **following})

    def folders(self, call: Call) -> Response:
        if call.query.get("cloudId") != CLOUD:
            raise refusal(DENIED, "Permission denied")
        return self.page(
            call, "folders", [{"id": folder(n), "cloudId": CLOUD} for n in range(self._switches.yandexcloud_folders)]
        )

    def zones(self, call: Call) -> Response:
        """Of the first folder."""
        asked = dict(_CONDITION.findall(call.query.get("filter", "")))
        if not call.query.get("folderId"):
            raise refusal(INVALID, "folder_id: Field is required")
        found = [shown for zone in self._store.hosted() for shown in self._shown(zone)] if self._is_ours(call) else []
        return self.page(call, "dnsZones", [zone for zone in found if asked.get("zone", zone["zone"]) == zone["zone"]])

    def _is_ours(self, call: Call) -> bool:
        if call.query["folderId"] not in [folder(n) for n in range(self._switches.yandexcloud_folders)]:
            raise refusal(DENIED, "Permission denied")
        return call.query["folderId"] == folder(0)

    def zone(self, call: Call) -> Response:
        return Json(next(shown for shown in self._shown(self._zone(call), both=True) if shown["id"] == call.params["zone"]))

    def _shown(self, zone: Zone, *, both: bool = False) -> list[dict[str, Any]]:
        kinds = {"private", "public"} if both or self._switches.yandexcloud_visibility == "both" else set()
        return [
            {f"{kind}Visibility": {}, "id": zone_id(zone, kind), "folderId": folder(0), "zone": zone.name}
            for kind in sorted(kinds | {self._switches.yandexcloud_visibility} - {"both"})
        ]

    def record_sets(self, call: Call) -> Response:
        zone, asked = self._zone(call), dict(_CONDITION.findall(call.query.get("filter", "")))
        found = {
            key: rows
            for key, rows in self._sets.all_of(zone).items()
            if asked.get("name", key[0]) == key[0] and asked.get("type", key[1]) == key[1]
        }
        return self.page(call, "recordSets", [self._sets.shown(zone, key, rows) for key, rows in found.items()])

    def record_set(self, call: Call) -> Response:
        zone, key = self._zone(call), (call.query.get("name", ""), call.query.get("type", ""))
        rows = self._sets.all_of(zone).get(key)
        if not rows:
            raise refusal(NOT_FOUND, f"RecordSet not found: RecordSet.Id(name={key[0]}, rrType={key[1]})")
        return Json(self._sets.shown(zone, key, rows))

    # --- writing -----------------------------------------------------------------------------------------------------
    def update(self, call: Call) -> Response:
        """Strict: what goes must stand there exactly so, and what comes must not stand there."""
        zone, deletions, additions = self._sent(call, "deletions", "additions")
        try:
            self._check(zone, deletions, additions)
        except Refusal as changed:
            if self._switches.yandexcloud_refused_in == "answer":
                raise
            return self._started(zone, None, changed.response.body)
        return self._started(zone, lambda draft: self._replace(draft, deletions, additions))

    def upsert(self, call: Call) -> Response:
        """Only ``replacements``: whatever stands there goes."""
        zone, replacements = self._sent(call, "replacements")
        return self._started(zone, lambda draft: self._replace(draft, replacements, replacements))

    def _sent(self, call: Call, *keys: str) -> Any:
        zone = self._zone(call)
        try:
            sent = call.json()
            lists = [[self._sets.wanted(zone, one) for one in sent.get(key, [])] for key in keys]
        except (ValueError, AttributeError, TypeError):
            raise refusal(INVALID, "Bad request") from None
        return zone, *lists

    def _check(self, zone: Zone, deletions: Sequence[RecordSet], additions: Sequence[RecordSet]) -> None:
        standing = {key: self._sets.shown(zone, key, rows) for key, rows in self._sets.all_of(zone).items()}
        for one in deletions:
            if not (found := standing.pop(one.key, None)):
                raise self._strict(NOT_FOUND, f"RecordSet not found: {one.key}")
            if (found["ttl"], found["data"]) != (str(one.ttl), list(one.data)):
                raise self._strict(CHANGED, f"RecordSet has another ttl or other data: {one.key}")
        for one in additions:
            if one.key in standing:
                raise self._strict(EXISTS, f"RecordSet exists: {one.key}")
            if any(owner == one.key[0] and "CNAME" in (rtype, one.key[1]) for owner, rtype in standing):
                raise refusal(INVALID, "a CNAME cannot stand beside other records")
            standing[one.key] = {}

    def _strict(self, code: int, message: str) -> Refusal:
        return refusal(code if self._switches.yandexcloud_strict_codes == "by-kind" else INVALID, message)

    def _replace(self, draft: Draft, gone: Sequence[RecordSet], wanted: Sequence[RecordSet]) -> None:
        keys = {one.key for one in gone}
        draft.remove(row for row in draft.zone.rows if (row.owner.lower(), row.rtype) in keys)
        for one in wanted:
            for text, beside in zip(one.texts, one.beside, strict=True):
                draft.add(*one.key, text, one.ttl, beside=beside)
        draft.publish()

    def _started(self, zone: Zone, change: Callable[[Draft], object] | None, error: bytes | memoryview = b"") -> Response:
        with self._lock:
            end = {"error": json.loads(bytes(error))} if error else {"response": {}}
            shown = {"id": f"dns{len(self._operations):017d}", "description": "Update DNS RecordSets", **end}
            ends = self._store.now() + self._switches.yandexcloud_operation_s
            self._operations.append(_Operation(ends, zone.name, shown, change))
            self._carry_out_due()
            return Json(self._operations[-1].shown_at(self._store.now()))

    def _carry_out_due(self) -> None:
        with self._lock:
            for operation in self._operations:
                change = operation.change
                if change and operation.ends <= self._store.now():
                    operation.change = None
                    with self._store.editing(operation.zone) as draft:
                        change(draft)

    def operation(self, call: Call) -> Response:
        with self._lock:
            for operation in self._operations:
                if operation.shown["id"] == call.params["id"]:
                    return Json(operation.shown_at(self._store.now()))
        raise refusal(NOT_FOUND, "Operation not found")


def zone_id(zone: Zone, kind: str = "public") -> str:
    """20 characters, always the same."""
    return "dns" + hashlib.sha256(f"{kind} {zone.name}".encode()).hexdigest()[:17]


def folder(number: int) -> str:
    """A folder's id."""
    return f"b1gsandboxfolder{number:04d}"
