"""Infomaniak's records (API v2): sources and targets, between the API's form and the store's rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare, character_strings, has_long_string, is_quoted, quoted, split_long
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset(["A", "AAAA", "CAA", "CNAME", "DNAME", "DS", "MX", "NS", "SMIMEA", "SRV", "SSHFP", "TLSA", "TXT"])
LAST_WORD_IS_NAME = frozenset({"CNAME", "DNAME", "MX", "NS", "SRV"})
HIGHEST_TTL = 2**31 - 1


def record_id(zone: Zone, row: Row) -> int:
    """A row's id."""
    return 30_000 + zlib.crc32(zone.name.encode()) % 1000 * 100_000 + row.number


class Errors:
    """Error bodies: ``{"result": "error", "error": {"code", "description"[, "errors"]}}`` (lego's fixtures)."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def reply(self, status: int, code: str, description: str, **more: object) -> Response:
        """An answer."""
        shown = 200 if self._switches.infomaniak_error_status == "200" else status
        return Json({"result": "error", "error": {"code": code, "description": description, **more}}, shown)

    def refusal(self, status: int, code: str, description: str, **more: object) -> Refusal:
        """The same, to be raised."""
        return Refusal(self.reply(status, code, description, **more))

    def invalid(self, attribute: str, code: str, description: str) -> Refusal:
        """422 with what is wrong with which attribute."""
        fault = {"code": code, "description": description, "context": {"attribute": attribute}}
        return self.refusal(422, "validation_failed", "Validation failed", errors=[fault])


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches, errors: Errors) -> None:
        self._switches = switches
        self._errors = errors

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it."""
        label = zone.label_of(row.owner)
        return {
            "id": record_id(zone, row),
            "source": label or self._switches.infomaniak_apex_listed,
            "source_idn": row.owner.removesuffix("."),
            "type": row.rtype,
            "ttl": zone.ttl_of(row),
            "target": self._target(zone, row),
            "updated_at": int(row.changed),
            "dyndns_id": None,
        }

    def _target(self, zone: Zone, row: Row) -> str:
        if row.rtype == "TXT":
            plain = len(character_strings(row.text)) == 1 and "\\" not in row.text
            return bare(row.text) if plain and self._switches.infomaniak_txt_listed == "bare" else row.text
        target = rdata_of(row.rtype, row.text, zone.name).to_text()
        if row.rtype not in LAST_WORD_IS_NAME or target.endswith(" .") or self._switches.infomaniak_mx_listed_dotted:
            return target
        return target.removesuffix(".")

    def rtype(self, sent: Mapping[str, Any]) -> str:
        """The ``type`` sent. Raises ``Refusal``."""
        rtype = sent.get("type")
        if not isinstance(rtype, str) or rtype not in TYPES:
            raise self._errors.invalid("type", "attribute_values", "The selected type is invalid.")
        return rtype

    def label(self, sent: Mapping[str, Any]) -> str:
        """The ``source`` sent, relative to the zone. Raises ``Refusal``."""
        source = sent.get("source")
        if source is None:
            raise self._errors.invalid("source", "attribute_required", "The source attribute is required")
        if (source == "." and self._switches.infomaniak_apex_sent != "empty") or (
            source == "" and self._switches.infomaniak_apex_sent != "dot"
        ):
            return ""
        if not isinstance(source, str) or not _is_label(source):
            raise self._errors.invalid("source", "validation_rule_regex", "The source format is invalid.")
        return source

    def ttl(self, sent: Mapping[str, Any]) -> int:
        """The ``ttl`` sent, which must be there. Raises ``Refusal``."""
        ttl = sent.get("ttl")
        if ttl is None:
            raise self._errors.invalid("ttl", "attribute_required", "The ttl attribute is required")
        if type(ttl) is not int or not self._switches.infomaniak_lowest_ttl <= ttl <= HIGHEST_TTL:
            raise self._errors.invalid("ttl", "attribute_min_value", "The ttl is invalid")
        return ttl

    def text(self, zone: Zone, rtype: str, sent: Mapping[str, Any]) -> str:
        """The master-file form of the ``target`` sent. Raises ``Refusal``."""
        target = sent.get("target")
        if not isinstance(target, str) or not target.strip():
            raise self._errors.invalid("target", "attribute_required", "The target attribute is required")
        try:
            text = self._text(rtype, target.strip())
            rdata_of(rtype, text, zone.name)
        except ValueError:
            raise self._errors.refusal(422, "invalid_dns_record", "invalid dns record") from None
        return text

    def _text(self, rtype: str, target: str) -> str:
        if rtype == "TXT":
            text = target if is_quoted(target) else quoted(target)
            if has_long_string(text) and self._switches.infomaniak_long_txt == "refused":
                raise ValueError("too long")
            return split_long(text)
        if rtype == "MX" and target.endswith(" .") and self._switches.infomaniak_null_mx == "refused":
            raise ValueError("null MX")
        return target.removesuffix(".") + "." if rtype in LAST_WORD_IS_NAME else target


def _is_label(label: str) -> bool:
    pieces = label.split(".")
    allowed = all(0 < len(p) <= 63 and p.replace("-", "").replace("_", "").replace("*", "a").isalnum() for p in pieces)
    return allowed and label.isascii() and len(label) <= 200
