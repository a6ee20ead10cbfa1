"""By effect: is the service in front of the mail, whoever put it there, and whatever the numbers? (rules A5, B2 and B6.1)

An SPF record authorises the service by a live include of its own, or by one that it reaches through others or through its
``redirect``. The MX set does its part when the service's hosts are all there, in order, and before every other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from registrar_sync.core.known import DnsQuestion, Known
from registrar_sync.core.model import Mx, Txt, is_spf
from registrar_sync.core.mx import NULL_EXCHANGE, is_enrolled_order
from registrar_sync.core.names import display
from registrar_sync.core.observation import Answer, Observation, Server
from registrar_sync.core.service import MailService
from registrar_sync.core.spf import SpfInvalid, SpfRecord, parse_spf
from registrar_sync.core.spf_budget import find_cover
from registrar_sync.core.visibility import Fingerprint, ServerVerdict, undecided

TYPES = ("TXT", "MX")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfEffect:
    """What the TXT set at an owner means for the service.

    ``fault``: why the service is not authorised, empty where it is. ``record``: the one record, where there is one that can be
    read. ``chain``: the domains through which a record without a term of its own authorises the service.
    """

    fault: str = ""
    record: SpfRecord | None = None
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What the data of some servers, all of which answer the same, mean for the service.

    ``seen``: the first of ``servers`` with its answers. ``spf`` and ``mx_fault`` (empty: in order): None where that type was
    not answered.
    """

    seen: Observation
    servers: tuple[Server, ...]
    spf: SpfEffect | None
    mx_fault: str | None

    @property
    def exchanges(self) -> tuple[Mx, ...]:
        """The MX values, the first to be tried first."""
        answer = self.seen.answers.get("MX")
        return tuple(sorted(value for value in answer.values if isinstance(value, Mx))) if answer else ()


def judge_effects(owner: str, observations: Iterable[Observation], service: MailService, known: Known) -> tuple[Effect, ...]:
    """What each server's data mean for the service: one effect for all servers that answer the same.

    ``known`` tells of the names beside the owner; what stands at the owner itself is each server's own.
    """
    alike: dict[object, list[Observation]] = {}
    for seen in observations:
        alike.setdefault(_data_of(seen), []).append(seen)
    return tuple(_effect(owner, same, service, known) for same in alike.values())


def judge_enrolment(effects: Iterable[Effect], observations: Iterable[Observation]) -> tuple[ServerVerdict, ...]:
    """The verdict on each server, in the order of the observations.

    ``new`` its SPF record authorises the service, and the service's hosts come before all others; ``absent`` neither SPF nor
    MX; ``other`` anything else, ``detail`` saying what is missing; ``unreachable`` a type got no answer that can be judged.
    """
    by_server = {server: effect for effect in effects for server in effect.servers}
    return tuple(_verdict(seen, by_server[seen.server]) for seen in observations)


def own_answers(owner: str, seen: Observation) -> dict[DnsQuestion, Answer]:
    """What one server says of the owner, as answers that need not be looked up elsewhere."""
    return {DnsQuestion(owner, rtype): answer for rtype, answer in seen.answers.items() if answer.status != "unreachable"}


def _data_of(seen: Observation) -> object:
    return tuple((t, a.status, a.values, a.detail) for t, a in sorted(seen.answers.items()))


def _effect(owner: str, alike: list[Observation], service: MailService, known: Known) -> Effect:
    seen = alike[0]
    txt, mx = (_answered(seen, rtype) for rtype in TYPES)
    beside = known.with_own(own_answers(owner, seen))
    return Effect(
        seen=seen,
        servers=tuple(one.server for one in alike),
        spf=spf_effect(owner, txt, service, beside) if txt else None,
        mx_fault=_mx_fault(mx, service) if mx else None,
    )


def _answered(seen: Observation, rtype: str) -> Answer | None:
    answer = seen.answers.get(rtype)
    return None if answer is None or answer.status == "unreachable" else answer


def _verdict(seen: Observation, effect: Effect) -> ServerVerdict:
    if decided := undecided(seen, TYPES):
        return decided
    assert effect.spf is not None  # both types were answered
    faults = [fault for fault in (effect.spf.fault, effect.mx_fault) if fault]
    if not faults:
        return ServerVerdict(server=seen.server, verdict="new")
    found = Fingerprint.of({rtype: seen.answers[rtype].values for rtype in TYPES})
    if found.is_empty:
        return ServerVerdict(server=seen.server, verdict="absent")
    return ServerVerdict(server=seen.server, verdict="other", detail=f"{'; '.join(faults)} ({found})")


# --- SPF ----------------------------------------------------------------------------------------------------------------
def spf_effect(owner: str, txt: Answer, service: MailService, known: Known) -> SpfEffect:
    """Whether one server's TXT answer authorises the service: by one valid record that reaches a ``+`` include of it."""
    if alias := _alias(txt):
        return SpfEffect(fault=alias)
    texts = [value.joined for value in txt.values if isinstance(value, Txt) and is_spf(value)]
    if len(texts) != 1:
        return SpfEffect(fault=f"{len(texts)} SPF records stand there, where one is allowed" if texts else "no SPF record")
    try:
        record = parse_spf(texts[0])
    except SpfInvalid as error:
        return SpfEffect(fault=f"the SPF record is invalid: {error}")
    if record.glued:
        return SpfEffect(fault="two SPF terms ran together")
    if record.authorises(service.include):
        return SpfEffect(record=record)
    chain = find_cover(owner, _reached(record, service), service.include, known)
    return SpfEffect(record=record, chain=chain, fault="" if chain else _missing(record, service))


def _reached(record: SpfRecord, service: MailService) -> SpfRecord:
    """The part of the record that is still reached for the service's senders: a term of its own decides before all that
    follows it, the ``redirect`` among them (RFC 7208 section 4.6.2)."""
    own = record.live_include(service.include)
    if not own:
        return record
    before = tuple(term for term in record.terms[: own[0]] if not term.is_modifier)
    return replace(record, terms=before, original=None)


def _missing(record: SpfRecord, service: MailService) -> str:
    live, standing = record.live_include(service.include), record.find_include(service.include)
    if live:
        return f"the SPF term {record.terms[live[0]].text} does not authorise the service: only + does"
    if standing:
        return f"the SPF term {record.terms[standing[0]].text} stands after all, where it is never tested"
    return f"the SPF record does not include {display(service.include)}"


# --- MX -----------------------------------------------------------------------------------------------------------------
def _mx_fault(mx: Answer, service: MailService) -> str:
    """Why the service's hosts are not in front of all others, in its order; empty where they are."""
    if alias := _alias(mx):
        return alias
    values = [value for value in mx.values if isinstance(value, Mx)]
    if is_enrolled_order(values, service):
        return ""
    if not values:
        return "no MX"
    if any(value.exchange == NULL_EXCHANGE for value in values):
        return "a null MX stands there, which says that the domain accepts no mail"
    return _absent_host(values, service) or _misplaced(values, service)


def _absent_host(values: list[Mx], service: MailService) -> str:
    standing = {value.exchange for value in values}
    absent = [display(one.exchange) for one in service.exchanges if one.exchange not in standing]
    return f"the MX hosts lack {' and '.join(absent)}" if absent else ""


def _misplaced(values: list[Mx], service: MailService) -> str:
    last = max(value.preference for value in values if value.exchange in service.hosts)
    first = min((value for value in values if value.exchange not in service.hosts), default=None)
    if first and first.preference <= last:
        return f"mail also goes to {first.preference} {display(first.exchange)}, which is not behind the hosts of {service.name}"
    return f"the MX hosts of {service.name} are not in its order"


def _alias(answer: Answer) -> str:
    """An alias at the owner: no other record stands beside it."""
    return f"the name is an alias ({answer.detail})" if answer.status == "data" and not answer.values else ""
