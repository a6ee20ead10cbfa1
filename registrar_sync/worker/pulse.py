"""Signs of life in the queue's tables, read by a connection of its own: it tells the truth also when the worker's hang."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass

import psycopg

from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.failures import unusable
from registrar_sync.worker.connection import connected
from registrar_sync.worker.jobs import LANES

# the lanes' jobs of all accounts together
_JOBS = "SELECT split_part(queue_name, '/', 1), status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2"
_ALIVE = "last_heartbeat > now() - interval '1 minute'"
# each worker process says so for each of its queues, at the same time
_WORKERS = f"SELECT count(*) FILTER (WHERE {_ALIVE}), extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"  # noqa: S608
_QUEUES = 3
_OWN = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the queue's tables say. ``newest_s``: seconds since any worker said that it lives."""

    jobs: dict[tuple[str, str], int]
    workers: int
    newest_s: float | None


class Pulse:
    """Reads them. Thread-safe."""

    def __init__(self, conninfo: str, shown: str) -> None:
        self._conninfo = conninfo
        self._shown = shown
        self._lock = threading.Lock()

    def read(self) -> Seen:
        """How the queue stands. Raises ``JournalUnusable``."""
        with self._lock, _Told(self._shown), connected(self._conninfo) as connection:
            jobs = {(str(queue), str(state)): int(many) for queue, state, many in connection.execute(_JOBS)}
            many, newest = connection.execute(_WORKERS.encode()).fetchone() or (0, None)
        return Seen(jobs={(LANES, "todo"): 0, **jobs}, workers=-(-many // _QUEUES), newest_s=_seconds(newest))

    def own_age_s(self, worker_ids: Collection[int]) -> float | None:
        """Seconds since one of these said that it lives; None: none of them is in the table. Raises ``JournalUnusable``."""
        with self._lock, _Told(self._shown), connected(self._conninfo) as connection:
            row = connection.execute(_OWN, (list(worker_ids),)).fetchone()
        return _seconds(row[0]) if row else None


class _Told:
    """Turns the driver's errors into ours."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *rest: object) -> None:
        if isinstance(error, psycopg.Error):
            raise _unusable(self._shown, error) from error


def _unusable(shown: str, error: psycopg.Error) -> JournalUnusable:
    return unusable(shown, " ".join(str(error).split()), "Check the database server.")


def _seconds(value: object) -> float | None:
    return None if value is None else float(str(value))
