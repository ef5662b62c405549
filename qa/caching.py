"""Pages that nobody else may keep, and the names by which a proxy drops the others."""

from collections.abc import Iterable
from typing import TypeVar

from django.http import HttpResponse
from django.utils.cache import patch_cache_control

Response = TypeVar("Response", bound=HttpResponse)


def keep_private(response: HttpResponse) -> HttpResponse:
    """For pages known by their address only: not stored by proxies, not indexed."""
    patch_cache_control(response, private=True, no_cache=True)
    response["X-Robots-Tag"] = "noindex"
    return response


def tag(response: Response, *, questions: Iterable[str] = (), preprints: Iterable[str] = ()) -> Response:
    """Names the questions (slugs) and preprints (identifiers) in it, for proxies that purge by name."""
    names = [f"question-{slug}" for slug in questions] + [f"preprint-{one}" for one in preprints]
    response["Cache-Tag"] = ",".join(names)  # as Cloudflare, Akamai and Varnish modules read it
    response["Surrogate-Key"] = " ".join(names)  # as Fastly reads it
    return response
