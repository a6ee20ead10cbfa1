"""A report as one page: on top what a manager asks, then what an operator works from, last every domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from registrar_sync.bulk.markup import choice, document, e
from registrar_sync.bulk.report_data import data
from registrar_sync.bulk.report_figures import accounts, outcomes, waits, whole
from registrar_sync.bulk.report_person import command, person
from registrar_sync.bulk.report_row import Facts
from registrar_sync.bulk.report_tally import Tally
from registrar_sync.bulk.report_words import GOOD, ORDER, UNDER_WAY, command_of, counted, in_place, lasted, words_of
from registrar_sync.core.run import Run

_OPTIONS_OF_NOTE = ("mx", "all", "only", "ttl", "accept", "wait", "timeout", "nameservers", "resolvers")
_ORDERS = (
    ("worst", "worst first"),
    ("domain", "by domain"),
    ("account", "by account"),
    ("slowest", "slowest first"),
    ("ttl", "longest old TTL first"),
    ("line", "by line"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report is of. ``at``: when it was made, aware, and the time zone of all times in the page; ``tables``: names of the
    files beside it."""

    run: Run
    at: datetime
    tables: tuple[str, ...] = ()

    def time(self, at: datetime | str, form: str = "%Y-%m-%d %H:%M %Z") -> str:
        """A time as the page tells it."""
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        return f"{moment.astimezone(self.at.tzinfo):{form}}"


def page(about: About, tally: Tally, rows: Iterable[Facts]) -> Iterator[str]:
    """The page, piece by piece."""
    styles = ("page.css", "report.css")
    return document(
        f"Run {about.run.id}: {_headline(about, tally)}", _body(about, tally, rows), styles=styles, script="report.js"
    )


def _body(about: About, tally: Tally, rows: Iterable[Facts]) -> Iterator[str]:
    yield from _head(about, tally)
    yield "<main>\n"
    yield from person(about.run, tally, about.tables)
    yield from outcomes(about.run, tally)
    yield from accounts(about.run, tally)
    yield from waits(about.run, tally, about.time)
    yield from _domains(about, tally)
    yield "</main>\n"
    yield from _foot(about, tally)
    yield from data(about.run, about.time, rows)


# --- the top ----------------------------------------------------------------------------------------------------------------
def _headline(about: About, tally: Tally) -> str:
    good = tally.of(*GOOD)
    if tally.rows and good == tally.rows:
        return f"{'all ' if good > 1 else ''}{counted(good)} {'is' if good == 1 else 'are'} {in_place(about.run)}"
    return f"{good:,} of {counted(tally.rows)} {'is' if good == 1 else 'are'} {in_place(about.run)}"


def _head(about: About, tally: Tally) -> Iterator[str]:
    run, headline = about.run, _headline(about, tally)
    yield f'<header>\n<p class="dim">registrar-sync, report of run {run.id}</p>\n'
    yield f"<h1>{headline[0].upper()}{headline[1:]}</h1>\n"
    yield f"<p>Asked: {e(command_of(run, tally.services))} of {counted(tally.rows)}, from <bdi>{e(run.what.roster)}</bdi>.</p>\n"
    yield f'<p class="dim">{_when(about, tally)}</p>\n'
    yield from _state(about, tally)
    yield from _cards(about, tally)
    yield whole(run, tally)
    yield "</header>\n"


def _when(about: About, tally: Tally) -> str:
    run = about.run
    told = f"Began {about.time(run.at)}"
    if run.state == "running":
        return f"{told}. As of {about.time(about.at)}, after {lasted((about.at - run.at).total_seconds())}."
    end = run.ended_at or (datetime.fromisoformat(tally.last_end) if tally.last_end else None)
    if end is None:
        return f"{told}. As of {about.time(about.at)}."
    word = "ended" if run.state in ("ended", "cancelled") else "last heard of a domain"
    took = f", after {lasted((end - run.at).total_seconds())}"
    return f"{told}, {word} {about.time(end)}{took}. As of {about.time(about.at)}."


def _state(about: About, tally: Tally) -> Iterator[str]:
    run, ended = about.run, tally.rows - tally.of(*UNDER_WAY)
    why = f": {e(run.why)}" if run.why else ""
    if run.state == "running":
        yield f'<div class="note"><p><b>Still going on.</b> {ended:,} of {counted(tally.rows)} have ended by now.</p>\n'
        yield f"<p>A newer report: {command(f'registrar-sync bulk report {run.id}')}</p>\n"
        yield f"<p>Should nobody be at work on it: {command(f'registrar-sync bulk resume {run.id}')}</p></div>\n"
    elif run.state == "paused":
        yield f'<div class="note"><p><b>Paused</b>{why}. {ended:,} of {counted(tally.rows)} have ended.</p>\n'
        yield f"<p>To go on: {command(f'registrar-sync bulk resume {run.id}')}</p></div>\n"
    elif run.state == "cancelled":
        yield f'<div class="note"><p><b>Cancelled</b>{why}. A run of the same roster does what was not begun.</p></div>\n'


def _cards(about: About, tally: Tally) -> Iterator[str]:
    under_way, people, written = tally.of(*UNDER_WAY), tally.people, tally.of("written")
    cards = [("good", tally.of(*GOOD), e(in_place(about.run)), True)]
    cards += [("warn" if people else "dim", people, '<a href="#person">need a person</a>' if people else "need a person", True)]
    cards += [("calm", written, "written, not watched", bool(written)), ("dim", under_way, "under way", bool(under_way))]
    cards += [("dim", tally.of("cancelled"), "cancelled", bool(tally.of("cancelled")))]
    yield '<div class="cards">\n'
    for tone, number, said, shown in cards:
        if shown:
            yield f'<p class="card"><b class="{tone}">{number:,}</b>{said}</p>\n'
    yield "</div>\n"


# --- every domain -----------------------------------------------------------------------------------------------------------
def _domains(about: About, tally: Tally) -> Iterator[str]:
    words = words_of(about.run)
    standings = [(one, words[one].said) for one in ORDER if tally.standings[one]]
    people = [("person", "needs a person")] if tally.people else []
    yield '<section aria-labelledby="every">\n<h2 id="every">Every domain, before and after</h2>\n'
    tables = " and ".join(f"<bdi>{e(name)}</bdi>" for name in about.tables)
    yield f"<noscript><p>This list needs JavaScript. Beside this page, {tables} hold every domain.</p></noscript>\n"
    yield '<div class="tools" id="tools" hidden>\n'
    yield '<input id="text" type="search" placeholder="name, value, message" aria-label="Show domains of which any text holds">\n'
    yield choice("standing", "any outcome", people + standings)
    yield choice("account", "any account", [(name, name) for name in sorted(tally.accounts)])
    yield choice("finding", "any finding", [(name, name) for name in sorted(tally.findings)])
    options = "".join(f'<option value="{value}">{shown}</option>' for value, shown in _ORDERS)
    yield f'<select id="order" aria-label="Sort">{options}</select>\n</div>\n'
    yield '<p class="line"><span id="count" class="dim" role="status"></span> '
    yield '<button id="copyall" type="button" hidden></button></p>\n'
    yield '<div id="domains"></div>\n<p><button id="more" type="button" hidden></button></p>\n</section>\n'


def _foot(about: About, tally: Tally) -> Iterator[str]:
    run = about.run
    told = [f"{counted(tally.api_calls, 'API call', 'API calls')}"]
    if tally.rows:
        told[0] += f", {tally.api_calls / tally.rows:.1f} a domain"
    options = {name: run.what.options.get(name) for name in _OPTIONS_OF_NOTE}
    said = ", ".join(f"{name} {' '.join(map(str, v)) if isinstance(v, list | tuple) else v}" for name, v in options.items() if v)
    told += [f"options: {said}"] if said else []
    told += [f"{counted(sum(run.what.lanes.values()), 'lane', 'lanes')} on {counted(len(run.what.lanes), 'account', 'accounts')}"]
    yield f'<footer class="dim">\n<p>{e("; ".join(told))}.</p>\n'
    if about.tables:
        yield f"<p>Beside this page: {', '.join(f'<bdi>{e(name)}</bdi>' for name in about.tables)}.</p>\n"
    if run.what.command == "enroll":
        yield f"<p>To take back all of this run's part: {command(f'registrar-sync bulk rollback {run.id}')}</p>\n"
    yield '</footer>\n<p id="said" class="hidden" role="status"></p>\n'
