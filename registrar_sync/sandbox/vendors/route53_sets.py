"""Route 53's record sets: listed from a zone's rows, and checked and carried out change by change on a draft.

Messages as they were recorded or reported: lexicon's cassette of 2022 (duplicates), terraform issue 18509 and boto issue 2887
(deleting), boto3 issue 1462 and octodns issue 1196 (TXT), k1LoW/certman issue 12 (CNAME).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import MAX_STRING, character_strings
from registrar_sync.sandbox.vendors.route53_xml import Wanted
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_STRINGS = re.compile(r'(?:\s*"(?:[^"\\]|\\.)*")+\s*', re.DOTALL)
_NAMED = frozenset({"MX", "CNAME", "NS", "PTR", "SRV"})  # the last word of their values is a name, absolute without a dot, too
_TXT_LIMIT = 4000  # characters of a value
_TTL_LIMIT = 2_147_483_647


class BatchFault(Exception):
    """Why a change cannot be carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """One set. ``beside``: what makes it no simple one (AliasTarget, SetIdentifier, Weight ...)."""

    name: str
    rtype: str
    ttl: int
    values: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    beside: str = ""

    @property
    def more(self) -> dict[str, Any]:
        """``beside`` read."""
        found: dict[str, Any] = {key: value for key, value in json.loads(self.beside or "{}").items() if key != "Value"}
        return found

    @property
    def place(self) -> tuple[str, str, str]:
        """What the listing is sorted by (API reference of ListResourceRecordSets, "Sort order")."""
        return place_of(self.name), self.rtype, str(self.more.get("SetIdentifier", ""))


def place_of(name: str) -> str:
    """``com.example.www.``"""
    return ".".join([*reversed(shown_name(name).removesuffix(".").split(".")), ""])


def shown_name(name: str) -> str:
    """Lower case, absolute, other characters than letters, digits, hyphen and underscore as octal escapes."""
    plain = name.lower().removesuffix(".") + "."
    return re.sub(r"[^a-z0-9_.\\-]", lambda found: f"\\{ord(found[0]):03o}", plain)


def record_sets(zone: Zone, soa: str) -> list[RecordSet]:
    """All sets of a zone, sorted."""
    grouped: dict[tuple[str, str, str], list[Row]] = {}
    for row in zone.rows:
        more = {key: value for key, value in json.loads(row.beside or "{}").items() if key != "Value"}
        grouped.setdefault((row.owner.lower(), row.rtype, json.dumps(more) if more else ""), []).append(row)
    sets = [RecordSet(name=zone.name, rtype="SOA", ttl=zone.soa_ttl, values=(soa,))]
    for (owner, rtype, beside), rows in grouped.items():
        values = tuple(_value(row, zone) for row in rows)
        sets.append(RecordSet(name=owner, rtype=rtype, ttl=zone.ttl_of(rows[0]), values=values, rows=tuple(rows), beside=beside))
    return sorted(sets, key=lambda each: each.place)


def _value(row: Row, zone: Zone) -> str:
    spelled = json.loads(row.beside or "{}").get("Value")
    if spelled is not None:
        return str(spelled)
    if row.rtype in _NAMED and not row.text.endswith("."):
        return rdata_of(row.rtype, row.text, zone.name).to_text()  # put there by a test's hand, relative to the zone
    return _ESCAPE.sub(lambda found: f"\\{int(found[1]):03o}" if found[1] else found[0], row.text)


class Batch:
    """The changes of one request, carried out in their order on a draft that is dropped where one of them fails."""

    def __init__(self, draft: Draft, switches: Switches) -> None:
        self._draft = draft
        self._switches = switches
        self._start = record_sets(draft.zone, "")

    def carry_out(self, changes: list[Wanted]) -> list[str]:
        """Do them all; returns what is wrong with any."""
        return [fault for change in changes for fault in self._faults_of(change)]

    def _faults_of(self, change: Wanted) -> Iterator[str]:
        try:
            self._do(change)
        except BatchFault as fault:
            yield str(fault)

    def _do(self, change: Wanted) -> None:
        name = shown_name(change.name)
        zone = self._draft.zone
        if name != zone.name and not name.endswith("." + zone.name):
            raise BatchFault(f"RRSet with DNS name {name} is not permitted in zone {zone.name}")
        self._check(change)
        before = self._standing(name, change.rtype)
        what = f"resource record set [name='{name}', type='{change.rtype}']"
        if change.action == "DELETE":
            self._delete(change, before, what)
            return
        if change.action == "CREATE" and (before or self._was_there(name, change.rtype)):
            raise BatchFault(f"Tried to create {what} but it already exists")
        self._check_alias(name, change.rtype)
        self._draft.remove(before.rows if before else ())
        for value in change.values:
            self._add(name, change, value)

    def _was_there(self, name: str, rtype: str) -> bool:
        refused = self._switches.route53_same_set_in_batch == "refused"
        return refused and any((each.name, each.rtype) == (name, rtype) for each in self._start)

    def _standing(self, name: str, rtype: str) -> RecordSet | None:
        sets = [each for each in record_sets(self._draft.zone, "") if (each.name, each.rtype) == (name, rtype)]
        if any(each.beside for each in sets):
            raise BatchFault(
                f"RRSet with DNS name {name}, type {rtype}, cannot be changed as other RRSets exist with a set identifier"
            )
        return sets[0] if sets else None

    def _delete(self, change: Wanted, before: RecordSet | None, what: str) -> None:
        if before is None:
            raise BatchFault(f"Tried to delete {what} but it was not found")
        arranged = sorted if self._switches.route53_delete_order == "any" else list
        if (arranged(before.values), str(before.ttl)) != (arranged(change.values), change.ttl):
            raise BatchFault(f"Tried to delete {what} but the values provided do not match the current values")
        if before.name == self._draft.zone.name and before.rtype in ("NS", "SOA"):
            raise BatchFault(f"A HostedZone must contain at least one {before.rtype} record for the zone itself.")
        self._draft.remove(before.rows)

    def _check(self, change: Wanted) -> None:
        if change.others or change.ttl is None or not change.values:
            raise BatchFault(
                "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
            )
        if not change.ttl.isdigit() or int(change.ttl) > _TTL_LIMIT:
            raise BatchFault(f"Value '{change.ttl}' at 'TTL' failed to satisfy constraint: between 0 and {_TTL_LIMIT}")
        for value in change.values:
            if change.values.count(value) > 1:
                raise BatchFault(f"Duplicate Resource Record: '{value}'")
            if change.rtype in ("TXT", "SPF"):
                self._check_txt(value)
            if change.rtype == "MX" and value.split()[1:] == ["."] and self._switches.route53_null_mx == "refused":
                raise _fatal("MXRRDATANotTwoFields (MX record doesn't have 2 fields)", value)

    def _check_txt(self, value: str) -> None:
        if not _STRINGS.fullmatch(value):
            raise _fatal("InvalidCharacterString (Value should be enclosed in quotation marks)", value)
        bare = any(not (32 <= ord(char) < 127) for char in value)
        if bare and self._switches.route53_bare_octets == "refused":
            raise _fatal("InvalidCharacterString (Value contains invalid characters)", value)
        strings = character_strings(_decimal(value))
        if any(len(string) > MAX_STRING for string in strings) or len(value) > _TXT_LIMIT:
            raise _fatal("CharacterStringTooLong (Value is too long)", value)

    def _check_alias(self, name: str, rtype: str) -> None:
        beside = {row.rtype for row in self._draft.zone.at(name)} - {rtype}
        if beside and ("CNAME" in beside or rtype == "CNAME"):
            zone = self._draft.zone.name
            clash = f"RRSet of type {rtype} with DNS name {name} is not permitted as it conflicts with other records"
            raise BatchFault(f"{clash} with the same DNS name in zone {zone}")

    def _add(self, name: str, change: Wanted, value: str) -> None:
        text = _decimal(value) if change.rtype in ("TXT", "SPF") else value
        if change.rtype in _NAMED and not value.endswith("."):
            text = value + "."
        beside = json.dumps({"Value": value}) if text != value and change.rtype in _NAMED else ""
        try:
            self._draft.add(name, change.rtype, text, int(change.ttl or 0), beside=beside)
        except ValueError:
            raise _fatal(f"{change.rtype}RRDATAIllegal (Value is not valid)", value) from None


def _fatal(problem: str, value: str) -> BatchFault:
    return BatchFault(f"Invalid Resource Record: FATAL problem: {problem} encountered with '{value}'")


def _decimal(value: str) -> str:
    """Octal escapes as decimal ones."""

    def converted(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        if not re.fullmatch("[0-3][0-7]{2}", found[1]):
            raise _fatal("InvalidCharacterString (Value contains an invalid escape)", value)
        return f"\\{int(found[1], 8):03d}"

    return _ESCAPE.sub(converted, value)
