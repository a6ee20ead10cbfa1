"""A provider's rows, and what they mean: rdata read from an API's spelling, and spelled for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from registrar_sync.core.canonical import other_from_text
from registrar_sync.core.model import Mx, Rdata, Record, RecordEdit, RRset, RRsetChange, Txt
from registrar_sync.core.names import absolute, display
from registrar_sync.core.txt import quote, split_strings, unquote
from registrar_sync.errors import ProviderRefused
from registrar_sync.providers.catalog_model import Dialect

_BLANKS = " \t\r\n"


class UnusableAnswer(ValueError):
    """An API's answer that is not what its documentation says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record as the API has it. ``rtype`` is the API's own, ``ttl`` as it stands there; ``native`` the vendor's row."""

    rtype: str
    content: str
    ttl: int
    native: Mapping[str, Any] = field(default_factory=dict)
    disabled: bool = False
    preference: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEdit:
    """One row before and after, in the API's spelling. ``keeps``: it is left alone."""

    before: Row | None
    after: Row | None
    keeps: bool


def text_of(row: object, key: str) -> str:
    """A text of an answer. Raises ``UnusableAnswer``, as the two below do."""
    value = row.get(key) if isinstance(row, dict | Mapping) else None  # dict first: it is nearly always one, and known at once
    if not isinstance(value, str):
        raise UnusableAnswer(f"{key} is missing or no text")
    return value


def number_of(row: object, key: str) -> int:
    """A whole number, not negative, of an answer."""
    value = row.get(key) if isinstance(row, dict | Mapping) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnusableAnswer(f"{key} is missing or no number")
    return value


def list_of(answer: object, key: str | None = None) -> list[Any]:
    """A list: the answer itself, or under ``key``."""
    value = answer if key is None else answer.get(key) if isinstance(answer, Mapping) else None
    if not isinstance(value, list):
        raise UnusableAnswer(f"{key or 'the answer'} is missing or no list")
    return value


@dataclass(frozen=True, slots=True)
class Speller:
    """Reads and writes one zone's rows in a provider's dialect. ``zone`` absolute; ``row``: a native row as a ``Row``."""

    dialect: Dialect
    zone: str
    row: Callable[[Mapping[str, Any]], Row]

    def rrsets(self, owner: str, rows: Iterable[Row]) -> tuple[RRset, ...]:
        """The rows of one owner as RRsets, in the order in which their types come."""
        sets: dict[str, list[Record]] = {}
        for row in rows:
            sets.setdefault(self._served_type(row), []).append(self.record(row))
        return tuple(RRset(owner=owner, rtype=rtype, records=tuple(records)) for rtype, records in sets.items())

    def record(self, row: Row) -> Record:
        """What a row stands for."""
        return Record(rdata=self._rdata(row), ttl=self._served_ttl(row.ttl), disabled=row.disabled, native=row.native)

    def edits(self, change: RRsetChange) -> tuple[RowEdit, ...]:
        """The rows of a change, those that stay or come in the order of the set wanted, then those that go."""
        order = {id(record): place for place, record in enumerate(change.after.records if change.after else ())}
        edits = sorted(change.edits, key=lambda edit: order.get(id(edit.after), len(order)))
        return tuple(self._edit(change.rtype, edit) for edit in edits)

    def _edit(self, rtype: str, edit: RecordEdit) -> RowEdit:
        before = self._native_row(edit.before)
        if edit.after is None:
            return RowEdit(before=before, after=None, keeps=False)
        if before is not None and edit.keeps and self._stands_for(before, edit.after):
            return RowEdit(before=before, after=before, keeps=True)
        known = list(self._known(before, self._native_row(edit.after), prefer_before=edit.keeps))
        alike = next((row for row in known if self._rdata(row) == edit.after.rdata), None)
        content, preference = (alike.content, alike.preference) if alike else self._encode(edit.after.rdata, before)
        ttl = next((row.ttl for row in known if self._served_ttl(row.ttl) == edit.after.ttl), edit.after.ttl)
        # The row's own type stays: an API refuses to alter it (dnscontrol issue 2488 for OVH's SPF).
        after = Row(
            rtype=(before or (known[0] if known else None) or Row(rtype=rtype, content="", ttl=0)).rtype,
            content=content,
            ttl=ttl,
            native=edit.after.native or {},
            disabled=edit.after.disabled,
            preference=preference,
        )
        return RowEdit(before=before, after=after, keeps=edit.keeps)

    def _stands_for(self, row: Row, record: Record) -> bool:
        """Whether the row is the record's own, and spells just what the record says."""
        return (
            row.native is record.native
            and row.disabled == record.disabled
            and self._served_ttl(row.ttl) == record.ttl
            and self._rdata(row) == record.rdata
        )

    def refuse_unsure(self, owner: str, rows: Iterable[Row]) -> None:
        """Before a whole set is written again. Raises ``ProviderRefused`` where a TXT value among ``rows`` may not survive."""
        if not self.dialect.txt_unsure:
            return
        for row in rows:
            if self._served_type(row) != "TXT":
                continue
            odd = not (row.content.isascii() and row.content.isprintable() and row.content == row.content.strip())
            if odd or any(char in row.content for char in self.dialect.txt_unsure):
                raise ProviderRefused(
                    f"The TXT records of {display(owner)} can only be written as a whole, and it is not known whether the value"
                    f" {row.content[:80]!r} beside the SPF record would stay as it is. Nothing was written.",
                    hint="Change the SPF record at the provider's console, or move that value to another name first.",
                )

    def _native_row(self, record: Record | None) -> Row | None:
        return self.row(record.native) if record is not None and record.native else None

    def _known(self, before: Row | None, after: Row | None, *, prefer_before: bool) -> Iterator[Row]:
        yield from (row for row in ((before, after) if prefer_before else (after, before)) if row is not None)

    def _served_type(self, row: Row) -> str:
        rtype = row.rtype.upper()
        return "TXT" if rtype in self.dialect.txt_types else rtype

    def _served_ttl(self, ttl: int) -> int:
        return self.dialect.ttl_words.get(ttl, ttl)

    def _rdata(self, row: Row) -> Rdata:
        served = self._served_type(row)
        if served == "TXT":
            return _txt(row.content, self.dialect.txt == "bare")
        if served == "MX":
            return self._mx(row)
        text = row.content if row.preference is None else f"{row.preference} {row.content}"
        return other_from_text(served, text, "." if self.dialect.exchange == "bare" else self.zone)

    def _mx(self, row: Row) -> Mx:
        words = row.content.split()
        if self.dialect.preference == "field":
            words = [str(row.preference), *words]
        if len(words) != 2 or not (words[0].isascii() and words[0].isdigit()) or int(words[0]) > 65535:
            raise UnusableAnswer(f"the MX {row.content!r} is no preference and exchange")
        return Mx(int(words[0]), self._exchange(words[1]))

    def _exchange(self, name: str) -> str:
        if self.dialect.exchange != "relative" or name.endswith("."):
            return absolute(name)
        return self.zone if name == "@" else absolute(f"{name}.{self.zone}")

    def _encode(self, rdata: Rdata, like: Row | None) -> tuple[str, int | None]:
        """A fresh spelling; ``like``: the row that it takes the place of."""
        if isinstance(rdata, Txt):
            return self._encode_txt(rdata, like), None
        if not isinstance(rdata, Mx):
            return str(rdata), None
        exchange = display(rdata.exchange) if self.dialect.exchange == "bare" else rdata.exchange
        if self.dialect.preference == "field":
            return exchange, rdata.preference
        return f"{rdata.preference} {exchange}", None

    def _encode_txt(self, rdata: Txt, like: Row | None) -> str:
        self._check_txt(rdata.joined)
        was_bare = like is not None and not like.content.strip(_BLANKS).startswith('"')
        if self.dialect.txt == "as-found" and was_bare and _may_stand_bare(rdata.joined):
            return rdata.joined.decode("ascii")
        if self.dialect.txt == "bare":
            return rdata.joined.decode()
        fits = rdata.strings and all(len(string) <= 255 for string in rdata.strings)
        return quote(rdata.strings if fits else split_strings(rdata.joined))

    def _check_txt(self, text: bytes) -> None:
        limit = self.dialect.txt_limit
        if limit is not None and (octets := len(quote(split_strings(text)))) > limit:
            why = f"it takes {octets} octets, and the provider holds {limit}"
        elif any(char in text.decode("utf-8", "replace") for char in self.dialect.txt_excludes):
            why = f"the provider holds none with {' or '.join(self.dialect.txt_excludes)} in it"
        else:
            return
        raise ProviderRefused(
            f"A TXT value cannot be stored: {why}. It was not sent, and nothing was changed by it.",
            hint="Shorten the record at the provider (for SPF: remove senders no longer used), then try again.",
        )


@lru_cache(maxsize=4096)  # each value is read four times: before the write, for it, and after it
def _txt(content: str, bare: bool) -> Txt:
    return Txt(_bare_string(content) if bare else _character_strings(content))


def _character_strings(content: str) -> tuple[bytes, ...]:
    """A TXT value, quoted or bare: both occur beside each other at several vendors."""
    stripped = content.strip(_BLANKS)
    if stripped.startswith('"'):
        try:
            return unquote(stripped)
        except ValueError:
            pass  # a bare value that begins with a quote
    return _bare_string(content)


def _bare_string(content: str) -> tuple[bytes, ...]:
    try:
        return (content.encode(),)
    except UnicodeEncodeError as error:
        raise UnusableAnswer("a TXT value holds half a character") from error


def _may_stand_bare(text: bytes) -> bool:
    return 0 < len(text) <= 255 and all(0x20 <= octet <= 0x7E and octet not in b'"\\' for octet in text) and text == text.strip()
