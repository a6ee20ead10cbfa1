"""What is peculiar to DigitalOcean: pages, a final dot to be sent, values that the vendor shows but would not take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registrar_sync.errors import ProviderUnavailable, RegistrarSyncError, ZoneNotFound
from registrar_sync.operations.result import Result
from registrar_sync.providers.adapters import digitalocean
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of
from tests.unit.loopback import FakeClock, Reply, Web, web


def enroll(world: ProviderWorld, **options: object) -> Result:
    return world.client().enroll("example.com", provider="digitalocean", **options)


def roll_back(world: ProviderWorld) -> None:
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", (back.error, back.message)


@pytest.mark.parametrize(
    "switches",
    [
        {"digitalocean_txt_strings": "quoted"},
        {"digitalocean_duplicates": "refused"},
        {"digitalocean_empty_name": "apex"},
    ],
    ids="-".join,
)
def test_what_is_unconfirmed_about_digitalocean_does_not_matter(
    sandbox_world: SandboxWorlds, switches: dict[str, object]
) -> None:
    long = " ".join(f"ip4:192.0.2.{n}" for n in range(10, 27))
    zone = NEIGHBOURS + f'@ 600 TXT "v=spf1 {long[:248]}" "{long[248:]} ~all"\n' + USUAL_MX
    world = sandbox_world("digitalocean", zone=zone, switches=switches)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert f"v=spf1 {long} include:includespf.security-mail.net ~all" in world.vendor.served().replace('" "', "")
    roll_back(world)
    assert world.vendor.stored() == stored


def test_a_zone_of_several_pages_is_read_whole(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("digitalocean", switches={"digitalocean_page_size": 6})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    listings = [str(r["path"]) for r in sandbox_of(world).requests if r["method"] == "GET"]
    assert [path.partition("?")[2] for path in listings[:3]] == [
        "per_page=200",
        "page=2&per_page=200",
        "page=3&per_page=200",
    ]
    roll_back(world)
    assert world.vendor.stored() == stored


def test_an_mx_that_points_at_the_zone_itself_is_removed_and_comes_back(sandbox_world: SandboxWorlds) -> None:
    """It is listed as ``@``, and sent as a name with a dot."""
    world = sandbox_world("digitalocean", zone=NEIGHBOURS + SPF.replace("mx ", "") + "@ 300 MX 5 example.com.\n")
    stored = world.vendor.stored()
    result = enroll(world, mx="replace", accept=["mx-null"])
    assert result.state == "authoritative", result.message
    assert "MX 5 example.com." not in world.vendor.served()
    roll_back(world)
    assert world.vendor.stored() == stored


def test_an_spf_record_that_would_be_too_long_is_refused_before_anything_is_written(sandbox_world: SandboxWorlds) -> None:
    terms = " ".join(f"ip4:198.51.100.{n}" for n in range(100, 125))  # 25 of 18 octets, and ours
    world = sandbox_world("digitalocean", zone=NEIGHBOURS + f'@ 600 TXT "v=spf1 {terms[:240]}" "{terms[240:]} ~all"\n' + USUAL_MX)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-refused"
    assert "the provider holds 509" in result.message
    assert "othing was changed" in result.message
    assert result.changed is False


def test_a_value_with_a_backslash_is_refused_before_anything_is_written(sandbox_world: SandboxWorlds) -> None:
    """One that stands there already can be kept and taken back, as the contract shows; ours cannot be sent."""
    world = sandbox_world("digitalocean", zone=NEIGHBOURS + '@ 600 TXT "v=spf1 exists:a\\\\b.example.net ~all"\n' + USUAL_MX)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.changed is False


def test_a_token_without_the_right_to_write_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("digitalocean", switches={"digitalocean_token_may_write": False})
    stored = world.vendor.stored()
    result = enroll(world)
    assert (result.state, result.error and result.error.kind) == ("restored", "credentials-rejected")
    assert world.vendor.stored() == stored


def test_somebody_elses_edit_between_read_and_write_is_not_overwritten(sandbox_world: SandboxWorlds) -> None:
    """The MX row that we would move away is edited while our SPF edit is answered: its id still lives, its value is another."""
    world = sandbox_world("digitalocean")
    store = sandbox_of(world).store

    def edit() -> None:
        with store.editing("example.com") as draft:
            row = next(row for row in draft.zone.rows if row.text.startswith("5 "))
            draft.change(row, text="6 mailgate.example.com.")
            draft.publish()

    sandbox_of(world).hook("PUT", "/records/", edit, when="after")
    result = enroll(world)
    assert result.state == "unknown", result.message
    assert "MX 6 mailgate.example.com." in world.vendor.served()


def test_the_zones_of_the_account_are_listed_page_by_page(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("digitalocean", switches={"digitalocean_page_size": 1})
    store = sandbox_of(world).store
    store.add_zone("second.example", USUAL.replace("example.com", "second.example"))
    with zone_at(sandbox_of(world).vendors["digitalocean"], token="sandbox") as zone:
        assert {"example.com.", "second.example."} <= set(zone.zones())


# --- answers that must not be taken at their word -----------------------------------------------------------------------
class zone_at:  # noqa: N801 - used as a function is
    """An opened-to-be zone at an endpoint."""

    def __init__(self, url: str, token: str = "x") -> None:
        account = load_catalog().account("digitalocean")
        self.zone = LexiconZone(account.provider, account.settings({"auth_token": token}, endpoint=url), FakeClock())

    def __enter__(self) -> LexiconZone:
        return self.zone

    def __exit__(self, *_: object) -> None:
        self.zone.close()


def record(number: int = 1, **more: Any) -> dict[str, Any]:
    mx = {"id": number, "type": "MX", "name": "@", "data": "mx.example.net", "priority": 10, "ttl": 1800}
    return {**mx, "port": None, "weight": None, "flags": None, "tag": None, **more}


def page(*records: object, total: object = None, following: object = None, **more: Any) -> dict[str, Any]:
    links = {"pages": {"next": following}} if following else {}
    count = len(records) if total is None else total
    return {"domain_records": list(records), "links": links, "meta": {"total": count}, **more}


@pytest.fixture
def server() -> Iterator[Web]:
    with web() as found:
        yield found


def read(server: Web, *bodies: object) -> Callable[[], object]:
    """Opens and reads a zone at a server that gives these answers."""
    server.replies[:] = [Reply(200, body if isinstance(body, bytes) else json.dumps(body).encode()) for body in bodies]

    def act() -> object:
        with zone_at(server.url) as zone:
            zone.open("example.com.")
            return zone.read("example.com.")

    return act


def test_a_row_read(server: Web) -> None:
    view: Any = read(server, page(record()))()
    (mx,) = view.rrsets
    assert [str(one.rdata) for one in mx.records] == ["10 mx.example.net."]
    assert len(server.seen) == 1, "opening was the read"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b'{"domain_records": [{"id": 1,',
        b"[]",
        {},
        page(record()) | {"domain_records": None},
        page(record()) | {"links": None},
        page(record()) | {"links": {"pages": []}},
        page(record()) | {"meta": {}},
        page(record(), total="1"),
        page(record(), total=2),
        page("no record"),
        page(record(priority=None)),
        page(record(priority="10")),
        page(record(priority=-1)),
        page(record(priority=65536)),
        page(record(ttl=None)),
        page(record(data=None)),
        page(record(data="mx example net")),
        page(record(name=None)),
        page(record(type=7)),
        page(record(id="1")),
        page(record(), record()),
        page(record(), following=7),
        page(record(), following="https://api.example.net/v2/domains/example.com/records?page=2"),
        page(record(), following="/v2/domains/example.com/records?page=2"),
    ],
    ids=lambda body: repr(body)[:60],
)
def test_an_odd_answer_is_a_failed_read_and_never_an_empty_zone(server: Web, body: object) -> None:
    with pytest.raises(ProviderUnavailable, match="digitalocean"):
        read(server, body)()
    assert all(path.startswith("/domains/example.com/records") for _, path, _, _ in server.seen)


def test_pages_that_go_round_in_a_circle_end(server: Web) -> None:
    following = f"{server.url}/domains/example.com/records?page=2"
    with pytest.raises(ProviderUnavailable, match="lead back"):
        read(server, page(record(1), total=9, following=following), page(record(2), total=9, following=following))()
    assert len(server.seen) == 2


def test_pages_without_end_end(server: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digitalocean, "_MOST_PAGES", 5)
    links = [f"{server.url}/domains/example.com/records?page={number}" for number in range(2, 9)]
    with pytest.raises(ProviderUnavailable, match="no end"):
        read(server, *(page(record(number), total=99, following=link) for number, link in enumerate(links)))()
    assert len(server.seen) == 5


def test_a_row_that_goes_while_the_pages_are_read_hides_none(server: Web) -> None:
    """With it the rows behind it moved up by one: the first of the second page is on none that was read."""
    following = f"{server.url}/domains/example.com/records?page=2"
    with pytest.raises(ProviderUnavailable, match="4 domain_records were promised, 3 came"):
        read(server, page(record(1), record(2), total=4, following=following), page(record(4), total=3))()


def test_an_empty_name_is_the_apex(server: Web) -> None:
    view: Any = read(server, page(record(name="")))()
    assert [rrset.rtype for rrset in view.rrsets] == ["MX"]


def test_an_unknown_domain_is_told_as_such(server: Web) -> None:
    body = json.dumps({"id": "not_found", "message": "The resource you were accessing could not be found."}).encode()
    server.replies[:] = [Reply(404, body)]
    with zone_at(server.url) as zone, pytest.raises(ZoneNotFound):
        zone.open("www.example.com.")
    assert [path.split("/")[2] for _, path, _, _ in server.seen] == ["www.example.com", "example.com"]


@pytest.mark.parametrize(
    ("status", "headers", "calls"), [(429, {"retry-after": "2"}, 2), (500, {}, 2), (504, {}, 2), (401, {}, 1), (422, {}, 1)]
)
def test_a_read_is_repeated_only_where_that_helps(server: Web, status: int, headers: dict[str, str], calls: int) -> None:
    act = read(server, page(record()))
    server.replies.insert(0, Reply(status, b'{"id": "some_id", "message": "some words"}', headers))
    if calls == 2:
        act()
    else:
        with pytest.raises(RegistrarSyncError, match="some words"):
            act()
    assert len(server.seen) == calls
