"""What a mail-filtering service asks of a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

MxMode = Literal["below", "replace"]
Qualifier = Literal["+", "-", "~", "?"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceExchange:
    """One MX host of the service, with its preference beneath the customer's hosts and alone."""

    exchange: str
    below: int
    replace: int


@dataclass(frozen=True, kw_only=True)
class MailService:
    """An SPF include and MX hosts put in front of a domain's mail.

    ``include`` the include's domain, absolute; ``all_qualifier`` for a new SPF record only; ``exchanges`` in the service's
    order for ``below``; ``equal_preferences`` whether the hosts may share one preference (rules B1.4); ``ttl`` seconds,
    for an RRset that does not exist yet.
    """

    name: str
    include: str
    all_qualifier: Qualifier
    exchanges: tuple[ServiceExchange, ...]
    equal_preferences: bool = False
    ttl: int = 10800

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The names of the service's exchanges."""
        return frozenset(exchange.exchange for exchange in self.exchanges)

    def to_json(self) -> dict[str, Any]:
        """A snapshot for the journal: an undo months later must not depend on today's configuration."""
        return {
            "name": self.name,
            "include": self.include,
            "all_qualifier": self.all_qualifier,
            "exchanges": [[e.exchange, e.below, e.replace] for e in self.exchanges],
            "equal_preferences": self.equal_preferences,
            "ttl": self.ttl,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MailService:
        """The service of a snapshot."""
        return cls(
            name=data["name"],
            include=data["include"],
            all_qualifier=data["all_qualifier"],
            exchanges=tuple(ServiceExchange(exchange=e, below=b, replace=r) for e, b, r in data["exchanges"]),
            equal_preferences=data["equal_preferences"],
            ttl=data["ttl"],
        )
