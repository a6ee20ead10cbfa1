"""The journal's rows to the ports' values and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from registrar_sync.core.evidence import Change, Event, Images, NewChange
from registrar_sync.core.image import rrset_from_json, rrset_to_json
from registrar_sync.core.model import RRset


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they will be read back. Raises ``TypeError`` for what is no JSON: a defect of ours, found in good time."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return plain


def change_values(new: NewChange) -> dict[str, Any]:
    """The columns of ``change`` that are known beforehand."""
    return {
        "domain": new.domain,
        "zone": new.zone,
        "owner": new.owner,
        "provider": new.provider,
        "account": new.account,
        "service": dict(new.service),
        "command": new.command,
        "undoes": new.undoes,
        "context": dict(new.context),
    }


def images_to_json(images: Images | None) -> dict[str, Any] | None:
    """Both images, every byte and native row of them, as JSON values."""
    if images is None:
        return None
    return {"before": _side_to_json(images.before), "after": _side_to_json(images.after)}


_WHAT = ("domain", "zone", "owner", "provider", "account", "service", "command", "undoes", "context")
_OF_EVENT = ("id", "change_id", "state", "at", "detail")


def changes_from_rows(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """Changes from the rows of a question of ``questions``, in the order given; the rows of one stand together."""
    groups = groupby(rows, key=itemgetter("id"))
    return [_change_from_rows(list(group)) for _, group in groups]


def _change_from_rows(rows: Sequence[Mapping[str, Any]]) -> Change:
    return change_from_row(rows[0], map(_event_from_row, rows))


def change_from_row(row: Mapping[str, Any], events: Iterable[Event]) -> Change:
    """A change from its own row."""
    what = NewChange(**{name: row[name] for name in _WHAT})
    return Change(id=row["id"], what=what, at=row["at"], events=tuple(events))


def event_from_row(row: Sequence[Any]) -> Event:
    """An event from its own row, columns in their order."""
    number, change_id, state, at, detail, images = row
    return Event(id=number, change_id=change_id, state=state, at=at, detail=detail, images=_images_from_json(images))


def _event_from_row(row: Mapping[str, Any]) -> Event:
    columns = [row[f"event_{name}"] for name in _OF_EVENT]
    return event_from_row((*columns, row.get("event_images")))  # a list over many changes is asked for without


def _images_from_json(data: Mapping[str, Any] | None) -> Images | None:
    if data is None:
        return None
    return Images(before=_side_from_json(data["before"]), after=_side_from_json(data["after"]))


def _side_to_json(side: Mapping[str, RRset | None]) -> dict[str, Any]:
    return {rtype: rrset_to_json(rrset) for rtype, rrset in side.items()}


def _side_from_json(data: Mapping[str, Any]) -> dict[str, RRset | None]:
    return {rtype: rrset_from_json(rrset) for rtype, rrset in data.items()}
