"""What a walk from the top of the DNS carries and finds, and the ways in which it gets lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from registrar_sync.core.names import display

_QUESTIONS = 1000  # of one walk, those that it needs on its way included
_DEEPEST = 6  # names of servers whose addresses are needed to find an address


class Lost(Exception):
    """The way down could not be found; the text says why."""


class NoStart(Lost):
    """Neither the recursive resolvers nor the hints tell where to begin."""


class AllSilent(Lost):
    """No server of a zone gave a usable answer."""


class Aliased(Lost):
    """A name server's name is an alias."""


class InCircles(Lost):
    """To find an address, that address is needed; or the way is too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A zone and its servers, as the zone ``above`` tells it (None at the start). ``hosts``: name -> glue.

    ``referred`` False: the zone above is kept at the same servers, which refer nobody; ``hosts`` is what the zone says itself.
    """

    zone: str
    hosts: Mapping[str, tuple[str, ...]]
    above: Cut | None = None
    referred: bool = True


@dataclass(slots=True)
class Trail:
    """One walk, and those that it needs on its way: whose addresses are being looked for, and what is left in the purse."""

    hosts: tuple[str, ...] = ()
    purse: list[int] = field(default_factory=lambda: [_QUESTIONS])

    def towards(self, host: str) -> Trail:
        """The trail of the walk to a server's address. Raises ``InCircles``."""
        way = (*self.hosts, host)
        if host in self.hosts:
            raise InCircles(f"to find its address, its address is needed ({' -> '.join(map(display, way))})")
        if len(way) > _DEEPEST:
            raise InCircles(f"to find its address, those of too many others are needed ({' -> '.join(map(display, way))})")
        return replace(self, hosts=way)

    def pay(self) -> None:
        """Take one question out of the purse. Raises ``InCircles``."""
        if self.purse[0] <= 0:
            raise InCircles(f"more than {_QUESTIONS} questions would be needed")
        self.purse[0] -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The addresses of a name server, v4 first; where there are none, ``why``. ``circles``: because of ``InCircles``."""

    addresses: tuple[str, ...] = ()
    why: str = "its name has no address"
    circles: bool = False
