"""README's table of providers, made from providers.yaml. ``make tables`` writes it anew."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from registrar_sync.cli.providers import TIERS
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.catalog_model import ProviderSpec

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- providers: made by `make tables` from providers.yaml -->\n", "<!-- end of providers -->"

_MEANING = {
    "certified": "an adapter of our own, a simulator or a real server, and the whole contract suite",
    "dialect": "lexicon's four verbs under declared rules, and the contract suite against a fake that keeps to these rules; or,"
    " where the line says so, an adapter of our own and a simulator made from public documents",
    "spf-only": "SPF is exact; MX is not, and is left to be entered by hand",
    "manual": "refused: nothing is tried blindly",
}


def provider_table() -> str:
    """What stands between the markers: a line for each provider, by tier."""
    specs = sorted(load_catalog().providers.values(), key=lambda spec: (TIERS.index(spec.tier), spec.name))
    both = sum(len(spec.writes) == 2 for spec in specs)
    spf = sum("TXT" in spec.writes for spec in specs)
    lines = [f"Of {len(specs)} providers SPF can be written at {spf}, and MX too at {both}.", ""]
    for tier, group in groupby(specs, key=lambda spec: spec.tier):
        lines += _section(tier, list(group))
    return "\n".join(lines) + "\n"


def _section(tier: str, specs: list[ProviderSpec]) -> list[str]:
    """A line for each, also where they all say the same: a search finds the name."""
    head = f"**{tier}** ({len(specs)}): {_MEANING[tier]}."
    columns = ["| provider | SPF | MX | verified against, or why not |", "|---|---|---|---|"]
    return [head, "", *columns, *map(_row, specs), ""]


def _row(spec: ProviderSpec) -> str:
    name = f"`{spec.name}`" + (f" (also {', '.join(f'`{alias}`' for alias in spec.aliases)})" if spec.aliases else "")
    spf, mx = ("yes" if rtype in spec.writes else "-" for rtype in ("TXT", "MX"))
    return f"| {name} | {spf} | {mx} | {_escaped(spec.reason or _verified(spec))} |"


def _verified(spec: ProviderSpec) -> str:
    """The beginning of the sentence, which says against what; ``providers show`` has the rest."""
    return f"{re.split('[,;]', spec.verified.against)[0]}, {spec.verified.when}" if spec.verified else ""


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def readme_with(table: str) -> str:
    """README as it ought to be."""
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    assert after, "README has lost the markers of the provider table"
    return f"{before}{BEGIN}{table}{END}{after}"


if __name__ == "__main__":
    README.write_text(readme_with(provider_table()))
