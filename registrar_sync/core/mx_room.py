"""Making room below the customer's lowest preference where there is none (rules B1.5, cases 42 to 45).

Only the order of preferences means anything (RFC 5321 section 5.1): no customer's preference is ever lowered, the order and
the ties among the customer's hosts stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from registrar_sync.core.model import Mx

HIGHEST = 65535  # a preference is 16 bits, RFC 1035 section 3.3.9

Renumber = Literal["no", "shift", "compact"]


def make_room(theirs: Iterable[Mx], count: int, how: Renumber) -> Mapping[Mx, Mx] | None:
    """The values that move, each with what it becomes, so that ``count`` preferences are free below all of them.

    ``shift``: every one up by ``count``, the distances kept. ``compact``: only those that must, no further than they must.
    None: not asked for, or a preference would pass 65535.

    >>> make_room([Mx(0, "a."), Mx(65535, "b.")], 2, "compact")
    {Mx(preference=0, exchange='a.'): Mx(preference=2, exchange='a.')}
    """
    if how == "no":
        return None
    values = sorted(theirs)
    preferences = sorted({value.preference for value in values})
    raised = {one: one + count for one in preferences} if how == "shift" else _compacted(preferences, count)
    if max(raised.values(), default=0) > HIGHEST:
        return None
    return {
        value: Mx(raised[value.preference], value.exchange) for value in values if raised[value.preference] != value.preference
    }


def _compacted(preferences: Iterable[int], floor: int) -> dict[int, int]:
    raised: dict[int, int] = {}
    lowest_free = floor
    for preference in preferences:
        raised[preference] = max(preference, lowest_free)
        lowest_free = raised[preference] + 1
    return raised


def ways_to_make_room(theirs: Iterable[Mx], count: int) -> tuple[str, ...]:
    """The options that would make room for ``count`` hosts, as they are given on the command line."""
    values = tuple(theirs)
    shift = ("--renumber",) if make_room(values, count, "shift") is not None else ()
    return (*shift, "--renumber-compact") if make_room(values, count, "compact") is not None else shift
