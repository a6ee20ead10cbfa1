"""The TXT half of an enrolment: one include more in the one SPF record, every other value untouched (rules A1 to A8)."""

from __future__ import annotations

from dataclasses import replace

from registrar_sync.core.enrol_spf_edits import detail_of, edit_record
from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import Rdata, Record, RRset, Txt, ZoneView, values_of
from registrar_sync.core.spf import SpfRecord, find_near_misses, find_spf, parse_spf, render_new
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_merge import CannotMergeError, merge_records
from registrar_sync.core.spf_said import (
    say_disabled_twin,
    say_glued,
    say_invalid,
    say_merged,
    say_near_miss,
    say_size,
    say_two_records,
)
from registrar_sync.core.spf_size import measure_txt
from registrar_sync.core.txt import split_strings
from registrar_sync.core.wish import Part, Wish


def enrol_spf(view: ZoneView, wish: Wish, known: Known) -> Part:
    """The TXT set with the service's include in force, or as it is where a block is not accepted."""
    before = view.rrset("TXT")
    records = find_spf(before)
    part = _edit(view, before, records, wish, known) if before and records else _add(view, before, wish)
    near = find_near_misses(before)
    return replace(part, findings=(*map(say_near_miss, near), *part.findings)) if near else part


def _add(view: ZoneView, before: RRset | None, wish: Wish) -> Part:
    rdata = spf_rdata(render_new(wish.service.include, wish.wanted_all))
    record = Record(rdata=rdata, ttl=wish.ttl_beside(before))
    twin = _disabled_twin(before, rdata)
    if before and twin:
        created = before.with_records(
            replace(row, disabled=False, ttl=record.ttl) if row is twin else row for row in before.records
        )
    else:
        created = RRset(owner=view.owner, rtype="TXT", records=(*(before.records if before else ()), record))
    return Part(after=created, findings=_size(view, created))


def _disabled_twin(rrset: RRset | None, rdata: Rdata) -> Record | None:
    """The row that holds this very value disabled: a second row of it is a duplicate to the providers that have such rows."""
    return next((row for row in rrset.records if row.disabled and row.rdata == rdata), None) if rrset else None


def spf_rdata(text: str) -> Txt:
    """An SPF text as a TXT value, split anew (RFC 7208 section 3.3)."""
    return Txt(split_strings(text.encode("ascii")))


def swap_record(rrset: RRset, old: Record, new: Record | None) -> RRset | None:
    """The set with one row exchanged in its place, or taken out; None where no row is left."""
    swapped = (new if record is old else record for record in rrset.records)
    records = tuple(record for record in swapped if record is not None)
    return rrset.with_records(records) if records else None


# --- what stands already ------------------------------------------------------------------------------------------------
def _edit(view: ZoneView, before: RRset, records: list[Record], wish: Wish, known: Known) -> Part:
    spf, findings = _one_record(records, wish)
    if spf is None:
        return Part(after=before, findings=findings)
    if spf.glued:
        return Part(after=before, findings=(*findings, say_glued(spf.text, spf.glued)))
    edited = edit_record(spf, view.owner, wish, known)
    findings = (*findings, *edited.findings)
    rdata = spf_rdata(edited.record.text)
    if rdata not in values_of(before) and _disabled_twin(before, rdata):
        findings = (*findings, say_disabled_twin(rdata))
    after = before if wish.stops(findings) else _in_place(before, records, rdata)
    size = () if after is before else _size(view, after)
    return Part(after=after, findings=(*findings, *size), detail=detail_of(edited))


def _in_place(before: RRset, records: list[Record], rdata: Txt) -> RRset:
    """The one row that stays holds the value: the one that has it already, else the first; the other SPF rows go."""
    stays = next((row for row in records if row.rdata == rdata), records[0])
    if len(records) == 1 and stays.rdata == rdata:
        return before
    new = stays if stays.rdata == rdata else replace(stays, rdata=rdata)
    gone = [row for row in records if row is not stays]
    kept = (row for row in before.records if not any(row is one for one in gone))
    return before.with_records(new if row is stays else row for row in kept)


def _one_record(records: list[Record], wish: Wish) -> tuple[SpfRecord | None, tuple[Finding, ...]]:
    """The record to edit, merged where that was asked for; None where there is none, and why (rules A2)."""
    faults = _faults(records)
    if len(records) == 1:
        rdata = records[0].rdata
        return (parse_spf(rdata.joined), ()) if isinstance(rdata, Txt) and not faults else (None, faults)
    try:
        merged = merge_records(records, wish.all_qualifier)
    except CannotMergeError as refused:
        return None, (say_two_records(records, str(refused)), *faults)
    if not wish.edits.merge_spf:
        return None, (say_two_records(records, _proposal(records, merged, wish)),)
    return merged, (say_merged(len(records), merged),)


def _faults(records: list[Record]) -> tuple[Finding, ...]:
    """What cannot be read, each value once."""
    faults = []
    for value in dict.fromkeys(record.rdata for record in records if isinstance(record.rdata, Txt)):
        try:
            parse_spf(value.joined)
        except SpfInvalid as error:
            faults.append(say_invalid(value, error))
    return tuple(faults)


def _proposal(records: list[Record], merged: SpfRecord, wish: Wish) -> str:
    if len({record.rdata for record in records}) == 1:
        return "They are exact duplicates: --merge-spf keeps one of them."
    if not merged.find_include(wish.service.include):
        merged = merged.insert_include(wish.service.include)
    return f'--merge-spf makes them one: "{merged.text}".'


def _size(view: ZoneView, after: RRset) -> tuple[Finding, ...]:
    size = measure_txt(view.owner, after)
    return (say_size(size),) if size.is_over else ()
