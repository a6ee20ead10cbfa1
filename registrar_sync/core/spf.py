"""SPF records as lists of terms: read, edited and written with the order and spelling of every other term kept.

RFC 7208, read as research on real records taught us: never as a dictionary of mechanism kinds (rules A0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from registrar_sync.core.model import Record, RRset, Txt, is_spf
from registrar_sync.core.names import display
from registrar_sync.core.service import Qualifier
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_syntax import Term, parse_term, same_domain

__all__ = [
    "SpfInvalid",
    "SpfRecord",
    "Term",
    "find_near_misses",
    "find_spf",
    "include_term",
    "parse_spf",
    "render_new",
]

_VERSION = "v=spf1"
_TERM = re.compile(r"[^ ]+")
_ALMOST = re.compile(r"v\s*=\s*spf|spf1\s|spf2\.0/", re.IGNORECASE)
_NO_ASCII = re.compile(rb"[^\x20-\x7e]")
_SINGLE_MODIFIERS = ("redirect", "exp")
_COUNTED = frozenset({"include", "a", "mx", "ptr", "exists"})  # and redirect: RFC 7208 section 4.6.4
_KEPT_OCTETS = 2048  # a record of strangers may be longer, and is then read each time


@dataclass(frozen=True, kw_only=True)
class SpfRecord:
    """A valid SPF record. ``version`` in its own spelling; ``original`` the text it was read from, None once edited."""

    version: str = _VERSION
    terms: tuple[Term, ...]
    original: str | None = None

    @property
    def text(self) -> str:
        """The record: byte for byte as read, or, once edited, every term as it was with one space between terms."""
        if self.original is not None:
            return self.original
        return " ".join([self.version, *[term.text for term in self.terms]])

    @cached_property
    def all_term(self) -> Term | None:
        """The first ``all``: no mechanism after it is ever tested (RFC 7208 section 5.1)."""
        return next((term for term in self.terms if term.is_all), None)

    @cached_property
    def costing(self) -> tuple[Term, ...]:
        """The terms that cost a look-up where everything is evaluated: none behind the first ``all``, and no ``redirect``
        beside any ``all`` (RFC 7208 sections 4.6.4, 5.1 and 6.1)."""
        redirect = self.modifier("redirect") if self.all_term is None else None
        return (*[term for term in self.live if term.name in _COUNTED], *([redirect] if redirect else []))

    @cached_property
    def glued(self) -> tuple[str, ...]:
        """The terms that seem to have run together (rules case 3)."""
        return tuple([term.text for term in self.terms if term.is_glued])

    @cached_property
    def live(self) -> tuple[Term, ...]:
        """The mechanisms that can match besides ``all``: those before the first one."""
        return tuple([term for term in self.terms[: self.live_end] if not term.is_modifier])

    def modifier(self, name: str) -> Term | None:
        """The modifier of this name (``redirect``, ``exp``), wherever it stands."""
        return next((term for term in self.terms if term.is_modifier and term.name == name), None)

    def find_include(self, domain: str) -> tuple[int, ...]:
        """Where in ``terms`` the includes of ``domain`` stand, whatever their qualifiers, the dead ones too."""
        return tuple([index for index, term in enumerate(self.terms) if _includes(term, domain)])

    def live_include(self, domain: str) -> tuple[int, ...]:
        """Where the includes of ``domain`` stand that can match: those before the first ``all``."""
        return tuple([index for index in self.find_include(domain) if index < self.live_end])

    def authorises(self, domain: str) -> bool:
        """Whether the first live include of ``domain`` passes: a later one is never reached (RFC 7208 section 4.6.2)."""
        live = self.live_include(domain)
        return bool(live) and self.terms[live[0]].effect == "+"

    def insert_include(self, domain: str, qualifier: Qualifier = "+") -> SpfRecord:
        """With an include of ``domain`` before the first ``all``; without ``all`` after the last mechanism where a
        ``redirect`` must stay behind it, else at the end (rules A3). No ``all`` is ever added.

        >>> parse_spf(b"v=spf1 mx ~all").insert_include("filter.example.").text
        'v=spf1 mx include:filter.example ~all'
        """
        return self.insert(include_term(domain, qualifier))

    def insert(self, *terms: Term) -> SpfRecord:
        """With ``terms`` where a new mechanism belongs (see ``insert_include``)."""
        place = self._place_for_new
        return SpfRecord(version=self.version, terms=self.terms[:place] + terms + self.terms[place:])

    def without(self, *indexes: int) -> SpfRecord:
        """Without the terms at these places; without any place the very same record."""
        if not indexes:
            return self
        kept = tuple(term for index, term in enumerate(self.terms) if index not in indexes)
        return replace(self, terms=kept, original=None)

    def put(self, index: int, term: Term) -> SpfRecord:
        """With ``term`` at this place, instead of the one that stands there."""
        return replace(self, terms=(*self.terms[:index], term, *self.terms[index + 1 :]), original=None)

    def add_all(self, qualifier: Qualifier) -> SpfRecord:
        """With ``all`` behind the last mechanism, for a record that has none."""
        place = self._mechanisms_end
        added = parse_term(f"{'' if qualifier == '+' else qualifier}all")
        return replace(self, terms=(*self.terms[:place], added, *self.terms[place:]), original=None)

    def set_all(self, qualifier: Qualifier) -> SpfRecord:
        """With another qualifier before the ``all`` that decides, the first one. Without any ``all`` the same record."""
        return self.put(self.live_end, self.all_term.with_qualifier(qualifier)) if self.all_term else self

    @cached_property
    def live_end(self) -> int:
        """How many of ``terms`` stand before the first ``all``."""
        return next((index for index, term in enumerate(self.terms) if term.is_all), len(self.terms))

    @property
    def _place_for_new(self) -> int:
        if self.all_term is not None or self.modifier("redirect") is None:
            return self.live_end
        return self._mechanisms_end

    @property
    def _mechanisms_end(self) -> int:
        return max((index + 1 for index, term in enumerate(self.terms) if not term.is_modifier), default=0)


def _includes(term: Term, domain: str) -> bool:
    return term.name == "include" and not term.is_modifier and same_domain(term.value, domain)


@lru_cache(maxsize=256)  # one for each service, written in every domain's plan
def include_term(domain: str, qualifier: Qualifier = "+") -> Term:
    """An include of ``domain``; "+" is left unwritten."""
    return parse_term(f"{'' if qualifier == '+' else qualifier}include:{display(domain)}")


def parse_spf(joined: bytes) -> SpfRecord:
    """Read the joined text of one TXT record. Raises ``SpfInvalid`` for whatever RFC 7208 sections 4.5, 6 and 12 refuse."""
    return _read_once(joined) if len(joined) <= _KEPT_OCTETS else _read(joined)


def _read(joined: bytes) -> SpfRecord:
    text = _ascii(joined)
    version, _, _ = text.partition(" ")
    if version.lower() != _VERSION:
        raise SpfInvalid(0, f"it does not begin with {_VERSION!r} and a space (RFC 7208 section 4.5)")
    found = [(match[0], match.start()) for match in _TERM.finditer(text, len(version))]
    terms = tuple(parse_term(term, position) for term, position in found)
    _check_single_modifiers(terms, [position for _, position in found])
    return SpfRecord(version=version, terms=terms, original=text)


_read_once = lru_cache(maxsize=256)(_read)  # a plan is thought through several times, and reads the same few records each time


def _ascii(joined: bytes) -> str:
    odd = _NO_ASCII.search(joined)
    if odd:
        what = "a tab is no separator" if odd[0] == b"\t" else f"octet 0x{odd[0][0]:02x} is no printable ASCII"
        raise SpfInvalid(odd.start(), f"{what} (RFC 7208 section 12)")
    return joined.decode("ascii")


def _check_single_modifiers(terms: tuple[Term, ...], positions: list[int]) -> None:
    seen: set[str] = set()
    for term, position in zip(terms, positions, strict=True):
        if term.is_modifier and term.name in _SINGLE_MODIFIERS:
            if term.name in seen:
                raise SpfInvalid(position, f"a second {term.name!r} (RFC 7208 section 6)")
            seen.add(term.name)


def render_new(include: str, all_qualifier: Qualifier) -> str:
    """A new record that authorises ``include`` and nobody else.

    >>> render_new("filter.example.", "~")
    'v=spf1 include:filter.example ~all'
    """
    return f"{_VERSION} {include_term(include).text} {all_qualifier}all"


def find_spf(rrset: RRset | None) -> list[Record]:
    """The served records of a TXT set that are SPF: more than one is a permerror (RFC 7208 section 4.5)."""
    return [record for record in rrset.records if not record.disabled and is_spf(record.rdata)] if rrset else []


def find_near_misses(rrset: RRset | None) -> list[Txt]:
    """The served TXT values that look meant as SPF and are none: ``v=spf10``, a space in front, ``v=spf1;``, ``spf2.0/``."""
    values = [record.rdata for record in rrset.live if isinstance(record.rdata, Txt)] if rrset else []
    return [value for value in values if not is_spf(value) and _looks_meant(value.joined[:64])]


@lru_cache(maxsize=1024)  # a plan is thought through several times, and many domains hold the like
def _looks_meant(beginning: bytes) -> bool:
    start = beginning.decode("utf-8", "replace").lstrip("\ufeff\"' \t\r\n\xa0\\")
    return bool(_ALMOST.match(start))
