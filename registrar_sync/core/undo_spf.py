"""Taking back the SPF half, on the level of the one SPF value: its neighbours in the TXT set are never touched (rules A8)."""

from __future__ import annotations

from dataclasses import replace

from registrar_sync.core.enrol_spf import spf_rdata, swap_record
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import Record, RRset, Txt, is_spf, values_of
from registrar_sync.core.restore import Restored, rows_we_enabled, with_todays_ttl
from registrar_sync.core.service import MailService
from registrar_sync.core.spf import SpfRecord, find_spf, parse_spf
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.txt import quote
from registrar_sync.core.undo_spf_edits import merged_before, take_back, was_moved


def undo_spf(live: RRset | None, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    """The TXT set of today without what we did to its SPF record.

    Today's value is what we wrote: the before-image's value comes back in its own spelling (none before: the record goes,
    or is disabled again where we had enabled it; several that we merged stay one). Else only our own edits are taken back from
    today's record. ``drift``: two records, one that cannot be read, one that we created and that would be left without any
    sender, or a value that stands disabled.
    """
    restored = _undo(live, before, wrote, service)
    twin = _disabled_twin(restored.after, live, before)
    return Restored(after=live, drift=_twin(twin)) if twin else restored


def _disabled_twin(after: RRset | None, live: RRset | None, before: RRset | None) -> Record | None:
    """The row that the set would newly serve beside a disabled row of the same value, which a provider may refuse. Both in
    the before-image: then it took them."""
    asleep = {row.rdata for row in after.records if row.disabled} if after else set()
    twins = (row for row in find_spf(after) if row.rdata in asleep - values_of(live))
    return next((row for row in twins if not _stood_twice(row, before)), None)


def _stood_twice(row: Record, before: RRset | None) -> bool:
    return before is not None and {one.disabled for one in before.records if one.rdata == row.rdata} == {True, False}


def _undo(live: RRset | None, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    was, ours, today = find_spf(before), find_spf(wrote), find_spf(live)
    kept = (_merge_kept(len(was)),) if len(was) > len(ours) == 1 else ()
    if not ours or {record.rdata for record in was} == {record.rdata for record in ours}:
        return Restored(after=live, findings=kept)
    if live is None or not today:
        return Restored(after=live, absent=True)
    if len(today) > 1:
        return Restored(after=live, drift=_two_records(today))
    if today[0].rdata == ours[0].rdata:
        restored = _as_it_was(live, today[0], before, wrote, service)
    else:
        restored = _take_back(live, today[0], before, wrote, service)
    return replace(restored, findings=kept)


def _as_it_was(live: RRset, today: Record, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    back = _original(before, wrote, service) or _enabled_by_us(before, wrote)
    restored = with_todays_ttl(back, live, wrote, instead_of=today) if back else None
    return Restored(after=swap_record(live, today, restored))


def _original(before: RRset | None, wrote: RRset | None, service: MailService) -> Record | None:
    """The one SPF row to come back: the before-image's own, or one with what several were merged into. None: there was none."""
    was = find_spf(before)
    if len(was) < 2:
        return was[0] if was else None
    rdata = spf_rdata(merged_before(was, _parse(find_spf(wrote)[0]), service.include).text)
    return next((row for row in was if row.rdata == rdata), replace(was[0], rdata=rdata))


def _enabled_by_us(before: RRset | None, wrote: RRset | None) -> Record | None:
    """The disabled row of the before-image that our record is; None where we added a row."""
    return next((row for row in rows_we_enabled(before, wrote) if is_spf(row.rdata)), None)


def _take_back(live: RRset, today: Record, before: RRset | None, wrote: RRset | None, service: MailService) -> Restored:
    try:
        spf, written = _parse(today), _parse(find_spf(wrote)[0])
        original = _original(before, wrote, service)
        then = _parse(original) if original else None
    except SpfInvalid as error:
        return Restored(after=live, drift=f"the SPF record {_shown(today)} cannot be read: {error}. {_WAY_OUT}")
    if original is None or then is None:
        return _created_record(live, today, spf, before, wrote, service)
    if was_moved(then, written, service.include) and spf.live_include(service.include) and spf.all_term is None:
        drift = f"the include stood dead behind all, and today's record {_shown(today)} has no all. {_WAY_OUT}"
        return Restored(after=live, drift=drift)
    rest = take_back(spf, then, written, service.include)
    if rest is spf:
        return Restored(after=live, absent=True)
    return Restored(after=swap_record(live, today, _with_text(today, rest, original, live, wrote)), merged=True)


_WAY_OUT = "Correct it at the provider, then run rollback again."


def _created_record(
    live: RRset, today: Record, spf: SpfRecord, before: RRset | None, wrote: RRset | None, service: MailService
) -> Restored:
    """What we created goes as a whole while nobody changed more than its spelling, and a row that we had enabled comes back in
    its place; what others use now stays without our term; where it would name no sender, a person decides (case 36)."""
    places = spf.find_include(service.include)
    if not places:
        return Restored(after=live, absent=True)
    rest = spf.without(places[0])
    if rest.live:
        return Restored(after=swap_record(live, today, replace(today, rdata=spf_rdata(rest.text))), merged=True)
    written = _parse(find_spf(wrote)[0])
    written_rest = written.without(*written.find_include(service.include))
    if [term.text for term in rest.terms] != [term.text for term in written_rest.terms]:
        return Restored(after=live, drift=_no_sender(today, rest))
    asleep = _enabled_by_us(before, wrote)
    asleep = with_todays_ttl(asleep, live, wrote, instead_of=today) if asleep else None
    return Restored(after=swap_record(live, today, asleep), merged=True)


def _with_text(today: Record, rest: SpfRecord, original: Record, live: RRset, wrote: RRset | None) -> Record:
    rdata = spf_rdata(rest.text)
    if original.rdata == rdata:
        return with_todays_ttl(original, live, wrote, instead_of=today)  # its own spelling at the provider
    return replace(today, rdata=rdata)


def _parse(record: Record) -> SpfRecord:
    assert isinstance(record.rdata, Txt)
    return parse_spf(record.rdata.joined)


def _shown(record: Record) -> str:
    assert isinstance(record.rdata, Txt)
    return quote((record.rdata.joined,))


def _no_sender(today: Record, rest: SpfRecord) -> str:
    policy = rest.all_term
    effect = ", which forbids all sending" if policy and policy.effect == "-" else ", which names no sender"
    return (
        f"the SPF record that we created was changed to {_shown(today)}, and without our term it would name no sender. Two ways"
        f' out, at the provider: delete the record, or keep "{rest.text}"{effect}.'
    )


def _merge_kept(count: int) -> Finding:
    text = f"The {count} SPF records that were made one stay one: only what is ours in it goes, where it still stands there."
    return finding("spf-merge-kept", text)


def _twin(record: Record) -> str:
    return (
        f"the SPF record to be restored stands as a disabled row: {_shown(record)}. Delete that row at the provider, then run"
        " rollback again."
    )


def _two_records(records: list[Record]) -> str:
    shown = " and ".join(map(_shown, records))
    return f"{len(records)} SPF records stand here: {shown}. Merge them at the provider, then run rollback again."
