"""A roster as a file: its forms, what is no roster, and faults by line and column with nobody asked."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.bulk.book import Book, Entry
from registrar_sync.bulk.lines import LONGEST_LINE
from registrar_sync.bulk.roster import Located, Roster
from registrar_sync.bulk.source import opened
from registrar_sync.core.roster import Fault, Row
from registrar_sync.errors import RegistrarSyncError, RosterInvalid

DEFAULTS = {"provider": None, "account": None, "mx": "below", "all": None, "accept": ()}
OVH = {**DEFAULTS, "provider": "ovh"}


def place(options: Mapping[str, Any]) -> tuple[str, tuple[Fault, ...]]:
    """Every account exists, but one."""
    who = options.get("account") or options.get("provider") or ""
    return who, () if who not in ("", "nobody") else (Fault("provider", f"there is no provider {who!r}"),)


class Read:
    """A roster read from octets: its rows, and its faults."""

    def __init__(self, data: bytes, defaults: Mapping[str, Any] = OVH) -> None:
        self.faults: list[Located] = []
        roster = Roster(defaults=defaults, place=place, hear=self.faults.append)
        checked = roster.check(io.BytesIO(data), "r.csv")
        with closing(checked.book):
            self.form, self.header, self.left_out = checked.form, checked.header, checked.left_out
            self.entries = sorted(
                (entry for account in checked.book.accounts() for entry in checked.book.rows_of(account)), key=lambda e: e.line
            )
            assert checked.rows == len(self.entries)
            assert checked.faults == len(self.faults)

    @property
    def domains(self) -> list[str]:
        return [entry.row.domain for entry in self.entries]

    @property
    def places(self) -> list[tuple[int, str]]:
        return [(one.line, one.fault.column) for one in self.faults]


def told(data: bytes, defaults: Mapping[str, Any] = OVH) -> str:
    with pytest.raises(RosterInvalid) as raised:
        Read(data, defaults)
    assert "Nobody was asked anything" in raised.value.message
    return f"{raised.value.message} {raised.value.hint}"


# --- the three forms --------------------------------------------------------------------------------------------------------
PLAIN = b"a.test\nb.test  # moved in May\n\n# the rest\nc.test\n"
COMMAS = b'domain,mx,provider\na.test,replace,gandi\n"b.test","",""\n,,\nc.test, below ,\n'
SEMICOLONS = b"provider;domain;mx\n;a.test;replace\ngandi;b.test;\n;c.test;\n"
TABS = b"domain\tmx\na.test\treplace\nb.test\t\nc.test\t\n"
JSON = (
    b'{"domain":"a.test","mx":"replace","ttl":300,"accept":["mx-null"]}\n\n'
    b'{"domain":"b.test","merge_spf":true,"zone":null}\n{"domain":"c.test"}'
)


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (PLAIN, "plain list"),
        (COMMAS, "CSV (commas)"),
        (SEMICOLONS, "CSV (semicolons)"),
        (TABS, "CSV (tabs)"),
        (JSON, "JSON lines"),
        (b"domain\na.test\nb.test\nc.test", "CSV (commas)"),
        (b"# exported today\n\nDomain,MX\na.test,\nb.test,\nc.test,\n", "CSV (commas)"),
    ],
)
@pytest.mark.parametrize("dressed", [lambda data: data, lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")])
def test_a_form_is_told_from_its_first_line(data: bytes, form: str, dressed: Any) -> None:
    read = Read(dressed(data))
    assert (read.form, read.domains, read.faults) == (form, ["a.test.", "b.test.", "c.test."], [])


def test_cells_and_keys_say_what_options_say() -> None:
    (first, second, _), (csv, *_) = Read(JSON).entries, Read(COMMAS).entries
    assert first.row.options == {"mx": "replace", "ttl": 300, "accept": ("mx-null",)}
    assert second.row.options == {"merge_spf": True}
    assert (csv.account, csv.line) == ("gandi", 2)


def test_a_line_of_the_file_is_the_line_that_is_told() -> None:
    assert [entry.line for entry in Read(b"# one\r\n\r\ndomain,mx\r\n\r\na.test,\r\n#\r\nb.test,\r\n").entries] == [5, 7]


# --- what is no roster ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "lists no domain"),
        (b"\xef\xbb\xbf", "lists no domain"),
        (b"# nothing\n\n", "lists no domain"),
        (b"domain,mx\n", "lists no domain"),
        (b"domain,mx\n,\n,\n", "lists no domain"),
        ("domain\na.test\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00", "spreadsheet"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"%PDF-1.7\n", "PDF"),
        (bytes(range(256)) * 40, "binary"),
        (b"\0" * 50_000, "binary"),
        (b"provider,mx\novh,below\n", "no column is called domain"),
        (b"a.test,ovh\n", "no column is called domain"),
        (b"domain,mx;provider\n", "commas and semicolons"),
        (b'domain,"mx\n', "a quote is not closed"),
        (b'[{"domain": "a.test"}]', "one JSON object a line"),
        (b"b\xfccher.example\na.test\n", "save the list as UTF-8"),
        (b"x" * (LONGEST_LINE + 1), "longer than"),
    ],
)
def test_what_is_no_roster_is_told_as_what_it_is(data: bytes, what: str) -> None:
    assert what in told(data)


@pytest.mark.parametrize("data", [b"a.test\n", b"domain,mx\na.test,\n"])
def test_nobody_named_is_said_once_and_not_for_every_line(data: bytes) -> None:
    assert "--provider" in told(data, DEFAULTS)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name, what in ((str(tmp_path), "directory"), (str(tmp_path / "none.csv"), "no file"), ("a\0b", "cannot be read")):
        with pytest.raises(RosterInvalid, match=what), opened(name, None):
            pass
    with pytest.raises(RosterInvalid, match="no standard input"), opened("-", None):
        pass


def test_a_file_without_the_right_to_read_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RosterInvalid, match="Permission denied"), opened(str(tmp_path / "r.csv"), None):
        pass


def test_a_disk_that_fails_half_way_is_told() -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().readline(size)

    with pytest.raises(RosterInvalid, match="Input/output error"):
        Roster(defaults=OVH, place=place).check(Broken(b"a.test\nb.test\n"), "r.csv")


# --- faults of rows ---------------------------------------------------------------------------------------------------------
TEN_KINDS = (
    b"domain,provider,mx,ttl,accept,set-all,zone\n"
    b"good.test,,,,,,\n"
    b"exa mple,,blow,0,,,\n"  # 3: domain, mx, ttl
    b"nul\0.test,,,,,,\n"  # 4
    b"b\xfccher.test,,,,,,\n"  # 5: Latin-1
    b'"open.test,,,,,,\n'  # 6
    b"short.test,ovh\n"  # 7
    b"who.test,nobody,,,,,\n"  # 8: provider
    b"id.test,,,,mx-nul,,\n"  # 9: accept
    b"all.test,,,,,yes,\n"  # 10: set-all without all
    b"zone.test,,,,,,other.test\n"  # 11
    b"GOOD.test.,,,,,,\n"  # 12: there already
    b"cr\r.test,,,,,,\n"  # 13
    + b"x" * (LONGEST_LINE + 5)  # 14
    + b"\nlast.test,,,,,,\n"
)


def test_faults_of_every_kind_are_found_with_their_lines_and_columns() -> None:
    read = Read(TEN_KINDS)
    assert read.places == [
        *((3, "domain"), (3, "mx"), (3, "ttl"), (4, ""), (5, ""), (6, ""), (7, ""), (8, "provider"), (9, "accept")),
        *((10, "set-all"), (11, "zone"), (12, "domain"), (13, ""), (14, "")),
    ]
    assert read.domains == ["good.test.", "last.test."]
    assert read.left_out == 12


def test_an_open_quote_does_not_swallow_the_lines_after_it() -> None:
    read = Read(b'domain,mx\n"a.test,\nb.test,\nc"d.test,\n"e"f.test,\n')
    assert read.places == [(2, ""), (4, "domain"), (5, "")]
    assert read.domains == ["b.test."]


@pytest.mark.parametrize(
    "line",
    [
        '{"domain":"a.test"',
        '["a.test"]',
        '"a.test"',
        '{"domain":"a.test","domain":"b.test"}',
        '{"domain":"a.test","ttl":300.5}',
        '{"domain":"a.test","ttl":NaN}',
        '{"domain":"a.test","mx":{"below":1}}',
        '{"domain":"a.test","accept":[1]}',
        '{"domain":"a.test","priority":5}',
        '{"provider":"ovh"}',
        '{"domain":null}',
        '{"domain":"\\ud800.test"}',
        '{"domain":"a.test","ttl":' + "9" * 5000 + "}",
        '{"domain":' + "[" * 8000,
    ],
)
def test_a_line_that_is_no_object_of_a_roster_is_a_fault(line: str) -> None:
    read = Read(b'{"domain":"first.test"}\n' + line.encode() + b'\n{"domain":"last.test"}\n')
    assert {one.line for one in read.faults} == {2}
    assert read.domains == ["first.test.", "last.test."]
    json.dumps([one.fault.message for one in read.faults]).encode("ascii")


def test_a_column_that_is_not_understood_is_the_headers_fault_and_said_once() -> None:
    read = Read(b"domain,mxx,mx\na.test,below,below\nb.test,1,blow\n")
    assert read.header
    assert read.places == [(1, "mxx"), (3, "mx")]
    assert "Did you mean mx?" in read.faults[0].fault.message


def test_a_column_that_is_there_twice_is_not_guessed_at() -> None:
    assert Read(b"domain,mx,MX\na.test,below,replace\n").places == [(1, "mx")]
    assert Read(b"domain,Domain\na.test,b.test\n").places == [(1, "domain")]


# --- twins ------------------------------------------------------------------------------------------------------------------
def test_one_domain_in_two_spellings_is_found() -> None:
    read = Read("bücher.example\nxn--bcher-kva.example\nBÜCHER.example.\n".encode())
    assert read.places == [(2, "domain"), (3, "domain")]
    assert "the same domain as 'bücher.example', in line 1" in read.faults[0].fault.message
    assert read.domains == ["xn--bcher-kva.example."]


def test_of_a_domain_that_is_wanted_in_two_ways_neither_is_used() -> None:
    read = Read(b"domain,mx,provider\na.test,below,\nb.test,,\na.test,replace,gandi\na.test,below,\n")
    assert read.places == [(4, "domain"), (5, "domain")]
    assert "another account and mx: neither row is used" in read.faults[0].fault.message
    assert read.domains == ["b.test."]


def test_what_a_default_says_makes_no_difference() -> None:
    read = Read(b"domain,mx\na.test,below\na.test,\n")
    assert "neither" not in read.faults[0].fault.message
    assert read.domains == ["a.test."]


def test_names_of_one_zone_are_rows_like_others() -> None:
    assert Read(b"example.com\nwww.example.com\nmail.www.example.com\nexample.com.au\n").faults == []


# --- any octets -------------------------------------------------------------------------------------------------------------
@given(st.one_of(st.binary(max_size=300), st.text(alphabet='domain,;\t"{}:#\r\n\0.xé', max_size=200).map(str.encode)))
def test_no_octets_whatever_make_it_crash(data: bytes) -> None:
    for start in (b"", b"domain,mx\n", b'{"domain":"a.test"}\n', b"a.test\n"):
        with suppress(RosterInvalid):
            Read(start + data)


def test_a_full_disk_is_told_and_what_to_do() -> None:
    with closing(Book()) as book:
        book._base.execute("PRAGMA max_page_count = 10")
        entries = (Entry(line, Row(f"customer-{line}.example.com."), "", "ovh") for line in range(1, 5000))
        with pytest.raises(RegistrarSyncError, match="full") as raised:
            list(map(book.enter, entries))
    assert "Make room" in raised.value.hint


# --- many lines -------------------------------------------------------------------------------------------------------------
def test_rows_come_account_by_account_in_their_order() -> None:
    with closing(Book()) as book:
        for line in range(1000):
            assert book.enter(Entry(line, Row(f"d{line}.test."), "", "odd" if line % 2 else "even")) is None
        book.settle()
        assert book.accounts() == {"even": 500, "odd": 500}
        assert [entry.line for entry in book.rows_of("odd")] == list(range(1, 1000, 2))


def test_the_digest_stands_for_domain_account_state_and_plan_in_any_order() -> None:
    def digest(*done: tuple[int, str, str | None]) -> str:
        with closing(Book()) as book:
            for line in (1, 2):
                book.enter(Entry(line, Row(f"d{line}.test."), "", "ovh"))
            for line, state, plan in done:
                book.record(line, state, plan, None)
            return book.digest()

    one = digest((1, "planned", "aa"), (2, "failed", None))
    assert one == digest((2, "failed", None), (1, "planned", "aa"))
    assert len({one, digest((1, "planned", "ab"), (2, "failed", None)), digest((1, "held-back", "aa"), (2, "failed", None))}) == 3


MEMORY = """
import resource, sys
from contextlib import closing
from registrar_sync.bulk.roster import Roster

class Lines:
    def __init__(self, rows): self._names = (f"customer-{n}.example.com\\n".encode() for n in range(rows))
    def readline(self, size): return next(self._names, b"")

checked = Roster(defaults={"provider": "ovh"}, place=lambda options: ("ovh", ())).check(Lines(int(sys.argv[1])), "r")
with closing(checked.book):
    assert (checked.rows, checked.faults) == (int(sys.argv[1]), 0)
    assert sum(1 for _ in checked.book.rows_of("ovh")) == checked.rows
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def peak_kib() -> Callable[[int], int]:
    """The most memory that a process of its own took for so many rows, in KiB."""

    def run(rows: int) -> int:
        done = subprocess.run([sys.executable, "-c", MEMORY, str(rows)], capture_output=True, text=True, check=True, timeout=240)
        return int(done.stdout)

    return run


def test_what_is_kept_in_memory_does_not_grow_with_the_rows(peak_kib: Callable[[int], int]) -> None:
    """By 150,000 rows the temporary file's cache (16 MiB) is full. A million took 78 MB to check, 88 MB to go through
    ``bulk plan`` (2026-11-23)."""
    assert peak_kib(150_000) - peak_kib(1_000) < 40 * 1024
