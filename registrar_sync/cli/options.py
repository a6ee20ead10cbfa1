"""The options that commands share, declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How the result is printed."""

    table = "table"
    json = "json"


class Mx(StrEnum):
    """Where the service's hosts go."""

    below = "below"
    instead = "replace"  # "replace" is a method of every str


class All(StrEnum):
    """The qualifier of ``all`` in a new SPF record."""

    fail = "fail"
    softfail = "softfail"
    neutral = "neutral"


class Wait(StrEnum):
    """What to wait for."""

    authoritative = "authoritative"
    visible = "visible"
    none = "none"


Domain = Annotated[str, typer.Argument(help="The domain, such as example.com.", show_default=False)]
OptionalDomain = Annotated[str | None, typer.Argument(help="One domain; without it, all of them.", show_default=False)]
Provider = Annotated[str | None, typer.Option("--provider", "-p", help="The DNS provider (see: providers list).")]
Account = Annotated[str | None, typer.Option(help="An account of the operator's providers.yaml.")]
Service = Annotated[str | None, typer.Option(help="The mail service; security-mail where none is named.")]
Zone = Annotated[str | None, typer.Option(help="The zone to edit, where it is not found by itself.")]
MxMode = Annotated[Mx, typer.Option("--mx", help="The service's hosts below the present ones, or instead of them.")]
AllQualifier = Annotated[All | None, typer.Option("--all", help="The 'all' of a new SPF record; an existing one is kept.")]
Ttl = Annotated[int | None, typer.Option(help="TTL in seconds, for RRsets that do not exist yet.")]
Accept = Annotated[list[str] | None, typer.Option(help="Accept one blocking finding by its id (repeatable).")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]
WaitFor = Annotated[Wait, typer.Option("--wait", help="Wait for every authoritative server, for caches too, or not at all.")]
Timeout = Annotated[float | None, typer.Option(help="The whole wait in seconds; the provider's usual time where not given.")]
Nameservers = Annotated[
    list[str] | None, typer.Option("--nameserver", metavar="ADDR[:PORT]", help="Ask this as authoritative server (repeatable).")
]
Resolvers = Annotated[
    list[str] | None, typer.Option("--resolver", metavar="ADDR[:PORT]", help="Ask this recursive resolver (repeatable).")
]
OutputAs = Annotated[Output, typer.Option("--output", help="For people or for scripts.")]
Journal = Annotated[str | None, typer.Option(metavar="URL", help="The journal: a database URL or a file.")]
Config = Annotated[Path | None, typer.Option(metavar="FILE", help="The operator's providers.yaml.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log every API call (secrets removed) on stderr.")]
