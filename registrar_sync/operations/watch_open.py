"""Watch what the journal says is still to be seen: of the domains named, or of all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from functools import cache

from registrar_sync.core.names import display
from registrar_sync.errors import OpenChange, RegistrarSyncError, UsageError
from registrar_sync.operations.desk import Setting, Wait
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Result
from registrar_sync.operations.watch import Watch
from registrar_sync.operations.watch_case import Goal
from registrar_sync.ports import Clock, Journal

NOTHING_WAITS = "No change of this domain waits to be seen."


def watch_open(
    journal: Journal,
    clock: Clock,
    setting_at: Callable[[str], Setting],
    domains: Iterable[str] = (),
    *,
    wait: Wait = "authoritative",
    timeout: float | None = None,
    notify: Callable[[str], None] = lambda text: None,
) -> Generator[Result, None, None]:
    """Each result as it ends; a domain with nothing to watch, or that is none, has one at once. ``setting_at``: of an account.

    Raises ``UsageError`` for what cannot be meant, before anything is begun, and what the journal raises.
    """
    request_of("example.com", wait=wait, timeout=timeout)
    if wait == "none":
        raise UsageError("A watch waits. Nothing was changed.", hint="Say --wait authoritative or --wait visible.")
    names = list(dict.fromkeys(domains))
    goal: Goal = wait
    after = clock.now() if goal == "visible" else None
    found = [_of(journal, name, lambda owner: journal.unseen(owner, cached_after=after)) for name in names]
    change_ids = [one for one in found if isinstance(one, int)] if names else journal.unseen(cached_after=after)
    at = cache(setting_at)
    watch = Watch(lambda change: at(change.what.account), journal, clock, goal=goal, timeout_s=timeout, notify=notify)
    return _run(watch, [one for one in found if isinstance(one, Result)], change_ids)


def _run(watch: Watch, told: Iterable[Result], change_ids: list[int]) -> Generator[Result, None, None]:
    yield from told
    if change_ids:
        watch.add(*change_ids)
        watch.no_more()
        yield from watch.run()


def _of(journal: Journal, domain: str, unseen: Callable[[str], list[int]]) -> Result | int:
    """The newest change of a domain that waits, or what is to be said instead."""
    try:
        owner = request_of(domain).domain
        if journal.unfinished(owner):
            text = "A change of this domain was interrupted: what its servers ought to show is not known. Nothing was changed."
            raise OpenChange(text, hint=f"Run: registrar-sync recover {display(owner)}")
    except RegistrarSyncError as error:
        return Result(command="watch", domain=domain, state="refused", error=error, message=error.message, hint=error.hint)
    if change_ids := unseen(owner):
        return change_ids[-1]
    return Result(command="watch", domain=owner, state="nothing-to-do", message=NOTHING_WAITS)
