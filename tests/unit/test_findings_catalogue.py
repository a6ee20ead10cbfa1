"""The catalogue of findings: every one is explained, every id is used, and every RFC section that we name has been looked up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from registrar_sync.core.guard import KINDS, finding, held_back, kind_of
from registrar_sync.errors import UnknownName

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "registrar_sync"
MODULES = sorted(PACKAGE.rglob("*.py"))
BLOCKS = sorted(id_ for id_, kind in KINDS.items() if kind.severity == "block")


def sentences(text: str) -> int:
    return len(re.findall(r"(?<=\S)[.?](?= |$)", text))


# --- the texts ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("id_", KINDS)
def test_a_finding_says_what_why_and_what_to_do(id_: str) -> None:
    kind = KINDS[id_]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", id_)
    assert sentences(kind.what) == 1
    assert sentences(kind.why) == 1
    assert 2 <= sentences(kind.advice) <= 6
    for text in (kind.what, kind.why, kind.advice):
        assert text == " ".join(text.split())
        assert text.endswith(".")
        assert "propagat" not in text.lower()
    assert len(kind.what) <= 110
    assert len(kind.why) <= 130


@pytest.mark.parametrize("id_", BLOCKS)
def test_a_block_says_when_accepting_it_is_right_or_that_it_cannot_be(id_: str) -> None:
    kind = KINDS[id_]
    assert ("It cannot be accepted" in kind.advice) is not kind.acceptable
    assert bool(re.search(r"\b[Aa]ccept it\b", kind.advice)) is kind.acceptable


def test_only_a_block_can_be_what_nobody_may_accept() -> None:
    assert {KINDS[id_].severity for id_ in KINDS if not KINDS[id_].acceptable} == {"block"}


@pytest.mark.parametrize("id_", BLOCKS)
def test_accept_lets_a_block_pass_only_where_its_page_says_so(id_: str) -> None:
    met = finding(id_, "what was met")
    assert bool(held_back([met], {id_})) is not KINDS[id_].acceptable
    assert held_back([met], set(KINDS) - {id_}) == [met]


# --- the ids ------------------------------------------------------------------------------------------------------------
def parsed() -> Iterator[tuple[str, ast.Module]]:
    for module in MODULES:
        yield module.relative_to(PACKAGE).as_posix(), ast.parse(module.read_text(), str(module))


def strings(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def made(tree: ast.AST) -> Iterator[str]:
    """The ids that a module calls ``finding`` with."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "finding":
            yield from strings(node.args[0])


def test_every_finding_that_the_code_makes_is_in_the_catalogue() -> None:
    assert {(room, id_) for room, tree in parsed() for id_ in made(tree) if id_ not in KINDS} == set()


def test_every_finding_of_the_catalogue_is_made_somewhere() -> None:
    named = {text for room, tree in parsed() if not room.startswith("core/kinds") for text in strings(tree)}
    assert set(KINDS) - named == set()


def test_every_accept_that_a_message_proposes_is_a_finding_that_can_be_accepted() -> None:
    accepted = re.compile(r"--accept ([a-z]+(?:-[a-z0-9]+)+)")
    proposed = {id_ for _, tree in parsed() for text in strings(tree) for id_ in accepted.findall(text)}
    assert {id_ for id_ in proposed if id_ not in KINDS or not KINDS[id_].acceptable} == set()
    assert proposed


@pytest.mark.parametrize(
    ("asked", "near"),
    [("mx-nul", "mx-null"), ("MX-NULL", "mx-null"), ("two-records", "spf-two-records"), ("spf_invalid", "spf-invalid")],
)
def test_a_mistyped_id_is_answered_with_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        kind_of(asked)
    assert asked in caught.value.message
    assert near in caught.value.hint


@pytest.mark.parametrize("asked", ["", " ", "qqqq"])
def test_an_id_near_to_nothing_is_answered_with_where_they_are_listed(asked: str) -> None:
    with pytest.raises(UnknownName) as caught:
        kind_of(asked)
    assert "registrar-sync findings" in caught.value.hint


# --- the RFC sections ---------------------------------------------------------------------------------------------------
PLACE = r"(?:\d+(?:\.\d+)*|[A-H]\b)"
CITATION = re.compile(rf"RFC (\d+)(?: (?:sections?|appendix) ({PLACE}(?:(?:, and |, | and ){PLACE})*))?")
BETWEEN = re.compile(r'"\s*\n\s*f?"|\s*\n\s*#?\s*')  # of a sentence on two lines: a string cut in two, a comment or a docstring


def cited(text: str) -> set[tuple[str, str]]:
    """(RFC, section) of every citation that names a section."""
    whole = BETWEEN.sub(lambda cut: "" if '"' in cut[0] else " ", text)
    return {(found[1], place) for found in CITATION.finditer(whole) for place in re.findall(PLACE, found[2] or "")}


def table() -> dict[tuple[str, str], tuple[list[str], str]]:
    """docs/rfc-sections.md: (RFC, section) -> the files that use it, and how it was checked."""
    rows = {}
    for line in (ROOT / "docs" / "rfc-sections.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].isdigit():
            rows[(cells[0], cells[1].removeprefix("appendix "))] = (cells[3].split(", "), cells[4])
    return rows


def sources() -> dict[str, str]:
    """What a user may read a section number in, by its name in the table."""
    read = {module.relative_to(PACKAGE).as_posix(): module.read_text() for module in MODULES}
    return read | {name: (ROOT / name).read_text() for name in ("providers.yaml", "README.md")}


def test_citations_are_found_as_they_are_written() -> None:
    assert cited("(RFC 7208 sections 4.5, 6 and 12). RFC 1034\n    section 3.6.2, RFC 2181 section 10.1.") == {
        *(("7208", place) for place in ("4.5", "6", "12")),
        ("1034", "3.6.2"),
        ("2181", "10.1"),
    }
    assert cited('"as in (RFC 7208"\n    " appendix F)"  # RFC 4343, and RFC\n# 7505 section 3') == {("7208", "F"), ("7505", "3")}


def test_every_section_that_we_name_was_looked_up() -> None:
    """Red: read the section in the RFC's text, then add its row to docs/rfc-sections.md; or name the RFC without a section."""
    named = {(*place, name) for name, text in sources().items() for place in cited(text)}
    checked = {place for place, (_, how) in table().items() if re.fullmatch(r"[A-Z], \d{4}-\d\d-\d\d", how)}
    assert {one for one in named if one[:2] not in checked} == set()


def test_the_table_of_sections_says_where_each_is_used() -> None:
    """Red: the citation was moved or taken out; correct the row of docs/rfc-sections.md."""
    texts = {name: cited(text) for name, text in sources().items()}
    wrong = {(*place, file) for place, (files, _) in table().items() for file in files if place not in texts.get(file, ())}
    assert wrong == set()


@pytest.mark.parametrize("id_", KINDS)
def test_a_finding_names_an_rfc_by_its_section_or_not_at_all(id_: str) -> None:
    why = KINDS[id_].why
    assert cited(why) <= set(table())
    assert bool(cited(why)) is ("RFC" in why)
