"""What stands beside an MX set that is about to change: the hosts behind its exchanges, and DANE (rules cases 49, 50, B5)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.enrol_mx import is_address, mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import Mx, ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.names import display
from registrar_sync.core.wish import Part, Wish

_ALIAS = "CNAME to "  # how an answer's detail says it
_SMTP = "_25._tcp."  # where a mail host's TLSA records stand, RFC 7672 section 2.2.3


def guard_beside_mx(view: ZoneView, wish: Wish, mx: Part, known: Known) -> Part:
    """The MX part with what is worth saying about the customer's hosts. Nothing is asked where the set stays as it is, and what
    cannot be found out is not worth a line."""
    before, after = mx_values(view.rrset("MX")), mx_values(mx.after)
    if before == after:
        return mx
    found = judge_beside(after, before | after, wish, known)
    return Part(after=mx.after, findings=(*mx.findings, *found), detail=mx.detail)


def judge_beside(staying: Iterable[Mx], touched: Iterable[Mx], wish: Wish, known: Known) -> tuple[Finding, ...]:
    """What is worth saying about the customer's hosts: of those that stay, and of all for DANE."""
    about = [finding for value in _theirs(staying, wish) for finding in _exchange(value, known)]
    return (*about, *_dane(touched, wish, known))


def _theirs(values: Iterable[Mx], wish: Wish) -> list[Mx]:
    """One value for each exchange of the customer's that is a host name, the lowest preference first."""
    skipped = {*wish.service.hosts, NULL_EXCHANGE}
    theirs = [value for value in values if value.exchange not in skipped and not is_address(value.exchange)]
    return sorted({value.exchange: value for value in sorted(theirs, reverse=True)}.values())


def _exchange(value: Mx, known: Known) -> Iterable[Finding]:
    answers = [known.dns(value.exchange, rtype) for rtype in ("A", "AAAA")]
    alias = next((answer.detail for answer in answers if answer.detail.startswith(_ALIAS)), "")
    shown = f"MX {value.preference} {display(value.exchange)}"
    if alias:
        yield finding("mx-exchange-alias", f"{shown} names an alias ({alias}), which some senders refuse. It is kept as it is.")
    if all(answer.status == "absent" for answer in answers):
        missing = next((f" ({answer.detail})" for answer in answers if answer.detail and answer.detail != alias), "")
        yield finding(
            "mx-exchange-unresolved",
            f"{shown} names a host without any address{missing}: as a fallback it never worked. It is kept; correct or remove it"
            " at the provider.",
        )


def _dane(values: Iterable[Mx], wish: Wish, known: Known) -> Iterable[Finding]:
    """TLSA records of the customer's hosts, staying or going, that the service's hosts have not."""
    theirs = [value.exchange for value in _theirs(values, wish)]
    ours = [exchange.exchange for exchange in wish.service.exchanges]
    status = {host: known.dns(_SMTP + host, "TLSA").status for host in (*theirs, *ours)} if theirs else {}
    guarded = [display(host) for host in theirs if status[host] == "data"]
    bare = [display(host) for host in ours if theirs and status[host] == "absent"]
    if guarded and bare:
        yield finding(
            "mx-dane",
            f"{_have(guarded)} TLSA records (DANE), {_have(bare)} none: once mail goes there, senders that check DANE cannot."
            f" Ask {wish.service.name} whether it publishes them.",
        )


def _have(hosts: list[str]) -> str:
    return f"{', '.join(hosts)} {'has' if len(hosts) == 1 else 'have'}"
