"""Time limits of exchanges: who is over its limit is cut, whoever else is under way, and nobody else is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from registrar_sync.providers.time_limit import TimeLimits

LONG_S, PATIENCE_S = 600.0, 30.0


def test_what_takes_longer_is_cut_while_it_lasts() -> None:
    cut = threading.Event()
    with TimeLimits().within(0.01, cut.set):
        assert cut.wait(PATIENCE_S)


def test_a_short_limit_beside_a_long_one_wakes_the_thread_sooner() -> None:
    limits, long_cut, short_cut = TimeLimits(), threading.Event(), threading.Event()
    with limits.within(LONG_S, long_cut.set):
        with limits.within(0.01, short_cut.set):
            assert short_cut.wait(PATIENCE_S)
        assert not long_cut.is_set()


def test_a_limit_is_kept_after_others_that_were_not_needed() -> None:
    limits, over, cut = TimeLimits(), threading.Event(), threading.Event()
    for limit_s in (LONG_S, 0.05, LONG_S):
        with limits.within(limit_s, over.set):
            pass
    with limits.within(0.1, cut.set):
        assert cut.wait(PATIENCE_S)
    assert not over.is_set()


def test_each_of_many_is_cut_once_and_for_itself() -> None:
    limits = TimeLimits()
    cuts = [0] * 64

    def work(number: int) -> None:
        done = threading.Event()

        def cut() -> None:
            cuts[number] += 1
            done.set()

        with limits.within(0.02 if number % 2 else LONG_S, cut):
            assert number % 2 == 0 or done.wait(PATIENCE_S)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(len(cuts))))
    assert cuts == [0, 1] * 32
