"""Mail servers asked for RCPT, without sending mail: the ``MailHosts`` port (RFC 5321 section 4.1.1.3)."""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from typing import TYPE_CHECKING, Any

from registrar_sync.core.known import Said, SmtpQuestion
from registrar_sync.core.names import display, parse_domain
from registrar_sync.errors import InvalidDomain

if TYPE_CHECKING:
    import smtplib

_MOST_OCTETS = 65_536  # of all replies of a conversation; a reply may have any number of lines (RFC 5321 section 4.2.1)
_LONGEST_SHOWN = 200
_GOODBYE_S = 2.0


class _Flooded(OSError):
    """The server talks without end."""


class _PatientSocket(socket.socket):
    """Reads and writes within one time limit, and reads no more than ``_MOST_OCTETS``: smtplib bounds each line and each wait,
    and neither their number nor the whole."""

    ends = 0.0
    octets = 0

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self._set_limit()
        count = super().recv_into(*arguments, **named)
        self.octets += count
        if self.octets > _MOST_OCTETS:
            raise _Flooded("it talks without end")
        return count

    def sendall(self, *arguments: Any) -> None:
        self._set_limit()
        super().sendall(*arguments)

    def _set_limit(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self.settimeout(left)


class MailProbe:
    """Asks mail servers. ``port``: theirs; ``timeout_s``: seconds for a whole question, all its addresses included."""

    def __init__(self, *, port: int = 25, timeout_s: float = 10.0) -> None:
        self._port = port
        self._timeout_s = timeout_s

    def would_take(self, question: SmtpQuestion) -> Said:
        """Whether the host takes mail for the recipient: its addresses in order, until one gives a definite reply to RCPT.

        ``yes``: 2xx. ``no``: 5xx, with what the server says. ``unknown``: it defers (4xx), does not answer, or refuses us
        before RCPT, which says nothing of the recipient.
        """
        if not re.fullmatch(r"[!-~]+@[!-~]+", question.recipient):  # smtplib would mend it, and ask for somebody else
            return Said(status="unknown", text=f"{question.recipient!a} is no address")
        ends = time.monotonic() + self._timeout_s
        reasons = []
        for index, address in enumerate(question.addresses):
            share_s = (ends - time.monotonic()) / (len(question.addresses) - index)
            said = self._ask(address, question.recipient, share_s)
            if said.status != "unknown":
                return said
            reasons.append(f"{address}: {said.text}")
        return Said(status="unknown", text="; ".join(reasons) or "it has no address")

    def _ask(self, address: str, recipient: str, limit_s: float) -> Said:
        import smtplib  # noqa: PLC0415 - only for --probe-smtp

        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            with _PatientSocket(family, socket.SOCK_STREAM) as connection:
                connection.ends = time.monotonic() + limit_s
                connection.settimeout(max(0.001, limit_s))
                connection.connect((address, self._port))
                client = smtplib.SMTP(local_hostname=_own_name(connection))
                client.sock = connection
                try:
                    return _converse(client, recipient)
                finally:
                    _say_goodbye(client, connection)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Said(status="unknown", text=_reason(error))


def _converse(client: smtplib.SMTP, recipient: str) -> Said:
    steps = (("greeting", client.getreply), ("EHLO", lambda: _introduce(client)), ("MAIL FROM", lambda: client.mail("")))
    for name, step in steps:
        code, text = step()
        if not 200 <= code < 300:
            return Said(status="unknown", text=f"{name}: {_shown(code, text)}")
    code, text = client.rcpt(recipient)
    if 200 <= code < 300:
        return Said(status="yes", text=_shown(code, text))
    return Said(status="no" if 500 <= code < 600 else "unknown", text=_shown(code, text))


def _introduce(client: smtplib.SMTP) -> tuple[int, bytes]:
    """EHLO, and HELO where the server is older than that (RFC 5321 section 3.2)."""
    code, text = client.ehlo()
    return client.helo() if 500 <= code < 600 else (code, text)


def _own_name(connection: socket.socket) -> str:
    """This machine's name, where it has a full one; else the address we come from, as a literal (RFC 5321 section 4.1.4)."""
    try:
        name = display(parse_domain(socket.gethostname()))
    except InvalidDomain:
        name = ""
    if name and not name.endswith((".local", ".localdomain", ".internal")):
        return name
    address = ipaddress.ip_address(connection.getsockname()[0])
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _say_goodbye(client: smtplib.SMTP, connection: _PatientSocket) -> None:
    """RSET and QUIT, without waiting long for what they answer."""
    import smtplib  # noqa: PLC0415

    connection.ends = min(connection.ends, time.monotonic() + _GOODBYE_S)
    try:
        client.rset()
        client.quit()
    except (smtplib.SMTPException, OSError, ValueError):
        client.close()


def _shown(code: int, text: bytes) -> str:
    """What a server said, on one line, printable and not too long."""
    words = " ".join(text.decode("utf-8", "replace").split())
    printable = "".join(char if char.isprintable() else "?" for char in words)
    return f"{code} {printable[:_LONGEST_SHOWN]}".strip() if code > 0 else "its reply is no SMTP"


def _reason(error: BaseException) -> str:
    import smtplib  # noqa: PLC0415

    if isinstance(error, smtplib.SMTPServerDisconnected):  # in which smtplib wraps what the socket raised
        return _reason(error.__context__) if error.__context__ else "it closed the connection"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, _Flooded):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "its reply is no SMTP"
