"""Azure's record sets between the API's form and the store's rows, and its error bodies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import character_strings, rendered
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

RECORDS = {"TXT": "TXTRecords", "MX": "MXRecords", "CNAME": "CNAMERecord", "A": "ARecords", "NS": "NSRecords"}
_FIELDS = {"CNAME": "cname", "A": "ipv4Address", "NS": "nsdname"}
LONGEST_STRING, LONGEST_SET, HIGHEST_TTL = 255, 4096, 2_147_483_647
Key = tuple[str, str, str]  # zone, owner, type


def refusal(status: int, code: str, message: str) -> Refusal:
    """``{"code", "message"}``, as the DNS service says it (azure-cli issue 27374)."""
    return Refusal(Json({"code": code, "message": message}, status))


def gate_refusal(status: int, code: str, message: str) -> Refusal:
    """``{"error": {"code", "message"}}``, as the resource manager before it says it."""
    return Refusal(Json({"error": {"code": code, "message": message}}, status))


def zone_path(zone: Zone) -> str:
    """A zone's id."""
    return f"/subscriptions/sandbox/resourceGroups/sandbox/providers/Microsoft.Network/dnszones/{zone.name.removesuffix('.')}"


def invalid(message: str) -> Refusal:
    """400 for a body."""
    return refusal(400, "BadRequest", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """What a body asks for: ``texts`` master-file rdata with what is kept beside each."""

    ttl: int
    texts: tuple[str, ...]
    beside: tuple[str, ...]
    metadata: Mapping[str, Any]


@dataclass
class Sets:
    """The translation, under the switches; ``empty``: sets that stand there without records, with their etags."""

    switches: Switches
    empty: dict[Key, tuple[str, RecordSet]] = field(default_factory=dict)

    def standing(self, zone: Zone, owner: str, rtype: str) -> list[Row]:
        """The rows of one set."""
        return [row for row in zone.at(owner, rtype) if not row.disabled]

    def etag(self, zone: Zone, owner: str, rtype: str) -> str | None:
        """Another one after every change; None for a set that is not there."""
        rows = self.standing(zone, owner, rtype)
        if rows:
            said = [(row.number, row.text, row.ttl, row.beside, row.changed) for row in rows]
            return str(uuid.uuid5(uuid.NAMESPACE_DNS, repr(said)))
        held = self.empty.get((zone.name, owner.lower(), rtype))
        return held[0] if held else None

    def shown(self, zone: Zone, owner: str, rtype: str) -> dict[str, Any]:
        """A set as GET shows it (recorded in 2023)."""
        rows, name = self.standing(zone, owner, rtype), zone.label_of(owner).lower() or "@"
        kept = [_beside(row) for row in rows]
        held = None if rows else self.empty[zone.name, owner.lower(), rtype][1]
        metadata = held.metadata if held else kept[0].get("metadata")
        return {
            "id": f"{zone_path(zone)}/{rtype}/{name}",
            "name": name,
            "type": f"Microsoft.Network/dnszones/{rtype}",
            "etag": self.etag(zone, owner, rtype),
            "properties": {
                "fqdn": owner.lower(),
                "TTL": held.ttl if held else zone.ttl_of(rows[0]),
                **self._records(zone, rtype, rows),
                **({"metadata": metadata} if metadata else {}),
                "targetResource": {},
                "provisioningState": "Succeeded",
            },
        }

    def _records(self, zone: Zone, rtype: str, rows: Sequence[Row]) -> dict[str, Any]:
        if not rows:
            form = self.switches.azure_empty_records
            return {} if form == "left-out" else {RECORDS[rtype]: None if form == "null" else []}
        records = [self._record(zone, row) for row in rows]
        return {RECORDS[rtype]: records[0] if rtype == "CNAME" else records}

    def _record(self, zone: Zone, row: Row) -> dict[str, Any]:
        if row.rtype == "TXT":
            return {"value": [string.decode("utf-8", "replace") for string in character_strings(row.text)]}
        words = rdata_of(row.rtype, row.text, zone.name).to_text().split()
        host = str(_beside(row).get("host", words[-1]))
        return {"preference": int(words[0]), "exchange": host} if row.rtype == "MX" else {_FIELDS[row.rtype]: host}

    def wanted(self, zone: Zone, rtype: str, sent: object) -> RecordSet:
        """A set of a body. Raises ``Refusal``."""
        properties = sent.get("properties") if isinstance(sent, dict) else None
        if not isinstance(properties, dict):
            raise invalid("The request body has no properties.")
        ttl, metadata = properties.get("TTL"), properties.get("metadata") or {}
        if type(ttl) is not int or not 1 <= ttl <= HIGHEST_TTL or not isinstance(metadata, dict):
            raise invalid("The TTL must be between 1 and 2147483647.")
        records = properties.get(RECORDS[rtype]) or []
        taken = [self._taken(zone, rtype, record) for record in ([records] if rtype == "CNAME" else records)]
        if rtype == "TXT" and sum(len(text) for text, _ in taken) > LONGEST_SET:
            raise invalid("The record set exceeds 4096 characters.")
        if len({text for text, _ in taken}) < len(taken):
            raise invalid("The record set holds the same record twice.")
        beside = [json.dumps(kept | ({"metadata": metadata} if metadata else {}), sort_keys=True) for _, kept in taken]
        return RecordSet(
            ttl=ttl,
            texts=tuple(text for text, _ in taken),
            beside=tuple("" if text == "{}" else text for text in beside),
            metadata=metadata,
        )

    def _taken(self, zone: Zone, rtype: str, record: object) -> tuple[str, dict[str, Any]]:
        """Master-file rdata, and what is kept beside it."""
        if not isinstance(record, dict):
            raise invalid("A record is no object.")
        try:
            text, kept = self._txt(record) if rtype == "TXT" else self._named(rtype, record)
            rdata_of(rtype, text, zone.name)
        except (ValueError, KeyError, TypeError) as error:
            raise invalid(f"The record is not valid: {error}.") from None
        return text, kept

    def _txt(self, record: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        strings = [string.encode() for string in record["value"]]
        if not any(strings) or any(len(string) > LONGEST_STRING for string in strings):
            raise ValueError("each string of a TXT record has 1 to 255 characters")
        return rendered(strings), {}

    def _named(self, rtype: str, record: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        host = str(record["exchange" if rtype == "MX" else _FIELDS[rtype]])
        if rtype == "A":
            return host, {}
        if host == "." and self.switches.azure_null_mx == "refused":
            raise ValueError("the root is no host")
        shown = host.removesuffix(".") or "." if self.switches.azure_dots == "dropped" else host
        absolute = shown.removesuffix(".") + "."
        return _with_preference(rtype, record, absolute), {} if shown == absolute else {"host": shown}


def _with_preference(rtype: str, record: Mapping[str, Any], host: str) -> str:
    if rtype != "MX":
        return host
    preference = record["preference"]
    if type(preference) is not int or not 0 <= preference <= 65535:
        raise ValueError("the preference is no number")
    return f"{preference} {host}"


def _beside(row: Row) -> dict[str, Any]:
    return dict(json.loads(row.beside)) if row.beside else {}
