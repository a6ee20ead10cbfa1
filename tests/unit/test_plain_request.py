"""What a plain request becomes is what requests and urllib3 would make of it; whatever else comes is left to them."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.connection import HTTPConnection
from urllib3.util.url import _encode_target
from urllib3.util.util import to_str

from registrar_sync.providers.plain_request import octets_of, plainly_prepared

USUAL = tuple(requests.Session().headers.items())
SERVER = "http://api.example.net:8081"

methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
paths = st.text("abzAZ09-._~/%20?=&;:@+ é\\#", max_size=20).map(lambda text: f"/{text}")
hosts = st.sampled_from(
    [
        SERVER,
        "https://api.example.net",
        "http://127.0.0.1:80",
        "https://API.example.net",
        "https://exämple.net",
        "https://[::1]:1",
    ]
)
names = st.sampled_from(
    ["X-Api-Key", "content-type", "Content-Type", "accept", "User-Agent", "Authorization", "X_y", "No Name", ""]
)
values = st.text("aZ0 ;=/\"'é\n\t", max_size=12) | st.just(None) | st.just(b"octets")
bodies: st.SearchStrategy[Any] = (
    st.none() | st.text("{}é1 ", max_size=9) | st.binary(max_size=9) | st.just({}) | st.just({"a": "b"}) | st.just([("a", "b")])
)


def made_by_requests(request: requests.Request) -> requests.PreparedRequest:
    return requests.Session().prepare_request(request)


@given(methods, hosts, paths, st.dictionaries(names, values, max_size=4), bodies)
@example(
    "GET", SERVER, "/api/v1/servers/localhost/zones/example.com.", {"X-API-Key": "k", "Content-Type": "application/json"}, "{}"
)
@example("POST", SERVER, "/a", {"Content-Length": "7"}, None)
@example("PUT", SERVER, "/a", {"Content-Length": "7"}, b"abc")
@example("GET", SERVER, "/..", {}, None)
@example("GET", SERVER, "/a/./b", {}, None)
def test_it_is_prepared_as_by_requests(method: str, server: str, path: str, headers: Any, body: Any) -> None:
    request = requests.Request(method, server + path, headers=headers, data=body)
    plain = plainly_prepared(request, USUAL)
    if plain is None:
        return
    usual = made_by_requests(request)
    assert (plain.method, plain.url, plain.body) == (usual.method, usual.url, usual.body)
    assert list(plain.headers.items()) == list(usual.headers.items())


@pytest.mark.parametrize(
    "request_",
    [
        requests.Request("GET", f"{SERVER}/a", params={"b": "c"}),
        requests.Request("GET", f"{SERVER}/a", auth=("user", "password")),
        requests.Request("POST", f"{SERVER}/a", json={"a": 1}),
        requests.Request("POST", f"{SERVER}/a", data={"a": "b"}),
        requests.Request("GET", f"{SERVER}/a?b=c"),
        requests.Request("GET", f"{SERVER}/a/../b"),
        requests.Request("GET", f"{SERVER}/a%2Fb"),
        requests.Request("GET", "http://user@api.example.net/a"),
        requests.Request("GET", "http://api.example.net:65536/a"),
        requests.Request("GET", f"{SERVER}/a", headers={"X-Key": "a\nb"}),
        requests.Request("GET", f"{SERVER}/a", headers={"X-Key": "é"}),
        requests.Request("GET", f"{SERVER}/a", headers={"X-Key": " a"}),
        requests.Request("GET", f"{SERVER}/a", headers={"X Key": "a"}),
    ],
)
def test_what_is_not_plain_is_left_to_requests(request_: requests.Request) -> None:
    assert plainly_prepared(request_, USUAL) is None


def test_most_requests_are_plain() -> None:
    request = requests.Request("PATCH", f"{SERVER}/api/v1/zones/example.com.", headers={"X-API-Key": "k"}, data='{"rrsets": []}')
    assert plainly_prepared(request, USUAL) is not None


class Recorder(HTTPConnection):
    """Writes down what would go out."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.sent = b""

    def send(self, data: Any) -> None:
        self.sent += data


def parts(octets: bytes) -> tuple[bytes, set[bytes], bytes]:
    """First line, headers, body. Names are compared whatever their case."""
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, {name.lower() + b":" + value for name, _, value in (line.partition(b":") for line in lines)}, body


@given(methods, paths.filter(lambda path: "#" not in path), st.dictionaries(names, values.filter(bool), max_size=4), bodies)
@example("GET", "/api/v1/zones/example.com.", {"X-API-Key": "k"}, "{}")
def test_the_octets_are_those_of_urllib3(method: str, path: str, headers: Any, body: Any) -> None:
    try:
        prepared = made_by_requests(requests.Request(method, SERVER + path, headers=headers, data=body))
    except requests.exceptions.InvalidHeader:
        return
    octets = octets_of(prepared, "api.example.net:8081", prepared.path_url)
    if octets is None:
        return
    assert to_str(_encode_target(prepared.path_url)) == prepared.path_url  # as urllib3's pool would send it
    recorder = Recorder("api.example.net", 8081)
    recorder.request(method, prepared.path_url, body=prepared.body, headers=prepared.headers)
    assert parts(octets) == parts(recorder.sent)


@pytest.mark.parametrize(
    ("headers", "target"),
    [
        ({"Host": "elsewhere.example"}, "/a"),
        ({"Transfer-Encoding": "chunked"}, "/a"),
        ({"Expect": "100-continue"}, "/a"),
        ({"Content-Length": "1"}, "/a"),
        ({"X-A": "b\r\nX-C: d"}, "/a"),
        ({"X-A: b\r\nX-C": "d"}, "/a"),
        ({}, "/a b"),
        ({}, "/a\r\nX: y"),
        ({}, "/a%2fb"),
    ],
)
def test_what_is_framed_otherwise_or_unsafe_is_left_to_urllib3(headers: dict[str, str], target: str) -> None:
    prepared = made_by_requests(requests.Request("POST", f"{SERVER}/a", data="body"))
    prepared.headers.update(headers)
    assert octets_of(prepared, "api.example.net", target) is None
