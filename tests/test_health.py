"""/healthz and /readyz of a running site, with everything well and with services away."""

import pytest
from django.urls import reverse

from qa.models import Question
from tests.stack import wait_until


@pytest.fixture
def ready(client, db):
    return lambda: client.get(reverse("readyz")).json()


def test_healthz_asks_nobody(client):
    response = client.get(reverse("healthz"))
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response["Cache-Control"]


def test_healthz_takes_only_reading_methods(client):
    assert client.post(reverse("healthz")).status_code == 405


def test_readyz_of_a_site_at_rest(ready):
    body = ready()
    assert body["ready"] is True
    assert body["degraded"] == ["dispatcher"]  # which the tests' own process has not
    assert body["checks"]["answering"] | {"milliseconds": 0} == {
        "ok": True,
        "open": 0,
        "overdue": 0,
        "milliseconds": 0,
    }


def test_readyz_names_runs_that_nobody_picks_up(ready):
    question = Question.objects.create(text="Does the dispatcher run?", text_key="0" * 64)
    question.runs.create()
    question.runs.update(next_try_at="2026-01-01T00:00Z")
    body = ready()
    assert body["degraded"] == ["answering", "dispatcher"]
    assert body["checks"]["answering"]["overdue"] == 1


def test_running_site_is_ready_and_has_embedded_its_starter_archive(stack):
    status, _, body = stack.get("/readyz")
    assert (status, body["ready"]) == (200, True)
    assert body["checks"]["embeddings"]["preprints"] >= 40
    assert body["checks"]["embeddings"]["ok"] is True


def test_readyz_without_valkey_is_degraded_and_without_database_not_ready(stack):
    stack.services.valkey.kill()
    try:
        status, _, body = stack.get("/readyz")
        assert (status, body["degraded"]) == (200, ["valkey"])
    finally:
        stack.services.valkey.start()
    stack.services.postgres.kill()
    try:
        assert wait_until(lambda: stack.get("/readyz"), what="an answer")[0] == 503
        assert stack.get("/healthz")[0] == 200
    finally:
        stack.services.postgres.start()
    wait_until(lambda: stack.get("/readyz")[2].get("degraded") == [], what="a site that is well again")


def test_browser_reaches_the_site_and_nobody_else(stack, page, foreign_requests):
    page.goto(f"{stack.url}/")
    page.evaluate("fetch('https://example.org/').catch(() => null)")
    assert page.title()
    assert foreign_requests in ([], ["https://example.org/"])  # the page's own policy may stop it first
