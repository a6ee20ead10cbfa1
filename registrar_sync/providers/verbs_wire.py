"""What passes between an adapter of lexicon's and its vendor: fields it leaves out are put in, and read from raw answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element, ElementTree

from registrar_sync.errors import ProviderRefused
from registrar_sync.providers.catalog_model import ProviderSpec
from registrar_sync.providers.rows import UnusableAnswer
from registrar_sync.providers.verbs_model import Verbs, WireField


class WireTap:
    """One adapter's ``_request``. ``refused``: what was refused here, should the adapter swallow it."""

    def __init__(self, spec: ProviderSpec) -> None:
        self._verbs = spec.verbs or Verbs()
        self._reads_by_post = spec.http.reads_by_post
        self._answers: list[Any] | None = None
        self._sent: tuple[str, str, Mapping[str, Any]] | None = None
        self._is_adding = self._put_in = False
        self.refused: ProviderRefused | None = None

    @property
    def is_blind(self) -> bool:
        """Whether the adapter's own listing finds nothing now."""
        return self._is_adding and self._verbs.blind_create and not self._verbs.whole_set

    @contextmanager
    def listing(self) -> Iterator[None]:
        """Keep what is answered inside."""
        self._answers = []
        try:
            yield
        finally:
            self._kept, self._answers = self._answers, None

    @contextmanager
    def adding(self, rtype: str, content: str, fields: Mapping[str, Any]) -> Iterator[None]:
        """One row is added inside, with ``fields`` in the record that is sent."""
        self._is_adding = True
        try:
            with self.changing(rtype, content, fields):
                yield
        finally:
            self._is_adding = False

    @contextmanager
    def changing(self, rtype: str, content: str, fields: Mapping[str, Any]) -> Iterator[None]:
        """One row is changed inside, with ``fields`` in the record that is sent. Raises ``UnusableAnswer`` if none was."""
        self._sent, self._put_in, self.refused = (rtype, content, fields), False, None
        try:
            yield
        finally:
            self._sent, self.refused = None, None
        if fields and not self._put_in:
            raise UnusableAnswer(f"the adapter sent no {rtype} record that {' and '.join(fields)} could be put into")

    def refuse_while_adding(self, verb: str) -> None:
        """An adapter that, asked to add a row, changes another one instead."""
        if self._is_adding and not self._verbs.whole_set:
            self.refused = ProviderRefused(f"lexicon's adapter tried {verb} on another record while adding one: not sent.")
            raise self.refused

    def pass_on(self, request: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """The adapter's ``_request`` with what belongs into it."""
        call = inspect.signature(request).bind(*arguments, **named)
        call.apply_defaults()
        action = str(call.arguments.get("action", "")).upper()
        if self._answers is not None and action == "GET" and self._verbs.list_params:
            call.arguments["query_params"] = {**(call.arguments.get("query_params") or {}), **self._verbs.list_params}
        if self._sent is not None and self._sent[2]:
            self._put_fields_in(action, [call.arguments.get(key) for key in ("data", "query_params")])
        answer = request(*call.args, **call.kwargs)
        if self._answers is not None:
            self._answers.append(answer)
        return answer

    def _put_fields_in(self, action: str, places: list[Any]) -> None:
        rtype, content, fields = self._sent or ("", "", {})
        record = _record_in(places, rtype, content)
        if record is not None:
            record.update(fields)
            self._put_in = True
        elif action not in ("GET", "HEAD", "DELETE") and not self._reads_by_post:
            names = " and ".join(fields)
            self.refused = ProviderRefused(
                f"lexicon's adapter sends no {rtype} record that {names} could be put into: not sent. Nothing was changed by it."
            )
            raise self.refused

    def field_of(self, field: WireField, rtype: str, id_: object) -> Any:
        """A field of the raw record with this id, from the last listing (None: it has none). Raises ``UnusableAnswer``."""
        path = field.listed or field.field
        records = _objects([_plain(answer) for answer in self._kept or ()])
        found = [_at(one, path) for one in records if str(one.get(field.id)) == str(id_) and _holds(one, rtype)]
        if not found or any(value != found[0] for value in found):
            raise UnusableAnswer(f"the {path} of the {rtype} record {id_} is not to be found in the listing")
        return found[0]

    _kept: list[Any] | None = None


def _record_in(places: list[Any], rtype: str, content: str) -> dict[str, Any] | None:
    """The one object, as deep as it lies, that is the record sent: it holds the type and the content, or one of them."""
    objects = list(_objects(places))
    for tests in ((rtype, content), (rtype,), (content,)):
        found = [one for one in objects if all(_holds(one, text) for text in tests)]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _objects(item)


def _holds(record: Mapping[str, Any], text: str) -> bool:
    wanted = text.lower().rstrip(".")
    return any(isinstance(value, str) and value.lower().rstrip(".") == wanted for value in record.values())


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _plain(answer: Any) -> Any:
    """XML as objects: an element's attributes and its children's texts."""
    if isinstance(answer, ElementTree):
        answer = answer.getroot()
    if not isinstance(answer, Element):
        return answer
    return [{**one.attrib, **{child.tag: child.text for child in one}} for one in answer.iter()]
