"""The OpenAPI schema tells the truth about the API, and its documentation works under the site's policy."""

import re

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from tests.qa.factories import make_published_question


def test_schema_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", tmp_path / "schema.yaml")


@pytest.mark.django_db
def test_schema_is_served(client):
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    schema = response.json()
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        "/api/v1/export/answers.jsonl",
        "/api/v1/export/preprints.jsonl",
        "/api/v1/preprints/",
        "/api/v1/preprints/{identifier}/",
        "/api/v1/preprints/{identifier}/questions/",
        "/api/v1/preprints/{identifier}/similar/",
        "/api/v1/questions/",
        "/api/v1/questions/{slug}/",
        "/api/v1/questions/{slug}/answers/",
        "/api/v1/questions/{slug}/answers/{version}/",
        "/api/v1/questions/suggestions/",
        "/api/v1/questions/{slug}/merge/",
        "/api/v1/questions/{slug}/publish/",
        "/api/v1/questions/{slug}/reanswer/",
        "/api/v1/questions/{slug}/reports/",
        "/api/v1/questions/{slug}/retract/",
        "/api/v1/questions/{slug}/status/",
        "/api/v1/search/",
    }


def test_every_operation_documents_its_problems_and_says_what_it_does():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            done = [one for status, one in operation["responses"].items() if status < "300"]
            assert all(set(one["headers"]) == {"RateLimit", "RateLimit-Policy"} for one in done), path
            assert "application/problem+json" in operation["responses"]["default"]["content"], (path, method)
            assert operation["summary"], (path, method)


@pytest.mark.django_db
def test_question_has_exactly_the_fields_of_the_schema(client):
    schema = SchemaGenerator().get_schema(request=None, public=True)["components"]["schemas"]
    question = make_published_question()
    shown = client.get(f"/api/v1/questions/{question.slug}/").json()
    assert set(shown) == set(schema["Question"]["properties"])
    assert set(shown["answer"]) == set(schema["Answer"]["properties"])
    citation = shown["answer"]["statements"][0]["citations"][0]
    assert set(citation) == set(schema["Citation"]["properties"])


@pytest.mark.django_db(transaction=True)
def test_documentation_works_under_the_content_security_policy(live_server, page):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/api/")
    page.get_by_text("Ask a question").wait_for()
    assert page.locator(".opblock").count() == 19
    page.get_by_text("Search preprints").click()
    page.get_by_text(re.compile("Calibrated, 0 to 1")).or_(page.get_by_text("Try it out")).first.wait_for()
    assert complaints == []


def test_documentation_has_a_guide_that_needs_no_script(client):
    page = BeautifulSoup(client.get("/api/").content, "html.parser")

    assert [heading.get_text() for heading in page.find_all("h1")] == ["REST API"]
    assert page.select_one("a.skip")["href"] == "#main"
    guide = page.select_one("#main details")
    assert "Ask, wait, read" in [heading.get_text() for heading in guide.find_all("h2")]
    assert "/questions/{slug}/status/" in guide.get_text()
    assert any("precondition_failed" in table.get_text() for table in guide.find_all("table"))
    assert page.select_one('noscript a[href="/api/schema/"]')


@pytest.mark.django_db(transaction=True)
def test_documentation_is_dark_where_the_reader_is(live_server, page):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{live_server.url}/api/")
    page.get_by_text("Ask a question").wait_for()
    colour = "getComputedStyle(document.querySelector(name)).backgroundColor"
    lightness = f"(name) => {colour}.match(/[0-9]+/g).map(Number)"
    assert max(page.evaluate(lightness, "body")[:3]) < 60
    ink = page.evaluate(lightness.replace("backgroundColor", "color"), ".opblock-summary-description")
    assert min(ink[:3]) > 120
