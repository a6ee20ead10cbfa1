"""One SPF record out of several, as long as nothing has to be decided (rules A2)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.model import Record, Txt
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf import SpfInvalid, SpfRecord, Term, parse_spf


class CannotMergeError(ValueError):
    """Only a person can decide how the records become one. Its text: why, and what to do."""

    def __init__(self, why: str, way_out: str = "Make them one at the provider, then plan again.") -> None:
        super().__init__(f"They cannot be merged: {why}. {way_out}")


def merge_records(records: Iterable[Record], all_qualifier: Qualifier | None = None) -> SpfRecord:
    """The first record's order, the others' new terms in theirs, exact duplicates dropped, one ``all``.

    ``all_qualifier`` decides where the records end differently; it is not used where they agree. One record, or exact
    duplicates of one, come back as they are. Terms of the others that stand dead behind their ``all`` are left out. Raises
    ``CannotMergeError``: a syntax error, a ``redirect``, different ``all`` and none asked for, the same thing under two
    qualifiers, two values of one modifier.
    """
    texts = dict.fromkeys(record.rdata.joined for record in records if isinstance(record.rdata, Txt))
    first, *others = map(_parse, texts)
    if not others:
        return first
    if any(record.modifier("redirect") for record in (first, *others)):
        raise CannotMergeError("a redirect cannot be merged with other terms")
    first = _with_one_all(first, others, all_qualifier)
    added = _new_terms(first, others)
    return first.insert(*added) if added else first


def _parse(joined: bytes) -> SpfRecord:
    try:
        return parse_spf(joined)
    except SpfInvalid as error:
        raise CannotMergeError("one of them cannot be read") from error


def _with_one_all(first: SpfRecord, others: list[SpfRecord], asked: Qualifier | None) -> SpfRecord:
    dead = [index for index in range(first.live_end + 1, len(first.terms)) if first.terms[index].is_all]
    first = first.without(*dead)
    effects = {record.all_term.effect if record.all_term else None for record in (first, *others)}
    if len(effects) == 1:
        return first
    if asked is None:
        raise CannotMergeError("they end differently", "Say how: --merge-spf with --all fail, --all softfail or --all neutral.")
    return first.set_all(asked) if first.all_term else first.add_all(asked)


def _new_terms(first: SpfRecord, others: list[SpfRecord]) -> list[Term]:
    known: dict[_Key, Term] = {}
    for term in _said(first):
        known.setdefault(_key(term), term)  # in a record that stays as it is, the first one decides
    added: list[Term] = []
    for term in (term for other in others for term in _said(other)):
        standing = known.get(_key(term))
        if standing is None:
            known[_key(term)] = term
            added.append(term)
        elif not _says_the_same(standing, term):
            raise CannotMergeError(f"{standing.text} and {term.text} contradict each other")
    return added


_Key = tuple[bool, str, str]


def _said(record: SpfRecord) -> tuple[Term, ...]:
    """What can match, and the modifiers."""
    return (*record.live, *(term for term in record.terms if term.is_modifier))


def _key(term: Term) -> _Key:
    """Terms of one key are the same but for what they say of it."""
    return (term.is_modifier, term.name, "" if term.is_modifier else _canonical(term.value))


def _canonical(value: str) -> str:
    return value if "%" in value else value.lower().removesuffix(".")


def _says_the_same(one: Term, other: Term) -> bool:
    return one.value == other.value if one.is_modifier else one.effect == other.effect
