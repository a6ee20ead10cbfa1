"""A part that is asked for and cannot be written: refused before anybody is asked anything."""

from __future__ import annotations

from registrar_sync.core.scope import shown_types
from registrar_sync.errors import ProviderManual
from registrar_sync.operations.desk import Desk


def refuse_unwritable(desk: Desk) -> None:
    """Raise ``ProviderManual`` where nothing of what is asked for can be written through the provider."""
    if desk.scope.types:
        return
    asked, writable = shown_types(desk.scope.by_hand), shown_types(desk.setting.writes)
    plan = f"registrar-sync plan {desk.shown_domain} --account {desk.setting.account}"
    raise ProviderManual(
        f"Through {desk.setting.provider} only {writable} can be written, and {asked} alone was asked for. Nothing was changed.",
        hint=f"The lines to enter by hand: {plan} (without --only).",
    )
