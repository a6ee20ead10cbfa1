"""DigitalOcean's records: names and data, between the API's form and the store's rows."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import bare, character_strings, fitted, quoted, rendered
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"})
NAME_TYPES = frozenset({"CNAME", "MX", "NS", "SRV"})
LOWEST_TTL, HIGHEST_TTL, DEFAULT_TTL = 30, 2**31 - 1, 1800
MOST_TXT = 512  # octets of the whole value as it is written in a master file (dnscontrol issue 370)
NO_DOT = "Data needs to end with a dot (.)"  # doctl issue 919


def refusal(status: int, kind: str, message: str) -> Refusal:
    """An error body: ``{"id", "message"}`` (recorded; the specification)."""
    return Refusal(error_reply(status, kind, message))


def error_reply(status: int, kind: str, message: str) -> Response:
    """The same as an answer."""
    return Json({"id": kind, "message": message}, status)


def unprocessable(message: str) -> Refusal:
    """The refusal of a record."""
    return refusal(422, "unprocessable_entity", message)


def record_id(zone: Zone, row: Row) -> int:
    """A row's id."""
    return 78_000_000 + zlib.crc32(zone.name.encode()) % 10_000 * 1_000_000 + row.number


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as GET shows it; what its type has no use for is null."""
        return {
            "id": record_id(zone, row),
            "type": row.rtype,
            "name": zone.label_of(row.owner) or "@",
            "data": None,
            "priority": None,
            "port": None,
            "ttl": zone.ttl_of(row),
            "weight": None,
            "flags": None,
            "tag": None,
            **self._data(zone, row),
        }

    def _data(self, zone: Zone, row: Row) -> dict[str, Any]:
        if row.rtype == "TXT":
            several = len(character_strings(row.text)) > 1 and self._switches.digitalocean_txt_strings == "quoted"
            return {"data": row.text if several else bare(row.text)}
        words = rdata_of(row.rtype, row.text, zone.name).to_text().split(" ")
        if row.rtype == "CAA":
            return {"flags": int(words[0]), "tag": words[1], "data": " ".join(words[2:]).strip('"')}
        numbers = dict(zip(("priority", "weight", "port"), map(int, words[:-1]), strict=False))
        return {**numbers, "data": _name_shown(zone, words[-1]) if row.rtype in NAME_TYPES else words[-1]}

    def label(self, sent: Mapping[str, Any]) -> str:
        """The ``name`` sent, relative to the domain; ``@`` is the apex. Raises ``Refusal``."""
        label = sent.get("name")
        if label == "@" or (label == "" and self._switches.digitalocean_empty_name == "apex"):
            return ""
        if not isinstance(label, str) or not _is_label(label):
            raise unprocessable("Name is invalid.")
        return label

    def rtype(self, sent: Mapping[str, Any]) -> str:
        """The ``type`` sent. Raises ``Refusal``."""
        rtype = sent.get("type")
        if not isinstance(rtype, str) or rtype.upper() not in TYPES:
            raise unprocessable("Type is not included in the list")
        return rtype.upper()

    def ttl(self, sent: Mapping[str, Any]) -> int:
        """The ``ttl`` sent, else 1800. Raises ``Refusal`` below 30."""
        ttl = sent.get("ttl")
        if ttl is None:
            return DEFAULT_TTL
        if type(ttl) is not int or ttl > HIGHEST_TTL:
            raise unprocessable("Ttl is not a number")
        if ttl < LOWEST_TTL:
            raise unprocessable("record ttl must be greater than 30")
        return ttl

    def text(self, zone: Zone, rtype: str, sent: Mapping[str, Any]) -> str:
        """The master-file form of what was sent. Raises ``Refusal``."""
        data = sent.get("data")
        if not isinstance(data, str) or not data:
            raise unprocessable("Data can't be blank.")
        try:
            text = _txt(data) if rtype == "TXT" else self._text(zone, rtype, data, sent)
            rdata_of(rtype, text, zone.name)
        except ValueError:
            raise unprocessable("Data is invalid.") from None
        return text

    def _text(self, zone: Zone, rtype: str, data: str, sent: Mapping[str, Any]) -> str:
        if rtype == "CAA":
            return f'{_number(sent, "flags")} {sent.get("tag")} "{data.removesuffix(".")}"'
        if rtype not in NAME_TYPES:
            return data
        name = zone.name if data == "@" else data
        if not name.endswith("."):
            raise unprocessable(NO_DOT)
        if rtype == "MX" and name == ".":
            raise unprocessable("Data is invalid.")  # dnscontrol's audit: no null MX
        fields = {"MX": ("priority",), "SRV": ("priority", "weight", "port")}.get(rtype, ())
        return " ".join([*(str(_number(sent, field)) for field in fields), name])


def _number(sent: Mapping[str, Any], key: str) -> int:
    number = sent.get(key)
    if type(number) is not int or not 0 <= number <= 65535:
        raise unprocessable(f"{key.capitalize()} is not a number")
    return number


def _name_shown(zone: Zone, name: str) -> str:
    """Without a final dot, and ``@`` for the domain itself (recorded; dnscontrol; octodns)."""
    return "@" if name.lower() == zone.name else name.removesuffix(".") or "."


def _txt(data: str) -> str:
    text = rendered(fitted(character_strings(quoted(data))))
    if "\\" in data or len(text) > MOST_TXT:
        raise ValueError("no such TXT value")
    return text


def _is_label(label: str) -> bool:
    pieces = label.split(".")
    allowed = all(0 < len(p) <= 63 and p.replace("-", "").replace("_", "").replace("*", "a").isalnum() for p in pieces)
    return allowed and label.isascii() and len(label) <= 200
