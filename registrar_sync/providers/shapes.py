"""How RRset changes are carried out at an API, by the shape of its records: whole RRsets, or rows with ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from registrar_sync.core.model import RRsetChange
from registrar_sync.errors import WriteMustReread
from registrar_sync.providers.policy import READ_COUNTS_S, Policy
from registrar_sync.providers.rows import Row, RowEdit, Speller
from registrar_sync.providers.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The HTTP writes of one ``write``: each is marked as what it is. ``read_at``: when the read under it was made."""

    http: Transport
    read_at: float | None
    before_call: Callable[[], None]

    def replace(self, read_at: float | None = None) -> AbstractContextManager[None]:
        """Calls inside set something to a value, or remove it: twice is once. ``read_at``: when just that was read."""
        policy = Policy(kind="replace", before_call=self.before_call, read_at=self.read_at if read_at is None else read_at)
        return self.http.carrying(policy)

    def once(self, read_at: float | None = None) -> AbstractContextManager[None]:
        """Calls inside must not be repeated. ``read_at``: when it was last seen that what they add does not stand there."""
        policy = Policy(kind="once", before_call=self.before_call, read_at=self.read_at if read_at is None else read_at)
        return self.http.carrying(policy)

    def is_old(self, read_at: float) -> bool:
        """Whether a read no longer counts."""
        return self.http.clock.monotonic() - read_at >= READ_COUNTS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RRsetWrite:
    """One RRset as it is to be. ``owner`` absolute; ``ttl`` seconds (None where the set goes)."""

    owner: str
    rtype: str
    ttl: int | None
    edits: tuple[RowEdit, ...]

    @property
    def rows(self) -> list[Row]:
        """The rows wanted."""
        return [edit.after for edit in self.edits if edit.after is not None]

    @property
    def gone(self) -> list[Row]:
        """The rows that stand now, of a set that goes; all of them otherwise."""
        return [edit.before for edit in self.edits if edit.before is not None]


class Adapter(Protocol):
    """What LexiconZone asks of an adapter of ours beside lexicon's ``authenticate``."""

    domain: str
    notices: frozenset[str]
    reads_on_entering: bool
    now: Callable[[], float]

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Below which all its URLs lie; none for an API that is not HTTP."""
        ...

    def enter(self, names: Sequence[str]) -> None:
        """Authenticate for the first zone of ``names`` (no final dot, the longest first) that the account holds.

        Raises ``ZoneNotFound``.
        """
        ...

    def rows(self, owner: str) -> list[Row]:
        """All rows at ``owner`` (absolute)."""
        ...

    def row(self, native: Mapping[str, Any]) -> Row:
        """A native row read."""
        ...

    def forget(self) -> None:
        """Drop what was read earlier."""
        ...

    def list_zones(self) -> list[str]:
        """The account's zones, as stored."""
        ...


class RRsetAdapter(Adapter, Protocol):
    """An API whose calls replace whole RRsets."""

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """Carry out the sets: in one call where the API has one that names exactly these, else in their order."""
        ...


class RecordAdapter(Adapter, Protocol):
    """An API whose calls change rows by id, and which is read row by row: each row has an age of its own."""

    def read_at(self, row: Row) -> float:
        """When the row was last read, monotonic seconds."""
        ...

    def listed_at(self) -> float:
        """When the owner's rows were last listed, monotonic seconds."""
        ...

    def is_still(self, row: Row) -> bool:
        """Read a row again: whether it is what it was."""
        ...

    def lists_still(self, owner: str) -> bool:
        """List the owner's rows again: whether they are the same ones."""
        ...

    def change_row(self, before: Row, after: Row) -> None:
        """Change a row in place, by its id."""
        ...

    def add_row(self, owner: str, row: Row) -> None:
        """Add a row."""
        ...

    def remove_row(self, row: Row) -> None:
        """Remove a row by its id; one that is gone already is no error."""
        ...


class StagedAdapter(Adapter, Protocol):
    """An API that serves edits only when told to."""

    def publish(self) -> None:
        """Serve what was edited."""
        ...


def write_rrsets(adapter: RRsetAdapter, changes: Sequence[RRsetChange], speller: Speller, calls: Calls) -> None:
    """Shape ``rrset``.

    before: TXT {a, spf}, MX {5 mailgate}.  call: changes TXT spf -> spf2, MX + 3 france.
    after: TXT {a in its own spelling, spf2}, MX {3 france, 5 mailgate}: each RRset whole, no other touched.
    """
    sets = [
        RRsetWrite(
            owner=change.owner,
            rtype=change.rtype,
            ttl=change.after.ttl if change.after and change.after.records else None,
            edits=speller.edits(change),
        )
        for change in changes
        if not change.is_empty
    ]
    for rrset in sets:
        speller.refuse_unsure(rrset.owner, rrset.rows)
    if sets:
        adapter.replace_rrsets(sets, calls)


def write_records(adapter: RecordAdapter, changes: Sequence[RRsetChange], speller: Speller, calls: Calls) -> None:
    """Shape ``record``: change after change; in each, rows edited in place, then rows added, then rows removed.

    So a value that is edited is never absent, there are never two SPF records, and an RRset is never empty in between. Reading
    an owner row by row can take longer than a read counts: what is old by its turn is read again, by itself.
    """
    # All is spelled before anything is sent: a value that the API cannot hold is refused while nothing is changed.
    spelled = [(change, [edit for edit in speller.edits(change) if not edit.keeps]) for change in changes]
    for change, edits in spelled:
        for edit in edits:
            if edit.before is not None and edit.after is not None:
                with calls.replace(_read_at(adapter, edit.before, calls)):
                    adapter.change_row(edit.before, edit.after)
        for edit in edits:
            if edit.before is None and edit.after is not None:
                with calls.once(_listed_at(adapter, change.owner, calls)):
                    adapter.add_row(change.owner, edit.after)
        for edit in edits:
            if edit.before is not None and edit.after is None:
                with calls.replace(_read_at(adapter, edit.before, calls)):
                    adapter.remove_row(edit.before)


def _read_at(adapter: RecordAdapter, row: Row, calls: Calls) -> float:
    if calls.is_old(adapter.read_at(row)) and not adapter.is_still(row):
        raise WriteMustReread(f"A {row.rtype} record was changed by somebody else before our edit of it. It was left alone.")
    return adapter.read_at(row)


def _listed_at(adapter: RecordAdapter, owner: str, calls: Calls) -> float:
    if calls.is_old(adapter.listed_at()) and not adapter.lists_still(owner):
        raise WriteMustReread(f"Records of {owner} came or went before ours could be added. Nothing was added.")
    return adapter.listed_at()
