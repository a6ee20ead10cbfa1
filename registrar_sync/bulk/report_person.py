"""What needs a person: by reason, with the exact command of each domain. Told without any script."""

from __future__ import annotations

from collections.abc import Iterator

from registrar_sync.bulk.markup import e, title_of
from registrar_sync.bulk.report_row import Facts
from registrar_sync.bulk.report_tally import Group, Tally
from registrar_sync.bulk.report_words import counted, words_of
from registrar_sync.core.run import Run

_FEW = 20  # so many are open from the start


def command(text: str) -> str:
    """A command to be copied."""
    label = f'aria-label="Copy {e(text)}"'
    return f'<span class="command"><code>{e(text)}</code><button type="button" class="copy" {label} hidden>Copy</button></span>'


def person(run: Run, tally: Tally, tables: tuple[str, ...]) -> Iterator[str]:
    """The section."""
    yield '<section id="person" aria-labelledby="whom">\n<h2 id="whom">What needs a person</h2>\n'
    if tally.tried_again:
        kinds = ", ".join(f"{kind} ({number:,})" for kind, number in tally.tried_again.most_common())
        yield f'<p class="note">Tried, and to be tried again when the run goes on: {e(kinds)}.</p>\n'
    if not tally.people:
        yield "<p>Nothing.</p>\n"
    for group in tally.groups:
        yield from _group(run, group, tables, is_open=tally.people <= _FEW)
    yield "</section>\n"


def _group(run: Run, group: Group, tables: tuple[str, ...], *, is_open: bool) -> Iterator[str]:
    word = words_of(run)[group.standing]
    yield f'<details class="group"{" open" if is_open else ""}>\n<summary><b class="{word.tone}">{e(word.said)}</b> '
    yield f'<span>{e(group.reason)}</span> <span class="n">{counted(group.rows)}</span></summary>\n<div class="body">\n'
    yield f'<p class="line"><span class="dim">{e(word.means)}</span> '
    yield '<button type="button" class="copygroup" hidden></button></p>\n<ul class="people">\n'
    for facts in group.named:
        yield from _named(facts)
    yield "</ul>\n"
    if more := group.rows - len(group.named):
        where = f", and in the column next_command of {tables[0]}" if tables else ""
        yield f'<p class="note">And {more:,} more: in the list of every domain below{e(where)}.</p>\n'
    yield "</div>\n</details>\n"


def _named(facts: Facts) -> Iterator[str]:
    yield f"<li><p><b><bdi>{e(title_of(facts['domain'], facts['typed']))}</bdi></b> "
    yield f'<span class="dim">{e(facts["account"])}</span></p>\n'
    for text in _why(facts):
        yield f"<p>{e(text)}</p>\n"
    for step in facts["next"]:
        why = f'<span class="dim">{e(step["why"].rstrip(".:"))}:</span> ' if step["why"] else ""
        yield f"<p>{why}{command(step['command'])}</p>\n"
    yield "</li>\n"


def _why(facts: Facts) -> list[str]:
    """The findings that hold it back say more than that there are some."""
    holds = [
        one["message"] for one in facts["findings"] if one["severity"] == "block" and not one["message"].startswith("(accepted)")
    ]
    return (holds if facts["standing"] == "held-back" else []) or [facts["message"]] * bool(facts["message"])
