"""Whether the DNS asks the name servers of the account that holds the zone (rules B5), and what is not right with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.model import ZoneView, values_of
from registrar_sync.core.names import absolute, display, is_within
from registrar_sync.core.observation import Delegation, Remark, Server
from registrar_sync.core.serving import is_under

_NOT_SERVING = ("lame", "unreachable", "unresolved")
_MOST_NAMED = 8  # remarks in a message; a delegation is input of strangers


def remarked(delegation: Delegation) -> tuple[Finding, ...]:
    """What is not right with the delegation itself, whoever holds the zone. Nothing of it holds a change back."""
    zone = display(delegation.zone) if delegation.zone else "this domain"
    serving = [remark for remark in delegation.remarks if remark.kind in _NOT_SERVING]
    differing = [remark for remark in delegation.remarks if remark.kind not in _NOT_SERVING]
    found = []
    if delegation.source == "resolver":
        text = f"No server above {zone} could be asked: what is said of its name servers is what a recursive resolver tells."
        found.append(finding("delegation-by-resolver", text))
    if serving:
        text = (
            f"Name servers of {zone} do not answer for it: {_named(serving)}. Senders that ask them do not find the change,"
            " and while they are named it is not authoritative everywhere."
        )
        found.append(finding("delegation-lame", text))
    if differing:
        text = f"The servers of {zone} and of the zone above do not all tell the same: {_named(differing)}. All are asked here."
        found.append(finding("delegation-mismatch", text))
    return tuple(found)


def is_remarked(delegation: Delegation, server: Server) -> bool:
    """Whether ``remarked`` names an address of a server as one that does not answer for the zone."""
    address = str(server) if server.address else ""
    return any((r.server, r.address) == (server.name, address) for r in delegation.remarks if r.kind in _NOT_SERVING)


def _named(remarks: Sequence[Remark]) -> str:
    more = len(remarks) - _MOST_NAMED
    return "; ".join(map(str, remarks[:_MOST_NAMED])) + (f"; and {more} more" if more > 0 else "")


def delegated_elsewhere(delegation: Delegation, view: ZoneView, suffixes: Collection[str]) -> tuple[Finding, ...]:
    """A block where the zone is delegated, and to none of the name servers that are known to be this account's.

    They are known by the zone's own NS records, as the API tells them (at the apex only), and by ``suffixes`` of the
    provider's name servers. Servers named below the zone itself are somebody's under the customer's own names: a suffix says
    nothing of them. Where neither is known nothing is said.
    """
    if not delegation.checked or delegation.zone != view.zone:
        return ()
    asked = {server.name for server in delegation.servers}
    own = _own_servers(view)
    by_suffix = bool(suffixes) and not any(is_within(name, view.zone) for name in asked)
    if not asked or not (own or by_suffix) or asked & own:
        return ()
    if by_suffix and any(is_under(name, suffix) for name in asked for suffix in suffixes):
        return ()
    return (finding("delegated-elsewhere", _text(view, asked, own, suffixes if by_suffix else ())),)


def _own_servers(view: ZoneView) -> set[str]:
    at_apex = view.rrset("NS") if view.owner == view.zone else None
    return {absolute(str(value)) for value in values_of(at_apex)}


def _text(view: ZoneView, asked: Collection[str], own: Collection[str], suffixes: Collection[str]) -> str:
    known = [*sorted(map(display, own)), *(f"*.{suffix}" for suffix in sorted(suffixes))]
    return (
        f"{display(view.zone)} is delegated to {', '.join(sorted(map(display, asked)))}, and not to this account's name servers"
        f" ({', '.join(known)}): an edit here changes nothing that anybody asks. Use the account that serves the zone; where"
        " these servers take the zone from this account, --accept delegated-elsewhere."
    )
