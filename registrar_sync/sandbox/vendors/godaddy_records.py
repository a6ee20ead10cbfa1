"""GoDaddy's records: data, names and fields, between the API's form and the store's rows; and its error bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare, character_strings, fitted, rendered
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT", "CAA")
NAME_TYPES = frozenset({"CNAME", "NS"})
LOWEST_TTL, HIGHEST_TTL, DEFAULT_TTL = 600, 604_800, 3600
LONGEST_TXT = 512


def refusal(status: int, code: str, message: str, *fields: tuple[str, str]) -> Refusal:
    """An error body, with the fields at fault where there are some (josteink/le-godaddy-dns PR 1)."""
    body: dict[str, Any] = {"code": code, "message": message}
    if fields:
        body["fields"] = [{"code": "UNKNOWN_RESTRICTION", "message": text, "path": path} for path, text in fields]
    return Refusal(Json(body, status))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as a caller wants it: ``text`` master-file rdata."""

    owner: str
    rtype: str
    text: str
    ttl: int


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it: no final dots, ``@`` for the apex (recorded in 2021)."""
        priority, data = _data(zone, row)
        return {
            "data": data,
            "name": zone.label_of(row.owner) or "@",
            **({"priority": priority} if priority is not None else {}),
            "ttl": zone.ttl_of(row),
            "type": row.rtype,
        }

    def wanted(self, zone: Zone, place: int, sent: object, *, rtype: str | None, name: str | None) -> Wanted:
        """The record that an item of a body asks for; the URL's type and name count before the item's. Raises ``Refusal``."""
        path = f"records[{place}]" if place else "records"
        if not isinstance(sent, dict):
            raise self.invalid(path, "is not an object")
        kind, label = rtype or sent.get("type"), name or sent.get("name")
        if not isinstance(kind, str) or kind not in TYPES:
            raise self.invalid(f"{path}.type", f"is not any of: {', '.join(TYPES)}")
        if not isinstance(label, str) or not label or not label.isascii() or " " in label:
            raise self.invalid(f"{path}.name", "is required")
        owner = zone.name if label == "@" else zone.owner_of(label)
        return Wanted(owner, kind, self._text(zone, kind, path, sent), self._ttl(path, sent))

    def _ttl(self, path: str, sent: Mapping[str, Any]) -> int:
        ttl = sent.get("ttl", DEFAULT_TTL)
        if type(ttl) is not int:
            raise self.invalid(f"{path}.ttl", "is not a integer")
        if ttl < LOWEST_TTL:
            raise self.invalid(f"{path}.ttl", f"must have a minimum value of {LOWEST_TTL}", self._switches.godaddy_low_ttl_status)
        if ttl > HIGHEST_TTL:
            raise self.invalid(f"{path}.ttl", f"must have a maximum value of {HIGHEST_TTL}")
        return ttl

    def _text(self, zone: Zone, rtype: str, path: str, sent: Mapping[str, Any]) -> str:
        data = sent.get("data")
        if not isinstance(data, str) or not data:
            raise self.invalid(f"{path}.data", "is required")
        if rtype == "TXT":
            return self._txt(path, data)
        text = data.strip()
        if rtype in NAME_TYPES or rtype == "MX":
            text = self._name(zone, path, text)
        if rtype == "MX":
            text = f"{self._priority(path, sent)} {text}"
        try:
            rdata_of(rtype, text, zone.name)
        except ValueError:
            raise self.invalid(f"{path}.data", "does not match the record's type") from None
        return text

    def _txt(self, path: str, data: str) -> str:
        if len(data) > LONGEST_TXT and self._switches.godaddy_long_txt == "refused":
            raise self.invalid(f"{path}.data", f"must have a maximum length of {LONGEST_TXT}")
        value = data.encode()
        if self._switches.godaddy_txt_escapes == "stripped":
            value = value.replace(b'"', b"").replace(b"\\", b"")
        elif self._switches.godaddy_txt_escapes == "undone":
            value = b"".join(character_strings('"' + data.replace('"', "") + '"'))
        return rendered(fitted([value]))

    def _name(self, zone: Zone, path: str, name: str) -> str:
        if " " in name or (name.endswith(".") and len(name) > 1 and self._switches.godaddy_final_dot == "refused"):
            raise self.invalid(f"{path}.data", "is not a host name")
        if name == "." and self._switches.godaddy_null_mx == "refused":
            raise self.invalid(f"{path}.data", "is not a host name")
        return zone.name if name == "@" else name.removesuffix(".") + "."

    def _priority(self, path: str, sent: Mapping[str, Any]) -> int:
        priority = sent.get("priority")
        if type(priority) is not int or not 0 <= priority <= 65535:
            raise self.invalid(f"{path}.priority", "is not a integer between 0 and 65535")
        return priority

    def invalid(self, path: str, text: str, status: int = 422) -> Refusal:
        """The refusal of a body."""
        return refusal(status, "INVALID_BODY", "Request body doesn't fulfill schema, see details in `fields`", (path, text))


def _data(zone: Zone, row: Row) -> tuple[int | None, str]:
    if row.rtype == "TXT":
        return None, bare(row.text)
    rdata = rdata_of(row.rtype, row.text, zone.name).to_text()
    if row.rtype == "MX":
        priority, _, host = rdata.partition(" ")
        return int(priority), _named(zone, host)
    return None, (_named(zone, rdata) if row.rtype in NAME_TYPES else rdata)


def _named(zone: Zone, host: str) -> str:
    return "@" if host.lower() == zone.name else host.removesuffix(".") or "."
