"""Azure's record sets: as rows, and as they are sent. Nothing is asked here.

Vendor facts: Azure/azure-rest-api-specs (specification/dns: ``TXTRecords`` with the strings of each value apart, ``MXRecords``
with preference and exchange, ``targetResource`` of an alias), lexicon's traffic recorded in 2023; a set can stand there without
records, and texts are plain, without escapes (dnscontrol, providers/azuredns, whose integration tests send quotes and
backslashes). Read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registrar_sync.core.txt import quote, unquote
from registrar_sync.errors import ProviderRefused
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.shapes import RRsetWrite

_RECORDS = {"TXT": "TXTRecords", "MX": "MXRecords", "CNAME": "CNAMERecord"}
_ALIASES = ("targetResource", "trafficManagementProfile")


def common_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a set's rows share."""
    properties = _object_of(found, "properties")
    rtype = text_of(found, "type").rpartition("/")[2]
    metadata = _object_of(properties, "metadata") if properties.get("metadata") is not None else {}
    return {"type": rtype, "etag": text_of(found, "etag"), "ttl": number_of(properties, "TTL"), "metadata": metadata}


def rows_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A set of an answer as native rows. Raises ``ProviderRefused`` for one whose records are another Azure resource's."""
    common, properties = common_of(found), _object_of(found, "properties")
    if any(_object_of(properties, key).get("id") for key in _ALIASES if properties.get(key) is not None):
        text = (
            f"The {common['type']} set {text_of(found, 'name')} is an alias of another Azure resource: its records are not told"
        )
        raise ProviderRefused(f"{text}. Nothing was changed.", hint="Change it in the Azure portal.")
    if properties.get(key := _RECORDS[common["type"]]) is None:
        return []
    records = [_object_of(properties, key)] if common["type"] == "CNAME" else list_of(properties, key)
    return [{**common, "record": record} for record in records]


def row_of(native: Mapping[str, Any]) -> Row:
    """A TXT value's content is its character-strings, quoted."""
    rtype, record = text_of(native, "type"), native["record"]
    common: dict[str, Any] = {"rtype": rtype, "ttl": number_of(native, "ttl"), "native": native}
    if rtype == "MX":
        return Row(content=text_of(record, "exchange"), preference=number_of(record, "preference"), **common)
    if rtype == "CNAME":
        return Row(content=text_of(record, "cname"), **common)
    strings = [text_of({"value": string}, "value") for string in list_of(record, "value")]
    return Row(content=quote(string.encode() for string in strings), **common)


def body_of(rrset: RRsetWrite, held: Mapping[str, Any]) -> dict[str, Any]:
    """A set to be; its metadata as it is, or was."""
    known = held or next((row.native for row in rrset.rows if row.native), {})
    records = [_record(edit, edit.after) for edit in rrset.edits if edit.after]
    metadata = {"metadata": known["metadata"]} if known.get("metadata") else {}
    return {"properties": {"TTL": rrset.ttl, _RECORDS[rrset.rtype]: records, **metadata}}


def _record(edit: RowEdit, wanted: Row) -> Any:
    """A record that stands there, or stood there, exactly as it was listed."""
    for known in (wanted.native, edit.before.native if edit.before else {}):
        if known and (row_of(known).content, row_of(known).preference) == (wanted.content, wanted.preference):
            return known["record"]
    if wanted.rtype == "MX":
        return {"preference": wanted.preference, "exchange": wanted.content}
    return {"value": [string.decode() for string in unquote(wanted.content)]}


def _object_of(found: object, key: str) -> dict[str, Any]:
    value = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(value, dict):
        raise UnusableAnswer(f"{key} is missing or no object")
    return value
