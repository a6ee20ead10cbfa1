"""A look that sees an earlier change served everywhere for the first time tells the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from registrar_sync.core import visibility
from registrar_sync.core.evidence import Change
from registrar_sync.core.observation import Observation
from registrar_sync.core.visibility import Target
from registrar_sync.errors import JournalUnusable
from registrar_sync.operations.before import from_context
from registrar_sync.operations.desk import Desk
from registrar_sync.operations.earlier import caches_until, earlier_writers, gate_of, unseen_writers, wrote_until
from registrar_sync.operations.observe import DnsLook, last_write, newest_change
from registrar_sync.operations.record import record_seen

Told = TypeVar("Told")


def from_journal(ask: Callable[[], Told | None]) -> Told | None:
    """What the journal knows; one that cannot be read says nothing, since the verdict is the DNS's."""
    try:
        return ask()
    except JournalUnusable:
        return None


Again = Callable[[], Sequence[Observation]]
"""What the servers say when they are asked once more: behind one address stand many machines, and another may still have the
old data."""


def complete(desk: Desk, look: DnsLook, again: Again) -> str:
    """Journal that the domain's newest change is served everywhere, where that was not known and is seen now, by its own data.

    In words what was found out; empty where there is nothing to say. A journal that cannot be written keeps the change open.
    """
    change = from_journal(lambda: newest_change(desk.setting, desk.owner))
    if change is None or change.state not in ("written", "overdue") or look.delegation is None:
        return ""
    if not _is_served(desk, change, look.observations) or not _is_served(desk, change, again()):
        return ""
    text = f"Change {change.id} ({change.what.command}) is served by every authoritative server"
    earlier = earlier_writers(desk.setting.journal, desk.owner, change.id)
    until = caches_until(desk.setting.clock.now(), Target.of(change.images), earlier, seen_before(change, look.observations))
    try:
        record_seen(desk.setting.journal, change.id, "authoritative", until)
    except JournalUnusable as error:
        return f"{text}; the journal could not be told. {error.message}"
    return f"{text}; the journal knows it now."


def _is_served(desk: Desk, change: Change, observations: Sequence[Observation]) -> bool:
    """Whether every server answers the change's own data, and no leftover that looks like it."""
    setting = desk.setting
    wrote_at = last_write(change)
    assert wrote_at is not None
    # how long the provider takes is known of the account alone
    until = wrote_until(wrote_at, setting.budget_s) if setting.account == change.what.account else None
    unseen = unseen_writers(setting.journal, change.what.zone, before=change.id)
    gate = gate_of(unseen, Target.of(change.images), serials=change.what.context.get("serials", {}), until=until)
    rows = visibility.judge(observations, Target.of(change.images), now=setting.clock.now(), gate=gate)
    return visibility.overall(rows)


def seen_before(change: Change, now: Sequence[Observation]) -> tuple[Observation, ...]:
    """What the DNS said before the change, as its entry keeps it. Where it keeps nothing: what is said ``now``, without the
    answers, whose TTLs tell nothing of what stood before; the negative TTL does."""
    kept = from_context(change.what.context.get("cached"))
    return kept or tuple(replace(seen, answers={}) for seen in now)
