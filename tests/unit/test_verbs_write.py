"""Writes on lexicon's verbs when the provider makes us wait in the middle: a gap of ours is never taken for somebody's edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest

from registrar_sync.core.model import Mx, Rdata, Record, RRset, RRsetChange, Txt
from registrar_sync.errors import OutcomeUnknown, WriteMustReread
from registrar_sync.providers.catalog_model import Dialect, ProviderSpec
from registrar_sync.providers.rows import Row, Speller
from registrar_sync.providers.shapes import Calls
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.providers.verbs_rows import VerbRows
from registrar_sync.providers.verbs_write import write_verbs
from tests.unit.loopback import FakeClock

OWNER = "example.com."
SPF, SPF2, OTHER = "v=spf1 mx ~all", "v=spf1 mx include:x.example ~all", "abc=1"


class Zone:
    """A provider's rows, and what goes wrong: ``fails`` by call, before or after its effect, as often as it is listed."""

    def __init__(self, *contents: str, rtype: str = "TXT") -> None:
        verbs = Verbs(update="none", delete="by-content")
        self.table = VerbRows(
            ProviderSpec(name="p", tier="dialect", shape="verbs", verbs=verbs, dialect=Dialect()), "example.com"
        )
        self.rtype = rtype
        self.contents = list(contents)
        self.seen: list[list[str]] = []
        self.calls: list[str] = []
        self.fails: list[tuple[str, bool]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    def forget(self) -> None:
        pass

    def rows(self, owner: str) -> list[Row]:
        self.seen.append(list(self.contents))
        return [self.row({"type": self.rtype, "content": one, "ttl": 300, "id": None}) for one in self.contents]

    def row(self, native: Mapping[str, Any]) -> Row:
        return self.table.row(native)

    def add_row(self, owner: str, row: Row, rdata: Rdata) -> None:
        self._do("add", lambda: self.contents.append(str(rdata)))

    def remove_row(self, owner: str, row: Row) -> None:
        self._do(
            "remove", lambda: self.contents.remove(row.native["content"]) if row.native["content"] in self.contents else None
        )

    def _do(self, call: str, effect: Callable[[], object]) -> None:
        self.calls.append(call)
        failure = next((one for one in self.fails if one[0] == call), None)
        if failure is None:
            effect()
            return
        self.fails.remove(failure)
        if failure[1]:
            effect()
        self.meanwhile()
        raise WriteMustReread("slow down.", retry_after_s=2.0)


class Http:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.call_limit_s = 15.0


class NoCalls:
    """Calls without policies."""

    def __init__(self) -> None:
        self.http = Http()
        self.read_at = 0.0

    @contextmanager
    def once(self, read_at: float | None = None) -> Iterator[None]:
        yield

    replace = once


def change(zone: Zone, *after: str) -> RRsetChange:
    speller = Speller(zone.table.spec.dialect, OWNER, zone.row)
    (before,) = speller.rrsets(OWNER, zone.rows(OWNER))
    kept = {str(record.rdata): record for record in before.records}
    values: list[Record] = [kept.get(text) or Record(rdata=rdata_of(text), ttl=300) for text in after]
    return RRsetChange(
        owner=OWNER, rtype=zone.rtype, before=before, after=RRset(owner=OWNER, rtype=zone.rtype, records=tuple(values))
    )


def rdata_of(text: str) -> Rdata:
    preference, _, exchange = text.partition(" ")
    return Mx(int(preference), exchange) if preference.isdigit() else Txt((text.encode(),))


def write(zone: Zone, *changes: RRsetChange) -> NoCalls:
    calls = NoCalls()
    write_verbs(cast(Any, zone), changes, Speller(zone.table.spec.dialect, OWNER, zone.row), cast(Calls, calls))
    return calls


@pytest.mark.parametrize("effect", [False, True], ids=["before-the-effect", "after-the-effect"])
@pytest.mark.parametrize("call", ["remove", "add"])
def test_a_call_that_is_put_off_is_made_again_and_nothing_is_lost(call: str, effect: bool) -> None:
    zone = Zone(OTHER, SPF)
    edit = change(zone, OTHER, SPF2)
    zone.fails = [(call, effect)]
    calls = write(zone, edit)
    assert zone.contents == [OTHER, SPF2]
    assert all(sum("v=spf1" in one for one in seen) <= 1 for seen in zone.seen)
    assert calls.http.clock.slept[0] == 2.0


def test_one_that_is_put_off_for_ever_before_anything_happened_may_be_planned_again() -> None:
    zone = Zone(OTHER, SPF)
    edit = change(zone, OTHER, SPF2)
    zone.fails = [("remove", False)] * 100
    with pytest.raises(WriteMustReread):
        write(zone, edit)
    assert zone.contents == [OTHER, SPF]


def test_one_that_is_put_off_for_ever_with_the_record_gone_is_for_the_caller_to_put_back() -> None:
    """A ``WriteMustReread`` here would end in a new plan, on a zone without the customer's SPF record."""
    zone = Zone(OTHER, SPF)
    edit = change(zone, OTHER, SPF2)
    zone.fails = [("add", False)] * 100
    with pytest.raises(OutcomeUnknown, match="taken out"):
        write(zone, edit)
    assert zone.contents == [OTHER]


def test_somebody_else_s_spf_record_in_the_gap_is_not_joined_by_ours() -> None:
    zone = Zone(OTHER, SPF)
    edit = change(zone, OTHER, SPF2)
    zone.fails = [("remove", True)]
    zone.meanwhile = lambda: zone.contents.append("v=spf1 -all")
    with pytest.raises(OutcomeUnknown):
        write(zone, edit)
    assert zone.contents == [OTHER, "v=spf1 -all"]


def test_what_somebody_adds_in_the_gap_does_not_keep_it_open() -> None:
    zone = Zone(OTHER, SPF)
    edit = change(zone, OTHER, SPF2)
    zone.fails = [("remove", True)]
    zone.meanwhile = lambda: zone.contents.append("def=2")
    write(zone, edit)
    assert zone.contents == [OTHER, "def=2", SPF2]


def test_mx_that_are_added_then_removed_may_be_planned_again() -> None:
    zone = Zone("5 old.example.", rtype="MX")
    edit = change(zone, "10 a.example.", "20 b.example.")
    zone.fails = [("remove", False)]
    with pytest.raises(WriteMustReread):
        write(zone, edit)
    assert zone.contents == ["5 old.example.", "10 a.example.", "20 b.example."]
