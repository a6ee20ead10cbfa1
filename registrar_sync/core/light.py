"""One traffic light: a word, and one sentence for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from registrar_sync.core.names import display
from registrar_sync.core.observation import Server

Word = Literal["green", "yellow", "red", "grey"]

# What one server lacks is not healed by another that has it.
_FROM_GOOD_TO_BAD: tuple[Word, ...] = ("green", "grey", "yellow", "red")


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """``green`` as it ought to be; ``yellow`` it works, and something deserves a look; ``red`` it does not do what it should;
    ``grey`` it could not be found out, which is never taken for any of the others.

    ``detail``: one sentence, with the next command where there is one.
    """

    light: Word
    detail: str

    def to_json(self) -> dict[str, str]:
        """As ``check --output json`` prints it."""
        return {"light": self.light, "detail": self.detail}


def shine(light: Word, sentence: str, command: str = "") -> Light:
    """A light. ``sentence`` without its full stop; ``command``: what to run next."""
    told = sentence[:1].upper() + sentence[1:]
    return Light(light=light, detail=f"{told}. Next: {command}" if command else f"{told}.")


def worst(lights: Iterable[tuple[Light, tuple[Server, ...]]]) -> Light | None:
    """The worst of what several servers show; where others show better, it names those that it is of. None: of nothing."""
    rows = list(lights)
    if not rows:
        return None
    light, servers = max(rows, key=lambda row: _FROM_GOOD_TO_BAD.index(row[0].light))
    if len({one for one, _ in rows}) == 1:
        return light
    return Light(light=light.light, detail=f"At {shown_servers(servers)}: {light.detail}")


def shown_servers(servers: Iterable[Server]) -> str:
    """Name servers as people write them, each once."""
    return ", ".join(dict.fromkeys(display(server.name) for server in servers))
