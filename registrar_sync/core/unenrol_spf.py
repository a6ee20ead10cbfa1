"""The SPF half of leaving: every include of the service out of the one SPF record, whoever put it there (rules A8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from registrar_sync.core.enrol_spf import spf_rdata, swap_record
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.leaving import Leaving
from registrar_sync.core.model import Record, RRset, Txt, ZoneView, values_of
from registrar_sync.core.names import display
from registrar_sync.core.spf import SpfRecord, find_spf, parse_spf
from registrar_sync.core.spf_budget import find_cover
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_said import say_disabled_twin, say_glued, say_invalid, say_two_records
from registrar_sync.core.undo_spf import undo_spf
from registrar_sync.core.wish import Part


def holds_include(txt: RRset | None, leaving: Leaving) -> bool:
    """Whether an SPF record holds an include of the service, a dead one too; one with "-" is a prohibition and none of ours.

    In a record that cannot be read, or whose terms ran together, its domain's name is enough.
    """
    return any(_holds(record, leaving) for record in find_spf(txt))


def unenrol_spf(view: ZoneView, leaving: Leaving, known: Known) -> Part:
    """The TXT set without the service's includes, or as it is where nothing of it stands or a block is not accepted.

    before: "v=spf1 mx include:includespf.security-mail.net ~all".  after: "v=spf1 mx ~all".
    First the journalled enrolments are taken back, newest first: the record comes back in its own spelling, one that we created
    and that is still ours goes as a whole. Then every include of the service that is left goes, whatever its qualifier but "-".
    A record that we did not create stays, even where it names no sender any more. One that authorises the service through
    another record (rules case 24) may still have the ``all`` that an enrolment set: that goes back, too.
    """
    live = view.rrset("TXT")
    records = find_spf(live)
    held = any(_holds(record, leaving) for record in records)
    if live is None or not (held or (leaving.standing and _only(live))):
        return Part(after=live, findings=tuple(_about_the_rest(view, live, leaving, known)))
    unreadable = tuple(_unreadable(records, leaving)) if held else ()
    if unreadable:
        return Part(after=live, findings=unreadable)
    undone, taking_back = _undone(live, leaving)
    after = _stripped(undone, leaving)
    findings = (*taking_back, *_twin(live, undone, after), *_would_forbid(live, after, leaving))
    if leaving.stops(findings):
        return Part(after=live, findings=findings)
    return Part(after=after, findings=(*findings, *_about_the_rest(view, after, leaving, known)))


def _holds(record: Record, leaving: Leaving) -> bool:
    try:
        spf = _parse(record)
    except SpfInvalid:
        return _mentions(_text(record), leaving)
    return bool(leaving.find_includes(spf)) or _glued(spf, leaving) != []


def _mentions(text: str, leaving: Leaving) -> bool:
    return any(display(include).lower() in text.lower() for include in leaving.includes)


def _glued(spf: SpfRecord, leaving: Leaving) -> list[str]:
    return [term.text for term in spf.terms if term.is_glued and _mentions(term.text, leaving)]


def _undone(live: RRset, leaving: Leaving) -> tuple[RRset | None, tuple[Finding, ...]]:
    """The set with the enrolments taken back as far as that can be decided, and what that is worth saying: what is then left
    of ours goes by its name. Never two records out of one, as before a merge."""
    undone: RRset | None = live
    findings: tuple[Finding, ...] = ()
    for one in leaving.standing:
        restored = undo_spf(undone, one.before.get("TXT"), one.after.get("TXT"), one.service)
        if not restored.drift and len(find_spf(restored.after)) <= 1:
            undone, findings = restored.after, (*findings, *restored.findings)
    return undone, findings


def _stripped(txt: RRset | None, leaving: Leaving) -> RRset | None:
    """The set without the includes in its SPF record; the very same set where there is none."""
    record = next(iter(find_spf(txt)), None)
    if txt is None or record is None:
        return txt
    spf = _parse(record)
    places = leaving.find_includes(spf)
    return swap_record(txt, record, replace(record, rdata=spf_rdata(spf.without(*places).text))) if places else txt


def _parse(record: Record) -> SpfRecord:
    assert isinstance(record.rdata, Txt)
    return parse_spf(record.rdata.joined)


def _text(record: Record) -> str:
    assert isinstance(record.rdata, Txt)
    return record.rdata.joined.decode("ascii", "replace")


def _only(txt: RRset | None) -> SpfRecord | None:
    """The one SPF record of a set, where there is one and it can be read."""
    records = find_spf(txt)
    try:
        return _parse(records[0]) if len(records) == 1 else None
    except SpfInvalid:
        return None


# --- what is said -------------------------------------------------------------------------------------------------------
def _unreadable(records: list[Record], leaving: Leaving) -> Iterable[Finding]:
    """Why no one can say what to take out."""
    if len(records) > 1:
        yield say_two_records(records, "Merge them at the provider, then run unenroll again.")
        return
    value = records[0].rdata
    assert isinstance(value, Txt)
    try:
        spf = parse_spf(value.joined)
    except SpfInvalid as error:
        yield say_invalid(value, error)
        return
    glued = _glued(spf, leaving)
    if glued:
        yield say_glued(spf.text, glued)


def _twin(live: RRset, undone: RRset | None, after: RRset | None) -> Iterable[Finding]:
    """Two rows of one value, a served one and a disabled one, are a duplicate to some providers."""
    new = {row.rdata for row in find_spf(after)} - values_of(live) - values_of(undone)
    for value in sorted({row.rdata for row in live.records if row.disabled and row.rdata in new}, key=str):
        assert isinstance(value, Txt)
        yield say_disabled_twin(value)


def _would_forbid(live: RRset, after: RRset | None, leaving: Leaving) -> Iterable[Finding]:
    """Nothing but ``-all`` as outcome; where that very record stood before the enrolment, its owner has said so already."""
    before, rest = _only(live), _only(after)
    if rest is None or not _forbids(rest) or (before is not None and _forbids(before)):
        return
    stood = {row.rdata for one in leaving.standing for row in find_spf(one.before.get("TXT"))}
    known = any(row.rdata in stood for row in find_spf(after))
    said = "As before the enrolment," if known else "Without the include,"
    advice = " Name the hosts that send for it in the record at the provider; where none does, --accept spf-would-forbid."
    yield finding(
        "spf-would-forbid",
        f'{said} "{rest.text}" says that no host may send as this domain.{"" if known else advice}',
        severity="warn" if known else "block",
    )


def _forbids(spf: SpfRecord) -> bool:
    """Whether every sender fails: ``-all``, and no mechanism before it that says otherwise."""
    return spf.all_term is not None and spf.all_term.effect == "-" and all(term.effect == "-" for term in spf.live)


def _about_the_rest(view: ZoneView, txt: RRset | None, leaving: Leaving, known: Known) -> Iterable[Finding]:
    rest = _only(txt)
    if rest is None:
        return
    kept = [rest.terms[place].text for place in leaving.find_prohibitions(rest)]
    if kept:
        text = f"{' '.join(kept)} is kept: somebody forbade the service on purpose, and that is theirs to take out."
        yield finding("spf-forbidden-kept", text)
    for include in leaving.includes:
        chain = find_cover(view.owner, rest, include, known)
        if chain:
            yield finding(
                "spf-still-covered",
                f"The service stays authorised through {' > '.join(chain)}: have include:{display(include)} taken out there,"
                " or take what leads there out of this record.",
            )
