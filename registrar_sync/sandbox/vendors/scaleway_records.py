"""Scaleway's records between the API's form and the store's rows; what the store has no place for is kept here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import character_strings, fitted, quoted, rendered
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset(
    "A AAAA ALIAS CAA CNAME DNAME DS HTTPS LOC MX NAPTR NS PTR SRV SSHFP SVCB TLSA TXT".split()  # noqa: SIM905 - shorter so
)
LOWEST_TTL, HIGHEST_TTL, DEFAULT_TTL = 60, 2_592_000, 3600  # terraform-provider-scaleway's validation
CONFIGS = ("geo_ip_config", "http_service_config", "weighted_config", "view_config")
PREFERENCE_TYPES = frozenset({"MX", "SRV"})
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "scaleway.sandbox.invalid")


def refusal(status: int, message: str, kind: str = "", **more: object) -> Refusal:
    """``{"message", "type", ...}``; the recorded "domain not found" has a message only."""
    return Refusal(Json({"message": message, **({"type": kind} if kind else {}), **more}, status))


def invalid(name: str, help_message: str) -> Refusal:
    """400 ``invalid_arguments`` (scaleway-sdk-go, scw/errors.go)."""
    details = [{"argument_name": name, "reason": "constraint", "help_message": help_message}]
    return refusal(400, "invalid argument(s)", "invalid_arguments", details=details)


def record_id(zone: Zone, row: Row) -> str:
    """A row's UUID; a zone that is loaded anew has new ones."""
    return str(uuid.uuid5(_NAMESPACE, f"{zone.name}/{row.number}/{row.created}"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as a caller wants it. ``more``: comment, priority of a type that has none, and the like."""

    owner: str
    rtype: str
    text: str
    ttl: int
    more: Mapping[str, Any]


@dataclass
class Records:
    """The translation, under the switches."""

    switches: Switches
    more: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by record id
    _spellings: dict[tuple[str, bytes], str] = field(default_factory=dict)

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it (recorded in March 2026)."""
        number = record_id(zone, row)
        data = self._listed(zone, row)
        priority = {"priority": int(data.split()[0])} if row.rtype in PREFERENCE_TYPES else {}
        return {
            "comment": None,
            "data": data,
            "name": zone.label_of(row.owner).lower(),
            "priority": 0,
            "ttl": zone.ttl_of(row),
            "type": row.rtype,
            "updated_at": datetime.fromtimestamp(row.changed, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **self.more.get(number, {}),
            **priority,
            "id": number,
        }

    def _listed(self, zone: Zone, row: Row) -> str:
        if row.rtype != "TXT":
            return rdata_of(row.rtype, row.text, zone.name).to_text()
        strings = character_strings(row.text)
        if self.switches.scaleway_several_strings != "kept":
            self._spellings[zone.name, b"".join(strings)] = row.text
            strings = [b"".join(strings)]
        if self.switches.scaleway_long_txt == "split":
            strings = fitted(strings)
        return " ".join(f'"{self._escaped(string.decode("utf-8", "replace"))}"' for string in strings)

    def _escaped(self, text: str) -> str:
        if self.switches.scaleway_escapes == "quotes-and-backslashes":
            text = text.replace("\\", "\\\\")
        return text.replace('"', '\\"')

    def wanted(self, zone: Zone, sent: object) -> Wanted:
        """The record that a body asks for. Raises ``Refusal``."""
        if not isinstance(sent, dict):
            raise invalid("records", "an object is expected")
        rtype, data, priority = sent.get("type"), sent.get("data"), sent.get("priority") or 0
        if not isinstance(rtype, str) or rtype.upper() not in TYPES:
            raise invalid("type", "unknown record type")
        if not isinstance(data, str) or not data or type(priority) is not int or not 0 <= priority <= 65535:
            raise invalid("data", "data is required, and priority a number")
        text = self.text(zone, rtype.upper(), data, priority)
        more = {key: sent[key] for key in ("comment", "priority", *CONFIGS) if sent.get(key) is not None}
        return Wanted(owner_named(zone, sent.get("name")), rtype.upper(), text, _ttl(sent), more)

    def text(self, zone: Zone, rtype: str, data: str, priority: int) -> str:
        """Master-file form. Raises ``Refusal``."""
        try:
            text = self._txt(zone, data) if rtype == "TXT" else _with_priority(rtype, data.strip(), priority)
            rdata_of(rtype if rtype != "ALIAS" else "CNAME", text, zone.name)
        except ValueError as error:
            raise invalid("data", str(error)) from None
        return text

    def _txt(self, zone: Zone, data: str) -> str:
        text = data.strip()
        if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
            return self._spelled(zone, text.encode())
        strings = self._quoted(text)
        return rendered(fitted(strings)) if len(strings) > 1 else self._spelled(zone, strings[0])

    def _quoted(self, text: str) -> list[bytes]:
        """The octets of a quoted value; blanks and quotes at its ends are dropped (dnscontrol PR 4919)."""
        if self.switches.scaleway_several_strings == "as-one-text":
            return [_unescaped(text[1:-1]).strip(' "').encode()]
        strings = character_strings(text)
        return strings if self.switches.scaleway_several_strings == "kept" else [b"".join(strings)]

    def _spelled(self, zone: Zone, octets: bytes) -> str:
        """The vendor keeps octets; how the store's text cuts them is ours: a value that comes back is cut as it was before."""
        if not octets:
            raise ValueError("an empty value")
        known = self._spellings.get((zone.name, octets))
        return known or (quoted(octets.decode()) if len(octets) <= 255 and octets.isascii() else rendered(fitted([octets])))


def _unescaped(text: str) -> str:
    found, at = [], 0
    while at < len(text):
        at += text[at] == "\\" and at + 1 < len(text)
        found.append(text[at])
        at += 1
    return "".join(found)


def _with_priority(rtype: str, data: str, priority: int) -> str:
    """Both forms are taken: octodns and dnscontrol put the preference into data, the vendor's Terraform beside it."""
    words = data.split()
    needed = {"MX": 2, "SRV": 4}.get(rtype, 0)
    return f"{priority} {data}" if needed and len(words) == needed - 1 else data


def owner_named(zone: Zone, name: object) -> str:
    """The owner of a record: a name without a final dot is relative to the zone, whatever it looks like (recorded)."""
    if not isinstance(name, str) or not name.isascii() or " " in name:
        raise invalid("name", "a name is required")
    if name in ("", "@"):
        return zone.name
    if name.endswith("."):
        if name.lower() != zone.name and not name.lower().endswith("." + zone.name):
            raise invalid("name", "not within the zone")
        return name
    return f"{name}.{zone.name}"


def _ttl(sent: Mapping[str, Any]) -> int:
    ttl = sent.get("ttl")
    if ttl is None:
        return DEFAULT_TTL
    if type(ttl) is not int or not LOWEST_TTL <= ttl <= HIGHEST_TTL:
        raise invalid("ttl", f"must be between {LOWEST_TTL} and {HIGHEST_TTL}")
    return ttl
