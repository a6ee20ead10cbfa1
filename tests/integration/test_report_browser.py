"""A run's report in a real browser: Debian's Chromium without a window, which is given no network and asked what it saw."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from registrar_sync.bulk.report_row import facts_of
from registrar_sync.bulk.report_tally import MOST_NAMED
from registrar_sync.core.run import RunRow
from tests.unit import reports

PHONE = {"width": 360, "height": 740}
ROWS = 2000
PEOPLE = 57  # of so many rows of reports.mixed

# Whatever a page's own policy stopped, as the browser tells it.
_WATCHED = "window.stopped = []; addEventListener('securitypolicyviolation', (one) => stopped.push(one.violatedDirective));"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    assert executable, "Debian's package chromium is missing: sh tests/install-servers.sh"
    with sync_playwright() as playwright:
        # Nobody listens on the discard port: a request that gets past the route fails, and shows.
        started = playwright.chromium.launch(executable_path=executable, proxy={"server": "http://127.0.0.1:9"})
        yield started
        started.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reports.report(tmp_path_factory.mktemp("report"), reports.mixed(ROWS))[0]


Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, written: Path) -> Iterator[Opened]:
    """``opened(path, **context)``: the page. When the test ends it is asserted that the page asked nobody, said nothing on its
    console and broke no rule of its own policy."""
    seen: list[Page] = []
    outside: list[str] = []
    said: list[str] = []

    def make(path: Path | None = None, **options: Any) -> Page:
        address = (path or written).as_uri()

        def watch(route: Route) -> None:
            if route.request.url.partition("#")[0] == address:
                route.continue_()
            else:
                outside.append(route.request.url)
                route.abort()

        context = browser.new_context(**options)
        context.route("**/*", watch)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        if options.get("java_script_enabled", True):
            page.add_init_script(_WATCHED)
        page.goto(address)
        seen.append(page)
        return page

    yield make
    stopped = [rule for page in seen for rule in page.evaluate("window.stopped || []")]
    for page in seen:
        page.context.close()
    assert (outside, said, stopped) == ([], [], [])


def names(page: Page) -> list[str]:
    """The domains that are shown, in their order."""
    return page.locator("#domains summary b").all_text_contents()


def count(page: Page, shown: int, rows: int = ROWS) -> None:
    expect(page.locator("#count")).to_have_text(f"{shown:,} of {rows:,} domains")


# --- what is there --------------------------------------------------------------------------------------------------------------
def test_a_manager_reads_the_top_and_an_operator_the_rest(opened: Opened) -> None:
    page = opened()
    expect(page.locator("h1")).to_have_text(f"{ROWS - PEOPLE:,} of {ROWS:,} domains are protected now")
    top = page.locator("header").inner_text()
    for text in (
        "Put security-mail in front of the mail",
        "customers.csv",
        "2026-03-02 08:00 UTC",
        "1 h 52 min",
        f"{PEOPLE}\nneed a person",
    ):
        assert text in top
    people = page.locator("#person").text_content() or ""
    for text in ("9 domains", "19 domains", "spf-over-lookup-limit"):
        assert text in people
    assert "half" in page.locator("svg.histogram").get_attribute("aria-label").lower()  # type: ignore[union-attr]
    assert page.locator(".accounts tbody tr").count() == len(reports.ACCOUNTS)


def test_without_its_script_the_page_tells_the_summary_and_who_is_needed(opened: Opened) -> None:
    page = opened(java_script_enabled=False)
    expect(page.locator("h1")).to_contain_text("are protected now")
    commands = page.locator("#person code").all_text_contents()
    assert len([one for one in commands if one.startswith("registrar-sync recover ")]) == 9
    assert len([one for one in commands if one.endswith("--accept spf-over-lookup-limit")]) == 19
    expect(page.locator("noscript p")).to_contain_text("report.csv and report.jsonl hold every domain")
    for hidden in ("#tools", "#more", "button.copy >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()


def test_a_domain_shows_before_and_after_and_its_next_command(opened: Opened) -> None:
    page = opened()
    page.fill("#text", "customer-00019")
    count(page, 1)
    page.locator("#domains summary").click()
    body = page.locator("#domains .body")
    expect(body).to_contain_text(
        "registrar-sync enroll customer-00019.example --account powerdns-east --service security-mail --accept"
    )
    expect(body.locator("li.old")).to_have_text("- v=spf1 include:spf.protection.outlook.com ip4:192.0.2.23 -all")
    assert body.locator("li.new").all_text_contents()[1:] == ["+ 3 france.security-mail.net.", "+ 4 europe.security-mail.net."]
    expect(body).to_contain_text("line 19; provider powerdns; 3 API calls")


# --- finding one's way ----------------------------------------------------------------------------------------------------------
def test_search_filters_and_order_work_together(opened: Opened) -> None:
    page = opened()
    count(page, ROWS)
    page.select_option("#standing", "person")
    count(page, PEOPLE)
    page.select_option("#account", "gandi")
    gandi = page.locator("#domains details").count()
    assert 0 < gandi < PEOPLE
    assert set(page.locator("#domains summary span:nth-of-type(2)").all_text_contents()) == {"gandi"}
    page.select_option("#account", "")
    page.select_option("#finding", "spf-over-lookup-limit")
    count(page, 19)
    page.fill("#text", "NO SUCH TEXT")
    count(page, 0)
    page.fill("#text", "")
    count(page, 19)
    page.select_option("#standing", "")
    page.select_option("#finding", "")
    page.fill("#text", "mx1.customer-0123")  # a value, not a name
    count(page, 10)


def test_each_order_is_the_one_that_it_says(opened: Opened) -> None:
    page = opened()
    assert page.locator("#domains summary span:first-of-type").first.text_content() == "unknown"
    page.select_option("#order", "domain")
    assert names(page) == sorted(names(page))
    page.select_option("#order", "line")
    assert names(page)[:2] == ["customer-00002.example", "customer-00003.example"]
    page.select_option("#order", "account")
    assert set(page.locator("#domains summary span:nth-of-type(2)").all_text_contents()) == {"gandi"}
    facts = [facts_of(reports.run(), row) for row in reports.mixed(ROWS)]
    page.select_option("#order", "slowest")
    slowest = sorted(facts, key=lambda one: (-(one["to_authoritative_s"] or -1), one["line"]))
    assert names(page) == [one["domain"] for one in slowest[:100]]
    page.select_option("#order", "ttl")
    longest = sorted(facts, key=lambda one: (-(one["old_ttl"] or -1), one["line"]))
    assert names(page) == [one["domain"] for one in longest[:100]]


def test_all_of_it_works_with_the_keyboard_alone_and_shows_where_one_is(opened: Opened) -> None:
    page = opened()
    page.focus("#text")
    page.keyboard.type("customer-0001")
    count(page, 10)
    where = "[document.activeElement.id || document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
    seen = []
    for _ in range(7):
        seen.append(page.evaluate(where))
        page.keyboard.press("Tab")
    assert [one for one, _ in seen] == ["text", "standing", "account", "finding", "order", "copyall", "SUMMARY"]
    assert {outline for _, outline in seen} <= {"solid", "auto"}
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#domains .body")).to_have_count(1)
    page.focus("#order")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#order")).to_have_value("domain")
    assert names(page)[0] == "customer-00010.example"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#standing")).to_have_value("person")
    count(page, 1)


def test_more_domains_come_when_they_are_asked_for(opened: Opened) -> None:
    page = opened()
    shown = page.locator("#domains details")
    expect(shown).to_have_count(100)
    page.focus("#more")
    page.keyboard.press("Enter")
    expect(shown).to_have_count(600)
    assert page.evaluate("[...document.querySelectorAll('#domains summary')].indexOf(document.activeElement)") == 100
    for _ in range(3):
        page.locator("#more").click()
    expect(shown).to_have_count(ROWS)
    expect(page.locator("#more")).to_be_hidden()
    assert len(set(names(page))) == ROWS


def test_commands_are_copied_one_or_all(opened: Opened) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])

    def copied() -> str:
        return str(page.evaluate("navigator.clipboard.readText()"))

    group = page.locator(".group").first
    group.locator("summary").click()
    group.locator("button.copy").first.click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert copied() == "registrar-sync recover customer-00153.example"
    group.locator("button.copygroup").click()
    expect(group.locator("button.copygroup")).to_have_text("Copied")
    assert [one.split()[1] for one in copied().splitlines()] == ["recover"] * 9
    page.select_option("#standing", "person")
    page.locator("#copyall").click()
    expect(page.locator("#copyall")).to_have_text("Copied")
    assert len(copied().splitlines()) == PEOPLE
    assert all(one.startswith("registrar-sync ") for one in copied().splitlines())


# --- who reads it, and on what --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1200, "height": 900}, PHONE], ids=["desk", "phone"])
def test_everybody_can_read_it(opened: Opened, scheme: str, viewport: dict[str, int]) -> None:
    """By axe: contrast, names, headings, landmarks, tables, what scrolls (https://www.deque.com/axe/)."""
    page = opened(color_scheme=scheme, viewport=viewport)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    page.locator(".group summary").first.click()
    page.locator("#domains summary").first.click()
    page.select_option("#order", "line")
    page.locator("#domains summary").nth(3).click()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_scrolls_sideways(opened: Opened, tmp_path: Path, width: int) -> None:
    long = "x" * 60
    name = f"{long}.{long}.{long}.{long[:40]}.example"
    texts = [reports.held_back(2), reports.row(3, account="a" * 80), reports.failed(4, told={"message": "m" * 300, "sets": []})]
    rows = [*texts, reports.held_back(5, domain=f"{name}.", told={"sets": reports.sets(name, more=["v" * 400])})]
    page = opened(reports.report(tmp_path, rows)[0], viewport={"width": width, "height": 740})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    expect(page.locator("#domains .body")).to_have_count(4)
    assert page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [width, width]
    clipped = """[...document.querySelectorAll("#domains .body *, #person *, header *")]
        .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).length"""
    assert page.evaluate(clipped) == 0


def test_on_paper_every_domain_is_there_and_the_screen_is_as_before(opened: Opened, tmp_path: Path) -> None:
    rows = list(reports.mixed(300))
    page = opened(reports.report(tmp_path, rows)[0], color_scheme="dark")
    page.locator("#domains summary").first.click()
    before = page.locator("details[open]").count()
    assert 0 < before < page.locator("details").count()
    page.evaluate(
        """() => addEventListener("beforeprint", () => { window.onPaper = [
            document.querySelectorAll("#domains details[open] .values").length,
            document.querySelectorAll("details:not([open])").length] })"""
    )
    assert page.pdf().startswith(b"%PDF")
    sets = sum(len(one.told["sets"]) for one in rows)
    assert page.evaluate("onPaper") == [sets, 0]
    expect(page.locator("#domains details")).to_have_count(100)
    assert page.locator("details[open]").count() == before
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("#tools", "#more", "#copyall"):
        expect(page.locator(hidden)).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"


def test_paper_gets_what_was_chosen(opened: Opened) -> None:
    page = opened()
    page.select_option("#standing", "held-back")
    count(page, 19)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("#domains details[open]")).to_have_count(19)


# --- strangers' texts -----------------------------------------------------------------------------------------------------------
HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<img src=http://192.0.2.1/x onerror=alert(1)>",
    "\" autofocus onfocus='alert(2)' x=\"",
    "<!--<script>",
    "safe\u202etxt.exe\u0007",
    "javascript:alert(3)",
    "]]>&lt;b&gt;{{7*7}}${7*7}",
)


def hostile(line: int, text: str) -> RunRow:
    told = {
        "message": text,
        "hint": f"{text}; registrar-sync recover evil.example; rm -rf /",
        "provider": text,
        "zone": text,
        "findings": [[text, "block", text]],
        "sets": [[text, {"ttl": 60, "values": [text]}, {"ttl": 60, "values": [text, "x"]}]],
    }
    return reports.held_back(line, told=told, typed=f"ü{text}", account=text)


def test_what_strangers_wrote_is_text_and_nothing_else(opened: Opened, tmp_path: Path) -> None:
    page = opened(reports.report(tmp_path, [hostile(at + 2, text) for at, text in enumerate(HOSTILE)])[0])
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    expect(page.locator("#domains .body")).to_have_count(len(HOSTILE))
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, iframe, object, form, [onerror], [onfocus], [style]").count() == 0
    assert page.evaluate("document.scripts.length") == 4  # what it knows, in three blocks, and its own
    for part in ("#person", "#domains", ".accounts"):
        shown = page.locator(part).text_content() or ""
        for text in HOSTILE:
            assert text.replace("\u202e", "\\u202e").replace("\u0007", "\\x07") in shown
        assert "\u202e" not in shown
    for command in page.locator("code").all_text_contents():
        assert "rm -rf" not in command
    page.select_option("#account", HOSTILE[0])
    count(page, 1, len(HOSTILE))
    page.select_option("#account", "")
    page.fill("#text", HOSTILE[0].upper())
    count(page, 1, len(HOSTILE))
    page.fill("#text", "\\u202etxt")
    count(page, 1, len(HOSTILE))


# --- runs that did not simply end -----------------------------------------------------------------------------------------------
def test_a_run_that_goes_on_says_so(opened: Opened, tmp_path: Path) -> None:
    later = reports.START + timedelta(minutes=12)
    rows = [reports.row(2), reports.todo(3), reports.todo(4, state="begun"), reports.todo(5, state="written")]
    page = opened(reports.report(tmp_path, rows, reports.run("running"), at=later)[0])
    expect(page.locator("h1")).to_have_text("1 of 4 domains is protected now")
    note = page.locator("header .note")
    expect(note).to_contain_text("Still going on. 1 of 4 domains have ended by now.")
    expect(note).to_contain_text("registrar-sync bulk report 12")
    expect(note).to_contain_text("registrar-sync bulk resume 12")
    expect(page.locator("header")).to_contain_text("after 12 min")
    assert page.locator("#domains summary span:first-of-type").all_text_contents() == [
        "being worked on",
        "being watched",
        "not begun",
        "protected",
    ]


def test_more_people_than_a_page_names_are_counted_and_listed_below(opened: Opened, tmp_path: Path) -> None:
    number = MOST_NAMED + 50
    page = opened(reports.report(tmp_path, [reports.failed(at) for at in range(2, number + 2)])[0])
    expect(page.locator(".people li")).to_have_count(MOST_NAMED)
    expect(page.locator("#person .note")).to_contain_text("And 50 more")
    expect(page.locator("#copyall")).to_have_text(f"Copy the next commands ({number})")
