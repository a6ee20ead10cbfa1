"""GoDaddy domains v1: whole RRsets, one call each, without ids.

Vendor facts: developer.godaddy.com/doc/endpoint/domains (a copy read on 2026-11-23) and lexicon's traffic recorded in 2021.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import quote

from registrar_sync.core.names import absolute, relative
from registrar_sync.errors import CredentialsRejected, RegistrarSyncError, ZoneNotFound
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("godaddy")

_MOST_ROWS = 500  # that one listing brings (terraform-provider-godaddy PR 44, godaddypy)
_ROUND = 25  # a listing that was cut off holds a round number of rows, whatever the limit is
_TYPES = ("A", "AAAA", "CNAME", "NS", "SRV", "MX", "TXT")  # those that are written come last, and so are the youngest
_NAME_TYPES = frozenset({"CNAME", "MX", "NS"})
_ZONES_A_PAGE = 1000
_MOST_PAGES = 1000


class GoDaddyZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's GoDaddy provider with preferences, read as a zone and written by RRset."""

    MISSING: ClassVar[frozenset[int]] = frozenset({404, 422})  # 422: "domain is not a valid Domain name"

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The v1 API."""
        return (str(self.api_endpoint),)

    def get_root_domain_name(self) -> str:
        """The zone asked for; lexicon would fetch the public-suffix list."""
        return str(self.domain)

    def enter(self, names: Sequence[str]) -> None:
        """By name. A name that is no domain of the account can be answered as a wrong key is (acme.sh issue 1564): where another
        name is answered in another way, the key was right."""
        refusals: list[RegistrarSyncError] = []
        for name in names:
            try:
                super().enter([name])
            except (ZoneNotFound, CredentialsRejected) as error:
                refusals.append(error)
            else:
                return
        if all(isinstance(error, CredentialsRejected) for error in refusals):
            raise refusals[0]
        raise self.not_found(names)

    def list_zones(self) -> list[str]:
        """GET /domains; ``marker`` is the last name of the page before."""
        zones: dict[str, None] = {}
        for _ in range(_MOST_PAGES):
            page = list_of(self._get("/domains", {"limit": _ZONES_A_PAGE, **({"marker": [*zones][-1]} if zones else {})}))
            names = dict.fromkeys(text_of(zone, "domain") for zone in page)
            if names.keys() <= zones.keys():
                return list(zones)
            zones |= names
        raise UnusableAnswer(f"the list of domains has no end after {_MOST_PAGES} pages")

    def rows(self, owner: str) -> list[Row]:
        """The rows at exactly this name: from one listing of the zone, or type by type where that may have been cut off.

        What ``offset`` counts, rows or pages, the vendor and its users do not agree on: no second page is ever asked for.
        """
        label = self._label(owner)
        listed = list_of(self._get(f"{self._zone_url}/records", {"limit": _MOST_ROWS}))
        if listed and len(listed) % _ROUND == 0:
            listed = [native for rtype in _TYPES for native in list_of(self._get(self._set_url(rtype, label)))]
        return [self.row(native) for native in listed if (text_of(native, "name").lower() or "@") == label]

    def row(self, native: Mapping[str, Any]) -> Row:
        """``data`` without final dots (``@`` in it is the zone), an MX's preference in ``priority``."""
        rtype, data = text_of(native, "type"), text_of(native, "data")
        text_of(native, "name")
        return Row(
            rtype=rtype,
            content=str(self.domain) if data == "@" and rtype in _NAME_TYPES else data,
            ttl=number_of(native, "ttl"),
            native=native,
            preference=number_of(native, "priority") if rtype == "MX" else None,
        )

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PUT or DELETE a set: an empty array in a PUT is ignored (lexicon). Each row has a TTL of its own."""
        for rrset in sets:
            url = self._set_url(rrset.rtype, self._label(rrset.owner))
            items = [self._item(rrset, edit, edit.after) for edit in rrset.edits if edit.after]
            with calls.replace():
                if items:
                    self._put(url, items)
                else:
                    self._remove(url)

    def _item(self, rrset: RRsetWrite, edit: RowEdit, wanted: Row) -> Mapping[str, Any]:
        """A row to be sent: one that stands there, or stood there, exactly as the API had it."""
        for known in (wanted, edit.before):
            if known and known.native and replace(self.row(known.native), native=wanted.native) == wanted:
                return known.native
        item = {"type": rrset.rtype, "name": self._label(rrset.owner), "data": wanted.content, "ttl": wanted.ttl}
        return item if wanted.preference is None else {**item, "priority": wanted.preference}

    def _remove(self, url: str) -> None:
        try:
            self._delete(url)
        except HttpRefused as refused:
            if refused.status != 404:  # gone already
                raise

    @property
    def _zone_url(self) -> str:
        return f"/domains/{self.domain}"

    def _set_url(self, rtype: str, label: str) -> str:
        return f"{self._zone_url}/records/{rtype}/{quote(label, safe='@')}"

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain)) or "@"
