"""Whether a record authorises a service through another record already (rules A5 (e), case 24)."""

from __future__ import annotations

from registrar_sync.core.known import Known
from registrar_sync.core.names import display
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_syntax import Term, same_domain
from registrar_sync.core.spf_target import has_macro, spf_at, target_of

_DEEPEST = 10  # records: any deeper, the look-up limit is passed (RFC 7208 section 4.6.4)
_MOST_RECORDS = 50


def find_cover(owner: str, record: SpfRecord, include: str, known: Known) -> tuple[str, ...]:
    """The chain of domains (display form) through which ``record`` authorises what ``include`` authorises; empty: it does not,
    or nobody can tell. Its own terms do not count; a ``redirect`` straight to ``include`` does.

    before: "v=spf1 include:dc.example ~all", whose record is "v=spf1 include:filter.example -all"; include filter.example.
    after: ("dc.example",).

    The first term that the service's senders match decides, as in an evaluation (RFC 7208 section 4.6.2).
    """
    return _Search(include, known).through(record, (owner,), own=True) or ()


class _Search:
    """One search: what is looked for, and how many records it may still read."""

    def __init__(self, include: str, known: Known) -> None:
        self._include = include
        self._known = known
        self._left = _MOST_RECORDS

    def through(self, record: SpfRecord, path: tuple[str, ...], *, own: bool = False) -> tuple[str, ...] | None:
        """The chain beneath the record at the last name of ``path`` by which the senders pass; None: they do not. An empty
        chain: by a term of the record itself."""
        for term in record.costing:
            if term.name == "redirect":
                return self._redirected(term, path)
            if term.name != "include":
                continue
            chain = self._included(term, path, own=own)
            if chain is not None:
                return chain if term.effect == "+" else None
        return None

    def _included(self, term: Term, path: tuple[str, ...], *, own: bool) -> tuple[str, ...] | None:
        if same_domain(term.value, self._include):
            return None if own else ()
        return self._beneath(term, path)

    def _redirected(self, term: Term, path: tuple[str, ...]) -> tuple[str, ...] | None:
        if same_domain(term.value, self._include):
            return (display(self._include),)
        return self._beneath(term, path)

    def _beneath(self, term: Term, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """The chain through the record that the term names, or None."""
        target = None if has_macro(term) else target_of(term, path[-1])
        if target is None or target in path or len(path) > _DEEPEST or not self._left:
            return None
        self._left -= 1
        record = spf_at(target, self._known).record
        chain = self.through(record, (*path, target)) if record else None
        return None if chain is None else (display(target), *chain)
