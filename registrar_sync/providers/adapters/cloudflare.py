"""Cloudflare v4 DNS records: rows with ids, and one call that deletes, patches and adds exactly the rows that change.

Vendor facts: developers.cloudflare.com/api (batch DNS records, read on 2026-11-23), its page "Batch record changes", and
lexicon's traffic recorded in 2025. A batch runs in one database transaction, but its rows reach the name servers one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from registrar_sync.core.names import absolute, display
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.redaction import vendor_codes, vendor_words
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("cloudflare")

_ZONES_A_PAGE, _ROWS_A_PAGE, _MOST_PAGES = 50, 100, 1000
_PREFERRED = frozenset({"MX", "SRV", "URI"})  # of other types a priority means nothing, but may be told
_FIELDS = {"content": "content", "ttl": "ttl", "priority": "preference"}
_MOVING = frozenset({"created_on", "modified_on"})  # no part of what a row is
_NO_SUCH_ZONE = frozenset({"7003", "1001"})  # "Could not route to ...", "Invalid zone identifier"


class CloudflareZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Cloudflare provider, read by name and written by one batch."""

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The v4 API."""
        return (str(self.api_endpoint),)

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        """lexicon's. A refusal can come with status 200: then only the envelope says so."""
        answer = super()._request(action, url, data, query_params)
        success = answer.get("success") if isinstance(answer, dict) else None
        if success is False:
            said = f"cloudflare: {action} {url} was refused: {vendor_words(answer, '')}. This call changed nothing."
            raise HttpRefused(said, status=200, answer=answer, codes=vendor_codes(answer))
        if success is not True:
            raise UnusableAnswer("success is missing")
        return answer

    def enter(self, names: Sequence[str]) -> None:
        """Find the zone: the one that the option zone_id names, else the account's zone of the longest name."""
        zone = self._zone_of_id(names) if self._get_provider_option("zone_id") else self._zone_of_name(names)
        if zone is None:
            raise self.not_found(names)
        self.domain, self.domain_id = text_of(zone, "name"), text_of(zone, "id")
        # pending, initializing, moved: the delegation does not lead to Cloudflare (yet, or any more)
        self.notices = frozenset() if zone.get("status", "active") == "active" else frozenset({"zone-not-deployed"})

    def _zone_of_id(self, names: Sequence[str]) -> Any:
        try:
            zone = self._get(f"/zones/{quote(self._get_provider_option('zone_id'), safe='')}").get("result")
        except HttpRefused as refused:
            if refused.codes & _NO_SUCH_ZONE or refused.status == 404:
                return None
            raise
        if text_of(zone, "name").lower() not in names:
            raise self.not_found(names, [text_of(zone, "name")])
        return zone

    def _zone_of_name(self, names: Sequence[str]) -> Any:
        for name in names:
            found = [zone for zone in self._zones_named(name) if text_of(zone, "name").lower() == name]
            if len(found) > 1:
                raise UnusableAnswer(f"{len(found)} zones are called {name}: give the option zone_id")
            if found:
                return found[0]
        return None

    def _zones_named(self, name: str) -> list[Any]:
        """Narrowed to a name; whole where that is not heeded, or refused (reported to dns-lexicon, PR 49)."""
        try:
            return self._pages("/zones", {"name": name, "per_page": _ZONES_A_PAGE})
        except HttpRefused as refused:
            if refused.status != 400:
                raise
            return self._pages("/zones", {"per_page": _ZONES_A_PAGE})

    def list_zones(self) -> list[str]:
        """GET /zones, all pages."""
        return [text_of(zone, "name") for zone in self._pages("/zones", {"per_page": _ZONES_A_PAGE})]

    def _pages(self, url: str, query: Mapping[str, Any]) -> list[Any]:
        """The objects of all pages, by id. Raises ``UnusableAnswer`` where one may be missing: also where their number shrank."""
        seen: dict[str, Any] = {}
        total = 0
        for number in range(1, _MOST_PAGES + 1):
            answer = self._get(url, {**query, "page": number})
            page, about = list_of(answer, "result"), answer.get("result_info")
            seen |= {text_of(item, "id"): item for item in page}
            total = max(total, number_of(about, "total_count"))
            if not page or number >= number_of(about, "total_pages"):
                if len(seen) != total:
                    raise UnusableAnswer(f"{len(seen)} of {total} objects came: some moved between pages")
                return list(seen.values())
        raise UnusableAnswer(f"{url} has no end after {_MOST_PAGES} pages")

    def rows(self, owner: str) -> list[Row]:
        """The rows at exactly this name."""
        records = self._pages(f"/zones/{self.domain_id}/dns_records", {"name": display(owner), "per_page": _ROWS_A_PAGE})
        return [self.row(native) for native in records if absolute(text_of(native, "name")) == owner]

    def row(self, native: Mapping[str, Any]) -> Row:
        """``content`` without final dots, an MX's preference in ``priority``."""
        rtype, _ = text_of(native, "type"), text_of(native, "id")
        return Row(
            rtype="ALIAS" if rtype == "CNAME" and self._is_flattened(native) else rtype,
            content=text_of(native, "content"),
            ttl=number_of(native, "ttl"),
            native={key: value for key, value in native.items() if key not in _MOVING},
            preference=number_of(native, "priority") if rtype in _PREFERRED else None,
        )

    def _is_flattened(self, native: Mapping[str, Any]) -> bool:
        """Whether a CNAME is served as addresses, so that MX and TXT may stand beside it (page "CNAME flattening")."""
        settings = native.get("settings")
        flag = isinstance(settings, Mapping) and settings.get("flatten_cname") is True
        return flag or native.get("proxied") is True or absolute(text_of(native, "name")) == absolute(self.domain)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One batch. What is not named in a patch stays: comment, tags, settings. Deletes and additions done twice fail."""
        edits = [(rrset.owner, edit) for rrset in sets for edit in rrset.edits if not edit.keeps]
        body = {
            "deletes": [{"id": edit.before.native["id"]} for _, edit in edits if edit.before and not edit.after],
            "patches": [_patch(edit.before, edit.after) for _, edit in edits if edit.before and edit.after],
            "posts": [_post(owner, edit.after) for owner, edit in edits if edit.after and not edit.before],
        }
        with calls.once() if body["deletes"] or body["posts"] else calls.replace():
            self._post(f"/zones/{self.domain_id}/dns_records/batch", {key: some for key, some in body.items() if some})


def _patch(before: Row, after: Row) -> dict[str, Any]:  # only the fields that change
    fields = {name: (getattr(before, at), getattr(after, at)) for name, at in _FIELDS.items()}
    return {"id": before.native["id"], **{name: new for name, (old, new) in fields.items() if old != new}}


def _post(owner: str, row: Row) -> dict[str, Any]:
    """A new row; one that stood there before comes back with what was kept beside it."""
    beside = {key: row.native[key] for key in ("comment", "tags", "proxied", "settings") if row.native.get(key)}
    fields = {"name": display(owner), "type": row.rtype, "content": row.content, "ttl": row.ttl, **beside}
    return fields if row.preference is None else {**fields, "priority": row.preference}
