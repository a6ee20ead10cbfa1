"""Pulls a run's brakes, opens its waves and ends it: by the journal's counts alone, so that anybody who works on it may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from registrar_sync.bulk.tally import Tally
from registrar_sync.core.run import Count, Run, RunBook


def judge(book: RunBook, run: Run, counts: Sequence[Count]) -> Run:
    """Pause a running run, open its next wave, or end it, where it is time to; the run as it stands then.

    Two that judge at once come to the same. Raises ``JournalUnusable``.
    """
    tally = Tally(counts)
    why = tally.brake(run)
    if why:
        return book.order(run.id, "paused", why)
    if not tally.left():
        return book.order(run.id, "ended")
    wave = tally.next_wave(run.wave)
    if wave is None:
        return run
    book.open_wave(run.id, wave)
    return book.run(run.id)


def pause_given_up(book: RunBook, run: Run, given_up: Mapping[str, str]) -> Run:
    """Pause the run where only rows of accounts are left that are not asked any more; the run as it stands then. ``given_up``:
    these, and why. Raises ``JournalUnusable``."""
    left = [one for one in book.counts(run.id) if one.state != "done"]
    accounts = {one.account for one in left}
    if accounts and accounts <= given_up.keys() and all(one.state == "todo" for one in left):
        names = ", ".join(sorted(accounts))
        return book.order(run.id, "paused", f"only accounts that were given up are left ({names}): {given_up[min(accounts)]}")
    return run
