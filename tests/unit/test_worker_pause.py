"""Long waits end when the worker is told to stop; short ones are waited out."""

from __future__ import annotations

import threading

import pytest

from registrar_sync.worker.pause import LONG_S, ToldToStop, WorkersClock


def test_a_long_wait_ends_when_the_worker_is_told_to_stop() -> None:
    clock, ended = WorkersClock(), threading.Event()

    def wait() -> None:
        with pytest.raises(ToldToStop):
            clock.sleep(3600)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    clock.stop()
    assert ended.wait(60)


def test_no_long_wait_is_begun_any_more_and_a_short_one_is_waited_out() -> None:
    clock = WorkersClock()
    clock.stop()
    with pytest.raises(ToldToStop):
        clock.sleep(LONG_S + 1)
    clock.sleep(0.01)


def test_nobody_takes_it_for_an_answer() -> None:
    assert not issubclass(ToldToStop, Exception)
