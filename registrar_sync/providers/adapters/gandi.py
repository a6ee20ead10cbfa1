"""Gandi LiveDNS v5: whole RRsets, one call each.

Vendor facts: api.gandi.net/docs/livedns and lexicon's recorded traffic, read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registrar_sync.core.names import absolute, relative
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("gandi")

_PAGE = 100
_MOST_PAGES = 1000


class GandiZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Gandi provider over REST, read by owner and written by RRset."""

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The LiveDNS API."""
        return (str(self.api_endpoint),)

    def list_zones(self) -> list[str]:
        """GET /domains, page by page until one brings nothing new: a page may be shorter than asked and not the last."""
        zones: dict[str, None] = {}
        for number in range(1, _MOST_PAGES + 1):
            page = list_of(self._get("/domains", {"page": number, "per_page": _PAGE}))
            names = dict.fromkeys(text_of(zone, "fqdn") for zone in page)
            if names.keys() <= zones.keys():
                return list(zones)
            zones |= names
        raise UnusableAnswer(f"the list of zones has no end after {_MOST_PAGES} pages")

    def rows(self, owner: str) -> list[Row]:
        """GET /records/{name}: all types. The 404 of a name without records says ``dns-record``, that of a zone does not."""
        try:
            # Whether this listing is paged is not known: a page larger than there are types at a name settles it.
            answer = list_of(self._get(f"/domains/{self.domain_id}/records/{self._label(owner)}", {"per_page": _PAGE}))
        except HttpRefused as refused:
            if refused.status == 404 and isinstance(refused.answer, dict) and refused.answer.get("object") == "dns-record":
                return []
            raise
        if len(answer) >= _PAGE:
            raise UnusableAnswer(f"{len(answer)} RRsets at one name: there may be another page")
        return [self.row(native) for rrset in answer for native in _natives(rrset)]

    def row(self, native: Mapping[str, Any]) -> Row:
        """A value together with its set's type and TTL."""
        return Row(
            rtype=text_of(native, "rrset_type"),
            content=text_of(native, "value"),
            ttl=number_of(native, "rrset_ttl"),
            native=native,
        )

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PUT or DELETE a set. ``PUT /records/{name}`` would replace every type at the name."""
        for rrset in sets:
            url = f"/domains/{self.domain_id}/records/{self._label(rrset.owner)}/{rrset.rtype}"
            with calls.replace():
                if rrset.rows:
                    self._put(url, {"rrset_values": [row.content for row in rrset.rows], "rrset_ttl": rrset.ttl})
                else:
                    self._remove(url)

    def _remove(self, url: str) -> None:
        try:
            self._delete(url)
        except HttpRefused as refused:
            if refused.status != 404:  # gone already
                raise

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain)) or "@"


def _natives(rrset: object) -> list[dict[str, Any]]:
    common = {key: text_of(rrset, key) for key in ("rrset_name", "rrset_type")}
    ttl, values = number_of(rrset, "rrset_ttl"), list_of(rrset, "rrset_values")
    if not all(isinstance(value, str) for value in values):
        raise UnusableAnswer("rrset_values holds something else than texts")
    return [{**common, "rrset_ttl": ttl, "value": value} for value in values]
