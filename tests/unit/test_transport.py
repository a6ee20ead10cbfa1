"""The transport's promises, each against a real server on loopback."""

from __future__ import annotations

import datetime as dt
import gzip
import ipaddress
import logging
import select
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.pace_account import CallLimit
from registrar_sync.errors import (
    ConfigInvalid,
    CredentialsRejected,
    LockLost,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    RegistrarSyncError,
    WriteMustReread,
)
from registrar_sync.providers import wire
from registrar_sync.providers.pace import AccountPace
from registrar_sync.providers.policy import HttpRefused, Policy
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.seam import bound_module, carried_by
from registrar_sync.providers.transport import Transport
from tests.unit.loopback import FakeClock, Reply, dripping, web

SECRET = "s3cret/token+value"


class RealClock(FakeClock):
    """The real time, for limits that a real socket is held to."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing is waited for in these tests")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transport_to(clock: FakeClock) -> Iterator[Callable[..., Transport]]:
    made: list[Transport] = []

    def make(base: str, **options: Any) -> Transport:
        transport = Transport(label="test", redact=Redactor([SECRET]), **{"clock": clock, **options})
        transport.confine(base)
        made.append(transport)
        return transport

    yield make
    for transport in made:
        transport.close()


def write(transport: Transport, method: str, url: str, policy: Policy, **options: Any) -> None:
    with transport.carrying(policy):
        transport.request(method, url, **options)


def young(clock: FakeClock) -> Policy:
    return Policy(kind="replace", read_at=clock.monotonic())


ONCE = Policy(kind="once")
PUBLISH = Policy(kind="publish")

SILENCE = (b"", b"")
DRIPPING_HEADERS = (b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n")
DRIPPING_BODY = (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{", b" ")
DRIPPING_BODY_WITHOUT_LENGTH = (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{", b" ")
DRIPPING_CHUNKS = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")


class TestTimeLimit:
    @pytest.mark.parametrize(
        "behaviour",
        [SILENCE, DRIPPING_HEADERS, DRIPPING_BODY, DRIPPING_BODY_WITHOUT_LENGTH, DRIPPING_CHUNKS],
        ids=["silence", "headers", "body", "body-without-length", "chunks"],
    )
    def test_one_limit_holds_for_the_whole_call_whatever_drips(
        self, transport_to: Callable[..., Transport], behaviour: tuple[bytes, bytes]
    ) -> None:
        with dripping(*behaviour) as url:
            transport = transport_to(url, clock=RealClock(), call_limit_s=0.6)
            started = time.monotonic()
            with pytest.raises(ProviderUnavailable, match="no whole answer within"):
                transport.request("GET", f"{url}/zones")
            assert time.monotonic() - started < 3

    def test_a_write_that_gets_no_answer_may_have_taken_effect(self, transport_to: Callable[..., Transport]) -> None:
        with dripping(*DRIPPING_HEADERS) as url:
            transport = transport_to(url, clock=RealClock(), call_limit_s=0.5)
            with pytest.raises(OutcomeUnknown) as raised:
                write(transport, "POST", f"{url}/record", ONCE, data="{}")
            assert raised.value.changed == "unknown"
            assert transport.api_calls == 1

    def test_pauses_between_attempts_count(self, clock: FakeClock, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(503, b"")) as server:
            transport = transport_to(server.url, call_limit_s=2.0)
            with pytest.raises(ProviderUnavailable):
                transport.request("GET", f"{server.url}/")
            assert sum(clock.slept) < 2.0

    def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        with web(Reply(429, b"", {"Retry-After": "60"})) as server:
            with pytest.raises(ProviderUnavailable) as raised:
                transport_to(server.url).request("GET", f"{server.url}/")
            assert clock.slept == []
            assert raised.value.hint == "Try again in 60 s."


class TestReads:
    def test_a_get_waits_as_long_as_retry_after_says(self, clock: FakeClock, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(429, b"", {"Retry-After": "10"}), Reply(200, b'{"a": 1}')) as server:
            transport = transport_to(server.url)
            assert transport.request("GET", f"{server.url}/").json() == {"a": 1}
            assert len(clock.slept) == 1
            assert clock.slept[0] >= 10
            assert transport.api_calls == 2

    def test_retry_after_may_be_a_date(self, clock: FakeClock, transport_to: Callable[..., Transport]) -> None:
        date = "Mon, 23 Nov 2026 12:00:07 GMT"
        with web(Reply(503, b"", {"Retry-After": date}), Reply()) as server:
            transport_to(server.url).request("GET", f"{server.url}/")
            assert 7 <= clock.slept[0] < 8

    @pytest.mark.parametrize("date", ["Mon, 01 Jan 99999999999 00:00:00 GMT", "soon", "Mon, 01 Jan 2026 00:00:00 +99999999999"])
    def test_a_retry_after_that_is_no_time_is_none(self, transport_to: Callable[..., Transport], date: str) -> None:
        with web(Reply(503, b"", {"Retry-After": date}), Reply()) as server:
            transport = transport_to(server.url)
            transport.request("GET", f"{server.url}/")
            assert transport.api_calls == 2

    @pytest.mark.parametrize(
        "bad", [Reply(502, b"<html>Bad gateway</html>"), Reply(408, b""), Reply(reset=True), Reply(200, b"<h1>")]
    )
    def test_a_get_is_tried_again(self, transport_to: Callable[..., Transport], bad: Reply) -> None:
        with web(bad, Reply(200, b"[]")) as server:
            transport = transport_to(server.url)
            assert transport.request("GET", f"{server.url}/").json() == []
            assert transport.api_calls == 2

    def test_a_get_that_keeps_failing_is_no_empty_answer(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(500, b'{"message": "out of order"}')) as server:
            transport = transport_to(server.url)
            with pytest.raises(ProviderUnavailable, match="500 out of order"):
                transport.request("GET", f"{server.url}/")
            assert transport.api_calls == len(server.seen) == 5

    def test_nobody_listening_is_unavailable(self, transport_to: Callable[..., Transport]) -> None:
        with web() as server:
            url = server.url
        with pytest.raises(ProviderUnavailable, match="refused"):
            transport_to(url).request("GET", f"{url}/")

    def test_connections_are_kept(self, transport_to: Callable[..., Transport], caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG, logger="urllib3")
        with web() as server:
            transport = transport_to(server.url)
            for _ in range(3):
                transport.request("GET", f"{server.url}/")
        assert len([r for r in caplog.messages if "Starting new HTTP connection" in r]) == 1

    @pytest.mark.parametrize(
        "odd",
        [
            Reply(200, gzip.compress(b"[1]"), {"Content-Encoding": "gzip"}),
            Reply(200, b"3\r\n[1]\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}),
            Reply(200, b"[1]", {"Connection": "close"}),
            Reply(200, b"[1]", {"X-Name": "J\xe9r\xf4me"}),
        ],
        ids=["packed", "in-pieces", "last", "not-ascii"],
    )
    def test_an_answer_out_of_the_ordinary_is_read_as_well(self, transport_to: Callable[..., Transport], odd: Reply) -> None:
        with web(odd, Reply(200, b"[2]")) as server:
            transport = transport_to(server.url)
            assert [transport.request("GET", f"{server.url}/").json() for _ in "ab"] == [[1], [2]]
            assert transport.api_calls == 2

    def test_a_cookie_is_sent_back(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(200, b"{}", {"Set-Cookie": "session=abc"}), Reply()) as server:
            transport = transport_to(server.url)
            assert transport.request("GET", f"{server.url}/").cookies["session"] == "abc"
            for _ in "ab":
                transport.request("GET", f"{server.url}/")
            assert [headers.get("Cookie") for _, _, headers, _ in server.seen] == [None, "session=abc", "session=abc"]

    def test_what_follows_an_answer_is_not_taken_for_the_next_one(self, transport_to: Callable[..., Transport]) -> None:
        smuggled = b"[1]HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[6]"
        with web(Reply(200, smuggled, {"Content-Length": "3"}), Reply(200, b"[2]")) as server:
            transport = transport_to(server.url)
            assert [transport.request("GET", f"{server.url}/").json() for _ in "ab"] == [[1], [2]]

    def test_an_answer_that_breaks_off_is_none_and_its_connection_is_left(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(200, b"[1]", {"Content-Length": "4"}, hang_up=True), Reply(200, b"[2]")) as server:
            transport = transport_to(server.url)
            assert transport.request("GET", f"{server.url}/").json() == [2]
            assert transport.api_calls == 2

    def test_two_servers_of_an_account_are_told_apart(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(200, b"[1]")) as one, web(Reply(200, b"[2]")) as other:
            transport = transport_to(one.url)
            transport.confine(one.url, other.url)
            answers = [transport.request("GET", f"{server.url}/x").json() for server in (one, other, one)]
            assert answers == [[1], [2], [1]]
            assert [headers["Host"] for _, _, headers, _ in one.seen] == [one.url.removeprefix("http://")] * 2

    def test_an_answer_too_large_is_not_read_to_its_end(
        self, transport_to: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "RESPONSE_LIMIT", 1000)
        with web(Reply(200, b'"' + b"x" * 5000 + b'"')) as server, pytest.raises(ProviderUnavailable, match="larger than 1000"):
            transport_to(server.url).request("GET", f"{server.url}/")


class TestReplaces:
    def test_a_replace_is_repeated_while_its_read_is_young(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        with web(Reply(500, b"database is locked"), Reply(204, b"")) as server:
            transport = transport_to(server.url)
            write(transport, "PATCH", f"{server.url}/zone", young(clock), data="{}")
            assert transport.api_calls == 2

    @pytest.mark.parametrize(("first", "after_effect"), [(Reply(504, b""), True), (Reply(429, b""), False)])
    def test_a_refusal_tells_whether_an_attempt_before_it_may_have_taken_effect(
        self, clock: FakeClock, transport_to: Callable[..., Transport], first: Reply, after_effect: bool
    ) -> None:
        with web(first, Reply(422, b"")) as server:
            with pytest.raises(HttpRefused) as raised:
                write(transport_to(server.url), "PUT", f"{server.url}/zone", young(clock), data="{}")
            assert raised.value.after_effect is after_effect

    def test_a_replace_on_an_old_read_is_not_sent(self, clock: FakeClock, transport_to: Callable[..., Transport]) -> None:
        with web() as server:
            transport = transport_to(server.url)
            policy = young(clock)
            clock.seconds += 5.0
            with pytest.raises(WriteMustReread):
                write(transport, "PUT", f"{server.url}/rrset", policy)
            assert server.seen == []

    def test_a_replace_without_a_read_is_not_sent(self, transport_to: Callable[..., Transport]) -> None:
        with web() as server, pytest.raises(WriteMustReread):
            write(transport_to(server.url), "PUT", f"{server.url}/rrset", Policy(kind="replace"))

    def test_a_replace_told_to_wait_goes_back_for_a_fresh_read(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        with web(Reply(429, b"", {"Retry-After": "10"}), Reply()) as server:
            transport = transport_to(server.url)
            with pytest.raises(WriteMustReread) as raised:
                write(transport, "PUT", f"{server.url}/rrset", young(clock))
            assert raised.value.retry_after_s == 10.0
            assert len(server.seen) == 1
            assert clock.slept == []

    def test_a_replace_whose_rate_slot_comes_too_late_goes_back(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        pace = AccountPace(CallLimit(calls=6, per_s=60), clock.monotonic)
        pace.reserve(5)  # all that may go out at once
        with web() as server:
            transport = transport_to(server.url, pace=pace)
            transport.request("GET", f"{server.url}/")
            with pytest.raises(WriteMustReread, match="rate is used up") as raised:
                write(transport, "PUT", f"{server.url}/rrset", young(clock))
            assert raised.value.retry_after_s == 0.0
            read_at = sum(clock.slept)
            transport.request("GET", f"{server.url}/")
            assert sum(clock.slept) > read_at
            waited = sum(clock.slept)
            write(transport, "PUT", f"{server.url}/rrset", young(clock))
            write(transport, "PUT", f"{server.url}/rrset", young(clock))
            assert sum(clock.slept) == waited  # the read has waited for them, too
            assert [method for method, *_ in server.seen] == ["GET", "GET", "PUT", "PUT"]


INTERIM = {
    "early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "unknown": b"HTTP/1.1 199 Patience\r\nContent-Length: 5\r\n\r\n",
    "several": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
}


@contextmanager
def announcing(interim: bytes) -> Iterator[str]:
    """A server that sends ``interim`` first and the answer, which holds the path asked for, late: a next request that comes
    meanwhile gets it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while line := self.rfile.readline():
                    length = 0
                    while (header := self.rfile.readline()) not in (b"\r\n", b""):
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.split(b":")[1])
                    self.rfile.read(length)
                    self.wfile.write(interim)
                    select.select([self.connection], [], [], 0.05)
                    body = b'"%s"' % line.split()[1]
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class TestInterimAnswers:
    @pytest.mark.parametrize("interim", INTERIM.values(), ids=INTERIM)
    def test_each_call_gets_its_own_answer(self, transport_to: Callable[..., Transport], interim: bytes) -> None:
        with announcing(interim) as url:
            transport = transport_to(url)
            answers = [transport.request("GET", f"{url}/{path}").json() for path in "abc"]
            with transport.carrying(ONCE):
                answers.append(transport.request("POST", f"{url}/d", data="{}").json())
            answers.append(transport.request("GET", f"{url}/e").json())
            transport.close()
        assert answers == ["/a", "/b", "/c", "/d", "/e"]
        assert transport.api_calls == 5

    def test_a_connection_that_became_something_else_is_not_used_again(self, transport_to: Callable[..., Transport]) -> None:
        switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
        with announcing(switching) as url:
            transport = transport_to(url)
            with pytest.raises(OutcomeUnknown, match="another protocol"):
                write(transport, "POST", f"{url}/a", ONCE, data="{}")
            with pytest.raises(ProviderUnavailable, match="another protocol"):
                transport.request("GET", f"{url}/b")
            transport.close()

    def test_interim_answers_without_end_are_not_waited_for(self, transport_to: Callable[..., Transport]) -> None:
        with dripping(b"", INTERIM["early-hints"]) as url:
            transport = transport_to(url, clock=RealClock(), call_limit_s=0.5)
            with pytest.raises(ProviderUnavailable, match="no whole answer within"):
                transport.request("GET", f"{url}/zones")


class TestRedirects:
    @pytest.mark.parametrize("status", [300, 302, 304, 307, 308, 399])
    @pytest.mark.parametrize(
        ("kind", "error"), [("replace", WriteMustReread), ("once", OutcomeUnknown), ("publish", OutcomeUnknown)]
    )
    def test_a_write_that_is_redirected_may_have_taken_effect(
        self, clock: FakeClock, transport_to: Callable[..., Transport], status: int, kind: Any, error: type[RegistrarSyncError]
    ) -> None:
        with web(Reply(status, b"", {"Location": "/elsewhere"})) as server:
            with pytest.raises(error) as raised:
                write(transport_to(server.url), "POST", f"{server.url}/x", Policy(kind=kind, read_at=clock.monotonic()))
            assert raised.value.changed == "unknown"
            assert f"HTTP {status}" in raised.value.message
            assert "changed nothing" not in raised.value.message
            assert len(server.seen) == 1


class TestWritesThatMustNotBeRepeated:
    @pytest.mark.parametrize("reply", [Reply(reset=True), Reply(500, b""), Reply(503, b"", {"Retry-After": "1"})])
    def test_a_post_is_sent_exactly_once(self, transport_to: Callable[..., Transport], reply: Reply) -> None:
        with web(reply) as server:
            transport = transport_to(server.url)
            with pytest.raises(OutcomeUnknown):
                write(transport, "POST", f"{server.url}/record", ONCE, data='{"a": 1}')
            assert [(method, body) for method, _, _, body in server.seen] == [("POST", b'{"a": 1}')]

    def test_a_post_told_to_wait_did_nothing(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(429, b"", {"Retry-After": "3"})) as server:
            with pytest.raises(WriteMustReread) as raised:
                write(transport_to(server.url), "POST", f"{server.url}/record", ONCE)
            assert raised.value.retry_after_s == 3.0
            assert len(server.seen) == 1

    def test_a_post_that_never_reached_anybody_did_nothing(self, transport_to: Callable[..., Transport]) -> None:
        with web() as server:
            url = server.url
        with pytest.raises(WriteMustReread, match="changed nothing"):
            write(transport_to(url), "POST", f"{url}/record", ONCE)

    def test_a_connection_that_the_server_has_closed_meanwhile_is_not_written_to(
        self, transport_to: Callable[..., Transport]
    ) -> None:
        with web(Reply(hang_up=True), Reply()) as server:
            transport = transport_to(server.url)
            transport.request("GET", f"{server.url}/")
            assert server.hung_up.wait(10)
            write(transport, "POST", f"{server.url}/record", ONCE)
            assert [method for method, *_ in server.seen] == ["GET", "POST"]

    def test_each_attempt_is_announced_and_what_that_raises_stops_it(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        renewed: list[int] = []

        def renew() -> None:
            renewed.append(1)
            if len(renewed) == 2:
                raise LockLost("somebody took over")

        with web(Reply(500, b"")) as server:
            policy = Policy(kind="replace", before_call=renew, read_at=clock.monotonic())
            with pytest.raises(LockLost):
                write(transport_to(server.url), "PUT", f"{server.url}/rrset", policy)
            assert len(server.seen) == 1

    def test_without_leave_to_write_nothing_but_reads_is_sent(self, transport_to: Callable[..., Transport]) -> None:
        with web() as server:
            with pytest.raises(ProviderRefused, match="not sent"):
                transport_to(server.url).request("DELETE", f"{server.url}/zone")
            assert server.seen == []


class TestPublishing:
    def test_a_publish_is_repeated_when_refused(self, clock: FakeClock, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(409, b'{"message": "under way"}'), Reply(500, b""), Reply(204, b"")) as server:
            write(transport_to(server.url), "POST", f"{server.url}/refresh", PUBLISH)
            assert len(server.seen) == 3

    def test_a_publish_refused_to_the_end_published_nothing(
        self, clock: FakeClock, transport_to: Callable[..., Transport]
    ) -> None:
        with web(Reply(409, b'{"message": "under way"}')) as server:
            with pytest.raises(ProviderRefused, match="under way"):
                write(transport_to(server.url), "POST", f"{server.url}/refresh", PUBLISH)
            assert 3 < sum(clock.slept) < 15

    def test_a_publish_that_may_have_happened_is_not_called_refused(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(500, b""), Reply(409, b"")) as server, pytest.raises(OutcomeUnknown):
            write(transport_to(server.url), "POST", f"{server.url}/refresh", PUBLISH)

    def test_a_missing_right_is_not_tried_again(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(403, b'{"errorCode": "NOT_GRANTED_CALL", "message": "This call has not been granted"}')) as server:
            with pytest.raises(CredentialsRejected, match="NOT_GRANTED_CALL: This call has not been granted"):
                write(transport_to(server.url), "POST", f"{server.url}/refresh", PUBLISH)
            assert len(server.seen) == 1


VENDOR_ERRORS = {
    "ovh": (
        b'{"class": "Client::BadRequest", "message": "Invalid subfield found in DKIM : x"}',
        "Invalid subfield found in DKIM",
    ),
    "gandi": (b'{"code": 404, "message": "The resource could not be found.", "object": "HTTPNotFound"}', "could not be found"),
    "gandi-input": (b'{"status": "error", "errors": [{"name": "items", "description": "invalid hostname"}]}', "invalid hostname"),
    "ionos": (b'[{"code": "INVALID_RECORD", "message": "Record is invalid."}]', "INVALID_RECORD: Record is invalid"),
    "powerdns": (b'{"error": "RRset example.com. IN MX: Not in expected format"}', "Not in expected format"),
    "html": (b"<html>\n<h1>Nope</h1></html>", "<h1>Nope</h1>"),
    "nothing": (b"", "HTTP 422"),
    "not-utf8": (b"\xff\xfe broken", "broken"),
    "a-string": (b'"just text"', "just text"),
    "a-bare-null": (b"null", "HTTP 422"),
    "deep": (b"[" * 100000, "HTTP 422"),
}


class TestRefusals:
    @pytest.mark.parametrize(("body", "told"), VENDOR_ERRORS.values(), ids=VENDOR_ERRORS)
    def test_the_vendors_own_words_are_told(self, transport_to: Callable[..., Transport], body: bytes, told: str) -> None:
        with web(Reply(422, body)) as server, pytest.raises(HttpRefused) as raised:
            write(transport_to(server.url), "POST", f"{server.url}/record", ONCE)
        assert told in raised.value.message
        assert raised.value.changed == "no"
        assert len(raised.value.message) < 600

    @pytest.mark.parametrize("status", [401, 403])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_credentials_that_are_refused(self, transport_to: Callable[..., Transport], status: int, method: str) -> None:
        with web(Reply(status, b"{}")) as server:
            with pytest.raises(CredentialsRejected):
                write(transport_to(server.url), method, f"{server.url}/", ONCE)
            assert len(server.seen) == 1

    def test_control_characters_do_not_reach_a_terminal(self, transport_to: Callable[..., Transport]) -> None:
        body = b'{"message": "a\\u001b[2Jb\\u202ec\\u0007\\nd"}'
        with web(Reply(400, body)) as server, pytest.raises(ProviderRefused) as raised:
            write(transport_to(server.url), "POST", f"{server.url}/", ONCE)
        assert raised.value.message.isprintable()

    def test_a_redirect_is_not_followed(self, transport_to: Callable[..., Transport]) -> None:
        with web() as elsewhere, web(Reply(307, b"", {"Location": elsewhere.url})) as server:
            with pytest.raises(HttpRefused):
                transport_to(server.url).request("GET", f"{server.url}/", headers={"Authorization": SECRET})
            assert elsewhere.seen == []

    def test_a_write_that_was_accepted_is_accepted_whatever_its_body_says(self, transport_to: Callable[..., Transport]) -> None:
        with web(Reply(200, b"<html>done</html>")) as server:
            transport = transport_to(server.url)
            with transport.carrying(ONCE):
                assert transport.request("POST", f"{server.url}/").json() is None


class TestSecrets:
    @pytest.mark.parametrize(
        "reply",
        [
            Reply(400, f'{{"message": "bad token {SECRET}"}}'.encode()),
            Reply(500, SECRET.encode()),
            Reply(403, f"no {SECRET}".encode()),
        ],
    )
    def test_no_secret_in_errors_and_logs(
        self, transport_to: Callable[..., Transport], reply: Reply, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        with web(reply) as server, pytest.raises(RegistrarSyncError) as raised:
            transport_to(server.url).request("GET", f"{server.url}/{SECRET}", headers={"X-Api-Key": SECRET})
        for text in (raised.value.message, raised.value.hint, *_own_logs(caplog)):
            assert SECRET not in text
        assert "***" in raised.value.message

    def test_what_lexicon_logs_of_an_answer_is_redacted(
        self, transport_to: Callable[..., Transport], caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        module = bound_module("powerdns")
        with carried_by(transport_to("https://api.example.net")):
            module.LOGGER.debug("response: %s", f"you sent {SECRET}")
        assert "response: you sent ***" in caplog.messages

    def test_a_credential_that_no_header_carries_is_said_without_showing_it(self, transport_to: Callable[..., Transport]) -> None:
        with web() as server, pytest.raises(CredentialsRejected) as raised:
            transport_to(server.url).request("GET", f"{server.url}/", headers={"X-Api-Key": SECRET + "\n"})
        assert SECRET not in str(raised.value)
        assert "line break" in raised.value.hint

    def test_netrc_does_not_replace_the_credentials(
        self, transport_to: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login intruder password intruder\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        with web() as server:
            transport_to(server.url).request("GET", f"{server.url}/", headers={"Authorization": "Bearer mine"})
            assert server.seen[0][2]["Authorization"] == "Bearer mine"
            assert server.seen[0][2]["User-Agent"] == "registrar-sync"


class TestEndpoint:
    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/v5/x",
            "http://api.example.net/v5/x",
            "https://api.example.net:444/v5/x",
            "https://api.example.net/v5evil",
            "https://api.example.net/other",
            "https://api.example.net/v5/../admin",
            "https://api.example.net/v5/%2e%2e/admin",
            "https://api.example.net/v5/..%2fadmin",
            "https://user@api.example.net/v5/x",
            "https://api.example.net@evil.example/v5/x",
            "https://api.example.net:x/v5/x",
            "/v5/x",
        ],
    )
    def test_a_url_outside_the_endpoint_is_not_asked(self, transport_to: Callable[..., Transport], url: str) -> None:
        transport = transport_to("https://api.example.net/v5")
        with pytest.raises(ProviderRefused, match="not sent"):
            transport.request("GET", url)
        assert transport.api_calls == 0

    @pytest.mark.parametrize(
        "base",
        [
            "http://api.example.net",
            "http://192.0.2.1:8081",
            "ftp://x",
            "api.example.net",
            "https://user:pw@x.net",
            "https://x?y=1",
            "",
        ],
    )
    def test_an_endpoint_that_must_not_be_used(self, transport_to: Callable[..., Transport], base: str) -> None:
        with pytest.raises(ConfigInvalid):
            transport_to(base)

    @pytest.mark.parametrize(
        "base", ["http://127.0.0.1:1", "http://[::1]:1/x", "http://localhost:1", "https://api.example.net/v5"]
    )
    def test_an_endpoint_that_may(self, transport_to: Callable[..., Transport], base: str) -> None:
        transport_to(base)

    def test_a_proxy_is_not_asked_for_loopback(
        self, transport_to: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with web(Reply(502, b"")) as proxy, web() as server:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.delenv("no_proxy", raising=False)
            transport_to(server.url).request("GET", f"{server.url}/")
            assert proxy.seen == []

    def test_a_proxy_of_the_environment_is_asked_for_others(
        self, transport_to: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with web(Reply(403, b"")) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            monkeypatch.delenv("no_proxy", raising=False)
            with pytest.raises(ProviderUnavailable):
                transport_to("https://api.example.invalid").request("GET", "https://api.example.invalid/x")
            assert {(method, path) for method, path, *_ in proxy.seen} == {("CONNECT", "api.example.invalid:443")}


class TestTls:
    def test_a_certificate_of_nobody_is_refused_and_one_of_the_bundle_is_taken(
        self, transport_to: Callable[..., Transport], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        certificate = _self_signed(tmp_path)

        def wrap(server: ThreadingHTTPServer) -> None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)

        with web(Reply(200, b"[1]"), wrap=wrap, scheme="https") as server:
            transport = transport_to(server.url)
            with pytest.raises(ProviderUnavailable, match="certificate"):
                transport.request("GET", f"{server.url}/", verify=False)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
            assert transport.request("GET", f"{server.url}/").json() == [1]


def _self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "loopback.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _own_logs(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("registrar_sync")]
