"""Findings on what an SPF record costs with all that it includes (rules A6, cases 26 to 30)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.spf_tree import LOOKUP_LIMIT, VOID_LIMIT, Branch, Budget, faults_of

_SHOWN = 5  # of a list; the rest is counted
_LONGEST = 300  # characters of a text of strangers

_Place = tuple[str, str]  # the kind of a term of the record's own, and its target


def judge_limits(
    after: Budget, today: Budget | None = None, *, service: str | None = None, planned: bool = True
) -> tuple[Finding, ...]:
    """What breaks, or nearly breaks, the limits of RFC 7208 section 4.6.4.

    ``today``: the budget before the change that ``after`` comes of, where there is one. ``leave_out``: the domain of an include
    whose own faults are reported elsewhere. ``planned``: whether the record is still to be written.
    """
    found = (
        *_lookups(after, today),
        *_voids(after, today),
        *_broken(after, today, _judged_elsewhere(after, service) if planned else frozenset()),
        *_unknown(after),
    )
    return tuple(_acceptable(one) if planned and one.severity == "block" else one for one in found)


def _acceptable(one: Finding) -> Finding:
    return replace(one, message=f"{one.message} --accept {one.id} writes it so.")


def _lookups(after: Budget, today: Budget | None) -> Iterable[Finding]:
    if after.lookups > LOOKUP_LIMIT:
        yield finding(
            "spf-over-lookup-limit",
            f'"{_cut(after.record)}" costs {after.number} DNS look-ups with all that it includes, where {LOOKUP_LIMIT} are'
            f" allowed: a permerror for every sender whom nothing before the limit matches.{_since_lookups(today)}"
            f"{_dearest(after.dearest)} Take out what no longer sends, or write ip4: and ip6: terms where the addresses are"
            " stable.",
        )
    elif after.lookups == LOOKUP_LIMIT and after.measured:
        yield finding(
            "spf-at-lookup-limit",
            f'"{_cut(after.record)}" costs {after.lookups} DNS look-ups with all that it includes, of {LOOKUP_LIMIT} allowed: 0'
            f" left. One more, here or in an included record, is a permerror.{_dearest(after.dearest)}",
        )


def _since_lookups(today: Budget | None) -> str:
    if today is None:
        return ""
    if today.lookups > LOOKUP_LIMIT:
        return f" With {today.number} it is already over today, which is not our doing."
    return f" Today it costs {today.number}."


def _dearest(branches: Sequence[Branch]) -> str:
    shown = ", ".join(f"{_cut(branch.term)} ({branch.lookups}{'' if branch.measured else ' or more'})" for branch in branches[:3])
    return f" The dearest: {shown}." if shown else ""


def _voids(after: Budget, today: Budget | None) -> Iterable[Finding]:
    if after.voids <= VOID_LIMIT:
        return
    since = " It is so today, which is not our doing." if today and today.voids > VOID_LIMIT else ""
    yield finding(
        "spf-over-void-limit",
        f'"{_cut(after.record)}" makes {after.voids} DNS look-ups that come back empty, where {VOID_LIMIT} are allowed: a'
        f" permerror for every sender whom nothing before them matches.{since} Empty: {_listed(after.empty)}. Take these"
        " terms out.",
    )


def _broken(after: Budget, today: Budget | None, elsewhere: Collection[_Place]) -> Iterable[Finding]:
    faults = _faults(after, elsewhere)
    if not faults:
        return
    before = set(_faults(today, elsewhere)) if today else set(faults)
    new = [fault for fault in faults if fault not in before]
    since = "" if new else " It is broken today, which is not our doing." if today else ""
    yield finding(
        "spf-tree-broken",
        f'"{_cut(after.record)}" is a permerror for every sender whom nothing before the fault matches.{since}'
        f" {_listed(new or faults)}. Take the term out, or have the included record mended.",
    )


def _faults(budget: Budget, elsewhere: Collection[_Place]) -> list[str]:
    judged = (branch for branch in budget.branches if (branch.kind, branch.target) not in elsewhere)
    return [str(remark) for branch in judged for remark in faults_of(branch)]


def _judged_elsewhere(budget: Budget, service: str | None) -> frozenset[_Place]:
    """The owner's own ``mx`` is judged with the MX set, the service's include with the service."""
    return frozenset({("mx", budget.owner), *([("include", service)] if service else [])})


def _unknown(after: Budget) -> Iterable[Finding]:
    if after.measured or after.lookups > LOOKUP_LIMIT:
        return
    yield finding(
        "spf-not-measured",
        f'What "{_cut(after.record)}" costs could not be measured in full: {after.number} DNS look-ups of {LOOKUP_LIMIT} allowed,'
        f" at least {after.voids} empty ones of {VOID_LIMIT}. {_listed([str(remark) for remark in after.unknowns])}.",
    )


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(map(_cut, texts[:_SHOWN])) + more


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
