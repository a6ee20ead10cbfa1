"""Yandex Cloud's record sets between the API's form and the store's rows, and its error bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import character_strings, fitted, has_long_string, quoted, rendered
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset("A AAAA ANAME CAA CNAME HTTPS MX NS PTR SOA SRV SVCB TXT".split())  # noqa: SIM905 - shorter so
LONGEST_TXT, MOST_VALUES, HIGHEST_TTL = 1024, 100, 2_147_483_647
INVALID, NOT_FOUND, EXISTS, DENIED, CHANGED, UNAUTHENTICATED = 3, 5, 6, 7, 9, 16
_STATUS = {INVALID: 400, NOT_FOUND: 404, EXISTS: 409, DENIED: 403, CHANGED: 400, UNAUTHENTICATED: 401}
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*"|\\.|[^;"\\]+|[^;])|;.*', re.DOTALL)
Key = tuple[str, str]  # owner, type


def refusal(code: int, message: str) -> Refusal:
    """``{"code", "message", "details"}`` with a code of google.rpc (recorded)."""
    request = {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "00000000-0000-4000-8000-000000000000"}
    return Refusal(Json({"code": code, "message": message, "details": [request]}, _STATUS[code]))


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One set as a body has it: ``texts`` master-file rdata, ``beside`` the values as they were sent, where those differ."""

    key: Key
    ttl: int
    data: tuple[str, ...]
    texts: tuple[str, ...]
    beside: tuple[str, ...]


class Sets:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def all_of(self, zone: Zone) -> dict[Key, list[Row]]:
        """Every set by name and type."""
        found: dict[Key, list[Row]] = {}
        for row in zone.rows:
            found.setdefault((row.owner.lower(), row.rtype), []).append(row)
        return found

    def shown(self, zone: Zone, key: Key, rows: Sequence[Row]) -> dict[str, Any]:
        """A set as it is listed: the TTL is a text (recorded)."""
        return {"data": [_value(zone, row) for row in rows], "name": key[0], "type": key[1], "ttl": str(zone.ttl_of(rows[0]))}

    def wanted(self, zone: Zone, sent: object) -> RecordSet:
        """A set of a body. Raises ``Refusal``."""
        if not isinstance(sent, dict):
            raise refusal(INVALID, "record set: an object is expected")
        name, rtype, data = sent.get("name"), sent.get("type"), sent.get("data")
        if not isinstance(name, str) or not (name == zone.name or name.endswith(f".{zone.name}")) or name != name.lower():
            raise refusal(INVALID, f"name: {name!r} is not a name of the zone {zone.name}")
        if rtype not in TYPES or not isinstance(data, list) or not 0 < len(data) <= MOST_VALUES or len(set(data)) < len(data):
            raise refusal(INVALID, "type and 1 to 100 different values are required")
        taken = [self._taken(zone, rtype, value) for value in data]
        return RecordSet((name, rtype), _ttl(sent), tuple(data), tuple(t for t, _ in taken), tuple(b for _, b in taken))

    def _taken(self, zone: Zone, rtype: str, value: object) -> tuple[str, str]:
        """Master-file rdata, and what is kept beside it."""
        if not isinstance(value, str) or not value or not value.isascii():
            raise refusal(INVALID, "data: only ASCII characters are supported")
        try:
            text, listed = self._txt(value) if rtype == "TXT" else self._named(zone, rtype, value)
            rdata_of("CNAME" if rtype == "ANAME" else rtype, text, zone.name)
        except ValueError as error:
            raise refusal(INVALID, f"data: {error}") from None
        return text, "" if listed == text else json.dumps({"value": listed})

    def _txt(self, value: str) -> tuple[str, str]:
        if len(value) > LONGEST_TXT or (self._switches.yandexcloud_long_txt == "refused" and len(value) > 255):
            raise ValueError("the value is too long")
        meant = "".join(piece for piece in _COMMENT.findall(value) if piece) or '""'
        if self._switches.yandexcloud_bare_txt == "one" and not value.lstrip().startswith('"'):
            meant = quoted(value)
        text = rendered(fitted(character_strings(meant)))
        is_split = has_long_string(meant) and self._switches.yandexcloud_long_txt == "split"
        return (value, value) if value == text else (text, text if is_split else value)

    def _named(self, zone: Zone, rtype: str, value: str) -> tuple[str, str]:
        if rtype not in ("MX", "CNAME", "ANAME", "NS", "PTR", "SRV") or value.endswith("."):
            return value, value
        return (f"{value}." if self._switches.yandexcloud_undotted == "absolute" else f"{value}.{zone.name}"), value


def _value(zone: Zone, row: Row) -> str:
    if row.beside:
        return str(json.loads(row.beside)["value"])
    return row.text if row.rtype in ("TXT", "ANAME") else rdata_of(row.rtype, row.text, zone.name).to_text()


def _ttl(sent: Mapping[str, Any]) -> int:
    """A number, or a text (int64)."""
    ttl = str(sent.get("ttl", "0"))
    if not (ttl.isascii() and ttl.isdigit() and len(ttl) < 11 and int(ttl) <= HIGHEST_TTL):
        raise refusal(INVALID, "ttl: a number of seconds is expected")
    return int(ttl)
