"""One row of a roster: what it means, and every fault of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registrar_sync.core import names
from registrar_sync.core.guard import KINDS
from registrar_sync.core.roster import Fault, Row, faults_of_header, faults_together, parse_row, render_row
from registrar_sync.core.roster_columns import COLUMNS, DOMAIN, FLAGS, column_name, option_of
from registrar_sync.operations.request import request_of

TEN_FAULTS = {
    "domain": "exa mple",
    "provider": "x" * 300,
    "mx": "blow",
    "all": "hard",
    "only": "both",
    "ttl": "0",
    "accept": "mx-nul",
    "merge-spf": "maybe",
    "renumber": "all",
    "zone": "-bad.test",
    "priority": "5",
}

WHO = ("provider", "account", "service")

texts = st.text(alphabet=st.characters(), max_size=40)
words = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=20)
labels = st.from_regex(r"[a-z]([a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
domains = st.lists(labels, min_size=2, max_size=4).map(".".join)
values: Mapping[str, st.SearchStrategy[Any]] = {
    "provider": words,
    "account": words,
    "service": words,
    "mx": st.sampled_from(["below", "replace"]),
    "all": st.sampled_from(["fail", "softfail", "neutral"]),
    "only": st.sampled_from(["spf", "mx"]),
    "ttl": st.integers(min_value=1, max_value=2**31 - 1),
    "accept": st.lists(st.sampled_from(sorted(KINDS)), min_size=1, unique=True).map(lambda ids: tuple(sorted(ids))),
    "renumber": st.sampled_from(["no", "shift", "compact"]),
    **{option_of(flag): st.booleans() for flag in FLAGS},
}


@st.composite
def rows(draw: st.DrawFn) -> Row:
    domain = draw(domains)
    options = draw(st.fixed_dictionaries({}, optional=dict(values)))
    if draw(st.booleans()):
        options["zone"] = draw(st.sampled_from([names.display(name) for name in names.ancestors(domain + ".")]))
    return Row(domain + ".", options)


def columns(faults: tuple[Fault, ...]) -> list[str]:
    return [fault.column for fault in faults]


# --- properties -----------------------------------------------------------------------------------------------------------
@given(rows())
def test_a_row_that_is_written_is_read_as_the_same_row(row: Row) -> None:
    assert parse_row(render_row(row)) == (row, ())


@given(st.dictionaries(st.one_of(st.sampled_from([DOMAIN, *COLUMNS]), texts), texts))
@example({"domain": "\ud800.test", "accept": ",", "ttl": "٣", "provider": "a\x00b"})
@example({"domain": "xn--.test", "zone": "İ.test"})
def test_no_text_whatever_makes_it_crash(cells: dict[str, str]) -> None:
    row, faults = parse_row(cells)
    assert row is not None or faults
    if row is not None:
        list(faults_together(row.over({"set_all": True})))
    assert all(len(fault.message) <= 300 for fault in faults)


@given(rows())
def test_what_a_roster_accepts_an_operation_accepts(row: Row) -> None:
    """No fault is left to be found when hundreds of domains are under way."""
    options: dict[str, Any] = {**row.options}
    if not list(faults_together(row)):
        request_of(row.domain, **{name: value for name, value in options.items() if name not in WHO})


@given(rows())
def test_the_columns_of_a_written_row_make_a_header_without_fault(row: Row) -> None:
    assert list(faults_of_header(render_row(row))) == []


# --- every fault ------------------------------------------------------------------------------------------------------------
def test_every_fault_of_a_row_is_found_and_not_only_the_first() -> None:
    row, faults = parse_row(TEN_FAULTS)
    assert row is None
    assert sorted(columns(faults)) == sorted(TEN_FAULTS)


@pytest.mark.parametrize("column", sorted(set(TEN_FAULTS) - {"domain", "priority"}))
def test_a_fault_names_what_was_said(column: str) -> None:
    row, (fault,) = parse_row({"domain": "example.com", column: TEN_FAULTS[column]})
    assert row is not None
    assert fault.column == column
    assert TEN_FAULTS[column][:20] in fault.message


def test_a_column_that_is_almost_one_is_answered_with_the_nearest() -> None:
    _, faults = parse_row({"domain": "example.com", "provdier": "ovh"})
    assert "Did you mean provider?" in faults[0].message


def test_a_character_that_nobody_sees_is_named() -> None:
    _, faults = parse_row({"domain": "exam\u200bple.com", "account": "a\x1b[31mb"})
    assert [("U+200B" in fault.message or "U+001B" in fault.message) for fault in faults] == [True, True]


def test_options_that_do_not_go_together_are_faults_of_their_columns() -> None:
    row, _ = parse_row({"domain": "example.com", "zone": "example.org", "set-all": "yes"})
    assert row is not None
    assert columns(tuple(faults_together(row))) == ["zone", "set-all"]
    assert columns(tuple(faults_together(row.over({"all": "fail"})))) == ["zone"]


def test_a_zone_is_a_zone_on_a_label_boundary_only() -> None:
    row, _ = parse_row({"domain": "notexample.com", "zone": "example.com"})
    assert row is not None
    assert columns(tuple(faults_together(row))) == ["zone"]


def test_a_header_is_judged_whole() -> None:
    faults = list(faults_of_header(["provider", "mxx", "", "provider"]))
    assert columns(tuple(faults)) == ["mxx", "", "provider", "domain"]


# --- what a row means ---------------------------------------------------------------------------------------------------------
def test_case_blanks_and_the_final_dot_do_not_matter() -> None:
    row, faults = parse_row({"domain": " Example.COM. ", "mx": " Replace ", "merge-spf": "TRUE", "set-all": "0"})
    assert (row, faults) == (Row("example.com.", {"mx": "replace", "merge_spf": True, "set_all": False}), ())


def test_a_name_in_any_script_is_the_name_in_the_dns() -> None:
    row, _ = parse_row({"domain": "Bücher.example"})
    assert row is not None
    assert row.domain == "xn--bcher-kva.example."


@pytest.mark.parametrize("text", ["mx-null;spf-lookup-limit", "mx-null, spf-lookup-limit", " spf-lookup-limit|mx-null mx-null"])
def test_several_findings_stand_in_one_cell(text: str) -> None:
    ids = ("mx-null", "spf-lookup-limit") if "spf-lookup-limit" in KINDS else ("mx-null", "spf-over-lookup-limit")
    row, faults = parse_row({"domain": "example.com", "accept": text.replace("spf-lookup-limit", ids[1])})
    assert faults == ()
    assert row is not None
    assert row.options["accept"] == ids


def test_a_row_says_more_than_the_defaults_and_no_is_said_too() -> None:
    row = Row("example.com.", {"mx": "replace", "dedupe": False})
    assert row.over({"mx": "below", "dedupe": True, "ttl": 300}).options == {"mx": "replace", "dedupe": False, "ttl": 300}


def test_a_row_that_names_its_account_wants_no_default_provider() -> None:
    """They would be of two vendors."""
    defaults = {"provider": "ovh", "account": "ovh-customers"}
    assert Row("a.test.", {"account": "mine"}).over(defaults).options == {"account": "mine"}
    assert Row("a.test.", {"provider": "gandi"}).over(defaults).options == {"provider": "gandi"}
    assert Row("a.test.", {}).over(defaults).options == defaults


@pytest.mark.parametrize("text", [" Merge_SPF ", "merge-spf", "MERGE-SPF"])
def test_a_column_may_be_written_in_several_ways(text: str) -> None:
    assert column_name(text) == "merge-spf"
