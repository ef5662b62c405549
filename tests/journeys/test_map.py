"""The map in a real browser: pointing, zooming, opening, by mouse and by keyboard."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tests.factories import EmbeddingFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def preprints():
    made = [EmbeddingFactory().preprint for _ in range(6)]
    call_command("project_map")
    return made


def test_map_is_moved_and_opened_with_the_keyboard_alone(
    live_server, page: Page, preprints, foreign_requests
):
    page.goto(f"{live_server.url}/map")
    canvas = page.get_by_role("application", name="Map of 6 preprints")
    expect(canvas).to_be_visible()
    expect(canvas).to_have_attribute("data-zoom", "1.00")
    for _ in range(30):
        page.keyboard.press("Tab")
        if canvas.evaluate("canvas => canvas === document.activeElement"):
            break

    page.keyboard.press("+")
    expect(canvas).to_have_attribute("data-zoom", "1.50")
    page.keyboard.press("ArrowLeft")
    said = page.get_by_role("status")
    expect(said).to_contain_text(re.compile(r"Variational circuits .* — AG-2024\.01-\d{3}, quant-ph"))
    identifier = re.search(r"AG-[\d.-]+\d", said.inner_text())[0]
    page.keyboard.press("0")
    expect(canvas).to_have_attribute("data-zoom", "1.00")
    page.keyboard.press("ArrowLeft")
    identifier = re.search(r"AG-[\d.-]+\d", said.inner_text())[0]
    page.keyboard.press("Enter")

    expect(page.locator(".kicker .identifier")).to_have_text(identifier)
    assert foreign_requests == []


def test_preprints_are_reached_with_the_keyboard_where_there_are_questions(
    live_server, page: Page, preprints
):
    make_published_question(preprints=preprints[:1], cited=1)
    page.goto(f"{live_server.url}/map")
    canvas = page.get_by_role("application")
    expect(canvas).to_have_attribute("data-zoom", "1.00")
    page.get_by_role("button", name="All").focus()
    page.keyboard.press("Shift+Tab")
    canvas.focus()
    spoken = set()
    for key in ("+", "+", *["ArrowLeft", "ArrowUp"] * 4, *["ArrowRight", "ArrowDown"] * 8):
        page.keyboard.press(key)
        spoken.add(page.get_by_role("status").inner_text().split(":")[0])

    assert len(spoken - {"", "Question"}) > 1


def test_question_on_the_map_is_named_and_opened_by_mouse(live_server, page: Page, preprints):
    question = make_published_question(preprints=preprints[:1], cited=1)
    page.goto(f"{live_server.url}/map")
    canvas = page.get_by_role("application")
    expect(canvas).to_have_attribute("data-zoom", "1.00")
    link = page.locator("#questions a")
    x, y = (int(link.get_attribute(name)) / 65535 for name in ("data-x", "data-y"))
    box = canvas.bounding_box()
    place = {"x": x * box["width"], "y": y * box["height"]}

    canvas.hover(position=place)
    expect(page.get_by_role("status")).to_have_text(f"Question: {question.text}")
    canvas.click(position=place)

    expect(page.get_by_role("heading", level=1)).to_have_text(question.text)


def test_buttons_zoom_and_dragging_moves(live_server, page: Page, preprints):
    page.goto(f"{live_server.url}/map")
    canvas = page.get_by_role("application")

    page.get_by_role("button", name="Zoom in").click()
    expect(canvas).to_have_attribute("data-zoom", "1.50")
    canvas.hover(position={"x": 50, "y": 50})
    page.mouse.down()
    page.mouse.move(300, 400, steps=4)
    page.mouse.up()

    assert page.url.endswith("/map")
    page.get_by_role("button", name="Show all").click()
    expect(canvas).to_have_attribute("data-zoom", "1.00")
