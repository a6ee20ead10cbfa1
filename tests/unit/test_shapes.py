"""Rows read and spelled in each dialect, and what the shapes make of a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Other, Record, RRset, RRsetChange, Txt
from registrar_sync.errors import ProviderRefused, WriteMustReread
from registrar_sync.providers.catalog_model import Dialect
from registrar_sync.providers.rows import Row, Speller, UnusableAnswer, list_of, number_of, text_of
from registrar_sync.providers.shapes import Calls, RecordAdapter, RRsetAdapter, RRsetWrite, write_records, write_rrsets

ZONE = OWNER = "example.com."
DOTTED = Dialect()
OVH = Dialect(exchange="relative", txt="as-found", txt_types=["TXT", "SPF", "DKIM", "DMARC"], ttl_words={0: 3600})
BARE_WITH_FIELD = Dialect(exchange="bare", preference="field")


def row(native: Mapping[str, Any]) -> Row:
    return Row(
        rtype=native["type"],
        content=native["content"],
        ttl=native["ttl"],
        native=native,
        disabled=native.get("disabled", False),
        preference=native.get("prio"),
    )


def native(rtype: str, content: str, ttl: int = 300, **more: Any) -> dict[str, Any]:
    return {"type": rtype, "content": content, "ttl": ttl, **more}


def speller(dialect: Dialect) -> Speller:
    return Speller(dialect, ZONE, row)


def rrset(dialect: Dialect, *natives: dict[str, Any]) -> RRset:
    (found,) = speller(dialect).rrsets(OWNER, [row(each) for each in natives])
    return found


def edited(before: RRset | None, *records: Record) -> RRsetChange:
    rtype = before.rtype if before else ("MX" if isinstance(records[0].rdata, Mx) else "TXT")
    after = RRset(owner=OWNER, rtype=rtype, records=records) if records else None
    return RRsetChange(owner=OWNER, rtype=rtype, before=before, after=after)


def txt(*strings: bytes, ttl: int = 300, **more: Any) -> Record:
    return Record(rdata=Txt(strings), ttl=ttl, **more)


class TestReading:
    @pytest.mark.parametrize(
        ("dialect", "raw", "rdata"),
        [
            (DOTTED, native("MX", "5 MailGate.Example.com."), Mx(5, "mailgate.example.com.")),
            (DOTTED, native("MX", "0 ."), Mx(0, ".")),
            (OVH, native("MX", "10 mail"), Mx(10, "mail.example.com.")),
            (OVH, native("MX", "10 docs.example.com"), Mx(10, "docs.example.com.example.com.")),
            (OVH, native("MX", "10 @"), Mx(10, "example.com.")),
            (OVH, native("MX", "10 mx.isp.net."), Mx(10, "mx.isp.net.")),
            (BARE_WITH_FIELD, native("MX", "mx00.ionos.de", prio=0), Mx(0, "mx00.ionos.de.")),
            (BARE_WITH_FIELD, native("MX", ".", prio=0), Mx(0, ".")),
            (DOTTED, native("TXT", '"v=spf1 " "-all"'), Txt((b"v=spf1 -all",))),
            (DOTTED, native("TXT", '"say \\"hi\\" \\\\ \\233"'), Txt((b'say "hi" \\ \xe9',))),
            (OVH, native("TXT", "v=spf1 mx -all"), Txt((b"v=spf1 mx -all",))),
            (OVH, native("SPF", '"v=spf1 mx -all"'), Txt((b"v=spf1 mx -all",))),
            (OVH, native("TXT", '"a quote never closed'), Txt((b'"a quote never closed',))),
            (OVH, native("TXT", ' "v=spf1 mx ~all"'), Txt((b"v=spf1 mx ~all",))),
            (OVH, native("TXT", '\t"v=spf1 " "mx ~all" \r\n'), Txt((b"v=spf1 mx ~all",))),
            (OVH, native("TXT", " a bare value "), Txt((b" a bare value ",))),
            (OVH, native("TXT", ' "a quote never closed'), Txt((b' "a quote never closed',))),
            (OVH, native("txt", '"v=spf1 mx ~all"'), Txt((b"v=spf1 mx ~all",))),
            (OVH, native("Spf", "v=spf1 mx ~all"), Txt((b"v=spf1 mx ~all",))),
            (DOTTED, native("mx", "5 mx.example.net."), Mx(5, "mx.example.net.")),
            (OVH, native("TXT", "caf\u00e9"), Txt(("caf\u00e9".encode(),))),
            (BARE_WITH_FIELD, native("SRV", "5  443 a.example.com", prio=1), Other("1 5 443 a.example.com.")),
        ],
    )
    def test_what_a_row_stands_for(self, dialect: Dialect, raw: dict[str, Any], rdata: object) -> None:
        record = speller(dialect).record(row(raw))
        assert record.rdata == rdata
        assert record.native == raw

    def test_the_case_of_a_type_makes_no_second_rrset(self) -> None:
        found = rrset(OVH, native("txt", '"a"'), native("TXT", '"b"'), native("spf", '"v=spf1 -all"'))
        assert found.rtype == "TXT"
        assert len(found.records) == 3

    def test_types_served_as_txt_are_one_rrset(self) -> None:
        found = rrset(OVH, native("TXT", '"a"'), native("SPF", '"v=spf1 -all"', ttl=0), native("DMARC", "v=DMARC1"))
        assert found.rtype == "TXT"
        assert [record.ttl for record in found.records] == [300, 3600, 300]

    @pytest.mark.parametrize(
        "content", ["mx.example.net.", "70000 mx.", "-1 mx.", "1.5 mx.", "5 a b", "", "\u0665 mx.", "5 "], ids=repr
    )
    def test_an_mx_that_is_none_is_no_empty_set(self, content: str) -> None:
        with pytest.raises(UnusableAnswer):
            speller(DOTTED).record(row(native("MX", content)))

    def test_half_a_character_is_no_value(self) -> None:
        with pytest.raises(UnusableAnswer):
            speller(DOTTED).record(row(native("TXT", "\ud83d")))

    @pytest.mark.parametrize("answer", [None, [], "x", {"a": None}, {"a": True}, {"a": 1.5}, {"a": -1}, {"a": ["x"]}])
    def test_answers_of_the_wrong_shape_are_told(self, answer: object) -> None:
        for read in (text_of, number_of):
            with pytest.raises(UnusableAnswer):
                read(answer, "a")
        with pytest.raises(UnusableAnswer):
            list_of(answer, "b")


class TestSpelling:
    def test_what_is_not_edited_goes_back_in_its_own_spelling(self) -> None:
        before = rrset(DOTTED, native("TXT", '"two"   "strings"'), native("TXT", '"v=spf1 -all"'))
        change = edited(before, before.records[0], txt(b"v=spf1 mx -all", native=before.records[1].native))
        kept, spf = speller(DOTTED).edits(change)
        assert kept.keeps
        assert kept.after is not None
        assert kept.after.content == '"two"   "strings"'
        assert spf.after is not None
        assert spf.after.content == '"v=spf1 mx -all"'

    def test_a_value_that_comes_back_has_the_spelling_of_its_before_image(self) -> None:
        gone = rrset(OVH, native("MX", "10 mail", ttl=0, id=7)).records[0]
        (edit,) = speller(OVH).edits(edited(None, gone))
        assert edit.after is not None
        assert (edit.after.content, edit.after.ttl) == ("10 mail", 0)

    def test_a_new_ttl_leaves_the_spelling(self) -> None:
        before = rrset(DOTTED, native("TXT", '"a" "b"'))
        (edit,) = speller(DOTTED).edits(edited(before, txt(b"ab", ttl=60)))
        assert edit.after is not None
        assert (edit.after.content, edit.after.ttl) == ('"a" "b"', 60)

    def test_the_default_ttl_stays_the_default(self) -> None:
        before = rrset(OVH, native("SPF", '"v=spf1 -all"', ttl=0))
        (edit,) = speller(OVH).edits(edited(before, txt(b"v=spf1 mx -all", ttl=3600)))
        assert edit.after is not None
        assert (edit.after.rtype, edit.after.ttl) == ("SPF", 0)

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [("v=spf1 -all", "v=spf1 mx -all"), ('"v=spf1 -all"', '"v=spf1 mx -all"'), (' "v=spf1 -all" ', '"v=spf1 mx -all"')],
        ids=["bare", "quoted", "quoted-between-blanks"],
    )
    def test_an_edited_value_is_quoted_as_the_one_before_it(self, was: str, becomes: str) -> None:
        before = rrset(OVH, native("SPF", was))
        (edit,) = speller(OVH).edits(edited(before, txt(b"v=spf1 mx -all")))
        assert edit.after is not None
        assert edit.after.content == becomes

    def test_an_edited_value_over_255_octets_is_split(self) -> None:
        long = b"v=spf1 " + b"a:" + b"x" * 300 + b" -all"
        (edit,) = speller(OVH).edits(edited(rrset(OVH, native("SPF", "v=spf1 -all")), txt(long)))
        assert edit.after is not None
        assert edit.after.content.count('" "') == 1
        assert speller(OVH).record(edit.after).rdata == Txt((long,))

    @pytest.mark.parametrize(
        ("dialect", "content", "preference"),
        [
            (DOTTED, "3 france.security-mail.net.", None),
            (OVH, "3 france.security-mail.net.", None),
            (BARE_WITH_FIELD, "france.security-mail.net", 3),
        ],
    )
    def test_a_new_mx(self, dialect: Dialect, content: str, preference: int | None) -> None:
        (edit,) = speller(dialect).edits(edited(None, Record(rdata=Mx(3, "france.security-mail.net."), ttl=3600)))
        assert edit.after is not None
        assert (edit.after.content, edit.after.preference, edit.after.rtype) == (content, preference, "MX")

    @given(
        st.lists(st.binary(max_size=255), min_size=1, max_size=4),
        st.sampled_from([DOTTED, OVH, BARE_WITH_FIELD]),
        st.sampled_from(["bare", '"quoted"']),
    )
    def test_every_txt_value_reads_back_as_itself(self, strings: list[bytes], dialect: Dialect, like: str) -> None:
        before = rrset(dialect, native("TXT", like))
        for edit in speller(dialect).edits(edited(before, txt(*strings))):
            if edit.after is not None:
                assert speller(dialect).record(edit.after).rdata == Txt(tuple(strings))

    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.sampled_from([DOTTED, OVH, BARE_WITH_FIELD]))
    def test_every_raw_value_is_kept_as_it_is_beside_an_edit(self, raw: str, dialect: Dialect) -> None:
        before = rrset(dialect, native("TXT", raw))
        change = edited(before, before.records[0], txt(b"another"))
        kept = next(edit for edit in speller(dialect).edits(change) if edit.keeps)
        assert kept.after is not None
        assert kept.after.content == raw


class Recorder:
    """An adapter that notes what it is told, and under which rules."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.rule = ""

    @contextmanager
    def _under(self, rule: str) -> Iterator[None]:
        self.rule = rule
        yield

    def replace(self, read_at: float = 0.0) -> Any:
        return self._under("replace")

    def once(self, read_at: float = 0.0) -> Any:
        return self._under("once")

    def is_old(self, read_at: float) -> bool:
        return False

    def read_at(self, row: Row) -> float:
        return 0.0

    def listed_at(self) -> float:
        return 0.0

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        self.told += [(wanted.rtype, wanted.ttl, [each.content for each in wanted.rows]) for wanted in sets]

    def change_row(self, before: Row, after: Row) -> None:
        self.told.append((self.rule, "change", before.native["id"], after.rtype, after.content, after.ttl))

    def add_row(self, owner: str, added: Row) -> None:
        self.told.append((self.rule, "add", added.rtype, added.content, added.ttl))

    def remove_row(self, removed: Row) -> None:
        self.told.append((self.rule, "remove", removed.native["id"]))


class OldRecorder(Recorder):
    """What was read is old by now; ``still`` says whether it is what it was."""

    def __init__(self, *, still: bool) -> None:
        super().__init__()
        self.still = still

    def is_old(self, read_at: float) -> bool:
        return True

    def is_still(self, row: Row) -> bool:
        self.told.append(("read again", row.native["id"]))
        return self.still

    def lists_still(self, owner: str) -> bool:
        self.told.append(("listed again", owner))
        return self.still


def told_records(*changes: RRsetChange) -> list[tuple[Any, ...]]:
    recorder = Recorder()
    write_records(cast(RecordAdapter, recorder), changes, speller(OVH), cast(Calls, recorder))
    return recorder.told


def told_rrsets(*changes: RRsetChange) -> list[tuple[Any, ...]]:
    recorder = Recorder()
    write_rrsets(cast(RRsetAdapter, recorder), changes, speller(DOTTED), cast(Calls, recorder))
    return recorder.told


class TestRecordShape:
    def test_spf_is_edited_in_place_whatever_its_type(self) -> None:
        before = rrset(OVH, native("TXT", '"a"', id=1), native("SPF", '"v=spf1 -all"', id=2, ttl=0))
        change = edited(before, before.records[0], txt(b"v=spf1 mx -all", ttl=3600))
        assert told_records(change) == [("replace", "change", 2, "SPF", '"v=spf1 mx -all"', 0)]

    def test_spf_is_added_only_where_there_is_none(self) -> None:
        before = rrset(OVH, native("TXT", '"a"', id=1))
        change = edited(before, before.records[0], txt(b"v=spf1 -all"))
        assert told_records(change) == [("once", "add", "TXT", '"v=spf1 -all"', 300)]

    def test_rows_change_before_rows_come_before_rows_go(self) -> None:
        before = rrset(OVH, native("MX", "5 a.", id=1), native("MX", "40 b.", id=2), native("MX", "50 c.", id=3))
        after = [Record(rdata=Mx(m, x), ttl=300) for m, x in ((4, "new."), (10, "b."), (50, "c."))]
        assert [told[1:3] for told in told_records(edited(before, *after))] == [("change", 2), ("add", "MX"), ("remove", 1)]

    def test_each_row_keeps_its_own_ttl(self) -> None:
        before = rrset(OVH, native("MX", "5 a.", id=1, ttl=0), native("MX", "40 b.", id=2, ttl=60))
        after = [Record(rdata=Mx(6, "a."), ttl=3600), Record(rdata=Mx(41, "b."), ttl=60)]
        assert [told[-1] for told in told_records(edited(before, *after))] == [0, 60]

    def test_an_exact_duplicate_is_left_alone(self) -> None:
        before = rrset(OVH, native("MX", "5 a.", id=1), native("MX", "5 a.", id=2))
        change = edited(before, *before.records, Record(rdata=Mx(3, "new."), ttl=300))
        assert told_records(change) == [("once", "add", "MX", "3 new.", 300)]

    def test_a_row_that_is_old_by_its_turn_is_read_again_before_it_is_written_over(self) -> None:
        change = edited(rrset(OVH, native("TXT", '"v=spf1 -all"', id=7)), txt(b"v=spf1 mx -all"))
        changed, same = OldRecorder(still=False), OldRecorder(still=True)
        with pytest.raises(WriteMustReread, match="changed by somebody else"):
            write_records(cast(RecordAdapter, changed), [change], speller(OVH), cast(Calls, changed))
        assert changed.told == [("read again", 7)]
        write_records(cast(RecordAdapter, same), [change], speller(OVH), cast(Calls, same))
        assert [told[0] for told in same.told] == ["read again", "replace"]

    def test_nothing_is_added_on_an_old_listing(self) -> None:
        """An SPF record may stand there by now."""
        change = edited(None, txt(b"v=spf1 mx -all"))
        changed = OldRecorder(still=False)
        with pytest.raises(WriteMustReread, match="Nothing was added"):
            write_records(cast(RecordAdapter, changed), [change], speller(OVH), cast(Calls, changed))
        assert changed.told == [("listed again", "example.com.")]

    def test_changes_follow_each_other_in_the_order_given(self) -> None:
        mx = edited(rrset(OVH, native("MX", "5 a.", id=1)), Record(rdata=Mx(6, "a."), ttl=300))
        spf = edited(rrset(OVH, native("TXT", '"v=spf1 -all"', id=2)), txt(b"v=spf1 mx -all"))
        assert [told[2] for told in told_records(mx, spf)] == [1, 2]
        assert [told[2] for told in told_records(spf, mx)] == [2, 1]


class TestRRsetShape:
    def test_a_set_is_sent_whole_in_the_order_wanted(self) -> None:
        before = rrset(DOTTED, native("MX", "5 MailGate.example.com.", ttl=600))
        after = (Record(rdata=Mx(3, "france.security-mail.net."), ttl=600), *before.records)
        assert told_rrsets(edited(before, *after)) == [("MX", 600, ["3 france.security-mail.net.", "5 MailGate.example.com."])]

    def test_a_set_that_goes_has_no_rows(self) -> None:
        assert told_rrsets(edited(rrset(DOTTED, native("MX", "5 a.")))) == [("MX", None, [])]

    def test_a_change_of_nothing_is_not_sent(self) -> None:
        before = rrset(DOTTED, native("MX", "5 a."))
        assert told_rrsets(edited(before, *before.records)) == []


CLOUDFLARE = Dialect(exchange="bare", preference="field", txt="as-found", ttl_words={1: 300})
GODADDY = Dialect(exchange="bare", preference="field", txt="bare", txt_unsure='"\\')


class TestNumbersThatStandForATtl:
    def test_a_word_is_read_as_the_ttl_that_is_served_and_kept_where_that_stays(self) -> None:
        before = rrset(CLOUDFLARE, native("TXT", '"v=spf1 -all"', ttl=1), native("TXT", '"other"', ttl=60))
        assert [record.ttl for record in before.records] == [300, 60]
        spf, other = before.records
        longer = Record(rdata=Txt((b"v=spf1 mx -all",)), ttl=300, native=spf.native)
        (edit, _) = speller(CLOUDFLARE).edits(edited(before, longer, other))
        assert edit.after is not None
        assert (edit.after.content, edit.after.ttl) == ('"v=spf1 mx -all"', 1)

    def test_another_ttl_is_written_as_it_is_and_a_new_row_has_no_word(self) -> None:
        before = rrset(CLOUDFLARE, native("TXT", '"v=spf1 -all"', ttl=1))
        lower = Record(rdata=before.records[0].rdata, ttl=60, native=before.records[0].native)
        (edit, new) = speller(CLOUDFLARE).edits(edited(before, lower, txt(b"new", ttl=300)))
        assert [row and row.ttl for row in (edit.after, new.after)] == [60, 300]


class TestBareValues:
    def test_quotes_are_part_of_a_bare_value(self) -> None:
        assert rrset(GODADDY, native("TXT", '"quoted"')).records[0].rdata == Txt((b'"quoted"',))

    def test_a_new_value_is_one_text(self) -> None:
        (edit,) = speller(GODADDY).edits(edited(None, txt(b"a" * 200, b"b" * 200)))
        assert edit.after is not None
        assert edit.after.content == "a" * 200 + "b" * 200

    @pytest.mark.parametrize("odd", ['say "hi"', "back\\slash", "caf\u00e9", " blank", "tab\there"])
    def test_a_set_with_a_value_that_may_not_survive_is_not_written(self, odd: str) -> None:
        before = rrset(GODADDY, native("TXT", odd), native("TXT", "v=spf1 -all"))
        with pytest.raises(ProviderRefused, match="can only be written as a whole"):
            told_in(GODADDY, edited(before, before.records[0], txt(b"v=spf1 mx -all")))

    def test_such_a_value_may_go_and_other_types_are_not_looked_at(self) -> None:
        before = rrset(GODADDY, native("TXT", 'say "hi"'))
        assert told_in(GODADDY, edited(before))
        mx = rrset(GODADDY, native("MX", "mx.example.net", prio=5))
        assert told_in(GODADDY, edited(mx, *mx.records, Record(rdata=Mx(3, "new.example.net."), ttl=300)))


def told_in(dialect: Dialect, change: RRsetChange) -> list[tuple[Any, ...]]:
    recorder = Recorder()
    write_rrsets(cast(RRsetAdapter, recorder), [change], speller(dialect), cast(Calls, recorder))
    return recorder.told
