"""The journal's tables. Evidence is guarded by the database itself (see versions.py): its rows cannot be changed or deleted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcText(TypeDecorator[datetime]):
    """An aware time as ISO 8601 text in UTC: the same in every database, and readable without us."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else value.astimezone(UTC).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """From text."""
        return None if value is None else datetime.fromisoformat(value)


class UtcCount(TypeDecorator[datetime]):
    """An aware time as microseconds since 1970: the database compares and sorts it, and no collation has a say."""

    impl = BigInteger
    cache_ok = True

    @staticmethod
    def count(value: datetime) -> int:
        """The number."""
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To a number."""
        return None if value is None else self.count(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From a number."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData()

# JSON, not JSONB: JSONB refuses the octet 0, which a TXT character-string may hold, and does not keep the text.
_Json = JSON(none_as_null=True)

change = Table(
    "change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("domain", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("account", String, nullable=False),
    Column("service", _Json, nullable=False),
    Column("command", String, nullable=False),
    Column("undoes", Integer, ForeignKey("change.id")),
    Column("context", _Json, nullable=False),
    Column("at", UtcText, nullable=False),
    Index("change_domain", "domain"),
    Index("change_zone", "zone"),
    # an id is never given twice, not even after a restore by hand
    sqlite_autoincrement=True,
)

change_event = Table(
    "change_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("change_id", Integer, ForeignKey("change.id"), nullable=False),
    Column("state", String, nullable=False),
    Column("at", UtcText, nullable=False),
    Column("detail", _Json, nullable=False),
    Column("images", _Json),
    Index("change_event_change", "change_id", "id"),
    sqlite_autoincrement=True,
)


def _holder() -> tuple[Column[str] | Column[int], ...]:
    """A process, as ``holder.Holder`` names it."""
    return (
        Column("machine", String, nullable=False),
        Column("host", String, nullable=False),
        Column("user", String, nullable=False),
        Column("pid", Integer, nullable=False),
        Column("start", String, nullable=False),
    )


zone_lock = Table(
    "zone_lock",
    metadata,
    Column("zone", String, primary_key=True),
    Column("token", String, nullable=False),
    *_holder(),
    Column("acquired_at", UtcText, nullable=False),
    Column("renewed_at", UtcText, nullable=False),
    Column("expires_at", UtcText, nullable=False),
)

# A process that watches, and the lease that it holds on its rows of ``watch``: one row to renew, whatever it watches.
watcher = Table(
    "watcher",
    metadata,
    Column("token", String, primary_key=True),
    *_holder(),
    Column("renewed_at", UtcText, nullable=False),
    Column("expires_at", UtcText, nullable=False),
)

# ``token``: of the watcher that looks (NULL, or of none that lives: nobody does).
watch = Table(
    "watch",
    metadata,
    Column("change_id", Integer, ForeignKey("change.id"), primary_key=True, autoincrement=False),
    Column("token", String, index=True),
    Column("started_at", UtcText, nullable=False),
    Column("deadline_at", UtcText, nullable=False),
    Column("due_at", UtcText, nullable=False),
    Column("attempts", Integer, nullable=False),
)

# What is to be done to many domains: see core.run.
run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", String, nullable=False),
    Column("roster", String, nullable=False),
    Column("options", _Json, nullable=False),
    Column("lanes", _Json, nullable=False),
    Column("brakes", _Json, nullable=False),
    Column("undoes", Integer, ForeignKey("run.id")),
    Column("state", String, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("why", String, nullable=False),
    Column("at", UtcText, nullable=False),
    Column("ended_at", UtcText),
    sqlite_autoincrement=True,
)


def _only(state: str) -> dict[str, Any]:
    """An index over the rows in this state alone: small, and cheap to keep."""
    return {"sqlite_where": text(f"state = '{state}'")}


@event.listens_for(metadata, "before_create")
def _only_there_too(target: MetaData, connection: Connection, **given: Any) -> None:
    """The same indexes in PostgreSQL. Not said above: an option of a dialect imports it, and a file journal needs one only."""
    if connection.dialect.name == "postgresql":
        for index in run_row.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


# Without foreign keys, which would be looked up for each of a million rows: rows come with their run, and changes never go.
# ``due_at``: at first, when the run began. What a report tells comes last, so that whoever passes a row by need not read it.
run_row = Table(
    "run_row",
    metadata,
    Column("run_id", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("domain", String, nullable=False),
    Column("typed", String, nullable=False),
    Column("account", String, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("outcome", String),
    Column("epoch", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcCount, nullable=False),
    Column("to_change", Integer),
    Column("change_id", Integer),
    Column("begun_at", UtcText),
    Column("written_at", UtcText),
    Column("ended_at", UtcText),
    Column("options", _Json, nullable=False),
    Column("told", _Json, nullable=False),
    Index("run_row_lane", "run_id", "account", "lane", "wave", "due_at", "line", **_only("todo")),
    Index("run_row_due", "run_id", "wave", "due_at", **_only("todo")),
    Index("run_row_begun", "run_id", "account", "lane", "line", **_only("begun")),
    Index("run_row_written", "run_id", "line", **_only("written")),
    Index("run_row_count", "run_id", "account", "wave", "state", "outcome"),
)

# Who works on an account's lane, whatever the run. Its times are the database server's where there is one.
lane = Table(
    "lane",
    metadata,
    Column("account", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("token", String, nullable=False),
    *_holder(),
    Column("expires_at", UtcCount, nullable=False),
)

# How quickly an account may be called, by all of its lanes: see core.pace_account.PaceState. ``turn`` counts the changes,
# ``seen_at`` is the newest time at which anybody made one. Times are seconds since 1970, the server's where there is one.
account_pace = Table(
    "account_pace",
    metadata,
    Column("account", String, primary_key=True),
    Column("turn", Integer, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("full_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("burst", Integer, nullable=False),
    Column("factor", Double, nullable=False),
    Column("held_until", Double, nullable=False),
    Column("slowed_at", Double, nullable=False),
    Column("learned", Double),
    Column("since", Double, nullable=False),
    Column("made", Integer, nullable=False),
    Column("made_before", Integer, nullable=False),
)

# ``checked_at``: when a command last proved that it can write here.
schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("checked_at", UtcText),
)
