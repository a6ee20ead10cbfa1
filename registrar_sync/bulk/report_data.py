"""Every domain as data within the page, which its script shows a screenful at a time.

Two blocks for each thousand domains: what is filtered and sorted by, read at once; and what a domain shows when it is opened, a
line each, read when it is. So a page of 10,000 domains opens in half a second and one of 100,000 in two, and either is filtered
in a tenth (Chromium 156 on two busy cores).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from registrar_sync.bulk.markup import compared, seen, title_of, ttls
from registrar_sync.bulk.report_row import Facts
from registrar_sync.bulk.report_words import ORDER, PERSON, lasted, words_of
from registrar_sync.core.run import Run

BLOCK = 1000
_AT = "%Y-%m-%d %H:%M:%S"

Time = Callable[..., str]


def data(run: Run, time: Time, rows: Iterable[Facts]) -> Iterator[str]:
    """The blocks. Browsers do not run a script of such a type, and show nothing of it
    (https://html.spec.whatwg.org/multipage/scripting.html#data-block)."""
    words = words_of(run)
    said = {one: [words[one].said, words[one].tone] for one in ORDER}
    meta = {"order": ORDER, "person": PERSON, "said": said, "block": BLOCK}
    yield f'<script type="application/json" id="meta">{_json(meta)}</script>\n'
    index: list[str] = []
    shown: list[str] = []
    for facts in rows:
        index.append(_json(_index(facts)))
        shown.append(_json(_shown(time, facts)))
        if len(index) == BLOCK:
            yield from _blocks(index, shown)
            index, shown = [], []
    if index:
        yield from _blocks(index, shown)


def _blocks(index: list[str], shown: list[str]) -> Iterator[str]:
    yield '<script type="application/json" class="index">[' + ",\n".join(index) + "]</script>\n"
    yield '<script type="application/jsonl" class="shown">' + "\n".join(shown) + "</script>\n"


def _json(value: Any) -> str:
    """JSON that cannot end the element that it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _index(facts: Facts) -> list[Any]:
    ids = dict.fromkeys([*(one["id"] for one in facts["findings"]), *([facts["error"]] if facts["error"] else [])])
    title, took = seen(title_of(facts["domain"], facts["typed"])), facts["to_authoritative_s"]
    told = f"in {lasted(took)}" if took is not None else ""
    return [facts["line"], title, seen(facts["account"]), facts["standing"], took, told, facts["old_ttl"], seen(" ".join(ids))]


def _shown(time: Time, facts: Facts) -> list[Any]:
    sets = [
        [
            seen(one["type"]),
            ttls(one["before"], one["after"]),
            [sign + seen(value) for sign, value in compared(one["before"], one["after"])],
        ]
        for one in facts["sets"]
    ]
    findings = [[seen(one["severity"]), seen(one["id"]), seen(one["message"])] for one in facts["findings"]]
    steps = [[seen(step["why"].rstrip(".:")), seen(step["command"])] for step in facts["next"]]
    return [seen(facts["message"]), steps, findings, sets, seen("; ".join(_told(time, facts)))]


def _told(time: Time, facts: Facts) -> Iterator[str]:
    yield f"line {facts['line']}"
    if facts["provider"] and facts["provider"] != facts["account"]:
        yield f"provider {facts['provider']}"
    if facts["zone"] and facts["zone"] != facts["domain"]:
        yield f"zone {facts['zone']}"
    if facts["change_id"] is not None:
        yield f"change {facts['change_id']}"
    if facts["attempts"] > 1:
        yield f"{facts['attempts']} attempts"
    if facts["api_calls"]:
        yield f"{facts['api_calls']} API calls"
    for name, said in (("begun_at", "begun"), ("written_at", "written"), ("ended_at", "ended"), ("due_at", "tried again")):
        if facts[name] and (name != "due_at" or facts["attempts"]):
            yield f"{said} {time(facts[name], _AT)}"
    if facts["old_until"]:
        yield f"no cache holds the old answer after {time(facts['old_until'], _AT)}"
