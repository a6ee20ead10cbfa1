"""DNSSEC for the small internet: a key for each signed zone, signatures made anew when it changes, right or wrong on purpose."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import dns.dnssec
import dns.rdtypes.ANY.DNSKEY
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec
from dns.dnssectypes import DSDigest

from tests.integration.internet_map import Domain, Signing

_DAY_S = 86400


@dataclass(frozen=True)
class Key:
    """One key that signs all of a zone."""

    private: ec.EllipticCurvePrivateKey
    public: dns.rdtypes.ANY.DNSKEY.DNSKEY


def make_key() -> Key:
    """A new key, ECDSA P-256 (RFC 6605), with the SEP flag."""
    private = ec.generate_private_key(ec.SECP256R1())
    return Key(private, dns.dnssec.make_dnskey(private.public_key(), dns.dnssec.ECDSAP256SHA256, flags=257))


def ds_of(name: str, key: Key) -> str:
    """What the parent says of the key, as rdata of a DS record."""
    return str(dns.dnssec.make_ds(name, key.public, DSDigest.SHA256))


def make_keys(domains: Mapping[str, Domain]) -> dict[str, Key]:
    """A key for every zone that is signed."""
    return {name: make_key() for name, domain in domains.items() if domain.signing != "unsigned"}


def delegation_signers(domains: Mapping[str, Domain], keys: Mapping[str, Key]) -> dict[str, list[str]]:
    """The DS sets by domain: of the domain's key, or of a key that it does not have."""
    wrong = {name for name, domain in domains.items() if domain.signing == "wrong-key"}
    return {name: [ds_of(name, make_key() if name in wrong else key)] for name, key in keys.items()}


def signed(zone: dns.zone.Zone, key: Key, signing: Signing) -> str:
    """The zone with DNSKEY, NSEC and RRSIG, as a master file."""
    # Unbound lets signatures live on for up to a day (val-sig-skew-max): over by just that, some were and some were not.
    until = time.time() + (-3 * _DAY_S if signing == "expired" else 30 * _DAY_S)
    dns.dnssec.sign_zone(zone, keys=[(key.private, key.public)], inception=until - 60 * _DAY_S, expiration=until)
    return zone.to_text(relativize=False)
