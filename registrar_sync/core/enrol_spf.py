"""The TXT half of an enrolment: one include more in the one SPF record, every other value untouched (rules A1 to A8)."""

from __future__ import annotations

from dataclasses import replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import Rdata, Record, RRset, Txt, ZoneView
from registrar_sync.core.names import display
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf import (
    SpfInvalid,
    SpfRecord,
    find_near_misses,
    find_spf,
    include_term,
    merge_records,
    parse_spf,
    render_new,
)
from registrar_sync.core.txt import quote, split_strings
from registrar_sync.core.wish import Part, Wish

_NOT_YET = "is not in this version yet"
_GUIDELINE, _UDP_LIMIT = 450, 512  # octets, RFC 7208 section 3.4


def enrol_spf(view: ZoneView, wish: Wish, known: Known) -> Part:
    """The TXT set with the service's include in force, or as it is where a block is not accepted."""
    before = view.rrset("TXT")
    near = tuple(_near_miss(value) for value in find_near_misses(before))
    records = find_spf(before)
    if len(records) > 1:
        return Part(after=before, findings=(*near, _two_records(records, wish)))
    if not records:
        created = _add(view, before, wish)
        return Part(after=created, findings=(*near, *_size(view, created)))
    after, findings = _edit(view, records[0], wish)
    return Part(after=after, findings=(*near, *findings))


def _add(view: ZoneView, before: RRset | None, wish: Wish) -> RRset:
    text = render_new(wish.service.include, wish.all_qualifier or wish.service.all_qualifier)
    record = Record(rdata=spf_rdata(text), ttl=wish.ttl_beside(before))
    twin = _disabled_twin(before, record.rdata)
    if before and twin:
        return before.with_records(
            replace(twin, disabled=False, ttl=record.ttl) if row is twin else row for row in before.records
        )
    standing = before.records if before else ()
    return RRset(owner=view.owner, rtype="TXT", records=(*standing, record))


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


def _edit(view: ZoneView, record: Record, wish: Wish) -> tuple[RRset | None, tuple[Finding, ...]]:
    before = view.rrset("TXT")
    assert before is not None  # it holds ``record``
    assert isinstance(record.rdata, Txt)
    try:
        spf = parse_spf(record.rdata.joined)
    except SpfInvalid as error:
        return before, (_invalid(record.rdata, error),)
    glued = [term.text for term in spf.terms if term.is_glued]
    if glued:
        return before, (_glued(record.rdata, glued),)
    edited, findings = _insert(spf, wish)
    findings = (*findings, *_remarks(spf, wish))
    rdata = spf_rdata(edited.text)
    if edited is not spf and _disabled_twin(before, rdata):
        findings = (*findings, _twin(rdata))
    if edited is spf or wish.stops(findings):
        return before, findings
    after = swap_record(before, record, replace(record, rdata=rdata))
    return after, (*findings, *_size(view, after))


def _insert(spf: SpfRecord, wish: Wish) -> tuple[SpfRecord, tuple[Finding, ...]]:
    """Rules A5 in their order, then A3. The same record back: nothing to do, or nothing that we may do."""
    domain = wish.service.include
    standing = spf.find_include(domain)
    live = spf.live_include(domain)
    if spf.authorises(domain):
        return spf, (_twice(spf, len(live), wish),) if len(live) > 1 else ()
    if standing and spf.terms[standing[0]].effect != "+":
        return spf, (_conflict(spf, spf.terms[standing[0]].effect, domain),)
    silent = (_sends_nothing(spf),) if _is_silent(spf) else ()
    if standing:
        moved = spf.without(standing[0]).insert(spf.terms[standing[0]])
        return moved, (*silent, _moved(spf.terms[standing[0]].text))
    return spf.insert_include(domain), silent


def _is_silent(spf: SpfRecord) -> bool:
    """``-all`` and no sender. A redirect beside it is dead, but somebody meant to name senders (rules case 13)."""
    return not spf.live and not spf.modifier("redirect") and spf.all_term is not None and spf.all_term.effect == "-"


# --- what is said -------------------------------------------------------------------------------------------------------
def _shown(value: Txt) -> str:
    return quote((value.joined,))


def _shown_start(value: Txt) -> str:
    return quote((value.joined[:80],)) + (" ..." if len(value.joined) > 80 else "")


def _near_miss(value: Txt) -> Finding:
    return finding(
        "spf-near-miss",
        f"The TXT value {_shown_start(value)} looks like SPF, but no receiver reads it as SPF. It is left as it is.",
    )


def _two_records(records: list[Record], wish: Wish) -> Finding:
    shown = " and ".join(_shown(record.rdata) for record in records if isinstance(record.rdata, Txt))
    merged = merge_records(records)
    if len({record.rdata for record in records}) == 1:
        few = "one" if len(records) == 2 else "all but one"
        advice = f"They are exact duplicates: {few} may simply be removed."
        return finding("spf-two-records", f"{_standing(records, shown)} {advice} Do so at the provider, then plan again.")
    if merged is None:
        advice = "Only a person can decide how they become one: they contradict each other, redirect, or cannot be read."
    else:
        if not merged.find_include(wish.service.include):
            merged = merged.insert_include(wish.service.include)
        advice = f'Merged they would read "{merged.text}".'
    return finding(
        "spf-two-records",
        f"{_standing(records, shown)} {advice} Merge them at the provider, then plan again; --merge-spf {_NOT_YET}.",
    )


def _standing(records: list[Record], shown: str) -> str:
    return f"{len(records)} SPF records stand here, a permerror for every sender today: {shown}."


def _twin(value: Txt) -> Finding:
    # enabling it and removing the served row are two calls at some providers: two SPF records in between
    return finding(
        "spf-disabled-twin",
        f"The very record that is to be written stands here as a disabled row: {_shown(value)}. Delete that row at the"
        " provider, then plan again.",
    )


def _invalid(value: Txt, error: SpfInvalid) -> Finding:
    return finding(
        "spf-invalid",
        f"The SPF record {_shown(value)} is a permerror for every sender today: {error}. Correct it at the provider, then"
        " plan again.",
    )


def _glued(value: Txt, terms: list[str]) -> Finding:
    return finding(
        "spf-glued-terms",
        f"The SPF record reads {_shown(value)} once its strings are joined: {' '.join(terms)!r} looks like terms without the"
        " space between them. Correct it at the provider, then plan again.",
    )


def _twice(spf: SpfRecord, count: int, wish: Wish) -> Finding:
    return finding(
        "spf-term-twice",
        f'{include_term(wish.service.include).text} stands {count} times in "{spf.text}"; each one costs lookups. --dedupe'
        f" {_NOT_YET}; with --accept spf-term-twice the record stays as it is.",
    )


def _conflict(spf: SpfRecord, effect: Qualifier, domain: str) -> Finding:
    if effect == "-":
        advice = "Somebody forbade it on purpose: ask them, then remove the term at the provider."
    else:
        advice = f"Remove the qualifier at the provider, then plan again; --fix-qualifier {_NOT_YET}."
    return finding(
        "spf-qualifier-conflict",
        f'"{spf.text}" holds {include_term(domain, effect).text}, which does not authorise the service. {advice}',
    )


def _sends_nothing(spf: SpfRecord) -> Finding:
    return finding(
        "spf-sends-nothing",
        f'"{spf.text}" says that this domain sends no mail at all. Where it does send, --accept spf-sends-nothing.',
    )


def _moved(text: str) -> Finding:
    return finding("spf-term-moved", f"{text} stood after all, where it is never tested: it is moved before it.")


def _remarks(spf: SpfRecord, wish: Wish) -> tuple[Finding, ...]:
    remarks = []
    if any(term.name == "ptr" for term in spf.terms if not term.is_modifier):
        remarks.append(finding("spf-ptr", "The record uses ptr, which should not be published; it is kept."))
    return (*remarks, *_all_remarks(spf, wish))


def _all_remarks(spf: SpfRecord, wish: Wish) -> list[Finding]:
    redirect = spf.modifier("redirect")
    last = spf.all_term
    if last is None:
        text = f"The record ends neutral, without all, and stays so; --add-all {_NOT_YET}."
        return [] if redirect else [finding("spf-no-all", text)]
    remarks = []
    if redirect:
        remarks.append(finding("spf-redirect-dead", f"{redirect.text} is dead beside {last.text}; both are kept."))
    if last.effect == "+":
        remarks.append(finding("spf-all-pass", f"{last.text} lets EVERYONE send as this domain; it is kept."))
    if wish.all_qualifier not in (None, last.effect):
        text = f"Kept {last.text}; you asked for {wish.all_qualifier}all, which is for a new record. --set-all {_NOT_YET}."
        remarks.append(finding("spf-all-kept", text))
    return remarks


def _size(view: ZoneView, after: RRset | None) -> tuple[Finding, ...]:
    """RFC 7208 section 3.4: the name and the text of all TXT records under 450 octets, the answer within 512."""
    values = [value for value in after.values if isinstance(value, Txt)] if after else []
    text = len(display(view.owner)) + sum(len(value.joined) for value in values)
    # header 12; question: name, its root, type and class; each record: name pointer 2, fixed part 10, a length for each string
    question = len(view.owner) + 1 + 4
    answer = 12 + question + sum(12 + len(value.joined) + len(value.strings) for value in values)
    if text <= _GUIDELINE and answer <= _UDP_LIMIT:
        return ()
    over = f"over the {_UDP_LIMIT} that always fit into UDP" if answer > _UDP_LIMIT else f"over the advised {_GUIDELINE}"
    return (
        finding(
            "spf-size",
            f"The {len(values)} TXT values here hold {text} octets with the name, an answer of {answer} octets: {over}."
            " Remove values that are no longer needed.",
        ),
    )
