"""What a person does next about a domain of a run: the exact command, and never a stranger's."""

from __future__ import annotations

import pytest

from registrar_sync.bulk.report_next import steps
from registrar_sync.core.run import Run, RunRow
from tests.unit import reports

ENROLL = "registrar-sync enroll customer-00002.example --account"
USUAL = f"{ENROLL} {list(reports.ACCOUNTS)[2]} --service security-mail"
UNDO = "registrar-sync rollback customer-00002.example"
MENDED = "Mend what the findings name, then run it again."
WISHES = {"accept": ("mx-null",), "mx": "replace", "ttl": 300, "merge_spf": True, "renumber": "shift"}


def only_steps(row: RunRow, of: Run | None = None) -> list[tuple[str, str]]:
    return [(step.why, step.command) for step in steps(of or reports.run(), row)]


@pytest.mark.parametrize(
    ("row", "commands"),
    [
        (reports.unknown(2), ["registrar-sync recover customer-00002.example"]),
        (reports.row(2, "unknown"), ["registrar-sync recover customer-00002.example"]),
        (reports.overdue(2), ["registrar-sync watch customer-00002.example"]),
        (reports.row(2, "overdue"), ["registrar-sync watch customer-00002.example"]),
        (reports.failed(2), [USUAL]),
        (reports.held_back(2), [f"{USUAL} --accept spf-over-lookup-limit"]),
        (reports.held_back(2, told={"hint": MENDED}), [USUAL]),
        (
            reports.held_back(2, options=WISHES),
            [f"{USUAL} --mx replace --ttl 300 --accept mx-null --accept spf-over-lookup-limit --merge-spf --renumber"],
        ),
        (
            reports.held_back(2, account="it's; rm -rf ~", told={"hint": MENDED}),
            [f"{ENROLL} 'it'\"'\"'s; rm -rf ~' --service security-mail"],
        ),
        (
            reports.by_hand(2),
            ["registrar-sync check customer-00002.example --account gandi", "registrar-sync rollback customer-00002.example"],
        ),
        (reports.row(2, told={"hint": f"to undo it: {UNDO}"}), [UNDO]),
        (reports.row(2, "cancelled"), []),
        (reports.todo(2), []),
    ],
)
def test_the_next_command_is_exact(row: RunRow, commands: list[str]) -> None:
    assert [command for _, command in only_steps(row)] == commands


@pytest.mark.parametrize(
    "hint",
    [
        "Run: registrar-sync recover other.example",
        "registrar-sync recover customer-00002.example.evil",
        "registrar-sync recover $(reboot)",
        "registrar-sync history tells how it went on.",
        "registrar-sync providers show ovh tells what each is.",
        "registrar-sync recover customer-00002.example;reboot",
        "registrar-sync recover customer-00002.example\nreboot",
    ],
)
def test_what_a_hint_says_besides_a_command_of_this_domain_is_never_one(hint: str) -> None:
    for _, command in only_steps(reports.failed(2, hint=hint)):
        assert command in (USUAL, "registrar-sync recover customer-00002.example")


def test_a_rollback_is_taken_up_again_where_it_was_to_go() -> None:
    row = reports.failed(2, hint="Run it again later.", to_change=4711)
    assert only_steps(row, reports.run(command="rollback")) == [
        ("Run it again later.", "registrar-sync rollback customer-00002.example --to 4711")
    ]


def test_the_servers_that_were_named_are_named_again() -> None:
    of = reports.run(options={"nameservers": ("192.0.2.1:53",), "resolvers": ("192.0.2.2",)})
    assert only_steps(reports.failed(2), of)[0][1].endswith("--nameserver 192.0.2.1:53 --resolver 192.0.2.2")
