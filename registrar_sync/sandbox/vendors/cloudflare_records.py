"""Cloudflare's records: contents, names, ids and what is kept beside them, between the API's form and the store's rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from starlette.responses import Response

from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.txt import fitted, has_long_string, is_quoted, quoted, rendered, split_long
from registrar_sync.sandbox.web import Json, Refusal
from registrar_sync.sandbox.zone import Row, Zone, rdata_of

TYPES = frozenset(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "TXT"])
NAME_TYPES = frozenset({"CNAME", "NS", "PTR"})
LOWEST_TTL, HIGHEST_TTL, AUTOMATIC, AUTOMATIC_TTL = 60, 86_400, 1, 300
KEPT = ("comment", "tags", "proxied", "settings")


@cache
def zone_id(name: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.md5(f"zone {name}".encode(), usedforsecurity=False).hexdigest()


def record_id(zone: Zone, row: Row) -> str:
    """The same for a row."""
    return hashlib.md5(f"{zone.name}/{row.number}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record as a caller wants it: ``text`` master-file rdata, ``ttl`` served; ``beside`` JSON."""

    owner: str
    rtype: str
    text: str
    ttl: int
    beside: str


class Records:
    """The translation, under the switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches

    # --- answers -----------------------------------------------------------------------------------------------------
    def failure(self, status: int, code: int, message: str, *chain: tuple[int, str]) -> Refusal:
        """The envelope of a refusal (recorded; terraform-provider-cloudflare issue 944 for the chain)."""
        error: dict[str, Any] = {"code": code, "message": message}
        if chain:
            error["error_chain"] = [{"code": inner, "message": text} for inner, text in chain]
        body = {"result": None, "success": False, "errors": [error], "messages": []}
        return Refusal(Json(body, status))

    def refused(self, code: int, message: str, *chain: tuple[int, str]) -> Refusal:
        """Of a record that cannot be."""
        return self.failure(self._switches.cloudflare_failure_status, code, message, *chain)

    def invalid(self, code: int, message: str) -> Refusal:
        """Of a record that is not valid."""
        return self.refused(1004, "DNS Validation Error", (code, message))

    def success(self, result: Any, about: Mapping[str, Any] | None = None) -> Response:
        """The envelope of an answer."""
        envelope = {"result": result, "success": True, "errors": [], "messages": []}
        return Json(envelope | ({"result_info": dict(about)} if about is not None else {}))

    # --- rows shown --------------------------------------------------------------------------------------------------
    def shown(self, zone: Zone, row: Row) -> dict[str, Any]:
        """A row as every call shows it (recorded in August 2025; ``priority`` of an MX: octodns-cloudflare)."""
        beside = kept_beside(row)
        priority, content = _content(zone, row)
        if priority is None and row.rtype == "TXT" and self._switches.cloudflare_txt_priority:
            priority = 0
        return {
            "id": record_id(zone, row),
            "name": row.owner.lower().removesuffix("."),
            "type": row.rtype,
            "content": beside.get("content", content),
            "proxiable": row.rtype in ("A", "AAAA", "CNAME"),
            "proxied": beside.get("proxied", False),
            "ttl": AUTOMATIC if beside.get("automatic") else zone.ttl_of(row),
            "settings": beside.get("settings", {}),
            "meta": {},
            "comment": beside.get("comment"),
            "tags": beside.get("tags", []),
            "created_on": _time(row.created),
            "modified_on": _time(row.changed),
            **({"priority": priority} if priority is not None else {}),
        }

    # --- rows wanted -------------------------------------------------------------------------------------------------
    def wanted(self, zone: Zone, sent: object) -> Wanted:
        """The record that a body asks for. Raises ``Refusal``."""
        if not isinstance(sent, dict):
            raise self.refused(6007, "Malformed JSON in request body")
        rtype, content = sent.get("type"), sent.get("content")
        if not isinstance(rtype, str) or rtype.upper() not in TYPES:
            raise self.invalid(9004, "DNS record type is invalid.")
        if not isinstance(content, str) or not content.strip():
            raise self.invalid(9020, "Content for the record is missing or invalid.")
        ttl, automatic = self._ttl(sent)
        text, spelling = self._text(zone, rtype.upper(), content, sent)
        beside = {key: sent[key] for key in KEPT if sent.get(key)} | ({"automatic": True} if automatic else {}) | spelling
        rendered_beside = json.dumps(beside, sort_keys=True) if beside else ""
        return Wanted(self._owner(zone, sent.get("name")), rtype.upper(), text, ttl, rendered_beside)

    def _owner(self, zone: Zone, name: object) -> str:
        if not isinstance(name, str) or not name or not name.isascii() or not name.isprintable() or " " in name:
            raise self.invalid(9000, "DNS name is invalid.")
        full = "" if name == "@" else name.lower().removesuffix(".")
        apex = zone.name.removesuffix(".")
        if full == apex or full.endswith("." + apex):
            return full + "."
        return zone.owner_of(full)

    def _ttl(self, sent: Mapping[str, Any]) -> tuple[int, bool]:
        ttl = sent.get("ttl", AUTOMATIC)
        if type(ttl) is not int or not (ttl == AUTOMATIC or LOWEST_TTL <= ttl <= HIGHEST_TTL):
            raise self.invalid(9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.")
        return (AUTOMATIC_TTL, True) if ttl == AUTOMATIC else (ttl, False)

    def _text(self, zone: Zone, rtype: str, content: str, sent: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """Master-file rdata, and the spelling kept where it is another one."""
        if rtype == "TXT":
            return self._txt(content)
        text = f"{self._priority(sent)} {self._host(content)}" if rtype == "MX" else content.strip()
        if rtype in NAME_TYPES:
            text = self._host(content)
        try:
            rdata_of(rtype, text, zone.name)
        except ValueError:
            raise self.invalid(9009, f"Content for {rtype} record is invalid.") from None
        return text, {}

    def _txt(self, content: str) -> tuple[str, dict[str, str]]:
        if is_quoted(content):
            return split_long(content.strip()), {}
        text = quoted(content)
        if has_long_string(text):
            return rendered(fitted([content.encode()])), {}
        return text, {"content": content} if self._switches.cloudflare_txt == "verbatim" else {}

    def _host(self, content: str) -> str:
        host = content.strip()
        if " " in host or (host == "." and self._switches.cloudflare_null_mx == "refused"):
            raise self.invalid(9009, "Content for MX record must be a hostname.")
        return host.removesuffix(".") + "."

    def _priority(self, sent: Mapping[str, Any]) -> int:
        priority = sent.get("priority")
        if priority is None:
            raise self.invalid(9100, "priority is a required field.")
        if type(priority) is not int or not 0 <= priority <= 65535:
            raise self.invalid(9008, "Invalid priority, priority must be set and be between 0 and 65535")
        return priority


def kept_beside(row: Row) -> dict[str, Any]:
    """What is kept beside a row."""
    return dict(json.loads(row.beside)) if row.beside else {}


def _content(zone: Zone, row: Row) -> tuple[int | None, str]:
    if row.rtype == "TXT":
        return None, row.text
    rdata = rdata_of(row.rtype, row.text, zone.name).to_text()
    if row.rtype == "MX":
        priority, _, host = rdata.partition(" ")
        return int(priority), host.removesuffix(".") or "."
    return None, (rdata.removesuffix(".") if row.rtype in NAME_TYPES else rdata)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
