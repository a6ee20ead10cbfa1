"""A vendor's answer that is not what its adapter expects: a known failure, and never another plan.

Every adapter of ours whose vendor has a simulator joins by itself. Each answer of a conversation is spoilt in turn, on the wire.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import requests

from registrar_sync import Client
from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.wire import Wire
from registrar_sync.sandbox.vendors import VENDORS
from tests.contract.worlds import USUAL, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock

OURS = [name for name, spec in load_catalog().providers.items() if spec.adapter and name in VENDORS]

Spoil = Callable[[bytes], bytes]


# --- how an answer is spoilt --------------------------------------------------------------------------------------------
def html(body: bytes) -> bytes:
    """A page of somebody who stands before the API."""
    return b"<html><head><title>Sign in</title></head><body>sandbox</body></html>"


def truncated(body: bytes) -> bytes:
    return body[: len(body) // 2]


def keys_missing(body: bytes) -> bytes:
    """Objects that hold nothing but other objects."""
    return _walk(body, _bones)


def other_types(body: bytes) -> bytes:
    """Numbers where texts belong, and the other way round."""
    return _walk(body, _other_type)


def _bones(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: one for key, one in value.items() if _is_structure(one)}


def _is_structure(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _other_type(value: Any) -> Any:
    if isinstance(value, str):
        return 7
    return "seven" if isinstance(value, int) and not isinstance(value, bool) else value


def _walk(body: bytes, change: Callable[[Any], Any]) -> bytes:
    """The answer with every value changed, from the inside out; XML loses its texts, or gets others."""
    try:
        return json.dumps(_changed(json.loads(body), change)).encode()
    except ValueError:
        return re.sub(rb">[^<>]+</", b"></" if change({"a": 1}) == {} else b">\xc2\xa7</", body)


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return change({key: _changed(one, change) for key, one in value.items()})
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    return change(value)


SPOILS = (html, truncated, keys_missing, other_types)


# --- on the wire --------------------------------------------------------------------------------------------------------
class SpoiltWire:
    """Counts the calls of a conversation, and spoils the answer to one, whenever it is asked for again, too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []
        self.target: tuple[str, str] | None = None
        self.spoil: Spoil = html
        self._exchange = Wire.exchange
        wire = self

        def exchange(self: Wire, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
            return wire.answer(self, prepared, limit_s)

        monkeypatch.setattr(Wire, "exchange", exchange)

    def answer(self, wire: Wire, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
        response = self._exchange(wire, prepared, limit_s)
        call = (str(prepared.method), str(prepared.url))
        self.calls.append(call)
        if call == self.target:
            response._content = self.spoil(response.content)
            response.headers.pop("content-length", None)
        return response

    def distinct(self) -> list[tuple[str, str]]:
        return list(dict.fromkeys(self.calls))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> SpoiltWire:
    return SpoiltWire(monkeypatch)


@pytest.fixture(params=OURS)
def world(request: pytest.FixtureRequest, sandbox_world: SandboxWorlds) -> ProviderWorld:
    return sandbox_world(request.param)


def client_of(world: ProviderWorld) -> Client:
    """One that does not make the test wait between its attempts."""
    if not world.clients:
        world.client().world.clock = SkippingClock()
    return world.clients[0]


def plan(world: ProviderWorld) -> Result:
    return client_of(world).plan("example.com", provider=world.name)


# --- reading ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_answer_to_a_read_is_a_known_failure_that_names_vendor_call_and_status(
    world: ProviderWorld, wire: SpoiltWire, spoil: Spoil
) -> None:
    good = plan(world)
    assert good.state == "planned", good.message
    assert good.plan is not None
    calls, wire.spoil = wire.distinct(), spoil
    failed = 0
    with world.unchanged():
        for call in calls:
            wire.target = call
            result = plan(world)
            if result.error is None:  # what was spoilt is not what we go by
                assert result.plan is not None
                assert result.plan.digest == good.plan.digest, call
                continue
            failed += 1
            assert result.plan is None, call
            assert result.error.kind in ("provider-unavailable", "credentials-rejected", "zone-not-found"), (call, result.message)
            assert re.search("Nothing was changed|changed nothing", result.message), result.message
            assert world.name in result.message or result.error.kind == "zone-not-found", result.message
            if "was refused" not in result.message and result.error.kind == "provider-unavailable":
                assert re.search(r"(GET|HEAD|POST) /\S+: HTTP 2\d\d", result.message), result.message
    assert failed


def test_a_page_in_place_of_the_zone_is_never_an_empty_zone(world: ProviderWorld, wire: SpoiltWire) -> None:
    """Red here means that something would have been planned on nothing."""
    plan(world)
    wire.spoil = html
    for call in wire.distinct():
        wire.target = call
        result = plan(world)
        assert result.error is None or result.error.kind != "zone-not-found", (call, result.message)


def test_the_raw_answer_is_in_the_log_without_secrets(
    world: ProviderWorld, wire: SpoiltWire, caplog: pytest.LogCaptureFixture
) -> None:
    plan(world)
    wire.spoil = html
    caplog.set_level(logging.DEBUG, logger="registrar_sync")
    for call in wire.distinct():
        wire.target = call
        if plan(world).error is not None:
            break
    told = [record.getMessage() for record in caplog.records if "<title>Sign in</title>" in record.getMessage()]
    assert told
    assert all(world.name in line and "HTTP 2" in line for line in told)
    assert not any("<body>sandbox" in line for line in told)  # the page shows the credential, and the log does not


# --- writing ------------------------------------------------------------------------------------------------------------
def test_a_spoilt_answer_to_a_write_ends_as_the_zone_is_found_and_can_be_ended(world: ProviderWorld, wire: SpoiltWire) -> None:
    start, client = world.vendor.stored(), world.client(call_limit_s=2.0)  # real time: some vendors work on after they answer

    def enroll() -> Result:
        return client.enroll("example.com", provider=world.name, wait="none")

    assert enroll().state == "written"
    enrolled, writes = world.vendor.stored(), [call for call in wire.distinct() if call[0] not in ("GET", "HEAD")]
    assert client.rollback("example.com", wait="none").state == "written"
    assert writes
    for call, spoil in product(writes, (html, keys_missing)):
        world.vendor.load(USUAL)
        wire.target, wire.spoil = call, spoil
        result = enroll()
        wire.target = None
        if result.state == "unknown":
            assert [one.state for one in client.recover()] in (["restored"], ["written"])
        assert world.vendor.stored() in (start, enrolled), (call, result.message)
        assert (world.vendor.stored() == enrolled) is (result.state == "written") or result.state == "unknown", result.message
        client.rollback("example.com", wait="none")
