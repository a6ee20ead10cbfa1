"""``check -``: many domains, one a line on standard input, one line of result each, in their order."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, BinaryIO, NoReturn

import typer

from registrar_sync.cli import exit_codes
from registrar_sync.cli.options import Lingering, Wait
from registrar_sync.cli.session import Session
from registrar_sync.errors import Interrupted, UsageError

STANDARD_INPUT = "-"
ListedDomain = Annotated[
    str, typer.Argument(help="The domain, such as example.com; - reads one a line from standard input.", show_default=False)
]

_LONGEST = 1024  # octets of a line; a domain has 253 characters, and what is no domain need not be read to its end
_UTF8_BOM, _UTF16_BOMS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def refuse_waiting(patience: Lingering) -> None:
    """Many domains are looked at once each. Raises ``UsageError``."""
    if patience.wait is not Wait.none:
        raise UsageError(
            "A list is checked once, without waiting. Nothing was asked.",
            hint="Wait for one domain (check DOMAIN --wait authoritative), or run the list again later.",
        )


def check_listed(now: Session, options: Mapping[str, Any]) -> NoReturn:
    """Check what standard input lists and leave with the worst exit code. Raises ``UsageError`` for an empty list."""
    if sys.stdin is not None and sys.stdin.isatty():
        now.printer.progress("Reading domains from the terminal, one a line; Ctrl-D on an empty line ends the list.")
    codes: set[int] = set()
    try:
        for result in now.client.check_many(read_names(sys.stdin.buffer), **options) if sys.stdin is not None else ():
            now.printer.listed(result)
            codes.add(exit_codes.of_result(result))
    except KeyboardInterrupt:
        now.printer.error(Interrupted("Interrupted: the rest of the list was not checked. Nothing was changed."), command="check")
        leave_at_once(exit_codes.INTERRUPTED)
    except (BrokenPipeError, SystemExit):  # rich makes the second of the first
        leave_at_once(exit_codes.FAILED)
    if not codes:
        raise UsageError(
            "Standard input lists no domain. Nothing was changed.",
            hint="Give one domain a line, as in: registrar-sync check - < domains.txt",
        )
    raise typer.Exit(max(codes))


def read_names(stream: BinaryIO) -> Iterator[str]:
    """The domains of a list, line by line as they come: blank lines and what follows a # are skipped, so are spaces, CR and a
    byte order mark. Raises ``UsageError`` for UTF-16."""
    first = True
    while line := stream.readline(_LONGEST):
        if first and line.startswith(_UTF16_BOMS):
            raise UsageError(
                "Standard input is UTF-16, and a list of domains is read as UTF-8. Nothing was changed.",
                hint="Save the list as UTF-8, then run it again.",
            )
        rest = line
        while len(rest) == _LONGEST and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST)
        text = line.removeprefix(_UTF8_BOM) if first else line
        first = False
        if name := text.decode("utf-8", "backslashreplace").partition("#")[0].strip():
            yield name


def leave_at_once(code: int) -> NoReturn:
    """At once: threads still wait for servers that do not answer, and check leaves nothing half done."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue  # nobody reads it any more
    os._exit(code)
