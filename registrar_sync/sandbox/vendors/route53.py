"""AWS Route 53, API version 2013-04-01: XML, signed requests, record sets changed in batches.

The vendor's API reference and developer guide, and lexicon's recordings of 2022; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.route53_sets import Batch, RecordSet, place_of, record_sets, shown_name
from registrar_sync.sandbox.vendors.route53_signature import check_signature
from registrar_sync.sandbox.vendors.route53_xml import answer, batch_of, batch_refusal, leaf, refusal, tag
from registrar_sync.sandbox.web import Action, Call, route, vendor_app
from registrar_sync.sandbox.zone import Zone

T = TypeVar("T")

_ZONES_A_PAGE = 100


def route53_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints."""
    vendor = _Route53(store, switches)
    root = "/2013-04-01"
    zone = root + "/hostedzone/{zone}"
    endpoints: list[tuple[str, str, str, Action]] = [
        ("GET", root + "/hostedzone", "ListHostedZones", vendor.zones),
        ("GET", root + "/hostedzonesbyname", "ListHostedZonesByName", vendor.zones_by_name),
        ("GET", zone, "GetHostedZone", vendor.zone),
        ("GET", zone + "/rrset", "ListResourceRecordSets", vendor.record_sets),
        ("POST", zone + "/rrset", "ChangeResourceRecordSets", vendor.change),
        ("POST", zone + "/rrset/", "ChangeResourceRecordSets", vendor.change),
        ("GET", root + "/change/{change}", "GetChange", vendor.change_status),
    ]
    return vendor_app(
        [route(method, path, action, vendor.guard(named)) for method, path, named, action in endpoints], _no_endpoint
    )


def _no_endpoint(status: int) -> Response:
    return refusal(status, "UnknownOperationException", "The requested operation does not exist.").response


def zone_id(name: str, *, private: bool = False) -> str:
    """As the vendor's look: a Z, then letters and digits."""
    return "Z" + hashlib.sha256(f"{name}{private}".encode()).hexdigest()[:20].upper()


class _Route53:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._due: dict[str, float] = {}

    def guard(self, action: str) -> Callable[[Call], None]:
        def check(call: Call) -> None:
            check_signature(call, self._store.now(), self._switches.route53_clock_window_s)
            if action in self._switches.route53_denied:
                who = "User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform"
                raise refusal(403, "AccessDenied", f"{who}: route53:{action} because no identity-based policy allows it")

        return check

    # --- zones -------------------------------------------------------------------------------------------------------
    def _hosted(self) -> list[tuple[Zone, bool]]:
        """Each zone, and whether it is the private one; by reversed names."""
        hosted = [(zone, False) for zone in self._store.hosted()]
        twins = [(zone, True) for zone, _ in hosted if zone.name in {shown_name(n) for n in self._switches.route53_private_twins}]
        return sorted(hosted + twins, key=lambda pair: (place_of(pair[0].name), zone_id(pair[0].name, private=pair[1])))

    def zones(self, call: Call) -> Response:
        zones = self._hosted()
        start = next((i for i, (z, p) in enumerate(zones) if zone_id(z.name, private=p) == call.query.get("marker")), 0)
        page, following = _cut(zones[start:], call, _ZONES_A_PAGE)
        marker = [leaf("NextMarker", zone_id(following[0].name, private=following[1]))] if following else []
        return answer("ListHostedZonesResponse", _listed(page), leaf("IsTruncated", bool(following)), *marker, _size(call))

    def zones_by_name(self, call: Call) -> Response:
        start = (place_of(call.query.get("dnsname", "")) if "dnsname" in call.query else "", call.query.get("hostedzoneid", ""))
        after = [(z, p) for z, p in self._hosted() if (place_of(z.name), zone_id(z.name, private=p)) >= start]
        page, following = _cut(after, call, _ZONES_A_PAGE)
        asked = [leaf("DNSName", shown_name(call.query["dnsname"]))] if "dnsname" in call.query else []
        more = []
        if following:
            more = [
                leaf("NextDNSName", following[0].name),
                leaf("NextHostedZoneId", zone_id(following[0].name, private=following[1])),
            ]
        truncated = leaf("IsTruncated", bool(following))
        return answer("ListHostedZonesByNameResponse", _listed(page), *asked, truncated, *more, _size(call))

    def zone(self, call: Call) -> Response:
        zone, private = self._zone(call)
        servers = tag("DelegationSet", tag("NameServers", leaf("NameServer", "ns-1.awsdns-01.org")))
        return answer("GetHostedZoneResponse", _shown(zone, private), servers)

    def _zone(self, call: Call) -> tuple[Zone, bool]:
        for zone, private in self._hosted():
            if zone_id(zone.name, private=private) == call.params["zone"]:
                return zone, private
        if self._switches.route53_unknown_zone_status == 403:
            raise refusal(403, "AccessDenied", "The resource hostedzone is not accessible to this account.")
        raise refusal(404, "NoSuchHostedZone", f"No hosted zone found with ID: {call.params['zone']}")

    # --- record sets -------------------------------------------------------------------------------------------------
    def record_sets(self, call: Call) -> Response:
        zone, private = self._zone(call)
        sets = record_sets(zone, zone.soa.format(serial=1))  # the serial is always 1 (recorded)
        if private:
            sets = [each for each in sets if each.rtype in ("SOA", "NS") and each.name == zone.name]
        start = tuple(call.query.get(key, "") for key in ("type", "identifier"))
        if start[0] and "name" not in call.query:
            raise refusal(400, "InvalidInput", "The input is not valid: type without name.")
        first = (place_of(call.query["name"]), *start) if "name" in call.query else ("", "", "")
        page, following = _cut([each for each in sets if each.place >= first], call, self._switches.route53_page_size)
        truncated = leaf("IsTruncated", bool(following))
        shown = tag("ResourceRecordSets", *map(_shown_set, page))
        return answer("ListResourceRecordSetsResponse", shown, truncated, *_next_set(following), _size(call, "300"))

    def change(self, call: Call) -> Response:
        zone, private = self._zone(call)
        changes = batch_of(call.body)
        if private:
            raise refusal(400, "InvalidInput", "The sandbox's private zones cannot be changed.")
        with self._store.editing(zone.name) as draft:
            faults = Batch(draft, self._switches).carry_out(changes)
            if faults:
                raise batch_refusal(faults, self._switches.route53_error_shape)
            draft.publish()
            due = draft.zone.publications[-1].due
        number = f"C{hashlib.sha256(f'{zone.name}{due}{len(self._due)}'.encode()).hexdigest()[:19].upper()}"
        self._due[number] = due
        return answer("ChangeResourceRecordSetsResponse", self._change_info(number, "PENDING"))

    def change_status(self, call: Call) -> Response:
        number = call.params["change"]
        if number not in self._due:
            raise refusal(404, "NoSuchChange", f"Could not find resource with ID: {number}")
        status = "INSYNC" if self._store.now() >= self._due[number] else "PENDING"
        return answer("GetChangeResponse", self._change_info(number, status))

    def _change_info(self, number: str, status: str) -> str:
        at = datetime.fromtimestamp(self._store.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return tag("ChangeInfo", leaf("Id", f"/change/{number}"), leaf("Status", status), leaf("SubmittedAt", at))


def _cut(items: Sequence[T], call: Call, most: int) -> tuple[Sequence[T], T | None]:
    """A page, and the first item of the next one."""
    asked = call.query.get("maxitems", str(most))
    if not asked.isdigit() or int(asked) < 1:
        raise refusal(400, "InvalidInput", f"The maximum number of items {asked} is not valid.")
    size = min(int(asked), most)
    return items[:size], items[size] if len(items) > size else None


def _size(call: Call, usual: str = "100") -> str:
    return leaf("MaxItems", call.query.get("maxitems", usual))


def _listed(page: Sequence[tuple[Zone, bool]]) -> str:
    return tag("HostedZones", *(_shown(zone, private) for zone, private in page))


def _shown(zone: Zone, private: bool) -> str:
    return tag(
        "HostedZone",
        leaf("Id", f"/hostedzone/{zone_id(zone.name, private=private)}"),
        leaf("Name", shown_name(zone.name)),
        leaf("CallerReference", f"sandbox-{zone.name}"),
        tag("Config", leaf("PrivateZone", private)),
        leaf("ResourceRecordSetCount", len(record_sets(zone, ""))),
    )


def _shown_set(record_set: RecordSet) -> str:
    more = dict(record_set.more)
    alias = more.pop("AliasTarget", None)
    head = [leaf("Name", shown_name(record_set.name)), leaf("Type", record_set.rtype)]
    head += [leaf(key, value) for key, value in more.items()]
    if alias:
        return tag("ResourceRecordSet", *head, tag("AliasTarget", *(leaf(key, value) for key, value in alias.items())))
    records = [tag("ResourceRecord", leaf("Value", value)) for value in record_set.values]
    return tag("ResourceRecordSet", *head, leaf("TTL", record_set.ttl), tag("ResourceRecords", *records))


def _next_set(following: RecordSet | None) -> list[str]:
    if following is None:
        return []
    identifier = following.more.get("SetIdentifier")
    place = [leaf("NextRecordName", shown_name(following.name)), leaf("NextRecordType", following.rtype)]
    return place + ([leaf("NextRecordIdentifier", identifier)] if identifier else [])
