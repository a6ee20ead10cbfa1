"""What is said of the SPF record and of each edit of it: the findings' texts, with the values shown safely."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import Record, RRsetChange, Txt, data_of, is_spf
from registrar_sync.core.names import display
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf import SpfRecord, Term, include_term
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_size import GUIDELINE, UDP_LIMIT, TxtSize
from registrar_sync.core.txt import quote

_START = 80  # octets shown of a value that may be long and is not at stake


def shown(value: Txt) -> str:
    """A TXT value as it would stand in a master file, in one string."""
    return quote((value.joined,))


def shown_start(value: Txt) -> str:
    """The same, cut where it is long."""
    return quote((value.joined[:_START],)) + (" ..." if len(value.joined) > _START else "")


# --- values that stop an edit -------------------------------------------------------------------------------------------
def say_near_miss(value: Txt) -> Finding:
    return finding(
        "spf-near-miss",
        f"The TXT value {shown_start(value)} looks like SPF, but no receiver reads it as SPF. It is left as it is.",
    )


def say_two_records(records: Iterable[Record], way_out: str) -> Finding:
    values = [record.rdata for record in records if isinstance(record.rdata, Txt)]
    standing = " and ".join(map(shown, values))
    return finding(
        "spf-two-records",
        f"{len(values)} SPF records stand here, a permerror for every sender today: {standing}. {way_out}",
    )


def say_invalid(value: Txt, error: SpfInvalid) -> Finding:
    """On lines of its own: the record, and a caret under the fault."""
    return finding(
        "spf-invalid",
        f"The SPF record here is a permerror for every sender today: {error}. It is not edited. Correct it at the provider, then"
        f" plan again.\n{error.caret(value.joined)}",
    )


def say_glued(text: str, terms: Iterable[str]) -> Finding:
    return finding(
        "spf-glued-terms",
        f'The SPF record reads "{text}" once its strings are joined: {" ".join(terms)!r} looks like terms without the'
        " space between them. Correct it at the provider, then plan again.",
    )


def say_disabled_twin(value: Txt) -> Finding:
    # enabling it and removing the served row are two calls at some providers: two SPF records in between
    return finding(
        "spf-disabled-twin",
        f"The very record that is to be written stands here as a disabled row: {shown(value)}. Delete that row at the"
        " provider, then plan again.",
    )


# --- our include --------------------------------------------------------------------------------------------------------
def say_covered(include: str, chain: Iterable[str]) -> Finding:
    return finding(
        "spf-covered",
        f"The SPF record authorises {display(include)} already, through {' > '.join(chain)}: the include is not added once more.",
    )


def say_conflict(spf: SpfRecord, effect: Qualifier, include: str) -> Finding:
    if effect == "-":
        advice = "Somebody forbade it on purpose: ask them, then remove the term at the provider."
    else:
        advice = "--fix-qualifier takes the qualifier away."
    return finding(
        "spf-qualifier-conflict",
        f'"{spf.text}" holds {include_term(include, effect).text}, which does not authorise the service. {advice}',
    )


def say_qualifier_fixed(term: Term, fixed: Term) -> Finding:
    return finding("spf-qualifier-fixed", f"{term.text} does not authorise the service: it becomes {fixed.text}.")


def say_moved(text: str) -> Finding:
    return finding("spf-term-moved", f"{text} stood after all, where it is never tested: it is moved before it.")


def say_twice(spf: SpfRecord, count: int, include: str) -> Finding:
    return finding(
        "spf-term-twice",
        f'{include_term(include).text} stands {count} times in "{spf.text}"; each one costs look-ups. --dedupe leaves the first'
        " one only; with --accept spf-term-twice the record stays as it is.",
    )


def say_deduped(first: Term, dropped: Iterable[Term]) -> Finding:
    later = ", ".join(term.text for term in dropped)
    return finding("spf-term-deduped", f"{first.text} stands first and is kept; taken out behind it: {later}.")


def say_sends_nothing(spf: SpfRecord) -> Finding:
    return finding(
        "spf-sends-nothing",
        f'"{spf.text}" says that this domain sends no mail at all. Where it does send, --accept spf-sends-nothing.',
    )


# --- the whole record ---------------------------------------------------------------------------------------------------
def say_merged(count: int, merged: SpfRecord) -> Finding:
    return finding("spf-merged", f'{count} SPF records become one: "{merged.text}". The others are removed.')


def say_all_set(old: Term, new: Term) -> Finding:
    return finding(
        "spf-all-set",
        f"The record ends in {new.text} instead of {old.text}, as asked: the result for every sender that it does not name.",
    )


def say_all_kept(kept: Term, asked: Qualifier) -> Finding:
    return finding("spf-all-kept", f"Kept {kept.text}; you asked for {asked}all, which is for a new record. --set-all sets it.")


def say_all_added(added: Term) -> Finding:
    return finding("spf-all-added", f"The record ended neutral, without all: {added.text} is added, as asked.")


def say_redirect_kept(redirect: Term) -> Finding:
    return finding("spf-redirect-kept", f"No all is written: {redirect.text} decides for every sender left; all would end that.")


def say_no_all() -> Finding:
    return finding("spf-no-all", "The record ends neutral, without all, and stays so; --add-all adds one.")


def say_redirect_dead(redirect: Term, last: Term) -> Finding:
    return finding("spf-redirect-dead", f"{redirect.text} is dead beside {last.text}; both are kept.")


def say_all_pass(last: Term) -> Finding:
    return finding("spf-all-pass", f"{last.text} lets EVERYONE send as this domain; it is kept.")


def say_ptr() -> Finding:
    return finding("spf-ptr", "The record uses ptr, which should not be published; it is kept.")


def say_size(size: TxtSize) -> Finding:
    over = f"over the {UDP_LIMIT} that always fit into UDP" if size.is_over_udp else f"over the advised {GUIDELINE}"
    return finding(
        "spf-size",
        f"The {size.values} TXT values here hold {size.text} octets with the name, an answer of {size.answer} octets: {over}."
        " Remove values that are no longer needed.",
    )


def say_moment_absent(changes: Iterable[RRsetChange]) -> tuple[Finding, ...]:
    """Where a provider cannot change a record in place: an SPF record that is edited (not one that only comes or goes)."""
    for change in changes:
        old, new = ({one for one in data_of(rrset) if is_spf(one[0])} for rrset in (change.before, change.after))
        if old and new and old != new:
            owner = display(change.owner)
            text = f"{owner} will be without SPF for a moment: the old record can only be removed and the new one then added."
            return (finding("spf-moment-absent", text),)
    return ()
