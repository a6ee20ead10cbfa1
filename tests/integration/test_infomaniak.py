"""What is peculiar to Infomaniak: an SPF record that is only ever edited in place, pages that may or may not be counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registrar_sync.errors import CredentialsRejected, ProviderUnavailable, RegistrarSyncError, ZoneNotFound
from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of
from tests.unit.loopback import FakeClock, Reply, Web, web

MANY = "$ORIGIN example.com.\n$TTL 3600\n" + "".join(f"host{number} A 192.0.2.9\n" for number in range(12))


def enroll(world: ProviderWorld, **options: object) -> Result:
    return world.client().enroll("example.com", provider="infomaniak", **options)


def roll_back(world: ProviderWorld) -> None:
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", (back.error, back.message)


@pytest.mark.parametrize(
    "switches",
    [
        {"txt_listed": "bare"},
        {"mx_listed_dotted": True},
        {"apex_listed": ""},
        {"apex_sent": "dot"},
        {"exists_reply": "false"},
        {"second_spf": "accepted"},
        {"second_spf": "refused-in-zone"},
        {"mx_to_itself": "accepted"},
        {"null_mx": "refused"},
        {"long_txt": "refused"},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_what_is_unconfirmed_about_infomaniak_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    world = sandbox_world("infomaniak", switches={f"infomaniak_{name}": value for name, value in switches.items()})
    stored, served = world.vendor.stored(), world.vendor.served()
    result = enroll(world, mx="replace", accept=["spf-mx-mechanism"])
    assert result.state == "authoritative", result.message
    roll_back(world)
    assert (world.vendor.stored(), world.vendor.served()) == (stored, served)


def test_the_spf_record_is_edited_in_place_both_ways(sandbox_world: SandboxWorlds) -> None:
    """A second one would be refused, also for a moment."""
    world = sandbox_world("infomaniak")
    assert enroll(world).state == "authoritative"
    roll_back(world)
    methods = [write.partition(" ")[0] for write in world.vendor.writes()]
    assert methods == ["PUT", "POST", "POST", "DELETE", "DELETE", "PUT"]


@pytest.mark.parametrize("paging", ["with-totals", "without-totals", "ignored"])
def test_a_zone_of_several_pages_is_read_whole(sandbox_world: SandboxWorlds, paging: str) -> None:
    world = sandbox_world("infomaniak", zone=MANY + USUAL, switches={"infomaniak_paging": paging, "infomaniak_page_size": 5})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    roll_back(world)
    assert world.vendor.stored() == stored


@pytest.mark.parametrize(
    ("switches", "zone", "words"),
    [
        # there is no SPF record at the owner, and one elsewhere
        ({"infomaniak_second_spf": "refused-in-zone"}, NEIGHBOURS + USUAL_MX, "you_can_only_add_one_spf_save"),
        ({"infomaniak_apex_sent": "empty"}, USUAL, "source format is invalid"),
    ],
    ids=["second-spf", "apex"],
)
def test_what_the_vendor_refuses_is_told_and_taken_back(
    sandbox_world: SandboxWorlds, switches: dict[str, object], zone: str, words: str
) -> None:
    world = sandbox_world("infomaniak", zone=zone, switches=switches)
    stored = world.vendor.stored()
    result = enroll(world)
    assert (result.state, result.error and result.error.kind) == ("restored", "provider-refused")
    assert words in result.message
    assert world.vendor.stored() == stored


def test_a_customers_mx_that_the_vendor_would_not_take_again_is_told_at_rollback(sandbox_world: SandboxWorlds) -> None:
    """It points at its own name, from before the vendor's rule: replace takes it out, and only a person can put it back."""
    own = NEIGHBOURS + SPF.replace("mx ", "") + "@ 300 MX 10 example.com.\n"
    world = sandbox_world("infomaniak", zone=own)
    assert enroll(world).state == "authoritative", "below leaves it alone"
    roll_back(world)
    assert enroll(world, mx="replace").state == "authoritative"
    back = world.client().rollback("example.com")
    assert back.error is not None
    assert "mx_entries_must_not_point_to_the_same_fqdn" in back.message
    assert "security-mail.net" in world.vendor.served(), "the mail still has somewhere to go"


def test_an_error_with_status_200_is_not_taken_for_success(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world(
        "infomaniak",
        zone=NEIGHBOURS + USUAL_MX,
        switches={"infomaniak_error_status": "200", "infomaniak_second_spf": "refused-in-zone"},
    )
    stored = world.vendor.stored()
    result = world.client(call_limit_s=0.5).enroll("example.com", provider="infomaniak")
    assert result.state == "restored", result.message
    assert "you_can_only_add_one_spf_save" in result.message
    assert world.vendor.stored() == stored


def test_so_many_requests_a_minute_are_kept_to(sandbox_world: SandboxWorlds) -> None:
    """The vendor's 429 says nothing of when: what could not be sent is told, and nothing is left half-way."""
    world = sandbox_world("infomaniak", switches={"infomaniak_requests_per_minute": 2})
    stored = world.vendor.stored()
    with world.unchanged():
        result = world.client(call_limit_s=0.5).plan("example.com", provider="infomaniak")
    assert result.state == "planned"
    with world.unchanged():
        result = world.client(call_limit_s=0.5).enroll("example.com", provider="infomaniak")
    assert result.error is not None
    assert "429" in result.message
    assert world.vendor.stored() == stored


def test_somebody_elses_edit_between_read_and_write_is_not_overwritten(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("infomaniak")
    store = sandbox_of(world).store
    sandbox_of(world).hook(
        "PUT",
        "/records/",
        lambda: store.add_record("example.com", "example.com", "MX", "6 theirs.example.net.", 300),
        when="after",
    )
    result = enroll(world)
    assert result.state == "unknown", result.message
    assert "MX 6 theirs.example.net." in world.vendor.served()


def test_the_accounts_domains_are_listed_page_by_page(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("infomaniak", switches={"infomaniak_page_size": 1})
    store = sandbox_of(world).store
    store.add_zone("second.example", USUAL.replace("example.com", "second.example"))
    with zone_at(sandbox_of(world).vendors["infomaniak"], token="sandbox") as zone:
        assert {"example.com.", "second.example."} <= set(zone.zones())


# --- answers that must not be taken at their word -----------------------------------------------------------------------
class zone_at:  # noqa: N801 - used as a function is
    """An opened-to-be zone at an endpoint."""

    def __init__(self, url: str, token: str = "x") -> None:
        account = load_catalog().account("infomaniak")
        self.zone = LexiconZone(account.provider, account.settings({"auth_token": token}, endpoint=url), FakeClock())

    def __enter__(self) -> LexiconZone:
        return self.zone

    def __exit__(self, *_: object) -> None:
        self.zone.close()


def record(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "source": ".", "type": "MX", "ttl": 300, "target": "10 mx.example.net", **more}


def success(*records: object, **more: Any) -> dict[str, Any]:
    return {"result": "success", "data": list(records), "page": 1, "pages": 1, "total": len(records), **more}


EXISTS = {"result": "success", "data": True}


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


@pytest.mark.parametrize("source", [".", "", "@"])
def test_the_apex_in_each_of_its_spellings(server: Web, source: str) -> None:
    view: Any = read(server, EXISTS, success(record(source=source), record(2, source="www")))()
    (mx,) = view.rrsets
    assert [str(one.rdata) for one in mx.records] == ["10 mx.example.net."]


def test_a_source_in_u_labels_is_the_name_in_a_labels(server: Web) -> None:
    server.replies[:] = [
        Reply(200, json.dumps(body).encode()) for body in (EXISTS, success(record(source="Bücher"), record(2, source="*.ü")))
    ]
    with zone_at(server.url) as zone:
        zone.open("example.com.")
        assert len(zone.read("xn--bcher-kva.example.com.").rrsets) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>maintenance</html>",
        b'{"result": "success", "data": [{"id": 1,',
        b"[]",
        {},
        {"result": "success"},
        {"result": "success", "data": None},
        {"result": "error", "error": {"code": "x", "description": "y"}},
        {"result": "asynchronous", "data": "5f1"},
        success(record(), pages="1"),
        success(record(), total=2),
        success(record(), total=None),
        success("no record"),
        success(record(), record()),
        success(record(id="1")),
        success(record(source=None)),
        success(record(source=False)),
        success(record(target=None)),
        success(record(target="mx.example.net")),
        success(record(target="70000 mx.example.net")),
        success(record(ttl="300")),
        success(record(type=None)),
    ],
    ids=lambda body: repr(body)[:70],
)
def test_an_odd_answer_is_a_failed_read_and_never_an_empty_zone(server: Web, body: object) -> None:
    with pytest.raises(ProviderUnavailable, match="infomaniak"):
        read(server, EXISTS, body)()


def test_a_row_that_goes_while_the_pages_are_read_hides_none(server: Web) -> None:
    """With it the rows behind it moved up by one: the first of the second page is on none that was read."""
    pages = success(record(1), record(2), pages=2, total=4), success(record(4), page=2, pages=2, total=3)
    with pytest.raises(ProviderUnavailable, match="4 entries were promised, 3 came"):
        read(server, EXISTS, *pages)()


@pytest.mark.parametrize(
    "body", [{}, {"result": "success"}, {"result": "success", "data": 1}, {"result": "error", "error": {"code": "x"}}, b"<html>"]
)
def test_whether_the_zone_exists_is_never_guessed(server: Web, body: object) -> None:
    with pytest.raises(ProviderUnavailable, match="infomaniak"):
        read(server, body)()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"result": "success", "data": false}'),
        Reply(404, b'{"result": "error", "error": {"code": "object_not_found"}}'),
    ],
    ids=["false", "404"],
)
def test_an_unknown_zone_is_told_as_such(server: Web, reply: Reply) -> None:
    server.replies[:] = [reply]
    with zone_at(server.url) as zone, pytest.raises(ZoneNotFound):
        zone.open("www.example.com.")
    assert [path for _, path, _, _ in server.seen] == ["/2/zones/www.example.com/exists", "/2/zones/example.com/exists"]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials_are_known_by_status_or_code(server: Web, status: int) -> None:
    body = {"result": "error", "error": {"code": "not_authorized", "description": "Authorization required"}}
    server.replies[:] = [Reply(status, json.dumps(body).encode())]
    with zone_at(server.url) as zone, pytest.raises(CredentialsRejected, match="not_authorized"):
        zone.open("example.com.")


@pytest.mark.parametrize(
    ("status", "headers", "calls"), [(429, {"Retry-After": "2"}, 3), (429, {}, 3), (500, {}, 3), (401, {}, 1), (422, {}, 1)]
)
def test_a_read_is_repeated_only_where_that_helps(server: Web, status: int, headers: dict[str, str], calls: int) -> None:
    act = read(server, EXISTS, success(record()))
    body = {"result": "error", "error": {"code": "some_code", "description": "some words"}}
    server.replies.insert(0, Reply(status, json.dumps(body).encode(), headers))
    if calls == 3:
        act()
    else:
        with pytest.raises(RegistrarSyncError, match="some words"):
            act()
    assert len(server.seen) == calls
