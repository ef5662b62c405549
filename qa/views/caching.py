"""How long others may keep a page, and what search engines may do with it."""

from django.http import HttpResponse
from django.utils.cache import patch_cache_control

SHARED_SECONDS = 60  # a proxy may serve a published page this long without asking; a browser always asks


def keep_public(response: HttpResponse) -> HttpResponse:
    """For pages that are the same for everybody: a browser asks each time, a proxy once a minute."""
    patch_cache_control(response, public=True, max_age=0, s_maxage=SHARED_SECONDS, must_revalidate=True)
    return response


def keep_private(response: HttpResponse) -> HttpResponse:
    """For pages known by their address only: not stored by proxies, not indexed."""
    patch_cache_control(response, private=True, no_cache=True)
    response["X-Robots-Tag"] = "noindex"
    return response
