"""Mail servers asked for RCPT, without sending mail: the ``MailHosts`` port (RFC 5321 section 4.1.1.3)."""

from __future__ import annotations

from registrar_sync.core.known import Said, SmtpQuestion


class MailProbe:
    """Asks mail servers. ``port``: theirs; ``timeout_s``: seconds for the whole conversation."""

    def __init__(self, *, port: int = 25, timeout_s: float = 10.0) -> None:
        self._port = port
        self._timeout_s = timeout_s

    def would_take(self, question: SmtpQuestion) -> Said:
        """Whether the host takes mail for the recipient."""
        return Said(status="unknown", text=f"{question.host} was not asked")
