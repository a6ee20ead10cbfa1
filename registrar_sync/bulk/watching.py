"""The one loop that watches what a run has written, and writes down in the run's rows how each was seen to end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from registrar_sync.bulk.outcome import Watched, seen_news
from registrar_sync.bulk.tally import Moved
from registrar_sync.core.run import RowNews, RunBook
from registrar_sync.operations.result import Result
from registrar_sync.operations.watch import Watch

_BATCH = 200


class RunWatch:
    """``watch`` over the rows of one run, in a thread of its own. ``moved``: told of each row that ended, once that is durable.
    ``failed``: what ended the watch, if anything did."""

    def __init__(self, watch: Watch, book: RunBook, run_id: int, moved: Callable[[Moved], None]) -> None:
        self._watch = watch
        self._book = book
        self._run_id = run_id
        self._moved = moved
        self._rows: dict[int, Watched] = {}
        self._found: set[int] = set()  # by the newest look: what has ended since may not be written down yet
        self._ended: list[tuple[Watched, RowNews]] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # a lane that adds a row does not wait for the disk
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.failed: Exception | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def add(self, row: Watched, change_id: int, *, fresh: bool = False) -> None:
        """Watch a row, too, that stands as written in the journal. Twice is once. ``fresh``: this process has just written it.
        From any thread."""
        with self._lock:
            if change_id in self._rows:
                return
            self._rows[change_id] = row
        self._watch.add(change_id, fresh=fresh)

    def take_up(self) -> bool:
        """Watch what others have written, too; whether any row stands as written. For one thread."""
        rows = {row.change_id: row for row in self._book.written(self._run_id) if row.change_id is not None}
        for change_id in rows.keys() - self._found:
            self.add(Watched.of(rows[change_id]), change_id)
        self._found = set(rows)
        return bool(rows)

    def rests_s(self) -> float:
        """Seconds for which nothing is to be looked at; 0.0 while something is. From any thread."""
        return self._watch.rests_s()

    def flush(self) -> None:
        """Write down how rows ended since the last time. From any thread. Raises ``JournalUnusable``."""
        with self._writing:
            with self._lock:
                ended, self._ended = self._ended, []
            if ended:
                self._book.hear(self._run_id, [news for _, news in ended])
        for row, news in ended:
            self._moved(Moved(domain=row.domain, account=row.account, wave=row.wave, was="written", news=news))

    def stop(self) -> None:
        """Leave what still waits as it is, and write down what ended. Raises ``JournalUnusable``."""
        self._watch.stop()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        try:
            for result in self._watch.run():
                self._take(result)
        except Exception as error:  # noqa: BLE001 - told to whoever runs it
            self.failed = error

    def _take(self, result: Result) -> None:
        with self._lock:
            row = self._rows.pop(result.change_id or 0, None)
            if row is None:
                return
            self._ended.append((row, seen_news(row, result)))
            full = len(self._ended) >= _BATCH or not self._rows  # nothing more to come that it could be written down with
        if full:
            self.flush()
