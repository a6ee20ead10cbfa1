"""Whether the process that holds a lock still runs: said only where it can be proved."""

from __future__ import annotations

import subprocess
from pathlib import Path

from registrar_sync.journal.holder import Holder, is_running, this_process
from tests.unit.journals import ended_process


def test_this_process_runs() -> None:
    assert is_running(this_process()) is True


def test_nothing_is_proved_of_a_process_on_another_machine() -> None:
    assert is_running(Holder(machine="another", host="far", user="ops", pid=ended_process(), start="1")) is None


def test_a_process_with_blanks_and_parentheses_in_its_name_is_known_again(tmp_path: Path) -> None:
    name = tmp_path / "a) b (c 1 2"
    name.symlink_to("/bin/sleep")
    with subprocess.Popen([name, "60"]) as process:
        me = this_process()
        start = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        holder = Holder(machine=me.machine, host=me.host, user=me.user, pid=process.pid, start=start)
        running = is_running(holder)
        process.kill()
    assert running is True
    assert is_running(holder) is False
