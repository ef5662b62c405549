"""Without JavaScript: near questions, asking anyway, open questions, versions, reports. Nothing is lost."""

import pytest
from playwright.sync_api import Browser, Page, expect

from qa import publishing
from qa.models import Answer, Question, Report
from qa.nearness import embed_question, keep_vector
from tests.factories import PreprintFactory
from tests.qa.factories import make_answer, make_published_question, make_unanswerable_question

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERED = "How do barren plateaus limit the training of variational quantum circuits?"
REPEATED = "How do barren plateaus limit training of variational quantum circuits?"


@pytest.fixture
def plain_page(browser: Browser):
    """A browser without JavaScript, as wide as a phone."""
    context = browser.new_context(
        java_script_enabled=False, locale="en-GB", viewport={"width": 320, "height": 640}
    )
    yield context.new_page()
    context.close()


def test_near_question_is_offered_and_asked_anyway(live_server, plain_page: Page):
    keep_vector(make_published_question(text=ANSWERED), embed_question(ANSWERED))
    plain_page.goto(f"{live_server.url}/ask/")
    plain_page.get_by_label("Your question").fill(REPEATED)
    plain_page.get_by_role("button", name="Ask").click()

    offered = plain_page.get_by_role("alert").get_by_role("link", name=ANSWERED)
    expect(offered).to_be_visible()
    expect(plain_page.get_by_label("Your question")).to_have_value(REPEATED)
    assert Question.objects.count() == 1
    plain_page.get_by_role("button", name="Ask anyway").click()

    expect(plain_page.get_by_role("heading", level=1)).to_have_text(REPEATED)
    assert Question.objects.get(text=REPEATED).state == "pending"


def test_near_questions_are_listed_while_another_waits(live_server, plain_page: Page):
    keep_vector(make_published_question(text=ANSWERED), embed_question(ANSWERED))
    plain_page.goto(f"{live_server.url}/ask/")
    plain_page.get_by_label("Your question").fill("How do barren plateaus depend on circuit depth?")

    plain_page.get_by_role("button", name="Ask").click()

    near = plain_page.get_by_role("region", name="Answered already, near this")
    expect(near.get_by_role("link", name=ANSWERED)).to_be_visible()


def test_refused_question_stays_in_the_box_with_the_reason_beside_it(live_server, plain_page: Page):
    plain_page.goto(live_server.url)
    plain_page.get_by_label("Ask a question").fill("What about the other one mentioned above?")

    plain_page.get_by_role("button", name="Ask", exact=True).click()

    expect(plain_page.get_by_role("alert")).not_to_be_empty()
    expect(plain_page.get_by_label("Your question")).to_have_value(
        "What about the other one mentioned above?"
    )
    assert not Question.objects.exists()


def test_open_question_is_listed_and_read(live_server, plain_page: Page):
    question = make_unanswerable_question(PreprintFactory.create_batch(2))
    Question.objects.filter(pk=question.pk).update(is_listed=True)
    plain_page.goto(live_server.url)

    plain_page.get_by_role("link", name="Open questions").click()
    plain_page.get_by_role("link", name=question.text).click()

    expect(plain_page.locator("main")).to_contain_text("Not in this archive")
    expect(plain_page.get_by_role("button", name="Ask it again")).to_be_visible()


def test_versions_are_compared(live_server, plain_page: Page):
    question = make_published_question(statements=2)
    newer = make_answer(
        question, state=Answer.State.HELD, statements=3, change_reason="A source was revised."
    )
    publishing.publish(newer)
    plain_page.goto(live_server.url + question.get_absolute_url())

    plain_page.get_by_role("link", name="What changed from version to version").click()

    newest = plain_page.locator("section.band").first
    expect(newest).to_contain_text("Made because: A source was revised.")
    expect(newest.locator("ins").first).to_contain_text("Noise lowers the accuracy of circuit 2")
    plain_page.get_by_role("link", name="Version 1").click()
    expect(plain_page.locator(".banner")).to_contain_text("This is version 1")


def test_problem_with_a_citation_reaches_the_curators(live_server, plain_page: Page):
    question = make_published_question()
    plain_page.goto(live_server.url + question.get_absolute_url())
    plain_page.get_by_role("link", name="Report a problem with this citation").first.click()
    plain_page.get_by_role("button", name="Send").click()
    assert not Report.objects.exists()

    plain_page.get_by_label("What is wrong?").fill("The sentence is about another circuit.")
    plain_page.locator("input[type=radio]").first.check()
    plain_page.get_by_role("button", name="Send").click()

    expect(plain_page.get_by_role("heading", level=1)).to_have_text("Thank you")
    report = Report.objects.get()
    assert (report.question, report.text) == (question, "The sentence is about another circuit.")
    assert report.citation is not None
