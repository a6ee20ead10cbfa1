"""OVH's records: field types, targets and ids, between the API's form and the store's rows."""

from __future__ import annotations

import zlib
from typing import Any

from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare, character_strings, is_quoted, quoted, rendered, split_long
from registrar_sync.sandbox.vendors.ovh_login import refusal
from registrar_sync.sandbox.web import Call
from registrar_sync.sandbox.zone import Row, Zone

FIELD_TYPES = frozenset(
    ["A", "AAAA", "CAA", "CNAME", "DKIM", "DMARC", "MX", "NAPTR", "NS", "PTR", "SPF", "SRV", "SSHFP", "TLSA", "TXT"]
)
TEXT_TYPES = frozenset({"TXT", "SPF"})
UNQUOTED_TYPES = frozenset({"DKIM", "DMARC"})
LOWEST_TTL, HIGHEST_TTL = 60, 2**31 - 1


def record_id(zone: Zone, row: Row) -> int:
    """A row's id: large (over 2^31 as in external-dns#5914), unique, and in no order."""
    return 5_000_000_000 + (row.number * 2_654_435_761 + zlib.crc32(zone.name.encode())) % 2**32


def unsorted_ids(zone: Zone, rows: list[Row]) -> list[int]:
    """The rows' ids as OVH lists them: not sorted, by id or by anything."""
    return sorted((record_id(zone, row) for row in rows), key=lambda number: zlib.crc32(str(number).encode()))


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it."""
        return {
            "target": self._target(row),
            "ttl": row.ttl,
            "zone": zone.name.removesuffix("."),
            "fieldType": row.rtype,
            "id": record_id(zone, row),
            "subDomain": zone.label_of(row.owner),
        }

    def _target(self, row: Row) -> str:
        if row.rtype in UNQUOTED_TYPES or (row.rtype == "SPF" and not self._switches.ovh_spf_quoted):
            return bare(row.text)
        return row.text

    def find(self, zone: Zone, asked: str) -> Row:
        """The row of an id. Raises ``Refusal`` (404)."""
        for row in zone.rows:
            if str(record_id(zone, row)) == asked and not row.disabled:
                return row
        raise self.missing(asked)

    def missing(self, asked: str) -> Exception:
        """The refusal of an unknown id."""
        return refusal(404, "NotFound", self._switches.ovh_record_missing_text.format(id=asked))

    def text(self, field_type: str, target: str) -> str:
        """The master-file form of a target sent. Raises ``ValueError`` where it cannot be one."""
        if field_type in UNQUOTED_TYPES:
            if is_quoted(target):
                raise ValueError("quoted")
            return split_long(quoted(target))
        if field_type in TEXT_TYPES:
            return self._long(self._quoted(target))
        return target.strip()

    def _quoted(self, target: str) -> str:
        if is_quoted(target) or self._switches.ovh_txt_quoting == "verbatim":
            return target.strip()
        return quoted(target)

    def _long(self, text: str) -> str:
        if self._switches.ovh_long_txt == "split":
            return split_long(text)
        strings = character_strings(text)
        return rendered([b"".join(strings)]) if len(strings) > 1 else text

    def field_type(self, sent: dict[str, Any], label: str) -> str:
        """The field type that a POST makes. Raises ``Refusal``."""
        wanted = sent.get("fieldType")
        if not isinstance(wanted, str) or wanted not in FIELD_TYPES:
            raise refusal(400, "BadRequest", f"Given data ({wanted!r}) is not valid for fieldType")
        if wanted == "DMARC" and not label.lower().startswith("_dmarc"):
            raise refusal(400, "BadRequest", f"Invalid subfield found in DMARC : {label}")
        looks_like_dkim = wanted == "TXT" and "._domainkey" in label.lower()
        return "DKIM" if looks_like_dkim and self._switches.ovh_dkim_txt_retyped else wanted

    def check_beside(self, draft: Draft, owner: str, field_type: str, text: str) -> None:
        """Raise ``Refusal`` where a switch says that OVH refuses what stands there already."""
        there = draft.zone.at(owner)
        if self._switches.ovh_duplicates == "refused" and any(row.rtype == field_type and row.text == text for row in there):
            raise refusal(self._switches.ovh_duplicate_status, "Conflict", "This record already exists")
        clash = any((row.rtype == "CNAME") != (field_type == "CNAME") for row in there)
        if clash and self._switches.ovh_cname_beside_others == "refused":
            raise refusal(400, "BadRequest", "A CNAME record cannot stand beside other records")


def body_of(call: Call) -> dict[str, Any]:
    """The JSON object sent. Raises ``Refusal``."""
    try:
        sent = call.json()
    except ValueError:
        raise refusal(400, "BadRequest", "Invalid JSON received") from None
    if not isinstance(sent, dict):
        raise refusal(400, "BadRequest", "Invalid JSON received: an object is expected")
    return sent


def label_in(sent: dict[str, Any], default: str = "") -> str:
    """The ``subDomain`` sent (the apex is the empty text). Raises ``Refusal``."""
    label = sent.get("subDomain", default)
    label = "" if label is None else label
    # dnscontrol rewrites "@" to the empty text: at OVH it is no name for the apex.
    if not isinstance(label, str) or label == "@" or not _is_label(label):
        raise refusal(400, "BadRequest", f"Given data ({label!r}) is not valid for subDomain")
    return label


def _is_label(label: str) -> bool:
    pieces = label.split(".") if label else []
    allowed = all(
        piece and len(piece) <= 63 and piece.replace("-", "").replace("_", "").replace("*", "").isalnum() for piece in pieces
    )
    return allowed and label.isascii() and len(label) <= 200


def ttl_in(sent: dict[str, Any], default: int = 0) -> int:
    """The ``ttl`` sent: 0 for the zone's default, else at least 60 (terraform validation). Raises ``Refusal``."""
    ttl = sent.get("ttl", default)
    ttl = 0 if ttl is None else ttl
    if type(ttl) is not int or not (ttl == 0 or LOWEST_TTL <= ttl <= HIGHEST_TTL):
        raise refusal(400, "BadRequest", f"Given data ({ttl!r}) is not valid for ttl: 0, or at least {LOWEST_TTL}")
    return ttl
