"""Where lexicon's HTTP becomes ours: in an adapter's module the name ``requests`` is bound to a stand-in.

The stand-in finds the transport of the opened zone in a context variable that is set around every adapter call. Without one,
in a program that uses lexicon by itself beside us, it is requests as ever. The requests package itself is not touched.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import ModuleType
from typing import Any, Protocol, TypeVar

import requests

T = TypeVar("T")


class Carrier(Protocol):
    """What carries an adapter's requests: the transport."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send one request under the transport's rules."""
        ...

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """The request as it would go out, without sending it (OVH signs its URL)."""
        ...

    def carry(self, shown: str, exchange: Callable[[float], T], *, writes: bool) -> T:
        """One exchange that is no HTTP, under the transport's rules: see ``Transport.carry``."""
        ...

    def redact_record(self, record: logging.LogRecord) -> bool:
        """Take secrets out of a log record."""
        ...


_CARRIER: ContextVar[Carrier | None] = ContextVar("registrar_sync_carrier", default=None)


class Carried:
    """Within it adapter calls go through ``carrier``. For one use after the other; a class, since it is entered at every call."""

    __slots__ = ("_carrier", "_token")
    _token: Token[Carrier | None]

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def __enter__(self) -> None:
        self._token = _CARRIER.set(self._carrier)

    def __exit__(self, *error: object) -> None:
        _CARRIER.reset(self._token)


def carried_by(carrier: Carrier) -> Carried:
    """Let adapter calls inside go through ``carrier``."""
    return Carried(carrier)


def carrier() -> Carrier:
    """What carries the calls of the adapter that is called right now. Only within ``carried_by``."""
    found = _CARRIER.get()
    if found is None:
        raise RuntimeError("an adapter was called outside of its account")
    return found


class CarriedSession(requests.Session):
    """Stands in for ``requests.Session`` in an adapter that keeps one: what the adapter sets on it goes with each request.

    Cookies are kept by the transport's own session; what is mounted is never asked.
    """

    def __init__(self, carrier: Carrier) -> None:
        super().__init__()
        self._carrier = carrier
        self.headers.clear()  # requests' own would replace the transport's

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """As ``requests.Session.request``; by position only ``params`` and ``data``."""
        options = {**dict(zip(("params", "data"), args, strict=False)), **options}
        headers = {**self.headers, **(options.pop("headers", None) or {})}
        auth = options.pop("auth", None) or self.auth
        return self._current.request(str(method), str(url), headers=headers, auth=auth, **options)

    @property
    def _current(self) -> Carrier:
        """What carries the call under way: an adapter may keep its session for longer."""
        return _CARRIER.get() or self._carrier

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """As ``requests.Session.prepare_request``."""
        return self._current.prepare_request(request)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As ``requests.Session.send``: what was prepared goes the same way as everything else."""
        headers = dict(request.headers)
        return self._current.request(str(request.method), str(request.url), data=request.body, headers=headers)


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
_MODULES = "lexicon._private.providers."


def _redact(record: logging.LogRecord) -> bool:
    carrier = _CARRIER.get()
    return carrier.redact_record(record) if carrier else True


def redact_logs_of(*packages: str) -> None:
    """Take secrets out of what an SDK logs: of each logger that it has by now, since one's filter does not hold for another."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in packages:
            _redacting(name)


def _redacting(name: str) -> None:
    logger = logging.getLogger(name)
    if _redact not in logger.filters:
        logger.addFilter(_redact)


def bound_module(lexicon_name: str) -> ModuleType:
    """lexicon's adapter module, its HTTP and its log (which holds whole answers) in our hands. Binding twice is once.

    A module that has its own way to a server (an SDK, a socket, a file) is given as it is.
    """
    module = importlib.import_module(_MODULES + lexicon_name)
    for base in module.Provider.__mro__:  # linode4 and zeit stand on another adapter
        if base.__module__.startswith(_MODULES):
            _bind(importlib.import_module(base.__module__))
    return module


class _OfflineSuffixes:
    """tldextract, as an adapter sees it: by the list that comes with the package, which is neither fetched nor kept."""

    def __getattr__(self, name: str) -> Any:
        import tldextract  # noqa: PLC0415 - two adapters need it

        if name == "extract":
            return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        return getattr(tldextract, name)


def _print_nothing(*texts: object, **options: object) -> None:
    """Several adapters print what they do; standard output is for results."""


def _bind(module: ModuleType) -> None:
    names = vars(module)
    names["print"] = _print_nothing
    if "tldextract" in names:
        names["tldextract"] = _OfflineSuffixes()
    if names.get("requests") is requests:
        names["requests"] = _STAND_IN
    if names.get("Session") is requests.Session:
        names["Session"] = _STAND_IN.session
    _redacting(module.__name__)
