"""What a run over a roster keeps while it lasts: rows, twins, results. On disk, so that a million rows take little memory.

A temporary SQLite database of this process alone (https://sqlite.org/inmemorydb.html#temp_db): it has no name in the file
system and goes when it is closed. It is no journal; nothing in it outlives the command.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from registrar_sync.core.roster import Row
from registrar_sync.errors import RegistrarSyncError

_CACHE_KIB = 16 * 1024
_PAGE = 200  # rows read at a time
_TABLES = """
CREATE TABLE rows (line INTEGER PRIMARY KEY, domain TEXT NOT NULL UNIQUE, typed TEXT, account TEXT NOT NULL, said TEXT NOT NULL,
                   place INTEGER NOT NULL, out INTEGER NOT NULL DEFAULT 0);
CREATE TABLE done (line INTEGER PRIMARY KEY, state TEXT NOT NULL, digest TEXT, shown TEXT);
"""
_ENTER = """
INSERT INTO rows (line, domain, typed, account, said, place) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (domain) DO NOTHING
"""
_BY_DOMAIN = "SELECT line, domain, typed, account, said FROM rows WHERE domain = ?"
_BY_ACCOUNT = """
SELECT line, domain, typed, account, said FROM rows WHERE out = 0 AND account = ? AND line > ? ORDER BY line LIMIT ?
"""
_BY_LINE = "SELECT line, domain, typed, account, said FROM rows WHERE out = 0 AND line > ? ORDER BY line LIMIT ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row in its place: the line it stands in, its domain as somebody typed it, and the account that it goes to."""

    line: int
    row: Row
    typed: str
    account: str


class Book:
    """Rows and results of one run. For one thread. Close it. Raises ``RegistrarSyncError`` where the disk is full."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        for pragma in (f"cache_size=-{_CACHE_KIB}", "journal_mode=OFF", "synchronous=OFF"):
            self._base.execute(f"PRAGMA {pragma}")
        self._base.executescript(_TABLES)
        self._base.execute("BEGIN")
        self._entered = Counter[str]()  # by account

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    # --- rows ---------------------------------------------------------------------------------------------------------------
    def enter(self, entry: Entry) -> Entry | None:
        """Keep a row; the entry that has its domain already, if there is one (then the new one is not kept)."""
        said = json.dumps(dict(entry.row.options), sort_keys=True)
        values = (entry.line, entry.row.domain, entry.typed, entry.account, said, self._entered[entry.account])
        with _on_disk():
            if self._base.execute(_ENTER, values).rowcount:
                self._entered[entry.account] += 1
                return None
            return _entry(self._base.execute(_BY_DOMAIN, (entry.row.domain,)).fetchone())

    def leave_out(self, line: int) -> bool:
        """The row of this line is not to be worked on; whether it was to be until now."""
        with _on_disk():
            return bool(self._base.execute("UPDATE rows SET out = 1 WHERE line = ? AND out = 0", (line,)).rowcount)

    def settle(self) -> None:
        """All rows are entered: make ready for reading them by account."""
        with _on_disk():
            self._base.execute("CREATE INDEX by_account ON rows (account, line) WHERE out = 0")

    def accounts(self) -> dict[str, int]:
        """The accounts that have rows, and how many."""
        return dict(self._base.execute("SELECT account, count(*) FROM rows WHERE out = 0 GROUP BY account ORDER BY account"))

    def has(self, domain: str) -> bool:
        """Whether there is a row of this domain, absolute."""
        return self._base.execute("SELECT 1 FROM rows WHERE domain = ?", (domain,)).fetchone() is not None

    def place_of(self, domain: str, account: str) -> int | None:
        """Which of the account's rows this domain is, as they were entered, from 0; None where it is none of them."""
        found = self._base.execute("SELECT place FROM rows WHERE domain = ? AND account = ?", (domain, account)).fetchone()
        return found[0] if found else None

    def first_of(self, account: str, count: int) -> list[Entry]:
        """An account's first rows."""
        return [_entry(found) for found in self._base.execute(_BY_ACCOUNT, (account, -1, count))]

    def services(self) -> list[tuple[str, str | None, str | None]]:
        """The services that rows name (None: the usual one) with the part that is wanted, each with an account that has it."""
        said = "json_extract(said, '$.service'), json_extract(said, '$.only')"
        found = self._base.execute(f"SELECT min(account), {said} FROM rows WHERE out = 0 GROUP BY 2, 3")  # noqa: S608 - no input
        return [(account, service, only) for account, service, only in found]

    def rows(self) -> Iterator[Entry]:
        """All rows in the order of their lines."""
        line = -1
        while page := self._base.execute(_BY_LINE, (line, _PAGE)).fetchall():
            yield from (_entry(found) for found in page)
            line = page[-1][0]

    def rows_of(self, account: str) -> Iterator[Entry]:
        """An account's rows in the order of their lines."""
        line = -1
        while page := self._base.execute(_BY_ACCOUNT, (account, line, _PAGE)).fetchall():
            yield from (_entry(found) for found in page)
            line = page[-1][0]

    # --- results ------------------------------------------------------------------------------------------------------------
    def record(self, line: int, state: str, digest: str | None, shown: dict[str, Any] | None) -> None:
        """Keep what became of a row; ``shown``: what a page tells of it."""
        text = json.dumps(shown) if shown is not None else None
        with _on_disk():
            self._base.execute("INSERT INTO done VALUES (?, ?, ?, ?)", (line, state, digest, text))

    def digest(self) -> str:
        """SHA-256, in hexadecimal, over a line for each domain, sorted: domain, account, state, its plan's digest or "-"."""
        whole = hashlib.sha256()
        query = "SELECT domain, account, state, digest FROM rows JOIN done USING (line) ORDER BY domain"
        for domain, account, state, digest in self._base.execute(query):
            whole.update(f"{domain} {account} {state} {digest or '-'}\n".encode())
        return whole.hexdigest()

    def shown(self) -> Iterator[dict[str, Any]]:
        """What the page tells of each domain, sorted by domain."""
        for (text,) in self._base.execute("SELECT shown FROM rows JOIN done USING (line) ORDER BY domain"):
            if text is not None:
                yield json.loads(text)


def _entry(found: tuple[Any, ...]) -> Entry:
    line, domain, typed, account, said = found
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(said).items()}
    return Entry(line, Row(domain, options), typed, account)


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RegistrarSyncError(
            f"The rows could not be kept in a temporary file ({error}). Nothing was changed.",
            hint="Make room on the disk of the temporary files, or name another with SQLITE_TMPDIR.",
        ) from error
