"""RRsets to JSON and back, for the journal: byte for byte, native rows included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, Txt


def rrset_to_json(rrset: RRset | None) -> dict[str, Any] | None:
    """The set as plain JSON values."""
    if rrset is None:
        return None
    return {"owner": rrset.owner, "type": rrset.rtype, "records": [_record_to_json(r) for r in rrset.records]}


def rrset_from_json(data: Mapping[str, Any] | None) -> RRset | None:
    """The set that ``rrset_to_json`` wrote."""
    if data is None:
        return None
    records = tuple(_record_from_json(row) for row in data["records"])
    return RRset(owner=data["owner"], rtype=data["type"], records=records)


def _record_to_json(record: Record) -> dict[str, Any]:
    return {
        "rdata": _rdata_to_json(record.rdata),
        "ttl": record.ttl,
        "disabled": record.disabled,
        "native": dict(record.native) if record.native is not None else None,
    }


def _record_from_json(row: Mapping[str, Any]) -> Record:
    return Record(rdata=_rdata_from_json(row["rdata"]), ttl=row["ttl"], disabled=row["disabled"], native=row["native"])


def _rdata_to_json(rdata: Rdata) -> dict[str, Any]:
    if isinstance(rdata, Txt):
        # latin-1 keeps every byte: a TXT character-string is octets, not text (RFC 1035 section 3.3)
        return {"txt": [string.decode("latin-1") for string in rdata.strings]}
    if isinstance(rdata, Mx):
        return {"mx": [rdata.preference, rdata.exchange]}
    return {"other": rdata.text}


def _rdata_from_json(data: Mapping[str, Any]) -> Rdata:
    if "txt" in data:
        return Txt(tuple(string.encode("latin-1") for string in data["txt"]))
    if "mx" in data:
        return Mx(data["mx"][0], data["mx"][1])
    return Other(data["other"])
