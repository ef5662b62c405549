"""What holds for every address under /api/: problems as documents, ETags, who may read from where."""

import json
from urllib.parse import quote

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client, RequestFactory
from psycopg_pool import PoolTimeout

from antigravity.api import server_error
from antigravity.programs import web_command
from antigravity.wsgi import application
from tests.factories import PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"


def assert_problem(response, status: int, code: str) -> None:
    assert response.status_code == status
    assert response["Content-Type"] == PROBLEM
    body = response.json()
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["title"]
    assert body["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v2/",
        "/api/v1/papers/",
        "/api/nothing",
        "/api/v1/questions/%00/",
        "/api/%0A",
        "/api/v1/papers/%0a%0d/",
        "/api/v1/questions/SHOUTINGLY/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_unknown_address_is_a_404_problem(client, address, method):
    assert_problem(getattr(client, method)(address), 404, "not_found")


def test_unknown_address_asks_for_no_csrf_token():
    assert_problem(Client(enforce_csrf_checks=True).post("/api/v1/papers/"), 404, "not_found")


def test_request_that_django_refuses_is_a_400_problem(client):
    assert_problem(client.get("/api/v1/preprints/", headers={"Host": "evil.example"}), 400, "bad_request")


def test_fault_of_the_site_is_a_500_problem_without_its_cause(client):
    def break_down(execute, sql, params, many, context):
        raise RuntimeError("secret inside")

    client.raise_request_exception = False
    with connection.execute_wrapper(break_down):
        response = client.get("/api/v1/preprints/")
    assert_problem(response, 500, "server_error")
    assert b"secret" not in response.content


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("delete", "/api/v1/questions/"),
        ("put", "/api/v1/questions/abcdefghij/"),
        ("post", "/api/v1/preprints/"),
        ("post", "/api/v1/search/"),
        ("patch", "/api/v1/preprints/AG-2024.01-001/"),
    ],
)
def test_method_that_is_not_offered_is_a_405_problem(client, method, address):
    response = getattr(client, method)(address)
    assert_problem(response, 405, "method_not_allowed")
    assert response["Allow"]


def test_format_that_is_not_offered_is_a_406_problem(client):
    assert_problem(
        client.get("/api/v1/preprints/", headers={"Accept": "application/xml"}), 406, "not_acceptable"
    )


def test_export_may_be_asked_for_by_its_own_type(client):
    response = client.get("/api/v1/export/answers.jsonl", headers={"Accept": "application/jsonl"})
    assert (response.status_code, response["Content-Type"]) == (200, "application/jsonl")
    assert_problem(
        client.get("/api/v1/export/answers.jsonl", headers={"Accept": "application/xml"}),
        406,
        "not_acceptable",
    )


@pytest.mark.parametrize(
    "condition", [{"If-Match": '"other"'}, {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}]
)
@pytest.mark.parametrize(
    "address",
    ["/api/v1/", "/api/v1/preprints/", "/api/v1/export/answers.jsonl", "/api/v1/questions/suggestions/?q=a"],
)
def test_condition_that_fails_is_a_412_problem(client, condition, address):
    response = client.get(address, headers=condition)
    if "Last-Modified" in client.get(address) or "If-Match" in condition:
        assert_problem(response, 412, "precondition_failed")


@pytest.mark.parametrize("method", ["get", "post"])
def test_address_without_its_slash_is_redirected_with_its_method(client, method):
    response = getattr(client, method)("/api/v1/questions?limit=3")
    assert response.status_code == 308
    assert response["Location"] == "/api/v1/questions/?limit=3"


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/",
        "/api/v1/preprints/",
        "/api/v1/preprints/AG-2024.01-1576/",
        "/api/v1/questions/",
        "question",
    ],
)
def test_reading_again_costs_a_304(client, address):
    PreprintFactory(identifier="AG-2024.01-1576")
    question = make_published_question()
    address = (
        address.replace("question", f"/api/v1/questions/{question.slug}/") if "/" not in address else address
    )
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert again.content == b""


def test_any_origin_may_read_without_credentials(client):
    response = client.get("/api/v1/preprints/", headers={"Origin": "https://reader.example"})
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert "etag" in response["Access-Control-Expose-Headers"].lower()


def test_no_foreign_page_may_ask_through_its_visitors(client):
    preflight = client.options(
        "/api/v1/questions/",
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert "POST" not in preflight["Access-Control-Allow-Methods"]


def test_page_of_another_origin_may_wait_for_news(client):
    preflight = client.options(
        "/api/v1/questions/",
        headers={
            "Origin": "https://reader.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert "if-none-match" in preflight["Access-Control-Allow-Headers"]


def test_pages_for_people_are_not_readable_from_other_origins(client):
    response = client.get("/admin/login/", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.parametrize(
    "error",
    [OperationalError, InterfaceError, PoolTimeout, psycopg.InterfaceError],
    ids=lambda one: one.__module__,
)
def test_database_that_is_away_is_a_503_problem(client, error):
    def refuse(execute, sql, params, many, context):
        raise error("the connection is closed")

    client.raise_request_exception = False
    for address in ("preprints/", "questions/", "export/answers.jsonl", "export/preprints.jsonl"):
        with connection.execute_wrapper(refuse):
            response = client.get(f"/api/v1/{address}")
        assert_problem(response, 503, "unavailable")
        assert int(response["Retry-After"]) > 0


def test_database_that_is_away_outside_of_a_view_is_a_503_problem(rf):
    try:
        raise PoolTimeout("no connection within 10 s")
    except PoolTimeout:
        response = server_error(rf.get("/api/v1/questions/"))
        page = server_error(rf.get("/ask/"))
    response.json = lambda: json.loads(response.content)
    assert_problem(response, 503, "unavailable")
    assert int(response["Retry-After"]) > 0
    assert (page.status_code, int(page["Retry-After"]) > 0) == (503, True)


@pytest.mark.parametrize(
    "charset", ["zlib", "rot13", "bz2", "undefined", "punycode", "idna", "nonsense", "", "latin-1"]
)
def test_charset_that_is_none_breaks_nothing(charset):
    started = []
    environ = RequestFactory().get("/healthz?q=noise").environ
    environ["CONTENT_TYPE"] = f"text/plain; charset={charset}"
    list(application(environ, lambda status, headers: started.append(status)))
    assert started == ["200 OK"]


def test_addresses_are_on_the_canonical_host_whatever_host_was_asked(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://answers.example.org"
    PreprintFactory.create_batch(2)
    old = PreprintFactory(source_id="quant-ph/9705052")
    api = "https://answers.example.org/api/v1"

    root = client.get("/api/v1/", headers={"Host": "other.example"}).json()
    page = client.get("/api/v1/preprints/?limit=1", headers={"Host": "other.example"}).json()
    moved = client.get("/api/v1/preprints/quant-ph/9705052/", headers={"Host": "other.example"})

    assert (root["preprints"], root["questions"]) == (f"{api}/preprints/", f"{api}/questions/")
    assert page["next"].startswith(f"{api}/preprints/?cursor=")
    assert moved["Location"] == f"{api}/preprints/{old.identifier}/"


def test_no_word_of_a_request_can_break_an_error(client):
    body = json.dumps({"text": 7, "\ud800": "\ud800\x00"})
    assert_problem(client.post("/api/v1/questions/", body, content_type="application/json"), 400, "invalid")


def test_longest_search_fits_into_what_the_web_server_reads(client):
    address = f"/api/v1/search/?q={quote('🙂' * 500)}&mode=text"
    assert client.get(address).status_code == 200
    command = web_command(host="127.0.0.1", port=8000)
    assert len(f"GET {address} HTTP/1.1") < int(command[command.index("--limit-request-line") + 1])
