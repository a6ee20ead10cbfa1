"""lexicon's rows read, and rows as lexicon's verbs are to be given them, under a declared dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from registrar_sync.core.model import Mx, Rdata, Txt, is_spf
from registrar_sync.core.names import display, relative
from registrar_sync.core.txt import quote, split_strings
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, text_of
from registrar_sync.providers.verbs_model import Verbs, WireField

CONTENT, FIELD, LOST = "content", "field", "lost"  # the words of Verbs.preference_listed; anything else is a path


class RawListing(Protocol):
    """What passed on the wire while rows were listed."""

    def field_of(self, field: WireField, rtype: str, id_: object) -> Any:
        """A field of the raw record with this id. Raises ``UnusableAnswer``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A row as lexicon is given it. ``options``: of lexicon's, for the one call; ``fields``: put into what lexicon sends."""

    rtype: str
    content: str
    options: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VerbRows:
    """Reads and gives one zone's rows. ``zone`` without a final dot."""

    spec: ProviderSpec
    zone: str

    @property
    def verbs(self) -> Verbs:
        """How the verbs are to be called."""
        return self.spec.verbs or Verbs()

    # --- names -------------------------------------------------------------------------------------------------------
    def name_of(self, owner: str) -> str:
        """The owner (absolute) as the verbs are given it."""
        name, verbs = display(owner), self.verbs
        if name == self.zone:
            return {"full": name, "at": "@", "dot": ".", "full-dot": f"{name}.", "empty": ""}[verbs.apex]
        return {"full": name, "full-dot": f"{name}.", "relative": relative(name, self.zone)}[verbs.below]

    def is_at(self, listed: str, owner: str) -> bool:
        """Whether a listed name is the owner: the apex is listed in five spellings and more."""
        name = listed.strip().strip(".").lower()
        name = self.zone if name in ("", "@") else name.removeprefix("@.")
        if name != self.zone and not name.endswith(f".{self.zone}"):
            name = f"{name}.{self.zone}"  # a label, as the vendor lists it
        return name == display(owner)

    # --- reading -----------------------------------------------------------------------------------------------------
    def natives(self, listed: object, asked: str | None, owner: str, raw: RawListing) -> list[dict[str, Any]]:
        """The rows at the owner in one answer of list_records, as plain values. Raises ``UnusableAnswer``.

        ``asked``: the type asked for; rows of another type in the answer are none of it.
        """
        rows = list_of(listed)
        if self.verbs.list_limit is not None and len(rows) >= self.verbs.list_limit:
            raise UnusableAnswer(f"{len(rows)} rows were listed, and a longer list is cut off: nothing is known of the rest")
        wanted = [
            row
            for row in rows
            if self.is_at(text_of(row, "name"), owner) and asked in (None, text_of(row, "type").upper()) and self._is_read(row)
        ]
        return [self._native(row, raw) for row in wanted]

    def is_proved_by(self, listed: object) -> bool:
        """Whether a listing of the whole zone is one of this zone (always, where nothing is declared)."""
        types = self.verbs.listing_proves
        return not types or any(
            text_of(row, "type").upper() in types and self.is_at(text_of(row, "name"), self.zone) for row in list_of(listed)
        )

    def _is_read(self, row: Mapping[str, Any]) -> bool:
        return not (self.verbs.preference_listed == LOST and row["type"].upper() == "MX")

    def _native(self, row: Mapping[str, Any], raw: RawListing) -> dict[str, Any]:
        """As plain values: lexicon's rows may hold anything."""
        rtype, id_ = text_of(row, "type").upper(), row.get("id")
        native: dict[str, Any] = {"type": rtype, "name": text_of(row, "name"), "id": id_ if type(id_) in (int, str) else None}
        if rtype not in ("TXT", "MX"):
            content, ttl = row.get("content"), row.get("ttl")
            return {**native, "content": content if isinstance(content, str) else repr(content), "ttl": _whole(ttl) or 0}
        if native["id"] in (None, "") and "by-id" in (self.verbs.update, self.verbs.delete):
            raise UnusableAnswer(f"a listed {rtype} row has no id")
        native |= {"content": text_of(row, "content"), "ttl": self._ttl(row, raw)}
        if rtype == "MX" and self.verbs.preference_listed != CONTENT:
            native["preference"] = self._preference(row, raw)
        return native

    def _ttl(self, row: Mapping[str, Any], raw: RawListing) -> int:
        if self.verbs.ttl == "none":
            return self.spec.ttl.min
        field, listed = self.verbs.ttl_field, row.get("ttl")
        if field is not None:
            listed = raw.field_of(field, text_of(row, "type"), row.get("id"))
        ttl = _whole(listed) if listed is not None else self.verbs.ttl_absent
        if ttl is None:
            raise UnusableAnswer(f"a listed row's ttl is {listed!r}")
        return ttl

    def _preference(self, row: Mapping[str, Any], raw: RawListing) -> int:
        value: Any = row
        if self.verbs.preference_listed == FIELD and self.verbs.mx_field is not None:
            value = raw.field_of(self.verbs.mx_field, "MX", row.get("id"))
        else:
            for key in self.verbs.preference_listed.split("."):
                value = value.get(key) if isinstance(value, Mapping) else None
        preference = _whole(self.verbs.preference_absent if value is None else value)
        if preference is None or preference > 65535:
            raise UnusableAnswer(f"a listed MX has the preference {value!r}")
        return preference

    def row(self, native: Mapping[str, Any]) -> Row:
        """A native row, of now or from the journal."""
        rtype, content = text_of(native, "type"), text_of(native, "content")
        return Row(
            rtype=rtype,
            content=self._txt(content) if rtype == "TXT" else content,
            ttl=_whole(native.get("ttl")) or 0,
            native=native,
            preference=_whole(native.get("preference")),
        )

    def _txt(self, content: str) -> str:
        if self.verbs.txt_listed == "stripped":  # of the first and the last character, which the vendor's quotes are
            return f'"{content}"'
        if self.verbs.txt_listed == "unquoted" and len(content) > 255 and is_spf(Txt((content.encode(),))):
            raise UnusableAnswer("an SPF value over 255 octets is listed without its quotes: where its parts meet is not known")
        return content

    # --- writing -----------------------------------------------------------------------------------------------------
    def given(self, row: Row, rdata: Rdata) -> Given:
        """A row to be written. Only for what ``cannot_give`` finds nothing against."""
        options = self.ttl_options(row.ttl)
        fields = {self.verbs.ttl_field.field: _sent(self.verbs.ttl_field, row.ttl)} if self.verbs.ttl_field else {}
        if isinstance(rdata, Txt):
            return Given(rtype="TXT", content=self._given_txt(rdata, row.native), options=options, fields=fields)
        if not isinstance(rdata, Mx):
            raise TypeError("only TXT and MX are written")
        exchange = display(rdata.exchange) if self.spec.dialect.exchange == "bare" else rdata.exchange
        if self.verbs.preference == CONTENT:
            return Given(rtype="MX", content=f"{rdata.preference} {exchange}", options=options, fields=fields)
        if self.verbs.preference == FIELD and self.verbs.mx_field is not None:
            fields |= {self.verbs.mx_field.field: _sent(self.verbs.mx_field, rdata.preference)}
        else:
            options["priority"] = self._priority(rdata.preference)
        return Given(rtype="MX", content=exchange, options=options, fields=fields)

    def ttl_options(self, ttl: int) -> dict[str, Any]:
        """lexicon's TTL option. Where there is nothing to say it is 0: adapters test its truth, and lexicon's own default is
        3600."""
        return {"ttl": {"int": ttl, "str": str(ttl), "field": ttl, "none": 0}[self.verbs.ttl]}

    def _priority(self, preference: int) -> int | str:
        as_text = self.verbs.preference == "option-str" or (preference == 0 and self.verbs.preference_zero == "text")
        return str(preference) if as_text else preference

    def _given_txt(self, rdata: Txt, found: Mapping[str, Any]) -> str:
        text, strings = rdata.joined, rdata.strings
        if any(len(string) > 255 for string in strings):
            strings = split_strings(text)
        quoted = self.verbs.txt_written == "quoted"
        if self.verbs.txt_written == "as-found":
            quoted = str(found.get("content", "")).startswith('"')
        if len(text) > 255 and self.verbs.txt_long == "inner":
            return quote(strings)[1:-1]
        if quoted or (len(text) > 255 and self.verbs.txt_long == "split"):
            return quote([text] if self.verbs.txt_long == "one" else strings)
        return text.decode("ascii")

    def cannot_give(self, rdata: Rdata) -> str:
        """Why a value cannot be written exactly; an empty text where it can."""
        if isinstance(rdata, Mx) and self.verbs.preference_listed == LOST:
            return "its MX records cannot be written through lexicon"
        if isinstance(rdata, Mx) and rdata.preference == 0 and self.verbs.preference_zero == "refused":
            return "a preference of 0 cannot be written through lexicon"
        if not isinstance(rdata, Txt):
            return ""
        if not _is_plain(rdata.joined):
            return "a TXT value with quotes, backslashes or octets beyond printable ASCII would not go through lexicon unchanged"
        if len(rdata.joined) > 255 and self.verbs.txt_long == "refused":
            return f"a TXT value of {len(rdata.joined)} octets (over 255) is not known to go through lexicon unchanged"
        return ""

    def cannot_pass_by(self, row: Row, rdata: Rdata) -> str:
        """Why a row would not survive a write beside it, where lexicon sends the whole set again as it listed it."""
        if not self.verbs.whole_set or not isinstance(rdata, Txt):
            return ""
        if not _is_plain(rdata.joined) or len(rdata.strings) > 1 or len(rdata.joined) > 255:
            return "quotes, backslashes, several strings, over 255 octets, or octets beyond printable ASCII"
        return ""


def unambiguous(natives: Iterable[Mapping[str, Any]]) -> None:
    """Raise ``UnusableAnswer`` where two rows have one id: a write would go to either."""
    ids = [native["id"] for native in natives if native["type"] in ("TXT", "MX")]
    if len(set(ids)) < len(ids):
        raise UnusableAnswer("two rows have the same id")


def _is_plain(text: bytes) -> bool:
    return bool(text) and text == text.strip() and all(0x20 <= octet <= 0x7E and octet not in b'"\\' for octet in text)


def _whole(value: object) -> int | None:
    """A whole number, also as a text: several adapters list the vendor's own."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sent(field: WireField, number: int) -> int | str:
    return number if field.type == "int" else str(number)
