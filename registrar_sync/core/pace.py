"""How long to wait before the servers are asked again: quick while it can be quick, to the very time where one is known."""

from __future__ import annotations

QUICKEST_S = 0.2
"""Seconds between two questions at first: a name server takes five like ones a second from one address without suspicion."""

_QUICK_S = 0.25  # while quick; with the question itself, what is seen is at most 0.3 s behind the truth
_GROWTH = 0.01  # of the time waited so far, by which the first gaps grow
_SHARE = 0.018  # of the time waited so far: never more than 2 % behind the truth, the question itself included
_LONGEST_S = 5.0
_ROUNDS_A_BUDGET = 60


def next_wait(
    elapsed_s: float,
    remaining_s: float,
    *,
    budget_s: float,
    stirred_s: float | None = None,
    due_s: float | None = None,
    quickest_s: float = QUICKEST_S,
) -> float:
    """Seconds until it is worth asking again, never past the end of the wait.

    ``elapsed_s``: since the write; ``remaining_s``: to the end of the wait; ``budget_s``: what the provider usually takes.
    ``stirred_s``: since a serial moved or a server turned to the new data (None: nothing has yet): where one has, the others
    are about to follow. ``due_s``: until the only thing waited for, such as the end of a TTL, where that is known: slept until
    just then. ``quickest_s``: the least, for who watches many domains at once.

    Else 0.2 s, grown to 0.25 s, and from then on 1.8 % of the time since the last of these events; at the most 5 s, or a
    sixtieth of the budget where that is longer.
    """
    if due_s is not None:
        return max(0.0, min(due_s, remaining_s))
    age_s = max(0.0, elapsed_s if stirred_s is None else min(elapsed_s, stirred_s))
    quick_s = min(QUICKEST_S + _GROWTH * age_s, _QUICK_S)
    longest_s = max(_LONGEST_S, budget_s / _ROUNDS_A_BUDGET, quickest_s)
    return max(0.0, min(max(quick_s, _SHARE * age_s, quickest_s), longest_s, remaining_s))
