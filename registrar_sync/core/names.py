"""Domain names: absolute, lower-case, A-label (``example.com.``) everywhere inside; converted once, at the border."""

from __future__ import annotations

import ipaddress
import re

import idna

from registrar_sync.errors import InvalidDomain

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SCOPED_LABEL = re.compile(r"_?[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")  # RFC 8552: _spf and the like


def parse_domain(text: str, *, scoped: bool = False) -> str:
    """Turn what a person typed into an absolute A-label name (IDNA 2008, RFC 5891; LDH, RFC 1123 section 2.1).

    ``scoped``: the name of records only, such as an SPF include, whose labels may hold underscores (RFC 8552 section 1.1).
    Raises ``InvalidDomain``, which says what is wrong with it.

    >>> parse_domain("Exämple.COM")
    'xn--exmple-cua.com.'
    """
    name = text.removesuffix(".")
    if not name:
        raise _invalid(text, "it is empty")
    if _is_address(name):
        raise _invalid(text, "it is an IP address")
    ascii_name = name.lower() if name.isascii() else _to_a_labels(text, name)
    labels = ascii_name.split(".")
    if len(ascii_name) > 253:
        raise _invalid(text, "it is longer than 253 octets (RFC 1035 section 2.3.4)")
    for label in labels:
        _check_label(text, label, _SCOPED_LABEL if scoped else _LABEL)
    if len(labels) < 2:
        raise _invalid(text, "a domain has at least two labels")
    if labels[-1].isdigit():
        raise _invalid(text, "its last label is a number")
    return ascii_name + "."


def _to_a_labels(text: str, name: str) -> str:
    try:
        return idna.encode(name, uts46=True, transitional=False).decode("ascii").lower()
    except idna.IDNAError as error:
        raise _invalid(text, f"IDNA refuses it: {error}") from error


def _check_label(text: str, label: str, allowed: re.Pattern[str]) -> None:
    if not label:
        raise _invalid(text, "it has an empty label")
    if len(label) > 63:
        raise _invalid(text, "a label is longer than 63 octets (RFC 1035 section 2.3.4)")
    if not allowed.fullmatch(label):
        raise _invalid(text, f"the label {label!r} may hold only letters, digits and inner hyphens")
    if label.startswith("xn--"):
        try:
            idna.ulabel(label)
        except idna.IDNAError as error:
            raise _invalid(text, f"the label {label!r} is no valid A-label: {error}") from error


def _is_address(name: str) -> bool:
    if name[-1].isalpha() and name.isascii() and ":" not in name:
        return False  # nearly all of them, told apart without an exception
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _invalid(text: str, why: str) -> InvalidDomain:
    return InvalidDomain(f"{text!r} is not a domain name: {why}. Nothing was changed.", hint="Give a name such as example.com.")


def absolute(name: str) -> str:
    """Lower-case ``name`` and end it with a dot: for names that an API or the DNS gave us as full names."""
    return name.lower().removesuffix(".") + "."


def display(name: str) -> str:
    """The name as people write it: without the final dot (the root stays a dot)."""
    return name.removesuffix(".") or "."


def is_within(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or stands below it, on a label boundary."""
    return name == zone or name.endswith("." + zone)


def relative(name: str, zone: str) -> str:
    """The labels of ``name`` above ``zone``: an empty text at the apex.

    >>> relative("www.example.com.", "example.com.")
    'www'
    """
    return "" if name == zone else name.removesuffix("." + zone)


def ancestors(name: str) -> list[str]:
    """``name`` and its ancestors of two labels or more, the longest first."""
    labels = name.removesuffix(".").split(".")
    return [".".join(labels[i:]) + "." for i in range(max(1, len(labels) - 1))]
