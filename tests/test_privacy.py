"""What was made for one visitor is kept by no proxy, whatever its view says."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.cache import patch_vary_headers

from antigravity.privacy import PersonalIsPrivate
from archive.caching import keep_public


def answer(response: HttpResponse) -> str:
    request = RequestFactory().get("/")
    return PersonalIsPrivate(lambda _: response)(request).headers.get("Cache-Control", "")


def test_public_response_with_a_cookie_becomes_private():
    response = keep_public(HttpResponse())
    response.set_cookie("asked", "k3v9x0q2ab")

    assert answer(response) == "private, no-cache"


def test_public_response_that_depends_on_a_cookie_becomes_private():
    response = keep_public(HttpResponse())
    patch_vary_headers(response, ["Cookie"])

    assert answer(response) == "private, no-cache"


def test_public_response_stays_public():
    assert answer(keep_public(HttpResponse())).startswith("public, ")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/ask/", "/admin/login/"])
def test_pages_with_a_form_are_private(client, address):
    assert "private" in client.get(address)["Cache-Control"]
