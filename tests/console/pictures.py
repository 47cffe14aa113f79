"""Makes the pictures of the console: ``python -m tests.console.pictures docs/images``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random

from playwright.sync_api import Browser, Page

from airhaul.local_base.base import LocalBase
from airhaul.local_base.gate.faults import Fault, Faults
from airhaul.local_base.http.serve import LocalServer
from airhaul.local_base.protocol.request import Request

from .browser import open_browser
from .seeded import seed


class _Clock:
    """A clock that can be put forward, so that a minute of requests is made in a moment."""

    ahead_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


def main(folder: Path) -> None:
    """Make them all."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = _Clock()
    with LocalBase.open(clock=clock) as local_base:
        tables = seed(local_base)
        with LocalServer(local_base, console=True) as server, open_browser() as browser:
            for name, options in {
                "console": {"viewport": {"width": 1320, "height": 800}},
                "console-dark": {
                    "viewport": {"width": 1320, "height": 800},
                    "color_scheme": "dark",
                },
                "console-phone": {
                    "viewport": {"width": 390, "height": 780},
                    "is_mobile": True,
                    "device_scale_factor": 2,
                },
            }.items():
                local_base.requests.clear()
                _live_a_minute(local_base, clock, tables)
                page = _opened(browser, server.url, options)
                _go_on(local_base, clock)
                page.wait_for_timeout(900)
                page.screenshot(path=folder / f"{name}.png")
                page.context.close()


def _opened(browser: Browser, url: str, options: dict) -> Page:
    page = browser.new_context(**options).new_page()
    page.goto(f"{url}/")
    page.locator(".grid tbody tr").first.wait_for()
    page.get_by_label("Filter by formula").fill('AND({Weight} > 250, {Status} != "Held")')
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_text("fit the filter").wait_for(timeout=6000)
    return page


def _live_a_minute(local_base: LocalBase, clock: _Clock, tables: dict[str, str]) -> None:
    """A client that keeps to the limit, another that does not, and a few faults."""
    local_base.limits.requests_per_second = None  # ends the penalties of the picture before
    local_base.limits.requests_per_second = 5
    local_base.latency_s = 0
    # None of them happens to the page, which names its tables by their ids.
    local_base.faults = Faults(
        Fault.parse("503-before:0.2 /Shipments"), Fault.parse("POST close-after@9 /Empty")
    )
    chance = Random(5)
    base = f"/v0/{local_base.default_base_id}"
    clock.ahead_s += 60
    for second in range(58):
        lively = 5 if second < 9 else 7 if second == 22 else chance.randrange(1, 5)
        for _ in range(lively):
            local_base.handle(_request(chance, base, tables), trusted=True)
            clock.ahead_s += 0.2 if lively < 6 else 0.1
        clock.ahead_s += max(0.0, 1 - 0.2 * lively)
    clock.ahead_s += 1.5


def _go_on(local_base: LocalBase, clock: _Clock) -> None:
    """Some requests that the page sees come."""
    base = f"/v0/{local_base.default_base_id}"
    clock.ahead_s += 1.2
    local_base.latency_s = 0.12
    for request in (
        Request(
            "GET", f"{base}/Contacts", (("maxRecords", "3"),), None, None, "Airtable.js/0.12.2"
        ),
        Request("POST", f"{base}/Empty", (), {"fields": {"Nme": "Ada"}}, None, "pyairtable/3.1.1"),
        Request("POST", f"{base}/Empty", (), {"fields": {"Name": "Ada"}}, None, "pyairtable/3.1.1"),
    ):
        local_base.handle(request, trusted=True)
        clock.ahead_s += 0.4
    local_base.faults = Faults(
        Fault("503-before", at=1), Fault.parse("POST close-after:0.05 /Empty")
    )
    local_base.handle(
        Request("GET", f"{base}/Shipments", (), None, None, "airhaul/0.1.0"), trusted=True
    )


def _request(chance: Random, base: str, tables: dict[str, str]) -> Request:
    table = f"{base}/{chance.choice(['Shipments', 'Contacts'])}"
    client = chance.choice(["pyairtable/3.1.1", "airhaul/0.1.0", "Airtable.js/0.12.2"])
    match chance.randrange(4):
        case 0:
            rows = [{"fields": {"Name": f"Visitor {n}"}} for n in range(3)]
            return Request("POST", f"{base}/Empty", (), {"records": rows}, None, client)
        case 1:
            return Request(
                "GET", table, (("pageSize", "10"), ("maxRecords", "10")), None, None, client
            )
        case 2:
            return Request("GET", f"/v0/meta/bases{base[3:]}/tables", (), None, None, client)
        case _:
            return Request(
                "GET", f"{base}/{tables['Contacts']}", (("pageSize", "5"),), None, None, client
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
