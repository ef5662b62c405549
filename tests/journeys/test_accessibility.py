"""Every kind of page under axe in both schemes, at 200 % zoom, at 320 pixels, on paper, and its policy."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.sample import make_sample

pytestmark = pytest.mark.django_db(transaction=True)

LISTEN = """
window.broken = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  window.broken.push(`${violatedDirective} ${blockedURI}`);
});
"""
OPTIONS = {"resultTypes": ["violations"], "preload": False}
ALL_RULES = {"rules": {"target-size": {"enabled": True}}}
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"]}  # the others see no difference
REPEATED = {"exclude": [["li:nth-child(n + 5)"]]}  # made as its four elder sisters are
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 640, "height": 400}  # what 200 % zoom leaves of a window of 1280 x 800
PHONE = {"width": 320, "height": 640}
MEASURE = """(name) => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const found = scrollWidth > clientWidth ? [`${name}: ${scrollWidth - clientWidth} pixels too wide`] : [];
  const heading = document.querySelector("h1").getBoundingClientRect();
  return heading.width ? found : [...found, `${name}: no heading`];
}"""
PRINTED = """() => [...document.querySelectorAll(".masthead nav, .find, .colophon, main button, main .pager")]
  .filter((one) => one.checkVisibility())
  .map((one) => `printed: ${one.className || one.tagName}`)"""


def violations(page: Page, scheme: str, rules: dict) -> list[str]:
    """What axe finds on the open page in one colour scheme."""
    page.emulate_media(color_scheme=scheme)
    found = page.evaluate(
        "async ([context, options]) => (await axe.run(context, options)).violations",
        [REPEATED, OPTIONS | rules],
    )
    return [
        f"{scheme} {one['id']}: {node['target']} {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


def look_at(page: Page) -> list[str]:
    """What is wrong with the open page: axe in both schemes, its width at 200 % and on a phone, what it
    prints that only a screen needs, its policy.
    """
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.evaluate(AXE_SCRIPT)
    found = violations(page, "light", ALL_RULES) + violations(page, "dark", COLOUR_RULES)
    for size, name in ((NARROW, "at 200 %"), (PHONE, "at 320 pixels")):
        page.set_viewport_size(size)
        found += page.evaluate(MEASURE, name)
    page.set_viewport_size(WIDE)
    page.emulate_media(media="print")
    found += page.evaluate(PRINTED) + page.evaluate(MEASURE, "printed")
    page.emulate_media(media="screen")
    return found + page.evaluate("() => window.broken")


def test_every_page_passes_axe_is_readable_at_twice_its_size_and_breaks_no_policy(
    live_server, page: Page, foreign_requests
):
    page.add_init_script(LISTEN)
    page.set_viewport_size(WIDE)
    trouble, pages = {}, make_sample()
    for name, address in pages.items():
        page.goto(live_server.url + address)
        if name == "map":
            page.get_by_role("application").wait_for()
        if found := look_at(page):
            trouble[name] = found
    page.goto(live_server.url + pages["answer"])
    open_card(page)
    if found := look_at(page):
        trouble["open card"] = found

    assert trouble == {}
    assert foreign_requests == []


def open_card(page: Page) -> None:
    page.locator(".marker a").first.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.get_by_role("tooltip").wait_for()
