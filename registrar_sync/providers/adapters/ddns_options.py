"""What an operator says of a name server that takes dynamic updates: where it is, and the key."""

from __future__ import annotations

import base64

import dns.exception
import dns.name
import dns.tsig

from registrar_sync.errors import ConfigInvalid, CredentialsRejected
from registrar_sync.providers.endpoint import host_and_port, server_fault

_ALGORITHMS = {
    "hmac-md5": dns.tsig.HMAC_MD5,
    **{f"hmac-sha{bits}": dns.name.from_text(f"hmac-sha{bits}") for bits in (1, 224, 256, 384, 512)},
}


def server_of(text: str) -> tuple[str, int]:
    """The host and the port of ``HOST[:PORT]``. Raises ``ConfigInvalid``."""
    if fault := server_fault(text):
        raise ConfigInvalid(f"ddns_server: {fault}. Nothing was changed.", hint="Correct it in the account.")
    return host_and_port(text)


def key_of(text: str) -> dns.tsig.Key:
    """``ALGORITHM:KEYNAME:SECRET``, as lexicon has it; the secret in base64. Raises ``CredentialsRejected``."""
    try:
        algorithm, name, secret = text.split(":")
        return dns.tsig.Key(dns.name.from_text(name), base64.b64decode(secret, validate=True), _ALGORITHMS[algorithm.lower()])
    except (ValueError, KeyError, dns.exception.DNSException):  # their texts may hold the secret
        raise CredentialsRejected(
            "auth_token is no ALGORITHM:KEYNAME:SECRET with the secret in base64. Nothing was sent.",
            hint=f"ALGORITHM is one of {', '.join(_ALGORITHMS)}; tsig-keygen prints all three.",
        ) from None
