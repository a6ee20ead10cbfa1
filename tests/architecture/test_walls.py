"""The walls that import-linter cannot see: names below ``dns``, ``time.sleep``, sizes, and what --help may load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "registrar_sync"
MODULES = sorted(PACKAGE.rglob("*.py"))

CORE_MAY = ("dns.name", "dns.rdata", "dns.rdatatype", "dns.rdataclass", "dns.rdataset", "dns.rdtypes", "dns.exception")

# What only one room may touch -> the modules of that room.
RESERVED = {
    "dns.query": set(),
    "dns.resolver": {"resolver/endpoints.py"},
    "time.sleep": {"wiring.py", "journal/group.py"},  # the second waits for nothing: it gives its turn away
    "boto3": set(),
    "botocore": {"providers/adapters/aws_client.py"},
}


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for module in MODULES:
        yield module, ast.parse(module.read_text(), str(module))


def used_names(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that a module imports or spells out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


@pytest.mark.parametrize("reserved", RESERVED)
def test_a_reserved_name_stays_in_its_room(reserved: str) -> None:
    rooms = {room(module) for module, tree in trees() if any(_is(name, reserved) for name in used_names(tree))}
    assert rooms <= RESERVED[reserved]


def _is(name: str, reserved: str) -> bool:
    return name == reserved or name.startswith(reserved + ".")


def test_the_core_takes_only_value_types_of_dnspython() -> None:
    for module, tree in trees():
        if room(module).startswith("core/"):
            imported = {n for node in ast.walk(tree) if isinstance(node, ast.Import) for n in (a.name for a in node.names)}
            from_dns = {n for n in imported if n == "dns" or n.startswith("dns.")}
            assert all(name.startswith(CORE_MAY) for name in from_dns), room(module)


def test_no_module_and_no_function_has_outgrown_its_room() -> None:
    """An adapter is a small module: under 150 lines."""
    sizes = {room(module): len(module.read_text().splitlines()) for module in MODULES}
    most = {name: 149 if name.startswith("providers/adapters/") else 300 for name in sizes}
    too_long = [f"{name}: {lines} lines" for name, lines in sizes.items() if lines > most[name]]
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or 0) - node.lineno + 1
                if size > 50:
                    too_long.append(f"{room(module)}: {node.name}: {size} lines")
    assert too_long == []


def test_no_code_asks_which_provider_it_is() -> None:
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and re.search(r"provider(_name|\.name)?$", ast.unparse(node.left)):
                right = node.comparators[0]
                assert not (isinstance(right, ast.Constant) and isinstance(right.value, str)), f"{room(module)}:{node.lineno}"


def test_there_is_no_drawer_for_everything() -> None:
    assert not {m.stem for m in MODULES} & {"utils", "helpers", "common", "misc"}


def test_help_loads_neither_lexicon_nor_sqlalchemy() -> None:
    script = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from registrar_sync.cli.app import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([name for name in ('lexicon', 'sqlalchemy', 'requests', 'starlette', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
