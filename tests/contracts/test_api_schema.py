"""The OpenAPI schema tells the truth about the API, and its documentation all of it."""

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


@pytest.fixture
def documentation(client, db) -> BeautifulSoup:
    return BeautifulSoup(client.get("/api/").content, "html.parser")


def test_documentation_has_every_operation_with_what_it_takes_and_answers(documentation):
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            shown = documentation.find(id=operation["operationId"])
            words = " ".join(shown.get_text().split())
            assert f"{method.upper()} {path}" in words
            assert {one.get_text() for one in shown.select("th[scope=row]")} == {
                parameter["name"] for parameter in operation.get("parameters", [])
            }
            assert [one.get_text() for one in shown.select(".replies dt")] == [
                status for status in operation["responses"] if status != "default"
            ]
    ask = documentation.find(id="questions_create")
    assert "`" not in ask.get_text()  # its Markdown is rendered
    assert "needs a token" not in ask.get_text()
    assert "needs a token" in documentation.find(id="questions_retract_create").get_text()
    search = documentation.find(id="search")
    assert "hybrid, text, vector" in " ".join(search.get_text().split())


def test_documentation_describes_the_objects_that_it_leads_to(documentation):
    places = {place["id"] for place in documentation.find_all(id=True)}
    leads = {link["href"][1:] for link in documentation.select('main a[href^="#"]')}
    assert leads <= places
    answer = documentation.find(id="shape-Answer")
    [statements] = [row for row in answer.select("tr") if row.th.get_text(strip=True) == "statements"]
    assert " ".join(statements.td.get_text().split()) == "list of Statement"
    verdicts = documentation.find(id="shape-CitationVerdict").get_text()
    assert "supported, weak, unsupported, contradicted" in " ".join(verdicts.split())


def test_documentation_has_a_guide_and_needs_no_script(documentation):
    assert [heading.get_text() for heading in documentation.find_all("h1")] == ["REST API"]
    guide = documentation.select_one("#guide")
    assert "Ask, wait, read" in [heading.get_text() for heading in guide.find_all("h2")]
    assert "/questions/{slug}/status/" in guide.get_text()
    assert any("precondition_failed" in table.get_text() for table in guide.find_all("table"))
