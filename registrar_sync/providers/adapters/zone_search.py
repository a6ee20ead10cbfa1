"""Two ways to find the zone that holds a name: ask for name after name, or pick from the account's list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from registrar_sync.core.names import absolute
from registrar_sync.errors import RegistrarSyncError, ZoneNotFound
from registrar_sync.providers.policy import HttpRefused


class _Searching:
    """Common to both: stands before a lexicon provider in a class's bases."""

    domain: str
    notices: frozenset[str] = frozenset()
    reads_on_entering = False
    now: Callable[[], float]  # monotonic seconds, of the clock that everything here keeps to

    authenticate: Callable[[], None]  # lexicon's

    def forget(self) -> None:
        """Nothing is kept between reads."""

    def not_found(self, names: Sequence[str], zones: Sequence[str] | None = None) -> ZoneNotFound:
        """The error; ``zones``: the account's, where they were told on the way."""
        hint = "Is the domain in this account? Give --zone where the zone has another name."
        if zones is not None:
            shown = ", ".join(sorted(zones)[:10]) or "no zone"
            hint += f" The account holds: {shown}{', ...' if len(zones) > 10 else ''}."
        message = f"No zone of this account is called {' or '.join(names)}. Nothing was changed."
        return ZoneNotFound(message, hint=hint, zones=tuple(absolute(zone) for zone in zones or ()))


class AskByName(_Searching):
    """For an API that answers for one zone by its name."""

    MISSING: ClassVar[frozenset[int]] = frozenset({404})  # HTTP status of "no such zone"

    def enter(self, names: Sequence[str]) -> None:
        """Authenticate for one name after the other until the API knows it."""
        for name in names:
            self.domain = name
            try:
                self.authenticate()
            except HttpRefused as refused:
                if refused.status not in self.MISSING:
                    raise
            else:
                return
        raise self.not_found(names)


class PickFromList(_Searching):
    """For an API where lexicon's ``authenticate`` reads the list of zones: the list is noted as it passes by."""

    _listed: Any = None

    zone_names: Callable[[Any], list[str]]  # the names in the list's answer; raises UnusableAnswer
    list_url: Callable[[], str]  # the URL of the list, as ``_request`` gets it

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        if action != "GET" or url != self.list_url():
            return super()._request(action, url, data, query_params)  # type: ignore[misc]
        if self._listed is None:
            answer = super()._request(action, url, data, query_params)  # type: ignore[misc]
            self.zone_names(answer)
            self._listed = answer
        return self._listed

    def enter(self, names: Sequence[str]) -> None:
        """Authenticate for the exact name; where the list does not hold it, for the closest name that it holds."""
        self.domain = names[0]
        try:
            self.authenticate()
        except RegistrarSyncError:
            raise
        except Exception as error:  # lexicon raises whatever it likes: the list says what it is about
            if self._listed is None:
                raise
            self.domain = self._closest(names, error)
            self.authenticate()

    def _closest(self, names: Sequence[str], error: Exception) -> str:
        zones = self.zone_names(self._listed)
        by_name = {zone.lower().removesuffix("."): zone for zone in zones}
        stored = next((by_name[name] for name in names if name in by_name), None)
        if stored is None:
            raise self.not_found(names, zones) from None
        if stored == self.domain:
            raise error
        return stored

    def list_zones(self) -> list[str]:
        """The account's zones."""
        return self.zone_names(self._request("GET", self.list_url()))
