r"""Route 53's record sets as rows, and rows as changes.

A value has octal escapes where a master file has decimal ones: ``\344`` is the octet 228 (developer guide, page "Supported DNS
record types", section "Special characters in a TXT record value", read in awsdocs/amazon-route53-docs on 2026-11-23).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registrar_sync.core.names import absolute, display
from registrar_sync.errors import ProviderUnavailable
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.shapes import RRsetWrite

_SIMPLE = frozenset({"Name", "Type", "TTL", "ResourceRecords"})
_OURS = ("TXT", "MX")
_ESCAPE = re.compile(r"\\(?:(\d{3})|(.))", re.DOTALL)


def row_of(native: Mapping[str, Any]) -> Row:
    """A native row: a value with its set's type and TTL, and its ``Place`` in the set; ``Shown``: another type for a set that is
    no simple one."""
    shown = text_of(native, "Shown" if "Shown" in native else "Type")
    return Row(rtype=shown, content=_from_octal(text_of(native, "Value")), ttl=number_of(native, "TTL"), native=native)


def natives_of(record_set: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values of one set. A set under a routing policy, or an alias, is never taken for a simple one.

    Raises ``ProviderUnavailable`` where that is TXT or MX: what is served differs from one asker to another, and no simple set
    can stand beside it.
    """
    kind, special = text_of(record_set, "Type"), sorted(record_set.keys() - _SIMPLE)
    if special and kind in _OURS:
        text = f"{display(absolute(text_of(record_set, 'Name')))} has a {kind} record set with {', '.join(special)}"
        raise ProviderUnavailable(
            f"{text}: no simple one, and so not one that this program can edit. Nothing was changed.",
            hint="Make it a simple record set first, or edit it by hand.",
        )
    if "AliasTarget" in record_set:
        target = text_of(record_set["AliasTarget"], "DNSName")
        return [{"Type": kind, "Shown": "ALIAS", "TTL": 0, "Value": target}]
    common = {"Type": kind, "TTL": number_of(record_set, "TTL")}
    if special:
        common["Shown"] = f"{kind} {record_set.get('SetIdentifier', special[0])}"
    values = [text_of(record, "Value") for record in list_of(record_set, "ResourceRecords")]
    return [{**common, "Value": value, "Place": place} for place, value in enumerate(values)]


def changes_for(sets: Sequence[RRsetWrite]) -> list[dict[str, Any]]:
    """The changes of one batch. What was read is deleted, with its values and TTL, and what is wanted created.

    Route 53 carries out all of a batch or nothing, and refuses a DELETE whose values are not the current ones: so nothing that
    another writer put in between can be lost, as an UPSERT would lose it.
    """
    return [change for rrset in sets for change in _changes(rrset)]


def _changes(rrset: RRsetWrite) -> Iterator[dict[str, Any]]:
    if rrset.gone:
        # In the order in which they were listed: whether another would be taken for other values is not known.
        listed = sorted(rrset.gone, key=lambda row: number_of(row.native, "Place"))
        yield _change("DELETE", rrset, listed[0].ttl, [text_of(row.native, "Value") for row in listed])
    if rrset.rows:
        yield _change("CREATE", rrset, rrset.ttl, [_value(row) for row in rrset.rows])


def _change(action: str, rrset: RRsetWrite, ttl: int | None, values: Sequence[str]) -> dict[str, Any]:
    records = [{"Value": value} for value in values]
    wanted = {"Name": rrset.owner, "Type": rrset.rtype, "TTL": ttl, "ResourceRecords": records}
    return {"Action": action, "ResourceRecordSet": wanted}


def _value(row: Row) -> str:
    """The spelling that was read, where it still stands for the value."""
    if row.native and row_of(row.native).content == row.content:
        return text_of(row.native, "Value")
    return _ESCAPE.sub(lambda found: f"\\{int(found[1]):03o}" if found[1] else found[0], row.content)


def _from_octal(value: str) -> str:
    return _ESCAPE.sub(_decimal, value)


def _decimal(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    try:
        octet = int(found[1], 8)
    except ValueError:
        octet = 256
    if octet > 255:
        raise UnusableAnswer(f"{found[0]} is no octal escape")
    return f"\\{octet:03d}"
