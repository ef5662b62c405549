"""The life of a page in a real browser: asked, read, checked, outdated, answered again, compared."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.stack import Stack

QUESTION = "How do ice-binding proteins protect tardigrades from freezing?"
PASSWORD = "a-long-password-9"
ANSWERED = 90_000  # milliseconds; a guard against hanging, not an expectation

FIRST = (
    "Ice-binding proteins protect tardigrades from freezing by keeping ice crystals small. "
    "In our freezing assay 83% of the tardigrades survived at -20 degrees Celsius. "
    "Knock-down of the ice-binding proteins lowered survival to 12%."
)
SECOND = (
    "We measure how tardigrades survive freezing. "
    "Ice-binding proteins in the tardigrade cuticle bind to the prism plane of ice and stop its growth. "
    "Freezing of tardigrades without ice-binding proteins ruptures their cells."
)
REVISED = (
    "Our earlier freezing assay of tardigrades had a thermometer that was wrong by nine degrees. "
    "Measured again, ice-binding proteins protect tardigrades from freezing down to -11 degrees only. "
    "Below that, freezing kills 95% of the tardigrades whatever proteins they have."
)


def record(number: int, title: str, abstract: str, **more: object) -> dict[str, object]:
    return {
        "id": f"2405.9000{number}",
        "title": title,
        "abstract": abstract,
        "authors": ["Ada Lovelace"],
        "categories": ["q-bio.BM"],
        "submitted": "2024-05-06",
    } | more


def load(stack: Stack, folder: Path, name: str, *records: dict[str, object], then: str = "") -> str:
    """Takes preprints into the running site, makes them searchable by meaning, and does what comes `then`.

    All in one process, since starting one is the slowest part. Returns what was printed.
    """
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    commands = ["from django.core.management import call_command"]
    commands += [f"call_command('load_records', {str(path)!r})", "call_command('embed_pending')", then]
    return stack.manage("shell", "--no-imports", "-c", "\n".join(commands))


SWEEP = "call_command('sweep_freshness')"
ADD_CURATOR = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("curator", password={PASSWORD!r})
"""


def answer_again(stack: Stack, page: Page) -> None:
    """A curator has the question answered again, at the desk in admin."""
    page.goto(f"{stack.url}/admin/qa/question/?q=tardigrades")
    page.get_by_label("Username").fill("curator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=QUESTION).click()
    page.get_by_role("button", name="Answer again …").click()
    page.get_by_label("Reason").fill("The authors corrected their thermometer.")
    page.get_by_role("button", name="Answer again").click()
    expect(page.get_by_text("Answer again: 1 question.")).to_be_visible()


def test_page_lives_from_its_question_to_its_second_version(stack, page: Page, tmp_path):
    first = record(1, "Ice-binding proteins and freezing tolerance of tardigrades", FIRST)
    load(stack, tmp_path, "first.jsonl", first, record(2, "How tardigrades survive freezing", SECOND))

    # Ask, wait, read.
    page.goto(stack.url)
    page.get_by_label("Ask a question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible(timeout=ANSWERED)
    address = page.url
    expect(page.locator(".answer")).to_contain_text("keeping ice crystals small")

    # Open a citation's evidence: it is highlighted in the preprint.
    evidence = page.locator(".evidence a", has_text="keeping ice crystals small").first
    sentence = evidence.inner_text()
    evidence.click()
    expect(page.locator(".abstract mark")).to_have_text(sentence)
    source = page.locator(".kicker .identifier").inner_text()

    # The preprint is revised, and the sentence is gone.
    revised = first | {"abstract": REVISED, "version": 2, "updated": "2026-06-01"}
    told = load(stack, tmp_path, "second.jsonl", revised, then=SWEEP + ADD_CURATOR)
    assert "a sentence it rests on is gone" in told
    page.goto(address)
    expect(page.locator(".banner")).to_contain_text(f"{source} was revised on 1 June 2026: a sentence")
    page.locator(".evidence a", has_text="keeping ice crystals small").first.click()
    expect(page.locator(".banner")).to_contain_text("no longer in this abstract")
    assert page.locator(".abstract mark").count() == 0

    # A curator has it answered again; the page changes when version 2 is published.
    answer_again(stack, page)
    page.goto(address)
    expect(present_version(page)).to_have_text("Version 2", timeout=ANSWERED)
    expect(page.locator(".banner")).to_have_count(0)

    # What changed, and why.
    page.get_by_role("link", name="What changed from version to version").click()
    newest = page.locator("section.band").first
    expect(newest).to_contain_text("Made because: The authors corrected their thermometer.")
    expect(newest.locator("del").filter(has_text="keeping ice crystals small")).to_be_visible()
    expect(newest.locator("ins").filter(has_text=re.compile("down to -11 degrees"))).to_be_visible()
    page.get_by_role("link", name="Version 1").click()
    expect(page.locator(".banner").first).to_contain_text("This is version 1")
    page.get_by_role("link", name="The present version").click()
    assert page.url == address

    # Go on with a follow-up.
    follow_up = page.locator(".explore a").first
    words = follow_up.inner_text()
    follow_up.click()
    if "/ask/?q=" in page.url:
        expect(page.get_by_label("Your question")).to_have_value(words)
        page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words, timeout=ANSWERED)


def present_version(page: Page) -> Locator:
    """The present version in the list of versions; the page is loaded anew until the worker is done."""
    for _ in range(60):
        present = page.locator(".versions strong")
        if present.inner_text() != "Version 1":
            break
        page.wait_for_timeout(500)
        page.reload()
    return present
