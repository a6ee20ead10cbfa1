"""One zone while it is being edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from registrar_sync.sandbox.zone import Row, Zone, rdata_of


class Draft:
    """A zone under edit; nobody else sees it before the edit is over. ``now`` in seconds since 1970."""

    def __init__(self, zone: Zone, now: float, publish_delay_s: float) -> None:
        self.zone = zone
        self.now = now
        self._publish_delay_s = publish_delay_s

    def add(
        self, owner: str, rtype: str, text: str, ttl: int, *, disabled: bool = False, service: bool = False, beside: str = ""
    ) -> Row:
        """Append a row. Raises ``ValueError`` where ``text`` is no rdata of that type."""
        rdata_of(rtype, text, self.zone.name)
        row = Row(
            number=self.zone.next_number,
            owner=owner,
            rtype=rtype,
            text=text,
            ttl=ttl,
            disabled=disabled,
            service=service,
            created=self.now,
            changed=self.now,
            beside=beside,
        )
        self.zone = replace(self.zone, rows=(*self.zone.rows, row), next_number=row.number + 1)
        return row

    def change(self, row: Row, **fields: Any) -> Row:
        """Replace a row in its place. Raises ``ValueError`` as ``add`` does."""
        new = replace(row, changed=self.now, **fields)
        rdata_of(new.rtype, new.text, self.zone.name)
        self.zone = replace(self.zone, rows=tuple(new if kept.number == row.number else kept for kept in self.zone.rows))
        return new

    def remove(self, rows: Iterable[Row]) -> None:
        """Take rows out."""
        gone = {row.number for row in rows}
        self.zone = replace(self.zone, rows=tuple(row for row in self.zone.rows if row.number not in gone))

    def publish(self) -> None:
        """Let the rows be served after the sandbox's publish delay."""
        self.zone = self.zone.published(self.now, self._publish_delay_s)
