"""Answers of vendors that an adapter must not take at their word, from a real server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registrar_sync.errors import ProviderUnavailable
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.unit.loopback import FakeClock, Reply, Web, web

CATALOG = load_catalog()

ZoneAt = Callable[[str, str], LexiconZone]


@pytest.fixture
def zone_at() -> Iterator[ZoneAt]:
    made: list[LexiconZone] = []

    def make(provider: str, url: str) -> LexiconZone:
        account = CATALOG.account(provider)
        wanted = [option for option, credential in account.provider.credentials.items() if credential.default is None]
        made.append(LexiconZone(account.provider, account.settings(dict.fromkeys(wanted, "x"), endpoint=url), FakeClock()))
        return made[-1]

    yield make
    for zone in made:
        zone.close()


def answers(*bodies: Any) -> list[Reply]:
    return [Reply(200, json.dumps(body).encode()) for body in bodies]


def ovh_row(number: int, text: str) -> dict[str, object]:
    return {"id": number, "zone": "example.com", "subDomain": "", "fieldType": "TXT", "target": text, "ttl": 0}


OVH_OPENING = [1000, ["example.com"], {"isDeployed": True}]  # the time, the zones, the zone's state


def test_an_ovh_row_under_another_id_is_no_answer(zone_at: ZoneAt) -> None:
    """An edit would go to the id in the answer: to a record that was never read."""
    first = ovh_row(1, '"v=spf1 mx ~all"')
    with web(*answers(*OVH_OPENING, [1, 2], first, first)) as server:
        zone = zone_at("ovh", server.url)
        zone.open("example.com.")
        with pytest.raises(ProviderUnavailable, match="row 2 was asked for, row 1 was answered"):
            zone.read("example.com.")


def test_ovh_rows_under_their_own_ids_are_read(zone_at: ZoneAt) -> None:
    with web(*answers(*OVH_OPENING, [1, 2], ovh_row(1, '"v=spf1 mx ~all"'), ovh_row(2, '"kept"'))) as server:
        zone = zone_at("ovh", server.url)
        zone.open("example.com.")
        (txt,) = zone.read("example.com.").rrsets
        assert [record.native["id"] for record in txt.records if record.native] == [1, 2]


def gandi_page(first: int, count: int) -> list[dict[str, str]]:
    return [{"fqdn": f"zone{number:04}.example"} for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("pages", "count"),
    [
        ([[]], 0),
        ([gandi_page(0, 3), []], 3),
        ([gandi_page(0, 100), gandi_page(100, 1), []], 101),
        ([gandi_page(0, 25), gandi_page(25, 25), gandi_page(50, 7), []], 57),  # the vendor caps a page below what is asked for
        ([gandi_page(0, 25), gandi_page(24, 25), []], 49),  # a zone came meanwhile: one is told twice
        ([gandi_page(0, 120)], 120),  # the page's number is not heeded: the same for ever
    ],
    ids=["none", "few", "full-page", "capped", "shifted", "unpaged"],
)
def test_no_gandi_zone_is_hidden_by_pages(zone_at: ZoneAt, pages: list[Any], count: int) -> None:
    with web(*answers(*pages)) as server:
        zones = zone_at("gandi", server.url).zones()
        assert len(zones) == len(set(zones)) == count
        assert [_page(server, index) for index in range(len(server.seen))] == [str(n + 1) for n in range(len(server.seen))]


def _page(server: Web, index: int) -> str:
    return server.seen[index][1].split("page=")[1].split("&")[0]
