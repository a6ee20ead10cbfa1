"""The small internet as a fixture. In a test module: ``internet = internet_fixture.internet``, or once in a conftest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.internet import Internet, running_internet

_RUNNING = pytest.StashKey[Internet]()


@pytest.fixture
def internet(request: pytest.FixtureRequest) -> Iterator[Internet]:
    """One for the session, started by the first test that wants it; as new for every test."""
    running = _of_the_session(request.config)
    yield running
    running.reset()


def _of_the_session(config: pytest.Config) -> Internet:
    """Kept with the session, not as a fixture of its scope: one that modules import is made once for each of them."""
    if _RUNNING not in config.stash:
        stack = ExitStack()
        config.stash[_RUNNING] = stack.enter_context(running_internet())
        config.add_cleanup(stack.close)
    return config.stash[_RUNNING]
