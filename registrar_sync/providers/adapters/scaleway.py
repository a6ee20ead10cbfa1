"""Scaleway Domains and DNS v2beta1: rows with ids, and a PATCH that changes any number of them at once.

Vendor facts: the vendor's Python and Go SDKs, its Terraform provider (b2d45ed) with traffic recorded in March 2026, and lexicon's
of 2025; read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registrar_sync.core.names import absolute, display, relative
from registrar_sync.errors import ProviderRefused, ProviderUnavailable
from registrar_sync.providers.adapters import scaleway_txt
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpDenied, HttpRefused
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("scaleway")

_PAGE = 1000
_READINGS = 3  # of a zone that changes while it is read page by page
_NOT_SENT = ("id", "updated_at")
_DYNAMIC = ("geo_ip_config", "http_service_config", "weighted_config", "view_config")


class ScalewayZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Scaleway provider with preferences, all pages, and just the changed rows in one PATCH."""

    reads_on_entering = True  # the zone's records are asked for to know whether it is there
    _records: list[Any] | None = None

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The DNS API."""
        return (str(self.endpoint),)

    def authenticate(self) -> None:
        """GET /records. A zone that is not there is 403 "domain not found", and as much for a name below one that is."""
        self.domain_id = self.domain.lower()
        try:
            self._records = self._read()
        except HttpDenied as denied:
            if denied.status != 403 or "domain not found" not in str(denied.answer):
                raise
            raise HttpRefused(denied.message, status=404) from None

    def list_zones(self) -> list[str]:
        """GET /dns-zones: a zone is a domain, or a subdomain of one."""
        zones = self._pages("/dns-zones", "dns_zones")
        return [f"{text_of(z, 'subdomain')}.{text_of(z, 'domain')}".removeprefix(".") for z in zones]

    def forget(self) -> None:
        """Drop the copy of the zone."""
        self._records = None

    def _read(self) -> list[Any]:
        for _ in range(_READINGS):
            records = self._pages(self._records_url(), "records")
            if len({text_of(record, "id") for record in records}) == len(records):
                return records
        raise ProviderUnavailable("The zone kept changing while Scaleway listed it. Nothing was changed.")

    def _pages(self, url: str, key: str) -> list[Any]:
        found: list[Any] = []
        total = 0  # the most that was told: a row removed meanwhile moves another past us
        for page in range(1, _PAGE):
            answer = self._get(url, {"page": page, "page_size": _PAGE})
            found += list_of(answer, key)
            total = max(total, number_of(answer, "total_count"))
            if len(found) >= total:
                return found
            if not answer[key]:
                break
        raise UnusableAnswer(f"{key}: fewer came than total_count says")

    def rows(self, owner: str) -> list[Row]:
        """The rows at the owner, of the copy of the zone: an empty name is no filter, so the apex cannot be asked for alone."""
        if self._records is None:
            self._records = self._read()
        label = self._label(owner)
        return [self.row(native) for native in self._records if text_of(native, "name").lower() in (label, label or "@")]

    def row(self, native: Mapping[str, Any]) -> Row:
        """``data``: an MX with its preference, which is ``priority``, too."""
        rtype, data = text_of(native, "type"), text_of(native, "data")
        content = scaleway_txt.content_of(data) if rtype == "TXT" else data
        text_of(native, "id")
        return Row(rtype=rtype, content=content, ttl=number_of(native, "ttl"), native=native)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PATCH for all sets, with the rows that change, by their ids: edits, then additions, then removals. What others have
        beside them is not sent. ``disallow_new_zone_creation``: a slip never makes a zone."""
        for rrset in sets:
            _refuse_what_cannot_be_written(rrset)
        changes = [change for rrset in sets for change in self._changes(rrset)]
        body = {"changes": changes, "return_all_records": False, "disallow_new_zone_creation": True}
        self.forget()
        with calls.replace() if all("set" in change for change in changes) else calls.once():
            self._patch(self._records_url(), body)

    def _changes(self, rrset: RRsetWrite) -> Iterator[dict[str, Any]]:
        edits, label = [edit for edit in rrset.edits if not edit.keeps], self._label(rrset.owner)
        for edit in edits:
            if edit.before and edit.after:
                yield {"set": {"id": edit.before.native["id"], "records": [_record(label, edit, edit.after)]}}
        if added := [_record(label, edit, edit.after) for edit in edits if edit.after and not edit.before]:
            yield {"add": {"records": added}}
        for edit in edits:
            if edit.before and not edit.after:
                yield {"delete": {"id": edit.before.native["id"]}}

    def _label(self, owner: str) -> str:
        return relative(owner, absolute(self.domain))


def _record(label: str, edit: RowEdit, after: Row) -> dict[str, Any]:
    """A row as it is sent: comment and the like as they were, an MX's preference in ``priority`` (as the vendor's own client)."""
    known = {**(edit.before.native if edit.before else {}), **after.native}
    kept = {key: value for key, value in known.items() if value is not None and key not in _NOT_SENT}
    own = {"name": label, "type": after.rtype, "ttl": after.ttl, "data": after.content}
    if after.rtype == "MX":
        preference, own["data"] = after.content.split()
        own["priority"] = int(preference)
    elif after.rtype == "TXT":
        own["data"] = scaleway_txt.sent(after.content)
    return {**kept, **own}


def _refuse_what_cannot_be_written(rrset: RRsetWrite) -> None:
    for edit in rrset.edits:
        if not edit.keeps and (why := _why_not(edit)):
            what = f"A {rrset.rtype} record of {display(rrset.owner)} cannot be changed exactly at Scaleway"
            raise ProviderRefused(f"{what}: {why}. Nothing was changed.", hint="Change it in the Scaleway console.")


def _why_not(edit: RowEdit) -> str:
    is_same = edit.before is not None and edit.after is not None and edit.before.content == edit.after.content
    if edit.before and edit.after and not is_same and any(edit.before.native.get(key) for key in _DYNAMIC):
        return "its answers depend on who asks"
    for row in (row for row in (edit.before, edit.after) if row and row.rtype == "TXT"):
        listed = str(row.native.get("data", ""))
        if why := scaleway_txt.why_not_repeated(listed) or scaleway_txt.why_not_sent(row.content):
            return why
        if is_same and len(scaleway_txt.strings_of(listed)) > 1:
            return "it stands there in several strings, and would come back as one"
    return ""
