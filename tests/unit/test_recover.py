"""Recover ends what was interrupted: exactly before, exactly after, or drift; and never claims more than it read."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.errors import CredentialsRejected, OutcomeUnknown, ProviderRefused, ProviderUnavailable
from registrar_sync.providers.memory import Fault
from tests.unit.stage import OWNER, START, Stage, mx


@pytest.fixture(params=[False, True], ids=["live", "staged"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(tmp_path, staged=request.param)


def leave_unknown(stage: Stage) -> None:
    """The second write is refused, and so is the way back."""
    stage.provider.fail(Fault(call="write", nth=2, error=ProviderRefused("422")))
    stage.provider.fail(Fault(call="write", nth=3, error=OutcomeUnknown("gone")))
    assert stage.enroll().state == "unknown"


def test_recover_waits_until_a_lost_call_must_be_over(stage: Stage) -> None:
    leave_unknown(stage)
    begun = stage.clock.elapsed_s
    assert [result.state for result in stage.recover()] == ["restored"]
    assert stage.clock.elapsed_s - begun >= stage.setting.call_limit_s - 1
    assert stage.is_as_at_the_start()
    assert stage.provider.served(OWNER, "TXT") == stage.provider.stored(OWNER, "TXT")
    assert stage.recover() == []


def test_recover_writes_nothing_over_a_foreign_value(stage: Stage) -> None:
    leave_unknown(stage)
    stage.provider.put(mx((1, "elsewhere.example.net.")))
    writes = stage.writes()
    (result,) = stage.recover()
    assert (result.state, stage.writes()) == ("drift", writes)
    assert stage.states() == ["drift"]


def test_recover_whose_reading_fails_leaves_the_change_open(stage: Stage) -> None:
    leave_unknown(stage)
    stage.provider.fail(Fault(call="read", error=ProviderUnavailable("503")))
    (result,) = stage.recover()
    assert result.error is not None
    assert result.error.kind == "provider-unavailable"
    assert stage.states() == ["unknown"]
    assert [again.state for again in stage.recover()] == ["restored"]


def test_recover_whose_read_back_fails_does_not_call_it_drift(tmp_path: Path) -> None:
    stage = Stage(tmp_path, staged=True)
    stage.provider.fail(Fault(call="publish", when="after", error=OutcomeUnknown("lost")))
    for nth in range(3, 40):
        stage.provider.fail(Fault(call="read", nth=nth, error=ProviderUnavailable("503")))
    assert stage.enroll().state == "unknown"
    (result,) = stage.recover()
    assert result.state in ("unknown", "refused")
    assert stage.states() == ["unknown"]


def test_recover_without_the_right_to_write_says_so(stage: Stage) -> None:
    leave_unknown(stage)
    stage.provider.fail(Fault(call="write", error=CredentialsRejected("403")))
    (result,) = stage.recover()
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "recover example.com" in result.hint
    assert [again.state for again in stage.recover()] == ["restored"]
    assert {str(r) for r in START[1].values} == stage.values("MX")
