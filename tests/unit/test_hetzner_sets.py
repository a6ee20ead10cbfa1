"""Which calls bring a Hetzner RRset from what it is to what it is to be, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from registrar_sync.providers.adapters.hetzner_sets import row_of, rows_of, steps
from registrar_sync.providers.rows import Row, RowEdit, UnusableAnswer
from registrar_sync.providers.shapes import RRsetWrite

ZONE_TTL = 86400


def row(value: str, ttl: int | None = 600, comment: str = "") -> Row:
    native = {"name": "@", "type": "MX", "ttl": ttl, "labels": {"a": "b"}, "protection": {}, "value": value, "comment": comment}
    return row_of(native, ZONE_TTL)


def new(value: str, ttl: int = 600) -> Row:
    return Row(rtype="MX", content=value, ttl=ttl)


def change(before: list[Row], after: list[Row], ttl: int | None) -> list[tuple[str, Any]]:
    edits = [RowEdit(before=old, after=None, keeps=False) for old in before]
    edits += [RowEdit(before=None, after=wanted, keeps=False) for wanted in after]
    write = RRsetWrite(owner="example.com.", rtype="MX", ttl=ttl, edits=tuple(edits))
    return [(step.what, step.body.get("ttl", len(step.body.get("records", [])))) for step in steps(write, ZONE_TTL)]


@pytest.mark.parametrize(
    ("before", "after", "ttl", "calls"),
    [
        ([], [new("1 a.")], 600, [("create", 600)]),
        ([], [row("1 a.", None)], ZONE_TTL, [("create", None)]),
        ([row("1 a.")], [], None, [("delete", 0)]),
        ([row("1 a.")], [row("1 a."), new("2 b.")], 600, [("set_records", 2)]),
        ([row("1 a.")], [row("1 a.")], 600, []),
        ([row("1 a.")], [row("1 a.")], 300, [("change_ttl", 300)]),
        ([row("1 a.")], [new("2 b.")], 300, [("change_ttl", 300), ("set_records", 1)]),
        ([row("1 a.")], [new("2 b.")], 900, [("set_records", 1), ("change_ttl", 900)]),
        ([row("1 a.", None)], [new("2 b.", ZONE_TTL)], ZONE_TTL, [("set_records", 1)]),
        ([row("1 a.", None)], [row("1 a.", None)], 300, [("change_ttl", 300)]),
        ([row("1 a.", 300)], [row("1 a.", None)], ZONE_TTL, [("change_ttl", None)]),
        ([row("1 a.", ZONE_TTL)], [row("1 a.", ZONE_TTL)], ZONE_TTL, []),
        ([row("1 a.", 300)], [row("1 a.", None)], 900, [("change_ttl", 900)]),
        ([row("1 a.")], [row("1 a.", comment="new")], 600, [("set_records", 1)]),
    ],
)
def test_the_calls_and_their_order(before: list[Row], after: list[Row], ttl: int | None, calls: list[Any]) -> None:
    assert change(before, after, ttl) == calls


def test_a_value_that_takes_anothers_place_keeps_its_comment() -> None:
    edit = RowEdit(before=row("5 a.", comment="ours"), after=new("9 a."), keeps=False)
    write = RRsetWrite(owner="example.com.", rtype="MX", ttl=600, edits=(edit,))
    assert steps(write, ZONE_TTL)[0].body == {"records": [{"value": "9 a.", "comment": "ours"}]}


def test_a_set_that_comes_back_has_its_labels_again() -> None:
    write = RRsetWrite(owner="example.com.", rtype="MX", ttl=600, edits=(RowEdit(before=None, after=row("5 a."), keeps=False),))
    assert steps(write, ZONE_TTL)[0].body["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    "rrset",
    [
        {"name": "@", "type": "MX", "records": []},
        {"name": "@", "type": "MX", "ttl": 60, "records": [{}]},
        {"name": "@", "type": "MX", "ttl": 60, "labels": [1], "records": []},
        {"name": "@", "ttl": 60, "records": []},
    ],
)
def test_a_set_that_is_not_as_documented_is_no_answer(rrset: dict[str, Any]) -> None:
    with pytest.raises(UnusableAnswer):
        rows_of(rrset)
