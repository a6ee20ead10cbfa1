"""The report of a run: its three files, what they say, and the next command of a domain that needs a person."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.bulk import markup
from registrar_sync.bulk.report import paths_of, write_report
from registrar_sync.bulk.report_row import facts_of
from registrar_sync.bulk.report_tables import COLUMNS, cell
from registrar_sync.bulk.report_tally import MOST_GROUPS, Spans, Tally
from registrar_sync.bulk.report_words import ORDER, lasted, standing_of, words_of
from registrar_sync.core.run import Run, RunRow
from registrar_sync.errors import JournalUnusable, RegistrarSyncError, UsageError
from tests.unit import reports


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty one."""
    made = tmp_path / "reports"
    made.mkdir()
    return made


class Shown(HTMLParser):
    """What a browser without scripts shows of a page, and its elements."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.title = "", ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._in: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style", "title"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if self._in == ["title"]:
            self.title += data
        elif not self._in:
            self.text += data


def page(folder: Path, rows: list[RunRow], of: Run | None = None, **more: Any) -> Shown:
    return Shown(reports.report(folder, rows, of, **more)[0])


# --- the files ------------------------------------------------------------------------------------------------------------------
def test_three_files_are_written_that_anybody_may_read(folder: Path) -> None:
    paths = reports.report(folder, reports.mixed(30), name="report.html")
    assert [path.name for path in paths] == ["report.html", "report.csv", "report.jsonl"]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o644}


@pytest.mark.parametrize(("target", "name"), [("run.7", "run.7"), ("a.CSV", "a"), ("a.jsonl", "a"), ("a.tar", "a.tar")])
def test_a_target_is_a_name_with_or_without_an_ending(target: str, name: str) -> None:
    assert [path.name for path in paths_of(Path(target))] == [f"{name}.html", f"{name}.csv", f"{name}.jsonl"]


def test_the_json_lines_have_every_domain_exactly(folder: Path) -> None:
    odd = ["a\u202eb", "tab\there", "<b>", "=1+1"]
    rows = [reports.row(2, told={"sets": reports.sets("x.example.", more=odd)}), reports.held_back(3), reports.todo(4)]
    text = reports.report(folder, rows)[2].read_text("utf-8")
    assert text.isascii()
    one, held, later = (json.loads(line) for line in text.splitlines())
    assert one["sets"][0]["before"]["values"][1:] == odd
    assert (one["schema"], one["command"], one["run"]) == ("registrar-sync/1", "bulk report", 12)
    assert (one["domain"], one["needs_person"], one["to_authoritative_s"], one["old_ttl"]) == (
        "customer-00002.example",
        False,
        50.267,
        3600,
    )
    assert (one["begun_at"], one["written_at"]) == ("2026-03-02T08:00:06.000+00:00", "2026-03-02T08:00:08.000+00:00")
    assert held["next"][0]["command"].endswith("--accept spf-over-lookup-limit")
    assert (later["standing"], later["outcome"], later["sets"], later["old_ttl"]) == ("todo", None, [], None)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_a_row_a_domain(folder: Path) -> None:
    rows = read_csv(reports.report(folder, [reports.row(2), reports.held_back(3), reports.unknown(4)])[1])
    assert tuple(rows[0]) == COLUMNS
    assert [row["standing"] for row in rows] == ["authoritative", "held-back", "unknown"]
    assert [row["needs_person"] for row in rows] == ["no", "yes", "yes"]
    assert [row["next_command"].split()[1:2] for row in rows] == [[], ["enroll"], ["recover"]]
    assert rows[0]["mx_before"] == "10 mx1.customer-00002.example. | 20 mx2.customer-00002.example."
    assert rows[0]["mx_after"].startswith("3 france.security-mail.net. | 4 europe.security-mail.net. | 10 ")
    assert (rows[0]["txt_ttl_before"], rows[0]["to_authoritative_s"], rows[1]["findings"]) == (
        "600",
        "50.267",
        "spf-over-lookup-limit mx-already-below",
    )


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://192.0.2.1")', "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(folder: Path, text: str) -> None:
    told = {
        "message": text,
        "service": text,
        "zone": text,
        "findings": [[text, "info", text]],
        "sets": [["TXT", None, {"ttl": 1, "values": [text]}]],
    }
    path = reports.report(folder, [reports.failed(2, kind=text, hint=text, account=text, typed=text, told=told)])[1]
    (row,) = read_csv(path)
    for column in ("typed", "account", "service", "zone", "message", "hint", "error", "findings", "txt_after"):
        assert row[column] == "'" + markup.seen(text)
    assert len(path.read_text("utf-8").splitlines()) == 2


@given(st.text())
def test_a_cell_begins_no_formula_and_hides_nothing(text: str) -> None:
    shown = cell(text)
    assert shown.isprintable()
    assert not shown.startswith(("=", "+", "-", "@"))


def test_rows_are_read_once_and_no_more_is_kept_of_them_than_a_little(folder: Path) -> None:
    def peak(number: int) -> int:
        counts = reports.counts_of(reports.mixed(number))
        tracemalloc.start()
        write_report(reports.run(), counts, reports.mixed(number), folder / "report", at=reports.AT)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, many = peak(1500), peak(4000)  # more than a block of the page, each
    assert many - few < 1_000_000
    assert (folder / "report.jsonl").stat().st_size > 5_000_000


def test_a_report_that_lacks_domains_is_none(folder: Path) -> None:
    (folder / "report.html").write_text("the old one")
    counts = reports.counts_of(reports.mixed(10))
    with pytest.raises(RegistrarSyncError, match=r"counts 10 domains in run 12, and 9 could be read\. No report was written"):
        write_report(reports.run(), counts, reports.mixed(9), folder / "report", at=reports.AT)
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("report.html", "the old one")]


def test_a_journal_that_breaks_off_leaves_the_old_report(folder: Path) -> None:
    (folder / "report.csv").write_text("the old one")

    def broken() -> Iterator[RunRow]:
        yield reports.row(2)
        raise JournalUnusable("The connection is gone.")

    with pytest.raises(JournalUnusable):
        write_report(reports.run(), [], broken(), folder / "report", at=reports.AT)
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("report.csv", "the old one")]


def test_a_full_disk_leaves_the_old_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "report.jsonl").write_text("the old one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RegistrarSyncError, match=r"report\.jsonl cannot be written: No space left on device") as told:
        reports.report(folder, reports.mixed(3))
    assert "--html" not in told.value.hint
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("report.jsonl", "the old one")]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_read(folder: Path) -> None:
    (folder / "report.csv").mkdir()

    def unread() -> Iterator[RunRow]:
        raise AssertionError
        yield

    for target in (folder / "report", folder / "nowhere" / "report"):
        with pytest.raises(UsageError, match=r"is a directory|cannot be written"):
            write_report(reports.run(), [], unread(), target, at=reports.AT)
    assert [path.name for path in folder.iterdir()] == ["report.csv"]


# --- what the page says ---------------------------------------------------------------------------------------------------------
def test_the_page_needs_nobody_and_carries_its_own_policy(folder: Path) -> None:
    shown = page(folder, list(reports.mixed(300)))
    for tag, attributes in shown.elements:
        assert not {"src", "action", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert tag == "a" or "href" not in attributes
    assert {attributes["href"] for tag, attributes in shown.elements if tag == "a"} == {"#person"}
    (policy,) = [one["content"] for tag, one in shown.elements if tag == "meta" and one.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


ALL_GOOD = [reports.row(2), reports.row(3, "nothing-to-do")]
HALF = [reports.row(2), reports.held_back(3)]


@pytest.mark.parametrize(
    ("of", "rows", "told"),
    [
        (reports.run(), ALL_GOOD, "All 2 domains are protected now"),
        (reports.run(), ALL_GOOD[:1], "1 domain is protected now"),
        (reports.run(), HALF, "1 of 2 domains is protected now"),
        (reports.run(), [], "0 of 0 domains are protected now"),
        (reports.run(options={"only": "spf"}), ALL_GOOD, "All 2 domains are done as asked"),
        (reports.run(command="rollback"), ALL_GOOD, "All 2 domains are taken back"),
        (reports.run(), [reports.by_hand(2), reports.row(3)], "1 of 2 domains is protected now"),
        (reports.run(), [reports.row(2, "written"), reports.row(3)], "1 of 2 domains is protected now"),
    ],
)
def test_the_headline_counts_what_holds_and_no_more(folder: Path, of: Run, rows: list[RunRow], told: str) -> None:
    shown = page(folder, rows, of)
    assert told in shown.text
    assert shown.title.lower() == f"run 12: {told.lower()}"


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (
            reports.run(),
            [
                "Put security-mail in front of the mail of 2 domains, from customers.csv",
                "ended 2026-03-02 09:52 UTC, after 1 h 52 min",
            ],
        ),
        (reports.run(options={"only": "mx"}), ["Put security-mail into the MX records of 2 domains"]),
        (reports.run(command="rollback"), ["Take back our part of 2 domains, from run 7."]),
        (
            reports.run("paused", why="3 failures"),
            ["Paused: 3 failures. 2 of 2 domains have ended", "registrar-sync bulk resume 12"],
        ),
        (reports.run("cancelled", why="by root"), ["Cancelled: by root", "ended 2026-03-02 09:52 UTC"]),
        (
            reports.run("running"),
            ["Still going on", "As of 2026-03-02 10:05 UTC, after 2 h 5 min", "registrar-sync bulk report 12"],
        ),
    ],
)
def test_the_top_says_what_was_asked_and_how_it_went(folder: Path, of: Run, told: list[str]) -> None:
    shown = page(folder, HALF, of)
    for text in told:
        assert text in shown.text
    assert ("To take back all of this run's part: registrar-sync bulk rollback 12" in shown.text) is (of.what.command == "enroll")


def test_nobody_is_needed_where_nothing_went_wrong(folder: Path) -> None:
    assert "What needs a person\nNothing." in page(folder, ALL_GOOD).text


def test_waits_are_told_by_the_old_ttl(folder: Path) -> None:
    def wait(line: int, ttl: int | None, took: float) -> RunRow:
        before = {"ttl": ttl, "values": ["10 a."]} if ttl else None
        told = {"sets": [["MX", before, {"ttl": ttl or 300, "values": ["3 b."]}]], "old_until": "2026-03-02T12:00:00+00:00"}
        at = reports.START
        return reports.row(line, told=told, written_at=at, ended_at=at + timedelta(seconds=took))

    text = page(folder, [wait(2, 300, 4), wait(3, 300, 8), wait(4, 86400, 70), wait(5, None, 3)]).text
    assert "Half of 4 domains within 4 s, nine in ten within 1 min 10 s, all within 1 min 10 s." in text
    assert "up to 5 min24 s8 s2026-03-02 12:00 UTC" in text
    assert "up to 1 d11 min 10 s1 min 10 s2026-03-02 12:00 UTC" in text


def test_a_wait_for_caches_is_not_sold_as_one_for_servers(folder: Path) -> None:
    assert "until no cache could hold the old answer" in page(folder, ALL_GOOD, reports.run(options={"wait": "visible"})).text
    assert "until every authoritative server had it" in page(folder, ALL_GOOD).text


def test_domains_that_wait_after_an_error_are_told_of(folder: Path) -> None:
    rows = [reports.todo(2, attempts=2, told={"error": "credentials-rejected"}), reports.todo(3)]
    text = page(folder, rows, reports.run("paused")).text
    assert "Tried, and to be tried again when the run goes on: credentials-rejected (1)" in text


def test_reasons_without_end_do_not_make_groups_without_end() -> None:
    tally = Tally()
    for line in range(2, MOST_GROUPS + 50):
        tally.add(facts_of(reports.run(), reports.failed(line, kind=f"kind-{line}")))
    assert len(tally.groups) == MOST_GROUPS + 1
    assert sum(group.rows for group in tally.groups) == tally.people == MOST_GROUPS + 48


def test_every_standing_has_words_and_a_place() -> None:
    rows = [
        reports.row(2, outcome)
        for outcome in ("authoritative", "written", "nothing-to-do", "held-back", "overdue", "failed", "unknown", "cancelled")
    ]
    rows += [
        reports.by_hand(2),
        reports.row(3, told={"left": True}),
        *(reports.todo(2, state=state) for state in ("todo", "begun", "written")),
    ]
    standings = {standing_of(row) for row in rows}
    assert standings == set(ORDER) == set(words_of(reports.run())) == set(words_of(reports.run(command="rollback")))


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_shares_and_bins_are_those_of_the_definition(seconds: list[float]) -> None:
    spans, bounds = Spans(), (1, 10, 100)
    for one in seconds:
        spans.add(one)
    for share, found in zip((0.5, 0.9, 1), spans.within(0.5, 0.9, 1), strict=True):
        assert sum(one <= found for one in seconds) >= share * len(seconds)
        assert found in seconds
    assert spans.bins(bounds) == [
        sum(one <= 1 for one in seconds),
        sum(1 < one <= 10 for one in seconds),
        sum(10 < one <= 100 for one in seconds),
        sum(one > 100 for one in seconds),
    ]


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "under 1 s"), (1.9, "1 s"), (3600, "1 h"), (3661, "1 h 1 min"), (86405, "1 d")]
)
def test_spans_are_told_in_two_units_at_most(seconds: float, told: str) -> None:
    assert lasted(seconds) == told


# --- strangers' texts -----------------------------------------------------------------------------------------------------------
@given(st.text())
def test_nothing_that_cannot_be_seen_is_shown(text: str) -> None:
    assert markup.seen(text).isprintable()
    assert not {"<", '"', "'"} & set(markup.e(text))
