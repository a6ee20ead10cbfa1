"""A name server of one's own, by dynamic update (RFC 2136) under a TSIG key (RFC 8945): whole RRsets, one message for all.

An update says what must stand for it to be carried out: exactly what was read. So nothing that another writer
puts in between can be lost; a TTL alone is not compared. Tried against BIND 9.18 on 2026-11-23.

What stands at an owner is asked type by type. A question for ANY may be answered in part (RFC 8482), and a transfer of the
zone needs a right that is kept for secondaries and grows with the zone. Types that are not asked for are not seen here:
neither compared nor touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.update

from registrar_sync.core.names import absolute, display
from registrar_sync.errors import ProviderUnavailable, ZoneNotFound
from registrar_sync.providers.adapters.ddns_answers import Judge, judge_records, judge_update, judge_zone, zone_told
from registrar_sync.providers.adapters.ddns_options import key_of, server_of
from registrar_sync.providers.adapters.signed_dns import Primary
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.rows import Row, number_of, text_of
from registrar_sync.providers.seam import bound_module, carrier
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("ddns")

_TYPES = ("TXT", "MX", "CNAME", "NS", "A", "AAAA", "SPF")


class DdnsZone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's ddns provider for its options; the messages are ours, since it neither looks at an answer nor can list."""

    base_urls: tuple[str, ...] = ()

    def __init__(self, config: Any) -> None:
        key = key_of(config.resolve("lexicon:ddns:auth_token"))
        super().__init__(config)
        self._primary = Primary(*server_of(self.endpoint), key)

    def enter(self, names: Sequence[str]) -> None:
        """Ask for the SOA of one name after the other: the answer tells the zone, also of a name within it."""
        cut = ""
        for name in names:
            (answer,) = self._ask(f"SOA of {name}", [_question(absolute(name), "SOA")], judge_zone)
            zone, referred = zone_told(answer)
            cut = cut or referred
            if zone in names:
                self._require_undelegated(names[0], zone, cut)
                self.domain = zone
                return
        text = f"The name server {self._primary} shows this key no zone called {' or '.join(names)}. Nothing was changed."
        raise ZoneNotFound(text, hint="Is it the zone's primary, and may the key ask it (allow-query, views)?")

    def _require_undelegated(self, name: str, zone: str, cut: str) -> None:
        if cut.endswith(f".{zone}"):
            text = f"{name} is not in the zone {zone} at {self._primary}: {cut} is delegated away from it. Nothing was changed."
            raise ZoneNotFound(text, hint="Use the account of whoever holds the zone below.")

    def list_zones(self) -> list[str]:
        """The DNS has no question for that."""
        text = f"The name server {self._primary} cannot be asked which zones it has. Nothing was changed."
        raise ProviderUnavailable(text, hint="Name one of its domains: registrar-sync providers test ACCOUNT DOMAIN")

    def rows(self, owner: str) -> list[Row]:
        """One question a type; below the apex also for the wildcard whose records may be answered in the owner's place."""
        wildcard = f"*.{owner.partition('.')[2]}"
        names = [owner] if owner == absolute(self.domain) else [owner, wildcard]
        asked = [(name, rtype) for name in names for rtype in _TYPES]
        answers = self._ask(f"records of {display(owner)}", [_question(*each) for each in asked], judge_records)
        found: dict[str, list[Row]] = {owner: [], wildcard: []}
        for (name, rtype), answer in zip(asked, answers, strict=True):
            found[name] += [self.row(native) for native in _natives(answer, name, rtype)]
        if found[owner] and _alike(found[owner], found[wildcard]):
            text = (
                f"Whether {display(owner)} has records of its own cannot be told: it answers what {display(wildcard)} stands for"
            )
            raise ProviderUnavailable(f"{text}. Nothing was changed.", hint="Give the name a record of its own first.")
        return found[owner]

    def row(self, native: Mapping[str, Any]) -> Row:
        """``rdata`` in master-file form, which stands for exactly the octets that were served."""
        return Row(rtype=text_of(native, "type"), content=text_of(native, "rdata"), ttl=number_of(native, "ttl"), native=native)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One UPDATE: all of it is carried out, or nothing."""
        update = dns.update.UpdateMessage(absolute(self.domain))
        for rrset in sets:
            _require_as_read(update, rrset)
            update.delete(rrset.owner, rrset.rtype)
            for row in rrset.rows:
                update.add(rrset.owner, rrset.ttl, _rdata(row))
        with calls.replace():
            self._ask(f"UPDATE of {self.domain}", [update], judge_update, writes=True)

    def _ask(
        self, shown: str, messages: Sequence[dns.message.Message], judge: Judge, *, writes: bool = False
    ) -> list[dns.message.Message]:
        """All messages in one conversation: that is one call."""
        what = f"{shown} at {self._primary}"

        def exchange(limit_s: float) -> list[dns.message.Message]:
            answers = self._primary.ask(messages, limit_s)
            for answer in answers:
                judge(answer, what)
            return answers

        return carrier().carry(what, exchange, writes=writes)


def _question(name: str, rtype: str) -> dns.message.Message:
    return dns.message.make_query(name, rtype, flags=0)


def _natives(answer: dns.message.Message, name: str, rtype: str) -> list[dict[str, Any]]:
    """Only what was asked for: an alias comes along with every type, and with what it points to."""
    kind = dns.rdatatype.from_text(rtype)
    rrset = answer.get_rrset(answer.answer, dns.name.from_text(name), dns.rdataclass.IN, kind)
    return [{"type": rtype, "ttl": rrset.ttl, "rdata": rdata.to_text()} for rdata in rrset] if rrset else []


def _alike(rows: Sequence[Row], others: Sequence[Row]) -> bool:
    """Whether the rows are the same ones: a server may answer them in another order each time."""
    return sorted(map(str, rows)) == sorted(map(str, others))


def _require_as_read(update: dns.update.UpdateMessage, rrset: RRsetWrite) -> None:
    """The prerequisites. Beside a CNAME an addition would be passed over in silence."""
    if rrset.gone:
        update.present(rrset.owner, *map(_rdata, rrset.gone))
    else:
        update.absent(rrset.owner, rrset.rtype)
    if rrset.rows:
        update.absent(rrset.owner, "CNAME")


def _rdata(row: Row) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", row.rtype, row.content, origin=dns.name.root, relativize=False)
