"""Pages that were made, kept in each web process under the ETag that names all they depend on.

Nothing has to be dropped: when something changes, the ETag does, and the old page is asked for no more.
"""

from collections.abc import Callable

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse

MAX_BYTES = 200_000  # of a page; a longer one is made each time
KEPT_SECONDS = 3_600


def make_once(request: HttpRequest, etag: str, make: Callable[[], HttpResponse]) -> HttpResponse:
    """The response under this ETag: the kept one, or a new one, which is kept if anybody may have it."""
    kept = caches["pages"].get(etag)
    if kept is not None:
        content, headers = kept
        return HttpResponse(content, headers=headers)
    response = make()
    if request.method == "GET" and is_for_everybody(request, response):
        caches["pages"].set(etag, (response.content, dict(response.headers)), KEPT_SECONDS)
    return response


def is_for_everybody(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether nothing in a response is its visitor's own: no session was read, no token was made."""
    is_own = request.session.accessed or response.cookies or "CSRF_COOKIE_NEEDS_UPDATE" in request.META
    return response.status_code == 200 and not is_own and len(response.content) <= MAX_BYTES
