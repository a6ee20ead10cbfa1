"""MX arithmetic: where the service's hosts go, below the customer's hosts or instead of them (rules B1 to B3).

Lower preferences are tried first and equal ones at random (RFC 5321 section 5.1), so what counts is the order, never the
numbers: hosts that already stand in the right order are left alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from registrar_sync.core.model import Mx
from registrar_sync.core.mx_room import HIGHEST, Renumber, make_room, ways_to_make_room
from registrar_sync.core.names import display
from registrar_sync.core.service import MailService

NULL_EXCHANGE = "."  # RFC 7505 section 3
_PREFERENCES = HIGHEST + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The set of MX values as it shall be.

    ``moves``: the customer's values that were given another preference, each with what it becomes. ``refusal``: why there is
    no place (then ``values`` is what stands today); ``options``: the ones that would make room.
    """

    values: frozenset[Mx]
    moves: Mapping[Mx, Mx] = field(default_factory=dict)
    refusal: str = ""
    options: tuple[str, ...] = ()


def place_below(existing: Iterable[Mx], service: MailService, renumber: Renumber = "no") -> Placement:
    """The service's hosts strictly before the customer's. The customer's preferences stay, unless there is no room below them
    and ``renumber`` allows to make some. A null MX is dropped; whether it may be is the caller's question. No customer's MX:
    the service's hosts alone.

    >>> place_below([Mx(0, "tenant.example.")], service).refusal
    'no preference is left below 0 tenant.example'
    """
    before = frozenset(existing)
    if is_enrolled_order(_without_null(before), service):
        return Placement(values=_without_null(before) if service.exchanges else before)
    theirs = _theirs(before, service)
    ours = _before_all(before, theirs, service)
    if ours is not None:
        return Placement(values=theirs.union(ours))
    moves = make_room(theirs, len(service.exchanges), renumber)
    raised = frozenset(moves.get(value, value) for value in theirs) if moves else theirs
    ours = _before_all(before, raised, service)
    if moves is None or ours is None:
        return _no_room(before, theirs, service, renumber)
    return Placement(values=raised.union(ours), moves=moves)


def _before_all(before: frozenset[Mx], theirs: Iterable[Mx], service: MailService) -> tuple[Mx, ...] | None:
    """The service's hosts strictly before all of ``theirs``; those of ``before`` stay where they can. None: no room."""
    ceiling = min((value.preference for value in theirs), default=_PREFERENCES)
    wanted = [(exchange.exchange, exchange.below) for exchange in service.exchanges]
    return _fit_in(wanted, _present(before, service), ceiling, service) or _fresh(wanted, ceiling, service)


def place_instead(existing: Iterable[Mx], service: MailService) -> Placement:
    """The service's hosts alone. Those that stand keep their numbers where the others fit in between.

    A service without hosts replaces nothing: the set must never become empty (RFC 5321 section 5.1).
    """
    before = frozenset(existing)
    if not service.exchanges:
        return Placement(values=before)
    standing = _without_null(before)
    if all(value.exchange in service.hosts for value in standing) and is_enrolled_order(standing, service):
        return Placement(values=standing)
    wanted = _replace_order(service)
    ours = _fit_in(wanted, _present(before, service), _PREFERENCES, service)
    return Placement(values=frozenset(ours or (Mx(preference, exchange) for exchange, preference in wanted)))


def is_enrolled_order(values: Collection[Mx], service: MailService) -> bool:
    """Whether the service's hosts are all there, all strictly before every other exchange, and in the service's order.

    Ties among them count as order only where the service allows equal preferences. Alone they may stand in either order,
    the one of ``below`` or the one of ``replace``. Never beside a null MX, which must stand alone (RFC 7505 section 3).
    A service without hosts asks nothing of the set.
    """
    hosts = service.hosts
    ours = {value for value in values if value.exchange in hosts}
    if len(ours) != len(hosts) or {value.exchange for value in ours} != hosts:
        return False
    if service.exchanges and any(value.exchange == NULL_EXCHANGE for value in values):
        return False
    others = [value for value in values if value.exchange not in hosts]
    place = {value.exchange: value.preference for value in ours}
    below = [place[exchange.exchange] for exchange in service.exchanges]
    if not others:
        return _ascends(below, service) or _ascends([place[exchange] for exchange, _ in _replace_order(service)], service)
    return _ascends(below, service) and max(below, default=-1) < min(value.preference for value in others)


def _replace_order(service: MailService) -> list[tuple[str, int]]:
    pairs = [(exchange.exchange, exchange.replace) for exchange in service.exchanges]
    return sorted(pairs, key=lambda pair: pair[1])


def _ascends(preferences: Sequence[int], service: MailService) -> bool:
    return all(one < next_one or (service.equal_preferences and one == next_one) for one, next_one in pairwise(preferences))


def _theirs(values: Iterable[Mx], service: MailService) -> frozenset[Mx]:
    passed_over = {*service.hosts, NULL_EXCHANGE}
    return frozenset([value for value in values if value.exchange not in passed_over])


def _without_null(values: Iterable[Mx]) -> frozenset[Mx]:
    return frozenset([value for value in values if value.exchange != NULL_EXCHANGE])


def _present(values: Iterable[Mx], service: MailService) -> dict[str, int]:
    """The service's hosts that stand, each with its lowest preference."""
    ours = sorted([value for value in values if value.exchange in service.hosts], reverse=True)
    return {value.exchange: value.preference for value in ours}


def _fit_in(
    wanted: Sequence[tuple[str, int]], present: Mapping[str, int], ceiling: int, service: MailService
) -> tuple[Mx, ...] | None:
    """Keep the hosts that stand, put the missing ones in between: at their own numbers, else at the next free ones."""
    if not present:
        return None
    own = [present.get(exchange, preference) for exchange, preference in wanted]
    following: list[int] = []
    for exchange, _ in wanted:
        following.append(present.get(exchange, following[-1] + 1 if following else 0))
    for preferences in (own, following):
        if _ascends(preferences, service) and max(preferences) < ceiling:
            return _values(wanted, preferences)
    return None


def _fresh(wanted: Sequence[tuple[str, int]], ceiling: int, service: MailService) -> tuple[Mx, ...] | None:
    """Rules B1, 2 to 5: the service's own numbers, else the ones just below, else all at one, else no room."""
    count = len(wanted)
    own = [preference for _, preference in wanted]
    if max(own, default=-1) < ceiling:
        return _values(wanted, own)
    if ceiling >= count:
        return _values(wanted, range(ceiling - count, ceiling))
    if ceiling >= 1 and service.equal_preferences:
        return _values(wanted, [ceiling - 1] * count)
    return None


def _values(wanted: Sequence[tuple[str, int]], preferences: Iterable[int]) -> tuple[Mx, ...]:
    return tuple(Mx(preference, exchange) for (exchange, _), preference in zip(wanted, preferences, strict=True))


def _no_room(before: frozenset[Mx], theirs: frozenset[Mx], service: MailService, renumber: Renumber) -> Placement:
    lowest, highest = min(theirs), max(theirs)
    count = len(service.exchanges)
    if lowest.preference == 0:
        refusal = f"no preference is left below {_shown(lowest)}"
    else:
        refusal = f"{count} hosts do not fit below {_shown(lowest)}, and {service.name} does not allow equal preferences"
    if renumber == "shift":
        refusal += f"; moved up by {count}, {_shown(highest)} would pass {HIGHEST}"
    elif renumber == "compact":
        refusal += f"; nothing is free up to {HIGHEST} for {_shown(highest)} to move to"
    return Placement(values=before, refusal=refusal, options=ways_to_make_room(theirs, count))


def _shown(value: Mx) -> str:
    return f"{value.preference} {display(value.exchange)}"
