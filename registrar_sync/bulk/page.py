"""A plan of many domains as one page that needs nothing else: no network, no script but its own, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from registrar_sync.bulk.summary import OUTCOMES, SAID, Summary

_HERE = Path(__file__).parent
_ORDER = {outcome: str(at) for at, outcome in enumerate(("failed", "held-back", "planned", "nothing-to-do"))}


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a page says of itself. ``at``: when it was made, aware."""

    roster: str
    at: datetime
    interrupted: bool = False


def page(about: About, summary: Summary, domains: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The page, piece by piece. ``domains``: as ``summary.shown_on_page`` makes them."""
    style, script = ((_HERE / name).read_text("utf-8") for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>Plan of {summary.rows} domains</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield from _head(about, summary)
    yield from _tables(summary)
    yield from _tools(summary)
    yield '<main id="domains">\n'
    for domain in domains:
        yield from _domain(domain)
    yield f"</main>\n<script>{script}</script>\n</body>\n</html>\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _e(text: object) -> str:
    """Escaped, and what nobody can see made visible: a value is a stranger's."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
    return escape(shown, quote=True)


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
    yield _choice("outcome", "any outcome", [(outcome, SAID[outcome]) for outcome in OUTCOMES if summary.outcomes[outcome]])
    yield _choice("account", "any account", [(name, name) for name in sorted(summary.accounts)])
    yield _choice("finding", "any finding", [(name, name) for name in sorted(summary.findings)])
    orders = (("domain", "by domain"), ("order", "by outcome"), ("account", "by account"), ("line", "by line"))
    options = "".join(f'<option value="{value}">{shown}</option>' for value, shown in orders)
    yield f'<select id="order" aria-label="Sort">{options}</select>\n</div>\n<p id="count" class="dim" role="status"></p>\n'


def _choice(name: str, every: str, values: Iterable[tuple[str, str]]) -> str:
    options = "".join(f'<option value="{_e(value)}">{_e(shown)}</option>' for value, shown in values)
    return f'<select id="{name}" aria-label="Show {every}"><option value="">{every}</option>{options}</select>\n'


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
    yield f"<details {data}>\n<summary><b>{_e(_title(domain))}</b>"
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


def _title(domain: Mapping[str, Any]) -> str:
    """The name as it is asked for in the DNS, and, where that is another spelling, as somebody typed it."""
    typed = str(domain["typed"]).removesuffix(".")
    return f"{domain['domain']} ({typed})" if not typed.isascii() else str(domain["domain"])


def _set(rtype: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[str]:
    """Old values against new ones, those that stay between them."""
    old, new = ((one or {}).get("values", []) for one in (before, after))
    ttls = " -> ".join(dict.fromkeys(f"{one['ttl']} s" for one in (before, after) if one))
    yield f'<p><b>{_e(rtype)}</b> <span class="dim">{f"TTL {_e(ttls)}" if ttls else "none"}</span></p>\n<ul class="values">\n'
    for value in old:
        if value not in new:
            yield f'<li class="old">- {_e(value)}</li>\n'
    for value in new:
        yield f'<li class="new">+ {_e(value)}</li>\n' if value not in old else f"<li>= {_e(value)}</li>\n"
    yield "</ul>\n"
