"""Pages in a real browser: live progress, citation cards, layout at any width. Factories make rows."""

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from qa import publishing
from qa.models import AnswerRun, Question
from tests.factories import PreprintFactory
from tests.qa.factories import (
    EVIDENCE,
    AnswerRunFactory,
    make_answer,
    make_published_question,
    retrieved,
)

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = {"state": AnswerRun.State.RUNNING, "lease_token": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"}


def test_progress_moves_without_reloading_and_ends_on_the_answer(live_server, page: Page):
    run = AnswerRunFactory()
    page.goto(f"{live_server.url}/ask/{run.question.slug}")
    current = page.locator('[aria-current="step"]')
    expect(current).to_contain_text("Waiting for a worker")
    page.evaluate("() => { window.isSamePage = true; }")

    preprints = PreprintFactory.create_batch(2)
    AnswerRun.objects.update(
        **LEASE,
        lease_until=timezone.now(),
        step="reading",
        step_detail=2,
        retrieved=retrieved(preprints),
        attempts=1,
    )

    expect(current).to_contain_text("Reading 2 preprints")
    expect(page.get_by_role("status")).to_contain_text("Reading 2 preprints")
    expect(page.locator(".preprint-item").first).to_contain_text(preprints[0].title)
    assert page.evaluate("() => window.isSamePage")

    AnswerRun.objects.update(
        state="done", outcome="published", finished_at=timezone.now(), lease_token=None, lease_until=None
    )
    answer = make_answer(run.question, preprints=preprints)
    Question.objects.filter(pk=run.question.pk).update(
        state="published", published_answer=answer, published_at=answer.published_at
    )

    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible()
    assert page.url.endswith(f"/ask/{run.question.slug}")


def test_unreachable_site_does_not_end_the_waiting(live_server, page: Page):
    run = AnswerRunFactory()
    page.goto(f"{live_server.url}/ask/{run.question.slug}")
    page.route("**/status", lambda route: route.abort())
    page.wait_for_timeout(1_500)
    page.unroute("**/status")

    AnswerRun.objects.update(**LEASE, lease_until=timezone.now(), step="writing")

    expect(page.locator('[aria-current="step"]')).to_contain_text("Writing the answer", timeout=20_000)


def test_rejected_question_ends_the_waiting(live_server, page: Page):
    question = AnswerRunFactory().question
    page.goto(live_server.url + question.get_absolute_url())

    publishing.reject(question, "It names a private person.")

    expect(page.get_by_role("heading", name="Nothing at this address")).to_be_visible()


def test_card_shows_the_evidence_of_this_claim_on_hover(live_server, page: Page):
    question = make_published_question(cited=2)
    page.goto(f"{live_server.url}/ask/{question.slug}")
    marker, card = page.locator(".marker a").nth(1), page.get_by_role("tooltip")
    expect(card).to_be_hidden()

    marker.hover()

    expect(card).to_contain_text(marker.inner_text())
    expect(card).to_contain_text(EVIDENCE)
    expect(card).to_contain_text("The answer rests on")
    card.hover()
    page.wait_for_timeout(500)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_printed_answer_keeps_its_text_and_loses_its_controls(live_server, page: Page):
    question = make_published_question()
    page.goto(f"{live_server.url}/ask/{question.slug}")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator("#made ~ details dl")).to_be_visible()
    for control in (".find", ".masthead nav", ".colophon", "button[data-copy]"):
        expect(page.locator(control)).to_be_hidden()


def test_pages_log_no_error_and_ask_nobody_else(live_server, page: Page, foreign_requests):
    question = make_published_question()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    for address in ("/", "/ask/", "/about", "/recent", question.get_absolute_url()):
        page.goto(live_server.url + address)

    assert complaints == []
    assert foreign_requests == []


@pytest.mark.parametrize("kind", ["css", "js"])
def test_styles_and_scripts_of_the_whole_site_stay_small(kind):
    files = list(Path(settings.BASE_DIR, "static", kind).glob(f"*.{kind}"))

    assert {"site"} <= {path.stem for path in files}
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 15_000


def test_answer_page_is_light(client):
    question = make_published_question(preprints=PreprintFactory.create_batch(8), cited=8, statements=12)

    assert len(client.get(question.get_absolute_url()).content) <= 60_000
