"""What is heard of a wait while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from registrar_sync.core.visibility import ServerVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One server, and since when its verdict is what it is."""

    row: ServerVerdict
    since: datetime


class Progress(str):
    """A line of text for whoever listens; with it, for who can draw a table, the servers.

    ``goal``: what is waited for. ``until``: when it is over, at the latest.
    """

    __slots__ = ("goal", "servers", "until")

    goal: str
    servers: tuple[Watched, ...]
    until: datetime | None

    def __new__(cls, text: str, *, goal: str, servers: tuple[Watched, ...], until: datetime | None) -> Self:
        """The text with what it tells of."""
        self = super().__new__(cls, text)
        self.goal, self.servers, self.until = goal, servers, until
        return self
