"""Every fact about a vendor that nobody has confirmed, as a named switch with its default and the reason for the doubt.

A test that depends on such a fact runs both ways; nothing is hardened on a default. Each vendor's stand in a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints

from registrar_sync.errors import UnknownName, UsageError
from registrar_sync.sandbox.switches.azure import AzureSwitches
from registrar_sync.sandbox.switches.cloudflare import CloudflareSwitches
from registrar_sync.sandbox.switches.digitalocean import DigitaloceanSwitches
from registrar_sync.sandbox.switches.gandi import GandiSwitches
from registrar_sync.sandbox.switches.godaddy import GoDaddySwitches
from registrar_sync.sandbox.switches.hetzner import HetznerSwitches
from registrar_sync.sandbox.switches.infomaniak import InfomaniakSwitches
from registrar_sync.sandbox.switches.ionos import IonosSwitches
from registrar_sync.sandbox.switches.nameserver import NameServerSwitches
from registrar_sync.sandbox.switches.ovh import OvhSwitches
from registrar_sync.sandbox.switches.route53 import Route53Switches
from registrar_sync.sandbox.switches.scaleway import ScalewaySwitches
from registrar_sync.sandbox.switches.yandexcloud import YandexCloudSwitches


@dataclass(frozen=True, kw_only=True)
class Switches(
    OvhSwitches,
    CloudflareSwitches,
    GandiSwitches,
    GoDaddySwitches,
    IonosSwitches,
    DigitaloceanSwitches,
    InfomaniakSwitches,
    HetznerSwitches,
    ScalewaySwitches,
    Route53Switches,
    AzureSwitches,
    YandexCloudSwitches,
    NameServerSwitches,
):
    """The unconfirmed behaviour of the simulated vendors. Times are seconds."""


def switches_from(values: Mapping[str, object]) -> Switches:
    """The defaults with ``values`` laid over them. Raises ``UnknownName`` or ``UsageError``."""
    kinds = get_type_hints(Switches)
    for name, value in values.items():
        if name not in kinds:
            raise UnknownName(f"The sandbox has no switch {name!r}.", hint="Known: " + ", ".join(sorted(kinds)))
        choices = get_args(kinds[name]) if get_origin(kinds[name]) is Literal else ()
        if choices and value not in choices:
            raise UsageError(f"The sandbox's switch {name} cannot be {value!r}.", hint=f"One of {choices}.")
    return Switches(**dict(values))  # type: ignore[arg-type]  # names and choices were checked just above


def doubts() -> dict[str, str]:
    """Each switch with the source of the doubt."""
    return {item.name: str(item.metadata["doubt"]) for item in fields(Switches)}
