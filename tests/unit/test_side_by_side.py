"""Many items at once: in their order, as soon as they are there, and never too many in hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from registrar_sync.operations.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_items_whichever_is_done_first() -> None:
    last = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert last.wait(10)  # done only after the last one
        if number == 9:
            last.set()
        return number * number

    assert list(side_by_side(work, range(10), workers=4)) == [number * number for number in range(10)]


def test_a_result_does_not_wait_for_the_next_item_to_come() -> None:
    typed: SimpleQueue[str | None] = SimpleQueue()
    results = side_by_side(str.upper, iter(typed.get, None), workers=2)
    typed.put("a")
    assert next(results) == "A"
    typed.put("b")
    assert next(results) == "B"
    typed.put(None)
    assert list(results) == []


def test_of_an_endless_list_only_a_little_is_read_ahead() -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            read.append(len(read))
            yield read[-1]

    results = side_by_side(lambda number: number, endless(), workers=2)
    assert [next(results) for _ in range(1000)] == list(range(1000))
    results.close()  # type: ignore[attr-defined]
    assert len(read) <= 1000 + 2 * 4 + 2


def test_a_fault_of_the_list_comes_in_its_turn() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("unreadable")

    results = side_by_side(lambda number: number, broken())
    assert next(results) == 1
    with pytest.raises(ValueError, match="unreadable"):
        next(results)


def test_a_fault_of_the_work_comes_in_its_turn() -> None:
    results = side_by_side(lambda number: 1 // number, [1, 0, 1], workers=1)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_gives_nothing() -> None:
    assert list(side_by_side(str, [])) == []
