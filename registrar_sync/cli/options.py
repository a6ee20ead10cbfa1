"""The options that commands share, declared once, in groups; a command takes a group as one parameter."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer


class Output(StrEnum):
    """How the result is printed."""

    table = "table"
    json = "json"


class Mx(StrEnum):
    """Where the service's hosts go."""

    below = "below"
    instead = "replace"  # "replace" is a method of every str


class Only(StrEnum):
    """One part of an enrolment."""

    spf = "spf"
    mx = "mx"


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
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
Accept = Annotated[list[str] | None, typer.Option(help="Accept one blocking finding by its id (repeatable).")]
OnlyPart = Annotated[Only | None, typer.Option("--only", help="SPF or MX alone; the other one is left as it is.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]


@dataclass(frozen=True, kw_only=True)
class Who:
    """Which account, service and zone."""

    provider: Annotated[str | None, typer.Option("--provider", "-p", help="The DNS provider (see: providers list).")] = None
    account: Annotated[str | None, typer.Option(help="An account of the operator's providers.yaml.")] = None
    service: Annotated[str | None, typer.Option(help="The mail service; security-mail where none is named.")] = None
    zone: Annotated[str | None, typer.Option(help="The zone, where it is not found by itself.")] = None

    def words(self) -> dict[str, Any]:
        """As the client takes them."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class What:
    """What an enrolment is to look like."""

    mx: Annotated[Mx, typer.Option("--mx", help="The service's hosts below the present ones, or instead of them.")] = Mx.below
    all_: Annotated[All | None, typer.Option("--all", help="The 'all' of a new SPF record; see --set-all.")] = None
    only: OnlyPart = None
    ttl: Annotated[int | None, typer.Option(help="TTL in seconds, for RRsets that do not exist yet.")] = None
    accept: Accept = None
    merge_spf: Annotated[bool, typer.Option("--merge-spf", help="Make one SPF record of several.")] = False
    set_all: Annotated[bool, typer.Option("--set-all", help="Give an existing SPF record the 'all' that --all names.")] = False
    add_all: Annotated[bool, typer.Option("--add-all", help="Add an 'all' where an SPF record has none.")] = False
    fix_qualifier: Annotated[bool, typer.Option("--fix-qualifier", help="Take ~ or ? away from the service's include.")] = False
    dedupe: Annotated[bool, typer.Option("--dedupe", help="Take out the include, and MX rows, that stand twice.")] = False
    keep_implicit: Annotated[
        bool, typer.Option("--keep-implicit", help="Without MX, keep the domain's own address as fallback.")
    ] = False
    renumber: Annotated[
        bool, typer.Option("--renumber", help="Where the hosts find no room below, move all present preferences up.")
    ] = False
    renumber_compact: Annotated[
        bool, typer.Option("--renumber-compact", help="As --renumber, but move up only those that must.")
    ] = False
    probe_smtp: Annotated[
        bool, typer.Option("--probe-smtp", help="Ask the service's hosts on port 25 whether they take mail for the domain.")
    ] = False

    def words(self) -> dict[str, Any]:
        """As the client takes them."""
        if self.renumber and self.renumber_compact:
            raise typer.BadParameter("say --renumber or --renumber-compact, not both. Nothing was changed.")
        named = ("merge_spf", "set_all", "add_all", "fix_qualifier", "dedupe", "keep_implicit", "probe_smtp")
        room = "compact" if self.renumber_compact else "shift" if self.renumber else "no"
        words = {"mx": self.mx.value, "all": self.all_ and self.all_.value, "ttl": self.ttl, "accept": self.accept or ()}
        words["only"] = self.only and self.only.value
        return {**words, **{name: getattr(self, name) for name in named}, "renumber": room}


_ADDRESS = "ADDR[:PORT]"


@dataclass(frozen=True, kw_only=True)
class Whom:
    """Whom to ask instead of the servers that the DNS names."""

    nameserver: Annotated[
        list[str] | None, typer.Option(metavar=_ADDRESS, help="Ask this as authoritative server (repeatable).")
    ] = None
    resolver: Annotated[list[str] | None, typer.Option(metavar=_ADDRESS, help="Ask this recursive resolver (repeatable).")] = None

    def words(self) -> dict[str, Any]:
        """As the client takes them."""
        return {"nameservers": self.nameserver or (), "resolvers": self.resolver or ()}


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, and for what."""

    wait: Annotated[Wait, typer.Option(help="Wait for every authoritative server, for caches too, or not at all.")] = (
        Wait.authoritative
    )
    timeout: Annotated[float | None, typer.Option(help="The whole wait in seconds; without it the provider's usual time.")] = None

    def words(self) -> dict[str, Any]:
        """As the client takes them."""
        return {"wait": self.wait.value, "timeout": self.timeout}


@dataclass(frozen=True, kw_only=True)
class Lingering:
    """Whether to look again, and for how long."""

    wait: Annotated[Wait, typer.Option(help="Look until every authoritative server shows it, or caches too; or once.")] = (
        Wait.none
    )
    timeout: Annotated[float | None, typer.Option(help="The whole wait in seconds; without it the provider's usual time.")] = None

    def words(self) -> dict[str, Any]:
        """As the client takes them."""
        return {"wait": self.wait.value, "timeout": self.timeout}


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command takes."""

    output: Annotated[Output, typer.Option(help="For people or for scripts.")] = Output.table
    journal: Annotated[str | None, typer.Option(metavar="URL", help="The journal: a database URL or a file.")] = None
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The operator's providers.yaml.")] = None
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Log every API call (secrets removed) on stderr.")] = False


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let Typer see the options of every group that a command takes, and the command the groups."""
    hints = get_type_hints(command, include_extras=True)
    groups = {name: kind for name, kind in hints.items() if isinstance(kind, type) and dataclasses.is_dataclass(kind)}
    seen: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        kind = groups.get(parameter.name)
        seen += _options_of(kind) if kind else [parameter.replace(annotation=hints[parameter.name])]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        filled = {name: kind(**{f.name: given.pop(f.name) for f in dataclasses.fields(kind)}) for name, kind in groups.items()}
        command(**given, **filled)

    run.__signature__ = inspect.Signature(seen)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in seen}
    return run


def _options_of(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in dataclasses.fields(group)
    ]
