"""Rows whose age is that of a listing: what another writer did is never taken for young by being listed with something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from registrar_sync.core.model import Record, RRset, RRsetChange, Txt
from registrar_sync.errors import WriteMustReread
from registrar_sync.providers.adapters.listed_rows import ListedRows
from registrar_sync.providers.catalog_model import Dialect
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.rows import Row, Speller, UnusableAnswer
from registrar_sync.providers.shapes import Calls, RecordAdapter, write_records
from registrar_sync.providers.transport import Transport
from tests.unit.loopback import FakeClock

OWNER = "example.com."


class Listing(ListedRows):
    """A vendor in memory; every call takes ``slow_s``."""

    rows_url = "/records"

    def __init__(self, *contents: str) -> None:
        self.clock = FakeClock()
        self.now: Callable[[], float] = self.clock.monotonic
        self.held = {number: native(number, content) for number, content in enumerate(contents, 1)}
        self.asked: list[str] = []
        self.slow_s = 0.0
        self.gone_status: int | None = None
        self.meanwhile: Callable[[], object] = lambda: None

    def _spend(self, what: str) -> None:
        self.asked.append(what)
        self.clock.seconds += self.slow_s
        self.meanwhile()

    def list_rows(self, owner: str) -> list[Row]:
        assert owner == OWNER
        self.asked.append("list")
        return [self.row(one) for one in self.held.values()]

    def row(self, given: Any) -> Row:
        return Row(rtype="TXT", content=given["content"], ttl=given["ttl"], native=given)

    def change_row(self, before: Row, after: Row) -> None:
        number = before.native["id"]
        self._spend(f"put {number}")
        self.held[number] = native(number, after.content, after.ttl)

    def add_row(self, owner: str, row: Row) -> None:
        number = max(self.held, default=0) + 1
        self._spend(f"post {number}")
        self.held[number] = native(number, row.content)
        self.note_added({"id": number}, row)

    def _delete(self, url: str) -> None:
        number = int(url.rpartition("/")[2])
        self._spend(f"delete {number}")
        if self.held.pop(number, None) is None:
            raise HttpRefused("gone", status=self.gone_status or 404)

    @property
    def shown(self) -> list[str]:
        return [f"{one['content']} {one['ttl']}" for one in self.held.values()]


def native(number: int, content: str, ttl: int = 300) -> dict[str, Any]:
    return {"id": number, "content": content, "ttl": ttl}


def write(vendor: Listing, ttl: int, *new: str) -> None:
    """Read, then give all that stands another TTL, and add what is new."""
    before = [Record(rdata=Txt((row.content.encode(),)), ttl=row.ttl, native=row.native) for row in vendor.rows(OWNER)]
    added = [Record(rdata=Txt((text.encode(),)), ttl=ttl) for text in new]
    wanted = [*(replace(record, ttl=ttl) for record in before), *added]
    change = RRsetChange(
        owner=OWNER,
        rtype="TXT",
        before=RRset(owner=OWNER, rtype="TXT", records=tuple(before)),
        after=RRset(owner=OWNER, rtype="TXT", records=tuple(wanted)),
    )
    read_at = vendor.now()
    http = Transport(label="memory", clock=vendor.clock, redact=Redactor([]))
    calls = Calls(http=http, read_at=read_at, before_call=lambda: None)
    try:
        write_records(cast(RecordAdapter, vendor), [change], Speller(Dialect(txt="bare"), OWNER, vendor.row), calls)
    finally:
        http.close()


def test_what_is_young_is_written_without_listing_again() -> None:
    vendor = Listing("a", "b")
    write(vendor, 600, "c")
    assert vendor.asked == ["list", "put 1", "put 2", "post 3"]


def test_an_old_row_is_listed_again_and_so_is_each_of_its_companions_judged() -> None:
    """The listing for the second row's sake must not make the third one look young that somebody has changed."""
    vendor = Listing("a", "b", "c")
    vendor.slow_s = 6.0

    def somebody() -> None:
        if vendor.asked[-1] == "put 1":
            vendor.held[3] = native(3, "theirs")

    vendor.meanwhile = somebody
    with pytest.raises(WriteMustReread, match="changed by somebody else"):
        write(vendor, 600)
    assert vendor.shown == ["a 600", "b 600", "theirs 300"]


def test_a_row_that_came_between_is_noticed_before_ours_is_added() -> None:
    vendor = Listing("a", "b")
    vendor.slow_s = 6.0

    def somebody() -> None:
        if vendor.asked[-1] == "put 1":
            vendor.held[9] = native(9, "theirs")

    vendor.meanwhile = somebody
    with pytest.raises(WriteMustReread, match="came or went"):
        write(vendor, 600, "c")
    assert vendor.shown == ["a 600", "b 600", "theirs 300"]


def test_our_own_rows_are_no_strangers() -> None:
    vendor = Listing("a")
    vendor.slow_s = 6.0
    write(vendor, 300, "b", "c")
    assert vendor.shown == ["a 300", "b 300", "c 300"]
    vendor.rows(OWNER)
    vendor.remove_row(vendor.row(vendor.held[1]))
    assert vendor.lists_still(OWNER)


def test_a_row_that_is_gone_is_removed_and_any_other_refusal_is_told() -> None:
    vendor = Listing("a", "b")
    first, second = vendor.rows(OWNER)
    vendor.held.clear()
    vendor.remove_row(first)
    vendor.gone_status = 422
    with pytest.raises(HttpRefused):
        vendor.remove_row(second)


def test_an_answer_without_an_id_only_costs_a_read() -> None:
    vendor = Listing("a")
    (row,) = vendor.rows(OWNER)
    vendor.held[2] = native(2, "b")
    vendor.note_added({"name": "b"}, row)
    assert vendor.listed_at() == vendor.now()
    assert not vendor.lists_still(OWNER)


def test_two_rows_with_one_id_are_no_answer() -> None:
    vendor = Listing("a")
    vendor.held[2] = native(1, "b")
    with pytest.raises(UnusableAnswer, match="the same id"):
        vendor.rows(OWNER)


def test_a_copy_has_the_age_of_its_making() -> None:
    vendor = Listing("a")
    vendor.copied_at = vendor.now()
    vendor.clock.seconds += 60
    (row,) = vendor.rows(OWNER)
    assert vendor.read_at(row) == vendor.listed_at() == vendor.now() - 60
