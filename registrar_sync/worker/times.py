"""How long everything takes that keeps several workers apart: measured together, so changed together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds. A worker that is killed says nothing from then on; ``stalled_s`` later it counts as gone, and the next sweep
    hands its lanes to others: at most ``stalled_s`` + ``sweep_s`` and a little. Shorter ones are for tests.

    ``turn_s``: how long a lane is worked on before the other lanes get their turn. ``lease_s``: how long a lane stays with a
    holder of whom nothing is heard; longer than a provider's call may take (15 s), so that the last call of a holder that is
    cut off from the journal is over before anybody takes its lane. ``stop_s``: how long a worker that is told to stop waits
    for what it has begun. ``restart_s``: before a worker that lost the database tries again. ``hung_s``: a worker whose sign
    of life in the database is older than that, though the database answers, ends itself, so that it is started anew.
    """

    turn_s: float = 15.0
    heartbeat_s: float = 5.0
    stalled_s: float = 20.0
    lease_s: float = 20.0
    sweep_s: int = 10
    poll_s: float = 1.0
    stop_s: float = 60.0
    restart_s: float = 2.0
    hung_s: float = 60.0


USUAL = Times()
