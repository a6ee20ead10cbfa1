"""Which of an account's hosted zones is meant: several may have one name, private ones beside a public one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from registrar_sync.core.names import absolute, display
from registrar_sync.errors import ConfigInvalid, ZoneNotFound
from registrar_sync.providers.adapters.aws_client import called, paged
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import list_of, text_of

_WISHES = {"": None, "true": True, "yes": True, "false": False, "no": False}


def private_wish(option: str | None) -> bool | None:
    """lexicon's option private_zone: only private zones, only public ones, or (None) all. Raises ``ConfigInvalid``."""
    text = (option or "").strip().lower()
    if text not in _WISHES:
        raise ConfigInvalid(f"private_zone is {text!r}. Nothing was changed.", hint="Say true or false, or leave it out.")
    return _WISHES[text]


def name_of_zone(client: Any, zone_id: str, names: Sequence[str]) -> str:
    """The name of the zone with this id, which must be one of ``names``. Raises ``ZoneNotFound``."""
    try:
        answer = called(client.get_hosted_zone, Id=zone_id)
    except HttpRefused as refused:
        if "NoSuchHostedZone" not in refused.codes:
            raise
        text = f"No zone of this account has the id {zone_id}. Nothing was changed."
        raise ZoneNotFound(text, hint="Correct zone_id, or leave it out.") from None
    name = _name(answer.get("HostedZone"))
    if name not in names:
        text = f"The zone {zone_id} is {name}, and does not hold {names[0]}. Nothing was changed."
        raise ZoneNotFound(text, hint="Correct zone_id, or leave it out.", zones=(absolute(name),))
    return name


def id_of_zone(client: Any, name: str, private: bool | None) -> str:
    """The id of the one zone called so; empty where there is none. Raises ``ZoneNotFound`` where there are several."""
    # Here moto leaves IsTruncated out; a zone that is not seen for it is not found, and no worse.
    pages = paged(client.list_hosted_zones_by_name, partial(_rest_of, name), unsaid=False, DNSName=name)
    named = [zone for page in pages for zone in list_of(page, "HostedZones") if _name(zone) == name]
    found = [zone for zone in named if private in (None, _is_private(zone))]
    if len(found) > 1:
        told = ", ".join(f"{_id(zone)} ({'private' if _is_private(zone) else 'public'})" for zone in found)
        text = f"This account has {len(found)} zones called {name}: {told}. Which is meant cannot be told. Nothing was changed."
        raise ZoneNotFound(text, hint="Give the account zone_id, or private_zone: false.", zones=(absolute(name),))
    return _id(found[0]) if found else ""


def _rest_of(name: str, page: Mapping[str, Any]) -> dict[str, str] | None:
    """They come in the order of their names: no further page where the next one has another."""
    following = text_of(page, "NextDNSName")
    same = display(absolute(following)) == name
    return {"DNSName": following, "HostedZoneId": text_of(page, "NextHostedZoneId")} if same else None


def all_zones(client: Any) -> list[str]:
    """The names of all zones."""
    pages = paged(client.list_hosted_zones, lambda page: {"Marker": text_of(page, "NextMarker")})
    return [_name(zone) for page in pages for zone in list_of(page, "HostedZones")]


def _name(zone: object) -> str:
    return display(absolute(text_of(zone, "Name")))


def _id(zone: object) -> str:
    return text_of(zone, "Id").rpartition("/")[2]


def _is_private(zone: Mapping[str, Any]) -> bool:
    return bool((zone.get("Config") or {}).get("PrivateZone"))
