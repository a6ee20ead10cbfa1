"""DigitalOcean DNS (API v2): rows with ids, listed page by page.

Vendor facts: digitalocean/openapi (specification/resources/domains, commit 7c1300c), lexicon's recorded traffic of 2020, and
dnscontrol's audit of what the vendor refuses; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registrar_sync.core.names import absolute, relative
from registrar_sync.core.txt import unquote
from registrar_sync.providers.adapters.listed_rows import ListedRows
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.endpoint import is_inside
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module

_lexicon = bound_module("digitalocean")

_PER_PAGE = "per_page=200"  # the most that the specification allows
_MOST_PAGES = 1000
_NAMES = frozenset({"CNAME", "MX", "NS", "SRV"})  # types whose data is a host name


class DigitalOceanZone(ListedRows, AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's DigitalOcean provider with preferences, the apex, and final dots where the vendor wants them."""

    reads_on_entering = True  # the listing that finds the domain is the first read
    _copy: tuple[list[Any], float] | None = None

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The API, below which the absolute links to further pages must lie."""
        return (str(self.api_endpoint),)

    def authenticate(self) -> None:
        """List the records: a domain that is not in the account is a 404 here as elsewhere (specification)."""
        natives = self._all(f"{self.rows_url}?{_PER_PAGE}", "domain_records")
        self._copy = (natives, self.now())
        self.domain_id = self.domain

    def forget(self) -> None:
        """Drop the copy that entering made."""
        self._copy = None

    def list_zones(self) -> list[str]:
        """GET /domains, all pages."""
        return [text_of(zone, "name") for zone in self._all(f"/domains?{_PER_PAGE}", "domains")]

    def list_rows(self, owner: str) -> list[Row]:
        """The rows at the owner, of the whole zone: that the filter ``name`` finds the apex is not documented."""
        if self._copy is None:
            natives, self.copied_at = self._all(f"{self.rows_url}?{_PER_PAGE}", "domain_records"), None
        else:
            natives, self.copied_at = self._copy
            self._copy = None
        label = self._label(owner)
        return [self.row(native) for native in natives if (text_of(native, "name").lower() or "@") == label]

    def _all(self, url: str | None, key: str) -> list[Any]:
        """Page after page. One that is cut short, or changed while it was read, is not believed."""
        found: list[Any] = []
        seen: set[str] = set()
        total = 0
        while url is not None:
            if url in seen or len(seen) >= _MOST_PAGES:
                raise UnusableAnswer("the list's pages lead back to an earlier one, or have no end")
            seen.add(url)
            page = self._get(url)
            found += list_of(page, key)
            total = max(total, number_of(page.get("meta"), "total"))  # a row removed meanwhile moves another past us
            url = self._next(page)
        if len(found) < total:
            raise UnusableAnswer(f"{total} {key} were promised, {len(found)} came")
        return found

    def _next(self, page: Mapping[str, Any]) -> str | None:
        links = page.get("links")
        pages = links.get("pages", {}) if isinstance(links, Mapping) else None
        if not isinstance(pages, Mapping):
            raise UnusableAnswer("links is missing or no object")
        following = pages.get("next")
        if following is None:
            return None
        if not isinstance(following, str) or not is_inside(following, self.api_endpoint):
            raise UnusableAnswer("the next page lies outside the account's endpoint")
        return following

    def row(self, native: Mapping[str, Any]) -> Row:
        """``priority`` is an MX's preference; host names come without a final dot, the domain's own as ``@``."""
        number_of(native, "id")
        text_of(native, "name")
        rtype = text_of(native, "type")
        return Row(
            rtype=rtype,
            content=self._content(rtype, native),
            ttl=number_of(native, "ttl"),
            native=native,
            preference=number_of(native, "priority") if rtype == "MX" else None,
        )

    def _content(self, rtype: str, native: Mapping[str, Any]) -> str:
        data = text_of(native, "data")
        if rtype == "TXT":
            return _joined(data)
        if rtype in _NAMES and data == "@":
            data = str(self.domain)
        if rtype == "SRV":
            return f"{native.get('priority')} {native.get('weight')} {native.get('port')} {data}"
        return f'{native.get("flags")} {native.get("tag")} "{data}"' if rtype == "CAA" else data

    def change_row(self, before: Row, after: Row) -> None:
        """PUT on the id. A TXT value that stays is not sent again: the vendor may hold what it would not take."""
        body = {"type": before.rtype, "name": before.native["name"], "ttl": after.ttl}
        if before.rtype != "TXT" or after.content != before.content:
            body |= _value(after)
        self._put(f"{self.rows_url}/{before.native['id']}", body)

    def add_row(self, owner: str, row: Row) -> None:
        """POST."""
        body = {"type": row.rtype, "name": self._label(owner), "ttl": row.ttl, **_value(row)}
        answer = self._post(self.rows_url, body)
        self.note_added(answer.get("domain_record") if isinstance(answer, dict) else None, row)

    @property
    def rows_url(self) -> str:
        """Of the zone's records."""
        return f"/domains/{self.domain}/records"

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain)) or "@"


def _value(row: Row) -> dict[str, Any]:
    """A host name needs a final dot when it is sent (doctl issue 919)."""
    if row.rtype != "MX":
        return {"data": row.content}
    return {"data": row.content.removesuffix(".") + ".", "priority": row.preference}


def _joined(data: str) -> str:
    """A TXT value bare, as it is written; should the vendor list one as quoted strings, they are joined."""
    try:
        return b"".join(unquote(data)).decode() if data.startswith('"') and data.endswith('"') else data
    except ValueError:  # a bare value with quotes in it
        return data
