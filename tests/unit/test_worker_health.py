"""Whether a worker is well, over HTTP, and the end of one that is not."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from typing import cast
from urllib.error import HTTPError

import pytest
from prometheus_client import CollectorRegistry

from registrar_sync.errors import JournalUnusable, UsageError
from registrar_sync.worker.health import SICK, Health, Page
from registrar_sync.worker.pulse import Pulse


@dataclass
class Signs:
    """What the database says of this worker's last sign of life, and with which number it was ended."""

    age_s: float | None = 1.0
    reachable: bool = True
    ended: list[int] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)

    def own_age_s(self, worker_ids: Collection[int]) -> float | None:
        if not self.reachable:
            raise JournalUnusable("The journal J cannot be used: gone.")
        return self.age_s

    def end(self, number: int) -> None:
        self.ended.append(number)
        self.has_ended.set()


def health_of(signs: Signs, hung_s: float) -> Health:
    return Health(cast(Pulse, signs), lambda: [1], hung_s, signs.end)


@pytest.mark.parametrize("age_s", [None, 61.0])
def test_a_worker_of_whom_the_database_has_not_heard_is_not_well(age_s: float | None) -> None:
    assert "does not say" in health_of(Signs(age_s=age_s), 60).why_not()
    assert health_of(Signs(age_s=59.0), 60).why_not() == ""


def test_a_worker_that_hangs_ends_itself() -> None:
    signs = Signs(age_s=None)
    health = health_of(signs, 0.06)
    health.start()
    assert signs.has_ended.wait(60)
    health.stop()
    assert signs.ended[0] == SICK


def test_a_database_that_is_gone_ends_no_worker() -> None:
    signs = Signs(age_s=None)
    health = health_of(signs, 60)
    assert "does not say" in health.why_not()
    assert health.is_silent
    signs.reachable = False
    assert health.why_not() == "The journal J cannot be used: gone."
    assert not health.is_silent


def read(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_is_told_over_http(host: str) -> None:
    signs = Signs()
    page = Page((host, 0), CollectorRegistry(), health_of(signs, 60))
    page.start()
    url = f"http://{f'[{host}]' if ':' in host else host}:{page.port}"
    told = [read(f"{url}/healthz"), read(f"{url}/metrics"), read(f"{url}/other")[0]]
    signs.reachable = False
    told.append(read(f"{url}/healthz"))
    page.stop()
    assert told == [(200, "ok\n"), (200, ""), 404, (503, "The journal J cannot be used: gone.\n")]


def test_an_address_that_is_taken_is_told() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="Nobody can listen at"):
            Page(taken.getsockname(), CollectorRegistry(), health_of(Signs(), 60))


def test_a_worker_that_is_well_names_the_accounts_that_it_leaves_to_others() -> None:
    health = health_of(Signs(), 60)
    health.without = {"ovh": "Credentials for ovh are not set.\n  Missing: X"}
    assert health.why_not() == ""
    assert health.told == "ok\nwithout account ovh: Credentials for ovh are not set. Missing: X"
