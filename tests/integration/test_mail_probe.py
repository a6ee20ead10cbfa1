"""RCPT asked of mail servers on loopback: a real one (aiosmtpd), and scripted ones that refuse, lie, drip and flood."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from registrar_sync.core.known import Said, SmtpQuestion
from registrar_sync.mail_probe import MailProbe

HERE = ("127.0.0.1",)
RECIPIENT = "postmaster@example.com"


def ask(port: int, *, addresses: tuple[str, ...] = HERE, recipient: str = RECIPIENT, timeout_s: float = 5.0) -> Said:
    question = SmtpQuestion("mx.example.net.", addresses, recipient)
    return MailProbe(port=port, timeout_s=timeout_s).would_take(question)


# --- a real mail server -----------------------------------------------------------------------------------------------
class Postmaster:
    """Takes mail for one domain, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.told.append(f"EHLO {hostname}")
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.told.append(f"MAIL {address}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        self.told.append(f"RCPT <{address}>")
        if not address.endswith("@example.com"):
            return "554 5.7.1 Relay access denied"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.told.append("DATA")
        return "250 OK"


@pytest.fixture
def postmaster() -> Iterator[tuple[Postmaster, int]]:
    handler = Postmaster()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, server_hostname="mx.example.net")
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


def test_a_server_that_takes_the_recipient_says_yes_and_gets_no_mail(postmaster: tuple[Postmaster, int]) -> None:
    handler, port = postmaster
    assert ask(port) == Said(status="yes", text="250 OK")
    assert handler.told[1:] == ["MAIL <>", f"RCPT <{RECIPIENT}>"]


def test_a_server_that_relays_not_for_the_domain_says_no_in_its_own_words(postmaster: tuple[Postmaster, int]) -> None:
    assert ask(postmaster[1], recipient="postmaster@example.org") == Said(status="no", text="554 5.7.1 Relay access denied")


@pytest.mark.parametrize(
    ("host_name", "said"),
    [
        ("localhost", "[127.0.0.1]"),
        ("laptop.local", "[127.0.0.1]"),
        ("tool.example.net", "tool.example.net"),
        ("a b.c", "[127.0.0.1]"),
    ],
)
def test_we_introduce_ourselves_by_a_full_name_or_by_our_address(
    postmaster: tuple[Postmaster, int], monkeypatch: pytest.MonkeyPatch, host_name: str, said: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host_name)
    monkeypatch.setattr(socket, "getfqdn", lambda *name: pytest.fail("this may ask the DNS"))
    handler, port = postmaster
    assert ask(port).status == "yes"
    assert handler.told[0] == f"EHLO {said}"


# --- scripted servers -------------------------------------------------------------------------------------------------
Script = dict[str, bytes]
USUAL: Script = {"": b"220 mx ESMTP\r\n", "EHLO": b"250-mx\r\n250 SIZE\r\n", "HELO": b"250 mx\r\n", "MAIL": b"250 OK\r\n",
                 "RCPT": b"250 OK\r\n", "RSET": b"250 OK\r\n", "QUIT": b"221 bye\r\n"}  # fmt: skip


@dataclass
class Scripted:
    """``replies`` by verb ("" is the greeting); ``drop``, where the reply is empty, again and again. ``heard``: verbs."""

    replies: Script
    drop: bytes = b""
    every_s: float = 0.02
    heard: list[str] = field(default_factory=list)
    port: int = 0

    def converse(self, connection: socket.socket, stop: threading.Event) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as lines:
            self._reply(connection, "", stop)
            for line in lines:
                verb = line[:4].decode("latin-1").upper().strip()
                self.heard.append(verb)
                self._reply(connection, verb, stop)

    def _reply(self, connection: socket.socket, verb: str, stop: threading.Event) -> None:
        reply = self.replies.get(verb, b"502 what\r\n")
        connection.sendall(reply)
        if verb == "QUIT" or reply.startswith(b"421"):
            connection.shutdown(socket.SHUT_RDWR)
        while not reply and not stop.wait(self.every_s):
            connection.sendall(self.drop)


@contextmanager
def scripted(replies: Script | None = None, *, drop: bytes = b"", every_s: float = 0.02) -> Iterator[Scripted]:
    """A server with the usual replies, but for these (``GREETING`` stands for the greeting)."""
    script = USUAL | {"" if verb == "GREETING" else verb: reply for verb, reply in (replies or {}).items()}
    state, stop = Scripted(script, drop, every_s), threading.Event()
    threads: list[threading.Thread] = []

    def accept(listener: socket.socket) -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=state.converse, args=(connection, stop), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        state.port = listener.getsockname()[1]
        accepting = threading.Thread(target=accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield state
        finally:
            stop.set()
            for thread in [accepting, *threads]:
                thread.join(30)


def test_the_conversation_ends_with_rset_and_quit_and_never_with_data() -> None:
    with scripted() as server:
        assert ask(server.port).status == "yes"
    assert server.heard == ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]


@pytest.mark.parametrize("code", [b"250", b"251", b"252"])
def test_any_2xx_is_a_yes(code: bytes) -> None:
    with scripted({"RCPT": code + b" fine\r\n"}) as server:
        assert ask(server.port) == Said(status="yes", text=f"{code.decode()} fine")


@pytest.mark.parametrize("code", [b"550", b"553", b"554"])
def test_a_5xx_to_rcpt_is_a_no_and_the_goodbye_is_said(code: bytes) -> None:
    with scripted({"RCPT": code + b"-no\r\n" + code + b" such user\r\n"}) as server:
        assert ask(server.port) == Said(status="no", text=f"{code.decode()} no such user")
    assert server.heard[-1] == "QUIT"


@pytest.mark.parametrize("code", [b"450", b"451", b"452", b"421", b"354", b"199", b"999"])
def test_anything_else_to_rcpt_is_unknown(code: bytes) -> None:
    with scripted({"RCPT": code + b" later\r\n"}) as server:
        assert ask(server.port) == Said(status="unknown", text=f"127.0.0.1: {code.decode()} later")


@pytest.mark.parametrize(
    ("replies", "text"),
    [
        ({"GREETING": b"554 your address is listed\r\n"}, "greeting: 554 your address is listed"),
        ({"GREETING": b"421 busy\r\n"}, "greeting: 421 busy"),
        ({"EHLO": b"550 no\r\n", "HELO": b"550 who\r\n"}, "EHLO: 550 who"),
        ({"MAIL": b"530 Must issue a STARTTLS command first\r\n"}, "MAIL FROM: 530 Must issue a STARTTLS command first"),
    ],
)
def test_a_refusal_before_rcpt_says_nothing_of_the_recipient(replies: Script, text: str) -> None:
    with scripted(replies) as server:
        assert ask(server.port) == Said(status="unknown", text=f"127.0.0.1: {text}")
    assert "RCPT" not in server.heard


def test_a_server_older_than_ehlo_is_greeted_with_helo() -> None:
    with scripted({"EHLO": b"500 what\r\n"}) as server:
        assert ask(server.port).status == "yes"
    assert server.heard[:2] == ["EHLO", "HELO"]


# --- addresses --------------------------------------------------------------------------------------------------------
def test_the_next_address_is_asked_when_the_first_tells_nothing() -> None:
    with scripted() as server:
        assert ask(server.port, addresses=("127.0.0.99", *HERE)).status == "yes"


def test_a_definite_reply_ends_the_asking() -> None:
    with scripted({"RCPT": b"550 no\r\n"}) as server:
        assert ask(server.port, addresses=("127.0.0.1", "127.0.0.99")).status == "no"


def test_a_closed_port_is_unknown_and_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    said = ask(closed, addresses=("127.0.0.1", "127.0.0.2"))
    assert said == Said(status="unknown", text="127.0.0.1: connection refused; 127.0.0.2: connection refused")


@pytest.mark.parametrize("addresses", [(), ("not-an-address",), ("",)])
def test_without_an_address_nothing_is_asked_and_nothing_raised(addresses: tuple[str, ...]) -> None:
    assert ask(9, addresses=addresses).status == "unknown"


def test_ipv6_is_spoken() -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    said = ask(9, addresses=("::1",))
    assert said.status == "unknown"
    assert said.text.startswith("::1: ")


# --- hostile servers --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("drop", [b"", b"2", b"250-more\r\n"], ids=["silence", "octets", "lines"])
def test_a_server_that_drips_is_left_when_the_time_is_over(verb: str, drop: bytes) -> None:
    with scripted({verb: b""}, drop=drop) as server:
        started = time.monotonic()
        said = ask(server.port, timeout_s=0.5)
        assert time.monotonic() - started < 5, "every octet would have begun the limit anew"
    assert said == Said(status="unknown", text="127.0.0.1: no answer in time")


def test_a_yes_stands_though_the_goodbye_is_never_answered() -> None:
    with scripted({"RSET": b""}) as server:
        assert ask(server.port, timeout_s=0.5).status == "yes"


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "RCPT"])
def test_a_reply_without_end_is_not_collected(verb: str) -> None:
    with scripted({verb: b""}, drop=b"250-" + b"x" * 5000 + b"\r\n", every_s=0.0) as server:
        assert ask(server.port) == Said(status="unknown", text="127.0.0.1: it talks without end")


@pytest.mark.parametrize("reply", [b"hello\r\n", b"\xff\xfe\x00\r\n", b"\r\n", b"-1 x\r\n", b"5\r\n", b"x" * 9000 + b"\r\n"])
def test_what_is_no_smtp_is_unknown_also_in_reply_to_rcpt(reply: bytes) -> None:
    with scripted({"RCPT": reply}) as server:
        said = ask(server.port, timeout_s=2.0)
    assert said.status == "unknown"
    assert said.text.startswith("127.0.0.1: ")


def test_a_server_that_hangs_up_is_unknown() -> None:
    with scripted({"RCPT": b"421 no\r\n"}) as server:
        assert ask(server.port).status == "unknown"
    with scripted({"GREETING": b"421"}) as server:
        assert ask(server.port, timeout_s=2.0).status == "unknown"


def test_what_a_server_says_is_shown_on_one_line_and_shortened() -> None:
    with scripted({"RCPT": b"550-\x1b[31mred\r\n550 " + b"y" * 1000 + b"\r\n"}) as server:
        said = ask(server.port)
    assert said.status == "no"
    assert said.text.startswith("550 ?[31mred yyy")
    assert said.text.isprintable()
    assert len(said.text) < 210


@pytest.mark.parametrize("recipient", ["postmaster@example.com\r\nDATA", "postmaster@exämple.com"])
def test_a_recipient_that_is_none_is_not_sent(recipient: str) -> None:
    with scripted() as server:
        assert ask(server.port, recipient=recipient).status == "unknown"
    assert "DATA" not in server.heard
    assert "RCPT" not in server.heard
