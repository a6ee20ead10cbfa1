"""A change as drafted on one view of the zone, and what distinguishes one kind of change from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registrar_sync.core.evidence import ChangeCommand
from registrar_sync.core.finding import Finding
from registrar_sync.core.model import RRset, RRsetChange, ZoneView
from registrar_sync.operations.observe import DnsLook
from registrar_sync.operations.result import Result
from registrar_sync.operations.write import ENTERING

# Shown the draft as a result of state "planned"; False stops. None: nobody is asked (--yes).
Confirm = Callable[[Result], bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change as drafted on one view.

    ``drift``: why nothing may be written (rollback and unenrolment only); ``detail``: what else is worth saying of it.
    ``republish``: there may be nothing to write, but what the API holds was perhaps never published. ``context`` and
    ``rolls_back``: what this draft adds to its procedure's; ``remember``: it gets an entry even where nothing is written.
    ``left``: blocks on what the change leaves to others, which do not stop it.
    """

    view: ZoneView
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    changes: tuple[RRsetChange, ...]
    digest: str
    findings: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()
    detail: str = ""
    drift: str = ""
    republish: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)
    rolls_back: tuple[int, ...] = ()
    remember: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What distinguishes an enrolment from a rollback and the others.

    ``draft`` decides on a view; ``foresee`` finds out on what the DNS serves, before the API is read, what drafting will need
    to know; ``order``: of the types, where they need separate calls; ``undoes``: the enrolment taken back; ``rolls_back``: all
    changes that are, once it has read back.
    """

    command: ChangeCommand
    draft: Callable[[DnsLook, ZoneView], Draft]
    foresee: Callable[[ZoneView], object] = lambda served: None
    confirm: Confirm = None
    order: tuple[str, ...] = ENTERING
    undoes: int | None = None
    rolls_back: tuple[int, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)
