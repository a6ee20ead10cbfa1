"""lexicon's own Provider class in our hands: options per call, its requests watched, its errors told apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, TypeVar

import requests

from registrar_sync.errors import ConfigInvalid, RegistrarSyncError
from registrar_sync.providers import seam
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.policy import HttpRefused
from registrar_sync.providers.verbs_model import Verbs
from registrar_sync.providers.verbs_wire import WireTap
from registrar_sync.providers.wire import Lost

T = TypeVar("T")


class AdapterFailed(Exception):
    """What lexicon's adapter raised on its own account (``__cause__``), or that it said no. ``rejected``: to the credentials."""

    rejected = False


def lexicon_class(lexicon_name: str) -> type[Any]:
    """lexicon's adapter: the one place where it is taken from."""
    provider: type[Any] = seam.bound_module(lexicon_name).Provider
    return provider


class LexiconAdapter:
    """One provider object of lexicon's, for one zone. ``endpoint``: replaces the vendor's own, where the entry says how.

    While a verb runs this carries its requests on: what the transport refuses is not to be swallowed by an adapter.
    """

    def __init__(self, spec: ProviderSpec, config: Any, domain: str, endpoint: str | None) -> None:
        self._spec = spec
        self._verbs = spec.verbs or Verbs()
        self.tap = WireTap(spec)
        self._options: dict[str, Any] = {"domain": domain}
        self._refused: RegistrarSyncError | None = None
        self._writes = False
        self._provider = self._made(config)
        if spec.endpoint.attribute and endpoint:
            *path, last = spec.endpoint.attribute.split(".")
            setattr(attrgetter(".".join(path))(self._provider) if path else self._provider, last, endpoint.rstrip("/"))

    def _made(self, config: Any) -> Any:
        from lexicon.config import ConfigResolver  # noqa: PLC0415 - 160 ms that only an opened account pays for

        try:
            provider_class = _watched(lexicon_class(self._spec.lexicon_name), self.tap)
            # lexicon looks into the first dict first, at every call: options can be given call by call.
            return provider_class(ConfigResolver().with_dict(self._options).with_config_source(config))
        except (ImportError, NameError) as error:
            raise self._lacks_package() from error
        except Exception as error:  # lexicon raises whatever it likes
            raise AdapterFailed("it cannot be set up") from error

    def _lacks_package(self) -> ConfigInvalid:
        extra = self._spec.extra or self._spec.lexicon_name
        return ConfigInvalid(
            f"{self._spec.name} needs a package that is not installed. Nothing was asked of anybody.",
            hint=f"pip install 'dns-lexicon[{extra}]'",
        )

    def authenticate(self) -> None:
        """lexicon's. Raises ``AdapterFailed``, and what the transport raises, as the verbs do."""
        self._speak("authenticate", writes=False)

    def list_records(self, rtype: str | None, name: str | None) -> Any:
        """lexicon's rows; what passes on the wire meanwhile is kept by the tap."""
        with self.tap.listing():
            return self._speak("list_records", rtype, name, writes=False)

    def create_record(self, rtype: str, name: str, content: str, options: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """Add a row. ``options``: of lexicon's, for this call; ``fields``: put into the record that is sent."""
        with self._given(options), self.tap.adding(rtype, content, fields):
            self._done("create_record", rtype, name, content)

    def update_record(
        self, id_: Any, rtype: str, name: str, content: str, options: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> None:
        """Change a row in place."""
        with self._given(options), self.tap.changing(rtype, content, fields):
            self._done("update_record", id_, rtype, name, content)

    def delete_record(self, id_: Any, rtype: str, name: str, content: str, options: Mapping[str, Any]) -> None:
        """Remove a row, by its id where one is given. ``options``: an adapter may send what is left of the RRset again."""
        with self._given(options):
            self._done("delete_record", id_, rtype, name, content)

    @contextmanager
    def _given(self, options: Mapping[str, Any]) -> Iterator[None]:
        before = dict(self._options)
        self._options.update(options)
        try:
            yield
        finally:
            self._options.clear()
            self._options.update(before)

    def _done(self, verb: str, *arguments: Any) -> None:
        if self._speak(verb, *arguments, writes=True) is False:
            raise AdapterFailed(f"{verb} said no")

    # --- speaking, and what goes through meanwhile -------------------------------------------------------------------
    def _speak(self, verb: str, *arguments: Any, writes: bool) -> Any:
        self._carrier, self._refused, self._writes = seam.carrier(), None, writes
        for kept in self._verbs.keeps:
            setattr(self._provider, kept, None)
        with seam.carried_by(self):
            try:
                answer = self._call(verb, arguments, writes=writes)
            except RegistrarSyncError:
                raise
            except Exception as error:  # lexicon raises whatever it likes, what we raised within it included
                refused = self._refused or self.tap.refused
                if refused is not None:
                    raise refused from error
                raise error if isinstance(error, AdapterFailed) else AdapterFailed(verb) from error
        refused = self._refused or self.tap.refused
        if refused is not None:
            raise refused
        return answer

    def _call(self, verb: str, arguments: Sequence[Any], *, writes: bool) -> Any:
        spoken = getattr(self._provider, verb)
        if self._spec.transport == "requests":
            return spoken(*arguments)

        def exchange(limit_s: float) -> Any:  # an SDK keeps to a time limit of its own
            try:
                return spoken(*arguments)
            except RegistrarSyncError:
                raise
            except OSError as error:
                raise Lost(str(error), sent=True) from error

        return self._carrier.carry(verb, exchange, writes=writes)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """See ``seam.Carrier``. While writing, the 404 of a GET is the adapter's to understand: there is no such RRset yet."""
        if method.upper() == "GET" and any(url.endswith(end) for end in self._verbs.unsent):
            return _response(url, 200, {})
        for wrong, right in self._verbs.paths.items():
            url = url.replace(wrong, right)
        try:
            return self._carrier.request(method, url, **options)
        except HttpRefused as refused:
            if self._writes and refused.status == 404 and method.upper() == "GET":
                return _response(url, 404, refused.answer)
            self._refused = refused
            raise
        except RegistrarSyncError as refused:
            self._refused = refused
            raise

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """See ``seam.Carrier``."""
        return self._carrier.prepare_request(request)

    def carry(self, shown: str, exchange: Callable[[float], T], *, writes: bool) -> T:
        """See ``seam.Carrier``."""
        return self._carrier.carry(shown, exchange, writes=writes)

    def redact_record(self, record: Any) -> bool:
        """See ``seam.Carrier``."""
        return self._carrier.redact_record(record)


def _response(url: str, status: int, answer: object) -> requests.Response:
    response = requests.Response()
    response.status_code, response.url = status, url
    response._content = json.dumps(answer).encode()
    return response


def _watched(base: type[Any], tap: WireTap) -> type[Any]:
    """The adapter with its requests passing by the tap, and blind for other rows while it adds one."""

    def request(self: Any, *arguments: Any, **named: Any) -> Any:
        return tap.pass_on(base._request, self, *arguments, **named)

    def list_records(self: Any, *arguments: Any, **named: Any) -> Any:
        return [] if tap.is_blind else base.list_records(self, *arguments, **named)

    def alone(verb: str) -> Callable[..., Any]:
        def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
            tap.refuse_while_adding(verb)
            return getattr(base, verb)(self, *arguments, **named)

        return guarded

    changes = {verb: alone(verb) for verb in ("update_record", "delete_record")}
    return type(base.__name__, (base,), {"_request": request, "list_records": list_records, **changes})
