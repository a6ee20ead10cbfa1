"""The simulated vendors, each under its own name followed by the vendor's own path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp

from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches
from registrar_sync.sandbox.vendors.azure import azure_app
from registrar_sync.sandbox.vendors.cloudflare import cloudflare_app
from registrar_sync.sandbox.vendors.digitalocean import digitalocean_app
from registrar_sync.sandbox.vendors.gandi import gandi_app
from registrar_sync.sandbox.vendors.godaddy import godaddy_app
from registrar_sync.sandbox.vendors.hetzner import hetzner_app
from registrar_sync.sandbox.vendors.infomaniak import infomaniak_app
from registrar_sync.sandbox.vendors.ionos import ionos_app
from registrar_sync.sandbox.vendors.ovh import ovh_app
from registrar_sync.sandbox.vendors.route53 import route53_app
from registrar_sync.sandbox.vendors.scaleway import scaleway_app
from registrar_sync.sandbox.vendors.yandexcloud import yandexcloud_app

VENDORS: Mapping[str, tuple[str, Callable[[Store, Switches], ASGIApp]]] = {
    "ovh": ("/ovh/1.0", ovh_app),
    "gandi": ("/gandi/v5/livedns", gandi_app),
    "ionos": ("/ionos/dns/v1", ionos_app),
    "digitalocean": ("/digitalocean/v2", digitalocean_app),
    "infomaniak": ("/infomaniak", infomaniak_app),
    "hetzner": ("/hetzner/v1", hetzner_app),
    "scaleway": ("/scaleway/domain/v2beta1", scaleway_app),
    "cloudflare": ("/cloudflare/client/v4", cloudflare_app),
    "godaddy": ("/godaddy/v1", godaddy_app),
    "route53": ("/route53", route53_app),
    "azure": ("/azure", azure_app),
    "yandexcloud": ("/yandexcloud/dns/v1", yandexcloud_app),
}
"""Name, mount path, application."""
