"""The journal's rows to the ports' values and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping

from registrar_sync.core.evidence import Change, Event, Images, NewChange
from registrar_sync.core.image import rrset_from_json, rrset_to_json
from registrar_sync.core.model import RRset
from registrar_sync.journal.schema import change, change_event


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
        "service": to_json(new.service),
        "command": new.command,
        "undoes": new.undoes,
        "context": to_json(new.context),
    }


def images_to_json(images: Images | None) -> dict[str, Any] | None:
    """Both images, every byte and native row of them, as plain JSON values."""
    if images is None:
        return None
    return to_json({"before": _side_to_json(images.before), "after": _side_to_json(images.after)})


def changes_from_rows(rows: Iterable[RowMapping]) -> list[Change]:
    """Changes from rows of ``change`` joined with ``change_event``, in the order given; the rows of one stand together."""
    groups = groupby(rows, key=lambda row: row[change.c.id])
    return [_change_from_rows(list(group)) for _, group in groups]


def _change_from_rows(rows: Sequence[RowMapping]) -> Change:
    row = rows[0]
    what = NewChange(
        domain=row[change.c.domain],
        zone=row[change.c.zone],
        owner=row[change.c.owner],
        provider=row[change.c.provider],
        account=row[change.c.account],
        service=row[change.c.service],
        command=row[change.c.command],
        undoes=row[change.c.undoes],
        context=row[change.c.context],
    )
    return Change(id=row[change.c.id], what=what, at=row[change.c.at], events=tuple(_event_from_row(each) for each in rows))


def _event_from_row(row: RowMapping) -> Event:
    return Event(
        id=row[change_event.c.id],
        change_id=row[change_event.c.change_id],
        state=row[change_event.c.state],
        at=row[change_event.c.at],
        detail=row[change_event.c.detail],
        images=_images_from_json(row.get(change_event.c.images)),  # a list over many changes is asked for without
    )


def _images_from_json(data: Mapping[str, Any] | None) -> Images | None:
    if data is None:
        return None
    return Images(before=_side_from_json(data["before"]), after=_side_from_json(data["after"]))


def _side_to_json(side: Mapping[str, RRset | None]) -> dict[str, Any]:
    return {rtype: rrset_to_json(rrset) for rtype, rrset in side.items()}


def _side_from_json(data: Mapping[str, Any]) -> dict[str, RRset | None]:
    return {rtype: rrset_from_json(rrset) for rtype, rrset in data.items()}
