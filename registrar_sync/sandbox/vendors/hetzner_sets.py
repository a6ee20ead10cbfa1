"""Hetzner's RRsets between the API's form and the store's rows; what the store has no place for is kept here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import has_long_string, is_quoted
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset(
    ["A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR", "RP", "SOA", "SRV", "SVCB", "TLSA", "TXT"]
)
LOWEST_TTL, HIGHEST_TTL = 60, 2**31 - 1
Key = tuple[str, str, str]  # zone, name, type


def refusal(status: int, code: str, message: str, details: object = None) -> Refusal:
    """``{"error": {"code", "message", "details"}}`` (recorded)."""
    return Refusal(Json({"error": {"code": code, "message": message, "details": details}}, status))


def invalid(name: str, message: str) -> Refusal:
    """422 with the field at fault (lego's fixtures)."""
    fields = [{"name": name, "messages": [message]}]
    return refusal(422, "invalid_input", f"invalid input in field '{name}'", {"fields": fields})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record of a body: master-file text, and its comment (None: none was sent)."""

    text: str
    comment: str | None


@dataclass
class Sets:
    """The translation, with labels, protections and comments beside the store's rows."""

    switches: Switches
    labels: dict[Key, dict[str, str]] = field(default_factory=dict)
    protected: set[Key] = field(default_factory=set)
    comments: dict[tuple[Key, str], str] = field(default_factory=dict)

    def all_of(self, zone: Zone, soa: Row) -> dict[tuple[str, str], list[Row]]:
        """Every RRset by name (``@`` the apex) and type."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in (soa, *zone.rows):
            if not row.disabled:
                found.setdefault((rrset_name(zone, row.owner), row.served_type), []).append(row)
        return found

    def shown(self, zone: Zone, name: str, rows: Sequence[Row], zone_id: int) -> dict[str, Any]:
        """An RRset as GET shows it; a TTL of null is the zone's default (recorded, and hcloud-go's schema)."""
        key = (zone.name, name, rows[0].served_type)
        return {
            "id": f"{name}/{key[2]}",
            "name": name,
            "type": key[2],
            "ttl": rows[0].ttl or None,
            "labels": self.labels.get(key, {}),
            "protection": {"change": key in self.protected},
            "records": [{"value": row.text, "comment": self.comments.get((key, row.text), "")} for row in rows],
            "zone": zone_id,
        }

    def wanted(self, zone: Zone, rtype: str, sent: Mapping[str, Any]) -> list[Wanted]:
        """The records of a body: at least one, no value twice. Raises ``Refusal``."""
        records = sent.get("records")
        if not isinstance(records, list) or not records:
            raise invalid("records", "must not be empty")
        found = [self._wanted(zone, rtype, record) for record in records]
        if len({one.text for one in found}) < len(found):
            raise invalid("records", "must only contain distinct record values")
        return found

    def _wanted(self, zone: Zone, rtype: str, record: Any) -> Wanted:
        value, comment = (record.get("value"), record.get("comment")) if isinstance(record, dict) else (None, None)
        if not isinstance(value, str) or not isinstance(comment, str | None):
            raise invalid("records", "a value is missing")
        text = value.strip()
        try:
            rdata_of(rtype, text, zone.name)
            fits = rtype != "TXT" or (is_quoted(text) and not has_long_string(text))
        except ValueError as error:
            raise invalid("records", f"{value!r}: {error}") from None
        if not fits:
            raise invalid("records", "one or many quoted strings of at most 255 characters are expected")
        return Wanted(text, comment)

    def replace(self, draft: Draft, key: Key, wanted: Sequence[Wanted], ttl: int) -> None:
        """Put a set in the place of what stands there; values that stay keep their row. ``ttl``: of a set that is new."""
        owner, old = owner_of(draft.zone, key[1]), self.standing(draft.zone, key)
        ttl = old[0].ttl if old else ttl
        texts = [one.text for one in wanted]
        draft.remove(row for row in old if row.text not in texts)
        for one in wanted:
            if one.text not in [row.text for row in old]:
                draft.add(owner, key[2], one.text, ttl)
            self._comment(key, one)

    def standing(self, zone: Zone, key: Key) -> list[Row]:
        """The rows of one set."""
        return [row for row in zone.at(owner_of(zone, key[1]), key[2]) if not row.disabled]

    def _comment(self, key: Key, one: Wanted) -> None:
        if one.comment is not None:
            self.comments[key, one.text] = one.comment
        elif self.switches.hetzner_unsent_comment == "cleared":
            self.comments.pop((key, one.text), None)

    def forget(self, key: Key) -> None:
        """A set that is gone has neither labels nor comments."""
        self.labels.pop(key, None)
        for known in [known for known in self.comments if known[0] == key]:
            del self.comments[known]


def ttl_of(sent: Mapping[str, Any]) -> int:
    """The ``ttl`` sent; 0, as the store has it, for null. Raises ``Refusal``."""
    ttl = sent.get("ttl")
    if ttl is None:
        return 0
    if type(ttl) is not int or not LOWEST_TTL <= ttl <= HIGHEST_TTL:
        raise invalid("ttl", f"must be between {LOWEST_TTL} and {HIGHEST_TTL}")
    return ttl


def rrset_name(zone: Zone, owner: str) -> str:
    """An owner as Hetzner names it."""
    return zone.label_of(owner).lower() or "@"


def owner_of(zone: Zone, name: str) -> str:
    """The inverse. Raises ``Refusal``: lower case, no final dot, not the zone's name (docs.hetzner.cloud)."""
    if name != name.lower() or name.endswith(".") or f"{name}.".endswith(f".{zone.name}") or f"{name}." == zone.name or not name:
        raise invalid("name", "must be in lower case, and must not end with a dot or the zone name")
    return zone.name if name == "@" else f"{name}.{zone.name}"
