"""The order in which one RRset is changed row by row through lexicon's verbs, decided before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from registrar_sync.core.model import Mx, Rdata, Txt
from registrar_sync.errors import ProviderRefused
from registrar_sync.providers.rows import Row
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.providers.verbs_rows import CONTENT, VerbRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """A row and what it stands for."""

    row: Row
    rdata: Rdata


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One row of a change. ``keeps``: it is left alone."""

    before: Valued | None
    after: Valued | None
    keeps: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call, or a look whether the calls so far took effect.

    ``gone``: the rows that the call takes away (all of one exchange, where the content is all that names it); ``new``: the
    row that it brings. ``leaves_a_gap``: after it something is missing that comes back.
    """

    kind: Literal["change", "add", "remove", "look"]
    gone: tuple[Valued, ...] = ()
    new: Valued | None = None
    leaves_a_gap: bool = False


LOOK = Step(kind="look")


def steps_of(table: VerbRows, rtype: str, edits: Sequence[Edit]) -> list[Step]:
    """The calls for one RRset. Raises ``ProviderRefused`` for what cannot be done, or not undone, exactly.

    Never two SPF records, and an MX set that is to hold something is never empty:
    TXT: rows are changed in place; else removed and then added again: a moment without SPF is neutral to a receiver.
    MX: rows are changed in place, then rows are added, then rows that stand in the way of their successor are exchanged (removed,
    then added), and then rows are removed; between them it is looked whether that took effect.
    """
    _refuse_what_is_not_exact(table, rtype, edits)
    verbs = table.verbs
    gone, new, kept = _taken_apart(verbs, edits)
    changes = [Step(kind="change", gone=(e.before,), new=e.after) for e in edits if e.before and e.after and _in_place(verbs, e)]
    ordered = _mx_steps(verbs, gone, new, kept) if rtype == "MX" else _txt_steps(verbs, gone, new)
    return [*changes, *ordered]


def _in_place(verbs: Verbs, edit: Edit) -> bool:
    if verbs.update == "none" or edit.keeps or edit.before is None or edit.after is None:
        return False
    return verbs.update_ttl or edit.before.row.ttl == edit.after.row.ttl


def _taken_apart(verbs: Verbs, edits: Sequence[Edit]) -> tuple[list[Valued], list[Valued], list[Valued]]:
    """What is removed, what is added, and what stays; a row that goes with another one's content is added again."""
    open_edits = [edit for edit in edits if not edit.keeps and not _in_place(verbs, edit)]
    gone = [edit.before for edit in open_edits if edit.before]
    new = [edit.after for edit in open_edits if edit.after]
    stays = [edit.after for edit in edits if edit.after and (edit.keeps or _in_place(verbs, edit))]
    taken = {_key(verbs, one) for one in gone} if verbs.delete == "by-content" else set()
    with_them = [one for one in stays if _key(verbs, one) in taken]
    return [*gone, *with_them], [*new, *with_them], [one for one in stays if one not in with_them]


def _key(verbs: Verbs, one: Valued) -> str:
    """What a content names: at most adapters an MX's exchange alone, whatever its preference."""
    if isinstance(one.rdata, Mx) and verbs.preference != CONTENT:
        return one.rdata.exchange
    return str(one.rdata)


def _txt_steps(verbs: Verbs, gone: list[Valued], new: list[Valued]) -> list[Step]:
    """Rows that only go, first (two SPF records become one); then row by row, out and in again; then rows that only come."""
    pairs, only_gone, only_new = _paired(verbs, gone, new)
    steps = _removals(verbs, only_gone)
    for old, fresh in pairs:
        steps += _exchange(verbs, old, fresh)
    return [*steps, *([LOOK] if steps and only_new else []), *(Step(kind="add", new=one) for one in only_new)]


def _mx_steps(verbs: Verbs, gone: list[Valued], new: list[Valued], kept: list[Valued]) -> list[Step]:
    pairs, only_gone, only_new = _paired(verbs, gone, new)
    steps = [Step(kind="add", new=one) for one in only_new]
    if steps and gone:
        steps.append(LOOK)
    for old, fresh in pairs:
        rest = [*kept, *only_new, *only_gone, *(one for other, _ in pairs for one in other if other is not old)]
        if not rest:
            raise _refusal("the only MX would be gone for a moment, for the adapter cannot change it in place")
        steps += _exchange(verbs, old, fresh)
    return [*steps, *_removals(verbs, only_gone)]


def _exchange(verbs: Verbs, old: list[Valued], fresh: list[Valued]) -> list[Step]:
    out = [replace(step, leaves_a_gap=True) for step in _removals(verbs, old)]
    back = [Step(kind="add", new=one, leaves_a_gap=one is not fresh[-1]) for one in fresh]
    return [*out, replace(LOOK, leaves_a_gap=True), *back, LOOK]


def _paired(
    verbs: Verbs, gone: list[Valued], new: list[Valued]
) -> tuple[list[tuple[list[Valued], list[Valued]]], list[Valued], list[Valued]]:
    """Rows that go and come under one key (all SPF values have one), then the rows that only go, and those that only come."""
    keys = dict.fromkeys(_slot(verbs, one) for one in gone)
    pairs = []
    for key in keys:
        old = [one for one in gone if _slot(verbs, one) == key]
        fresh = [one for one in new if _slot(verbs, one) == key]
        if fresh:
            pairs.append((old, fresh))
    paired = [one for pair in pairs for part in pair for one in part]
    rest_gone = [one for one in gone if not any(one is other for other in paired)]
    return pairs, rest_gone, [one for one in new if not any(one is other for other in paired)]


def _slot(verbs: Verbs, one: Valued) -> str:
    """Rows of one slot must not stand beside each other while one takes the other's place."""
    if isinstance(one.rdata, Txt) and one.rdata.joined[:6].lower() == b"v=spf1":
        return "v=spf1"
    return _key(verbs, one)


def _removals(verbs: Verbs, gone: list[Valued]) -> list[Step]:
    """By id one call a row; by content one call for all rows of that content."""
    if verbs.delete == "by-id":
        return [Step(kind="remove", gone=(one,)) for one in gone]
    alike: dict[str, list[Valued]] = {}
    for one in gone:
        alike.setdefault(_key(verbs, one), []).append(one)
    return [Step(kind="remove", gone=tuple(rows)) for rows in alike.values()]


# --- what is refused before anything is written -------------------------------------------------------------------------
def _refuse_what_is_not_exact(table: VerbRows, rtype: str, edits: Sequence[Edit]) -> None:
    if rtype not in ("TXT", "MX"):
        raise _refusal(f"{rtype} records are not written through lexicon")
    touched = [edit for edit in edits if not edit.keeps]
    for edit in touched:
        _refuse_edit(table, edit)
    for kept in (edit.before for edit in edits if edit.keeps and edit.before and touched):
        if why := table.cannot_pass_by(kept.row, kept.rdata):
            raise _refusal(f"every write sends all TXT values again, and one beside ours would be damaged ({why})", kept.rdata)


def _refuse_edit(table: VerbRows, edit: Edit) -> None:
    for one in filter(None, (edit.before, edit.after)):  # what goes must be such that it can be brought back
        if why := table.cannot_give(one.rdata):
            raise _refusal(why, one.rdata)
    if edit.before is None or edit.after is None or edit.before.rdata != edit.after.rdata:
        return
    if table.verbs.ttl == "none":
        raise _refusal("the provider has one TTL for all records, which lexicon cannot change")
    if _would_be_recut(edit.before.rdata):
        raise _refusal("a TXT value of several strings would be cut anew", edit.before.rdata)


def _would_be_recut(rdata: Rdata) -> bool:
    """Whether a value whose TTL changes would lose the places where its strings meet."""
    return isinstance(rdata, Txt) and any(len(string) != 255 for string in rdata.strings[:-1])


def _refusal(why: str, rdata: Rdata | None = None) -> ProviderRefused:
    value = "" if rdata is None else f" The value: {_shortened(str(rdata))}."
    return ProviderRefused(
        f"This cannot be written exactly at this provider: {why}.{value} Nothing was sent for these records.",
        hint="Change these records by hand at the provider, then run check.",
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
