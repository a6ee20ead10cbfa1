"""An enrolment's edits taken back from an SPF record that others have edited since (rules A8)."""

from __future__ import annotations

from dataclasses import replace

from registrar_sync.core.model import Record
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_merge import CannotMergeError, merge_records


def merged_before(was: list[Record], written: SpfRecord, include: str) -> SpfRecord:
    """What several records had become before our include came: they never come back as several, which was a permerror."""
    last = written.all_term
    try:
        return merge_records(was, last.effect if last else None)
    except CannotMergeError:  # merged by a version that merged more than this one: our include is all that is known
        return written.without(*written.find_include(include))


def take_back(today: SpfRecord, then: SpfRecord, written: SpfRecord, include: str) -> SpfRecord:
    """``today`` without what we changed between ``then`` and ``written``; the very same record where nothing of it is left.

    Our include goes, or goes back behind ``all`` where we had moved it; the qualifier before it and that of ``all`` come back
    where today's are still ours; an ``all`` that we added goes, unless it ends terms that somebody wrote behind it. What we
    took out as a duplicate stays out.
    """
    record = _former_all(today, then, written)
    if not then.find_include(include):
        places = record.find_include(include) if written.find_include(include) else ()
        return record.without(*places[:1])
    record = _former_qualifier(record, then, written, include)
    return _behind_all(record, include) if was_moved(then, written, include) else record


def was_moved(then: SpfRecord, written: SpfRecord, include: str) -> bool:
    """Whether we moved the include from behind ``all``, where it was dead, to before it."""
    return bool(then.find_include(include)) and not then.live_include(include) and bool(written.live_include(include))


def _behind_all(record: SpfRecord, include: str) -> SpfRecord:
    """Behind ``all`` it is as dead as it was."""
    places = record.live_include(include)
    if not places or record.all_term is None:
        return record
    rest = record.without(places[0])
    return replace(rest, terms=(*rest.terms, record.terms[places[0]]))


def _former_qualifier(today: SpfRecord, then: SpfRecord, written: SpfRecord, include: str) -> SpfRecord:
    standing = [(record, place) for record in (then, written, today) for place in record.find_include(include)[:1]]
    if len(standing) < 3:
        return today
    old, ours, last = (record.terms[place] for record, place in standing)
    if old.effect == ours.effect or last.effect != ours.effect:
        return today
    return today.put(standing[-1][1], last.with_qualifier(old.effect))


def _former_all(today: SpfRecord, then: SpfRecord, written: SpfRecord) -> SpfRecord:
    old, ours, last = then.all_term, written.all_term, today.all_term
    if ours is None or last is None or last.effect != ours.effect or (old and old.effect == ours.effect):
        return today
    if old is not None:
        return today.put(today.live_end, old if last.text == ours.text else last.with_qualifier(old.effect))
    ends_others = any(not term.is_modifier for term in today.terms[today.live_end + 1 :])
    return today if ends_others else today.without(today.live_end)
