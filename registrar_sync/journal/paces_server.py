"""A slot of an account's pace on PostgreSQL: one statement, one round trip, and nothing held between two calls."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from sqlalchemy import text

from registrar_sync.core.pace_account import CallLimit, PaceState, terms_of
from registrar_sync.journal.database import Database

# ``core.pace_account.reserve`` in SQL. ``now``: for tests; else the server's clock, when the row is ours. It says nothing where
# there is no row, no rate, a clock that was set back, or a slot too late: whoever asks then takes the long way. A slot that a
# power cut takes back does no harm, so the commit does not wait for the disk.
_TAKE = text("""
    WITH found AS (
        SELECT *, coalesce(CAST(:now AS float8), extract(epoch FROM clock_timestamp())::float8) AS now
        FROM account_pace WHERE account = :account FOR UPDATE
    ), rate AS (
        SELECT *, greatest(now, held_until) AS begins, coalesce(CAST(:spacing_s AS float8), 1 / learned) / factor AS spacing_s
        FROM found WHERE seen_at <= now + 1
    ), rest AS (
        SELECT *, factor >= 1 AND begins - greatest(last_at, held_until) >= :rest_s AS rested FROM rate
    ), ready AS (
        SELECT *, CASE WHEN rested THEN :first ELSE burst END AS ready FROM rest
    ), slot AS (
        SELECT *, CASE WHEN rested AND ready >= :calls THEN CAST(:gap_s AS float8) ELSE 0 END AS gap_s,
            CASE WHEN ready >= :calls THEN begins
            ELSE greatest(begins, full_at + (:calls - 1) * spacing_s - :slack_s) END AS slot_at
        FROM ready
    )
    UPDATE account_pace SET
        turn = account_pace.turn + 1,
        seen_at = slot.now,
        full_at = greatest(slot.slot_at + slot.gap_s, slot.full_at) + :calls * slot.spacing_s,
        last_at = greatest(slot.slot_at, slot.last_at),
        burst = CASE WHEN slot.ready >= :calls THEN slot.ready - :calls ELSE 0 END
    FROM slot, (SELECT set_config('synchronous_commit', 'off', true) AS quickly) AS setting
    WHERE account_pace.account = slot.account AND slot.slot_at - slot.now <= :within_s
    RETURNING slot.now, slot.slot_at - slot.now AS wait_s, account_pace.factor, account_pace.learned,
        account_pace.held_until - slot.now AS held_s, setting.quickly
""")


@dataclass(frozen=True, slots=True)
class Taken:
    """A slot, and how the account stands. ``now``: the server's clock."""

    now: float
    wait_s: float
    factor: float
    learned: float | None
    held_s: float


def take_on_server(
    database: Database, account: str, limit: CallLimit | None, calls: int, within_s: float, *, now: float | None = None
) -> Taken | None:
    """Take slots in one piece. None: not by this way. Raises ``JournalUnusable``."""
    terms = terms_of(PaceState(), limit)
    asked = {
        "account": account,
        "now": now,
        "calls": min(calls, terms.most) if terms else calls,
        "within_s": within_s,
        "spacing_s": terms.spacing_s if terms else None,
        "slack_s": terms.slack_s if terms else 0.0,
        "first": terms.first if terms else 0,
        "rest_s": terms.rest_s if terms else inf,
        "gap_s": terms.gap_s if terms else 0.0,
    }
    with database.apart() as connection:
        row = connection.execute(_TAKE, asked).one_or_none()
    return None if row is None else Taken(row.now, row.wait_s, row.factor, row.learned, row.held_s)
