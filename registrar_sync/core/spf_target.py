"""What an SPF term asks the DNS for, and the SPF record that stands at a name: input of strangers, bounded and judged."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import dns.exception
import dns.name

from registrar_sync.core.known import Known
from registrar_sync.core.model import Txt, is_spf
from registrar_sync.core.names import absolute, display
from registrar_sync.core.observation import Answer
from registrar_sync.core.spf import SpfRecord, parse_spf
from registrar_sync.core.spf_fault import SpfInvalid
from registrar_sync.core.spf_syntax import Term

_LONGEST = 8192  # octets of a record that is followed; a TXT value may have 65535
_TXT = "TXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The SPF record at a name: ``record``, or why there is none. ``fault``: certainly none that can be used; ``unknown``:
    nobody can tell; ``void``: whether the look-up itself came back empty."""

    record: SpfRecord | None = None
    fault: str = ""
    unknown: str = ""
    void: bool = False


def has_macro(term: Term) -> bool:
    """Whether what the term asks for hangs on the mail: such a macro is never expanded here (RFC 7208 section 7)."""
    return "%" in term.domain


def target_of(term: Term, domain: str) -> str | None:
    """The name (absolute, lower-case) that a term without macro asks for in a record of ``domain``; None: no name at all
    (a label over 63 octets, an empty one, ...)."""
    if not term.domain:
        return domain
    return _name_in(term.domain)


@lru_cache(maxsize=1024)  # the same few terms are read in every round of finding out, and customers share their senders
def _name_in(domain: str) -> str | None:
    if "\\" in domain:  # an escape to the DNS, an octet of its own to SPF
        return None
    try:
        return absolute(dns.name.from_text(domain).to_text())
    except dns.exception.DNSException:
        return None


def spf_at(name: str, known: Known) -> Standing:
    """The SPF record at ``name``, as a recursive resolver tells it."""
    answer = known.dns(name, _TXT)
    if answer.status == "unreachable":
        return Standing(unknown=f"the TXT records of {display(name)} could not be looked up: {answer.detail}")
    if answer.status == "absent":
        return Standing(fault=f"{display(name)} {_nothing(answer)}, so no SPF record either", void=True)
    records = [value for value in answer.values if isinstance(value, Txt) and is_spf(value)]
    if len(records) != 1:
        return Standing(fault=f"{display(name)} has {len(records) or 'no'} SPF record{'s' if records else ''}")
    return _read(name, records[0].joined)


def addresses_of(name: str, known: Known) -> Answer:
    """Whether a name has an address of either family: a name that only one family finds is empty for some senders only.

    ``unreachable`` where neither family is found and one of them could not be asked.
    """
    found = known.dns(name, "A")
    if found.status == "data":
        return found
    other = known.dns(name, "AAAA")
    return found if found.status == "unreachable" and other.status == "absent" else other


def _nothing(answer: Answer) -> str:
    return "does not exist (NXDOMAIN)" if answer.detail == "NXDOMAIN" else "has no TXT record"


@lru_cache(maxsize=128)  # the same few records are read again and again, in every round of finding out
def _read(name: str, joined: bytes) -> Standing:
    if len(joined) > _LONGEST:
        return Standing(unknown=f"the SPF record of {display(name)} has {len(joined)} octets: it is not followed")
    try:
        return Standing(record=parse_spf(joined))
    except SpfInvalid as error:
        return Standing(fault=f"the SPF record of {display(name)} is invalid: {error}")
