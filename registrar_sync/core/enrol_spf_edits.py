"""One SPF record edited to authorise the service: what is done unasked, and what only an option allows (rules A3 to A5)."""

from __future__ import annotations

from dataclasses import dataclass

from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_budget import find_cover
from registrar_sync.core.spf_said import (
    say_all_added,
    say_all_kept,
    say_all_pass,
    say_all_set,
    say_conflict,
    say_covered,
    say_deduped,
    say_moved,
    say_no_all,
    say_ptr,
    say_qualifier_fixed,
    say_redirect_dead,
    say_redirect_kept,
    say_sends_nothing,
    say_twice,
)
from registrar_sync.core.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A record after an edit: the very same object where there was nothing to do, or nothing that we may do.

    ``findings``: each edit, and what is remarkable about the record. ``covered_by``: the chain of domains through which it
    authorises the service without an include of its own.
    """

    record: SpfRecord
    findings: tuple[Finding, ...] = ()
    covered_by: tuple[str, ...] = ()


def edit_record(spf: SpfRecord, owner: str, wish: Wish, known: Known) -> Edited:
    """The include in force, then ``all`` as asked for. Terms that nothing here names keep their text and order."""
    first = _authorise(spf, owner, wish, known)
    then = _settle_all(first.record, wish)
    findings = (*first.findings, *_remarks(spf), *then.findings)
    return Edited(record=then.record, findings=findings, covered_by=first.covered_by)


def _authorise(spf: SpfRecord, owner: str, wish: Wish, known: Known) -> Edited:
    """Rules A5 in their order, then A3."""
    include = wish.service.include
    silent = (say_sends_nothing(spf),) if _is_silent(spf) else ()
    if not spf.find_include(include):
        cover = find_cover(owner, spf, include, known)
        if cover:
            return Edited(record=spf, findings=(say_covered(include, cover),), covered_by=cover)
        return Edited(record=spf.insert_include(include), findings=silent)
    fixed = _fix_qualifier(spf, wish)
    place = fixed.record.find_include(include)[0]
    term = fixed.record.terms[place]
    if term.effect != "+":
        forbidden = "-" if _is_forbidden(spf, include) else term.effect
        return Edited(record=spf, findings=(say_conflict(spf, forbidden, include),))
    if place < fixed.record.live_end:
        deduped = _dedupe(fixed.record, wish)
        return Edited(record=deduped.record, findings=(*fixed.findings, *deduped.findings))
    deduped = _dedupe(fixed.record.without(place).insert(term), wish)
    return Edited(record=deduped.record, findings=(*silent, *fixed.findings, say_moved(term.text), *deduped.findings))


def _is_silent(spf: SpfRecord) -> bool:
    """``-all`` and no sender. A redirect beside it is dead, but somebody meant to name senders (rules case 13)."""
    return not spf.live and not spf.modifier("redirect") and spf.all_term is not None and spf.all_term.effect == "-"


def _is_forbidden(spf: SpfRecord, include: str) -> bool:
    return any(spf.terms[place].effect == "-" for place in spf.find_include(include))


def _fix_qualifier(spf: SpfRecord, wish: Wish) -> Edited:
    """Rules case 22. A ``-`` anywhere is somebody's decision, which no option of ours turns round (case 23)."""
    place = spf.find_include(wish.service.include)[0]
    term = spf.terms[place]
    if term.effect == "+" or not wish.edits.fix_qualifier or _is_forbidden(spf, wish.service.include):
        return Edited(record=spf)
    fixed = term.with_qualifier("+")
    return Edited(record=spf.put(place, fixed), findings=(say_qualifier_fixed(term, fixed),))


def _dedupe(spf: SpfRecord, wish: Wish) -> Edited:
    """Rules case 25. Behind ``all`` a second one costs nothing, and goes only with the option."""
    first, *later = spf.find_include(wish.service.include)
    if later and wish.edits.dedupe:
        said = say_deduped(spf.terms[first], [spf.terms[place] for place in later])
        return Edited(record=spf.without(*later), findings=(said,))
    live = len(spf.live_include(wish.service.include))
    return Edited(record=spf, findings=(say_twice(spf, live, wish.service.include),) if live > 1 else ())


def _settle_all(spf: SpfRecord, wish: Wish) -> Edited:
    """Rules A4, and A3's last part: ``all`` is the customer's, unless an option says otherwise."""
    last, redirect = spf.all_term, spf.modifier("redirect")
    if last is None:
        return _without_all(spf, wish)
    dead = (say_redirect_dead(redirect, last),) if redirect else ()
    asked = wish.all_qualifier
    if asked is not None and asked != last.effect:
        if wish.edits.set_all:
            changed = spf.set_all(asked)
            return Edited(record=changed, findings=(*dead, say_all_set(last, last.with_qualifier(asked))))
        dead = (*dead, say_all_kept(last, asked))
    return Edited(record=spf, findings=(*dead, say_all_pass(last)) if last.effect == "+" else dead)


def _without_all(spf: SpfRecord, wish: Wish) -> Edited:
    redirect = spf.modifier("redirect")
    if redirect:
        wanted = wish.edits.add_all or wish.edits.set_all
        return Edited(record=spf, findings=(say_redirect_kept(redirect),) if wanted else ())
    if not wish.edits.add_all:
        return Edited(record=spf, findings=(say_no_all(),))
    added = spf.add_all(wish.wanted_all)
    assert added.all_term is not None
    return Edited(record=added, findings=(say_all_added(added.all_term),))


def _remarks(spf: SpfRecord) -> tuple[Finding, ...]:
    return (say_ptr(),) if any(term.name == "ptr" and not term.is_modifier for term in spf.terms) else ()


def detail_of(edited: Edited) -> str:
    """Why nothing has to be written, where another term of the record authorises the service."""
    return f"covered-by: {' > '.join(edited.covered_by)}" if edited.covered_by else ""
