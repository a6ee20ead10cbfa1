"""A writer that is frozen amid many rows is put out by the server: nobody else waits for it for long."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registrar_sync.core.run import NewRow, NewRun
from registrar_sync.journal import open_journal
from tests.unit.journals import HandClock, child, empty_place

FREEZES_IN_A_LIST = """
from psycopg import adapters
from psycopg.types.numeric import Int4Dumper
from sqlalchemy import text
from registrar_sync.journal.database import Database
from registrar_sync.journal.location import parse_location

class Freezing(int): pass

class Dumper(Int4Dumper):
    def dump(self, number):
        os.kill(os.getpid(), signal.SIGSTOP)
        return super().dump(int(number))

adapters.register_dumper(Freezing, Dumper)
with Database(parse_location(sys.argv[1], Path("/nonexistent")), busy_timeout_s=1.0).write() as connection:
    rows = [*({"number": number} for number in range(100, 120)), {"number": Freezing(120)}]
    connection.execute(text("INSERT INTO schema_version (version) VALUES (:number)"), rows)
"""

FREEZES_IN_A_ROSTER = """
from registrar_sync.core.run import NewRow, NewRun

def rows():
    for line in range(3000):
        yield NewRow(line=line, domain=f"d{line}.test.", typed=f"d{line}.test", account="ovh", lane=0)
    os.kill(os.getpid(), signal.SIGSTOP)

journal = open_journal(sys.argv[1], default=Path("/nonexistent"), clock=SystemClock(), busy_timeout_s=1.0)
journal.run_book().create(NewRun(command="enroll", roster="f.csv", options={}, lanes={"ovh": 1}), rows())
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[str]:
    with empty_place("postgresql", tmp_path) as place:
        yield place


@pytest.mark.parametrize("script", [FREEZES_IN_A_LIST, FREEZES_IN_A_ROSTER], ids=["list", "roster"])
def test_others_go_on_when_a_writer_is_frozen_amid_many_rows(place: str, script: str) -> None:
    with closing(open_journal(place, default=Path("/nonexistent"), clock=HandClock())) as journal:
        book = journal.run_book()
        frozen = child(script, place)
        try:
            _, status = os.waitpid(frozen.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), "it froze"
            # it waits for the other's end, at most as long as that may be idle
            rows = [NewRow(line=1, domain="d.test.", typed="d.test", account="ovh", lane=0)]
            ours = book.create(NewRun(command="enroll", roster="ours.csv", options={}, lanes={"ovh": 1}), rows)
            assert [run.id for run in book.runs()] == [ours]
        finally:
            frozen.send_signal(signal.SIGKILL)
            frozen.communicate()
