"""Yandex Cloud DNS: whole record sets, several in one call, which is refused where one of them is not what was read.

Vendor facts: yandex-cloud/docs, en/dns (api-ref/DnsZone, api-ref/Operation, concepts/resource-record), yandex-cloud/cloudapi,
yandex/cloud/dns/v1, and lexicon's traffic recorded in 2022; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote as quoted

from registrar_sync.core.names import absolute
from registrar_sync.errors import ConfigInvalid, ProviderRefused, WriteMustReread, ZoneNotFound
from registrar_sync.providers.adapters.yandexcloud_operations import Operations
from registrar_sync.providers.adapters.yandexcloud_sets import as_read, as_wanted, items_of, row_of, rows_of
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.rows import Row, UnusableAnswer, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("yandexcloud")

_PAGE, _MOST_PAGES = 1000, 1000


class YandexCloudZone(Operations, AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Yandex Cloud provider on public zones, with every page, and one strict call for all sets."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._own_endpoint = self.api_endpoint

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The DNS API, the resource manager and the operations; an account's endpoint stands for all three."""
        others = (self.resources_api_endpoint, self.operations_endpoint)
        return tuple(dict.fromkeys(map(str, (self.api_endpoint, *map(self._at, others)))))

    def _at(self, endpoint: str) -> str:
        return str(endpoint if self.api_endpoint == self._own_endpoint else self.api_endpoint)

    def operation_url(self, number: str) -> str:
        """Where an operation is looked at."""
        return self._url(self.operations_endpoint, f"/operations/{quoted(number, safe='')}")

    def _url(self, endpoint: str, path: str) -> str:
        # lexicon puts its own endpoint before what does not begin with https://
        return endpoint + path if self._at(endpoint) == endpoint else path

    def enter(self, names: Sequence[str]) -> None:
        """The zone of dns_zone_id, or the folder's by name. Only a public one: a private network may have the same name."""
        zones = self._zones()
        told = self.not_found(names, [text_of(zone, "zone").removesuffix(".") for zone in zones])
        for name in names:
            alike = [zone for zone in zones if absolute(text_of(zone, "zone")) == absolute(name)]
            public = [zone for zone in alike if isinstance(zone.get("publicVisibility"), dict)]
            if len(public) > 1:
                raise ConfigInvalid(f"Two public zones are called {name}. Nothing was changed.", hint="Say which: dns_zone_id.")
            if public:
                self.domain, self.domain_id = name, text_of(public[0], "id")
                return
            if alike:
                text = f"The zone {name} is seen in private networks only, not in the DNS. Nothing was changed."
                told = ZoneNotFound(text, hint="Give the dns_zone_id, or the folder_id, of the public zone.")
        raise told

    def list_zones(self) -> list[str]:
        """The public ones of the folder, or the one of dns_zone_id."""
        return [text_of(zone, "zone") for zone in self._zones() if "publicVisibility" in zone]

    def _zones(self) -> list[Any]:
        if number := self._get_provider_option("dns_zone_id"):
            return [self._get(f"/zones/{quoted(number, safe='')}")]
        return list(self._pages("/zones", "dnsZones", {"folderId": self._folder()}))

    def _folder(self) -> str:
        given = {option: str(self._get_provider_option(option) or "") for option in ("folder_id", "cloud_id")}
        if given["folder_id"]:
            return given["folder_id"]
        cloud = given["cloud_id"] or self._only("clouds", {}, "cloud_id")
        return self._only("folders", {"cloudId": cloud}, "folder_id")

    def _only(self, key: str, query: Mapping[str, str], option: str) -> str:
        found = [text_of(item, "id") for item in self._pages(self._url(self.resources_api_endpoint, f"/{key}"), key, query)]
        if len(found) != 1:
            raise ConfigInvalid(f"The token reaches {len(found)} {key}. Nothing was changed.", hint=f"Say which: {option}.")
        return found[0]

    def _pages(self, url: str, key: str, query: Mapping[str, str]) -> Iterator[Any]:
        token = ""
        for _ in range(_MOST_PAGES):
            answer = self._get(url, {**query, "pageSize": _PAGE, **({"pageToken": token} if token else {})})
            yield from items_of(answer, key)
            if not (following := text_of({"nextPageToken": "", **answer}, "nextPageToken")):
                return
            if following == token:
                raise UnusableAnswer("a page names itself as the next")
            token = following
        raise UnusableAnswer(f"{key} has no end after {_MOST_PAGES} pages")

    def rows(self, owner: str) -> list[Row]:
        """The sets of exactly this name; not while a write of ours may still be carried out, which could come afterwards."""
        self.refuse_while_running()
        sets = [found for found in self._sets(owner) if text_of(found, "name").lower() == owner]
        if len({text_of(found, "type") for found in sets}) < len(sets):
            raise UnusableAnswer("two record sets have the same name and type")
        if not sets and owner == absolute(self.domain):
            raise UnusableAnswer("not even NS stands at the zone's own name")
        return [row_of(native) for found in sets for native in rows_of(found)]

    def _sets(self, owner: str) -> list[Any]:
        return list(self._pages(f"/zones/{self.domain_id}:listRecordSets", "recordSets", {"filter": f'name="{owner}"'}))

    def row(self, native: Mapping[str, Any]) -> Row:
        """``value``: one of the set's ``data``; a TXT value in it is master-file text, where a blank divides strings."""
        return row_of(native)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One updateRecordSets: sets go as they were read, and come as they are to be; all of it is carried out, or nothing."""
        deletions = [as_read(rrset.gone[0].native) for rrset in sets if rrset.gone]
        body = {"deletions": deletions, "additions": [as_wanted(rrset) for rrset in sets if rrset.rows]}
        try:
            with calls.replace():
                self.settle(self._post(f"/zones/{self.domain_id}:updateRecordSets", body), calls)
        except ProviderRefused as refused:  # by which code a changed set is refused is not documented
            if all(self._stands(rrset) for rrset in sets):
                raise
            raise WriteMustReread(f"The records are not what was read before: {refused.message}") from None

    def _stands(self, rrset: RRsetWrite) -> bool:
        now = [found for found in self._sets(rrset.owner) if (found["name"].lower(), found["type"]) == (rrset.owner, rrset.rtype)]
        return now == ([as_read(rrset.gone[0].native)] if rrset.gone else [])
