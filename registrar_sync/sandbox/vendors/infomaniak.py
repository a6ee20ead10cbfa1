"""Infomaniak's DNS zones (API v2): records with ids, served at once; one SPF record, and no MX that points at its own name.

From the vendor's terraform provider and the clients octodns-infomaniak, dnscontrol, community.dns, lego and libdns; no traffic
of this version was recorded. What they contradict each other in is in ``switches``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare
from registrar_sync.sandbox.vendors.infomaniak_records import Errors, Records, record_id
from registrar_sync.sandbox.web import Call, Json, route, vendor_app
from registrar_sync.sandbox.zone import Row, Zone

TOKEN = "sandbox"  # noqa: S105 - what the sandbox takes


def infomaniak_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Infomaniak(store, switches)
    zone, records = "/2/zones/{zone}", "/2/zones/{zone}/records"
    record = records + "/{id}"
    endpoints: list[tuple[str, str, Callable[[Call], Response]]] = [
        ("GET", "/2/domains/domains", vendor.domains),
        ("GET", "/2/domains/{name}/zones", vendor.zones_of),
        ("GET", zone, vendor.read_zone),
        ("GET", zone + "/exists", vendor.exists),
        ("GET", records, vendor.list_records),
        ("POST", records, vendor.create),
        ("GET", record, vendor.read),
        ("PUT", record, vendor.update),
        ("DELETE", record, vendor.delete),
    ]
    return vendor_app([route(method, path, action, vendor.check) for method, path, action in endpoints], vendor.no_endpoint)


class _Infomaniak:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._errors = Errors(switches)
        self._records = Records(switches, self._errors)
        self._lock = threading.Lock()
        self._times: list[float] = []

    def no_endpoint(self, status: int) -> Response:
        # acme.sh issue 3188
        return self._errors.reply(status, "method_not_found", "Method not found")

    def check(self, call: Call) -> None:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            # the code: Infomaniak/certbot-dns-infomaniak; 401 for a bad token, 403 for a missing scope are users' reports
            raise self._errors.refusal(401, "not_authorized", "Authorization required")
        most = self._switches.infomaniak_requests_per_minute
        with self._lock:
            now = self._store.now()
            self._times = [time for time in self._times if time > now - 60]
            if most and len(self._times) >= most:
                raise self._errors.refusal(429, "too_many_requests", "Too many requests")
            self._times.append(now)

    def _zone(self, call: Call) -> Zone:
        found = self._store.zones().get(call.params["zone"].lower() + ".")
        if not found or not found.hosted:
            raise self._errors.refusal(404, "object_not_found", "Object not found")
        return found

    def _row(self, zone: Zone, call: Call) -> Row:
        row = next((row for row in zone.rows if str(record_id(zone, row)) == call.params["id"]), None)
        if row is None:
            raise self._errors.refusal(404, "object_not_found", "Object not found")
        return row

    # --- reading -----------------------------------------------------------------------------------------------------
    def domains(self, call: Call) -> Response:
        return self._paged(
            call, [{"name": _plain(zone), "tld": _plain(zone).rpartition(".")[2]} for zone in self._store.hosted()]
        )

    def zones_of(self, call: Call) -> Response:
        name = call.params["name"].lower() + "."
        found = [zone for zone in self._store.hosted() if name == zone.name or name.endswith("." + zone.name)]
        return _success([_shown(zone) for zone in found])

    def read_zone(self, call: Call) -> Response:
        zone = self._zone(call)
        with_records = "records" in call.query.get("with", "").split(",")
        rows = {"records": [self._records.shown(zone, row) for row in zone.rows]} if with_records else {}
        return _success(_shown(zone) | rows)

    def exists(self, call: Call) -> Response:
        name = call.params["zone"].lower() + "."
        if self._switches.infomaniak_exists_reply == "false" and not any(zone.name == name for zone in self._store.hosted()):
            return _success(False)
        self._zone(call)
        return _success(True)

    def list_records(self, call: Call) -> Response:
        zone = self._zone(call)
        rows = [self._records.shown(zone, row) for row in zone.rows]
        types = call.query.getlist("filter[types][]")
        source = call.query.get("filter[source]")
        return self._paged(call, [row for row in rows if (not types or row["type"] in types) and source in (None, row["source"])])

    def _paged(self, call: Call, items: Sequence[dict[str, Any]]) -> Response:
        if self._switches.infomaniak_paging == "ignored" or not ("page" in call.query or "per_page" in call.query):
            return _success(list(items))
        number, size = (self._count(call, name, default) for name, default in (("page", 1), ("per_page", 15)))
        size = min(size, self._switches.infomaniak_page_size)
        body: dict[str, Any] = {"result": "success", "data": list(items[(number - 1) * size : number * size])}
        if self._switches.infomaniak_paging == "with-totals":
            body |= {"total": len(items), "page": number, "pages": max(1, -(-len(items) // size)), "items_per_page": size}
        return Json(body)

    def _count(self, call: Call, name: str, default: int) -> int:
        text = call.query.get(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
            raise self._errors.invalid(name, "attribute_min_value", f"The {name} is invalid")
        return int(text[:9])

    def read(self, call: Call) -> Response:
        zone = self._zone(call)
        return _success(self._records.shown(zone, self._row(zone, call)))

    # --- writing -----------------------------------------------------------------------------------------------------
    def create(self, call: Call) -> Response:
        zone, sent = self._zone(call), self._body(call)
        rtype, owner = self._records.rtype(sent), zone.owner_of(self._records.label(sent))
        text, ttl = self._records.text(zone, rtype, sent), self._records.ttl(sent)
        with self._store.editing(zone.name) as draft:
            self._check_beside(draft, None, owner, rtype, text)
            row = draft.add(owner, rtype, text, ttl)
            draft.publish()
        return _success(self._records.shown(zone, row), 201)

    def update(self, call: Call) -> Response:
        """Target and TTL; whatever else is sent is passed over."""
        zone, sent = self._zone(call), self._body(call)
        with self._store.editing(zone.name) as draft:
            row = self._row(draft.zone, call)
            text, ttl = self._records.text(zone, row.rtype, sent), self._records.ttl(sent)
            self._check_beside(draft, row, row.owner, row.rtype, text)
            row = draft.change(row, text=text, ttl=ttl)
            draft.publish()
        return _success(self._records.shown(zone, row))

    def _check_beside(self, draft: Draft, own: Row | None, owner: str, rtype: str, text: str) -> None:
        """What the vendor refuses beside what stands there (stalwartlabs/dns-update issue 57)."""
        scope, status = self._switches.infomaniak_second_spf, self._switches.infomaniak_refusal_status
        beside = [row for row in draft.zone.rows if scope == "refused-in-zone" or row.stands_at(owner)]
        makes_one = rtype == "TXT" and _is_spf(text) and not (own and _is_spf(own.text))
        if makes_one and scope != "accepted" and any(row.rtype == "TXT" and _is_spf(row.text) for row in beside):
            code = "you_can_only_add_one_spf_save_for_each_dns_zone"
            raise self._errors.refusal(status, code, "You can only add one SPF record for each DNS zone")
        itself = rtype == "MX" and text.rsplit(maxsplit=1)[-1].lower() == owner.lower()
        if itself and self._switches.infomaniak_mx_to_itself == "refused":
            code = "mx_entries_must_not_point_to_the_same_fqdn"
            raise self._errors.refusal(status, code, "MX entries must not point to the same FQDN")

    def delete(self, call: Call) -> Response:
        zone = self._zone(call)
        with self._store.editing(zone.name) as draft:
            draft.remove([self._row(draft.zone, call)])
            draft.publish()
        return _success(True)

    def _body(self, call: Call) -> dict[str, Any]:
        try:
            sent = call.json()
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            raise self._errors.refusal(400, "bad_request", "The body is no JSON object")
        return sent


def _success(data: object, status: int = 200) -> Response:
    return Json({"result": "success", "data": data}, status)


def _plain(zone: Zone) -> str:
    return zone.name.removesuffix(".")


def _shown(zone: Zone) -> dict[str, Any]:
    servers = [row.text.removesuffix(".") for row in zone.at(zone.name, "NS")]
    return {"id": zone.next_number, "fqdn": _plain(zone), "dnssec": {"is_enabled": False}, "nameservers": servers}


def _is_spf(text: str) -> bool:
    return bare(text).lower().startswith("v=spf1")
