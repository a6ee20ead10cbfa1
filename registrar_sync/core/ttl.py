"""The TTLs of a cut-over: lowered before it, raised again after it, each record's to its own.

The records of a set share one TTL (RFC 2181 section 5.2), and at most providers they cannot differ. Where they do, each record
keeps and gets back its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from registrar_sync.core.model import Rdata, Record, RRset, ZoneView, pair_records
from registrar_sync.core.scope import TYPES

Image = Mapping[str, RRset | None]


def lower_ttls(view: ZoneView, ttl: int, types: Iterable[str] = TYPES) -> Image:
    """The sets of these types with no TTL above ``ttl`` seconds; a lower one is left alone, and so are rows that are not served.

    before: TXT {spf 10800, "abc" 10800}, MX {5 mailgate 60}.  ttl 300.  after: TXT {spf 300, "abc" 300}, MX {5 mailgate 60}.
    """
    return {rtype: _lowered(view.rrset(rtype), ttl) for rtype in types}


def _lowered(rrset: RRset | None, ttl: int) -> RRset | None:
    if rrset is None:
        return None
    return rrset.with_records(row if row.disabled else replace(row, ttl=min(row.ttl, ttl)) for row in rrset.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """What one ``prepare`` did, from its images. ``added``: by type, the values that our own changes have put in since."""

    before: Image
    after: Image
    added: Mapping[str, frozenset[Rdata]] = field(default_factory=dict)

    def raised(self, image: Image) -> Image:
        """A later image of the owner, as it would be without the lowering.

        Only rows that still have the TTL that was set then are raised: a row that was lowered, its value changed or not, to
        its own old TTL; one that we have added since to the set's. A row that others have added goes with the set where its
        records share one TTL, and keeps its own where they differ.
        """
        return {rtype: self._raised(rtype, rrset) for rtype, rrset in image.items()}

    def _raised(self, rtype: str, rrset: RRset | None) -> RRset | None:
        before, after = self.before.get(rtype), self.after.get(rtype)
        if rrset is None or before is None or after is None:
            return rrset
        old = {id(new): was for was, new in zip(before.records, after.records, strict=True) if was.ttl != new.ttl}
        low = {row.ttl for row in after.records if id(row) in old}
        ours = self.added.get(rtype, frozenset())
        whole = _share_a_ttl(before) and _share_a_ttl(rrset)
        raised = {}
        for edit in pair_records(after.with_records(after.live), rrset.with_records(rrset.live)):
            row = edit.after
            if row is None or row.ttl not in low:
                continue
            if edit.before is None and (whole or row.rdata in ours):
                raised[id(row)] = replace(row, ttl=max(row.ttl, before.ttl))
            elif id(edit.before) in old:
                raised[id(row)] = _as_it_stood(row, old[id(edit.before)])
        return rrset.with_records(raised.get(id(row), row) for row in rrset.records)


def raise_all(image: Image, lowerings: Iterable[Lowering]) -> Image:
    """The image without these lowerings, which come newest first."""
    for lowering in lowerings:
        image = lowering.raised(image)
    return image


def _share_a_ttl(rrset: RRset) -> bool:
    return len({row.ttl for row in rrset.live}) == 1


def _as_it_stood(row: Record, was: Record) -> Record:
    """The row with its old TTL, in the provider's own spelling of it (OVH's 0, for "the zone's") where nothing else differs."""
    now, then = row.native or {}, was.native or {}
    same = row.rdata == was.rdata and all(now.get(key) in (then.get(key), row.ttl) for key in {*now, *then})
    return replace(row, ttl=was.ttl, native=was.native if same else row.native)
