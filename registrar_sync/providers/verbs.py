"""Shape ``verbs``: a zone over lexicon's own adapter, listed as a whole and filtered here, written verb by verb."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from registrar_sync.core.model import Rdata
from registrar_sync.core.names import absolute
from registrar_sync.errors import UsageError, ZoneNotFound
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.policy import HttpDenied, HttpRefused
from registrar_sync.providers.rows import Row
from registrar_sync.providers.verbs_lexicon import AdapterFailed, LexiconAdapter
from registrar_sync.providers.verbs_rows import Given, VerbRows, unambiguous

_Asked = tuple[str | None, str | None]

_OPTION = re.compile(r"\{([a-z0-9_]+)\}")

# What lexicon's adapters say in an AuthenticationError where it is the zone that is missing (3.25.2, all of them read).
_NO_ZONE = (
    "no domain",
    "no matching domain",
    "not found",
    "no zone",
    "unknown domain",
    "could not find",
    "does not exist",
    "not among the owned",
    "not managed",
)


class VerbsZone:
    """The ``Adapter`` (see shapes.py) of every provider that has no module of its own."""

    now: Callable[[], float]
    notices: frozenset[str] = frozenset()
    reads_on_entering = True  # the first listing

    def __init__(self, spec: ProviderSpec, config: Any, endpoint: str | None = None) -> None:
        self.spec = spec
        self._config = config
        self._endpoint = endpoint
        self.domain = ""
        self._lexicon: LexiconAdapter | None = None
        self._first: tuple[_Asked, Any] | None = None

    @property
    def base_urls(self) -> tuple[str, ...]:
        """As declared, with the account's options in their places; its endpoint takes the first one's."""
        bases = [_OPTION.sub(self._option, base) for base in self.spec.bases]
        if self._endpoint and bases:
            bases[0] = self._endpoint
        return tuple(bases)

    def _option(self, found: re.Match[str]) -> str:
        return str(self._config.resolve(f"lexicon:{self.spec.lexicon_name}:{found[1]}") or "").rstrip("/")

    @property
    def table(self) -> VerbRows:
        """Reads and gives this zone's rows."""
        return VerbRows(self.spec, self.domain)

    # --- opening -----------------------------------------------------------------------------------------------------
    def enter(self, names: Sequence[str]) -> None:
        """Authenticate for one name after the other until the account holds it. Raises ``ZoneNotFound``."""
        for name in names:
            lexicon = LexiconAdapter(self.spec, self._config, name, self._endpoint)
            if self._holds(lexicon, name, names[0]):
                self.domain, self._lexicon = name, lexicon
                return
        raise ZoneNotFound(
            f"No zone of this account is called {' or '.join(names)}. Nothing was changed.",
            hint="Is the domain in this account? Give --zone where the zone has another name.",
        )

    def _holds(self, lexicon: LexiconAdapter, name: str, wanted: str) -> bool:
        """Whether the account holds the zone. The first listing decides: some adapters take a zone whose name is only like it."""
        table = VerbRows(self.spec, name)
        try:
            lexicon.authenticate()
            asked = next(self._questions(table, absolute(wanted)))
            listed = lexicon.list_records(*asked)
        except (HttpRefused, HttpDenied) as refused:
            if isinstance(refused, HttpRefused) and refused.status == 404:
                return False
            if self._says_no_zone(refused.message):
                return False
            raise
        except AdapterFailed as failed:
            if self._is_no_zone(failed.__cause__):
                return False
            failed.rejected = self._is_rejection(failed.__cause__)
            raise
        self._first = (asked, listed)
        return table.is_proved_by(listed)

    def _says_no_zone(self, text: str) -> bool:
        return any(words.lower() in text.lower() for words in self.table.verbs.no_zone)

    def _is_no_zone(self, cause: BaseException | None) -> bool:
        if self.table.verbs.no_zone:
            return self._says_no_zone(str(cause))
        return _is_authentication(cause) and any(words in str(cause).lower() for words in _NO_ZONE)

    def _is_rejection(self, cause: BaseException | None) -> bool:
        said = str(cause)
        return _is_authentication(cause) or any(
            re.search(rf"(?<!\w){re.escape(code)}(?!\w)", said) for code in self.spec.credential_errors
        )

    def list_zones(self) -> list[str]:
        """lexicon has no verb for it."""
        raise UsageError(
            f"{self.spec.name}: the account's zones cannot be listed through lexicon. Nothing was asked of anybody.",
            hint="Name a domain of the account: registrar-sync providers test ACCOUNT DOMAIN",
        )

    # --- reading -----------------------------------------------------------------------------------------------------
    def forget(self) -> None:
        """Drop the listing that opening has made."""
        self._first = None

    def rows(self, owner: str) -> list[Row]:
        """All rows at the owner, picked here: no filter of an adapter's is trusted."""
        natives = [native for listed in self._listings(owner) for native in listed]
        if "by-id" in (self.table.verbs.update, self.table.verbs.delete):
            unambiguous(natives)
        return [self.row(native) for native in natives]

    def _listings(self, owner: str) -> Iterator[list[dict[str, Any]]]:
        lexicon, (first, known) = self._opened, self._first or (None, None)
        for asked in self._questions(self.table, owner):
            listed = known if asked == first else lexicon.list_records(*asked)
            yield self.table.natives(listed, asked[0], owner, lexicon.tap)

    def _questions(self, table: VerbRows, owner: str) -> Iterator[_Asked]:
        """What list_records is asked for: types and names."""
        if table.verbs.lists == "zone":
            yield None, None
        else:
            name = table.name_of(owner) if table.verbs.lists == "owner" else None
            yield from ((rtype, name) for rtype in table.verbs.list_types)

    def row(self, native: Mapping[str, Any]) -> Row:
        """A native row."""
        return self.table.row(native)

    # --- writing -----------------------------------------------------------------------------------------------------
    def add_row(self, owner: str, row: Row, rdata: Rdata) -> None:
        """create_record."""
        given = self.table.given(row, rdata)
        self._opened.create_record(given.rtype, self.table.name_of(owner), given.content, given.options, given.fields)

    def change_row(self, owner: str, before: Row, after: Row, rdata: Rdata) -> None:
        """update_record, by id."""
        given: Given = self.table.given(after, rdata)
        name, id_ = self.table.name_of(owner), before.native["id"]
        self._opened.update_record(id_, given.rtype, name, given.content, given.options, given.fields)

    def remove_row(self, owner: str, row: Row) -> None:
        """delete_record, by id or by the content as it was listed; a row that is gone already is no error."""
        id_ = row.native["id"] if self.table.verbs.delete == "by-id" else None
        try:
            options = self.table.ttl_options(row.ttl)
            self._opened.delete_record(id_, row.rtype, self.table.name_of(owner), row.native["content"], options)
        except HttpRefused as refused:
            if refused.status != 404:
                raise

    @property
    def _opened(self) -> LexiconAdapter:
        if self._lexicon is None:
            raise RuntimeError("enter() comes before rows()")
        return self._lexicon


def _is_authentication(cause: BaseException | None) -> bool:
    from lexicon.exceptions import AuthenticationError  # noqa: PLC0415 - lexicon is slow to import

    return isinstance(cause, AuthenticationError)
