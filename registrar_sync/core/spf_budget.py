"""What an SPF record costs its receivers, over the whole tree of records that it includes (RFC 7208 section 4.6.4, rules A6).

Measured for the sender whom nothing matches: every live term is evaluated. Voids are counted where every sender meets them.
"""

from __future__ import annotations

from dataclasses import replace

from registrar_sync.core.known import Known
from registrar_sync.core.model import Mx
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.names import display
from registrar_sync.core.observation import Answer
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_cover import find_cover
from registrar_sync.core.spf_syntax import Term
from registrar_sync.core.spf_target import addresses_of, costing_terms, has_macro, spf_at, target_of
from registrar_sync.core.spf_tree import LOOKUP_LIMIT, MX_HOST_LIMIT, VOID_LIMIT, Branch, Budget, Remark

__all__ = ["LOOKUP_LIMIT", "MX_HOST_LIMIT", "VOID_LIMIT", "Branch", "Budget", "Remark", "find_cover", "weigh"]

# A tree is input of strangers. Far beyond every limit, so that what is cut off is a permerror all the same.
_DEEPEST = LOOKUP_LIMIT
_MOST_TERMS = 50
_MOST_HOSTS = 100

_MACRO = "its macro is expanded for each mail"


def weigh(owner: str, record: SpfRecord, known: Known) -> Budget:
    """What ``record`` costs where it stands at ``owner``.

    before: "v=spf1 mx include:a.example ~all", whose record is "v=spf1 a:b.example -all".  after: 3 look-ups.
    What is not known is in the budget's ``unknowns`` and in ``known.wanted``.
    """
    return Budget(owner=owner, record=record.text, branches=_Scale(known).branches(record, (owner,)))


class _Scale:
    """One weighing: how many terms and hosts it has followed so far."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._terms_left = _MOST_TERMS
        self._hosts_left = _MOST_HOSTS

    def branches(self, record: SpfRecord, path: tuple[str, ...]) -> tuple[Branch, ...]:
        """The costing terms of a record that stands at the last name of ``path``; the others include it, in their order."""
        terms = costing_terms(record)
        found: list[Branch] = []
        for index, term in enumerate(terms):
            if not self._terms_left:
                return (*found, _cut_off(len(terms) - index))
            self._terms_left -= 1
            found.append(self._branch(term, path))
        return tuple(found)

    def _branch(self, term: Term, path: tuple[str, ...]) -> Branch:
        here = Branch(term=term.text, kind=term.name)
        nested = term.name in ("include", "redirect")
        if term.name == "ptr":
            return replace(here, note="it asks for the names of the sender's address")
        if has_macro(term):
            return (
                replace(here, unknown=f"{_MACRO}, so what it includes is not counted") if nested else replace(here, note=_MACRO)
            )
        target = target_of(term, path[-1])
        if target is None:
            text = f"{term.domain!r} is no name that the DNS can be asked for"
            return replace(here, fault=text) if nested else replace(here, unknown=text)
        here = replace(here, target=target)
        if nested:
            return self._nested(here, path)
        return self._mx(here) if term.name == "mx" else self._address(here)

    def _nested(self, here: Branch, path: tuple[str, ...]) -> Branch:
        if here.target in path:
            return replace(here, fault=f"a loop: {display(here.target)} stands above it already")
        if len(path) > _DEEPEST:
            return replace(here, unknown=f"nested deeper than {_DEEPEST} records: not followed")
        found = spf_at(here.target, self._known)
        if found.record is None:
            return replace(here, fault=found.fault, unknown=found.unknown, own_voids=int(found.void))
        return replace(here, record=found.record.text, children=self.branches(found.record, (*path, here.target)))

    def _mx(self, here: Branch) -> Branch:
        answer = self._known.dns(here.target, "MX")
        if answer.status != "data":
            return _judged(here, answer)
        hosts = sorted({value.exchange for value in answer.values if isinstance(value, Mx)} - {NULL_EXCHANGE})
        if len(hosts) > MX_HOST_LIMIT:
            text = f"{display(here.target)} has {len(hosts)} MX hosts, where {MX_HOST_LIMIT} may be looked up"
            return replace(here, fault=text)
        told = [self._host(host) for host in hosts]
        silent = [display(host) for host, answer in zip(hosts, told, strict=True) if answer.status == "unreachable"]
        unknown = f"its MX hosts {', '.join(silent)} could not be looked up" if silent else ""
        return replace(here, own_voids=sum(answer.status == "absent" for answer in told), unknown=unknown)

    def _host(self, host: str) -> Answer:
        if not self._hosts_left:
            return Answer(status="unreachable", detail="not asked")
        self._hosts_left -= 1
        return addresses_of(host, self._known)

    def _address(self, here: Branch) -> Branch:
        if here.kind == "exists":  # asks for A, whatever the sender's own family (RFC 7208 section 5.7)
            return _judged(here, self._known.dns(here.target, "A"))
        return _judged(here, addresses_of(here.target, self._known))


def _judged(branch: Branch, answer: Answer) -> Branch:
    if answer.status == "unreachable":
        return replace(branch, unknown=f"{display(branch.target)} could not be looked up: {answer.detail}")
    return replace(branch, own_voids=int(answer.status == "absent"))


def _cut_off(count: int) -> Branch:
    terms = "term" if count == 1 else "terms"
    text = f"over {_MOST_TERMS} terms that cost a look-up: what these include is not followed"
    return Branch(term=f"({count} more {terms})", kind="", own=count, unknown=text)
