"""What a watch runs on, and its beat."""

from __future__ import annotations

from dataclasses import dataclass, field

from registrar_sync.core.schedule import Schedule
from registrar_sync.operations.delegations import Delegations
from registrar_sync.operations.mailbox import Mailbox

_FEW = 4  # these are seen the moment that they can be
_BEAT_S, _CROWD_A_SECOND, _LONGEST_BEAT_S = 0.05, 40_000, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Gear:
    """Each serves one watch only."""

    mailbox: Mailbox = field(default_factory=Mailbox)
    schedule: Schedule = field(default_factory=Schedule)
    delegations: Delegations = field(default_factory=Delegations)


def beat_s(waiting: int) -> float:
    """Seconds for which a watch of so many lets answers gather: to wake for each would cost more than the answers do."""
    return min(_LONGEST_BEAT_S, max(_BEAT_S, waiting / _CROWD_A_SECOND)) if waiting > _FEW else 0.0
