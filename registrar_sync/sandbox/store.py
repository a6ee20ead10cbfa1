"""The zone store that the simulated vendors and the name server share, and another writer's hand on it for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from registrar_sync.core.names import absolute
from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.statefile import Signature, StateFile
from registrar_sync.sandbox.zone import Row, Zone
from registrar_sync.sandbox.zonefile import served_lines, stored_lines, zone_from_text


class Store:
    """All zones. Safe for threads, and, with a state file, for processes that share the file.

    ``publish_delay_s``: seconds from a publication to its being served; may be changed at any time, for later ones.
    """

    def __init__(
        self,
        zones: Mapping[str, Zone],
        *,
        now: Callable[[], float],
        publish_delay_s: float = 0.0,
        state_file: Path | None = None,
    ) -> None:
        self.now = now
        self.publish_delay_s = publish_delay_s
        self._file = StateFile(state_file) if state_file else None
        self._lock = threading.RLock()
        self._zones = {absolute(name): zone for name, zone in zones.items()}
        self._seen: Signature | None = None
        with self._writing():
            pass  # from now on the file is there; what it held before stands

    def zones(self) -> Mapping[str, Zone]:
        """Every zone by absolute name, as of now; not for changing."""
        with self._lock:
            if self._file and self._file.signature() != self._seen:
                self._reload(self._file)
            return self._zones

    def _reload(self, file: StateFile) -> None:
        self._seen, self._zones = file.signature(), {**self._zones, **file.load()}

    def zone(self, name: str) -> Zone:
        """One zone. Raises ``KeyError``."""
        return self.zones()[absolute(name)]

    def hosted(self) -> list[Zone]:
        """The zones of the simulated account."""
        return [zone for zone in self.zones().values() if zone.hosted]

    @contextmanager
    def editing(self, name: str) -> Iterator[Draft]:
        """Edit one zone: what the block did to the draft is kept when it ends well, and dropped when it raises."""
        with self._writing():
            draft = Draft(self.zone(name), self.now(), self.publish_delay_s)
            yield draft
            self._zones[draft.zone.name] = draft.zone

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if not self._file:
            with self._lock:
                yield
            return
        with self._lock, self._file.locked():
            # Whatever the signature says: what is built on here must be what stands in the file now.
            self._reload(self._file)
            yield
            self._save()

    def _save(self) -> None:
        if self._file:
            self._file.save(self._zones)
            self._seen = self._file.signature()

    # --- another writer's hand ---------------------------------------------------------------------------------------
    def add_zone(self, name: str, master_file: str, *, hosted: bool = True) -> None:
        """Add or replace a zone from master-file text, served at once."""
        zone = zone_from_text(name, master_file, hosted=hosted, now=self.now())
        with self._writing():
            self._zones = {**self._zones, zone.name: zone}

    def add_record(
        self,
        zone: str,
        owner: str,
        rtype: str,
        text: str,
        ttl: int = 0,
        *,
        publish: bool = True,
        disabled: bool = False,
        service: bool = False,
    ) -> Row:
        """Add a record as another writer would. ``rtype`` a vendor's field type, ``text`` master-file rdata, ``ttl`` 0 default.

        ``publish`` False leaves it staged; ``service`` marks it as put there by the vendor's own mail product.
        """
        with self.editing(zone) as draft:
            row = draft.add(absolute(owner), rtype, text, ttl, disabled=disabled, service=service)
            if publish:
                draft.publish()
        return row

    def remove_records(self, zone: str, owner: str, rtype: str, text: str | None = None, *, publish: bool = True) -> int:
        """Remove the records of one owner and field type, only those spelled ``text`` where given; returns how many."""
        with self.editing(zone) as draft:
            gone = [row for row in draft.zone.at(absolute(owner)) if row.rtype == rtype and text in (None, row.text)]
            draft.remove(gone)
            if publish:
                draft.publish()
        return len(gone)

    def publish(self, zone: str) -> None:
        """Publish whatever is staged, as another tool's refresh would."""
        with self.editing(zone) as draft:
            draft.publish()

    def serial(self, zone: str) -> int:
        """The SOA serial that is served now."""
        return self.zone(zone).served(self.now()).serial

    def zone_text(self, zone: str, *, published: bool = True) -> str:
        """Sorted lines to compare: what the DNS serves now, or, with ``published`` False, what the vendor stores.

        The serial is left out. The stored form shows field types, own TTLs, spelling and disabled rows.
        """
        found = self.zone(zone)
        return served_lines(found, found.served(self.now())) if published else stored_lines(found)
