"""OVH /domain/zone: rows with ids, staged until a refresh.

Vendor facts: the API console at eu.api.ovh.com/console (section /domain) and lexicon's recorded traffic, read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lexicon.exceptions import AuthenticationError

from registrar_sync.core.names import absolute, relative
from registrar_sync.providers.adapters.rows_one_by_one import RowsOneByOne
from registrar_sync.providers.adapters.zone_search import PickFromList
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import CarriedSession, bound_module

_lexicon = bound_module("ovh")


class OvhZone(RowsOneByOne, PickFromList, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's OVH provider, read and written row by row, published once."""

    _session: CarriedSession | None = None
    _status: Any = None

    @property
    def session(self) -> CarriedSession | None:
        """Ours, whatever lexicon sets it to."""
        return self._session

    @session.setter
    def session(self, given: Any) -> None:
        self._session = given if isinstance(given, CarriedSession) else None

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The region's API."""
        return (str(self.endpoint_api),)

    def list_url(self) -> str:
        """As lexicon asks for it."""
        return "/domain/zone/"

    def zone_names(self, answer: Any) -> list[str]:
        """A plain list of names."""
        names = list_of(answer)
        if not all(isinstance(name, str) for name in names):
            raise UnusableAnswer("the list of zones holds something else than names")
        return names

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        answer = super()._request(action, url, data, query_params)
        if url == f"/domain/zone/{self.domain}/status":
            self._status = answer
        return answer

    def authenticate(self) -> None:
        """lexicon's, which takes a zone whose last publication is not deployed for wrong credentials."""
        try:
            super().authenticate()
        except AuthenticationError:
            if not isinstance(self._status, dict) or self._status.get("isDeployed"):
                raise
            self.domain_id = self.domain
            self.notices = frozenset({"zone-not-deployed"})

    def list_zones(self) -> list[str]:
        """The account's zones: the list passes by while lexicon sets its clock and looks for a zone that is none."""
        self.domain = ""
        try:
            self.authenticate()
        except AuthenticationError:
            return self.zone_names(self._listed)
        raise UnusableAnswer("the list of zones holds an empty name")

    def list_ids(self, owner: str) -> list[Any]:
        """All types at the owner. An empty ``subDomain`` is the apex."""
        return list_of(self._get(f"{self._zone_url}/record", {"subDomain": self._label(owner)}))

    def native_of(self, number: int) -> Any:
        """GET the row."""
        return self._get(f"{self._zone_url}/record/{number}")

    def stands_at(self, row: Row, owner: str) -> bool:
        """By the row's own ``subDomain``."""
        return str(row.native["subDomain"]).lower() == self._label(owner)

    def row(self, native: Mapping[str, Any]) -> Row:
        """``target`` is the rdata, an MX preference inside it; a ``ttl`` of 0 is the zone's default."""
        number_of(native, "id")
        if native.get("subDomain") is None:
            native = {**native, "subDomain": ""}
        text_of(native, "subDomain")
        return Row(
            rtype=text_of(native, "fieldType"), content=text_of(native, "target"), ttl=number_of(native, "ttl"), native=native
        )

    def change_row(self, before: Row, after: Row) -> None:
        """PUT on the id. ``fieldType`` must not be sent (dnscontrol issue 2488); a TTL of 0 that stays 0 need not be."""
        body: dict[str, Any] = {"subDomain": before.native["subDomain"], "target": after.content}
        if after.ttl or before.ttl:
            body["ttl"] = after.ttl
        self._put(f"{self._zone_url}/record/{before.native['id']}", body)

    def add_row(self, owner: str, row: Row) -> None:
        """POST. Its answer is not looked at: the id in it can be 0 (terraform-provider-ovh); reading back tells."""
        body: dict[str, Any] = {"fieldType": row.rtype, "subDomain": self._label(owner), "target": row.content}
        if row.ttl:
            body["ttl"] = row.ttl
        self._post(f"{self._zone_url}/record", body)

    def remove_row(self, row: Row) -> None:
        """DELETE by id."""
        try:
            self._delete(f"{self._zone_url}/record/{row.native['id']}")
        except HttpRefused as refused:
            if refused.status != 404:
                raise

    def publish(self) -> None:
        """POST refresh: 200 null in 2018, 204 since October 2023 (ovh/php-ovh issue 140)."""
        self._post(f"{self._zone_url}/refresh")

    @property
    def _zone_url(self) -> str:
        return f"/domain/zone/{self.domain}"

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain))
