"""What stands at an owner name: records, RRsets, and a change from one RRset to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Txt:
    """A TXT value: its character-strings (RFC 1035 section 3.3.14); equal when the joined text is (RFC 7208 section 3.3).

    ``joined``: the character-strings with nothing between them.
    """

    strings: tuple[bytes, ...]
    joined: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "joined", b"".join(self.strings))  # once: a plan asks for it hundreds of times

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Txt) and self.joined == other.joined

    def __hash__(self) -> int:
        return hash(self.joined)

    def __str__(self) -> str:
        return self.joined.decode("utf-8", "backslashreplace")


class Mx(NamedTuple):
    """An MX value (RFC 1035 section 3.3.9): ``preference`` 0 to 65535, lower first; ``exchange`` absolute, lower-case.

    The exchange "." is null MX (RFC 7505).
    """

    preference: int
    exchange: str

    def __str__(self) -> str:
        return f"{self.preference} {self.exchange}"


@dataclass(frozen=True, slots=True)
class Other:
    """A value of a type that we never edit, in canonical presentation form (only compared)."""

    text: str

    def __str__(self) -> str:
        return self.text


Rdata = Txt | Mx | Other


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of an RRset.

    ``ttl`` seconds, as it is served. ``native`` is the provider's own row (id, raw content, field type ...): opaque here,
    carried into the journal, and sent back untouched where the value is not edited. ``disabled`` rows are not served.
    """

    rdata: Rdata
    ttl: int
    disabled: bool = False
    native: Json | None = field(default=None, compare=False, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RRset:
    """All records of one owner and type: the unit of change. ``owner`` absolute, lower-case."""

    owner: str
    rtype: str
    records: tuple[Record, ...]
    _values: frozenset[Rdata] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def live(self) -> tuple[Record, ...]:
        """The records that are served."""
        return tuple([record for record in self.records if not record.disabled])

    @property
    def ttl(self) -> int:
        """The TTL in seconds: the lowest one, where the API lets the records of a set differ."""
        return min([record.ttl for record in self.live or self.records])

    @property
    def values(self) -> frozenset[Rdata]:
        """The set of served values (an exact duplicate row counts once, rules case 48)."""
        values = self._values
        if values is None:
            values = frozenset([record.rdata for record in self.records if not record.disabled])
            object.__setattr__(self, "_values", values)  # kept: a plan and its proof ask for it dozens of times
        return values

    def with_records(self, records: Iterable[Record]) -> RRset:
        """The same set with other records."""
        return RRset(owner=self.owner, rtype=self.rtype, records=tuple(records))


def values_of(rrset: RRset | None) -> frozenset[Rdata]:
    """The served values of a set that may be absent."""
    return rrset.values if rrset else frozenset()


def same_values(one: RRset | None, other: RRset | None) -> bool:
    """Whether the same values are served, whatever the TTLs."""
    return values_of(one) == values_of(other)


def same_data(one: RRset | None, other: RRset | None) -> bool:
    """Whether the same values are served with the same TTLs: what read-back and "equals the start" compare."""
    return data_of(one) == data_of(other)


def data_of(rrset: RRset | None) -> frozenset[tuple[Rdata, int]]:
    """The served values of a set that may be absent, each with its TTL."""
    return frozenset([(record.rdata, record.ttl) for record in rrset.records if not record.disabled]) if rrset else frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneView:
    """All that stands at one owner, as the provider's API told it in one read.

    ``notices``: ids of findings that the provider itself reports (such as ``zone-not-deployed``).
    """

    zone: str
    owner: str
    rrsets: tuple[RRset, ...]
    notices: frozenset[str] = frozenset()

    def rrset(self, rtype: str) -> RRset | None:
        """The set of this type at the owner, disabled rows included, or None where there is no row at all."""
        for rrset in self.rrsets:
            if rrset.rtype == rtype:
                return rrset
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEdit:
    """One row of a change: ``before`` None is an addition, ``after`` None a removal, both equal a row to leave alone.

    The provider row to touch is ``before.native``; the spelling to send is ``after.native`` as long as that spelling still
    stands for ``after.rdata``, else a fresh encoding of ``after.rdata``.
    """

    before: Record | None
    after: Record | None

    @property
    def keeps(self) -> bool:
        """Whether the row is left alone."""
        return self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class RRsetChange:
    """One RRset before and after, disabled rows included. ``None``: no row at all."""

    owner: str
    rtype: str
    before: RRset | None
    after: RRset | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        old, new = (rrset.records if rrset else () for rrset in (self.before, self.after))
        return old == new or (len(old) == len(new) and _are_the_same_rows(old, new))

    @property
    def inverse(self) -> RRsetChange:
        """The change back."""
        return replace(self, before=self.after, after=self.before)

    @property
    def edits(self) -> tuple[RecordEdit, ...]:
        """The rows of before and after in pairs, so that an API with ids edits in place instead of deleting and adding."""
        return pair_records(self.before, self.after)


def _are_the_same_rows(old: Iterable[Record], new: Iterable[Record]) -> bool:
    """Whether both hold equal rows, in whatever order."""
    left = list(old)
    for row in new:
        if row not in left:
            return False
        left.remove(row)
    return not left


def pair_records(before: RRset | None, after: RRset | None) -> tuple[RecordEdit, ...]:
    """Pair rows: equal ones first, then the same value (TTL or disabled differs), then the SPF record with the SPF record
    and an exchange with the same exchange; what is left is removed or added."""
    old = list(before.records) if before else []
    new: list[Record | None] = list(after.records) if after else []
    edits: list[RecordEdit] = []
    for alike in (_equal, _same_value, _same_thing):
        for index, wanted in enumerate(new):
            found = next((row for row in old if wanted is not None and alike(row, wanted)), None)
            if found is not None:
                old = [row for row in old if row is not found]
                edits.append(RecordEdit(before=found, after=wanted))
                new[index] = None
    edits.extend(RecordEdit(before=None, after=row) for row in new if row is not None)
    edits.extend(RecordEdit(before=row, after=None) for row in old)
    return tuple(edits)


def _equal(old: Record, new: Record) -> bool:
    return old == new


def _same_value(old: Record, new: Record) -> bool:
    return old.rdata == new.rdata


def _same_thing(old: Record, new: Record) -> bool:
    if isinstance(old.rdata, Mx) and isinstance(new.rdata, Mx):
        return old.rdata.exchange == new.rdata.exchange
    return is_spf(old.rdata) and is_spf(new.rdata)


def is_spf(rdata: Rdata) -> bool:
    """Whether the value is an SPF record: "v=spf1" alone or followed by a space, in any case (RFC 7208 section 4.5)."""
    if not isinstance(rdata, Txt):
        return False
    head = rdata.joined[:7].lower()
    return head in (b"v=spf1", b"v=spf1 ")
