"""Hetzner Cloud DNS: whole RRsets, changed by actions that take some seconds to be carried out.

Vendor facts: docs.hetzner.cloud/reference/cloud (Zones, Zone RRSets), the vendor's hcloud-go b8cfa39, and lexicon's traffic
recorded in January 2026; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registrar_sync.core.names import absolute, display, relative
from registrar_sync.errors import CredentialsRejected, ProviderRefused, WriteMustReread
from registrar_sync.providers.adapters.hetzner_actions import Actions
from registrar_sync.providers.adapters.hetzner_sets import Step, row_of, rows_of, steps
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("hetzner")

_MOST_PAGES = 1000


class HetznerZone(Actions, AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Hetzner provider on the Cloud API, written by RRset; every write is waited for."""

    api_endpoint = str(_lexicon.HetznerCloud.API_ENDPOINT).removesuffix("/zones")
    _zone_ttl = 0
    _mode = ""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        if isinstance(self._hetzner_impl, _lexicon.HetznerDns):
            raise CredentialsRejected(
                "A token of 32 characters is for the old DNS Console (dns.hetzner.com), closed since May 2026. Nothing was sent.",
                hint="Create an API token with read and write rights in the Hetzner Console, in the project that holds the zone.",
            )

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The Cloud API."""
        return (str(self.api_endpoint),)

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        self._hetzner_impl.API_ENDPOINT = str(self.api_endpoint)
        return self._hetzner_impl._request(action, url, data, query_params)

    def authenticate(self) -> None:
        """GET /zones/{name}: its id, default TTL and mode."""
        zone = self._get(f"/zones/{self.domain}")["zone"]
        if absolute(text_of(zone, "name")) != absolute(self.domain):
            raise UnusableAnswer(f"zone {self.domain} was asked for, another one was answered")
        self.domain_id, self._zone_ttl, self._mode = number_of(zone, "id"), number_of(zone, "ttl"), text_of(zone, "mode")

    def list_zones(self) -> list[str]:
        """GET /zones."""
        return [text_of(zone, "name") for zone in self._pages("/zones", "zones", {})]

    def _pages(self, url: str, key: str, query: Mapping[str, str]) -> Iterator[Any]:
        page = 1
        for _ in range(_MOST_PAGES):
            answer = self._get(url, {**query, "page": page})
            yield from list_of(answer, key)
            pagination = answer["meta"]["pagination"]
            if pagination["next_page"] is None:
                return
            if (following := number_of(pagination, "next_page")) <= page:
                raise UnusableAnswer("a page names itself or an earlier one as the next")
            page = following
        raise UnusableAnswer(f"{key} has no end after {_MOST_PAGES} pages")

    def rows(self, owner: str) -> list[Row]:
        """GET /rrsets by name, all types; not while a write of ours may still be carried out, which could come afterwards."""
        self.refuse_while_running()
        label = self._label(owner)
        sets = [s for s in self._pages(f"{self._zone_url}/rrsets", "rrsets", {"name": label}) if text_of(s, "name") == label]
        if len({text_of(rrset, "type") for rrset in sets}) < len(sets):
            raise UnusableAnswer("two RRsets have the same name and type")
        return [self.row(native) for rrset in sets for native in rows_of(rrset)]

    def row(self, native: Mapping[str, Any]) -> Row:
        """A value together with its set's type and TTL; a TTL of null is the zone's."""
        return row_of(native, self._zone_ttl)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """Set after set, each call waited for. What a later call overwrites is read again when the reading is too old by then."""
        self._refuse_what_cannot_be_written(sets)
        read_at, is_first = calls.read_at, True
        for rrset in sets:
            for step in steps(rrset, self._zone_ttl):
                if read_at is not None and calls.is_old(read_at) and not is_first:
                    self._check_still(rrset, step)
                    read_at = self.now()
                self._carry_out(rrset, step, calls, read_at)
                is_first = False

    def _refuse_what_cannot_be_written(self, sets: Sequence[RRsetWrite]) -> None:
        if self._mode != "primary":
            raise ProviderRefused(
                f"The zone {self.domain} is in mode {self._mode}: Hetzner copies it from elsewhere. Nothing was changed.",
                hint="Make the change at the zone's primary server.",
            )
        for rrset in sets:
            if any(row.native["protection"].get("change") for row in rrset.gone):
                raise ProviderRefused(
                    f"The {rrset.rtype} set of {display(rrset.owner)} is protected against changes. Nothing was changed.",
                    hint="Lift its change protection in the Hetzner Console, and run it again.",
                )

    def _check_still(self, rrset: RRsetWrite, step: Step) -> None:
        now = [row for row in self.rows(rrset.owner) if row.rtype == rrset.rtype]
        if step.replaces(now) != step.replaces(rrset.gone):
            raise WriteMustReread(f"The {rrset.rtype} set was changed while earlier calls were carried out. It was left alone.")

    def _carry_out(self, rrset: RRsetWrite, step: Step, calls: Calls, read_at: float | None) -> None:
        url, label = f"{self._zone_url}/rrsets", self._label(rrset.owner)
        named = f"{url}/{label}/{rrset.rtype}"
        if step.what == "create":
            with calls.once(read_at):
                answer = self._post(url, {"name": label, "type": rrset.rtype, **step.body})
        else:
            with calls.replace(read_at):
                answer = self._removed(named) if step.what == "delete" else self._post(f"{named}/actions/{step.what}", step.body)
        if answer != {}:
            self.settle(answer["action"], calls)

    def _removed(self, url: str) -> Any:
        try:
            return self._delete(url)
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return {}  # gone already

    @property
    def _zone_url(self) -> str:
        return f"/zones/{self.domain_id}"

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain)) or "@"
