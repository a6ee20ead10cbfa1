"""The zone store: staged and published, kept across processes, edited by another writer's hand."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.errors import ConfigInvalid, UnknownName, UsageError
from registrar_sync.sandbox import Sandbox, load_zone_file, seed_zones, zone_from_text
from registrar_sync.sandbox.store import Store
from registrar_sync.sandbox.switches import Switches, doubts, switches_from
from registrar_sync.sandbox.txt import character_strings, fitted, quoted, rendered, split_long

# Hypothesis looks at every loaded module, and lexicon (loaded by other tests) warns when it is looked at.
pytestmark = pytest.mark.filterwarnings("ignore:Module lexicon:DeprecationWarning")


class Clock:
    time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


def store_at(path: Path | None, now: Callable[[], float], delay_s: float = 2.0) -> Store:
    return Store(seed_zones(), now=now, publish_delay_s=delay_s, state_file=path)


def test_the_seed_is_the_documents_example() -> None:
    lines = store_at(None, Clock()).zone_text("example.com").splitlines()
    assert "example.com. 10800 IN MX 5 mailgate.example.com." in lines
    assert "example.com. 10800 IN MX 40 smtp.isp.net." in lines
    assert "example.com. 10800 IN MX 40 secours.isp.net." in lines
    assert sum('"v=spf1 ' in line for line in lines) == 1
    assert sum(line.startswith("example.com. 10800 IN TXT") for line in lines) == 2


def test_only_the_customers_zone_is_in_the_account() -> None:
    assert [zone.name for zone in store_at(None, Clock()).hosted()] == ["example.com."]


def test_adding_and_removing_a_record_leaves_the_zone_as_it_was() -> None:
    clock = Clock()
    store = store_at(None, clock, 0.0)
    served, stored, serial = (
        store.zone_text("example.com"),
        store.zone_text("example.com", published=False),
        store.serial("example.com"),
    )
    store.add_record("example.com", "example.com", "TXT", '"theirs"', 300)
    assert '"theirs"' in store.zone_text("example.com")
    assert store.remove_records("example.com", "example.com", "TXT", '"theirs"') == 1
    assert (store.zone_text("example.com"), store.zone_text("example.com", published=False)) == (served, stored)
    assert store.serial("example.com") == serial + 2


def test_stored_text_shows_spelling_field_type_and_disabled_rows_and_served_text_does_not() -> None:
    store = store_at(None, Clock(), 0.0)
    store.add_record("example.com", "Example.com", "SPF", '"v=spf1" " -all"', 0)
    store.add_record("example.com", "example.com", "MX", "9 backup", 60, disabled=True)
    stored, served = store.zone_text("example.com", published=False), store.zone_text("example.com")
    assert 'example.com. 0 IN SPF "v=spf1" " -all"' in stored
    assert "; disabled: example.com. 60 IN MX 9 backup" in stored
    assert 'example.com. 3600 IN TXT "v=spf1" " -all"' in served.replace('10800 IN TXT "v=spf1"', '3600 IN TXT "v=spf1"')
    assert "backup" not in served


def test_a_record_that_is_no_rdata_is_refused_and_the_zone_stays() -> None:
    store = store_at(None, Clock())
    before = store.zone_text("example.com", published=False)
    with pytest.raises(ValueError, match="MX"):
        store.add_record("example.com", "example.com", "MX", "mailgate")
    assert store.zone_text("example.com", published=False) == before


def test_a_publication_is_due_by_stored_time_so_a_later_process_serves_it(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "state" / "sandbox.json"
    earlier = store_at(path, clock)
    earlier.add_record("example.com", "example.com", "TXT", '"new"')
    assert '"new"' not in earlier.zone_text("example.com")
    clock.time += 2
    later = store_at(path, clock)
    assert '"new"' in later.zone_text("example.com")


def test_a_staged_edit_survives_the_process_that_made_it(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "sandbox.json"
    store_at(path, clock).add_record("example.com", "example.com", "TXT", '"staged"', publish=False)
    later = store_at(path, clock, 0.0)
    assert '"staged"' not in later.zone_text("example.com")
    assert '"staged"' in later.zone_text("example.com", published=False)
    later.publish("example.com")
    assert '"staged"' in later.zone_text("example.com")


def test_two_stores_of_one_file_see_each_others_edits(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "sandbox.json"
    one, other = store_at(path, clock, 0.0), store_at(path, clock, 0.0)
    one.add_record("example.com", "example.com", "TXT", '"one"')
    other.add_record("example.com", "example.com", "TXT", '"other"')
    assert one.zone_text("example.com") == other.zone_text("example.com")
    assert {'"one"', '"other"'} <= {row.text for row in one.zone("example.com").rows}


WRITER = """
import sys, time
from pathlib import Path
from registrar_sync.sandbox import seed_zones
from registrar_sync.sandbox.store import Store
store = Store(seed_zones(), now=time.time, state_file=Path(sys.argv[1]))
for number in range(25):
    store.add_record("example.com", "example.com", "TXT", f'"{sys.argv[2]}-{number}"')
"""


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    rows = store_at(path, Clock()).zone("example.com").rows
    assert sum(row.text[1:3] in ("a-", "b-", "c-") for row in rows) == 75
    assert len({row.number for row in rows}) == len(rows)


def test_threads_that_write_at_once_lose_nothing() -> None:
    store = store_at(None, Clock(), 0.0)

    def write(name: str) -> None:
        for number in range(50):
            store.add_record("example.com", "example.com", "TXT", f'"{name}-{number}"')

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.zone("example.com").at("example.com.", "TXT")) == 152


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"schema": "other"}', '{"schema": "registrar-sync-sandbox/1", "zones": [{}]}']
)
def test_a_state_file_that_is_none_is_named_and_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(content)
    with pytest.raises(ConfigInvalid, match=r"sandbox\.json") as caught:
        store_at(path, Clock())
    assert "Delete it" in caught.value.hint
    assert path.read_text() == content


def test_the_state_file_is_json_of_its_own_schema(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    store_at(path, Clock())
    assert json.loads(path.read_text())["schema"] == "registrar-sync-sandbox/1"
    assert not path.with_name("sandbox.json.new").exists()


def test_a_place_where_no_state_can_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigInvalid, match="cannot keep its state"):
        store_at(tmp_path / "file" / "sandbox.json", Clock())


@pytest.mark.parametrize("head", ["$ORIGIN plain.example.\n@ IN", "plain.example. 300 IN", "plain.example. IN"])
def test_a_zone_file_names_its_zone_by_origin_or_soa(tmp_path: Path, head: str) -> None:
    path = tmp_path / "any"
    path.write_text(f"$TTL 300\n{head} SOA ns1 root 5 1 1 1 1\n IN NS ns1\n")
    zone = load_zone_file(path)
    assert (zone.name, zone.default_ttl, zone.served(0).serial) == ("plain.example.", 300, 5)


@pytest.mark.parametrize("content", [b"", b"@ IN A 192.0.2.1\n", b"$ORIGIN a.example.\n@ 60 IN A 192.0.2.1\n", b"\xff\xfe\x00"])
def test_a_zone_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.zone"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        load_zone_file(path)
    with pytest.raises(UsageError, match="missing"):
        load_zone_file(tmp_path / "missing")


def test_a_mixed_case_zone_keeps_its_records() -> None:
    zone = zone_from_text("Plain.Example", "@ 60 IN SOA ns1 root 1 2 3 4 5\n@ 60 IN NS ns1\nWWW 60 IN A 192.0.2.1\n")
    assert zone.name == "plain.example."
    assert zone.at("www.PLAIN.example.", "A")


def test_an_unknown_switch_or_value_is_refused_and_every_switch_tells_its_doubt() -> None:
    with pytest.raises(UnknownName):
        switches_from({"ovh_nonsense": True})
    with pytest.raises(UsageError, match="ovh_duplicates"):
        switches_from({"ovh_duplicates": "perhaps"})
    assert switches_from({}) == Switches()
    assert all(len(doubt) > 15 for doubt in doubts().values())
    with pytest.raises(UnknownName):
        Sandbox(switches={"no_such": 1})


@given(st.lists(st.binary(max_size=600), min_size=1, max_size=4))
def test_any_octets_survive_being_written_as_character_strings(strings: list[bytes]) -> None:
    assert character_strings(rendered(strings)) == strings
    assert b"".join(fitted(strings)) == b"".join(strings)
    assert max(map(len, fitted(strings))) <= 255
    assert b"".join(character_strings(split_long(rendered(strings)))) == b"".join(strings)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_bare_text_is_one_string_once_quoted(text: str) -> None:
    assert character_strings(quoted(text)) == [text.encode()]


@pytest.mark.parametrize("text", ['"open', 'a"b" "', '"\\', '"\\999"', "a\\"])
def test_a_quote_left_open_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"character-strings|octet"):
        character_strings(text)
