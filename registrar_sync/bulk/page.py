"""A plan of many domains as one page that needs nothing else: no network, no script but its own, every value escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registrar_sync.bulk.markup import choice, compared, document, title_of, ttls
from registrar_sync.bulk.markup import e as _e
from registrar_sync.bulk.summary import OUTCOMES, SAID, Summary

_ORDER = {outcome: str(at) for at, outcome in enumerate(("failed", "held-back", "planned", "nothing-to-do"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a page says of itself. ``at``: when it was made, aware."""

    roster: str
    at: datetime
    interrupted: bool = False


def page(about: About, summary: Summary, domains: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The page, piece by piece. ``domains``: as ``summary.shown_on_page`` makes them."""
    return document(f"Plan of {summary.rows} domains", _body(about, summary, domains), styles=["page.css"], script="page.js")


def _body(about: About, summary: Summary, domains: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield from _head(about, summary)
    yield from _tables(summary)
    yield from _tools(summary)
    yield '<main id="domains">\n'
    for domain in domains:
        yield from _domain(domain)
    yield "</main>\n"


# --- the whole ------------------------------------------------------------------------------------------------------------
def _head(about: About, summary: Summary) -> Iterator[str]:
    yield f"<header>\n<h1>Plan of {summary.rows} domains</h1>\n"
    yield f'<p class="dim">{_e(about.roster)}, {about.at:%Y-%m-%d %H:%M %Z}. Nothing was changed.</p>\n'
    if summary.digest:
        yield f'<p class="dim">digest <code>{_e(summary.digest)}</code></p>\n'
    if about.interrupted:
        yield f'<p class="note">Interrupted: {summary.done} of {summary.rows} domains were planned.</p>\n'
    if summary.left_out:
        yield f'<p class="note">{summary.left_out} rows of the roster had faults and were left out.</p>\n'
    yield '<div class="cards">\n'
    for outcome in OUTCOMES:
        yield f'<div class="card"><b class="{outcome}">{summary.outcomes[outcome]}</b>{SAID[outcome]}</div>\n'
    yield "</div>\n</header>\n"


def _tables(summary: Summary) -> Iterator[str]:
    counted = (("Held back by", summary.holding), ("Failed with", summary.failures), ("All findings", summary.findings))
    for title, counts in counted:
        if counts:
            rows = "".join(f'<tr><td>{_e(name)}</td><td class="n">{n}</td></tr>\n' for name, n in counts.most_common())
            yield f'<h2>{title}</h2>\n<table><tr><th>what</th><th class="n">domains</th></tr>\n{rows}</table>\n'
    if summary.accounts:
        heads = "".join(f'<th class="n">{SAID[outcome]}</th>' for outcome in OUTCOMES)
        yield f'<h2>Accounts</h2>\n<div class="wide"><table><tr><th>account</th>{heads}</tr>\n'
        for name, counts in sorted(summary.accounts.items()):
            cells = "".join(f'<td class="n">{counts[outcome]}</td>' for outcome in OUTCOMES)
            yield f"<tr><td>{_e(name)}</td>{cells}</tr>\n"
        yield "</table></div>\n"


def _tools(summary: Summary) -> Iterator[str]:
    yield '<h2>Domains</h2>\n<div class="tools" id="tools" hidden>\n'
    yield '<input id="text" type="search" placeholder="part of a name" aria-label="Show domains whose name holds">\n'
    yield choice("outcome", "any outcome", [(outcome, SAID[outcome]) for outcome in OUTCOMES if summary.outcomes[outcome]])
    yield choice("account", "any account", [(name, name) for name in sorted(summary.accounts)])
    yield choice("finding", "any finding", [(name, name) for name in sorted(summary.findings)])
    orders = (("domain", "by domain"), ("order", "by outcome"), ("account", "by account"), ("line", "by line"))
    options = "".join(f'<option value="{value}">{shown}</option>' for value, shown in orders)
    yield f'<select id="order" aria-label="Sort">{options}</select>\n</div>\n<p id="count" class="dim" role="status"></p>\n'


# --- one domain -----------------------------------------------------------------------------------------------------------
def _domain(domain: Mapping[str, Any]) -> Iterator[str]:
    outcome, ids = str(domain["outcome"]), [one[0] for one in domain["findings"]]
    held = " ".join(dict.fromkeys(ids))
    attributes = {
        "names": f"{domain['domain']} {domain['typed']}".lower(),
        "domain": domain["domain"],
        "outcome": outcome,
        "order": _ORDER[outcome],
        "account": domain["account"],
        "findings": held,
        "line": domain["line"],
    }
    data = " ".join(f'data-{name}="{_e(value)}"' for name, value in attributes.items())
    yield f"<details {data}>\n<summary><b>{_e(title_of(domain['domain'], domain['typed']))}</b>"
    yield f'<span class="{_e(outcome)}">{_e(SAID.get(outcome, outcome))}</span>'
    yield f'<span class="dim">{_e(domain["account"])}</span><span class="dim">{_e(held)}</span></summary>\n<div class="body">\n'
    if domain["message"]:
        yield f"<p>{_e(domain['message'])}</p>\n"
    if domain["hint"]:
        yield f'<p class="dim">next: {_e(domain["hint"])}</p>\n'
    for id_, severity, message in domain["findings"]:
        yield f'<p><b class="{_e(severity)}">{_e(severity)}: {_e(id_)}</b> {_e(message)}</p>\n'
    for rtype, before, after in domain["sets"]:
        yield from _set(rtype, before, after)
    yield f'<p class="dim">line {_e(domain["line"])} of the roster</p>\n</div>\n</details>\n'


def _set(rtype: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[str]:
    """Old values against new ones, those that stay between them."""
    told, classes = ttls(before, after), {"-": ' class="old"', "+": ' class="new"', "=": ""}
    yield f'<p><b>{_e(rtype)}</b> <span class="dim">{f"TTL {_e(told)}" if told else "none"}</span></p>\n<ul class="values">\n'
    for sign, value in compared(before, after):
        yield f"<li{classes[sign]}>{sign} {_e(value)}</li>\n"
    yield "</ul>\n"
