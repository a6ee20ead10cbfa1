"""What a report knows of one domain: one flat JSON object, from which the page and the tables are made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from registrar_sync.bulk.report_next import steps
from registrar_sync.bulk.report_words import PERSON, standing_of
from registrar_sync.core import names
from registrar_sync.core.run import Run, RunRow
from registrar_sync.operations.result import SCHEMA

Facts = dict[str, Any]


def facts_of(run: Run, row: RunRow) -> Facts:
    """A domain as ``report.jsonl`` tells it. Times are UTC (ISO 8601), spans and TTLs seconds."""
    told, standing = row.told, standing_of(row)
    sets = [{"type": rtype, "before": before, "after": after} for rtype, before, after in told.get("sets") or ()]
    return {
        "schema": SCHEMA,
        "command": "bulk report",
        "run": run.id,
        "line": row.what.line,
        "domain": names.display(row.what.domain),
        "typed": row.what.typed,
        "provider": told.get("provider"),
        "account": row.what.account,
        "zone": names.display(told["zone"]) if told.get("zone") else None,
        "service": told.get("service"),
        "state": row.state,
        "outcome": row.outcome,
        "standing": standing,
        "needs_person": standing in PERSON,
        "next": [{"why": step.why, "command": step.command} for step in steps(run, row)],
        "message": told.get("message") or "",
        "hint": told.get("hint") or "",
        "error": told.get("error"),
        "findings": [{"id": id_, "severity": severity, "message": text} for id_, severity, text in told.get("findings") or ()],
        "sets": sets,
        "change_id": row.change_id,
        "wave": row.what.wave,
        "attempts": row.attempts,
        "api_calls": told.get("api_calls") or 0,
        **_times(row),
        "old_ttl": _old_ttl(sets),
        "old_until": told.get("old_until"),
        "left": bool(told.get("left")),
    }


def _times(row: RunRow) -> Facts:
    took = None
    if row.outcome == "authoritative" and row.written_at is not None and row.ended_at is not None:
        took = round(max((row.ended_at - row.written_at).total_seconds(), 0.0), 3)
    return {
        "due_at": _utc(row.due_at) if row.state == "todo" else None,
        "begun_at": _utc(row.begun_at),
        "written_at": _utc(row.written_at),
        "ended_at": _utc(row.ended_at),
        "to_authoritative_s": took,
    }


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds") if at else None


def _old_ttl(sets: list[dict[str, Any]]) -> int | None:
    """The longest TTL that an old answer had: so long a cache may go on with it."""
    old = [one["before"]["ttl"] for one in sets if one["before"] and one["before"] != one["after"]]
    return max(old, default=None)
