"""How long others may keep a page, by what they may drop it, and what search engines may do with it."""

from collections.abc import Iterable
from typing import TypeVar

from django.http import HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

SHARED_SECONDS = 60  # a proxy may serve a published page this long without asking; a browser always asks
STALE_SECONDS = 30  # and this much longer while it asks, so that nobody waits for the first render

Response = TypeVar("Response", bound=HttpResponseBase)


def keep_public(response: Response) -> Response:
    """For pages that are the same for everybody: a browser asks each time, a proxy once a minute."""
    patch_cache_control(
        response,
        public=True,
        max_age=0,
        s_maxage=SHARED_SECONDS,
        stale_while_revalidate=STALE_SECONDS,
    )
    return response


def keep_private(response: HttpResponse) -> HttpResponse:
    """For pages known by their address only: not stored by proxies, not indexed."""
    patch_cache_control(response, private=True, no_cache=True)
    response["X-Robots-Tag"] = "noindex"
    return response


def tag(
    response: HttpResponse, *, questions: Iterable[str] = (), preprints: Iterable[str] = ()
) -> HttpResponse:
    """Names the questions (slugs) and preprints (identifiers) in it, for proxies that purge by name."""
    names = [f"question-{slug}" for slug in questions] + [f"preprint-{one}" for one in preprints]
    response["Cache-Tag"] = ",".join(names)  # as Cloudflare, Akamai and Varnish modules read it
    response["Surrogate-Key"] = " ".join(names)  # as Fastly reads it
    return response
