"""Commands that are loaded when they are asked for: one command needs few of the modules that all of them need."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


class LateGroup(TyperGroup):
    """A group whose commands are named by ``places``: name -> ``module:function`` in this package, or ``module:Typer``."""

    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands(self.places)


class _Commands(UserDict[str, Any]):
    """The commands by their names; each is a place until somebody looks at it."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            found = self.data[name] = _load(name, found)
        return found


def _load(name: str, place: str) -> Any:
    module, _, meant = place.partition(":")
    found = getattr(import_module(f"{__package__}.{module}"), meant)
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)
