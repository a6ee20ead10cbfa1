"""Base URLs of APIs: which are acceptable, and whether a URL lies inside one."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Below a base, without anything that is read otherwise by one than by another: no query, no escape, no dot segment.
_PLAINLY_BELOW = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]*)+")
_SERVER = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s\[\]:/@]+))(?::([0-9]{1,5}))?")
_DNS_PORT = 53


def endpoint_fault(url: str) -> str:
    """What is wrong with a base URL; an empty text where nothing is.

    TLS is needed except on loopback; a user name or password in a URL would end in logs.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"{url!r} is no URL: {error}"
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return "an endpoint is a URL that begins with https:// (or http:// on loopback)"
    if parts.username is not None or parts.password is not None:
        return "an endpoint holds no user name or password"
    if parts.query or parts.fragment:
        return "an endpoint holds no query and no fragment"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return f"plain http to {parts.hostname} would show the credentials to the network: use https"
    return ""


def server_fault(text: str) -> str:
    """What is wrong with a name server's ``HOST[:PORT]``; an empty text where nothing is."""
    try:
        host_and_port(text)
    except ValueError:
        return f"{text!r} is no HOST[:PORT], such as ns1.example.net, 192.0.2.1:53 or [2001:db8::1]:53"
    return ""


def host_and_port(text: str) -> tuple[str, int]:
    """A name server's host and port; without one it is 53. Raises ``ValueError``.

    >>> host_and_port("[2001:db8::1]:5353"), host_and_port("2001:db8::1"), host_and_port("ns1.example.net")
    (('2001:db8::1', 5353), ('2001:db8::1', 53), ('ns1.example.net', 53))
    """
    if text.count(":") > 1 and not text.startswith("["):
        return str(ipaddress.IPv6Address(text)), _DNS_PORT
    found = _SERVER.fullmatch(text)
    port = int(found[3] or _DNS_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise ValueError(text)
    return (str(ipaddress.IPv6Address(found[1])) if found[1] else found[2]), port


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine, by its own name or a loopback address (RFC 6761 section 6.3)."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_inside(url: str, base: str) -> bool:
    """Whether ``url`` has the scheme, host and port of ``base`` and a path at or below its path."""
    root = base.rstrip("/")
    if url.startswith(root) and _has_plain_path(root) and _PLAINLY_BELOW.fullmatch(url, len(root)):
        return True
    try:
        wanted, parts = urlsplit(base), urlsplit(url)
        if _origin(parts) != _origin(wanted) or parts.username is not None or parts.password is not None:
            return False
    except ValueError:
        return False
    if any(segment in (".", "..") for segment in unquote(parts.path).replace("\\", "/").split("/")):
        return False
    path = wanted.path.rstrip("/")
    return parts.path == path or parts.path.startswith(path + "/")


@lru_cache(maxsize=256)
def _has_plain_path(base: str) -> bool:
    """Whether what is plainly below the base is inside of it. Raises nothing."""
    return not endpoint_fault(base) and (not (path := urlsplit(base).path) or bool(_PLAINLY_BELOW.fullmatch(path)))


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
