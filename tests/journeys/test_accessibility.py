"""Every kind of page under axe in both schemes, at 200 % zoom, and with a listener for broken policies."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.sample import make_sample

pytestmark = pytest.mark.django_db(transaction=True)

LISTEN = """
window.broken = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.broken.push(`${violatedDirective} ${blockedURI}`);
});
"""
# The only rules that depend on colours; the others are judged in the light scheme.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
ALL_RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


def violations(page: Page, options: dict) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]


def test_axe_finds_nothing_on_any_page_and_no_policy_is_broken(live_server, page: Page, foreign_requests):
    page.add_init_script(LISTEN)
    trouble = {}
    for name, address in make_sample().items():
        page.emulate_media(color_scheme="light")
        page.goto(live_server.url + address)
        if name == "map":
            page.get_by_role("application").wait_for()
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")
        found = violations(page, ALL_RULES)
        page.emulate_media(color_scheme="dark")
        found += [f"dark {one}" for one in violations(page, COLOUR_RULES)]
        found += page.evaluate("() => window.broken")
        if found:
            trouble[name] = found

    assert trouble == {}
    assert foreign_requests == []


def test_open_citation_card_passes_axe(live_server, page: Page):
    page.goto(live_server.url + make_sample()["answer"])

    page.locator(".marker a").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")

    page.get_by_role("tooltip").wait_for()
    assert violations(page, ALL_RULES) == []


def test_pages_are_readable_at_twice_their_size(live_server, browser: Browser):
    """200 % zoom of a window of 1280 x 800 leaves 640 x 400 CSS pixels."""
    context = browser.new_context(
        viewport={"width": 640, "height": 400}, device_scale_factor=2, locale="en-GB"
    )
    page = context.new_page()
    wide = {}
    for name, address in make_sample().items():
        page.goto(live_server.url + address)
        measured = page.evaluate(
            """() => ({
              over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
              seen: document.querySelector("h1").getBoundingClientRect().width > 0,
            })"""
        )
        if measured != {"over": 0, "seen": True}:
            wide[name] = measured
    context.close()

    assert wide == {}
