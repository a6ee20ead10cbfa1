"""Hetzner's RRsets: as rows, and the calls that bring one from what it is to what it is to be. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.shapes import RRsetWrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call: ``create`` or ``delete`` a set, or the action of that name on it."""

    what: Literal["create", "delete", "set_records", "change_ttl"]
    body: Mapping[str, Any]

    def replaces(self, rows: Iterable[Row]) -> frozenset[Any]:
        """What of a set's rows the call overwrites."""
        return frozenset(row.native["ttl"] if self.what == "change_ttl" else row.content for row in rows)


def rows_of(rrset: Any) -> list[dict[str, Any]]:
    """An RRset of an answer as native rows: each record with what it shares with the others."""
    common: dict[str, Any] = {key: text_of(rrset, key) for key in ("name", "type")}
    ttl = None if rrset.get("ttl", "") is None else number_of(rrset, "ttl")
    common |= {"ttl": ttl, "labels": _mapping(rrset, "labels"), "protection": _mapping(rrset, "protection")}
    return [{**common, "value": text_of(r, "value"), "comment": _comment(r)} for r in list_of(rrset, "records")]


def _mapping(rrset: Any, key: str) -> dict[str, Any]:
    value = rrset.get(key) or {}
    if not isinstance(value, dict):
        raise UnusableAnswer(f"{key} is no object")
    return value


def _comment(record: Any) -> str:
    return "" if record.get("comment") is None else text_of(record, "comment")


def row_of(native: Mapping[str, Any], zone_ttl: int) -> Row:
    """``zone_ttl``: seconds that a TTL of null stands for."""
    ttl = zone_ttl if native["ttl"] is None else number_of(native, "ttl")
    return Row(rtype=text_of(native, "type"), content=text_of(native, "value"), ttl=ttl, native=native)


def steps(rrset: RRsetWrite, zone_ttl: int) -> list[Step]:
    """The calls, in their order: a TTL is lowered before the values change and raised after it, so that a value on its way out is
    never served under the longer of the two."""
    if not rrset.rows:
        return [Step(what="delete", body={})] if rrset.gone else []
    records, ttl = [_record(edit) for edit in rrset.edits if edit.after is not None], _ttl(rrset, zone_ttl)
    if not rrset.gone:
        return [Step(what="create", body={"ttl": ttl, "records": records, **_labels(rrset)})]
    held = rrset.gone[0].native["ttl"]
    found = []
    if not _are(records, rrset.gone):
        found.append(Step(what="set_records", body={"records": records}))
    if ttl != held:
        lowered = _served(ttl, zone_ttl) < _served(held, zone_ttl)
        found.insert(0 if lowered else len(found), Step(what="change_ttl", body={"ttl": ttl}))
    return found


def _record(edit: RowEdit) -> dict[str, str]:
    """Value and comment; the comment of a value that takes another's place stays with it."""
    assert edit.after is not None
    native = edit.after.native or (edit.before.native if edit.before else {})
    return {"value": edit.after.content, **({"comment": native["comment"]} if native.get("comment") else {})}


def _are(records: list[dict[str, str]], rows: Iterable[Row]) -> bool:
    wanted = {(record["value"], record.get("comment", "")) for record in records}
    return wanted == {(row.content, row.native["comment"]) for row in rows}


def _ttl(rrset: RRsetWrite, zone_ttl: int) -> int | None:
    """The TTL to send: null where the rows (those wanted, or where all are new those that stand) had it from the zone."""
    known = [row.native["ttl"] for row in rrset.rows if row.native] or [row.native["ttl"] for row in rrset.gone]
    return None if None in known and rrset.ttl == zone_ttl else rrset.ttl


def _served(ttl: int | None, zone_ttl: int) -> int:
    return zone_ttl if ttl is None else ttl


def _labels(rrset: RRsetWrite) -> dict[str, Any]:
    """Of a set that comes back."""
    labels: Mapping[str, str] = next((row.native["labels"] for row in rrset.rows if row.native), {})
    return {"labels": labels} if labels else {}
