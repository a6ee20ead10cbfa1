"""OVH's ``/domain/zone`` (API 1.0): records one by one, staged until a refresh.

Recorded by lexicon in 2018; what changed since, and what nobody recorded, is in ``switches``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.ovh_login import Login, done, refusal, reply
from registrar_sync.sandbox.vendors.ovh_records import Records, body_of, label_in, ttl_in, unsorted_ids
from registrar_sync.sandbox.web import Call, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

NO_SUCH_URL = "Got an invalid (or empty) URL"
NO_SUCH_ZONE = "This service does not exist"
READ_ONLY = ("fieldType", "id", "zone")


def ovh_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor, login = _Ovh(store, switches), Login(switches, store.now)
    zone, records = "/domain/zone/{zone}", "/domain/zone/{zone}/record"
    record = records + "/{id}"
    return vendor_app(
        [
            route("GET", "/auth/time", vendor.time),
            route("GET", "/domain/zone", vendor.zones, login.check),
            route("GET", "/domain/zone/", vendor.zones, login.check),
            route("GET", zone, vendor.zone, login.check),
            route("GET", zone + "/status", vendor.status, login.check),
            route("GET", zone + "/soa", vendor.soa, login.check),
            route("GET", records, vendor.list_records, login.check),
            route("POST", records, vendor.create, login.check),
            route("GET", record, vendor.read, login.check),
            route("PUT", record, vendor.update, login.check),
            route("DELETE", record, vendor.delete, login.check),
            route("POST", zone + "/refresh", vendor.refresh, login.check_refresh),
        ],
        _no_endpoint,
    )


def _no_endpoint(status: int) -> Response:
    kind, message = ("NotFound", NO_SUCH_URL) if status == 404 else ("MethodNotAllowed", "Method not allowed")
    return refusal(status, kind, message).response


class _Ovh:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._records = Records(switches)

    def time(self, _: Call) -> Response:
        return reply(int(self._store.now()))

    def zones(self, _: Call) -> Response:
        return reply([zone.name.removesuffix(".") for zone in self._store.hosted()])

    def _zone(self, call: Call) -> Zone:
        name = call.params["zone"].lower()
        if name in self._switches.ovh_expired_zones:
            raise refusal(460, "ServiceExpired", "This service is expired")
        found = self._store.zones().get(name + ".")
        if not found or not found.hosted:
            raise refusal(404, "NotFound", NO_SUCH_ZONE)
        return found

    def zone(self, call: Call) -> Response:
        zone = self._zone(call)
        asked = zone.served(self._store.now()).asked
        return reply(
            {
                "name": zone.name.removesuffix("."),
                "dnssecSupported": True,
                "hasDnsAnycast": False,
                "nameServers": [row.text.removesuffix(".") for row in zone.at(zone.name, "NS")],
                "lastUpdate": datetime.fromtimestamp(asked, UTC).isoformat(timespec="seconds"),
            }
        )

    def status(self, call: Call) -> Response:
        publishing = self._zone(call).is_publishing(self._store.now())
        falls = {"always": False, "falls-during-refresh": publishing, "never": True}[self._switches.ovh_is_deployed]
        return reply({"warnings": None, "errors": None, "isDeployed": not falls})

    def soa(self, call: Call) -> Response:
        zone = self._zone(call)
        server, email, _, refresh, _, expire, minimum = zone.soa.split()
        return reply(
            {
                "server": server,
                "email": email,
                "serial": zone.served(self._store.now()).serial,
                "refresh": int(refresh),
                "expire": int(expire),
                "nxDomainTtl": int(minimum),
                "ttl": zone.soa_ttl,
            }
        )

    def list_records(self, call: Call) -> Response:
        zone, label, field_type = self._zone(call), call.query.get("subDomain"), call.query.get("fieldType")
        rows = [
            row
            for row in zone.rows
            if not row.disabled and field_type in (None, row.rtype) and (label is None or row.stands_at(zone.owner_of(label)))
        ]
        return reply(unsorted_ids(zone, rows))

    def read(self, call: Call) -> Response:
        zone = self._zone(call)
        row = self._records.find(zone, call.params["id"])
        if self._store.now() < row.created + self._switches.ovh_new_record_hidden_s:
            raise self._records.missing(call.params["id"])
        return reply(self._records.shown(zone, row))

    def create(self, call: Call) -> Response:
        zone, sent = self._zone(call), body_of(call)
        label, ttl = label_in(sent), ttl_in(sent)
        field_type = self._records.field_type(sent, label)
        text = self._text(zone, field_type, sent.get("target"))
        with self._store.editing(zone.name) as draft:
            self._records.check_beside(draft, zone.owner_of(label), field_type, text)
            row = draft.add(zone.owner_of(label), field_type, text, ttl)
        return reply(self._created(zone, row, str(sent["target"])))

    def _created(self, zone: Zone, row: Row, target: str) -> dict[str, Any]:
        shown = self._records.shown(zone, row)
        if not self._switches.ovh_post_reply_quoted:
            shown["target"] = target
        if self._switches.ovh_post_reply_id_zero:
            shown["id"] = 0
        return shown

    def _text(self, zone: Zone, field_type: str, target: object) -> str:
        bad = refusal(400, "BadRequest", f"Invalid subfield found in {field_type} : {target}")
        if not isinstance(target, str):
            raise bad
        try:
            text = self._records.text(field_type, target)
            rdata_of(field_type, text, zone.name)
        except ValueError:
            raise bad from None
        return text

    def update(self, call: Call) -> Response:
        zone, sent = self._zone(call), body_of(call)
        altered = [name for name in READ_ONLY if name in sent]
        if altered:
            raise refusal(400, "BadRequest", f"Try to alter read-only properties: {', '.join(altered)}")
        with self._store.editing(zone.name) as draft:
            row = self._records.find(draft.zone, call.params["id"])
            label = label_in(sent, draft.zone.label_of(row.owner))
            text = self._text(zone, row.rtype, sent["target"]) if "target" in sent else row.text
            draft.change(row, owner=zone.owner_of(label), text=text, ttl=ttl_in(sent, row.ttl))
        return done(self._switches.ovh_write_reply)

    def delete(self, call: Call) -> Response:
        zone = self._zone(call)
        with self._store.editing(zone.name) as draft:
            draft.remove([self._records.find(draft.zone, call.params["id"])])
        return done(self._switches.ovh_write_reply)

    def refresh(self, call: Call) -> Response:
        zone = self._zone(call)
        with self._store.editing(zone.name) as draft:
            busy = any(draft.now < min(one.due, one.asked + self._switches.ovh_refresh_s) for one in draft.zone.publications)
            if busy:
                status = self._switches.ovh_refresh_overlap_status
                raise refusal(status, "Conflict", "A refresh of this zone is already in progress")
            draft.publish()
        return done(self._switches.ovh_refresh_reply)
