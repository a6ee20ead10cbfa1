"""A plugin for ``make contract``: what the contract suite showed, as a table of providers and cases.

pytest -p tests.contract.table tests/contract
"""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from registrar_sync.providers.catalog import load_catalog

_SIGNS = {"passed": ".", "skipped": "s", "failed": "F"}
_NODE = re.compile(r"::(?:test_)?(?P<case>\w+)(?:\[(?P<params>.*)\])?$")


class ContractTable:
    """Collects the reports. One sign a case; of a case that ran in several forms, the worst."""

    def __init__(self) -> None:
        catalog = load_catalog()
        aliases = {alias for spec in catalog.providers.values() for alias in spec.aliases}
        self._names = {*catalog.providers, *catalog.declared, *aliases}
        self._signs: dict[str, dict[str, str]] = defaultdict(dict)
        self._runs: dict[str, int] = defaultdict(int)
        self._skipped: dict[tuple[str, str], list[str]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note an outcome: that of the call, or of a set-up that did not get so far."""
        found = _NODE.search(report.nodeid)
        if found is None or not (report.when == "call" or report.outcome != "passed"):
            return
        case = found["case"].replace("_", " ")
        for name in self._names.intersection((found["params"] or "").split("-")):
            sign = _SIGNS[report.outcome]
            self._runs[name] += 1
            self._signs[name][case] = max(self._signs[name].get(case, "."), sign, key=".sF".index)
            if report.skipped and isinstance(report.longrepr, tuple):
                self._skipped[case, report.longrepr[2].removeprefix("Skipped: ")].append(name)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table."""
        write = terminalreporter.write_line
        cases = sorted({case for signs in self._signs.values() for case in signs})
        terminalreporter.section("the contract: provider x case")
        for number, case in enumerate(cases, 1):
            write(f"{number:3}  {case}")
        write("")
        for name in sorted(self._signs):
            line = "".join(self._signs[name].get(case, " ") for case in cases)
            write(f"{name:16} {line}  {self._runs[name]} runs")
        for (case, reason), names in sorted(self._skipped.items()):
            write(f"s  {case}: {reason} ({', '.join(sorted(set(names)))})")
        total = sum(self._runs.values())
        failed = sum(sign == "F" for signs in self._signs.values() for sign in signs.values())
        write(f"{len(self._signs)} providers, {len(cases)} cases, {total} runs, {failed} cases failed")


def pytest_configure(config: pytest.Config) -> None:
    """Join the run."""
    config.pluginmanager.register(ContractTable(), "contract-table")
