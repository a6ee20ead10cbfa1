"""A new SPF record that would authorise the service alone, while others that send are plain to see.

The service's own document says it: with such a record only the service's servers are authorised to send for the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from registrar_sync.core.enrol_mx import is_address, mx_values
from registrar_sync.core.finding import Finding, Severity
from registrar_sync.core.guard import finding
from registrar_sync.core.known_senders import Senders, senders_behind
from registrar_sync.core.model import ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.mx_mechanism import only_spf
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf import SpfRecord, find_spf, include_term
from registrar_sync.core.wish import Part, Wish

_SEVERITY: Mapping[Qualifier, Severity] = {"-": "block", "~": "warn", "?": "info"}
_RESULT: Mapping[Qualifier, str] = {"-": "fail", "~": "softfail", "?": "neutral"}


def guard_other_senders(view: ZoneView, wish: Wish, spf: Part, mx: Part) -> tuple[Part, Part]:
    """Both parts, with what a new record does to others that send: the hosts that take the domain's mail today. Unaccepted,
    a block leaves both sets as they are: once the MX set is replaced, nobody would see these senders any more."""
    record = _created(view, wish, spf)
    senders = _senders(view, wish) if record else None
    if not record or not senders:
        return spf, mx
    found = _alone(record, senders, wish)
    spf = replace(spf, findings=(*spf.findings, found))
    if not wish.stops((found,)):
        return spf, mx
    return replace(spf, after=view.rrset("TXT")), replace(mx, after=view.rrset("MX"))


def _created(view: ZoneView, wish: Wish, spf: Part) -> SpfRecord | None:
    """The record that the plan creates, where it names the service and nobody else, and has a policy for the others."""
    record = None if find_spf(view.rrset("TXT")) else only_spf(spf.after)
    if record is None or record.all_term is None or record.all_term.effect not in _SEVERITY:
        return None
    others = len(record.live) - len(record.live_include(wish.service.include))
    return None if others else record


def _senders(view: ZoneView, wish: Wish) -> Senders:
    known = {*wish.service.hosts, NULL_EXCHANGE}
    exchanges = {value.exchange for value in mx_values(view.rrset("MX"))} - known
    return senders_behind(exchange for exchange in exchanges if not is_address(exchange))


def _alone(record: SpfRecord, senders: Senders, wish: Wish) -> Finding:
    assert record.all_term is not None
    effect = record.all_term.effect
    names = ", ".join([*(hoster.name for hoster in senders.hosters), *senders.hosts])
    accept = " Where the service alone sends, --accept spf-service-alone." if effect == "-" else ""
    return finding(
        "spf-service-alone",
        f'The new record "{record.text}" authorises {wish.service.name} alone, and this domain\'s mail is taken by {names}: what'
        f' they send would get {_RESULT[effect]}. Where they send, write "{_proposal(senders, effect, wish)}" at the provider'
        f" first, with whoever else sends, then plan again.{accept}",
        severity=_SEVERITY[effect],
    )


def _proposal(senders: Senders, effect: Qualifier, wish: Wish) -> str:
    """A record for all of them. ``mx`` stands for the hosts that stay in the MX set; those that leave it need their names."""
    stay = wish.mx_mode == "below" or not wish.service.exchanges
    own = ["mx"] if stay else [f"a:{host}" for host in senders.hosts]
    includes = [f"include:{hoster.include}" for hoster in senders.hosters]
    terms = [*(own if senders.hosts else []), *includes, include_term(wish.service.include).text]
    return " ".join(["v=spf1", *terms, "?all" if effect == "?" else "~all"])
