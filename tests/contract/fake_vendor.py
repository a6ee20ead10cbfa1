"""The vendor behind the fake adapter: rows of the sandbox's store, in and out in the form that the entry declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registrar_sync.errors import CredentialsRejected
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.verbs_model import Verbs, WireField
from registrar_sync.sandbox.draft import Draft
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.txt import bare, character_strings, fitted, quoted, rendered
from registrar_sync.sandbox.zone import Row

VENDORS_OWN_TTL = 7777  # what a row gets that was sent without a TTL
VENDORS_OWN_PREFERENCE = 77

Json = dict[str, Any]


def refused(status: int, why: str) -> HttpRefused:
    """As the transport tells a vendor's refusal."""
    return HttpRefused(
        f"the fake vendor: HTTP {status} {why}. This call changed nothing.", status=status, answer={"message": why}
    )


@dataclass
class FakeVendor:
    """An account with the store's zones. ``before`` and ``after``: run at each request, as another writer's hand or a fault.

    ``writes``: "METHOD path" of every request that changes something. ``deaf``: a method that is answered well and does nothing.
    """

    spec: ProviderSpec
    store: Store
    credentials: Mapping[str, str]
    writes: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda shown: None
    after: Callable[[str], None] = lambda shown: None
    deaf: str = ""
    _bare: set[tuple[str, str]] = field(default_factory=set)

    @property
    def verbs(self) -> Verbs:
        """The declared dialect."""
        return self.spec.verbs or Verbs()

    def answer(self, action: str, path: str, data: Json, given: Mapping[str, str]) -> Any:
        """One request: GET zones, GET/POST records, PUT/DELETE records/ID, POST sets."""
        shown = f"{action} {path}"
        self.before(shown)
        answer = self._answer(action, path, data, given)
        self.after(shown)
        return answer

    def _answer(self, action: str, path: str, data: Json, given: Mapping[str, str]) -> Any:
        if dict(given) != dict(self.credentials):
            raise CredentialsRejected("the fake vendor: HTTP 401. The credentials are not accepted.")
        if action != "GET":
            self.writes.append(f"{action} {path}")
        path, _, wanted = path.partition("?type=")
        words = path.strip("/").split("/")
        if words == ["zones"]:
            return [{"name": zone.name.rstrip(".")} for zone in self.store.hosted()]
        zone = self._zone(words[1])
        if action == self.deaf:
            return {}
        if action == "GET":
            return [self._told(row) for row in self.store.zone(zone).rows if wanted in ("", row.rtype)]
        with self.store.editing(zone) as draft:
            if words[2:3] == ["sets"]:
                self._replace_set(draft, data)
            elif action == "POST":
                self._add(draft, data)
            elif action == "PUT":
                self._change(draft, self._row(draft, words[3]), data)
            else:
                draft.remove([self._row(draft, words[3])])
            draft.publish()
        return {}

    def _zone(self, name: str) -> str:
        if f"{name}." not in {zone.name for zone in self.store.hosted()}:
            raise refused(404, "no such zone")
        return name

    def _row(self, draft: Draft, id_: str) -> Row:
        for row in draft.zone.rows:
            if id_ in (str(self.id_of(row)), f"@{row.number}"):
                return row
        raise refused(404, "no such record")

    def id_of(self, row: Row) -> int | str:
        """A number for ever where a row is changed by it; else a hash that changes with the value; else the RRset's."""
        if self.verbs.update == "by-id":
            return row.number
        if self.verbs.delete == "by-id":
            return f"{abs(hash((row.owner, row.rtype, row.text))):x}"
        return f"{row.owner}/{row.rtype}"

    # --- telling -----------------------------------------------------------------------------------------------------
    def _told(self, row: Row) -> Json:
        content, preference = row.text, None
        if row.rtype == "MX":
            number, _, exchange = row.text.partition(" ")
            content, preference = self._told_exchange(exchange), int(number)
        elif row.rtype == "TXT":
            content = bare(row.text) if self._is_bare(row) else row.text
        told: Json = {"type": row.rtype, "name": row.owner, "content": content, "ttl": row.ttl, "id": self.id_of(row)}
        for wire, value in ((self.verbs.mx_field, preference), (self.verbs.ttl_field, row.ttl)):
            if wire is not None:
                told[wire.id] = told["id"]
                if value is not None and not (value == 0 and wire is self.verbs.mx_field and self.verbs.preference_absent == 0):
                    _put(told, wire.listed or wire.field, value)
        return told | {"_number": row.number, "_preference": preference}

    def _told_exchange(self, exchange: str) -> str:
        if self.spec.dialect.exchange == "relative" and exchange.endswith(".example.com."):
            return exchange.removesuffix(".example.com.")
        if self.spec.dialect.exchange == "bare":
            return exchange.rstrip(".") or "."
        return exchange

    def _is_bare(self, row: Row) -> bool:
        return self.spec.dialect.txt == "bare" or (row.owner, row.text) in self._bare

    # --- writing -----------------------------------------------------------------------------------------------------
    def _add(self, draft: Draft, data: Json) -> None:
        text = self._text(data)
        draft.add(data["name"], data["type"], text, self._ttl(data, None))

    def _change(self, draft: Draft, row: Row, data: Json) -> None:
        draft.change(row, text=self._text(data), ttl=self._ttl(data, row))

    def _replace_set(self, draft: Draft, data: Json) -> None:
        rows = [row for row in draft.zone.at(data["name"]) if row.rtype == data["type"]]
        draft.remove(rows)
        for content in data["contents"]:
            one = {**data, "content": content}
            draft.add(data["name"], data["type"], self._text(one), self._ttl(data, None))

    def _ttl(self, data: Json, was: Row | None) -> int:
        if self.verbs.ttl == "none":
            return self.spec.ttl.min
        ttl_field = self.verbs.ttl_field
        ttl = data.get(ttl_field.field if ttl_field else "ttl")
        if ttl is None:
            return was.ttl if was else VENDORS_OWN_TTL
        _check_type(ttl_field, ttl)
        if not self.spec.ttl.min <= int(ttl) <= self.spec.ttl.max:
            raise refused(422, f"a TTL of {ttl}")
        return int(ttl)

    def _text(self, data: Json) -> str:
        if data["type"] == "MX":
            return self._mx(data)
        text = data["content"]
        strings = character_strings(text if text.lstrip().startswith('"') else quoted(text))
        if any(len(string) > 255 for string in strings) and self.verbs.txt_long != "one":
            raise refused(422, "a string over 255 octets")
        stored = rendered(fitted(strings))
        if self.verbs.txt_listed == "as-stored" and not text.lstrip().startswith('"'):
            self._bare.add((data["name"], stored))
        return stored

    def _mx(self, data: Json) -> str:
        content, preference = data["content"], data.get("preference")
        if self.verbs.preference == "content":
            preference, content = content.split(" ")
        elif self.verbs.preference == "field" and self.verbs.mx_field is not None:
            preference = data.get(self.verbs.mx_field.field)
            _check_type(self.verbs.mx_field, preference)
        dotted = content.endswith(".")
        if self.spec.dialect.exchange == ("bare" if dotted and content != "." else "dotted" if not dotted else ""):
            raise refused(422, f"the host {content}")
        exchange = content if dotted else f"{content}." if self.spec.dialect.exchange == "bare" else f"{content}.example.com."
        return f"{VENDORS_OWN_PREFERENCE if preference is None else int(preference)} {exchange}"


def _check_type(wire: WireField | None, value: object) -> None:
    if wire is not None and type(value) is not {"int": int, "str": str}[wire.type]:
        raise refused(422, f"{wire.field} is {value!r}")


def _put(told: Json, path: str, value: object) -> None:
    *outer, last = path.split(".")
    for key in outer:
        told = told.setdefault(key, {})
    told[last] = value
