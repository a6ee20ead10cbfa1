"""How the rows of a run stand, counted: read once from the journal, then kept up with every row that moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registrar_sync.bulk.outcome import Watched
from registrar_sync.core.run import Count, Outcome, RowNews, RowState, Run, brake

_Key = tuple[str, int, RowState, Outcome | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A row that stands otherwise than before, durably. ``was``: how it stood."""

    domain: str
    account: str
    wave: int
    was: RowState
    news: RowNews

    @property
    def has_ended(self) -> bool:
        """Whether it is done."""
        return self.news.state == "done"

    @property
    def watched(self) -> Watched:
        """A row that was written."""
        news = self.news
        return Watched(news.line, news.epoch, self.domain, self.account, self.wave, news.outcome == "held-back")

    def to_json(self) -> dict[str, Any]:
        """What ``--output json`` says of it."""
        news = self.news
        return {"line": news.line, "outcome": news.outcome, "change_id": news.change_id, **news.told}


class Tally:
    """The counts of one run. For one thread."""

    def __init__(self, counts: Iterable[Count]) -> None:
        self._rows: Counter[_Key] = Counter()
        for one in counts:  # what is being worked on counts as to be done: it moves when it ends
            state: RowState = "todo" if one.state == "begun" else one.state
            self._rows[one.account, one.wave, state, _counted(state, one.outcome)] += one.rows

    def move(self, moved: Moved) -> None:
        """Take note of a row."""
        self._rows[moved.account, moved.wave, moved.was, None] -= 1
        news = moved.news
        self._rows[moved.account, moved.wave, news.state, _counted(news.state, news.outcome)] += 1

    def counts(self) -> Iterator[Count]:
        """As ``RunBook.counts`` gives them."""
        for (account, wave, state, outcome), rows in sorted(self._rows.items(), key=repr):
            if rows:
                yield Count(account=account, wave=wave, state=state, outcome=outcome, rows=rows)

    def brake(self, run: Run) -> str:
        """Why the run must stop now; "" while it may go on."""
        return brake(self.counts(), run.what.brakes, run.wave)

    def next_wave(self, wave: int) -> int | None:
        """The wave to be opened now: the next one with rows, once all up to ``wave`` are done; None: not yet, or none."""
        left = [one for one in self.counts() if one.state != "done"]
        if any(one.wave <= wave for one in left):
            return None
        return min((one.wave for one in left), default=None)

    def left(self, *states: RowState) -> int:
        """The rows in these states; without any, those that are not done."""
        wanted = states or ("todo", "written")
        return sum(one.rows for one in self.counts() if one.state in wanted)

    def done(self) -> Counter[str]:
        """The rows that are done, by outcome."""
        found: Counter[str] = Counter()
        for one in self.counts():
            if one.outcome is not None:
                found[one.outcome] += one.rows
        return found

    def by_account(self) -> dict[str, Counter[str]]:
        """For each account its rows by outcome, or by state where they have none."""
        found: dict[str, Counter[str]] = {}
        for one in self.counts():
            found.setdefault(one.account, Counter())[one.outcome or one.state] += one.rows
        return found


def _counted(state: RowState, outcome: Outcome | None) -> Outcome | None:
    """A row that is watched may know already that a person is needed in the end; it counts when it is done."""
    return outcome if state == "done" else None
