"""Azure's resource manager (2018-05-01), its DNS part, with the login before it: whole record sets, on conditions.

Azure/azure-rest-api-specs, MicrosoftDocs/azure-docs and lexicon's recordings of 2023; what nobody confirmed is in ``switches``.
"""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp

from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.azure_sets import RECORDS, RecordSet, Sets, gate_refusal, invalid, refusal, zone_path
from registrar_sync.sandbox.web import Call, Json, Refusal, empty, route, vendor_app
from registrar_sync.sandbox.zone import Zone

VERSION = "2018-05-01"
RESOURCE = "https://management.azure.com"
_HEADERS = {"x-ms-ratelimit-remaining-subscription-resource-requests": "499"}  # recorded


def azure_app(store: Store, switches: Switches) -> ASGIApp:
    """The endpoints of both services, below one path."""
    vendor = _Azure(store, switches)
    zones = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/dnsZones"
    rrset = zones + "/{zone}/{type}/{name}"
    return vendor_app(
        [
            route("POST", "/{tenant}/oauth2/token", vendor.token),
            route("GET", zones, vendor.zones, vendor.check_login),
            route("GET", zones + "/{zone}", vendor.zone, vendor.check_login),
            route("GET", rrset, vendor.rrset, vendor.check_login),
            route("PUT", rrset, vendor.put, vendor.check_login),
            route("DELETE", rrset, vendor.delete, vendor.check_login),
        ],
        lambda status: gate_refusal(status, "InvalidResourceType", "The resource type could not be found.").response,
    )


class _Azure:
    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches
        self._sets = Sets(switches)
        self._tokens: dict[str, float] = {}  # until when they are good

    # --- who asks, and for what --------------------------------------------------------------------------------------
    def token(self, call: Call) -> Response:
        """``expires_in`` is a text (recorded)."""
        sent = {key: values[0] for key, values in parse_qs(call.body.decode("latin-1")).items()}
        if call.params["tenant"] != "sandbox" or sent.get("client_id") != "sandbox":
            raise _login_refusal(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if sent.get("client_secret") != "sandbox":
            status = self._switches.azure_login_refused_status
            raise _login_refusal(status, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        if (sent.get("grant_type"), sent.get("resource")) != ("client_credentials", RESOURCE):
            raise _login_refusal(400, "invalid_request", "AADSTS900144: The request body must contain the parameter 'resource'.")
        token, lives = f"eyJ0{uuid.uuid4().hex}", self._switches.azure_token_s
        self._tokens[token] = self._store.now() + lives
        return Json({"token_type": "Bearer", "expires_in": str(lives), "resource": RESOURCE, "access_token": token})

    def check_login(self, call: Call) -> None:
        ends = self._tokens.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if ends is None:
            raise gate_refusal(401, "AuthenticationFailed", "Authentication failed.")
        if ends <= self._store.now():
            raise gate_refusal(401, "ExpiredAuthenticationToken", "The access token has expired.")
        if call.query.get("api-version") != VERSION:
            raise gate_refusal(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required.")
        self._check_scope(call)

    def _check_scope(self, call: Call) -> None:
        if self._switches.azure_right_on == "zone" and not (set(call.params) >= {"zone"} and self._found(call)):
            raise gate_refusal(403, "AuthorizationFailed", "The client does not have authorization to perform this action.")
        for part, code in (("subscription", "SubscriptionNotFound"), ("group", "ResourceGroupNotFound")):
            if call.params[part] != "sandbox":
                raise gate_refusal(404, code, f"The {part} '{call.params[part]}' could not be found.")

    def _found(self, call: Call) -> Zone | None:
        return next((zone for zone in self._store.hosted() if zone.name == call.params["zone"].lower() + "."), None)

    def _zone(self, call: Call) -> Zone:
        if zone := self._found(call):
            return zone
        raise gate_refusal(
            404, "ResourceNotFound", f"The Resource 'Microsoft.Network/dnszones/{call.params['zone']}' was not found."
        )

    def _key(self, call: Call) -> tuple[Zone, str, str]:
        zone, rtype, name = self._zone(call), call.params["type"], call.params["name"]
        if rtype not in RECORDS:
            raise invalid(f"The record type {rtype} is not known here.")
        return zone, zone.name if name == "@" else f"{name}.{zone.name}".lower(), rtype

    # --- reading -----------------------------------------------------------------------------------------------------
    def zones(self, call: Call) -> Response:
        shown = [self._shown(zone) for zone in self._store.hosted()]
        first, size = int(call.query.get("$skipToken") or 0), self._switches.azure_page_size
        link = f"{call.url.partition('?')[0]}?api-version={VERSION}&$skipToken={first + size}"
        return Json({"value": shown[first : first + size], **({"nextLink": link} if first + size < len(shown) else {})})

    def zone(self, call: Call) -> Response:
        return Json(self._shown(self._zone(call)), headers=_HEADERS)

    def _shown(self, zone: Zone) -> dict[str, object]:
        return {
            "id": zone_path(zone),
            "name": zone.name.removesuffix("."),
            "type": "Microsoft.Network/dnszones",
            "etag": "29c4b592-50a9-4135-a768-8b1b7e35b36a",
            "location": "global",
            "tags": {},
            "properties": {"numberOfRecordSets": len(zone.rows), "zoneType": self._switches.azure_zone_type},
        }

    def rrset(self, call: Call) -> Response:
        zone, owner, rtype = self._key(call)
        if self._sets.etag(zone, owner, rtype) is None:
            raise self._missing(call)
        return Json(self._sets.shown(zone, owner, rtype), headers=_HEADERS)

    def _missing(self, call: Call) -> Refusal:
        text = (
            f"The resource record '{call.params['name']}' does not exist in resource group 'sandbox' of subscription 'sandbox'."
        )
        if self._switches.azure_missing_set_code == "NotFound":
            return refusal(404, "NotFound", text)
        return gate_refusal(404, "ResourceNotFound", text)

    # --- writing -----------------------------------------------------------------------------------------------------
    def put(self, call: Call) -> Response:
        zone, owner, rtype = self._key(call)
        try:
            wanted = self._sets.wanted(zone, rtype, call.json())
        except ValueError:
            raise invalid("The request body is no JSON.") from None
        if any((row.served_type == "CNAME") != (rtype == "CNAME") for row in zone.at(owner)):
            raise invalid("A CNAME record set cannot stand beside others of the same name.")
        held = self._replace(call, zone, owner, rtype, wanted)
        return Json(self._sets.shown(self._store.zone(zone.name), owner, rtype), 200 if held else 201, _HEADERS)

    def delete(self, call: Call) -> Response:
        """204 where it is not there."""
        zone, owner, rtype = self._key(call)
        if self._sets.etag(zone, owner, rtype) is None and "if-match" not in call.headers:
            return empty(204)
        self._replace(call, zone, owner, rtype, None)
        return empty(200)

    def _replace(self, call: Call, zone: Zone, owner: str, rtype: str, wanted: RecordSet | None) -> str | None:
        key = (zone.name, owner.lower(), rtype)
        with self._store.editing(zone.name) as draft:
            held = self._sets.etag(draft.zone, owner, rtype)
            self._check_condition(call, held)
            draft.remove(self._sets.standing(draft.zone, owner, rtype))
            self._sets.empty.pop(key, None)
            for text, beside in zip(wanted.texts, wanted.beside, strict=True) if wanted else ():
                draft.add(owner, rtype, text, wanted.ttl if wanted else 0, beside=beside)
            if wanted and not wanted.texts:
                self._sets.empty[key] = (str(uuid.uuid4()), wanted)
            draft.publish()
        return held

    def _check_condition(self, call: Call, held: str | None) -> None:
        """The table of dns-zones-records.md."""
        match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
        if (match is not None and (held is None or match not in ("*", held))) or (none_match == "*" and held is not None):
            text = f"The condition '{match or none_match}' in the request's header was not satisfied. The current was '{held}'."
            raise refusal(self._switches.azure_condition_status, "PreconditionFailed", text)


def _login_refusal(status: int, error: str, text: str) -> Refusal:
    """RFC 6749."""
    return Refusal(Json({"error": error, "error_description": text, "error_codes": [int(text[6:].partition(":")[0])]}, status))
