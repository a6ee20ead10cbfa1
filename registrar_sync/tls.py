"""TLS for questions to strangers: certificates checked, and no answer drips for ever."""

from __future__ import annotations

import ssl
import time
from typing import Any


class PatientSocket(ssl.SSLSocket):
    """Reads within one time limit, that of its first read. Without it every octet that drips in begins the limit anew."""

    _ends: float | None = None

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        """As of any socket; raises ``TimeoutError`` when the time is over."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + (self.gettimeout() or 0.0)
        if now >= self._ends:
            raise TimeoutError("the answer did not end in time")
        self.settimeout(self._ends - now)
        return super().recv_into(*arguments, **named)


def trusting_context() -> ssl.SSLContext:
    """The system's certificates, or those of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``; the name must be in subjectAltName."""
    context = ssl.create_default_context()
    context.hostname_checks_common_name = False
    context.sslsocket_class = PatientSocket
    return context


def reason_of(error: BaseException) -> str:
    """Why an https request failed, in a few words, without the address and the object that urllib3 puts before them."""
    inner: BaseException = error
    while inner.__cause__ or (inner.__context__ and not inner.__suppress_context__):
        inner = inner.__cause__ or inner.__context__ or inner
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not valid for it: {inner.verify_message}"
    if isinstance(inner, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    if isinstance(inner, ssl.SSLError):
        return f"TLS failed: {inner.reason or 'no handshake'}"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return f"its answer is garbled ({type(inner).__name__})"
