"""MTA-STS (RFC 8461): what a domain's policy says of MX hosts that a plan adds.

A policy is read leniently: what one sender may take for a policy counts, since that sender will act on it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, cast

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import Rdata, Txt, ZoneView
from registrar_sync.core.names import absolute, display
from registrar_sync.core.wish import Part, Wish

Mode = Literal["none", "testing", "enforce"]

LONGEST_MAX_AGE_S = 31_557_600
"""Seconds; a year is the most that a policy may be kept (RFC 8461 section 3.2)."""

_MOST_ADDRESSES = 6  # of the policy host, to try
_MODES = ("none", "testing", "enforce")
_AGE = re.compile(r"[0-9]{1,10}")
_ID = re.compile(r"[ \t]*id[ \t]*=[ \t]*[A-Za-z0-9]{1,32}[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy as it stands at the policy host. ``max_age`` seconds; ``mx`` patterns, lower-case, without a final dot."""

    mode: Mode
    max_age: int | None
    mx: tuple[str, ...]

    def lists(self, exchange: str) -> bool:
        """Whether one of the patterns matches; ``*.`` stands for exactly one label (RFC 8461 section 4.1)."""
        host = display(exchange.lower())
        return host in self.mx or f"*.{host.partition('.')[2]}" in self.mx


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVerdict:
    """What the policy means for some exchanges. ``unlisted``: those that it does not list; ``max_age``: seconds that senders
    may keep it; ``why``: why the mode is ``unknown``."""

    mode: Literal["none", "testing", "enforce", "unknown"]
    unlisted: tuple[str, ...] = ()
    max_age: int | None = None
    why: str = ""


# --- reading ------------------------------------------------------------------------------------------------------------
def announcements(values: Iterable[Rdata]) -> tuple[str, ...]:
    """The TXT values that begin with ``v=STSv1;``: the others are discarded (RFC 8461 section 3.1)."""
    texts = (value.joined.decode("latin-1") for value in values if isinstance(value, Txt))
    return tuple(sorted(text for text in texts if re.match(r"v=STSv1[ \t]*;", text)))


def fault_of(announced: Collection[str]) -> str:
    """Why senders must take no policy from these records: empty if they may (RFC 8461 section 3.1)."""
    if len(announced) > 1:
        return f"{len(announced)} MTA-STS records stand there, where one may"
    if not any(_ID.fullmatch(field) for text in announced for field in text.split(";")[1:]):
        return "its MTA-STS record has no valid id"
    return ""


def parse_policy(text: str) -> Policy:
    """Read a policy (RFC 8461 section 3.2): of a field that stands twice the first counts, unknown ones are passed over.

    before: "version: STSv1", "mode: enforce", "mx: *.example.net", "max_age: 604800", a line each.
    after: ``Policy(mode="enforce", max_age=604800, mx=("*.example.net",))``. Raises ``ValueError``, which says why it is none.
    """
    fields: dict[str, str] = {}
    patterns = []
    for line in re.split(r"\r?\n", text):
        name, colon, value = line.partition(":")
        name, value = name.strip(" \t"), value.strip(" \t")
        if colon and name == "mx":
            patterns.append(display(value.lower()))
        elif colon:
            fields.setdefault(name, value)
    if fields.get("version") != "STSv1":
        raise ValueError("it does not begin as a policy does: version: STSv1")
    if fields.get("mode") not in _MODES:
        raise ValueError("its mode is none of enforce, testing and none")
    age = fields.get("max_age", "")
    max_age = min(int(age), LONGEST_MAX_AGE_S) if _AGE.fullmatch(age) else None
    return Policy(mode=cast(Mode, fields["mode"]), max_age=max_age, mx=tuple(patterns))


# --- judging ------------------------------------------------------------------------------------------------------------
def judge_policy(owner: str, exchanges: Collection[str], known: Known) -> PolicyVerdict:
    """What the owner's policy, and no parent's (RFC 8461 section 3.4), means for these exchanges.

    ``none``: no MTA-STS record, or a policy of mode none. ``unknown``: the record could not be looked up, or it stands there
    and the policy could not be read: senders that took it before go on with it (RFC 8461 section 3.3).
    """
    told = known.dns(f"_mta-sts.{owner}", "TXT")
    if told.status == "unreachable":
        return PolicyVerdict(mode="unknown", why=f"the TXT records at _mta-sts.{display(owner)} could not be looked up")
    announced = announcements(told.values)
    if not announced:
        return PolicyVerdict(mode="none")
    try:
        policy = parse_policy(_fetched(owner, known))
    except ValueError as error:
        faults = "; ".join(filter(None, (fault_of(announced), str(error))))
        return PolicyVerdict(mode="unknown", why=faults)
    if policy.mode == "none":
        return PolicyVerdict(mode="none", max_age=policy.max_age)
    unlisted = tuple(sorted(exchange for exchange in exchanges if not policy.lists(exchange)))
    return PolicyVerdict(mode=policy.mode, unlisted=unlisted, max_age=policy.max_age)


def _fetched(owner: str, known: Known) -> str:
    """The policy's text. Raises ``ValueError`` where there is none to be had."""
    host = f"mta-sts.{owner}"
    answers = [known.dns(host, rtype) for rtype in ("A", "AAAA")]
    addresses = tuple(address for answer in answers for address in sorted(map(str, answer.values)))
    if not addresses:
        unasked = any(answer.status == "unreachable" for answer in answers)
        raise ValueError(f"{display(host)} {'could not be looked up' if unasked else 'has no address'}")
    said = known.policy(absolute(owner), addresses[:_MOST_ADDRESSES])
    if said.status != "yes":
        raise ValueError(f"{display(host)}: {said.text}")
    return said.text


def mta_sts_findings(owner: str, exchanges_added: Collection[str], known: Known) -> tuple[Finding, ...]:
    """What senders that follow the owner's policy do about the exchanges that are new; nothing is asked where none are."""
    if not exchanges_added:
        return ()
    verdict = judge_policy(owner, exchanges_added, known)
    if verdict.mode == "unknown":
        return (_not_checked(owner, verdict),)
    if not verdict.unlisted:
        return ()
    return (_enforced(owner, verdict) if verdict.mode == "enforce" else _tested(owner, verdict),)


def _not_checked(owner: str, verdict: PolicyVerdict) -> Finding:
    text = (
        f"Whether an MTA-STS policy of {display(owner)} lists the new MX hosts is not known: {verdict.why}. Senders that"
        " keep a policy in mode enforce do not deliver to hosts that it does not list. Look at it before the MX changes."
    )
    return finding("mta-sts-not-checked", text)


def _enforced(owner: str, verdict: PolicyVerdict) -> Finding:
    text = (
        f"The MTA-STS policy of {display(owner)} is in mode enforce and does not list {_shown(verdict)}: senders that follow it"
        f" do not deliver there. First add {_lines(verdict)} at {_url(owner)}, then change the id in the TXT record at"
        f" _mta-sts.{display(owner)}, and wait until senders have it{_kept(verdict)}; --accept mta-sts-enforce does not wait."
    )
    return finding("mta-sts-enforce", text)


def _tested(owner: str, verdict: PolicyVerdict) -> Finding:
    text = (
        f"The MTA-STS policy of {display(owner)} is in mode testing and does not list {_shown(verdict)}: mail is delivered, and"
        f" senders may report it. Add {_lines(verdict)} at {_url(owner)} and change the id in the TXT record, before the mode"
        " becomes enforce."
    )
    return finding("mta-sts-testing", text)


def _shown(verdict: PolicyVerdict) -> str:
    return ", ".join(map(display, verdict.unlisted))


def _lines(verdict: PolicyVerdict) -> str:
    return " and ".join(f'"mx: {display(exchange)}"' for exchange in verdict.unlisted)


def _url(owner: str) -> str:
    return f"https://mta-sts.{display(owner)}/.well-known/mta-sts.txt"


def _kept(verdict: PolicyVerdict) -> str:
    return f" (max_age: they may keep the old one for {verdict.max_age} s)" if verdict.max_age is not None else ""


# --- in a plan ----------------------------------------------------------------------------------------------------------
def guard_policy(view: ZoneView, wish: Wish, mx: Part, known: Known) -> Part:
    """The MX part with what the owner's policy says of the exchanges that it adds. Unaccepted, a policy in mode enforce that
    does not list them leaves the MX set as it is."""
    before = view.rrset("MX")
    added = {value.exchange for value in mx_values(mx.after)} - {value.exchange for value in mx_values(before)}
    found = mta_sts_findings(view.owner, added, known)
    return Part(after=before if wish.stops(found) else mx.after, findings=(*mx.findings, *found)) if found else mx
