"""Where lexicon's HTTP becomes ours: in an adapter's module the name ``requests`` is bound to a stand-in.

The stand-in finds the transport of the opened zone in a context variable that is set around every adapter call. Without one,
in a program that uses lexicon by itself beside us, it is requests as ever. The requests package itself is not touched.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Protocol

import requests


class Carrier(Protocol):
    """What carries an adapter's requests: the transport."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send one request under the transport's rules."""
        ...

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """The request as it would go out, without sending it (OVH signs its URL)."""
        ...

    def redact_record(self, record: logging.LogRecord) -> bool:
        """Take secrets out of a log record."""
        ...


_CARRIER: ContextVar[Carrier | None] = ContextVar("registrar_sync_carrier", default=None)


@contextmanager
def carried_by(carrier: Carrier) -> Iterator[None]:
    """Let adapter calls inside go through ``carrier``."""
    token = _CARRIER.set(carrier)
    try:
        yield
    finally:
        _CARRIER.reset(token)


class CarriedSession:
    """Stands in for ``requests.Session`` in an adapter that keeps one."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """As ``requests.Session.request``."""
        return self._carrier.request(method, url, **options)

    def get(self, url: str, **options: Any) -> requests.Response:
        """As ``requests.Session.get``."""
        return self._carrier.request("GET", url, **options)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As ``requests.Session.prepare_request``."""
        return self._carrier.prepare_request(request)


class _StandIn:
    """The module ``requests``, as an adapter sees it."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        carrier = _CARRIER.get()
        if carrier is None:
            return requests.request(method, url, **options)  # noqa: S113 - not our call: a lexicon used beside us
        return carrier.request(method, url, **options)

    def session(self) -> Any:
        carrier = _CARRIER.get()
        return requests.Session() if carrier is None else CarriedSession(carrier)

    def __getattr__(self, name: str) -> Any:
        if name in ("get", "post", "put", "patch", "delete", "head", "options"):
            return lambda url, **options: self.request(name.upper(), url, **options)
        return self.session if name in ("Session", "session") else getattr(requests, name)


_STAND_IN = _StandIn()


def _redact(record: logging.LogRecord) -> bool:
    carrier = _CARRIER.get()
    return carrier.redact_record(record) if carrier else True


def bound_module(lexicon_name: str) -> ModuleType:
    """lexicon's adapter module, its HTTP and its log (which holds whole answers) in our hands. Binding twice is once."""
    module = importlib.import_module(f"lexicon._private.providers.{lexicon_name}")
    if vars(module)["requests"] is requests:
        vars(module)["requests"] = _STAND_IN
        logging.getLogger(module.__name__).addFilter(_redact)
    return module
