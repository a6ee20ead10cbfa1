"""MTA-STS policies over https: the ``PolicyHosts`` port (RFC 8461 section 3.3)."""

from __future__ import annotations

from registrar_sync.core.known import PolicyQuestion, Said


class PolicyFetcher:
    """Fetches policies. ``port``: of the policy hosts; ``timeout_s``: seconds for a whole policy."""

    def __init__(self, *, port: int = 443, timeout_s: float = 5.0) -> None:
        self._port = port
        self._timeout_s = timeout_s

    def fetch(self, question: PolicyQuestion) -> Said:
        """The policy's text, that there is none, or unknown."""
        return Said(status="unknown", text=f"not fetched from {question.domain}")
