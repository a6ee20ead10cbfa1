"""The tables of the parts on whole runs, in memory and under kill -9, and issue 6's targets."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping

from benchmarks.bulk import inmemory, kills
from benchmarks.dns.report import Report, Target

LEAST_A_SECOND = 500.0
MOST_MB = 200.0
MOST_RESUME_S = 2.0
MOST_STATUS_S = 0.1


def of_inmemory(found: inmemory.Found, *, wait: str) -> Report:
    """Rate, memory, start, going on, status."""
    a_second, working = found.count / found.all_s, found.count / found.worked_s
    status_s, look_s = statistics.median(found.status_s), statistics.median(found.look_s)
    head = (
        "domains",
        "a second",
        "a second, starts left out",
        "CPU ms a domain",
        "peak MB",
        "begins after s",
        "goes on after s",
        "status s",
        "status, imports left out, s",
    )
    row = [
        str(found.count),
        f"{a_second:.0f}",
        f"{working:.0f}",
        f"{found.cpu_s / found.count * 1000:.2f}",
        f"{found.peak_mb:.0f}",
        f"{found.begun_s:.2f}",
        f"{found.resumed_s:.2f}",
        f"{status_s:.2f}",
        f"{look_s:.4f} (at most {max(found.look_s):.4f})",
    ]
    notes = (
        (
            f"bulk run --wait {wait}, killed with {inmemory.KILL_AT:.0%} of the domains written, then bulk resume; a second: over"
            " both processes, imports, reading the roster and keeping the rows included."
        ),
        f"Rows: {_words(found.outcomes)}. Domains that were written to more than once: {found.written_again}.",
        "Provider and DNS are in memory, in the same process; the journal is SQLite on disk.",
    )
    targets = (
        _at_least(LEAST_A_SECOND, a_second, "domains a second"),
        _at_most(MOST_MB, found.peak_mb, "MB"),
        _at_most(MOST_RESUME_S, found.resumed_s, "s until resume begins the next domain"),
        _at_most(MOST_STATUS_S, look_s, "s for status while it runs (imports left out)"),
        Target(
            wanted="every domain written, once", found=_right(found), met=found.right == found.count and not found.written_again
        ),
    )
    return Report(title=f"{found.count} domains in memory", head=head, rows=[row], notes=notes, targets=targets)


def of_kills(found: kills.Found, *, wanted: int) -> Report:
    """Whether all ended, once."""
    head = ("zones", "kills", "seconds", "rows", "zones right", "writes taken", "zones written more than once")
    row = [
        str(found.zones),
        str(found.kills),
        f"{found.seconds:.0f}",
        _words(found.outcomes),
        str(found.verdict),
        str(found.writes),
        str(len(found.repeated)),
    ]
    notes = (
        (
            f"kill -9 of bulk run, then of each bulk resume, at a random time of {kills.LIVES_S[0]} to {kills.LIVES_S[1]} s; seed"
            f" {kills.SEED}. Who recovers waits {kills.CALL_LIMIT_S:.0f} s for a call that may be under way (call_limit_s)."
        ),
        *(f"{kind}: {example}" for kind, example in found.verdict.examples.items()),
        *(f"{zone}: {count} times" for zone, count in list(found.repeated.items())[:5]),
    )
    targets = (
        Target(wanted=f"{wanted} kills met a living run", found=str(found.kills), met=found.kills >= wanted),
        Target(wanted="every row ended well", found=f"{found.ended_well} of {found.zones}", met=found.ended_well == found.zones),
        Target(wanted="no change written twice", found=f"{len(found.repeated)} zones", met=not found.repeated),
        Target(
            wanted="every zone right, neighbours intact",
            found=f"{found.verdict.right} of {found.zones}",
            met=found.verdict.right == found.zones,
        ),
    )
    return Report(title=f"{found.kills} times kill -9", head=head, rows=[row], notes=notes, targets=targets)


def _at_least(wanted: float, found: float, what: str) -> Target:
    return Target(wanted=f"at least {wanted:g} {what}", found=f"{found:.0f}", met=found >= wanted)


def _at_most(wanted: float, found: float, what: str) -> Target:
    return Target(wanted=f"at most {wanted:g} {what}", found=f"{found:.3g}", met=found <= wanted)


def _right(found: inmemory.Found) -> str:
    return f"{found.right} of {found.count} written, {found.written_again} of them more than once"


def _words(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{rows} {outcome}" for outcome, rows in Counter(outcomes).most_common())
