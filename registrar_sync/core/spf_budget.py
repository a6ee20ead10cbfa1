"""What an SPF record costs its receivers, over the whole tree of records that it includes (RFC 7208 section 4.6.4, rules A6).

Measured for the sender whom nothing matches: every live term is evaluated. Voids are counted where every sender meets them.
"""

from __future__ import annotations

from registrar_sync.core.known import Known
from registrar_sync.core.model import Mx
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.names import display
from registrar_sync.core.observation import Answer
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_cover import find_cover
from registrar_sync.core.spf_syntax import Term
from registrar_sync.core.spf_target import addresses_of, has_macro, spf_at, target_of
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
        terms = record.costing
        found: list[Branch] = []
        for index, term in enumerate(terms):
            if not self._terms_left:
                return (*found, _cut_off(len(terms) - index))
            self._terms_left -= 1
            found.append(self._branch(term, path))
        return tuple(found)

    def _branch(self, term: Term, path: tuple[str, ...]) -> Branch:
        text, kind = term.text, term.name
        nested = kind in ("include", "redirect")
        if kind == "ptr":
            return Branch(term=text, kind=kind, note="it asks for the names of the sender's address")
        if has_macro(term):
            if nested:
                return Branch(term=text, kind=kind, unknown=f"{_MACRO}, so what it includes is not counted")
            return Branch(term=text, kind=kind, note=_MACRO)
        target = target_of(term, path[-1])
        if target is None:
            why = f"{term.domain!r} is no name that the DNS can be asked for"
            return Branch(term=text, kind=kind, fault=why) if nested else Branch(term=text, kind=kind, unknown=why)
        if nested:
            return self._nested(text, kind, target, path)
        return self._mx(text, target) if kind == "mx" else self._address(text, kind, target)

    def _nested(self, text: str, kind: str, target: str, path: tuple[str, ...]) -> Branch:
        if target in path:
            return Branch(term=text, kind=kind, target=target, fault=f"a loop: {display(target)} stands above it already")
        if len(path) > _DEEPEST:
            why = f"nested deeper than {_DEEPEST} records: not followed"
            return Branch(term=text, kind=kind, target=target, unknown=why)
        found = spf_at(target, self._known)
        if found.record is None:
            voids = int(found.void)
            return Branch(term=text, kind=kind, target=target, fault=found.fault, unknown=found.unknown, own_voids=voids)
        children = self.branches(found.record, (*path, target))
        return Branch(term=text, kind=kind, target=target, record=found.record.text, children=children)

    def _mx(self, text: str, target: str) -> Branch:
        answer = self._known.dns(target, "MX")
        if answer.status != "data":
            return _judged(text, "mx", target, answer)
        hosts = sorted({value.exchange for value in answer.values if isinstance(value, Mx)} - {NULL_EXCHANGE})
        if len(hosts) > MX_HOST_LIMIT:
            why = f"{display(target)} has {len(hosts)} MX hosts, where {MX_HOST_LIMIT} may be looked up"
            return Branch(term=text, kind="mx", target=target, fault=why)
        told = [self._host(host) for host in hosts]
        silent = [display(host) for host, answer in zip(hosts, told, strict=True) if answer.status == "unreachable"]
        unknown = f"its MX hosts {', '.join(silent)} could not be looked up" if silent else ""
        voids = sum([answer.status == "absent" for answer in told])
        return Branch(term=text, kind="mx", target=target, own_voids=voids, unknown=unknown)

    def _host(self, host: str) -> Answer:
        if not self._hosts_left:
            return Answer(status="unreachable", detail="not asked")
        self._hosts_left -= 1
        return addresses_of(host, self._known)

    def _address(self, text: str, kind: str, target: str) -> Branch:
        if kind == "exists":  # asks for A, whatever the sender's own family (RFC 7208 section 5.7)
            return _judged(text, kind, target, self._known.dns(target, "A"))
        return _judged(text, kind, target, addresses_of(target, self._known))


def _judged(text: str, kind: str, target: str, answer: Answer) -> Branch:
    if answer.status == "unreachable":
        unknown = f"{display(target)} could not be looked up: {answer.detail}"
        return Branch(term=text, kind=kind, target=target, unknown=unknown)
    return Branch(term=text, kind=kind, target=target, own_voids=int(answer.status == "absent"))


def _cut_off(count: int) -> Branch:
    terms = "term" if count == 1 else "terms"
    text = f"over {_MOST_TERMS} terms that cost a look-up: what these include is not followed"
    return Branch(term=f"({count} more {terms})", kind="", own=count, unknown=text)
