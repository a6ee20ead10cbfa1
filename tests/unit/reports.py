"""Runs that were never run, for reports: every way in which a domain can stand, with what an operation tells of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from registrar_sync.bulk.report import write_report
from registrar_sync.core.run import Brakes, Count, NewRow, NewRun, Outcome, Run, RunCommand, RunRow, RunState

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
AT = START + timedelta(hours=2, minutes=5)
ACCOUNTS = {
    "ovh-main": "ovh",
    "gandi": "gandi",
    "ionos-resellers": "ionos",
    "powerdns-west": "powerdns",
    "powerdns-east": "powerdns",
}
_OLD_TTLS = (300, 300, 600, 3600, 3600, 3600, 10800, 14400, 43200, 86400, 172800)
_OURS = ("3 france.security-mail.net.", "4 europe.security-mail.net.")
_INCLUDE = "include:includespf.security-mail.net"


def run(
    state: RunState = "ended", *, command: RunCommand = "enroll", why: str = "", options: dict[str, Any] | None = None
) -> Run:
    """A run of yesterday's roster."""
    ended = START + timedelta(hours=1, minutes=52) if state in ("ended", "cancelled") else None
    said = {"service": "security-mail", "mx": "below", "wait": "authoritative", **(options or {})}
    lanes = dict.fromkeys(ACCOUNTS, 4)
    what = NewRun(command=command, roster="customers.csv", options=said, lanes=lanes, brakes=Brakes(canary=5, wave=500))
    if command == "rollback":
        what = NewRun(command=command, roster="run 7", options={}, lanes=lanes, undoes=7)
    return Run(id=12, what=what, state=state, wave=4, why=why, at=START, ended_at=ended)


def sets(domain: str, ttl: int = 3600, *, more: Iterable[str] = ()) -> list[list[Any]]:
    """TXT and MX of a domain, before and after an enrolment."""
    texts = [f"v=spf1 include:spf.protection.outlook.com ip4:192.0.2.{len(domain)} -all", *more]
    grown = [texts[0].replace("v=spf1", f"v=spf1 {_INCLUDE}"), *more]
    hosts = [f"10 mx1.{domain}", f"20 mx2.{domain}"]
    return [
        ["TXT", {"ttl": ttl, "values": texts}, {"ttl": ttl, "values": grown}],
        ["MX", {"ttl": ttl, "values": hosts}, {"ttl": ttl, "values": [*_OURS, *hosts]}],
    ]


def row(line: int, outcome: Outcome | None = "authoritative", **more: Any) -> RunRow:
    """A row; ``told`` is laid over what is usual, and every other word goes into the row or into what it is of."""
    account = more.pop("account", list(ACCOUNTS)[line % len(ACCOUNTS)])
    domain = more.pop("domain", f"customer-{line:05}.example.")
    ttl, took = _OLD_TTLS[line % len(_OLD_TTLS)], 1.5 + (line * 7919 % 97) ** 1.6 / 4
    what = {name: more.pop(name) for name in ("typed", "options", "wave", "to_change") if name in more}
    told = {
        "state": outcome,
        "error": None,
        "message": "",
        "hint": "",
        "provider": ACCOUNTS.get(account),
        "zone": domain,
        "service": "security-mail",
        "findings": [],
        "sets": sets(domain, ttl),
        "api_calls": 3,
        "elapsed_s": took,
        "old_until": None,
        "left": False,
        **more.pop("told", {}),
    }
    begun = START + timedelta(seconds=line * 3)
    times: dict[str, Any] = {"begun_at": begun, "ended_at": begun + timedelta(seconds=2)}
    if outcome in ("authoritative", "overdue", "written"):
        written = begun + timedelta(seconds=2)
        times |= {"written_at": written, "ended_at": written + timedelta(seconds=took)}
        told["old_until"] = told["old_until"] or (written + timedelta(seconds=ttl)).isoformat()
    usual = {"state": "done", "epoch": 1, "attempts": 1, "change_id": 4000 + line, **times, **more}
    new = NewRow(line=line, domain=domain, typed=what.pop("typed", domain), account=account, lane=line % 4, **what)
    return RunRow(run_id=12, what=new, outcome=outcome, told=told, **usual)


def held_back(line: int, **more: Any) -> RunRow:
    """Held back by a finding that may be accepted."""
    text = "With the include the record needs 12 look-ups, and RFC 7208 allows 10: receivers would take none of it."
    told = {
        "message": "Held back by 1 finding. Nothing was changed.",
        "hint": "If each of them is right for this domain, run it again with --accept spf-over-lookup-limit",
        "findings": [["spf-over-lookup-limit", "block", text], ["mx-already-below", "info", "There is room below 10."]],
    }
    return row(line, "held-back", told={**told, **more.pop("told", {})}, change_id=None, **more)


def failed(line: int, kind: str = "provider-unavailable", hint: str = "Run it again later.", **more: Any) -> RunRow:
    """Nothing was changed."""
    text = "The API answered 503 three times in a row. Nothing was changed."
    told = {"error": kind, "message": text, "hint": hint, "sets": []}
    return row(line, "failed", told={**told, **more.pop("told", {})}, change_id=None, attempts=4, **more)


def unknown(line: int, **more: Any) -> RunRow:
    """Broken off while writing."""
    domain = f"customer-{line:05}.example"
    text = "The connection broke while the change was sent. The zone may have been changed; the values before are in change 4711."
    told = {"error": "provider-unavailable", "message": text, "hint": f"Run: registrar-sync recover {domain}"}
    return row(line, "unknown", told=told, **more)


def overdue(line: int, **more: Any) -> RunRow:
    """Written, and not served everywhere."""
    text = "Not visible at every authoritative server when the time was over."
    return row(
        line, "overdue", told={"message": text, "hint": f"Wait again: registrar-sync watch customer-{line:05}.example"}, **more
    )


def by_hand(line: int, **more: Any) -> RunRow:
    """Written, but for the MX that its provider's API does not take."""
    domain = f"customer-{line:05}.example"
    hint = f"once the MX are entered by hand: registrar-sync check {domain} --account gandi; to undo what was written: "
    told = {
        "left": True,
        "state": "written",
        "message": "Enter the MX at the console.",
        "hint": f"{hint}registrar-sync rollback {domain}",
    }
    return row(line, "held-back", account="gandi", told=told, **{"state": "done", **more})


def todo(line: int, *, told: Mapping[str, Any] | None = None, **more: Any) -> RunRow:
    """Not begun, or not ended."""
    made = row(line, None, **{"state": "todo", "attempts": 0, "begun_at": None, "ended_at": None, "change_id": None, **more})
    return replace(made, told=told or {})


def mixed(number: int) -> Iterator[RunRow]:
    """Rows as a run of a common day leaves them."""
    odd = {17: held_back, 117: held_back, 44: failed, 151: unknown, 83: overdue, 129: by_hand}
    for at in range(number):
        made = odd.get(at % 211)
        hint = f"to undo it: registrar-sync rollback customer-{at + 2:05}.example"
        if made is not None:
            yield made(at + 2)
        elif at % 13 == 4:
            yield row(at + 2, "nothing-to-do", change_id=None)
        else:
            yield row(at + 2, told={"hint": hint})


def counts_of(rows: Iterable[RunRow]) -> list[Count]:
    """As ``RunBook.counts`` gives them."""
    counted = Counter((one.what.account, one.what.wave, one.state, one.outcome) for one in rows)
    return [Count(account=a, wave=w, state=s, outcome=o, rows=n) for (a, w, s, o), n in counted.items()]


def report(folder: Path, rows: Iterable[RunRow], of: Run | None = None, *, name: str = "report", at: datetime = AT) -> list[Path]:
    """Write one."""
    kept = list(rows)
    return write_report(of or run(), counts_of(kept), iter(kept), folder / name, at=at)
