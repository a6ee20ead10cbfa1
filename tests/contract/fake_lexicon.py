"""An adapter like lexicon's, made from what an entry declares: as bad as the entry allows, and nasty beyond it.

It proves our code against the dialect, not the dialect against the vendor.
"""

from __future__ import annotations

from typing import Any

from lexicon.exceptions import AuthenticationError
from lexicon.interfaces import Provider as BaseProvider

from registrar_sync.errors import RegistrarSyncError
from registrar_sync.providers import seam
from registrar_sync.providers.verbs_model import Verbs
from tests.contract.fake_vendor import FakeVendor, Json

SPELLINGS = ("{}", "{}.", ".{}", "@.{}", "@")  # of the apex, in what lexicon's adapters list


def adapter_of(vendor: FakeVendor) -> type[Any]:
    """The class that stands for ``lexicon._private.providers.NAME.Provider``."""
    return type("Provider", (FakeAdapter,), {"vendor": vendor})


class FakeAdapter(BaseProvider):  # type: ignore[misc]
    """The four verbs, by one request each and a listing before it."""

    vendor: FakeVendor

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        for name in self.verbs.keeps:
            setattr(self, name, None)

    @property
    def verbs(self) -> Verbs:
        """The declared dialect."""
        return self.vendor.verbs

    @staticmethod
    def get_nameservers() -> list[str]:
        return []

    @staticmethod
    def configure_parser(parser: Any) -> None:
        pass

    def authenticate(self) -> None:
        zones = [zone["name"] for zone in self._get("/zones")]
        if self.domain not in zones:
            raise AuthenticationError((self.verbs.no_zone or ["No domain found"])[0])
        self.domain_id = self.domain

    def _request(self, action: str = "GET", url: str = "/", data: Any = None, query_params: Any = None) -> Any:
        given = {option: self._get_provider_option(option) for option in self.vendor.credentials}

        def exchange(limit_s: float) -> Any:
            return self.vendor.answer(action, url, data or {}, given)

        if self.vendor.spec.transport == "requests":
            return seam.carrier().carry(f"{action} {url}", exchange, writes=action != "GET")
        try:
            return exchange(0.0)
        except RegistrarSyncError as error:  # an SDK has errors of its own
            if "401" in error.message:
                raise AuthenticationError("Login failed") from None
            raise RuntimeError(error.message) from None

    # --- names -------------------------------------------------------------------------------------------------------
    def _owner(self, name: str) -> str:
        """What the vendor takes the given name for: in another form than the declared one it is some other name."""
        zone = self.domain
        apex = {"full": zone, "at": "@", "dot": ".", "full-dot": f"{zone}.", "empty": ""}[self.verbs.apex]
        if name == apex:
            return f"{zone}."
        below = {"full": f".{zone}", "full-dot": f".{zone}.", "relative": ""}[self.verbs.below]
        if name and name != "@" and name.endswith(below) and name != zone:
            return f"{name.removesuffix(below)}.{zone}."
        return f"{name.strip('.') or 'nothing'}.{zone}."

    def _listed_name(self, raw: Json, number: int) -> str:
        owner = str(raw["name"]).rstrip(".")
        if owner == self.domain:
            return SPELLINGS[number % len(SPELLINGS)].format(owner)
        return (owner, f"{owner}.", owner.removesuffix(f".{self.domain}"))[number % 3]

    # --- listing -----------------------------------------------------------------------------------------------------
    def list_records(self, rtype: str | None = None, name: str | None = None, content: str | None = None) -> list[Json]:
        """A name filters by a part of it, and an empty one not at all; without what it must be told it lists nothing."""
        if (self.verbs.lists != "zone" and not rtype) or (self.verbs.lists == "owner" and name is None):
            return []
        kept = [one for _, one in self._pairs(rtype if self.verbs.lists != "zone" else None) if rtype in (None, one["type"])]
        if name:
            part = self._owner(name).rstrip(".").split(".")[0]
            kept = [one for one in kept if part in one["name"] or one["name"] == "@"]
        return [one for one in kept if content in (None, one["content"])][: self.verbs.list_limit]

    def _listed(self, raw: Json, number: int) -> Json:
        ttl: Any = raw["ttl"]
        if self.verbs.ttl == "field":
            ttl = 3600  # what such an adapter makes up
        row: Json = {"type": raw["type"], "name": self._listed_name(raw, number), "id": raw["id"], "content": raw["content"]}
        row["ttl"] = None if ttl == self.verbs.ttl_absent else str(ttl) if number % 2 else ttl
        if self.verbs.ttl == "none":
            del row["ttl"]
        if raw["type"] == "TXT" and raw["content"].startswith('"'):
            if self.verbs.txt_listed == "stripped":
                row["content"] = raw["content"][1:-1]
            if self.verbs.txt_listed == "unquoted":
                row["content"] = raw["content"].replace('"', "")
        if raw["type"] == "MX":
            self._list_preference(row, raw["_preference"])
        return row

    def _list_preference(self, row: Json, preference: int) -> None:
        where = self.verbs.preference_listed
        if where == "content":
            row["content"] = f"{preference} {row['content']}"
        elif where not in ("field", "lost") and not (preference == 0 and self.verbs.preference_absent == 0):
            *outer, last = where.split(".")
            for key in outer:
                row = row.setdefault(key, {})
            row[last] = preference if self.verbs.preference == "option-int" else str(preference)

    # --- writing -----------------------------------------------------------------------------------------------------
    def create_record(self, rtype: str, name: str, content: str) -> Any:
        """A row like it is a silent success, also one with another preference, or at another name."""
        found = self.list_records(rtype, None if self.verbs.lists != "owner" else name, content)
        if self.verbs.whole_set:
            return self._send_set(rtype, name, lambda contents: [*contents, content])
        if found:
            return True
        return self._post(f"/zones/{self.domain}/records", self._record(rtype, name, content)) or {"some": "dict"}

    def update_record(self, identifier: Any, rtype: str = "", name: str = "", content: str = "") -> Any:
        assert self.verbs.update == "by-id", "an update that is not declared"
        record = self._record(rtype, name, content)
        if not self.verbs.update_ttl:
            record.pop("ttl", None)
        self._put(f"/zones/{self.domain}/records/{identifier}", record)
        return True

    def delete_record(self, identifier: Any = None, rtype: str = "", name: str = "", content: str = "") -> Any:
        """By an undeclared id the wrong record goes; a content that matches nothing is a success."""
        if self.verbs.delete == "by-id":
            assert identifier, "a removal without an id is not declared"
            self._delete(f"/zones/{self.domain}/records/{identifier}")
            return True
        if identifier:
            self._delete(f"/zones/{self.domain}/records/@{self._pairs()[0][0]['_number']}")
            return True
        if self.verbs.whole_set:
            return self._send_set(rtype, name, lambda contents: [one for one in contents if one != content])
        for one, listed in self._pairs():
            if (listed["type"], listed["content"]) == (rtype, content) and (not name or one["name"] == self._owner(name)):
                self._delete(f"/zones/{self.domain}/records/@{one['_number']}")
        return True

    def _record(self, rtype: str, name: str, content: str) -> Json:
        record: Json = {"type": rtype, "name": self._owner(name), "content": self._adapted(rtype, content)}
        ttl, priority = self._get_lexicon_option("ttl"), self._get_lexicon_option("priority")
        if self.verbs.ttl in ("int", "str"):
            assert type(ttl) is {"int": int, "str": str}[self.verbs.ttl], f"the TTL option is {ttl!r}"
            record["ttl"] = ttl
        elif self.verbs.ttl_field is not None:
            record[self.verbs.ttl_field.field] = 0  # as linode's adapter does, whatever the option says
        assert priority is None or rtype == "MX", "a preference was given with another type"
        if self.verbs.preference.startswith("option") and rtype == "MX":
            as_text = self.verbs.preference == "option-str" or (self.verbs.preference_zero == "text" and priority == "0")
            assert type(priority) is (str if as_text else int), f"the priority option is {priority!r}"
            if priority or self.verbs.preference_zero == "given":  # the number 0 is dropped
                record["preference"] = priority
        elif self.verbs.mx_field is not None and rtype == "MX":
            record[self.verbs.mx_field.field] = 0
        return record

    def _adapted(self, rtype: str, content: str) -> str:
        """What the adapter makes of a TXT content: it knows no escapes."""
        if rtype != "TXT" or self.verbs.txt_written != "bare" or self.vendor.spec.dialect.txt == "bare":
            return content
        if self.verbs.txt_long == "split" and content.startswith('"'):
            return content
        return f'"{content}"' if self.verbs.txt_listed != "as-stored" or self.verbs.txt_long == "inner" else content

    def _send_set(self, rtype: str, name: str, change: Any) -> bool:
        """All rows of the owner and type again, as they were listed: what quotes and escapes there were is lost."""
        owner = self._owner(name)
        listed = [row["content"] for raw, row in self._pairs() if (raw["name"], raw["type"]) == (owner, rtype)]
        plain = [content.replace('"', "").replace("\\", "") if rtype == "TXT" else content for content in listed]
        contents = [self._adapted(rtype, one) for one in change(plain)]
        self._post(f"/zones/{self.domain}/sets", self._record(rtype, name, "") | {"contents": contents})
        return True

    def _pairs(self, rtype: str | None = None) -> list[tuple[Json, Json]]:
        """The vendor's records, of one type or all, each with what becomes of it here."""
        raw = self._get(f"/zones/{self.domain}/records" + (f"?type={rtype}" if rtype else ""))
        return [(one, self._listed(one, number)) for number, one in enumerate(raw)]
