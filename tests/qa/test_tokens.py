"""Tokens of the API: what each opens and for how long, and that none of them is kept or told to anybody."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from qa.models import AskQuota, Question, Report, Token
from qa.tokens import equip_token
from tests.factories import PreprintFactory
from tests.qa.factories import make_published_question

pytestmark = pytest.mark.django_db

QUESTIONS, TOKENS = "/api/v1/questions/", "/admin/qa/token/"
PROBLEM = "application/problem+json"


@pytest.fixture
def make_token(django_user_model):
    """Makes a token of an account, which is new unless it is given."""

    def make(*scopes: str, owner=None, **fields) -> Token:
        owner = owner or django_user_model.objects.create_user(f"owner{Token.objects.count()}")
        token = Token(label="nightly export", owner=owner, scopes=list(scopes or ("read", "ask")), **fields)
        equip_token(token)
        token.save()
        return token

    return make


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def ask(client: Client, text: str, headers: dict[str, str] | None = None, **extra):
    body = json.dumps({"text": text})
    return client.post(QUESTIONS, body, content_type="application/json", headers=headers, **extra)


def tables_with(text: str) -> list[str]:
    """The tables of the database that have this text in some row."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE to_jsonb(t)::text LIKE %s', [f"%{text}%"]
            )
            found += [table] if cursor.fetchone() != (0,) else []
    return found


def test_token_is_made_in_admin_shown_once_and_kept_by_its_digest_only(admin_client, admin_user, client):
    form = {"label": "nightly export", "scopes": ["read", "ask"], "expires_on": ""}
    page = admin_client.post(f"{TOKENS}add/", form)
    [secret] = re.findall(r"ag_[A-Za-z0-9_-]{43}", page.content.decode())
    token = Token.objects.get()
    assert "no-store" in page["Cache-Control"]
    assert (token.owner, token.scopes, token.begins) == (admin_user, ["read", "ask"], secret[:9])
    assert client.get(QUESTIONS, headers=bearer(secret)).status_code == 200
    token.refresh_from_db()
    assert token.last_used_on == timezone.localdate()
    assert tables_with(secret) == []
    for address in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/history/"):
        shown = admin_client.get(address).content.decode()
        assert "nightly export" in shown
        assert secret not in shown
        assert token.digest not in shown


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"label": "", "scopes": ["read"]}, "label"),
        ({"label": "a", "scopes": []}, "scopes"),
        ({"label": "a", "scopes": ["root"]}, "scopes"),
        ({"label": "a", "scopes": ["read"], "expires_on": "soon"}, "expires_on"),
        ({"label": "a", "scopes": ["read"], "expires_on": "2020-01-01"}, "expires_on"),
    ],
)
def test_token_that_makes_no_sense_is_not_made(admin_client, form, field):
    page = admin_client.post(f"{TOKENS}add/", form)
    assert field in page.context["adminform"].form.errors
    assert not Token.objects.exists()


def test_who_may_see_tokens_may_neither_make_nor_revoke_them(client, django_user_model, make_token):
    token = make_token()
    user = django_user_model.objects.create_user("reader", password="a-long-password-9", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_token"))
    client.force_login(user)
    assert client.get(TOKENS).status_code == 200
    assert client.post(f"{TOKENS}add/", {"label": "mine", "scopes": ["read"]}).status_code == 403
    client.post(TOKENS, {"action": "revoke", "_selected_action": [token.pk], "confirmed": "yes"})
    assert client.get(QUESTIONS, headers=bearer(token.secret)).status_code == 200
    assert Token.objects.count() == 1


def test_revoked_token_opens_nothing_and_its_history_says_who_revoked_it(
    admin_client, admin_user, make_token
):
    token = make_token()
    revoke = {"action": "revoke", "_selected_action": [token.pk], "confirmed": "yes"}
    admin_client.post(TOKENS, revoke)
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (admin_user, str(token.pk), "Revoke")
    token.refresh_from_db()
    revoked_at = token.revoked_at
    assert token.state == "revoked"
    assert Client().get(QUESTIONS, headers=bearer(token.secret)).status_code == 401
    admin_client.post(TOKENS, revoke)
    token.refresh_from_db()
    assert token.revoked_at == revoked_at


@pytest.mark.parametrize(
    "trouble",
    ["wrong", "cut", "empty", "long", "other_scheme_of_letters", "revoked", "expired", "account_closed"],
)
def test_token_that_is_not_good_is_a_401_problem_for_reading_and_asking(client, make_token, trouble):
    PreprintFactory()
    token = make_token()
    secret = {
        "wrong": "ag_" + "A" * 43,
        "cut": token.secret[:-1],
        "empty": "",
        "long": "ag_" + "A" * 4_000,
        "other_scheme_of_letters": "grün\x00",
    }.get(trouble, token.secret)
    changes = {
        "revoked": {"revoked_at": timezone.now()},
        "expired": {"expires_on": timezone.localdate() - timedelta(days=1)},
    }.get(trouble)
    if changes:
        Token.objects.filter(pk=token.pk).update(**changes)
    if trouble == "account_closed":
        token.owner.is_active = False
        token.owner.save()
    for response in (
        client.get(QUESTIONS, headers=bearer(secret)),
        ask(client, "How does dephasing limit quantum circuits?", bearer(secret)),
    ):
        assert (response.status_code, response["Content-Type"]) == (401, PROBLEM)
        assert response["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
        assert response.json()["code"] == "invalid_token"
    assert not Question.objects.exists()


def test_token_works_on_the_last_day_it_was_given(client, make_token):
    token = make_token(expires_on=timezone.localdate())
    assert client.get(QUESTIONS, headers=bearer(token.secret)).status_code == 200


@pytest.mark.parametrize("header", ["Basic Z3JhY2U6c2VjcmV0", "Digest x", "", "Bearerag_x"])
def test_what_another_scheme_carries_is_no_token(client, header):
    assert client.get(QUESTIONS, headers={"Authorization": header}).status_code == 200


def test_scope_that_is_missing_is_a_403_problem(client, make_token):
    PreprintFactory()
    question = make_published_question()
    reading, asking = make_token("read"), make_token("ask")
    report = json.dumps({"kind": "helpful"})
    to_report = {"path": f"{QUESTIONS}{question.slug}/reports/", "data": report}
    refused = [
        (ask(client, "How does dephasing limit quantum circuits?", bearer(reading.secret)), "ask"),
        (client.post(**to_report, content_type="application/json", headers=bearer(reading.secret)), "ask"),
        (client.get(QUESTIONS, headers=bearer(asking.secret)), "read"),
        (client.get("/api/v1/export/answers.jsonl", headers=bearer(asking.secret)), "read"),
    ]
    for response, scope in refused:
        assert (response.status_code, response["Content-Type"]) == (403, PROBLEM)
        assert response.json()["code"] == "insufficient_scope"
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{scope}"'
        assert response["WWW-Authenticate"] == challenge
    assert (Question.objects.count(), Report.objects.count()) == (1, 0)
    assert ask(client, "How does dephasing limit circuits?", bearer(asking.secret)).status_code == 202
    again = client.post(**to_report, content_type="application/json", headers=bearer(asking.secret))
    assert again.status_code == 201


def test_token_has_its_own_larger_quota_wherever_it_is_used(client, settings, make_token):
    PreprintFactory()
    settings.ASK_QUOTA_PER_HOUR, settings.TOKEN_ASK_QUOTA_PER_HOUR = 1, 3
    token = make_token()
    texts = [f"How does noise of kind {number} limit quantum circuits?" for number in range(5)]
    addresses = ["192.0.2.1", "192.0.2.1", "198.51.100.7"]
    for text, address in zip(texts, addresses, strict=False):
        assert ask(client, text, bearer(token.secret), REMOTE_ADDR=address).status_code == 202
    refused = ask(client, texts[3], bearer(token.secret), REMOTE_ADDR="203.0.113.9")
    assert (refused.status_code, refused.json()["code"]) == (429, "quota")
    assert "3 new questions in one hour" in refused.json()["detail"]
    assert ask(client, texts[4], REMOTE_ADDR="192.0.2.1").status_code == 202  # the address used none yet
    assert set(AskQuota.objects.values_list("asker", flat=True)) > {f"token-{token.pk}"}


def test_token_is_written_to_no_log(client, make_token, capfd, caplog):
    token = make_token("read")
    for secret in (token.secret, token.secret[:-1] + "x", token.secret[:-1]):
        client.get(QUESTIONS, headers=bearer(secret))
        ask(client, "How does dephasing limit quantum circuits?", bearer(secret))
        client.get("/api/v1/nothing/", headers=bearer(secret))
    heard = "".join(capfd.readouterr()) + caplog.text
    assert "/api/v1/questions/" in heard
    assert token.secret[9:-1] not in heard


def test_account_that_is_deleted_takes_its_tokens_with_it(client, make_token):
    token = make_token()
    token.owner.delete()
    assert client.get(QUESTIONS, headers=bearer(token.secret)).status_code == 401
