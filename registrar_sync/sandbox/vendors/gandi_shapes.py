"""What Gandi's LiveDNS sends back and takes in: error bodies, RRset objects, values, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import dns.exception
import dns.name
from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import has_long_string, is_quoted, quoted, split_long
from registrar_sync.sandbox.web import Call, Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

LOWEST_TTL, HIGHEST_TTL, DEFAULT_TTL = 300, 2_592_000, 10_800
TYPES = frozenset(["A", "AAAA", "CAA", "CNAME", "DS", "LOC", "MX", "NAPTR", "NS", "PTR", "SPF", "SRV", "SSHFP", "TLSA", "TXT"])
CAUSES = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict"}
MESSAGES = {
    401: "The server could not verify that you authorized to access the document you requested.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method is not allowed for this resource.",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One RRset as a caller wants it: master-file texts and a TTL (None: none was sent)."""

    rtype: str
    texts: tuple[str, ...]
    ttl: int | None


class Shapes:
    """Bodies, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def error(self, status: int, message: str = "", kind: str = "") -> Refusal:
        """The usual shape: ``{"code", "message", "object", "cause"}`` (recorded; octodns-gandi's tests)."""
        cause = CAUSES.get(status, "Error")
        words = "".join(" " + letter if letter.isupper() and at else letter for at, letter in enumerate(cause))
        body = {
            "code": status,
            "message": message or MESSAGES.get(status, words),
            "object": kind or f"HTTP{cause}",
            "cause": words,
        }
        return Refusal(self._error_reply(body, status))

    def invalid(self, name: str, description: str, status: int = 400) -> Refusal:
        """The other shape, of refused input: a list of errors and no message (octodns-gandi's tests)."""
        body = {"status": "error", "errors": [{"location": "body", "name": name, "description": description}]}
        return Refusal(self._error_reply(body, status))

    def _error_reply(self, body: Mapping[str, Any], status: int) -> Response:
        return Json(body, status, {"content-type": self._switches.gandi_error_content_type})

    def missing_rrset(self, name: str, rtype: str) -> Refusal:
        """The 404 of a record, which is not the 404 of a zone (recorded)."""
        return self.error(404, f"Can't find the DNS record {name}/{rtype} in the zone", "dns-record")

    def body_of(self, call: Call) -> dict[str, Any]:
        """The JSON object sent. Raises ``Refusal``."""
        try:
            sent = call.json()
        except ValueError:
            raise self.error(400, "The server could not comply with the request: malformed JSON.") from None
        if not isinstance(sent, dict):
            raise self.invalid("", "Invalid JSON: an object is expected")
        return sent

    def wanted(self, zone: Zone, rtype: object, sent: Mapping[str, Any]) -> Wanted:
        """The RRset that a body asks for. Raises ``Refusal``."""
        if not isinstance(rtype, str) or rtype.upper() not in TYPES:
            raise self.invalid("rrset_type", f"{rtype!r} is not one of {', '.join(sorted(TYPES))}")
        values = sent.get("rrset_values")
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise self.invalid("rrset_values", "a list of at least one string is required")
        texts = [self._text(zone, rtype.upper(), value) for value in values]
        if len(set(texts)) < len(texts) and self._switches.gandi_duplicates == "refused":
            raise self.invalid("rrset_values", "duplicate values")
        return Wanted(rtype.upper(), tuple(dict.fromkeys(texts)), self._ttl(sent))

    def _text(self, zone: Zone, rtype: str, value: str) -> str:
        text = value.strip()
        try:
            if rtype in ("TXT", "SPF"):
                text = self._txt(value)
            rdata_of(rtype, text, zone.name)
        except ValueError as error:
            raise self.invalid("rrset_values", f"'{value}': {error}") from None
        return text

    def _txt(self, value: str) -> str:
        if is_quoted(value):
            text = value.strip()
        elif self._switches.gandi_bare_txt == "string-per-word":
            text = " ".join(quoted(word) for word in value.split())
        else:
            text = quoted(value)
        if has_long_string(text) and self._switches.gandi_long_txt == "refused":
            raise ValueError("a string is longer than 255 octets")
        return split_long(text)

    def _ttl(self, sent: Mapping[str, Any]) -> int | None:
        ttl = sent.get("rrset_ttl")
        if ttl is None:
            return None
        if type(ttl) is not int or not LOWEST_TTL <= ttl <= HIGHEST_TTL:
            raise self.invalid("rrset_ttl", f"{ttl!r} is not between {LOWEST_TTL} and {HIGHEST_TTL}")
        return ttl

    def page(self, call: Call, rows: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
        """The page asked for and its headers: ``total-count``, and ``Link`` with rel=next while there is more."""
        number, size = self._number(call, "page", 1), self._number(call, "per_page", self._switches.gandi_page_size)
        headers = {"total-count": str(len(rows))}
        if number * size < len(rows):
            path = call.url.split("?")[0]
            headers["link"] = f'<{path}?page={number + 1}&per_page={size}>; rel="next"'
        return rows[(number - 1) * size : number * size], headers

    def _number(self, call: Call, name: str, default: int) -> int:
        asked = call.query.get(name, str(default))
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) > 0):
            raise self.invalid(name, f"{asked!r} is not a positive number")
        return int(asked)


def rrset_name(zone: Zone, owner: str) -> str:
    """An owner as Gandi names it: ``@`` at the apex."""
    return zone.label_of(owner) or "@"


def owner_named(zone: Zone, name: str) -> str:
    """The inverse. Raises ``ValueError`` where it is no name."""
    owner = zone.name if name == "@" else f"{name}.{zone.name}"
    try:
        dns.name.from_text(owner)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(str(error)) from error
    return owner


def grouped(zone: Zone) -> dict[tuple[str, str], list[Row]]:
    """The RRsets of a zone by owner and type. Owners are compared with their case (dnscontrol's comment)."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in zone.rows:
        if not row.disabled:
            found.setdefault((rrset_name(zone, row.owner), row.served_type), []).append(row)
    return found


def rrset_object(records_href: str, zone: Zone, name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """An RRset as GET shows it (octodns-gandi's fixture of the default zone)."""
    rtype = rows[0].served_type
    return {
        "rrset_name": name,
        "rrset_type": rtype,
        "rrset_ttl": min(zone.ttl_of(row) for row in rows),
        "rrset_values": [row.text for row in rows],
        "rrset_href": f"{records_href}/{quote(name, safe='')}/{rtype}",
    }


def zone_file(zone: Zone, rrsets: Mapping[tuple[str, str], Sequence[Row]]) -> str:
    """RRsets as the lines that ``Accept: text/plain`` gets."""
    lines = [f"{name} {zone.ttl_of(row)} IN {rtype} {row.text}" for (name, rtype), rows in rrsets.items() for row in rows]
    return "\n".join(lines) + "\n"
