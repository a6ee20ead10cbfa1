"""The words of a report: how a domain stands, and what that means to somebody who was not there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from registrar_sync.core.run import Run, RunCommand, RunRow

Standing = str
"""How a domain stands, as a report sorts it: its outcome, or how far it is; ``by-hand``: done, and something left to a hand."""


@dataclass(frozen=True, slots=True)
class Word:
    """``said``: in two words; ``means``: in a sentence; ``tone``: its colour's name in the style sheet; ``group``: its column."""

    said: str
    means: str
    tone: str
    group: str


PERSON = ("unknown", "failed", "overdue", "held-back", "by-hand")
"""Need a person, the worst first."""
UNDER_WAY = ("begun", "watched", "todo")
GOOD = ("authoritative", "nothing-to-do")
ORDER = (*PERSON, *UNDER_WAY, "written", "cancelled", *GOOD)
"""Every standing, in the order in which they are looked at."""

GROUPS = {
    "good": "in place",
    "calm": "written",
    "idle": "under way",
    "warn": "needs a look",
    "bad": "went wrong",
    "none": "cancelled",
}
"""Columns of the table by account, by the tone of their bars."""

_HELD_BACK = Word(
    "held back", "Something stands in the way, and nothing was changed: somebody must look and decide.", "warn", "warn"
)
_COMMON: dict[Standing, Word] = {
    "unknown": Word(
        "unknown", "It broke off while writing. recover reads the zone and brings it to one of its ends.", "bad", "bad"
    ),
    "failed": Word("failed", "It did not come about. Its message says whether anything was changed.", "bad", "bad"),
    "overdue": Word("not served in time", "It is written, but not every name server answers with it yet.", "warn", "warn"),
    "held-back": _HELD_BACK,
    "by-hand": Word("left to a hand", "Written as far as the provider allows; a person must enter the rest.", "warn", "warn"),
    "begun": Word("being worked on", "Begun, and not ended yet.", "idle", "idle"),
    "watched": Word("being watched", "Written and read back; not yet seen at every name server.", "calm", "idle"),
    "todo": Word("not begun", "Still to be done.", "idle", "idle"),
    "written": Word("written", "Written and read back; nobody was to wait until it is served.", "calm", "calm"),
    "cancelled": Word("cancelled", "Not begun when the run was cancelled. Nothing was changed.", "none", "none"),
}
_OF: dict[RunCommand, dict[Standing, Word]] = {
    "enroll": {
        "authoritative": Word("protected", "Visible at every authoritative server.", "good", "good"),
        "nothing-to-do": Word("already so", "All was in place before. Nothing was changed.", "good", "good"),
    },
    "rollback": {
        "authoritative": Word("taken back", "Our part is gone at every authoritative server.", "good", "good"),
        "nothing-to-do": Word("nothing left", "Nothing of ours was there any more. Nothing was changed.", "good", "good"),
    },
}


def words_of(run: Run) -> dict[Standing, Word]:
    """What each standing is called in this run."""
    return {**_COMMON, **_OF[run.what.command]}


def in_place(run: Run) -> str:
    """What is true of a domain that stands well, after "... of 100 domains are"."""
    if run.what.command == "rollback":
        return "taken back"
    return "done as asked" if run.what.options.get("only") else "protected now"


def standing_of(row: RunRow) -> Standing:
    """How a domain stands."""
    if row.state != "done":
        return "watched" if row.state == "written" else row.state
    outcome = row.outcome or "unknown"
    left = row.told.get("left") and row.told.get("state") != "refused"
    return "by-hand" if left and outcome in (*GOOD, "written", "held-back") else outcome


def command_of(run: Run, services: Collection[str]) -> str:
    """The run in the imperative, as somebody asked for it: "Put security-mail in front of the mail". ``services``: those that its
    domains got."""
    if run.what.command == "rollback":
        return "Take back our part"
    service = " and ".join(sorted(services)) or run.what.options.get("service") or "the mail service"
    only: dict[Any, str] = {"spf": "into the SPF record", "mx": "into the MX records"}
    return f"Put {service} {only.get(run.what.options.get('only'), 'in front of the mail')}"


def lasted(seconds: float) -> str:
    """A span of time in at most two units.

    >>> [lasted(s) for s in (0.4, 59, 61, 3600, 90061)]
    ['under 1 s', '59 s', '1 min 1 s', '1 h', '1 d 1 h']
    """
    if seconds < 1:
        return "under 1 s"
    rest, parts = int(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        parts.append(f"{rest // size} {unit}" if rest >= size else "")
        rest %= size
    first = next(at for at, part in enumerate(parts) if part)
    return " ".join(part for part in parts[first : first + 2] if part)


def counted(number: int, one: str = "domain", many: str = "domains") -> str:
    """A number and its noun.

    >>> counted(1), counted(12000)
    ('1 domain', '12,000 domains')
    """
    return f"{number:,} {one if number == 1 else many}"
