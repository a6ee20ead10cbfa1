"""What the DNS said before a change, kept with it: a later process must know how long caches may hold that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from registrar_sync.core.observation import Answer, Observation, Server

_NOBODY = Server(name="", address="")


def to_context(observations: Sequence[Observation]) -> dict[str, Any]:
    """The longest TTLs, in seconds: of each type that was served, and of "no such data"."""
    ttls: dict[str, int] = {}
    for rtype, answer in (pair for seen in observations for pair in seen.answers.items()):
        if answer.status == "data" and answer.ttl is not None:
            ttls[rtype] = max(answer.ttl, ttls.get(rtype, 0))
    negative = [seen.negative_ttl for seen in observations if seen.negative_ttl is not None]
    return {"ttls": ttls, "negative_ttl": max(negative, default=None)}


def from_context(told: Mapping[str, Any] | None) -> tuple[Observation, ...]:
    """What ``to_context`` kept, as one server would have said it; nothing where nothing was kept."""
    if not told:
        return ()
    answers = {rtype: Answer(status="data", ttl=ttl) for rtype, ttl in told["ttls"].items()}
    return (Observation(server=_NOBODY, answers=answers, negative_ttl=told["negative_ttl"]),)
