"""IONOS' records: contents, names and ids, between the API's form and the store's rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import has_long_string, is_quoted, quoted, split_long
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset(["A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"])
NAME_TYPES = frozenset({"CNAME", "NS", "PTR"})
PRIO_TYPES = frozenset({"MX", "SRV"})
LOWEST_TTL, HIGHEST_TTL, DEFAULT_TTL = 60, 2**31 - 1, 3600
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "ionos.sandbox.invalid")


def refusal(status: int, code: str, message: str, **parameters: object) -> Refusal:
    """An error body, which is an array (specification)."""
    return Refusal(error_reply(status, code, message, **parameters))


def error_reply(status: int, code: str, message: str, **parameters: object) -> Response:
    """The same as an answer."""
    error: dict[str, object] = {"code": code, "message": message}
    return Json([error | ({"parameters": parameters} if parameters else {})], status)


@cache
def zone_id(name: str) -> str:
    """The UUID of the zone of that name."""
    return str(uuid.uuid5(_NAMESPACE, name))


def record_id(zone: Zone, row: Row) -> str:
    """A row's UUID."""
    return str(uuid.uuid5(_NAMESPACE, f"{zone.name}/{row.number}"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as a caller wants it."""

    owner: str
    rtype: str
    text: str
    ttl: int
    disabled: bool

    def is_same_value(self, row: Row) -> bool:
        """Whether a row holds this very record, TTL and disabling aside."""
        return row.stands_at(self.owner) and (row.rtype, row.text) == (self.rtype, self.text)


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it: names without final dot, ``prio`` on MX and SRV only (recorded 2024)."""
        prio, content = _content(zone, row)
        return {
            "name": row.owner.removesuffix("."),
            "rootName": zone.name.removesuffix("."),
            "type": row.rtype,
            "content": content,
            "changeDate": datetime.fromtimestamp(row.changed, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ttl": zone.ttl_of(row),
            **({"prio": prio} if prio is not None else {}),
            "disabled": row.disabled,
            "id": record_id(zone, row),
        }

    def wanted(self, zone: Zone, sent: object) -> Wanted:
        """The record that an item of a body asks for. Raises ``Refusal``."""
        if not isinstance(sent, dict):
            raise refusal(400, "INVALID_DATA", "An object is expected.")
        missing = [name for name in ("name", "type", "content") if sent.get(name) is None]
        if missing:
            raise self.invalid(sent, required=missing)
        rtype = sent["type"].upper() if isinstance(sent["type"], str) else ""
        if rtype not in TYPES or rtype == "SOA":
            raise self.invalid(sent, "type")
        owner = sent["name"] + "." if isinstance(sent["name"], str) else ""
        if not is_owner(zone, owner):
            raise self.invalid(sent, "name")
        return Wanted(owner, rtype, self.text(zone, rtype, sent), self.ttl(sent), self.disabled(sent))

    def text(self, zone: Zone, rtype: str, sent: Mapping[str, Any]) -> str:
        """The master-file form of ``content`` and ``prio``. Raises ``Refusal``."""
        content = sent.get("content")
        if not isinstance(content, str):
            raise self.invalid(sent, "content")
        try:
            text = self._text(rtype, content, self._prio(rtype, sent))
            rdata_of(rtype, text, zone.name)
        except ValueError:
            raise self.invalid(sent, "content") from None
        return text

    def _text(self, rtype: str, content: str, prio: int) -> str:
        if rtype == "TXT":
            return self._txt(content)
        if rtype in NAME_TYPES:
            return self._name(content)
        if rtype == "MX":
            return f"{prio} {self._name(content)}"
        if rtype == "SRV":
            weight_and_port, _, name = content.strip().rpartition(" ")
            return f"{prio} {weight_and_port} {self._name(name)}"
        return content.strip()

    def _txt(self, content: str) -> str:
        text = content.strip() if is_quoted(content) else quoted(content)
        if has_long_string(text) and self._switches.ionos_long_txt == "refused":
            raise ValueError("too long")
        return split_long(text)

    def _name(self, content: str) -> str:
        name = content.strip()
        if not name or " " in name:
            raise ValueError("no host name")
        if name.endswith(".") and name != "." and self._switches.ionos_final_dot == "refused":
            raise ValueError("final dot")
        return name.removesuffix(".") + "."

    def _prio(self, rtype: str, sent: Mapping[str, Any]) -> int:
        prio = sent.get("prio")
        if rtype not in PRIO_TYPES:
            return 0
        if prio is None and (rtype == "SRV" or self._switches.ionos_prio_required):
            raise self.invalid(sent, required=["prio"])
        if type(prio) is not int and prio is not None:
            raise self.invalid(sent, "prio")
        return prio or 0

    def ttl(self, sent: Mapping[str, Any], default: int = DEFAULT_TTL) -> int:
        """The ``ttl`` sent, else the default. Raises ``Refusal`` below 60 (libdns/ionos)."""
        ttl = sent.get("ttl")
        if ttl is None:
            return default
        if type(ttl) is not int or not LOWEST_TTL <= ttl <= HIGHEST_TTL:
            raise self.invalid(sent, "ttl")
        return ttl

    def disabled(self, sent: Mapping[str, Any], default: bool = False) -> bool:
        """The ``disabled`` sent. Raises ``Refusal``."""
        disabled = sent.get("disabled", default)
        if not isinstance(disabled, bool):
            raise self.invalid(sent, "disabled")
        return disabled

    def invalid(self, record: Mapping[str, Any], *fields: str, required: Sequence[str] = ()) -> Refusal:
        """The refusal of a record: 400 ``INVALID_RECORD`` with the fields at fault."""
        parameters: dict[str, object] = {"requiredFields": list(required)} if required else {"invalidFields": list(fields)}
        return refusal(400, "INVALID_RECORD", "Record is invalid.", **parameters, errorRecord=record)


def is_owner(zone: Zone, owner: str) -> bool:
    """Whether a name is a full one within the zone, without a final dot of its own, as every name in this API."""
    within = owner.lower() == zone.name or owner.lower().endswith("." + zone.name)
    labels = owner[:-1].split(".")
    return (
        within and owner.isascii() and owner.isprintable() and len(owner) < 255 and all(0 < len(label) < 64 for label in labels)
    )


def _content(zone: Zone, row: Row) -> tuple[int | None, str]:
    if row.rtype == "TXT":
        return None, row.text
    rdata = rdata_of(row.rtype, row.text, zone.name).to_text()
    if row.rtype in PRIO_TYPES:
        prio, _, content = rdata.partition(" ")
        return int(prio), content.removesuffix(".") or "."
    return None, (rdata.removesuffix(".") if row.rtype in NAME_TYPES else rdata)
