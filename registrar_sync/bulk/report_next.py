"""What a person does next about a domain: the exact command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registrar_sync.bulk.report_words import PERSON, standing_of
from registrar_sync.core import names
from registrar_sync.core.roster_columns import COLUMNS, FLAGS, option_of
from registrar_sync.core.run import Run, RunRow

_COMMANDS = "check|enroll|finish|history|plan|recover|rollback|unenroll|watch"
_NAMED = re.compile(rf"registrar-sync (?:{_COMMANDS}) (\S+?)((?: --[a-z][a-z-]*(?: (?!-)[\w.:@/+,=-]+)?)*)(?=[.;,]?(?:\s|$))")
"""A command in a hint. What a hint says besides is prose, and prose may be a stranger's: nobody is to paste it."""
_ACCEPT = re.compile(r"--accept ([a-z0-9-]+)")
_WHO = ("provider", "account")
_USUAL = {"mx": "below", "renumber": "no"}
_FLAGS = tuple(option_of(flag) for flag in FLAGS)
_SERVERS = {"nameservers": "--nameserver", "resolvers": "--resolver"}


@dataclass(frozen=True, slots=True)
class Step:
    """``why``: what it is for, or when; ``command``: "" where there is only advice."""

    why: str
    command: str


def steps(run: Run, row: RunRow) -> tuple[Step, ...]:
    """What to do about a domain, the likeliest first. What the operation hinted at counts; where that names no command, the one
    that goes on from how the domain stands."""
    hint = str(row.told.get("hint") or "")
    found = tuple(_hinted(hint, names.display(row.what.domain)))
    if found or standing_of(row) not in PERSON:
        return found
    return (_usual(run, row, hint),)


def _hinted(hint: str, domain: str) -> Iterator[Step]:
    for part in hint.split("; "):
        for match in _NAMED.finditer(part):
            if match[1].rstrip(".;,") == domain:
                why = part[: match.start()].strip().removesuffix(":")
                yield Step("" if why == "Run" else why, match[0].rstrip(".;,"))
                break


def _usual(run: Run, row: RunRow, hint: str) -> Step:
    domain, standing = names.display(row.what.domain), standing_of(row)
    if standing == "unknown":
        return Step(hint, f"registrar-sync recover {domain}")
    if standing == "overdue":
        return Step(hint or "Wait again", f"registrar-sync watch {domain}")
    if standing == "by-hand":
        return Step(hint, f"registrar-sync check {domain} --account {shlex.quote(row.what.account)}")
    accept = _ACCEPT.findall(hint) if standing == "held-back" else []
    why = "If each finding is right for this domain" if accept else hint
    return Step(why, once_more(run, row, accept))


def once_more(run: Run, row: RunRow, accept: list[str] | None = None) -> str:
    """The command that does for one domain what the run was to do. It shows the plan, and asks."""
    domain = names.display(row.what.domain)
    if run.what.command == "rollback":
        to = ["--to", str(row.what.to_change)] if row.what.to_change is not None else []
        return shlex.join(["registrar-sync", "rollback", domain, *to, *_servers(run.what.options)])
    options = {name: value for name, value in {**run.what.options, **row.what.options}.items() if name not in _WHO}
    options["accept"] = tuple(dict.fromkeys((*(options.get("accept") or ()), *(accept or ()))))
    words = ["registrar-sync", "enroll", domain, "--account", row.what.account]
    return shlex.join([*words, *_options(options), *_servers(options)])


def _options(options: Mapping[str, Any]) -> Iterator[str]:
    for column in COLUMNS.values():
        value = options.get(column.option)
        if not value or value == _USUAL.get(column.option):
            continue
        if column.option == "accept":
            yield from (word for id_ in value for word in ("--accept", str(id_)))
        elif column.option == "renumber":
            yield "--renumber" if value == "shift" else "--renumber-compact"
        elif column.option in _FLAGS:
            yield f"--{column.name}"
        else:
            yield from (f"--{column.name}", str(value))


def _servers(options: Mapping[str, Any]) -> Iterator[str]:
    for name, option in _SERVERS.items():
        for address in options.get(name) or ():
            yield from (option, str(address))
