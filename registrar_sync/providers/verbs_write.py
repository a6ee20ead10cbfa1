"""RRset changes carried out through lexicon's verbs. What lexicon answers proves nothing: the listing does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, Protocol

from registrar_sync.core.model import Rdata, RRsetChange, is_spf
from registrar_sync.errors import OutcomeUnknown, WriteMustReread
from registrar_sync.providers.rows import Row, RowEdit, Speller
from registrar_sync.providers.shapes import Adapter, Calls
from registrar_sync.providers.verbs_rows import VerbRows
from registrar_sync.providers.verbs_steps import Edit, Step, Valued, steps_of

_INSIST_S = 30.0  # how long something that we took out is tried to be put back: below the lease of the zone lock


class VerbsAdapter(Adapter, Protocol):
    """lexicon's verbs under a declared dialect."""

    @property
    def table(self) -> VerbRows:
        """Reads and gives the zone's rows."""
        ...

    def add_row(self, owner: str, row: Row, rdata: Rdata) -> None:
        """Add a row."""
        ...

    def change_row(self, owner: str, before: Row, after: Row, rdata: Rdata) -> None:
        """Change a row in place, by its id."""
        ...

    def remove_row(self, owner: str, row: Row) -> None:
        """Remove a row, or all rows that its content names; one that is gone already is no error."""
        ...


def write_verbs(adapter: VerbsAdapter, changes: Sequence[RRsetChange], speller: Speller, calls: Calls) -> None:
    """Shape ``verbs``: change after change, row after row; what cannot be done exactly is refused before the first call.

    Raises ``WriteMustReread`` only while nothing is missing that stood there: else it would be taken for somebody else's edit.
    """
    works = [_Work(adapter, change, speller, calls) for change in changes if not change.is_empty]
    for work in works:
        work.carry_out()


class _Work:
    """One RRset on its way. ``_stands``: the values that our calls so far must have left; ``_lacks``: one of them is out and is
    to come back."""

    def __init__(self, adapter: VerbsAdapter, change: RRsetChange, speller: Speller, calls: Calls) -> None:
        self._adapter, self._change, self._speller, self._calls = adapter, change, speller, calls
        edits = [self._edit(edit) for edit in speller.edits(change)]
        self._steps = steps_of(adapter.table, change.rtype, edits)
        self._stands = Counter(edit.before.rdata for edit in edits if edit.before)
        self._stands.update({edit.after.rdata: 0 for edit in edits if edit.after})
        self._read_at = calls.read_at
        self._lacks = False

    def _edit(self, edit: RowEdit) -> Edit:
        return Edit(before=self._valued(edit.before), after=self._valued(edit.after), keeps=edit.keeps)

    def _valued(self, row: Row | None) -> Valued | None:
        return None if row is None else Valued(row=row, rdata=self._speller.record(row).rdata)

    def carry_out(self) -> None:
        """All steps, in their order."""
        for step in self._steps:
            if step.kind == "look":
                self._look()
            elif self._lacks or step.leaves_a_gap:
                self._insist(step)
            else:
                self._call(step)
            self._stands.subtract(one.rdata for one in step.gone)
            self._stands.update([step.new.rdata] if step.new else [])
            self._lacks = step.leaves_a_gap

    def _call(self, step: Step) -> None:
        owner = self._change.owner
        if step.kind == "add" and step.new:
            with self._calls.once(self._read_at):
                self._adapter.add_row(owner, step.new.row, step.new.rdata)
        elif step.kind == "change" and step.new:
            with self._calls.replace(self._read_at):
                self._adapter.change_row(owner, step.gone[0].row, step.new.row, step.new.rdata)
        else:
            with self._calls.replace(self._read_at):
                self._adapter.remove_row(owner, step.gone[0].row)

    def _insist(self, step: Step) -> None:
        """A call that opens or closes a gap. Where it may be repeated after a fresh read it is, here: whoever else read the zone
        now would take the gap for somebody else's edit."""
        clock = self._calls.http.clock
        ends = clock.monotonic() + _INSIST_S
        while True:
            try:
                return self._call(step)
            except WriteMustReread as deferred:
                pause_s = max(deferred.retry_after_s, 1.0)
                is_over = clock.monotonic() + pause_s > ends
                clock.sleep(0.0 if is_over else pause_s)
                standing = self._standing(step)
                if standing == "done":
                    return None
                if standing == "foreign" or (is_over and self._lacks):
                    text = f"{deferred.message} What was taken out for it is perhaps not back yet."
                    raise OutcomeUnknown(text) from deferred
                if is_over:
                    raise

    def _standing(self, step: Step) -> Literal["not-done", "done", "foreign"]:
        """What a fresh listing says of a step whose call got no answer."""
        after = self._stands.copy()
        after.subtract(one.rdata for one in step.gone)
        after.update([step.new.rdata] if step.new else [])
        found = self._list()
        if _is_as(found, self._stands):
            return "not-done"
        return "done" if _is_as(found, after) else "foreign"

    def _list(self) -> Counter[Rdata]:
        self._adapter.forget()
        rows = [row for row in self._adapter.rows(self._change.owner) if row.rtype == self._change.rtype]
        self._read_at = self._calls.http.clock.monotonic()
        return Counter(self._speller.record(row).rdata for row in rows)

    def _look(self) -> None:
        """List until our calls show. Raises ``OutcomeUnknown``: then they did not take effect, or somebody else wrote."""
        clock = self._calls.http.clock
        ends, pause_s = clock.monotonic() + self._calls.http.call_limit_s, 0.25
        while not _is_as(self._list(), self._stands):
            if clock.monotonic() + pause_s > ends:
                raise OutcomeUnknown(
                    f"The provider said yes, but its listing of the {self._change.rtype} records does not show it."
                    " Nothing more was written."
                )
            clock.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)


def _is_as(found: Counter[Rdata], expected: Counter[Rdata]) -> bool:
    """Whether all values of before and after stand as our calls have left them. What others add meanwhile is told in the end, but
    for an SPF record: ours beside it would be a second one."""
    others = [value for value in found if value not in expected]
    return all(found[value] == count for value, count in expected.items()) and not any(map(is_spf, others))
