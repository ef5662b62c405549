"""With the keyboard alone: suggestions, search, evidence, citing. Nothing here touches a mouse."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from qa.nearness import embed_question, keep_vector
from tests.factories import PreprintFactory
from tests.qa.factories import EVIDENCE, make_published_question

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERED = "How does noise limit the depth of variational circuits?"


@pytest.fixture
def question():
    made = make_published_question(text=ANSWERED, preprints=PreprintFactory.create_batch(2), cited=1)
    keep_vector(made, embed_question(ANSWERED))
    return made


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the wanted element has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to {wanted}")


def test_suggestion_is_chosen_while_typing(live_server, page: Page, question, foreign_requests):
    page.goto(f"{live_server.url}/ask/")
    box = page.get_by_label("Your question")
    tab_to(page, box)

    page.keyboard.type("What limits the depth of noisy variational circuits")
    suggested = page.get_by_role("status").get_by_role("link", name=ANSWERED)
    expect(suggested).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(suggested).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    expect(suggested).to_be_hidden()
    page.keyboard.type("?")
    expect(suggested).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERED)
    assert foreign_requests == []


def test_search_leads_to_an_answer_its_evidence_and_back(live_server, page: Page, question):
    page.goto(live_server.url)
    page.keyboard.press("/")
    expect(page.get_by_label("Search preprints and answered questions")).to_be_focused()
    page.keyboard.type("depth of variational circuits")
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#found-questions ~ ol a").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERED)

    tab_to(page, page.locator(".evidence blockquote a").first)
    page.keyboard.press("Enter")

    expect(page.locator(".abstract mark")).to_have_text(EVIDENCE)
    tab_to(page, page.locator("#citing ~ ol a").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWERED)


def test_citation_is_copied_as_text_and_as_bibtex(live_server, page: Page, question):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + question.get_absolute_url())
    copy = page.get_by_role("button", name="Copy", exact=True)
    tab_to(page, copy)

    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert re.match(rf"Antigravity Q&A \(\d+ \w+ \d{{4}}\). “{re.escape(ANSWERED)}”", clipboard(page))

    tab_to(page, page.get_by_role("button", name="Copy as BibTeX"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied").last).to_be_focused()
    assert clipboard(page).startswith("@misc{")


def clipboard(page: Page) -> str:
    return page.evaluate("() => navigator.clipboard.readText()")


def test_card_closes_when_the_window_changes(live_server, page: Page, question):
    page.goto(live_server.url + question.get_absolute_url())
    tab_to(page, page.locator(".marker a").first)
    expect(page.get_by_role("tooltip")).to_be_visible()

    page.set_viewport_size({"width": 320, "height": 640})

    expect(page.get_by_role("tooltip")).to_be_hidden()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 320
