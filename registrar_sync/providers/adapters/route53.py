"""AWS Route 53: whole record sets, all of them in one batch, which is carried out as a whole or not at all.

Vendor facts: docs.aws.amazon.com/Route53/latest/APIReference (ChangeResourceRecordSets, ListResourceRecordSets,
ListHostedZonesByName) and lexicon's recorded traffic of 2022, read on 2026-11-23. That a batch may delete a set and create it
again: boto's own Zone.update_record (boto/route53/zone.py), octodns-route53 pull request 135.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from registrar_sync.core.names import absolute
from registrar_sync.errors import WriteMustReread
from registrar_sync.providers.adapters.aws_client import aws_client, called, paged
from registrar_sync.providers.adapters.route53_sets import changes_for, natives_of, row_of
from registrar_sync.providers.adapters.route53_zones import all_zones, id_of_zone, name_of_zone, private_wish
from registrar_sync.providers.adapters.zone_search import AskByName
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.rows import Row, UnusableAnswer, list_of, text_of
from registrar_sync.providers.seam import bound_module
from registrar_sync.providers.shapes import Calls, RRsetWrite

_lexicon = bound_module("route53")

_GONE = ("do not match the current values", "was not found")  # of a DELETE (terraform issue 18509, boto issue 2887)
_THERE = "already exists"  # of a CREATE


class Route53Zone(AskByName, _lexicon.Provider):  # type: ignore[misc, name-defined]
    """lexicon's Route 53 provider with a client of our own, read by owner and written in one batch."""

    api_endpoint = "https://route53.amazonaws.com"

    def __init__(self, config: Any) -> None:
        # Past lexicon's own: it would make a client from the files and variables of whoever runs this.
        super(_lexicon.Provider, self).__init__(config)
        self.domain_id = (self._get_provider_option("zone_id") or "").rpartition("/")[2]
        self.private_zone = private_wish(self._get_provider_option("private_zone"))

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The one API of all regions."""
        return (self.api_endpoint,)

    @cached_property
    def r53_client(self) -> Any:
        """Where lexicon has its own."""
        keys = (self._get_provider_option("auth_access_key"), self._get_provider_option("auth_access_secret"))
        return aws_client("route53", self.api_endpoint, *keys)

    def enter(self, names: Sequence[str]) -> None:
        """The zone that zone_id names, where it holds the name; else the one zone called by the first name that there is."""
        if self.domain_id:
            self.domain = name_of_zone(self.r53_client, self.domain_id, names)
            return
        for name in names:
            self.domain_id = id_of_zone(self.r53_client, name, self.private_zone)
            if self.domain_id:
                self.domain = name
                return
        raise self.not_found(names)

    def list_zones(self) -> list[str]:
        """All pages of ListHostedZones."""
        return all_zones(self.r53_client)

    def rows(self, owner: str) -> list[Row]:
        """The listing from the owner on: its sets stand together, in the order of reversed names."""
        listing = self.r53_client.list_resource_record_sets
        pages = paged(listing, partial(_rest_of, owner), HostedZoneId=self.domain_id, StartRecordName=owner)
        sets = [each for page in pages for each in list_of(page, "ResourceRecordSets")]
        if any(_place(text_of(each, "Name")) < _place(owner) for each in sets):
            raise UnusableAnswer("the listing does not begin where it was asked to")
        found = [each for each in sets if absolute(each["Name"]) == owner]
        if owner == absolute(self.domain) and not any(each.get("Type") == "SOA" for each in found):
            raise UnusableAnswer("the zone's own SOA is not in the listing")
        return [row_of(native) for each in found for native in natives_of(each)]

    def row(self, native: Mapping[str, Any]) -> Row:
        """A value with its set's type and TTL."""
        return row_of(native)

    def replace_rrsets(self, sets: Sequence[RRsetWrite], calls: Calls) -> None:
        """One batch."""
        change = self.r53_client.change_resource_record_sets
        try:
            with calls.replace(), suppress(UnusableAnswer):  # it was accepted, whatever the answer's body says
                called(change, HostedZoneId=self.domain_id, ChangeBatch={"Changes": changes_for(sets)})
        except HttpRefused as refused:
            told = " ".join(refused.codes)
            if any(words in told for words in _GONE) or (_THERE in told and not all(rrset.gone for rrset in sets)):
                raise WriteMustReread(f"{refused.message} The records are not what was read before: another writer.") from None
            raise


def _rest_of(owner: str, page: Mapping[str, Any]) -> dict[str, str] | None:
    """Where the next page begins, as long as it is the owner's."""
    if absolute(text_of(page, "NextRecordName")) != owner:
        return None
    place = {f"Start{key}": page.get(f"Next{key}") for key in ("RecordName", "RecordType", "RecordIdentifier")}
    return {key: value for key, value in place.items() if value}


def _place(name: str) -> str:
    """What the API sorts by: the labels reversed, each with its dot."""
    return ".".join([*reversed(absolute(name).removesuffix(".").split(".")), ""])
