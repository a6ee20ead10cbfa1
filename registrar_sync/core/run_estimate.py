"""How long a run takes: from the accounts' limits before it begins, and from what was seen while it goes on.

Accounts are worked on side by side, so the slowest one decides. Time until the DNS serves what was written is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from registrar_sync.core.duration import in_words
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import Count

CALLS_BY_SHAPE: Mapping[str, float] = {"rrset": 5, "record": 10, "zone": 4, "verbs": 8}
"""Calls of an enrolment (design section 11): gandi 5, powerdns 3; ovh 6 and one for each record changed or read."""

LATENCY_S = 0.25
"""A usual call, where nobody knows better."""

CPU_S = 0.006
"""Of this machine, a domain: no more of them at once help."""

ENOUGH_ROWS = 10
"""Rows that ended, before what was seen is trusted more than the limits."""

_NAMED = 3
_UNITS = ((1.0, "a second"), (60.0, "a minute"), (3600.0, "an hour"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What an account has to do. ``calls``: of one domain; ``lanes``: domains at a time; ``latency_s``: of a call."""

    account: str
    rows: int
    calls: float
    limit: CallLimit | None = None
    lanes: int = 1
    latency_s: float = LATENCY_S


@dataclass(frozen=True, slots=True)
class AccountTime:
    """``is_limited``: by the provider's limit, not by how quickly it answers."""

    load: Load
    seconds: float
    is_limited: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """``accounts``: the slowest first. ``seconds``: of the whole."""

    accounts: tuple[AccountTime, ...]
    seconds: float

    def __str__(self) -> str:
        """For people: ``about 20 min: gandi 1,200 domains at 300 calls a minute``."""
        named = ", ".join(map(_told, self.accounts[:_NAMED]))
        others = len(self.accounts) - _NAMED
        more = f", and {others} quicker accounts" if others > 1 else ", and a quicker account" if others == 1 else ""
        return f"about {_roughly(self.seconds)}: {named}{more}"


def calls_of(shape: str | None, declared: float | None = None) -> float:
    """Calls a domain: as the catalog says, else what is usual for the shape."""
    return declared if declared is not None else CALLS_BY_SHAPE.get(shape or "", CALLS_BY_SHAPE["verbs"])


def estimate(loads: Iterable[Load]) -> Estimate:
    """Before anything is begun."""
    accounts = sorted((_time_of(load) for load in loads if load.rows), key=lambda one: -one.seconds)
    cpu_s = CPU_S * sum(one.load.rows for one in accounts)
    return Estimate(tuple(accounts), max([cpu_s, *(one.seconds for one in accounts)]))


def eta(counts: Iterable[Count], loads: Sequence[Load], seen: Mapping[str, float]) -> dict[str, float]:
    """While it goes on: by account, the seconds until its last row is written. ``seen``: rows a second, of late."""
    left, done = _left(counts)
    return {
        load.account: _seconds_left(load, left[load.account], done[load.account], seen.get(load.account, 0.0)) for load in loads
    }


def _left(counts: Iterable[Count]) -> tuple[Counter[str], Counter[str]]:
    left: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for one in counts:
        (left if one.state in ("todo", "begun") else done)[one.account] += one.rows
    return left, done


def _seconds_left(load: Load, left: int, done: int, rate: float) -> float:
    if not left:
        return 0.0
    if rate <= 0 or done < ENOUGH_ROWS:
        return _time_of(replace(load, rows=left)).seconds
    # What was seen may be a beginning at full speed: the limit still holds for the rest.
    steady_s = left * load.calls * load.limit.spacing_s if load.limit else 0.0
    return max(left / rate, steady_s)


def _time_of(load: Load) -> AccountTime:
    calls = ceil(load.rows * load.calls)
    by_lanes_s = ceil(load.rows / load.lanes) * load.calls * load.latency_s
    by_limit_s = 0.0
    if load.limit is not None and calls > load.limit.first:
        by_limit_s = (calls - load.limit.ahead) * load.limit.spacing_s + load.limit.gap_s + load.latency_s
    return AccountTime(load, max(by_lanes_s, by_limit_s), by_limit_s > by_lanes_s)


def _told(one: AccountTime) -> str:
    load = one.load
    domains = f"{load.account} {load.rows:,} domain{'' if load.rows == 1 else 's'}"
    if one.is_limited and load.limit is not None:
        return f"{domains} at {_rate(load.limit)}"
    return f"{domains}, {load.lanes} at a time"


def _rate(limit: CallLimit) -> str:
    """As the provider says it, else of the unit in which it is a number that one can read."""
    fits = [unit for unit in _UNITS if limit.per_s == unit[0]] or [
        unit for unit in _UNITS if limit.calls / limit.per_s * unit[0] >= 5
    ]
    seconds, name = (fits or _UNITS[-1:])[0]
    return f"{limit.calls / limit.per_s * seconds:,.0f} calls {name}"


def _roughly(seconds: float) -> str:
    """An estimate is not exact to the second."""
    step_s = 60 if seconds >= 600 else 10 if seconds >= 60 else 1
    return in_words(round(seconds / step_s) * step_s)
