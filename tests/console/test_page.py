"""The console in a real browser: what somebody sees and does there."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer

from .browser import chromium, open_browser
from .seeded import add_records, seed

pytestmark = [
    pytest.mark.skipif(
        chromium() is None,
        reason="there is no chromium on the path; the page is not tried in a browser",
    ),
    pytest.mark.slow,
]
HOSTILE = '<img src=x onerror="document.title=`broken`"><script>document.title="broken"</script>'
TOKEN = {"Authorization": "Bearer pat.x"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def tables(local_base: LocalBase) -> dict[str, str]:
    return seed(local_base, shipments=130)


@pytest.fixture
def served(local_base: LocalBase, tables) -> Iterator[LocalServer]:
    with LocalServer(local_base, console=True) as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: LocalServer, request) -> Iterator[Page]:
    """The page, opened; a test fails if a script of it does, or if its policy forbids something."""
    context = browser.new_context(
        **getattr(request, "param", {"viewport": {"width": 1440, "height": 900}})
    )
    context.set_default_timeout(8_000)
    broken: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on(
        "console",
        lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None,
    )
    page.goto(f"{served.url}/")
    expect(page.locator(".grid tbody tr").first).to_be_visible()
    yield page
    context.close()
    assert broken == []


def filter_by(page: Page, formula: str) -> None:
    page.get_by_label("Filter by formula").fill(formula)
    page.get_by_role("button", name="Filter", exact=True).click()


def test_the_main_path(page, served, local_base) -> None:
    """Open, look, filter, filter wrongly, see a request come, switch a fault on, see its 503."""
    rows = page.locator(".grid tbody tr")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Load more", exact=True).click()
    expect(rows).to_have_count(130)
    expect(page.get_by_text("130 records")).to_be_visible()

    filter_by(page, 'AND({Status} = "Held", {Weight} > 100)')
    expect(page.get_by_text("fit the filter")).to_be_visible()
    shown = rows.count()
    assert 0 < shown < 130
    assert rows.locator("td .chip", has_text="Held").count() == shown

    filter_by(page, "{Status = ")
    error = page.locator("#formula-error")
    expect(error).to_contain_text("422 INVALID_FILTER_BY_FORMULA")
    assert rows.count() == shown, "what was there stays there"
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(error).to_be_empty()
    expect(rows).to_have_count(100)

    httpx2.get(f"{served.url}/v0/meta/whoami", headers={**TOKEN, "User-Agent": "visitor/1.0"})
    latest = page.locator(".log li").first
    expect(latest).to_contain_text("meta/whoami")
    expect(latest).to_contain_text("visitor/1.0")
    expect(latest.locator(".status")).to_have_text("200")

    page.get_by_text("Add a fault").click()
    page.get_by_label("Kind of fault").select_option("503-before")
    page.get_by_label("Per cent, or the number of the request").fill("100")
    page.get_by_label("Part of the path").fill("whoami")
    page.get_by_role("button", name="Add fault", exact=True).click()
    expect(page.locator(".faults code")).to_have_text("503-before:1 /whoami")
    assert httpx2.get(f"{served.url}/v0/meta/whoami", headers=TOKEN).status_code == 503
    expect(latest.locator(".status")).to_have_text("503")
    expect(latest).to_contain_text("503-before")
    expect(page.locator(".faults")).to_contain_text("happened once")
    page.get_by_role("button", name="Remove 503-before:1 /whoami").click()
    expect(page.locator(".faults")).to_contain_text("Nothing goes wrong.")
    assert httpx2.get(f"{served.url}/v0/meta/whoami", headers=TOKEN).status_code == 200


def test_a_request_is_shown_whole(page, local_base) -> None:
    """A click on a request has its query, its body and its reply."""
    filter_by(page, "{Care} = 5")
    page.locator(".log li", has_text="filterByFormula={Care} = 5").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("filterByFormula")
    expect(dialog.locator(".json").last).to_contain_text('"createdTime"')
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_latency_limit_and_lock_out(page, served, local_base) -> None:
    """The switches act on the server, and the picture says that a base is locked out."""
    page.get_by_label("Latency").fill("0.5")
    page.get_by_label("Rate limit", exact=True).check(force=True)
    expect(page.locator(".limit-name").first).to_have_text("5/s")
    assert (local_base.latency_s, local_base.limits.requests_per_second) == (0.5, 5)
    local_base.latency_s = 0
    expect(page.locator("output")).to_have_text("0 ms")
    url = f"{served.url}/v0/meta/bases/{local_base.default_base_id}/tables"
    with httpx2.Client(headers=TOKEN) as http:  # one connection: they have to come within a second
        statuses = [http.get(url).status_code for _ in range(7)]
    assert 429 in statuses
    expect(page.locator("figcaption")).to_contain_text("locked out")
    assert page.locator(".charts .locked").count() == 1
    assert page.locator(".charts .refused").count() >= 1
    expect(page.locator(".counters")).to_contain_text("429")


def test_what_a_record_holds_stays_text(page, local_base, tables) -> None:
    """Markup in a cell, and a script in an address, are shown and not run."""
    add_records(
        local_base,
        "Contacts",
        [
            {
                "Name": HOSTILE,
                "Site": "javascript:document.title='broken'",
                "Email": 'a@b"onclick=x',
                "About": HOSTILE,
            }
        ],
    )
    page.get_by_role("link", name="Contacts").click()
    filter_by(page, 'FIND("<img", {Name})')
    row = page.locator(".grid tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator(".primary")).to_have_text(HOSTILE)
    row.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text(HOSTILE)
    assert dialog.locator("img, script, a[href^='javascript']").count() == 0
    assert page.locator(".grid img, .grid script, .grid a[href^='javascript']").count() == 0
    assert page.title() == "Local base · airhaul"


def test_every_kind_of_cell_has_its_form(page) -> None:
    """Cells of all field types are rendered by Airtable's forms of them, also errors and strange ones."""
    shown = page.evaluate(
        """async () => {
          const { cell } = await import("/_console/web/scripts/cells.js");
          const text = (type, value, options) => cell({ type, options }, value)?.textContent ?? null;
          const html = (type, value, options) => cell({ type, options }, value);
          const iso = { dateFormat: { name: "iso" }, timeFormat: { name: "24hour" }, timeZone: "utc" };
          return {
            percent: text("percent", 0.256, { precision: 1 }),
            currency: text("currency", -1234.5, { precision: 2, symbol: "$" }),
            durations: [text("duration", 3690, { durationFormat: "h:mm" }), text("duration", 61.25, { durationFormat: "h:mm:ss.SS" }), text("duration", 59.996, { durationFormat: "h:mm:ss.SS" })],
            dates: ["local", "friendly", "us", "european", "iso"].slice(1).map((name) => text("date", "2026-07-05", { dateFormat: { name } })),
            time: text("dateTime", "2026-07-05T13:07:00.000Z", iso),
            zone: text("dateTime", "2026-07-05T13:07:00.000Z", { ...iso, timeZone: "Asia/Tokyo", timeFormat: { name: "12hour" } }),
            midnight: text("dateTime", "2026-07-05T00:07:00.000Z", iso),
            rating: html("rating", 3, { max: 5, icon: "heart" }).querySelectorAll(".icon:not(.off)").length,
            unticked: text("checkbox", false),
            people: text("multipleCollaborators", [{ id: "usr1", name: "Ada" }, { id: "usr2", email: "b@x.org" }]),
            links: html("multipleRecordLinks", ["rec1", "rec2"]).querySelectorAll(".link").length,
            files: html("multipleAttachments", [{ id: "att1", url: "https://x.org/a.png", filename: "a.png" }]).querySelector("a").getAttribute("aria-label"),
            badFile: html("multipleAttachments", [{ id: "att1", url: "javascript:alert(1)", filename: "a" }]).querySelector("a"),
            barcode: text("barcode", { text: "4006381333931", type: "ean13" }),
            button: html("button", { label: "Open", url: "https://x.org/" }).href,
            ai: text("aiText", { state: "generated", isStale: false, value: "sum" }),
            formula: text("formula", 0.5, { result: { type: "percent", options: { precision: 0 } } }),
            error: text("formula", { error: "#ERROR!" }, { result: { type: "number", options: {} } }),
            nan: text("formula", { specialValue: "NaN" }, { result: { type: "number" } }),
            lookup: html("multipleLookupValues", [1, 2.5, { error: "#ERROR!" }], { result: { type: "currency", options: { precision: 2, symbol: "€" } } }).querySelectorAll(".item").length,
            broken: text("rollup", ["a", 1], { result: null }),
            stamp: text("createdTime", "2026-07-05T13:07:00.000Z", { result: { type: "dateTime", options: iso } }),
            mention: html("multilineText", 'Ask <airtable:mention id="men1">@Ada</airtable:mention> now').querySelector(".mention").textContent,
            unknown: text("manualSort", { a: 1 }),
            wrong: [text("number", "7"), text("singleSelect", ["x"]), text("date", 5), text("multipleSelects", "x")],
          };
        }"""
    )
    assert shown == {
        "percent": "25.6%", "currency": "−$1,234.50", "durations": ["1:02", "0:01:01.25", "0:01:00.00"],
        "dates": ["July 5, 2026", "7/5/2026", "5/7/2026", "2026-07-05"], "time": "2026-07-05 13:07",
        "zone": "2026-07-05 10:07pm", "midnight": "2026-07-05 00:07", "rating": 3, "unticked": None,
        "people": "AAdaBb@x.org", "links": 2, "files": "a.png", "badFile": None, "barcode": "4006381333931",
        "button": "https://x.org/", "ai": "sum", "formula": "50%", "error": "#ERROR!", "nan": "NaN", "lookup": 3,
        "broken": "a1", "stamp": "2026-07-05 13:07", "mention": "@Ada", "unknown": '{"a":1}',
        "wrong": ["7", "x", "5", "x"],
    }  # fmt: skip


def test_sorting_and_an_empty_table(page) -> None:
    """A click on a head sorts, another turns it round; a table without records says so."""
    head = page.get_by_role("columnheader", name="Weight")
    head.get_by_role("button").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Weight")
    page.get_by_role("columnheader", name="Weight").get_by_role("button").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Weight")
    weights = [
        float(text.replace(",", ""))
        for text in page.locator(".grid tbody td:nth-child(5)").all_inner_texts()
    ]
    assert weights == sorted(weights, reverse=True)
    page.get_by_role("link", name="Empty").click()
    expect(page.get_by_text("No records yet.")).to_be_visible()


def test_the_keyboard_is_enough(page) -> None:
    """Filter, walk through the rows, open a record and come back, without a mouse."""
    page.get_by_label("Filter by formula").focus()
    page.keyboard.type("{Care} >= 4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("fit the filter")).to_be_visible()
    page.locator("button.open").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.locator("button.open").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Consignment")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("button.open").nth(1)).to_be_focused()


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_on_a_phone_one_view_at_a_time(page) -> None:
    """Nothing is wider than the screen, and the three views are a tap away."""
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 390
    expect(page.locator(".log")).to_be_hidden()
    page.get_by_role("button", name="Requests", exact=True).tap()
    expect(page.locator(".log li").first).to_be_visible()
    expect(page.locator(".grid")).to_be_hidden()
    assert page.evaluate(width) == 390
    page.get_by_role("button", name="Conditions", exact=True).tap()
    expect(page.get_by_role("button", name="Add fault", exact=True)).to_be_visible()
    assert page.evaluate(width) == 390


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_light_and_dark(page) -> None:
    """The system's choice holds until the button says otherwise, and that is remembered."""
    ground = "getComputedStyle(document.querySelector('main')).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Theme: as the system").click()
    light = page.evaluate(ground)
    assert (dark, light) == ("rgb(22, 25, 31)", "rgb(255, 255, 255)")
    page.reload()
    assert page.evaluate(ground) == light


def test_a_token_is_asked_for_where_one_is_needed(browser) -> None:
    """A server that accepts particular tokens gets one from whoever sits there, and only then answers."""
    with (
        LocalBase.open(tokens=["pat.right"]) as local_base,
        LocalServer(local_base, console=True) as server,
    ):
        seed(local_base, shipments=3)
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.url}/")
        expect(page.get_by_role("dialog")).to_contain_text("Token")
        page.get_by_role("textbox", name="Token").fill("pat.right")
        page.get_by_role("button", name="Use", exact=True).click()
        expect(page.locator(".grid tbody tr")).to_have_count(3)
        context.close()


def test_a_fault_of_its_own_requests_is_shown(page, local_base) -> None:
    """The page is a client like others: a broken reply is said, and can be asked for again."""
    from airhaul.local_base.gate.faults import Fault, Faults

    for kind, words in (
        ("close-before", "NO_REPLY"),
        ("truncated", "NO_REPLY"),
        ("not-json", "NOT_JSON"),
    ):
        local_base.faults = Faults(Fault(kind, probability=1, path="/tbl"))
        page.get_by_role("button", name="Reload", exact=True).click()
        expect(page.locator("#formula-error")).to_contain_text(words)
        local_base.faults = None
        page.get_by_role("button", name="Try again", exact=True).click()
        expect(page.locator("#formula-error")).to_be_empty()
