"""The SPF mechanism ``mx`` and a change of the MX set (rules A9): what nobody's tool tells the operator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from registrar_sync.core.enrol_mx import is_address, mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import RRset, Txt, ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.names import display
from registrar_sync.core.spf import SpfInvalid, SpfRecord, Term, find_spf, parse_spf
from registrar_sync.core.spf_syntax import same_domain
from registrar_sync.core.wish import Part, Wish


def guard_mx_mechanism(view: ZoneView, wish: Wish, txt: Part, mx: Part) -> Part:
    """Hosts that leave the MX set leave the mechanism ``mx`` with it (RFC 7208 section 5.4): block, and propose the terms
    that keep them. Unaccepted, the MX set stays as it is. Records that are merged are judged as the one that they become."""
    before = view.rrset("MX")
    gone = {value.exchange for value in mx_values(before)} - {value.exchange for value in mx_values(mx.after)}
    if not gone:
        return mx
    spf = only_spf(view.rrset("TXT")) or only_spf(txt.after)
    proposed = _with_addresses(spf, view.owner, gone) if spf else None
    if spf is None or proposed is None:
        return mx
    block = _block(spf, proposed, view.owner, gone, wish)
    return Part(after=before if wish.stops((block,)) else mx.after, findings=(*mx.findings, block))


def only_spf(txt: RRset | None) -> SpfRecord | None:
    """The one SPF record that is served; None where there is none, more than one, or one that cannot be read."""
    records = find_spf(txt)
    if len(records) != 1 or not isinstance(records[0].rdata, Txt):
        return None
    try:
        return parse_spf(records[0].rdata.joined)
    except SpfInvalid:
        return None


def _with_addresses(spf: SpfRecord, owner: str, gone: Iterable[str]) -> SpfRecord | None:
    """The record with ``a:`` terms, after each live ``mx`` that is or may be the owner's, for the hosts that it has none for."""
    hosts = sorted(display(host) for host in gone if host != NULL_EXCHANGE and not is_address(host))
    terms: list[Term] = []
    for index, term in enumerate(spf.terms):
        terms.append(term)
        if index < spf.live_end and term.effect != "-" and _may_be_own_mx(term, owner):
            wanted = (_address_term(term, host) for host in hosts)
            terms.extend(address for address in wanted if not _holds(spf.live, address) and not _holds(terms, address))
    return replace(spf, terms=tuple(terms), original=None) if len(terms) > len(spf.terms) else None


def is_own_mx(term: Term, owner: str) -> bool:
    """Whether the term is ``mx`` for the owner itself: without a domain, or with the owner's own."""
    if term.name != "mx" or term.is_modifier:
        return False
    return not term.domain or term.domain.lower() == "%{d}" or same_domain(term.domain, owner)


def _may_be_own_mx(term: Term, owner: str) -> bool:
    """A macro is expanded for each mail: what it stands for then, the sender's domain for one, may be the owner."""
    return is_own_mx(term, owner) or _is_macro_mx(term)


def _is_macro_mx(term: Term) -> bool:
    return term.name == "mx" and not term.is_modifier and "%{" in term.domain


def _address_term(mx: Term, host: str) -> Term:
    value = host + mx.value.removeprefix(mx.domain)  # with the CIDR lengths that the mx had
    return Term(f"{mx.qualifier or ''}a:{value}", mx.qualifier, "a", value, is_modifier=False)


def _holds(terms: Iterable[Term], wanted: Term) -> bool:
    return any(term.name == "a" and term.effect == wanted.effect and same_domain(term.domain, wanted.domain) for term in terms)


def _block(spf: SpfRecord, proposed: SpfRecord, owner: str, gone: Iterable[str], wish: Wish) -> Finding:
    if not proposed.find_include(wish.service.include):
        proposed = proposed.insert_include(wish.service.include)
    hosts = ", ".join(sorted(map(display, gone)))
    certain = any(is_own_mx(term, owner) and term.effect != "-" for term in spf.live)
    verb = "authorises" if certain else "may authorise, its macro being expanded for each mail,"
    return finding(
        "spf-mx-mechanism",
        f'"{spf.text}" {verb} the MX hosts by the mechanism mx, and these leave the MX set: {hosts}. What'
        f' they send would no longer pass. Write "{proposed.text}" first, or ip4: terms where the addresses are stable; where'
        " they do not send, --accept spf-mx-mechanism.",
    )
