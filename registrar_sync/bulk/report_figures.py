"""The figures of a run: what became of its domains, by account, and how long the DNS took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from registrar_sync.bulk.markup import e
from registrar_sync.bulk.report_charts import against, histogram, stacked
from registrar_sync.bulk.report_tally import BINS, TTL_CLASSES, Tally, Waits
from registrar_sync.bulk.report_words import GOOD, GROUPS, PERSON, UNDER_WAY, Standing, counted, lasted, words_of
from registrar_sync.core.run import Run

_FROM_GOOD = (*GOOD, "written", *UNDER_WAY, "cancelled", *reversed(PERSON))
_NUMBER = ' class="n"'
_TICKS = (*(lasted(seconds) for seconds in BINS), "more")


def whole(run: Run, tally: Tally) -> str:
    """All domains as one bar."""
    numbers, shown = _by_group(run, tally.standings), _shown(run, tally)
    bar = stacked([(group, GROUPS[group], numbers[group]) for group in shown], of=tally.rows)
    return f'<div class="whole">{bar}{_legend((group, GROUPS[group]) for group in shown)}</div>\n'


def _shown(run: Run, tally: Tally) -> list[str]:
    numbers = _by_group(run, tally.standings)
    return [group for group in GROUPS if numbers[group]]


def outcomes(run: Run, tally: Tally) -> Iterator[str]:
    """How the domains stand, in words."""
    words = words_of(run)
    yield '<section aria-labelledby="became">\n<h2 id="became">What became of them</h2>\n<table class="outcomes">\n'
    yield _heads("outcome", "what it means", "#domains")
    for standing in _FROM_GOOD:
        number, word = tally.standings[standing], words[standing]
        if number:
            bar = stacked([(word.tone, word.said, number)], of=tally.rows)
            yield f'<tr><th scope="row" class="{word.tone}">{e(word.said)}{bar}</th><td>{e(word.means)}</td>'
            yield f'<td class="n">{number:,}</td></tr>\n'
    yield "</table>\n</section>\n"


def accounts(run: Run, tally: Tally) -> Iterator[str]:
    """The outcome by provider and account."""
    shown = _shown(run, tally)
    yield '<section aria-labelledby="where">\n<h2 id="where">By provider and account</h2>\n'
    yield '<div class="wide" tabindex="0" role="region" aria-label="Figures by account"><table class="accounts">\n'
    yield _heads("account", "#domains", *(f"#{GROUPS[group]}" for group in shown))
    for name in sorted(tally.accounts, key=lambda name: (tally.providers.get(name, "~"), name)):
        numbers, rows = _by_group(run, tally.accounts[name]), tally.accounts[name].total()
        cells = "".join(f'<td class="n">{numbers[group]:,}</td>' for group in shown)
        bar = stacked([(group, GROUPS[group], numbers[group]) for group in shown], of=rows)
        provider = tally.providers.get(name, "")
        under = f' <span class="dim">{e(provider)}</span>' if provider != name else ""
        yield f'<tr><th scope="row">{e(name)}{under}{bar}</th><td class="n">{rows:,}</td>{cells}</tr>\n'
    yield "</table></div>\n"
    yield f"{_legend((group, GROUPS[group]) for group in shown)}</section>\n"


def _heads(*names: str) -> str:
    """A table's head; ``#``: of a column of numbers."""
    cells = (f'<th scope="col"{_NUMBER * name.startswith("#")}>{e(name.removeprefix("#"))}</th>' for name in names)
    return f"<thead><tr>{''.join(cells)}</tr></thead>\n"


def _legend(parts: Iterable[tuple[str, str]]) -> str:
    shown = " ".join(f'<span><i class="{tone}"></i>{e(said)}</span>' for tone, said in parts)
    return f'<p class="legend">{shown}</p>\n'


def _by_group(run: Run, standings: Counter[Standing]) -> Counter[str]:
    words, numbers = words_of(run), Counter[str]()
    for standing, number in standings.items():
        numbers[words[standing].group] += number
    return numbers


# --- how long the DNS took --------------------------------------------------------------------------------------------------
def waits(run: Run, tally: Tally, time: Callable[[str], str]) -> Iterator[str]:
    """From the write until every authoritative server answered with it, and what caches may still hold."""
    yield '<section aria-labelledby="took">\n'
    if run.what.options.get("wait") == "visible":
        yield '<h2 id="took">From the write until no cache could hold the old answer</h2>\n'
    else:
        yield '<h2 id="took">From the write until every authoritative server had it</h2>\n'
    if not len(tally.took):
        yield "<p>Of no domain is that known.</p>\n</section>\n"
        return
    half, most, all_ = (lasted(seconds) for seconds in tally.took.within(0.5, 0.9, 1))
    said = f"Half of {counted(len(tally.took))} within {half}, nine in ten within {most}, all within {all_}."
    yield f"<p>{said}</p>\n{histogram(_TICKS, tally.took.bins(BINS), said=said)}\n"
    yield '<p class="dim">Domains by the time it took: each bar up to the time below it.</p>\n</section>\n'
    if tally.old:
        yield from _by_old_ttl(tally, time)


def _by_old_ttl(tally: Tally, time: Callable[[str], str]) -> Iterator[str]:
    yield '<section aria-labelledby="old">\n<h2 id="old">Old answers in caches</h2>\n'
    yield "<p>A resolver that asked just before the write may go on with the old answer for as long as its TTL said. "
    yield "Nobody can shorten that afterwards.</p>\n"
    yield '<div class="wide" tabindex="0" role="region" aria-label="Figures by old TTL"><table>\n'
    yield _heads("TTL of the old answer", "#domains", "#half served within", "#all within", "last old answer gone")
    for at in sorted(tally.old):
        yield _of_ttl(at, tally.old[at], time)
    yield "</table></div>\n"
    yield (
        _legend((("none", "old TTL"), ("calm", "half served within")))
        + '<p class="dim">The lengths of the bars are logarithmic.</p>'
    )
    yield "\n</section>\n"


def _of_ttl(at: int, old: Waits, time: Callable[[str], str]) -> str:
    longest = at == len(TTL_CLASSES)
    bound = TTL_CLASSES[-1] * 7 if longest else TTL_CLASSES[at]
    name = f"over {lasted(TTL_CLASSES[-1])}" if longest else f"up to {lasted(bound)}"
    half, all_ = old.spans.within(0.5, 1)
    bar = against(half, bound, said=f"old TTL {name}, half served within {lasted(half)}")
    cells = f'<td class="n">{len(old.spans):,}</td><td class="n">{lasted(half)}</td><td class="n">{lasted(all_)}</td>'
    return f'<tr><th scope="row">{name}{bar}</th>{cells}<td>{e(time(old.until)) if old.until else ""}</td></tr>\n'
