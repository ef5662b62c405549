"""The curators' desk works in a real browser under the site's own content security policy."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from tests.factories import EmbeddingFactory
from tests.qa.factories import make_held_question, make_published_question

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a-long-password-9"


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser refused or stumbled over; empty at the end of every test."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    yield heard
    assert heard == []


@pytest.fixture
def desk(live_server, page: Page, complaints, django_user_model) -> Page:
    """A page of a curator who has just logged in."""
    django_user_model.objects.create_superuser("grace", password=PASSWORD)
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("Username").fill("grace")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Curators' desk")).to_be_visible()
    return page


def test_held_answer_is_read_and_published(desk):
    question = make_held_question()
    desk.get_by_role("link", name="Answers", exact=True).first.click()
    desk.get_by_role("link", name=question.text).click()
    expect(desk.get_by_text("A number differs from its source.").first).to_be_visible()
    expect(desk.locator(".answer-preview")).to_contain_text("Noise lowers the accuracy of circuit 0")
    desk.get_by_role("button", name="Publish …").click()
    desk.get_by_role("button", name="Publish").click()
    expect(desk.get_by_text("Publish: 1 answer.")).to_be_visible()
    question.refresh_from_db()
    assert question.state == "published"


def test_question_is_merged_by_looking_its_target_up(desk, live_server):
    question = make_held_question()
    target = make_published_question(text="How do surface codes protect a memory?")
    desk.goto(f"{live_server.url}/admin/qa/question/")
    desk.get_by_role("row", name=question.text).get_by_role("checkbox").check()
    desk.get_by_label("Action:").select_option("merge")
    desk.get_by_role("button", name="Run").or_(desk.get_by_role("button", name="Go")).click()
    desk.locator(".select2-selection").click()
    desk.locator(".select2-search__field").fill("surface")
    desk.get_by_role("option", name=target.text).click()
    desk.get_by_role("button", name="Merge").click()
    expect(desk.get_by_text("Merge: 1 question.")).to_be_visible()
    question.refresh_from_db()
    assert question.merged_into == target


def test_token_is_made_shown_once_and_revoked(desk, live_server):
    desk.get_by_role("link", name="API tokens", exact=True).first.click()
    desk.get_by_role("link", name="Add API token").first.click()
    desk.get_by_label("Label").fill("nightly export")
    desk.get_by_label("curate").check()
    desk.get_by_role("button", name="Save", exact=True).click()
    secret = desk.locator("#token").inner_text()
    reading = {"headers": {"Authorization": f"Bearer {secret}"}}
    questions = f"{live_server.url}/api/v1/questions/"
    assert desk.request.get(questions, **reading).status == 200
    desk.get_by_role("link", name="I have copied it").click()
    desk.get_by_role("link", name="nightly export").click()
    expect(desk.get_by_text("read, ask, curate")).to_be_visible()
    assert secret not in desk.content()
    desk.get_by_role("button", name="Revoke …").click()
    desk.get_by_role("button", name="Revoke").click()
    expect(desk.get_by_text("Revoke: 1 API token.")).to_be_visible()
    assert desk.request.get(questions, **reading).status == 401


def test_archive_is_browsed_by_date_filter_and_search(desk, live_server):
    preprint = EmbeddingFactory(preprint__title="Surface codes for memories").preprint
    desk.goto(f"{live_server.url}/admin/archive/preprint/?embedding=done")
    desk.locator("#searchbar").fill("surface codes")
    desk.keyboard.press("Enter")
    desk.get_by_role("link", name=preprint.identifier).click()
    expect(desk.get_by_text("local/all-MiniLM-L6-v2").first).to_be_visible()


def test_curator_gets_an_account_in_a_group(desk, live_server, django_user_model):
    desk.goto(f"{live_server.url}/admin/auth/group/add/")
    desk.get_by_label("Name:").fill("Curators")
    desk.get_by_role("combobox", name="Filter").or_(desk.get_by_placeholder("Filter")).first.fill(
        "change answer"
    )
    desk.locator("#id_permissions_from option", has_text="Can change answer").first.dblclick()
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("was added successfully")).to_be_visible()
    assert Group.objects.get(name="Curators").permissions.get().codename == "change_answer"
    for address in ("auth/user/add/", "archive/category/add/", "password_change/"):
        desk.goto(f"{live_server.url}/admin/{address}")
        expect(desk.get_by_role("heading", level=1).last).to_be_visible()
