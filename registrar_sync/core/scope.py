"""The two parts of an enrolment, SPF and MX: which are asked for, which are written, and which are left to a hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

TYPES = ("TXT", "MX")  # the order of entering: SPF before MX (rules A8)

Only = Literal["spf", "mx"]

_RTYPES = {"spf": "TXT", "mx": "MX"}
_WORDS = {"TXT": "SPF", "MX": "MX"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """``types``: what is planned, judged and written; ``by_hand``: asked for as well, and the provider cannot write it."""

    types: tuple[str, ...] = TYPES
    by_hand: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether both parts are written."""
        return self.types == TYPES

    @property
    def shown(self) -> str:
        """What is written, for a person: "SPF", "MX" or "SPF and MX"."""
        return shown_types(self.types)


WHOLE = Scope()


def scope_of(only: Only | None, writes: Collection[str]) -> Scope:
    """What is asked for (None: both), against what the provider can write.

    >>> scope_of(None, ("TXT",))
    Scope(types=('TXT',), by_hand=('MX',))
    """
    return _scope_of(only, frozenset(writes))


@lru_cache(maxsize=64)  # every finding, guard and proof of a domain asks, and there are eight answers
def _scope_of(only: Only | None, writes: frozenset[str]) -> Scope:
    asked = [rtype for rtype in TYPES if only is None or rtype == _RTYPES[only]]
    return Scope(
        types=tuple(rtype for rtype in asked if rtype in writes),
        by_hand=tuple(rtype for rtype in asked if rtype not in writes),
    )


def shown_types(types: Collection[str]) -> str:
    """Types as an operator calls them, in the order of entering."""
    return " and ".join(_WORDS[rtype] for rtype in TYPES if rtype in types)
