"""The owner's own records as DNS answers: what the zone itself tells is never asked of a resolver (rules B6.7)."""

from __future__ import annotations

from collections.abc import Mapping

from registrar_sync.core.known import DnsQuestion
from registrar_sync.core.model import RRset, ZoneView
from registrar_sync.core.observation import Answer

_SYNTHETIC = ("ALIAS", "ANAME")  # vendors' types that are served as addresses


def own_mx(owner: str, mx: RRset | None) -> Mapping[DnsQuestion, Answer]:
    """The MX set, as it is or as it is planned."""
    return {DnsQuestion(owner, "MX"): _answer(mx)}


def own_data(view: ZoneView, mx: RRset | None) -> Mapping[DnsQuestion, Answer]:
    """The MX set as given and the addresses that stand in the zone: all that the owner's own SPF terms ask for."""
    served_as_address = next((rrset for rtype in _SYNTHETIC if (rrset := view.rrset(rtype)) and rrset.live), None)
    addresses = {DnsQuestion(view.owner, rtype): _answer(view.rrset(rtype) or served_as_address) for rtype in ("A", "AAAA")}
    return {**own_mx(view.owner, mx), **addresses}


def _answer(rrset: RRset | None) -> Answer:
    if rrset is None or not rrset.live:
        return Answer(status="absent")
    return Answer(status="data", values=rrset.values, ttl=rrset.ttl)
