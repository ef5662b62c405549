"""Limits of the API: how many requests, by whom, and what the RateLimit headers say of them."""

import json
import re

import pytest
from django.conf import settings as site_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from qa import throttling
from qa.models import Token
from qa.tokens import equip_token
from tests.factories import PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db

QUESTIONS = "/api/v1/questions/"
POLICY, LIMIT = "RateLimit-Policy", "RateLimit"


@pytest.fixture(autouse=True)
def _fresh_minute(settings) -> None:
    """Limits that the test sets itself, and nothing counted before it."""
    settings.REQUESTS_PER_MINUTE = 3
    valkey = throttling._valkey()
    for key in valkey.scan_iter("requests:*"):
        valkey.delete(key)


@pytest.fixture
def token(django_user_model) -> Token:
    token = Token(label="nightly export", owner=django_user_model.objects.create_user("grace"))
    token.scopes = ["read", "ask"]
    equip_token(token)
    token.save()
    return token


def left(response) -> dict[str, tuple[int, int]]:
    """What the headers say: by policy, how many are left and for how many seconds."""
    policies = re.findall(r'"([a-z-]+)";q=(\d+);w=(\d+)', response[POLICY])
    limits = re.findall(r'"([a-z-]+)";r=(\d+);t=(\d+)', response[LIMIT])
    assert response[POLICY] == ", ".join(f'"{name}";q={q};w={w}' for name, q, w in policies)
    assert response[LIMIT] == ", ".join(f'"{name}";r={r};t={t}' for name, r, t in limits)
    assert [name for name, *_ in policies] == [name for name, *_ in limits]
    for (_, _, window), (_, _, seconds) in zip(policies, limits, strict=True):
        assert 0 < int(seconds) <= int(window)
    return {
        name: (int(remaining), int(q))
        for (name, q, _), (_, remaining, _) in zip(policies, limits, strict=True)
    }


def read_until_refused(client: Client, address: str, **extra):
    """The response that refuses: a minute may end once while we read."""
    for _ in range(2 * 3 + 1):
        response = client.get(address, **extra)
        if response.status_code == 429:
            return response
    pytest.fail("nothing was refused")


def test_requests_beyond_the_limit_are_refused_until_the_minute_is_over(client):
    make_published_question()
    first = client.get(QUESTIONS)
    assert left(first) == {"requests": (2, 3)}
    again = client.get(QUESTIONS, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert left(again)["requests"][0] in (1, 2)
    refused = read_until_refused(client, "/api/v1/preprints/")
    assert refused["Content-Type"] == "application/problem+json"
    problem = refused.json()
    assert (problem["code"], problem["status"]) == ("too_many_requests", 429)
    assert left(refused) == {"requests": (0, 3)}
    assert refused[LIMIT].endswith(f";t={refused['Retry-After']}")
    assert f"go on in {refused['Retry-After']} seconds" in problem["detail"]


def test_one_who_reads_too_much_hinders_nobody_else(client, token, settings):
    settings.TOKEN_REQUESTS_PER_MINUTE = 50
    read_until_refused(client, QUESTIONS)
    assert client.get(QUESTIONS, REMOTE_ADDR="192.0.2.1").status_code == 200
    with_token = client.get(QUESTIONS, headers={"Authorization": f"Bearer {token.secret}"})
    assert left(with_token) == {"requests": (49, 50)}
    assert client.get("/questions").status_code == 200
    assert LIMIT not in client.get("/questions")


def test_wrong_tokens_are_counted_for_their_address(client):
    wrong = {"Authorization": "Bearer ag_" + "A" * 43}
    first = client.get(QUESTIONS, headers=wrong)
    assert (first.status_code, left(first)) == (401, {"requests": (2, 3)})
    assert read_until_refused(client, QUESTIONS, headers=wrong).json()["code"] == "too_many_requests"


def test_what_is_refused_for_want_of_a_scope_or_permission_is_counted(client, token, settings):
    settings.TOKEN_REQUESTS_PER_MINUTE = 3
    Token.objects.update(scopes=["curate"])
    retract = f"{QUESTIONS}{make_published_question().slug}/retract/"
    bearer = {"Authorization": f"Bearer {token.secret}"}
    lacks_scope = client.get(QUESTIONS, headers=bearer)
    assert (lacks_scope.status_code, left(lacks_scope)) == (403, {"requests": (2, 3)})
    may_not = client.post(retract, headers=bearer)
    assert (may_not.status_code, may_not.json()["code"]) == (403, "owner_may_not")
    assert left(may_not)["requests"][0] in (1, 2)
    assert read_until_refused(client, QUESTIONS, headers=bearer).json()["code"] == "too_many_requests"
    nobody = client.post(retract)
    assert (nobody.status_code, left(nobody)) == (401, {"requests": (2, 3)})


def test_asking_says_what_is_left_of_the_quota(client, settings):
    settings.REQUESTS_PER_MINUTE, settings.ASK_QUOTA_PER_HOUR, settings.ASK_QUOTA_PER_DAY = 100, 2, 9
    PreprintFactory()
    seen = []
    for number in (1, 1, 2, 3):  # the repeat is free
        body = json.dumps({"text": f"How does noise of kind {number} limit quantum circuits?"})
        seen.append(client.post(QUESTIONS, body, content_type="application/json"))
    assert [response.status_code for response in seen] == [202, 200, 202, 429]
    hours = [left(response)["questions-hour"] for response in seen]
    assert hours == [(1, 2), (1, 2), (0, 2), (0, 2)]
    assert [left(response)["questions-day"] for response in seen] == [(8, 9), (8, 9), (7, 9), (7, 9)]
    assert int(seen[-1]["Retry-After"]) > 0


def test_reporting_says_what_is_left_of_the_quota(client, settings):
    settings.REPORT_QUOTA_PER_DAY = 1
    address = f"{QUESTIONS}{make_published_question().slug}/reports/"
    sent = [client.post(address, '{"kind": "helpful"}', content_type="application/json") for _ in range(2)]
    assert [response.status_code for response in sent] == [201, 429]
    assert [left(response)["reports-day"] for response in sent] == [(0, 1), (0, 1)]


def test_while_valkey_is_away_everybody_may_go_on(client, settings):
    throttling._valkey.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        for _ in range(5):
            response = client.get(QUESTIONS)
            assert response.status_code == 200
            assert LIMIT not in response
    finally:
        throttling._valkey.cache_clear()


def test_counting_costs_the_database_nothing(client):
    client.get("/api/v1/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/v1/").status_code == 200
    assert len(queries) == 0


def test_other_origins_may_read_the_limits(client):
    response = client.get(QUESTIONS, headers={"Origin": "https://reader.example"})
    exposed = response["Access-Control-Expose-Headers"].lower()
    assert all(name.lower() in exposed for name in (POLICY, LIMIT, "Retry-After"))


def test_tokens_have_larger_limits_than_addresses():
    assert site_settings.TOKEN_REQUESTS_PER_MINUTE > 600
    assert site_settings.TOKEN_ASK_QUOTA_PER_HOUR > site_settings.ASK_QUOTA_PER_HOUR
    assert site_settings.TOKEN_ASK_QUOTA_PER_DAY > site_settings.ASK_QUOTA_PER_DAY
