"""The sandbox as a whole: where it is, what it logs, what it breaks on demand, and its two ways to run."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
import requests

from registrar_sync.errors import UsageError
from registrar_sync.sandbox import Sandbox, embedded, parse_address, serve

APEX_TXT = "/domains/example.com/records/@/TXT"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        yield session


def put(box: Sandbox, session: requests.Session, value: str) -> requests.Response:
    return session.put(box.vendors["gandi"] + APEX_TXT, json={"rrset_values": [value]}, timeout=10)


def values(box: Sandbox) -> str:
    return box.store.zone_text("example.com")


def test_the_announcement_names_the_api_the_dns_and_each_vendor(box: Sandbox) -> None:
    told = box.announcement()
    api = told["api"]
    assert api.startswith("http://127.0.0.1:")
    assert told["dns"] == f"127.0.0.1:{box.dns_address[1]}"
    known = {"ovh": f"{api}/ovh/1.0", "gandi": f"{api}/gandi/v5/livedns", "ionos": f"{api}/ionos/dns/v1"}
    assert known.items() <= told["vendors"].items()
    assert all(url.startswith(f"{api}/{name}") for name, url in told["vendors"].items())
    assert json.loads(json.dumps(told)) == told


def test_every_request_is_logged_as_it_was_asked_and_readable_over_http(box: Sandbox, session: requests.Session) -> None:
    session.get(box.vendors["gandi"] + "/domains?per_page=1", timeout=10)
    session.get(box.vendors["ovh"] + "/nowhere", timeout=10)
    session.get(box.api_url + "/elsewhere", timeout=10)
    expected = [
        {"method": "GET", "path": "/gandi/v5/livedns/domains?per_page=1", "status": 200},
        {"method": "GET", "path": "/ovh/1.0/nowhere", "status": 404},
        {"method": "GET", "path": "/elsewhere", "status": 404},
    ]
    assert session.get(box.api_url + "/_sandbox/requests", timeout=10).json() == box.requests == expected
    box.clear_requests()
    assert box.requests == []


def test_connections_are_kept_alive(box: Sandbox, session: requests.Session) -> None:
    ports = set()
    for _ in range(3):
        with session.get(box.vendors["gandi"] + "/domains", timeout=10, stream=True) as answer:
            connection: Any = answer.raw.connection
            ports.add(connection.sock.getsockname()[1])
            assert answer.content
    assert len(ports) == 1


def test_a_fault_before_the_effect_changes_nothing(box: Sandbox, session: requests.Session) -> None:
    before = values(box)
    box.fail_next("PUT", "/records/@/TXT$", 429, {"message": "slow down"}, {"Retry-After": "10"}, times=2)
    for _ in range(2):
        answer = put(box, session, "x")
        assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "10", {"message": "slow down"})
        assert values(box) == before
    assert put(box, session, "x").status_code == 201
    assert [request["status"] for request in box.requests] == [429, 429, 201]


def test_a_fault_after_the_effect_loses_only_the_answer(box: Sandbox, session: requests.Session) -> None:
    box.fail_next("PUT|POST", "TXT", 502, "<html>Bad Gateway</html>", before_effect=False)
    answer = put(box, session, "taken")
    assert (answer.status_code, answer.text) == (502, "<html>Bad Gateway</html>")
    assert '"taken"' in values(box)


@pytest.mark.parametrize("before_effect", [True, False])
def test_a_connection_can_break_off_instead_of_an_answer(box: Sandbox, session: requests.Session, before_effect: bool) -> None:
    box.fail_next("PUT", "TXT", 0, before_effect=before_effect)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        put(box, session, "taken")
    assert ('"taken"' in values(box)) is not before_effect
    assert put(box, session, "again").status_code == 201
    assert [request["status"] for request in box.requests] == [0, 201]


def test_another_writer_can_act_before_and_after_a_request_takes_effect(box: Sandbox, session: requests.Session) -> None:
    seen: list[bool] = []

    def add(value: str) -> None:
        seen.append('"ours"' in values(box))
        box.store.add_record("example.com", "example.com", "TXT", f'"{value}"')

    box.hook("PUT", "TXT", lambda: add("lost"))
    box.hook("PUT", "TXT", lambda: add("kept"), when="after")
    put(box, session, "ours")
    assert seen == [False, True]
    assert '"lost"' not in values(box)
    assert '"kept"' in values(box)
    put(box, session, "ours")
    assert len(seen) == 2


def test_a_raw_request_that_is_malformed_is_refused_and_the_server_lives(box: Sandbox, session: requests.Session) -> None:
    host, port = box.api_url.removeprefix("http://").split(":")
    garbage = [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /gandi/v5/livedns/domains/%00%ff/records HTTP/1.1\r\nHost: [\r\nAuthorization: Bearer sandbox\r\n\r\n",
        b"PUT /ovh/1.0/domain/zone/%2e%2e/record/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /ionos/dns/v1/zones HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nshort",
    ]
    for wire in garbage:
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(wire)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65535)
        assert b" 500 " not in answer[:20]
        assert b"Traceback" not in answer
    assert session.get(box.vendors["gandi"] + "/domains", timeout=10).status_code == 200


def test_a_sandbox_takes_master_file_text_and_addresses() -> None:
    text = "$TTL 60\n@ IN SOA ns1 root 1 2 3 4 5\n@ IN NS ns1\nns1 IN A 127.0.0.1\n"
    with Sandbox({"own.example": text}, api=("127.0.0.1", 0), dns=("127.0.0.1", 0)) as box:
        assert [zone.name for zone in box.store.hosted()] == ["own.example."]
        with pytest.raises(UsageError, match="cannot listen"):
            Sandbox(dns=box.dns_address)
        with pytest.raises(UsageError, match="cannot listen"):
            Sandbox(api=("127.0.0.1", int(box.api_url.rpartition(":")[2])))


def test_stopping_twice_or_without_a_start_is_harmless() -> None:
    box = Sandbox()
    box.stop()
    box.stop()


def test_the_embedded_sandbox_keeps_its_zones_in_the_state_directory(tmp_path: Path, session: requests.Session) -> None:
    with embedded(tmp_path) as box:
        assert box.store.publish_delay_s == 2
        put(box, session, "kept")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".json"] == ["sandbox.json"]
    with embedded(tmp_path) as box:
        assert session.get(box.vendors["gandi"] + APEX_TXT, timeout=10).json()["rrset_values"] == ['"kept"']


def test_serve_announces_itself_and_serves_the_seed_and_the_files(tmp_path: Path) -> None:
    path = tmp_path / "own.zone"
    path.write_text("$ORIGIN own.example.\n@ 60 IN SOA ns1 root 1 2 3 4 5\n@ 60 IN NS ns1\n@ 60 IN MX 5 mx\n")
    told: list[dict[str, Any]] = []
    found: list[str] = []

    def look() -> None:
        host, port = parse_address(told[0]["dns"])
        for owner in ("own.example", "example.com"):
            response = dns.query.udp(dns.message.make_query(owner, "MX"), host, port=port, timeout=10)
            found.extend(rdata.to_text() for rrset in response.answer for rdata in rrset)

    serve(told.append, look, zone_files=[path], publish_delay_s=1.5)
    assert "5 mx.own.example." in found
    assert "5 mailgate.example.com." in found
    with pytest.raises(requests.ConnectionError):
        requests.get(told[0]["api"], timeout=10)


@pytest.mark.parametrize("text", ["", "127.0.0.1", "127.0.0.1:", ":53", "127.0.0.1:70000", "127.0.0.1:x"])
def test_an_address_without_a_port_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)


def test_addresses_of_both_families_are_read() -> None:
    assert parse_address("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_address("[::1]:5353") == ("::1", 5353)


def test_it_is_quiet_and_leaves_nothing_behind(tmp_path: Path) -> None:
    script = (
        "import threading, requests\n"
        "from registrar_sync.sandbox import Sandbox\n"
        "with Sandbox() as box:\n"
        "    requests.post(box.vendors['ovh'] + '/domain/zone', data=b'{', timeout=10)\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
