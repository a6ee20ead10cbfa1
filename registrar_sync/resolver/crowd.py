"""How many name servers a delegation may have: it is input of strangers, and every address is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from registrar_sync.core.names import display
from registrar_sync.core.observation import Server
from registrar_sync.errors import LookupFailed

_MOST = 64  # names, and addresses
_HINT = "Check the NS records, or name the servers with --nameserver ADDR."


def refuse_too_many(zone: str, count: int) -> None:
    """Raise ``LookupFailed`` where a delegation has an absurd number of names or addresses."""
    if count > _MOST:
        raise LookupFailed(
            f"The delegation of {display(zone)} names {count} servers or addresses, over {_MOST}. Nothing was changed.",
            hint=_HINT,
        )


def refuse_nobody(zone: str, servers: Collection[Server], why: Mapping[str, str] | None = None) -> None:
    """Raise ``LookupFailed`` where not one server has an address. ``why``: the reason, by the server's name."""
    if any(server.address for server in servers):
        return
    hosts = sorted({server.name for server in servers})
    told = "; ".join(f"{display(host)}: {why[host]}" for host in hosts if host in why) if why else ""
    names = told or ", ".join(map(display, hosts))
    raise LookupFailed(f"No address was found for any name server of {display(zone)} ({names}). Nothing was changed.", hint=_HINT)
