"""The grammar of SPF terms (RFC 7208 section 12): one term's text in, a ``Term`` out, or the place of the syntax error."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf_fault import SpfInvalid

# RFC 7208 sections 7.1 and 12. DIGIT in a transformer must not be zero (section 7.3).
_MACRO = r"%\{[a-z](?:0*[1-9][0-9]*)?r?[.\-+,/_=]*\}|%%|%_|%-"
_MACRO_EXPAND = re.compile(_MACRO, re.IGNORECASE)
_MACRO_LETTERS = frozenset("slodiphv")
_EXP_ONLY_LETTERS = frozenset("crt")  # allowed in explanation texts only, section 7.2
_MACRO_STRING = re.compile(rf"(?:{_MACRO}|[\x21-\x24\x26-\x7e])*", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9._-]*)=(?P<value>.*)", re.IGNORECASE)
_MECHANISM = re.compile(r"(?P<qualifier>[+\-~?]?)(?P<name>[a-z][a-z0-9._-]*)(?P<rest>.*)", re.IGNORECASE)
_CIDR = r"(?:0|[1-9][0-9]{0,2})"
_DUAL_CIDR = re.compile(rf"(?:/(?P<v4>{_CIDR}))?(?://(?P<v6>{_CIDR}))?\Z")
_GLUED = re.compile(r":|(?:redirect|exp)=|(?<!xn-)(?<=[a-z0-9])-all\.?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism or a modifier, in its original spelling.

    ``text`` byte for byte; ``qualifier`` None where none is written (then it is "+", RFC 7208 section 4.6.2) and for
    modifiers; ``name`` lower-case; ``value`` what follows ``:`` or ``=`` (a CIDR length straight after the name: ``/24``).
    """

    text: str
    qualifier: Qualifier | None
    name: str
    value: str
    is_modifier: bool

    @property
    def effect(self) -> Qualifier:
        """The qualifier that applies."""
        return self.qualifier or "+"

    @property
    def is_all(self) -> bool:
        """Whether it is the mechanism ``all``: a modifier may bear that name too."""
        return self.name == "all" and not self.is_modifier

    @property
    def domain(self) -> str:
        """The domain-spec without a CIDR length; empty where there is none."""
        return _split_cidr(self.value)[0] if self.name in {"a", "mx"} and not self.is_modifier else self.value

    def with_qualifier(self, qualifier: Qualifier) -> Term:
        """The same mechanism under another qualifier ("+" is left unwritten), the rest in its spelling."""
        written = None if qualifier == "+" else qualifier
        bare = self.text.removeprefix(self.qualifier or "")
        return replace(self, text=f"{written or ''}{bare}", qualifier=written)

    @property
    def is_glued(self) -> bool:
        """Whether two terms seem to have run together, as when the strings of a TXT record were split between two terms
        without a space (rules case 3). The grammar allows it; no host name can hold it."""
        plain = _MACRO_EXPAND.sub("", self.value)
        return self.name in _WITH_DOMAIN and bool(_GLUED.search(plain))


def same_domain(one: str, other: str) -> bool:
    """Whether two domain-specs name the same: without case and one final dot (RFC 4343); macros compare exactly (rules A0)."""
    if one == other:
        return True
    if "%" in one or "%" in other:
        return False
    return one.lower().removesuffix(".") == other.lower().removesuffix(".")


def parse_term(text: str, position: int = 0) -> Term:
    """Read one term. ``position``: octets before it, for the error. Raises ``SpfInvalid``."""
    modifier = _MODIFIER.fullmatch(text)
    if modifier:
        return _modifier(text, modifier["name"].lower(), modifier["value"], position)
    mechanism = _MECHANISM.fullmatch(text)
    if mechanism is None:
        raise SpfInvalid(position, f"{text!r} is neither a mechanism nor a modifier (RFC 7208 section 12)")
    if mechanism["qualifier"] and mechanism["rest"].startswith("="):
        raise SpfInvalid(position, f"a qualifier before the modifier {mechanism['name']!r} (RFC 7208 section 4.6.1)")
    return _mechanism(text, mechanism, position)


def _modifier(text: str, name: str, value: str, position: int) -> Term:
    value_at = position + len(name) + 1
    if name in {"redirect", "exp"}:
        _check_domain(value, value_at)
    else:
        _check_macros(value, value_at, _MACRO_LETTERS | _EXP_ONLY_LETTERS)
    return Term(text, None, name, value, is_modifier=True)


def _mechanism(text: str, match: re.Match[str], position: int) -> Term:
    name, rest = match["name"].lower(), match["rest"]
    check = _MECHANISMS.get(name)
    if check is None:
        raise SpfInvalid(position, f"unknown mechanism {match['name'] + rest[:1]!r}{_hint(name + rest)} (RFC 7208 section 4.6)")
    check(rest, position + len(match["qualifier"]) + len(name))
    qualifier = cast("Qualifier", match["qualifier"]) if match["qualifier"] else None
    return Term(text, qualifier, name, rest.removeprefix(":"), is_modifier=False)


def _hint(text: str) -> str:
    if "," in text:
        return ": a comma is no separator"
    if text.startswith(("ipv4", "ipv6")):
        return f": meant {text[:2]}{text[3]}?"
    if "." in text:
        return ": a space after a colon?"
    return ""


# --- what may follow a mechanism's name; ``rest`` begins with ":" or "/" or is empty ------------------------------------
def _check_nothing(rest: str, position: int) -> None:
    if rest:
        raise SpfInvalid(position, f"nothing may follow 'all', found {rest!r} (RFC 7208 section 5.1)")


def _check_required_domain(rest: str, position: int) -> None:
    _check_domain(_after_colon(rest, position), position + 1)


def _check_optional_domain(rest: str, position: int) -> None:
    if rest:
        _check_required_domain(rest, position)


def _check_domain_and_cidr(rest: str, position: int) -> None:
    domain, v4, v6 = _split_cidr(rest)
    if int(v4 or 0) > 32 or int(v6 or 0) > 128:
        raise SpfInvalid(position + len(domain), "a CIDR length is at most 32, for IPv6 128 (RFC 7208 section 5.6)")
    _check_optional_domain(domain, position)


@lru_cache(maxsize=1024)  # of the same few terms, again and again
def _split_cidr(text: str) -> tuple[str, str | None, str | None]:
    match = _DUAL_CIDR.search(text)
    assert match is not None  # it matches the empty end
    return text[: match.start()], match["v4"], match["v6"]


def _check_ip4(rest: str, position: int) -> None:
    _check_network(_after_colon(rest, position), position + 1, 32, ipaddress.IPv4Address)


def _check_ip6(rest: str, position: int) -> None:
    _check_network(_after_colon(rest, position), position + 1, 128, ipaddress.IPv6Address)


def _check_network(text: str, position: int, longest: int, read: Callable[[str], object]) -> None:
    address, slash, length = text.partition("/")
    if not _is_address(address, read):
        raise SpfInvalid(position, f"{address!r} is no such address (RFC 7208 section 5.6)")
    if slash and not (re.fullmatch(_CIDR, length) and int(length) <= longest):
        raise SpfInvalid(position + len(address), f"the CIDR length is a number from 0 to {longest} (RFC 7208 section 5.6)")


def _is_address(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return "%" not in text  # a zone index (RFC 4007) is none of SPF's


def _after_colon(rest: str, position: int) -> str:
    if rest.startswith(","):
        raise SpfInvalid(position, "a comma is no separator (RFC 7208 section 12)")
    if not rest.startswith(":"):
        raise SpfInvalid(position, "a colon and a value are expected here (RFC 7208 section 12)")
    return rest[1:]


# --- domain-spec --------------------------------------------------------------------------------------------------------
def _check_domain(text: str, position: int) -> None:
    if not text:
        raise SpfInvalid(position, "a domain is missing; no space may stand before it (RFC 7208 section 7.1)")
    _check_macros(text, position, _MACRO_LETTERS)
    comma = _MACRO_EXPAND.sub(lambda found: "." * len(found[0]), text).find(",")
    if comma >= 0:
        raise SpfInvalid(position + comma, "a comma is no separator (RFC 7208 section 12)")
    ends_with_macro = any(found.end() == len(text) for found in _MACRO_EXPAND.finditer(text))
    if not ends_with_macro and not _has_toplabel(text):
        raise SpfInvalid(position, f"{text!r} does not end like a domain name (RFC 7208 section 7.1)")


def _has_toplabel(text: str) -> bool:
    """Whether it ends in a dot and a label of letters, digits and inner hyphens that is no number."""
    _, dot, label = text.removesuffix(".").rpartition(".")
    return bool(dot) and bool(_LABEL.fullmatch(label)) and not label.isdigit()


def _check_macros(text: str, position: int, letters: frozenset[str]) -> None:
    readable = _MACRO_STRING.match(text)
    end = readable.end() if readable else 0
    if end < len(text):
        raise SpfInvalid(position + end, "a percent sign that begins no macro (RFC 7208 section 7.1)")
    for found in _MACRO_EXPAND.finditer(text):
        if found[0].startswith("%{") and found[0][2].lower() not in letters:
            raise SpfInvalid(position + found.start(), f"no macro {found[0]!r} may stand here (RFC 7208 section 7.2)")


_MECHANISMS: dict[str, Callable[[str, int], None]] = {
    "all": _check_nothing,
    "include": _check_required_domain,
    "a": _check_domain_and_cidr,
    "mx": _check_domain_and_cidr,
    "ptr": _check_optional_domain,
    "ip4": _check_ip4,
    "ip6": _check_ip6,
    "exists": _check_required_domain,
}
_WITH_DOMAIN = frozenset({"include", "a", "mx", "ptr", "exists", "redirect", "exp"})
