"""The owner's MX set in the records that its SPF record includes (rules A9): ``mx:`` with the owner's name, one level down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from registrar_sync.core.enrol_mx import is_address, mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.mx_mechanism import only_spf
from registrar_sync.core.names import display
from registrar_sync.core.own_data import own_data
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_budget import Budget, weigh
from registrar_sync.core.spf_syntax import parse_term
from registrar_sync.core.wish import Part, Wish


def guard_nested_mx(view: ZoneView, wish: Wish, txt: Part, mx: Part, known: Known) -> Part:
    """Hosts that leave the MX set leave an included record's ``mx:owner`` with it: block, and propose terms of their own. Nothing
    is asked where no host leaves. Unaccepted, the MX set stays as it is."""
    before = view.rrset("MX")
    gone = {value.exchange for value in mx_values(before)} - {value.exchange for value in mx_values(mx.after)} - {NULL_EXCHANGE}
    spf = (only_spf(view.rrset("TXT")) or only_spf(txt.after)) if gone else None
    if spf is None:
        return mx
    budget = weigh(view.owner, spf, known.with_own(own_data(view, before)))
    found = tuple(_blocks(spf, budget, {host for host in gone if not is_address(host)}, wish))
    return replace(mx, after=before if wish.stops(found) else mx.after, findings=(*mx.findings, *found))


def _blocks(spf: SpfRecord, budget: Budget, gone: Collection[str], wish: Wish) -> Iterable[Finding]:
    through = next(_chains(budget, "mx", {budget.owner}), None)
    hosts = sorted(display(host) for host in gone if not any(_chains(budget, "a", {host})))
    if not through or not hosts:
        return
    proposed = spf.insert(*(parse_term(f"a:{host}") for host in hosts))
    if not proposed.find_include(wish.service.include):
        proposed = proposed.insert_include(wish.service.include)
    yield finding(
        "spf-mx-mechanism",
        f'"{spf.text}" authorises the MX hosts through {" > ".join(through)}, and these leave the MX set: {", ".join(hosts)}.'
        f' What they send would no longer pass. Write "{proposed.text}" first, or ip4: terms where the addresses are stable;'
        " where they do not send, --accept spf-mx-mechanism.",
    )


def _chains(budget: Budget, kind: str, targets: Collection[str]) -> Iterator[tuple[str, ...]]:
    """The terms that lead to a mechanism of this kind for one of these names, none of them with "-". ``mx`` in the record itself
    is judged elsewhere."""
    for chain, branch in budget.walk():
        nested = len(chain) > 1 or kind != "mx"
        if nested and branch.kind == kind and branch.target in targets and not any(term.startswith("-") for term in chain):
            yield chain
