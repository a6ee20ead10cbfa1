"""What the tests of the journal share: a clock set by hand, a change to record, and a process of its own."""

from __future__ import annotations

import functools
import importlib
import os
import subprocess
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from registrar_sync.core.evidence import Images, NewChange
from registrar_sync.core.model import Mx, Record, RRset
from registrar_sync.journal import SqlJournal, open_journal

PLACES = ["sqlite", "postgresql"]

# A server with an empty database, where the one in a wheel cannot run.
OWN_SERVER = "REGISTRAR_SYNC_TEST_POSTGRESQL"


@functools.cache
def postgresql() -> str:
    """The URL of a PostgreSQL, started on first use and stopped with the tests."""
    if os.environ.get(OWN_SERVER):
        return os.environ[OWN_SERVER]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a session's runtime folder, which a CI machine may lack
        try:
            pgserver = importlib.import_module("pgserver")
        except ModuleNotFoundError as missing:
            if missing.name != "pgserver":
                raise
            pytest.skip(f"pgserver has no wheel for this machine, and {OWN_SERVER} names no server")
        # Run by root, it runs as a user of its own, who must get into the folder.
        folder = Path(tempfile.mkdtemp(prefix="registrar-sync-postgresql-"))
        folder.chmod(0o755)
        server = pgserver.get_server(folder, cleanup_mode="delete")
    return str(server.get_uri())


@dataclass
class HandClock:
    """A clock that is set by hand."""

    at: datetime = field(default_factory=lambda: datetime(2025, 3, 1, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def new_change(domain: str = "example.com.", zone: str | None = None, **more: Any) -> NewChange:
    given_values: dict[str, Any] = {
        "domain": domain,
        "zone": zone or domain,
        "owner": domain,
        "provider": "ovh",
        "account": "ovh",
        "service": {"name": "security-mail", "exchanges": [["france.security-mail.net.", 3, 10]]},
        "command": "enroll",
    }
    return NewChange(**given_values | more)


def images() -> Images:
    mailgate = Record(rdata=Mx(5, "mailgate.example.com."), ttl=3600, native={"id": 17, "fieldType": "MX"})
    france = Record(rdata=Mx(3, "france.security-mail.net."), ttl=3600)
    before = RRset(owner="example.com.", rtype="MX", records=(mailgate,))
    return Images(before={"MX": before, "TXT": None}, after={"MX": before.with_records((france, mailgate)), "TXT": None})


def open_at(place: str, **more: Any) -> SqlJournal:
    return open_journal(place, default=Path("/nonexistent/journal.sqlite"), clock=HandClock(), **more)


@contextmanager
def empty_place(kind: str, folder: Path) -> Iterator[str]:
    """Where an empty journal can be made."""
    if kind == "sqlite":
        yield str(folder / "journal.sqlite")
        return
    schema, url = f"journal_{uuid4().hex}", postgresql()
    with importlib.import_module("psycopg").connect(url, autocommit=True) as server:
        server.execute(f"CREATE SCHEMA {schema}")
        yield f"{url}{'&' if '?' in url else '?'}options={quote(f'-csearch_path={schema}')}"
        server.execute(f"DROP SCHEMA {schema} CASCADE")


CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from registrar_sync.core.model import Record, RRset, Txt
from registrar_sync.journal import open_journal
from registrar_sync.core.evidence import Images, NewChange

class SystemClock:
    def now(self): return datetime.now(UTC)

def images():
    row = Record(rdata=Txt((b"v=spf1 mx ~all",)), ttl=60, native={"id": 1})
    rrset = RRset(owner="example.com.", rtype="TXT", records=(row,))
    return Images(before={"TXT": rrset}, after={"TXT": None})

def new():
    return NewChange(domain="example.com.", zone="example.com.", owner="example.com.", provider="ovh", account="ovh",
                     service={}, command="enroll")

def opened():
    return open_journal(sys.argv[1], default=Path("/nonexistent"), clock=SystemClock())
"""


def child(script: str, place: str) -> subprocess.Popen[str]:
    program = CHILD + textwrap.dedent(script)
    return subprocess.Popen([sys.executable, "-c", program, place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended_process() -> int:
    """The id of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(30)
    return process.pid


# --- fixtures; in a test module: ``place, clock, journal = journals.place, journals.clock, journals.journal`` ---------
@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a journal can be made, in each kind of database."""
    with empty_place(request.param, tmp_path) as empty:
        yield empty


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def journal(place: str, clock: HandClock) -> Iterator[SqlJournal]:
    with closing(open_journal(place, default=Path("/nonexistent"), clock=clock)) as opened:
        yield opened
