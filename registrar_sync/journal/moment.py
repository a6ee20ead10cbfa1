"""The present, by the clock that leases and due times of a journal count by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, cast, extract, func, select, type_coerce

from registrar_sync.journal.schema import UtcCount
from registrar_sync.ports import Clock

_SERVERS = select(type_coerce(cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger), UtcCount))


@dataclass(frozen=True, slots=True)
class Moment:
    """One and the same moment: by this machine's clock, and by the journal's. Where several machines share a journal that is
    the server's: then it does no harm that one of theirs is off."""

    ours: datetime
    journals: datetime

    def to_journals(self, at: datetime) -> datetime:
        """A time of this machine's clock."""
        return at + (self.journals - self.ours)

    def to_ours(self, at: datetime) -> datetime:
        """A time of the journal's clock."""
        return at - (self.journals - self.ours)


def moment(connection: Connection, clock: Clock) -> Moment:
    """Now."""
    ours = clock.now()
    if connection.dialect.name == "sqlite":
        return Moment(ours, ours)
    return Moment(ours, connection.execute(_SERVERS).scalar_one())
