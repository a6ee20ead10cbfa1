"""PowerDNS Authoritative Server: one PATCH replaces the RRsets that it names.

Vendor facts: doc.powerdns.com/authoritative/http-api/zone.html, and a real server 4.7.3, tried on 2026-11-23.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from registrar_sync.core.names import absolute
from registrar_sync.errors import (
    CredentialsRejected,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    WriteMustReread,
)
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("powerdns")

LOG = logging.getLogger(__name__)

_FAILED = (ProviderRefused, ProviderUnavailable, CredentialsRejected, OutcomeUnknown, WriteMustReread)


class PowerDnsZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's PowerDNS provider, written by RRset, with the names as the server has them."""

    MISSING: ClassVar[frozenset[int]] = frozenset({404, 422})  # 422: servers before 4.4
    reads_on_entering = True  # authenticate fetches the whole zone
    _zone_data: Any

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The server's part of the API."""
        return (str(self.api_endpoint),)

    @contextmanager
    def _may_monkeypatch_request(self) -> Iterator[None]:
        # lexicon would patch the whole process's requests for a Unix socket; such an endpoint is refused before.
        yield

    def list_zones(self) -> list[str]:
        """GET /zones."""
        return [text_of(zone, "name") for zone in list_of(self._get("/zones").json())]

    def forget(self) -> None:
        """Drop the copy of the zone."""
        self._zone_data = None

    def rows(self, owner: str) -> list[Row]:
        """The rows at the owner, from the copy of the zone where there is one, else from the whole zone asked for again: the
        answer narrowed by ``rrset_name`` leaves disabled rows out (seen on 4.7.3), and a REPLACE without them deletes them."""
        if self._zone_data is None:
            self._zone_data = self._get(f"/zones/{self._ensure_dot(self.domain)}").json()
        return [
            self.row({**record, "name": rrset["name"], "type": rrset["type"], "ttl": rrset.get("ttl")})
            for rrset in list_of(self._zone_data, "rrsets")
            if absolute(text_of(rrset, "name")) == owner
            for record in list_of(rrset, "records")
        ]

    def row(self, native: Mapping[str, Any]) -> Row:
        """``content`` in master-file form, names dotted."""
        disabled = native.get("disabled", False)
        if not isinstance(disabled, bool):
            raise UnusableAnswer("disabled is neither true nor false")
        return Row(
            rtype=text_of(native, "type"),
            content=text_of(native, "content"),
            ttl=number_of(native, "ttl"),
            native=native,
            disabled=disabled,
        )

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PATCH; then a NOTIFY to the secondaries, where the zone is of kind Master."""
        body = {"rrsets": [self._replacement(rrset) for rrset in sets]}
        with calls.replace():
            self._patch(f"/zones/{self._ensure_dot(self.domain)}", body)
        self._notify(calls)
        self.forget()

    def _replacement(self, rrset: RRsetWrite) -> dict[str, Any]:
        named = {"name": self._stored_name(rrset), "type": rrset.rtype}
        if not rrset.rows:
            return {**named, "changetype": "DELETE"}
        records = [{"content": row.content, "disabled": row.disabled} for row in rrset.rows]
        return {**named, "changetype": "REPLACE", "ttl": rrset.ttl, "records": records}

    def _stored_name(self, rrset: RRsetWrite) -> str:
        """The owner as the server spells it: a zone can be stored in mixed case."""
        stored = (str(row.native["name"]) for row in (*rrset.gone, *rrset.rows) if row.native.get("name"))
        zone = str(self._zone_data.get("name", "")) if isinstance(self._zone_data, dict) else ""
        return next(stored, zone if zone.lower() == rrset.owner else rrset.owner)

    def _notify(self, calls: Calls) -> None:
        """lexicon's NOTIFY. The edit stands whether it succeeds or not: secondaries also ask by themselves."""
        try:
            with calls.once():
                self.notify_slaves()
        except _FAILED as error:
            LOG.warning("The zone was written, but its secondaries were not notified: %s", error.message)
