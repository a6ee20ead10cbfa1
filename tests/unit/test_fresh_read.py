"""However slow the world beside the zone is, nothing but planning lies between the last read of the zone and the write."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.observation import Answer
from registrar_sync.operations.desk import READ_COUNTS_S
from registrar_sync.operations.result import Result
from tests.unit.stage import Stage


class Watched:
    """When the zone was read, and when written."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read_s = self.gap_s = 0.0
        read, write = stage.provider.read, stage.provider.write

        def reading(owner: str) -> object:
            self.read_s = stage.clock.elapsed_s
            return read(owner)

        def writing(*args: object, **more: object) -> None:
            self.gap_s = max(self.gap_s, stage.clock.elapsed_s - self.read_s)
            write(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(stage.provider, "read", reading)
        monkeypatch.setattr(stage.provider, "write", writing)


def test_after_a_long_confirmation_dead_servers_are_not_waited_for_between_read_and_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    known = stage.dns.look_up

    def slow(name: str, rtype: str) -> Answer:
        if "security-mail" not in name:
            return known(name, rtype)
        stage.clock.sleep(4)
        return Answer(status="unreachable", detail="timed out")

    monkeypatch.setattr(stage.dns, "look_up", slow)
    watched = Watched(stage, monkeypatch)

    def yes_after_lunch(shown: Result) -> bool:
        stage.clock.sleep(3600)
        return True

    result = stage.enroll(yes_after_lunch)
    assert result.state == "authoritative", result.message
    assert watched.gap_s < READ_COUNTS_S
