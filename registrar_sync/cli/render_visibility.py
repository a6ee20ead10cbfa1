"""What the servers and the caches said, as lines."""

from __future__ import annotations

from datetime import datetime

from rich.text import Text

from registrar_sync.cli.words import clean
from registrar_sync.core.elsewhere import named
from registrar_sync.core.visibility import ServerVerdict, Visibility

# The fixed phrase for "every authoritative server answers the new data" (design section 5, step 6).
EVERYWHERE = "visible at every authoritative server"


def visibility_lines(seen: Visibility | None) -> list[Text]:
    """A line for each server, the verdict on all, then the caches: information, never a part of that verdict."""
    if seen is None or (seen.verdict == "not-asked" and not seen.servers):
        return []
    authoritative = [row for row in seen.servers if row.role == "authoritative"]
    lines = [Text(_server_line(row)) for row in authoritative]
    if seen.verdict in ("authoritative", "visible"):
        lines.append(Text(EVERYWHERE, style="bold green"))
    elif authoritative:
        done = sum(row.verdict == "new" for row in authoritative)
        lines.append(Text(f"not yet: {done} of {len(authoritative)} authoritative servers answer it", style="bold yellow"))
    lines += [Text(_server_line(row), style=_cache_style(row)) for row in seen.servers if row.role == "recursive"]
    return [*lines, *_caches(seen)]


def _server_line(row: ServerVerdict) -> str:
    shown = named(row.server)
    role = "recursive resolver " if row.role == "recursive" else ""
    until = f"cached until {_at(row.until)}" if row.until is not None else ""
    about = ", ".join(filter(None, (row.detail, until)))
    return clean(f"  {role}{shown}: {row.verdict}{': ' + about if about else ''}")


def _cache_style(row: ServerVerdict) -> str:
    return "bold red" if row.verdict == "bogus" else "dim"


def _caches(seen: Visibility) -> list[Text]:
    if seen.verdict != "authoritative" or seen.old_until is None:
        return []
    return [Text(f"cached elsewhere until {_at(seen.old_until)}")]


def _at(at: datetime) -> str:
    return f"{at.astimezone():%H:%M %Z, %Y-%m-%d}"
