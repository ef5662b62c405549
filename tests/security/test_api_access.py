"""Who may do what over the API: every operation of the schema, by everybody who could send it."""

import json

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from qa.models import Answer, Question, Token
from qa.tokens import equip_token
from tests.factories import PreprintFactory
from tests.qa.factories import make_answer, make_held_question, make_published_question

pytestmark = pytest.mark.django_db

# What each asker gets, by what an operation needs. A closed door is the same for all operations behind it.
EXPECTED = {
    "anonymous": {"read": "open", "ask": "open", "curate": 401},
    "reader": {"read": "open", "ask": 403, "curate": 403},
    "asker": {"read": 403, "ask": "open", "curate": 403},
    "curator": {"read": 403, "ask": 403, "curate": "open"},
    "owner_of_nothing": {"read": 403, "ask": 403, "curate": 403},  # the scope, but no permission in admin
    "revoked": {"read": 401, "ask": 401, "curate": 401},
}
CURATORS = ("publish/", "retract/", "reanswer/", "merge/")


def needs(path: str, method: str) -> str:
    if method == "get":
        return "read"
    return "curate" if path.endswith(CURATORS) else "ask"


@pytest.fixture
def askers(django_user_model) -> dict[str, dict[str, str]]:
    """The headers that each of them sends."""
    admin = django_user_model.objects.create_superuser("grace")
    nobody = django_user_model.objects.create_user("nobody", is_staff=True)
    scopes = {"reader": "read", "asker": "ask", "curator": "curate", "owner_of_nothing": "curate"}
    headers: dict[str, dict[str, str]] = {"anonymous": {}}
    for name in (*scopes, "revoked"):
        wanted = [scopes[name]] if name in scopes else Token.Scope.values
        token = Token(label=name, owner=nobody if name == "owner_of_nothing" else admin, scopes=wanted)
        token.revoked_at = timezone.now() if name == "revoked" else None
        equip_token(token)
        token.save()
        headers[name] = {"Authorization": f"Bearer {token.secret}"}
    return headers


def test_every_operation_is_open_to_whom_it_is_meant_for(askers):
    schema = SchemaGenerator().get_schema(request=None, public=True)
    question, preprint = make_published_question(), PreprintFactory()
    held = make_answer(question, state=Answer.State.HELD)
    tried = 0
    for path, operations in schema["paths"].items():
        address = path.format(slug=question.slug, version=1, identifier=preprint.identifier)
        for method, operation in operations.items():
            needed = needs(path, method)
            assert ({} in operation["security"]) == (needed != "curate"), path
            for name, headers in askers.items():
                response = send(method, address, headers)
                expected = EXPECTED[name][needed]
                is_closed = response.status_code in (401, 403)
                assert is_closed == (expected != "open"), (name, method, path, response.status_code)
                assert not is_closed or response.status_code == expected, (name, method, path)
                assert response.status_code < 500
                tried += 1
    assert tried > 100
    held.refresh_from_db()
    question.refresh_from_db()
    assert (held.state, question.state) == ("held", "published")


def send(method: str, address: str, headers: dict[str, str]):
    """With a body that no operation can use: whoever is let in gets as far as that."""
    client = Client(headers=headers)
    if method == "get":
        return client.get(address)
    return client.post(address, json.dumps({"version": 0}), content_type="application/json")


def test_curators_token_reads_nothing_that_is_not_public(askers):
    Token.objects.filter(label="curator").update(scopes=["read", "ask", "curate"])
    client = Client(headers=askers["curator"])
    question = make_held_question()
    assert client.get(f"/api/v1/questions/{question.slug}/").json()["answer"] is None
    assert client.get(f"/api/v1/questions/{question.slug}/answers/").json() == []
    assert client.get(f"/api/v1/questions/{question.slug}/answers/1/").status_code == 404
    assert client.get("/api/v1/questions/?state=held").status_code == 400
    assert Question.objects.get().slug not in client.get("/api/v1/questions/").content.decode()


def test_session_of_admin_opens_nothing_here(admin_client):
    question = make_published_question()
    response = admin_client.post(f"/api/v1/questions/{question.slug}/retract/", {"reason": "No."})
    assert response.status_code == 401
    question.refresh_from_db()
    assert question.state == "published"
