"""Azure DNS: whole record sets, one call each, which is refused where the set's etag is no longer the one that was read.

Vendor facts: Azure/azure-rest-api-specs (specification/dns, 2018-05-01), MicrosoftDocs/azure-docs (articles/dns/
dns-zones-records.md), dnscontrol's and octodns's providers, and lexicon's traffic recorded in 2023; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from registrar_sync.core.names import absolute, relative
from registrar_sync.errors import ConfigInvalid, RegistrarSyncError, WriteMustReread, ZoneNotFound
from registrar_sync.providers.adapters.azure_login import LEXICON, Login
from registrar_sync.providers.adapters.azure_sets import body_of, common_of, row_of, rows_of
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpDenied, HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, text_of
from registrar_sync.providers.shapes import Calls, RRsetWrite

_MOST_PAGES = 1000
_NO_GROUP = frozenset({"ResourceGroupNotFound", "SubscriptionNotFound", "InvalidSubscriptionId"})
_TYPES = ("TXT", "MX", "CNAME")


class AzureZone(Login, AskByName, LEXICON.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Azure provider with preferences and character-strings, conditions on every write, and nothing listed."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._empty: dict[tuple[str, str], Mapping[str, Any]] = {}  # sets that stand there without records

    @property
    def _group_url(self) -> str:
        group = f"subscriptions/{self.part('auth_subscription_id')}/resourceGroups/{self.part('resource_group')}"
        return f"{self.base_urls[0]}/{group}/providers/Microsoft.Network/dnsZones"

    @property
    def _zone_url(self) -> str:
        return f"{self._group_url}/{quote(self.domain, safe='')}"

    def enter(self, names: Sequence[str]) -> None:
        """By name. With a right on one zone alone every other name is denied: that it is says nothing while one is left."""
        told: RegistrarSyncError = self.not_found(names)
        for name in names:
            self.domain = name
            try:
                return self.authenticate()
            except HttpRefused as refused:
                if refused.status != 404:
                    raise
            except (HttpDenied, ZoneNotFound) as error:
                if isinstance(error, HttpDenied) and error.status != 403:
                    raise
                told = error
        raise told

    def authenticate(self) -> None:
        """GET the zone. Raises ``ConfigInvalid`` where already the resource group is not there."""
        try:
            zone = self._get(self._zone_url, {})
        except HttpRefused as refused:
            if refused.codes & _NO_GROUP:
                raise ConfigInvalid(refused.message, hint="Correct auth_subscription_id or resource_group.") from None
            raise
        if absolute(text_of(zone, "name")) != absolute(self.domain):
            raise UnusableAnswer(f"zone {self.domain} was asked for, another one was answered")
        if zone["properties"].get("zoneType", "Public") != "Public":
            text = f"The zone {self.domain} is seen in private networks only, not in the DNS. Nothing was changed."
            raise ZoneNotFound(text, hint="Give the resource group that holds the public zone.")

    def list_zones(self) -> list[str]:
        """The resource group's."""
        return [text_of(zone, "name") for zone in self._pages(self._group_url)]

    def _pages(self, url: str) -> Iterator[Any]:
        query: dict[str, str] | None = {}
        seen = set()
        while url:
            seen.add(url)
            answer = self._get(url, query)
            yield from list_of(answer, "value")
            url, query = text_of({"nextLink": "", **answer}, "nextLink"), None  # it has a query of its own
            if url in seen or len(seen) >= _MOST_PAGES:
                raise UnusableAnswer("the list of zones has no end")

    def rows(self, owner: str) -> list[Row]:
        """Set by set. One that is not there is answered as a zone that is not there may be, so that is asked for again."""
        asked = _TYPES[: 2 if owner == absolute(self.domain) else 3]  # no CNAME stands at the zone's own name
        sets = {rtype: self._set(owner, rtype) for rtype in asked}
        if None in sets.values():
            self.authenticate()
        self._empty = {(owner, rtype): common_of(found) for rtype, found in sets.items() if found and not rows_of(found)}
        return [self.row(native) for found in sets.values() if found for native in rows_of(found)]

    def _set(self, owner: str, rtype: str) -> Any:
        try:
            found = self._get(self._set_url(owner, rtype), {})
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return None
        if text_of(found, "name").lower() != self._label(owner) or not text_of(found, "type").endswith(f"/{rtype}"):
            raise UnusableAnswer(f"{rtype} of {owner} was asked for, another set was answered")
        return found

    def row(self, native: Mapping[str, Any]) -> Row:
        """A record together with its set's type, TTL, etag and metadata."""
        return row_of(native)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PUT or DELETE a set, on the condition that it still is what was read, or still is not there."""
        for rrset in sets:
            held = rrset.gone[0].native if rrset.gone else self._empty.get((rrset.owner, rrset.rtype))
            try:
                with calls.replace():
                    self._write(rrset, held)
            except HttpRefused as refused:
                if refused.status != 412 and self._stands(rrset, held):
                    raise
                raise WriteMustReread(f"The {rrset.rtype} set is not what was read before: {refused.message}") from None

    def _write(self, rrset: RRsetWrite, held: Mapping[str, Any] | None) -> None:
        condition = {"If-Match": str(held["etag"])} if held else {"If-None-Match": "*"}
        url = self._set_url(rrset.owner, rrset.rtype)
        if rrset.rows:
            self._request("PUT", url, body_of(rrset, held or {}), {}, condition)
        elif held:
            self._request("DELETE", url, None, {}, condition)

    def _stands(self, rrset: RRsetWrite, held: Mapping[str, Any] | None) -> bool:
        found = self._set(rrset.owner, rrset.rtype)
        return (found and text_of(found, "etag")) == (held and held["etag"])

    def _set_url(self, owner: str, rtype: str) -> str:
        return f"{self._zone_url}/{rtype}/{quote(self._label(owner), safe='@')}"

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain)) or "@"
