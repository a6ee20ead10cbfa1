"""IONOS hosting DNS v1 (the former 1&1): rows with ids, and a PATCH that replaces whole RRsets.

Vendor facts: the OpenAPI at developer.hosting.ionos.de (dns.yaml 1.0.2) and lexicon's recorded traffic, read on 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registrar_sync.core.names import display
from registrar_sync.providers.adapters.zone_search import PickFromList
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("ionos")

_VENDOR_BASE = str(_lexicon._ZONES_API).removesuffix("/zones")


class IonosZone(PickFromList, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's IONOS provider with preferences, disabled rows kept apart, and whole RRsets."""

    api_endpoint = _VENDOR_BASE

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The API below which lexicon's absolute URLs are put."""
        return (str(self.api_endpoint),)

    def list_url(self) -> str:
        """All zones in one answer: the API knows no pages."""
        return f"{self.api_endpoint.rstrip('/')}/zones"

    def zone_names(self, answer: Any) -> list[str]:
        """A list of objects with ``name`` and ``id``."""
        return [text_of(zone, "name") for zone in list_of(answer) if text_of(zone, "id")]

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        own = self.api_endpoint.rstrip("/") + url.removeprefix(_VENDOR_BASE) if url.startswith(_VENDOR_BASE) else url
        return super()._request(action, own, data, query_params)

    def rows(self, owner: str) -> list[Row]:
        """The rows at exactly this name, the disabled ones too."""
        name = display(owner)
        records = list_of(self._get(self._zone_url, {"recordName": name}), "records")
        return [self.row(native) for native in records if text_of(native, "name").lower().removesuffix(".") == name]

    def row(self, native: Mapping[str, Any]) -> Row:
        """An MX's preference is the integer ``prio``; other types have none."""
        disabled = native.get("disabled", False)
        if not isinstance(disabled, bool):
            raise UnusableAnswer("disabled is neither true nor false")
        text_of(native, "id")
        return Row(
            rtype=text_of(native, "type"),
            content=text_of(native, "content"),
            ttl=number_of(native, "ttl"),
            native=native,
            disabled=disabled,
            preference=number_of(native, "prio") if native.get("prio") is not None else None,
        )

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One PATCH for all sets that keep rows; a set that goes is removed row by row, in its place in the order.

        What the vendor makes of a PATCH with an empty set is not documented.
        """
        waiting: list[dict[str, Any]] = []
        for rrset in sets:
            if not rrset.rows:
                self._patch_records(waiting, calls)
                waiting = []
                self._remove_rows(rrset.gone, calls)
            elif not self._only_enabled(rrset, calls):
                waiting += [_body(rrset.owner, rrset.rtype, row) for row in rrset.rows]
        self._patch_records(waiting, calls)

    def _only_enabled(self, rrset: RRsetWrite, calls: Calls) -> bool:
        """Enable rows that the vendor had disabled, by their ids; whether that was all there was to do."""
        all_done = True
        for edit in rrset.edits:
            if edit.keeps:
                continue
            enabled = _enables(edit) and self._enable(edit, calls)
            all_done = all_done and enabled
        return all_done

    def _enable(self, edit: RowEdit, calls: Calls) -> bool:
        """PUT on the id; False where the id is gone (the PATCH creates the row then)."""
        if edit.before is None or edit.after is None:
            return False
        try:
            with calls.replace():
                self._put(f"{self._zone_url}/records/{edit.before.native['id']}", _value(edit.after))
        except HttpRefused as refused:
            if refused.status != 404:
                raise
            return False
        return True

    def _patch_records(self, body: list[dict[str, Any]], calls: Calls) -> None:
        if body:
            with calls.replace():
                self._patch(self._zone_url, body)

    def _remove_rows(self, rows: Sequence[Row], calls: Calls) -> None:
        for row in rows:
            try:
                with calls.replace():
                    self._delete(f"{self._zone_url}/records/{row.native['id']}")
            except HttpRefused as refused:
                if refused.status != 404:  # gone already
                    raise

    @property
    def _zone_url(self) -> str:
        return f"{self.list_url()}/{self.domain_id}"


def _enables(edit: RowEdit) -> bool:
    return edit.before is not None and edit.after is not None and edit.before.disabled and not edit.after.disabled


def _value(row: Row) -> dict[str, Any]:
    value: dict[str, Any] = {"content": row.content, "ttl": row.ttl, "disabled": row.disabled}
    return value if row.preference is None else {**value, "prio": row.preference}


def _body(owner: str, rtype: str, row: Row) -> dict[str, Any]:
    return {"name": display(owner), "type": rtype, **_value(row)}
