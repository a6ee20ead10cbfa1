"""What a plan leaves to a hand: the MX set, at a provider through which only SPF can be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding, held_back
from registrar_sync.core.model import Mx, RRset
from registrar_sync.core.names import display
from registrar_sync.core.wish import Part, Wish

Sides = tuple[RRset | None, RRset | None]
"""A set before and after."""


def judge_by_hand(
    owner: str, wish: Wish, alone: Iterable[Finding], whole: Iterable[Finding], mx: Sides
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What is worth knowing before the MX lines are entered, and the block that says that they are left.

    ``alone``: the findings on the part that is written; ``whole``: those on both; ``mx``: the MX set before and after. Both are
    empty where the set is as it ought to be.
    """
    said = {one.id for one in alone}
    more = tuple(one for one in whole if one.id not in said)
    if mx_values(mx[0]) == mx_values(mx[1]) and not held_back(more, wish.accept):
        return (), ()
    return tuple(map(_foretold, more)), (_left(owner, mx, f"Then run registrar-sync check {display(owner)}."),)


def leave_by_hand(owner: str, before: RRset | None, mx: Part) -> tuple[Finding, ...]:
    """The same for leaving: a block on all of it, since the include stays until the hosts are out of the MX set."""
    then = "The include stays until then; run unenroll again."
    return (*map(_foretold, mx.findings), _left(owner, (before, mx.after), then))


def _foretold(one: Finding) -> Finding:
    """A block on what is not written here stops nothing here."""
    return replace(one, severity="warn", message=f"Of the MX: {one.message}") if one.severity == "block" else one


def _left(owner: str, mx: Sides, then: str) -> Finding:
    before, after = map(mx_values, mx)
    beginning = f"The MX set of {display(owner)} cannot be written through this provider, only its SPF"
    if before == after:
        return finding("mx-by-hand", f"{beginning}: it is left to be done by hand, once what is found of it is mended. {then}")
    goes, comes = sorted(before - after), sorted(after - before)
    steps = [f"take out {', '.join(map(_shown, goes))}"] if goes else []
    steps += ["enter the lines below (preference, exchange)"] if comes else []
    steps += ["leave the others as they are"] if before & after else []
    told = f"{beginning}. By hand, at the provider: {', '.join(steps)}. {then}"
    return finding("mx-by-hand", "\n".join([told, *map(_shown, comes)]))


def _shown(value: Mx) -> str:
    return f"{value.preference} {display(value.exchange)}"
