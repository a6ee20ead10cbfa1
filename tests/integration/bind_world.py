"""The real BIND as a contract world: zones from master files, read back by transfer, updated by others with a key of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.contract.worlds import DOMAIN
from tests.integration.bind import MAY_ALL, Bind, bind, token


@dataclass
class BindVendor:
    """The zone of ``DOMAIN`` on a running server; see ``tests.contract.worlds.Vendor``. ``policy``: what our key may do."""

    server: Bind
    policy: str = MAY_ALL

    def load(self, master_file: str) -> None:
        self.server.load(DOMAIN, master_file, self.policy)

    def stored(self) -> str:
        """BIND stores what it serves."""
        return self.served()

    def served(self) -> str:
        return "\n".join(self.server.zone(DOMAIN))

    def add(self, owner: str, rtype: str, text: str, ttl: int) -> None:
        self.server.add(DOMAIN, owner, rtype, text, ttl)

    def writes(self) -> list[str]:
        return self.server.updates()

    def account(self) -> dict[str, Any]:
        return {
            "provider": "ddns",
            "endpoint": self.server.address,
            "credentials": {"auth_token": "env:DDNS_KEY"},
            "nameservers": [self.server.address],
            "resolvers": [self.server.address],
            "read_back_s": 1.0,
        }

    def environ(self) -> dict[str, str]:
        return {"DDNS_KEY": token("ours")}


@contextmanager
def bind_server(folder: Path) -> Iterator[BindVendor]:
    """A server with no zone yet."""
    with bind(folder) as server:
        yield BindVendor(server)
