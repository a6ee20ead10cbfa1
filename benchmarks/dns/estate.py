"""The domains of the benchmark: what each ought to have, and those that are served something else on purpose."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Mx, Rdata, Record, RRset, Txt, values_of
from registrar_sync.core.visibility import ServerWord, Target

SEED = 4
TYPES = ("TXT", "MX")
GOOD = "good"

_TTL_S = 300
_NEIGHBOURS = ("google-site-verification=abc", "ms=1234")
_SPF = "v=spf1 mx include:includespf.security-mail.net ~all"
_OLD_SPF = "v=spf1 mx ~all"
_SERVICE = ((3, "france.security-mail.net."), (4, "europe.security-mail.net."))
_APEX = """\
$TTL 3600
@ SOA ns1 hostmaster {serial} 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 127.0.0.1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a name server has for a domain, and the verdict that this must lead to. An exchange without a dot at its end stands
    below the domain."""

    spf: str | None
    mx: tuple[tuple[int, str], ...]
    word: ServerWord

    def zone_text(self, serial: int = 1) -> str:
        """The zone's master file, the same for each domain that is served this."""
        txt = [f'@ {_TTL_S} TXT "{value}"\n' for value in self.texts]
        mx = [f"@ {_TTL_S} MX {preference} {exchange}\n" for preference, exchange in self.mx]
        return _APEX.format(serial=serial) + "".join(txt + mx)

    def rrsets(self, domain: str) -> dict[str, RRset | None]:
        """The same as the core has it."""
        txt = [Txt((value.encode(),)) for value in self.texts]
        mx = [Mx(number, host if host.endswith(".") else f"{host}.{domain}") for number, host in self.mx]
        return {"TXT": _rrset(domain, "TXT", txt), "MX": _rrset(domain, "MX", mx)}

    @property
    def texts(self) -> tuple[str, ...]:
        """Every TXT value."""
        return (*([self.spf] if self.spf else []), *_NEIGHBOURS)


def _rrset(domain: str, rtype: str, values: list[Txt] | list[Mx]) -> RRset | None:
    records = tuple(Record(rdata=value, ttl=_TTL_S) for value in values)
    return RRset(owner=domain, rtype=rtype, records=records) if records else None


SERVED = {
    GOOD: Served(spf=_SPF, mx=(*_SERVICE, (5, "mailgate")), word="new"),
    "old": Served(spf=_OLD_SPF, mx=((5, "mailgate"),), word="old"),
    "absent": Served(spf=None, mx=(), word="absent"),
    "preference": Served(spf=_SPF, mx=((6, _SERVICE[0][1]), _SERVICE[1], (7, "mailgate")), word="other"),
    "host-missing": Served(spf=_SPF, mx=(_SERVICE[0], (5, "mailgate")), word="other"),
    "one-letter": Served(spf=_SPF.replace("mail.net", "mail.met"), mx=(*_SERVICE, (5, "mailgate")), word="other"),
}


def images(domain: str) -> Images:
    """An enrolment of the domain: what stood before, and what ought to stand."""
    return Images(before=SERVED["old"].rrsets(domain), after=SERVED[GOOD].rrsets(domain))


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One domain: what to expect, and the word that is right."""

    name: str
    kind: str
    target: Target
    expected: Mapping[str, frozenset[Rdata]]

    @property
    def word(self) -> ServerWord:
        """The verdict that every server must get."""
        return SERVED[self.kind].word


@dataclass(frozen=True)
class Estate:
    """``count`` domains, of which ``share`` are served other data than expected, the same ones in every process."""

    count: int
    share: float = 0.01

    @cached_property
    def kinds(self) -> dict[int, str]:
        """The number of each domain with other data, and which."""
        odd = [kind for kind in SERVED if kind != GOOD]
        chosen = random.Random(SEED).sample(range(self.count), round(self.count * self.share))
        return {number: odd[turn % len(odd)] for turn, number in enumerate(chosen)}

    def names(self) -> Iterator[tuple[str, str]]:
        """Each domain's name and what it is served."""
        return ((f"z{number}.example.", self.kinds.get(number, GOOD)) for number in range(self.count))

    def domains(self, most: int | None = None) -> list[Domain]:
        """The first ``most`` of them, or all."""
        return [_domain(name, kind) for number, (name, kind) in enumerate(self.names()) if most is None or number < most]


def _domain(name: str, kind: str) -> Domain:
    both = images(name)
    target = Target(before=both.before, after=both.after)
    return Domain(name=name, kind=kind, target=target, expected={rtype: values_of(rrset) for rtype, rrset in both.after.items()})
