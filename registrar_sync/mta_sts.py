"""MTA-STS policies over https: the ``PolicyHosts`` port (RFC 8461 section 3.3)."""

from __future__ import annotations

import ssl
import threading
import time
from typing import TYPE_CHECKING

from registrar_sync.core.known import PolicyQuestion, Said
from registrar_sync.core.names import display
from registrar_sync.tls import reason_of, trusting_context

if TYPE_CHECKING:
    import urllib3

PATH = "/.well-known/mta-sts.txt"
LARGEST_POLICY = 65_536
"""Octets; senders are advised to take no more (RFC 8461 section 3.3)."""

_UNSETTLED = frozenset({408, 421, 425, 429})  # statuses that, as 5xx, say "not now" rather than "no"


class PolicyFetcher:
    """Fetches policies. ``port``: of the policy hosts; ``timeout_s``: seconds for a whole policy, all its addresses included.

    The certificates trusted are the system's, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``. No proxy is used.
    """

    def __init__(self, *, port: int = 443, timeout_s: float = 10.0) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._trust: ssl.SSLContext | None = None

    def fetch(self, question: PolicyQuestion) -> Said:
        """The policy's text, that there is none, or unknown. Asks the addresses of the question in order, until one tells.

        ``no``: an HTTP answer other than 200, redirects included, which senders must not follow (RFC 8461 section 3.3).
        ``unknown``: nothing that proves anything came: no answer, a server in trouble, and a certificate that does not match,
        since our trust store and our path are not the senders'. Neither says that no sender has kept an earlier policy. The
        media type is not judged: section 3.2 only advises senders to look at it, and those that do not act on the policy.
        """
        ends = time.monotonic() + self._timeout_s
        reasons = []
        for index, address in enumerate(question.addresses):
            share_s = (ends - time.monotonic()) / (len(question.addresses) - index)
            said = self._fetch_from(address, question, share_s)
            if said.status != "unknown":
                return said
            reasons.append(f"{address}: {said.text}")
        return Said(status="unknown", text="; ".join(reasons) or "it has no address")

    def _fetch_from(self, address: str, question: PolicyQuestion, limit_s: float) -> Said:
        import urllib3  # noqa: PLC0415 - slow to import, and few domains have a policy

        if limit_s <= 0:
            return Said(status="unknown", text="no time was left to ask")
        host = f"mta-sts.{display(question.domain)}"
        # Connecting and the handshake may take a quarter each: urllib3 counts the limit of connecting for either.
        timeout = urllib3.Timeout(connect=limit_s / 4, total=limit_s)
        try:
            with urllib3.HTTPSConnectionPool(
                address, self._port, timeout=timeout, retries=False, ssl_context=self._trusted(), server_hostname=host
            ) as pool:
                headers = {"Host": host, "Accept": "text/plain", "User-Agent": "registrar-sync"}
                response = pool.urlopen("GET", PATH, headers=headers, redirect=False, preload_content=False)
                try:
                    return _judged(response)
                finally:
                    response.close()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Said(status="unknown", text=reason_of(error))

    def _trusted(self) -> ssl.SSLContext:
        """One for all policies: reading the certificates takes longer than a policy does."""
        with self._lock:
            if self._trust is None:
                self._trust = trusting_context()  # the name must be in subjectAltName (RFC 8461 section 3.3)
            return self._trust


def _judged(response: urllib3.BaseHTTPResponse) -> Said:
    status = response.status
    if status >= 500 or status in _UNSETTLED:
        return Said(status="unknown", text=f"HTTP {status}")
    if status != 200:
        redirect = ", a redirect that senders must not follow" if 300 <= status < 400 else ""
        return Said(status="no", text=f"HTTP {status}{redirect}")
    body = b""
    while piece := response.read(LARGEST_POLICY + 1, decode_content=False):
        body += piece
        if len(body) > LARGEST_POLICY:
            return Said(status="unknown", text=f"its policy is longer than {LARGEST_POLICY} octets")
    return Said(status="yes", text=body.decode("utf-8", "replace"))
