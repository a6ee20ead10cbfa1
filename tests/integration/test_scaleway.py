"""What is peculiar to Scaleway: one PATCH for just the rows that change, and TXT that is listed otherwise than sent."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from registrar_sync.operations.result import Result
from tests.contract.worlds import LONG_TXT, NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of

RECORDS = "/dns-zones/example.com/records"
PLAIN = (
    "\n".join(line for line in NEIGHBOURS.splitlines() if "\\" not in line and "part one" not in line and "aaa" not in line)
    + "\n"
)


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="scaleway", **options)


def ask(world: ProviderWorld, method: str = "GET", body: Any = None) -> list[Any]:
    """As somebody else with the account's key would."""
    url = sandbox_of(world).vendors["scaleway"] + RECORDS + "?page_size=1000"
    answer = requests.request(method, url, json=body, headers={"X-Auth-Token": "sandbox"}, timeout=10)
    assert answer.ok, answer.text
    found: list[Any] = answer.json()["records"]
    return found


def add(world: ProviderWorld, **record: Any) -> Any:
    (made,) = ask(world, "PATCH", {"changes": [{"add": {"records": [{"name": "", "ttl": 600, **record}]}}]})
    return made


def at_the_apex(world: ProviderWorld) -> dict[str, Any]:
    return {row["id"]: row for row in ask(world) if row["name"] == ""}


@pytest.mark.parametrize(
    "switches",
    [
        {"scaleway_escapes": "quotes-and-backslashes"},
        {"scaleway_several_strings": "joined"},
        {"scaleway_several_strings": "kept"},
        {"scaleway_long_txt": "split"},
        {"scaleway_unsent_fields": "kept"},
        {"scaleway_missing_id_status": 400},
        {"scaleway_page_cap": 3},
    ],
    ids=lambda switches: "-".join(map(str, *switches.items())),
)
@pytest.mark.parametrize("zone", [USUAL, NEIGHBOURS], ids=["usual", "without"])
def test_what_is_unconfirmed_about_scaleway_does_not_matter(
    sandbox_world: SandboxWorlds, switches: dict[str, object], zone: str
) -> None:
    world = sandbox_world("scaleway", zone=zone, switches=switches)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("status", [403, 404])
def test_a_name_below_the_zone_is_found_in_the_zone(sandbox_world: SandboxWorlds, status: int) -> None:
    world = sandbox_world("scaleway", switches={"scaleway_subdomain_status": status})
    stored = world.vendor.stored()
    result = world.client().enroll("sub.example.com", provider="scaleway", accept=["spf-mx-mechanism"])
    assert (result.state, result.zone) == ("authoritative", "example.com."), result.message
    assert world.client().rollback("sub.example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_one_patch_names_only_the_rows_that_change(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway")
    before = at_the_apex(world)
    assert enroll(world).state == "authoritative"
    assert world.vendor.writes() == [f"PATCH /scaleway/domain/v2beta1{RECORDS}"]
    after = at_the_apex(world)
    assert before.keys() <= after.keys()
    assert {before[number]["type"] for number in before if before[number] != after[number]} == {"TXT"}
    assert len(after) == len(before) + 2


def test_a_batch_that_was_refused_has_changed_nothing(sandbox_world: SandboxWorlds) -> None:
    """A row of it is gone meanwhile: SPF is not written either."""
    world = sandbox_world("scaleway")
    store = sandbox_of(world).store

    def take_away() -> None:
        store.remove_records("example.com", "example.com", "MX", "40 smtp.isp.net.")

    sandbox_of(world).hook("PATCH", "/records", take_away)
    result = enroll(world, mx="replace", accept=["spf-mx-mechanism"])
    assert result.state in ("restored", "unknown", "refused"), result.message
    assert "security-mail" not in world.vendor.stored()


@pytest.mark.parametrize("unsent", ["cleared", "kept"])
def test_comments_stay_with_their_rows_and_come_back_with_them(sandbox_world: SandboxWorlds, unsent: str) -> None:
    world = sandbox_world("scaleway", zone=PLAIN, switches={"scaleway_unsent_fields": unsent})
    add(world, type="TXT", data="v=spf1 mx ~all", comment="do not touch")
    add(world, type="MX", data="mailgate", priority=5, comment="our host")
    comments = {row["data"]: row["comment"] for row in at_the_apex(world).values()}
    assert enroll(world, mx="replace", accept=["spf-mx-mechanism"]).state == "authoritative"
    (spf,) = [row for row in at_the_apex(world).values() if "v=spf1" in row["data"]]
    assert spf["comment"] == "do not touch"
    assert world.client().rollback("example.com").state == "authoritative"
    assert {row["data"]: row["comment"] for row in at_the_apex(world).values()} == comments


def test_a_row_that_answers_by_who_asks_is_not_edited(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway", zone=PLAIN + USUAL_MX)
    views = {"views": [{"subnet": "192.0.2.0/24", "data": "v=spf1 -all"}]}
    made = add(world, type="TXT", data="v=spf1 mx ~all", view_config=views)
    writes = world.vendor.writes()
    result = enroll(world)
    assert result.error is not None
    assert "its answers depend on who asks. Nothing was changed" in result.message
    assert world.vendor.writes() == writes

    prepared = world.client().prepare("example.com", provider="scaleway", ttl=300)
    assert prepared.state == "authoritative", prepared.message
    assert at_the_apex(world)[made["id"]]["view_config"] == views


@pytest.mark.parametrize(
    ("text", "switches", "why"),
    [
        (r'"two \\\\ of them"', {}, "two backslashes"),
        (r'"one \\ of them"', {"scaleway_escapes": "quotes-and-backslashes"}, "two backslashes"),
        (LONG_TXT, {"scaleway_long_txt": "split"}, "in several strings"),
        ('"part one, " "part two"', {"scaleway_several_strings": "kept"}, "in several strings"),
        (r'"caf\195\169"', {}, "outside printable ASCII"),
        ('" blank before"', {}, "drops a blank"),
    ],
    ids=["backslashes", "backslash-escaped", "long-split", "kept-strings", "non-ascii", "blank"],
)
def test_a_neighbour_that_could_not_be_written_back_as_it_is_keeps_its_ttl(
    sandbox_world: SandboxWorlds, text: str, switches: dict[str, object], why: str
) -> None:
    """A TTL can be changed only together with the value: refused before any call; an enrolment does not touch the row."""
    world = sandbox_world("scaleway", zone=f"{PLAIN}@ 600 TXT {text}\n{SPF}{USUAL_MX}", switches=switches)
    stored = world.vendor.stored()
    with world.unchanged():
        prepared = world.client().prepare("example.com", provider="scaleway", ttl=300)
    assert prepared.error is not None
    assert why in prepared.message
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_null_mx_comes_back(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway", zone=NEIGHBOURS + SPF.replace("mx ", "") + "@ 300 MX 0 .\n")
    stored = world.vendor.stored()
    assert enroll(world, mx="replace", accept=["mx-null"]).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_key_that_may_only_read_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway", switches={"scaleway_may_write": False})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "DomainsDNSFullAccess" in (result.error.hint or result.hint)
    assert world.vendor.stored() == stored


def test_403_without_the_words_for_a_missing_zone_is_about_credentials(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway")
    sandbox_of(world).fail_next("GET", "/records", 403, {"message": "insufficient permissions", "type": "permissions_denied"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"


def test_429_without_a_time_is_waited_out(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("scaleway")
    sandbox_of(world).fail_next("GET", "/records", 429, "")
    sandbox_of(world).fail_next("PATCH", "/records", 429, "")
    assert enroll(world).state == "authoritative"


def record(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "name": "", "type": "TXT", "data": '"x"', "ttl": 60, "priority": 0, **fields}


@pytest.mark.parametrize(
    "body",
    [
        "<html>maintenance</html>",
        '{"records": [{"id": "1", "na',
        {"records": []},
        {"records": {}, "total_count": 0},
        {"records": [], "total_count": 1},
        {"records": [record(), record()], "total_count": 2},
        {"records": [record(ttl="60")], "total_count": 1},
        {"records": [record(data=None)], "total_count": 1},
        {"records": [record(name=None)], "total_count": 1},
        {"records": [record(type="MX", data="mx.example.net.")], "total_count": 1},
        {"records": [record(data='"a"b"')], "total_count": 1},
    ],
    ids=["html", "truncated", "no-total", "no-list", "short", "same-id", "ttl", "data", "name", "mx-without-preference", "quote"],
)
def test_an_answer_that_is_not_understood_is_a_failed_read(sandbox_world: SandboxWorlds, body: object) -> None:
    world = sandbox_world("scaleway")
    sandbox_of(world).fail_next("GET", "/records", 200, body, times=None)
    with world.unchanged():
        result = world.client(call_limit_s=1.0).enroll("example.com", provider="scaleway")
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message


def test_a_zone_that_changes_while_it_is_paged_is_read_again(sandbox_world: SandboxWorlds) -> None:
    """A row comes at the front after the first page: the second page brings one twice, and would hide another."""
    world = sandbox_world("scaleway", switches={"scaleway_page_cap": 5})
    sandbox_of(world).hook("GET", r"page=2", lambda: world.vendor.add("example.com", "TXT", '"came-meanwhile"', 600))
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert "came-meanwhile" in world.vendor.stored()
    assert world.client().rollback("example.com").state == "authoritative"
    assert set(stored.splitlines()) <= set(world.vendor.stored().splitlines())


def test_a_row_that_goes_while_the_zone_is_paged_hides_none(sandbox_world: SandboxWorlds) -> None:
    """With the first row gone the first of the second page is on none that was read; nothing is planned on such a reading."""
    world = sandbox_world("scaleway", switches={"scaleway_page_cap": 5})

    def remove_first() -> None:
        with sandbox_of(world).store.editing("example.com") as draft:
            draft.remove([next(row for row in draft.zone.rows if row.rtype == "A")])
            draft.publish()

    sandbox_of(world).hook("GET", r"page=2", remove_first)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message


@pytest.mark.parametrize("before_effect", [True, False])
def test_an_answer_that_was_lost_is_read_back_and_nothing_is_added_twice(
    sandbox_world: SandboxWorlds, before_effect: bool
) -> None:
    world = sandbox_world("scaleway")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("PATCH", "/records", 502, "<html>", before_effect=before_effect)
    result = world.client(call_limit_s=1.0).enroll("example.com", provider="scaleway")
    assert result.state == ("restored" if before_effect else "authoritative"), result.message
    assert len([line for line in world.vendor.stored().splitlines() if "france.security-mail.net" in line]) == (not before_effect)
    if before_effect:
        assert world.vendor.stored() == stored
