"""Infomaniak DNS (API v2; lexicon's own adapter speaks v1): rows with ids.

Vendor facts: Infomaniak/terraform-provider-infomaniak (internal/apis/domain, commit 3f4308c), developer.infomaniak.com; the
clients octodns-infomaniak, dnscontrol, community.dns (Ansible), libdns; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registrar_sync.core.names import absolute, parse_domain, relative
from registrar_sync.errors import InvalidDomain
from registrar_sync.providers.adapters.listed_rows import ListedRows
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.redaction import vendor_words
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module

_lexicon = bound_module("infomaniak")

_PAGE = 100
_MOST_PAGES = 1000
_APEX = frozenset({".", "", "@"})


class InfomaniakZone(ListedRows, AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's options and endpoint, and the API's second version."""

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The API of all products."""
        return (str(self.endpoint_api),)

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        """One call. Errors come with an HTTP status of their own (the vendor's terraform provider looks at nothing else); an
        accepted call that says ``error`` all the same is not understood."""
        answer = _lexicon.requests.request(
            action,
            self.endpoint_api + url,
            params=query_params,
            json=data,
            headers={"Authorization": f"Bearer {self._get_provider_option('auth_token')}"},
        ).json()
        said = answer.get("result") if isinstance(answer, dict) else None
        if said == "error" or (action == "GET" and said != "success"):
            raise UnusableAnswer(f"result is {said}: {vendor_words(answer, '')}")
        return answer

    def authenticate(self) -> None:
        """GET /2/zones/{zone}/exists: documented as true or false, and seen to be 404 for false (lego PR 3139)."""
        found = self._get(f"/2/zones/{self.domain}/exists").get("data")
        if found is False:
            raise HttpRefused(f"There is no zone {self.domain}.", status=404)
        if found is not True:
            raise UnusableAnswer("whether the zone exists is told by neither true nor false")
        self.domain_id = self.domain

    def list_zones(self) -> list[str]:
        """GET /2/domains/domains: the account's domains; there is no list of zones."""
        return [text_of(domain, "name") for domain in self._all("/2/domains/domains", "name")]

    def list_rows(self, owner: str) -> list[Row]:
        """The rows at the owner, of the whole zone."""
        label = relative(owner, absolute(self.domain))
        return [self.row(native) for native in self._all(self.rows_url, "id") if _label(native) == label]

    def _all(self, url: str, key: str) -> list[Any]:
        """Page after page, as far as the answers count their pages, else until one brings nothing new."""
        found: dict[Any, Any] = {}
        total = 0
        for number in range(1, _MOST_PAGES + 1):
            answer = self._get(url, {"page": number, "per_page": _PAGE})
            listed = list_of(answer, "data")
            page = {_key(item, key): item for item in listed}
            if len(page) < len(listed):
                raise UnusableAnswer(f"two entries have the same {key}")
            is_last = number >= number_of(answer, "pages") if "pages" in answer else page.keys() <= found.keys()
            found |= page
            total = max(total, number_of(answer, "total") if "total" in answer else 0)
            if is_last:
                _check_whole(total, len(found))
                return list(found.values())
        raise UnusableAnswer(f"the list has no end after {_MOST_PAGES} pages")

    def row(self, native: Mapping[str, Any]) -> Row:
        """``target`` is the rdata: an MX's preference inside it, host names without a final dot, TXT quoted or bare."""
        number_of(native, "id")
        text_of(native, "source")
        return Row(rtype=text_of(native, "type"), content=text_of(native, "target"), ttl=number_of(native, "ttl"), native=native)

    def change_row(self, before: Row, after: Row) -> None:
        """PUT on the id: it takes target and TTL. So an SPF record is edited in place; the vendor refuses a second one."""
        self._put(f"{self.rows_url}/{before.native['id']}", {"target": _target(after), "ttl": after.ttl})

    def add_row(self, owner: str, row: Row) -> None:
        """POST. The apex is a dot (Infomaniak/certbot-dns-infomaniak PR 59)."""
        label = relative(owner, absolute(self.domain)) or "."
        body = {"type": row.rtype, "source": label, "target": _target(row), "ttl": row.ttl}
        answer = self._post(self.rows_url, body)
        self.note_added(answer.get("data") if isinstance(answer, dict) else None, row)

    @property
    def rows_url(self) -> str:
        """Of the zone's records."""
        return f"/2/zones/{self.domain}/records"


def _label(native: object) -> str:
    """A row's name relative to the zone, in A-labels; empty for the apex."""
    source = text_of(native, "source").lower()
    if source in _APEX or source.isascii():
        return "" if source in _APEX else source
    try:
        return parse_domain(f"{source}.invalid", scoped=True).removesuffix(".invalid.")
    except InvalidDomain:  # no owner that anybody can ask us for
        return source


def _key(item: object, key: str) -> Any:
    return number_of(item, key) if key == "id" else text_of(item, key)


def _check_whole(total: int, count: int) -> None:
    """A list that was cut short, or changed while it was read, is not believed. ``total``: the most that any page told; an entry
    removed meanwhile moves another one past us."""
    if count < total:
        raise UnusableAnswer(f"{total} entries were promised, {count} came")


def _target(row: Row) -> str:
    """As listed, but an MX's exchange with a final dot: the vendor's own client sends it so."""
    return row.content.removesuffix(".") + "." if row.rtype == "MX" else row.content
