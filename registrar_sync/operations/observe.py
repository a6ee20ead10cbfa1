"""Look at the DNS before the API is read, and say where the two disagree (design section 5, step 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import SimpleQueue

from registrar_sync.core import elsewhere, names, visibility
from registrar_sync.core.delegation import delegated_elsewhere, is_remarked, remarked
from registrar_sync.core.evidence import Change
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import Mx, Rdata, RRset, ZoneView, is_spf, values_of
from registrar_sync.core.observation import Delegation, Observation, view_of
from registrar_sync.errors import LookupFailed
from registrar_sync.operations.desk import Desk, Setting
from registrar_sync.ports import Resolver

OURS = ("TXT", "MX")

# What a staged provider's publish would publish beside ours, as far as the DNS can tell it apart from what is served. NS,
# SOA and DNSSEC types are the vendor's own business and may be served otherwise than listed.
STAGED_TYPES = ("TXT", "MX", "A", "AAAA", "CAA", "CNAME", "SRV")

RRsets = Mapping[str, RRset | None]

_LOOKS = ("check", "spf")  # commands that write nothing, and need no more than the zone's own servers


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsLook:
    """What the DNS said before the API was asked. ``failure``: the delegation could not be found out. ``elsewhere``: what the
    recursive resolvers say of the zone's SOA."""

    delegation: Delegation | None
    observations: tuple[Observation, ...] = ()
    failure: str = ""
    elsewhere: tuple[Observation, ...] = ()

    @property
    def serials(self) -> dict[str, int]:
        """The zone's serial at each server that told one."""
        return {str(o.server): o.serial for o in self.observations if o.serial is not None}


def look_at_dns(desk: Desk) -> DnsLook:
    """Find the authoritative servers and ask each for what stands at the owner."""
    return begin_look(desk)()


def begin_look(desk: Desk) -> Callable[[], DnsLook]:
    """As ``look_at_dns``: the authoritative servers are being asked once this returns, and what it returns waits for them."""
    resolver = desk.setting.resolver
    try:
        delegation = resolver.delegation(desk.owner)
    except LookupFailed as error:
        failed = DnsLook(delegation=None, failure=error.message)
        return lambda: failed
    rtypes = STAGED_TYPES if desk.setting.staged else OURS
    zone = desk.request.zone or delegation.zone or desk.owner
    asking: SimpleQueue[list[Observation]] = SimpleQueue()
    resolver.observe_soon(delegation.servers, zone, desk.owner, rtypes, asking.put)

    def look() -> DnsLook:
        told = () if desk.command in _LOOKS else _zone_elsewhere(resolver, desk.request.zone or delegation.zone)
        return DnsLook(delegation=delegation, observations=tuple(asking.get()), elsewhere=told)

    return look


def _zone_elsewhere(resolver: Resolver, zone: str | None) -> tuple[Observation, ...]:
    """What recursive resolvers say of the zone itself. Its SOA: asked for the owner's TXT or MX, or for a name that is yet to
    come, they would keep the old answer just before it changes (rules B6.7)."""
    return tuple(resolver.ask_recursives(zone, ("SOA",))) if zone else ()


def as_served(desk: Desk, look: DnsLook, view: ZoneView) -> ZoneView:
    """The view with the types that cannot be written through the provider as the DNS serves them: the API need not tell them
    exactly. Where nobody could be asked, none of them is known."""
    by_hand = [rtype for rtype in OURS if rtype not in desk.setting.writes]
    if not by_hand:
        return view
    told = [rrset for rrset in view.rrsets if rrset.rtype not in OURS or rrset.rtype in desk.setting.writes]
    seen = next((one for one in look.observations if one.reachable), None)
    served = view_of(seen, view.owner).rrsets if seen else ()
    return replace(view, rrsets=(*told, *(rrset for rrset in served if rrset.rtype in by_hand)))


def dns_findings(desk: Desk, look: DnsLook, view: ZoneView) -> list[Finding]:
    """All that the DNS says against writing to this zone."""
    found = delegation_findings(look, view)
    if look.delegation is not None:
        found += delegated_elsewhere(look.delegation, view, desk.setting.nameserver_suffixes)
    found += _reachability(look)
    found += _from_elsewhere(look, view)
    found += _disagreement(desk, look, view)
    return found


def delegation_findings(look: DnsLook, view: ZoneView | None) -> list[Finding]:
    """Whether the zone in the account is the zone that the DNS knows, and what is not right with its delegation."""
    if look.delegation is None:
        return [finding("delegation-unknown", f"The name servers could not be looked up: {look.failure}")]
    if not look.delegation.checked:
        text = "The name servers are those of the options or the account; whether the zone is delegated to them was not asked."
        return [finding("delegation-not-checked", text)]
    found = list(remarked(look.delegation))
    if look.delegation.zone is None:
        return [finding("not-delegated", "The DNS knows no name servers for this domain: an edit would change nothing."), *found]
    return [*_zone_cut(look.delegation.zone, view), *found] if view else found


def _zone_cut(cut: str, view: ZoneView) -> list[Finding]:
    if cut == view.zone:
        return []
    zone, shown_cut = names.display(view.zone), names.display(cut)
    if names.is_within(cut, view.zone):
        return [finding("owner-delegated", f"{shown_cut} is delegated away from {zone}: records in {zone} are not served.")]
    text = f"The account holds a zone {zone}, but the DNS delegates no such zone; the nearest is {shown_cut}."
    return [finding("not-delegated", text)]


def _reachability(look: DnsLook) -> list[Finding]:
    # An address without a route from here (IPv6 on an IPv4-only machine) says nothing of its server.
    silent = [o for o in look.observations if not o.reachable and _why(o) != visibility.NO_ROUTE]
    if not silent:
        return []
    told = "; ".join(f"{elsewhere.named(o.server)}: {_why(o)}" for o in silent)
    if not any(o.reachable for o in look.observations):
        return [finding("authoritative-unreachable", f"No authoritative server could be asked: {told}")]
    if look.delegation is not None and all(is_remarked(look.delegation, o.server) for o in silent):
        return []  # delegation-lame names them already
    return [finding("authoritative-unreachable", f"Not every authoritative server could be asked: {told}", severity="warn")]


def _from_elsewhere(look: DnsLook, view: ZoneView) -> list[Finding]:
    """What the recursive resolvers tell of the network, and of the zone's signatures; nothing where none is known."""
    bogus = [seen.server for seen in look.elsewhere if any(answer.status == "bogus" for answer in seen.answers.values())]
    found = [finding("dnssec-bogus", elsewhere.bogus_text(view.zone, bogus))] if bogus else []
    if elsewhere.port_53_closed(look.observations, look.elsewhere):
        found.append(finding("port-53-closed", elsewhere.closed_text(look.elsewhere)))
    return found


def _why(observation: Observation) -> str:
    return next((a.detail for a in observation.answers.values() if a.status == "unreachable"), "")


def _disagreement(desk: Desk, look: DnsLook, view: ZoneView) -> list[Finding]:
    judged = [o for o in look.observations if o.reachable]
    if not judged:
        return []
    found = []
    live = {rtype: view.rrset(rtype) for rtype in desk.scope.types}
    explained = _explained_by_journal(desk, judged, live)
    if explained:
        found.append(finding("not-yet-published", explained))
    elif any(row.verdict != "new" for row in _judge(desk, judged, live, live)):
        found.append(finding("api-dns-differ", _difference(desk, judged, live)))
    if desk.setting.staged:
        found += _staged_by_others(judged[0], view, ours_explained=bool(explained))
    return found


def _judge(
    desk: Desk, observations: Sequence[Observation], before: RRsets, after: RRsets
) -> tuple[visibility.ServerVerdict, ...]:
    target = visibility.Target(before=before, after=after)
    return visibility.judge(observations, target, now=desk.setting.clock.now(), gate=None)


def _explained_by_journal(desk: Desk, observations: Sequence[Observation], live: RRsets) -> str:
    """Why the DNS may lag: our newest change is in the API, some server still shows what was before it, in good time. A change
    may have been about one of the types alone: of the other one, the newest before it counts."""
    pending = [change for change in desk.history() if _is_in_good_time(desk, change)]
    if not pending:
        return ""
    before, after = dict(live), dict(live)
    for rtype in live:
        newest = next((change for change in pending if rtype in change.images.after), None)
        if newest is not None:
            before[rtype], after[rtype] = _sides(newest, rtype)
    if any(_spf_and_mx(after[rtype]) != _spf_and_mx(live[rtype]) for rtype in live):
        return ""
    verdicts = {row.verdict for row in _judge(desk, observations, before, after)}
    if "old" not in verdicts or not verdicts <= {"old", "new"}:
        return ""
    return f"Change {pending[0].id} is in the API and not yet served everywhere; the provider's time for that is not over."


def _is_in_good_time(desk: Desk, change: Change) -> bool:
    """Whether it wrote so lately that the provider need not have published it."""
    wrote_at = last_write(change)
    return wrote_at is not None and desk.setting.clock.now() < wrote_at + timedelta(seconds=desk.setting.budget_s)


def _sides(change: Change, rtype: str) -> tuple[RRset | None, RRset | None]:
    """What the DNS may still serve, and what the API holds."""
    before, after = change.images.before[rtype], change.images.after[rtype]
    return (after, before) if change.state == "restored" else (before, after)


def _spf_and_mx(rrset: RRset | None) -> frozenset[Rdata]:
    return frozenset(v for v in values_of(rrset) if is_spf(v) or isinstance(v, Mx))


def _difference(desk: Desk, observations: Sequence[Observation], live: RRsets) -> str:
    rows = [row for row in _judge(desk, observations, live, live) if row.verdict != "new"]
    shown = "; ".join(f"{elsewhere.named(row.server)} {row.detail or row.verdict}" for row in rows)
    api = ", ".join(sorted(str(v) for rrset in live.values() for v in _spf_and_mx(rrset))) or "no SPF and no MX"
    return f"The API says: {api}. The DNS says: {shown}."


def _staged_by_others(observation: Observation, view: ZoneView, *, ours_explained: bool) -> list[Finding]:
    """RRsets that our publish would publish although we did not write them."""
    differing = []
    for rtype in STAGED_TYPES:
        answer = observation.answers.get(rtype)
        if answer is None or answer.status == "unreachable" or answer.detail:
            continue
        staged, served = values_of(view.rrset(rtype)), answer.values
        if ours_explained:
            staged, served = _beside_ours(rtype, staged), _beside_ours(rtype, served)
        if staged != served:
            differing.append(rtype)
    if not differing:
        return []
    edits = " and ".join(differing)
    text = f"Edits of {edits} at this owner wait to be published, and they are not ours: our publish would publish them too."
    return [finding("staged-by-others", text)]


def _beside_ours(rtype: str, values: frozenset[Rdata]) -> frozenset[Rdata]:
    """The values that no change of ours explains."""
    return frozenset() if rtype == "MX" else frozenset(v for v in values if not is_spf(v))


def newest_change(setting: Setting, domain: str) -> Change | None:
    """The newest change of a domain that touched the provider."""
    return next((c for c in setting.journal.changes(domain) if last_write(c) is not None), None)


def last_write(change: Change | None) -> datetime | None:
    """When a change last wrote to the provider, or None where it never did."""
    if change is None:
        return None
    return next((e.at for e in reversed(change.events) if e.detail.get("wrote")), None)


def journalled_old_until(setting: Setting, domain: str) -> datetime | None:
    """Until when caches may hold what was before the newest change; None: not known, as while that is not authoritative."""
    newest = newest_change(setting, domain)
    event = newest.last("authoritative") if newest else None
    told = event.detail.get("old_until") if event else None
    return datetime.fromisoformat(told) if told else None
