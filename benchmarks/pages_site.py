"""The site as gunicorn runs it, with one address more: /bare/SIZE, what Django and the middleware cost alone.

benchmarks/pages.py serves it; both kinds of page come from the same processes, through the same middleware.
"""

import os
from functools import lru_cache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "antigravity.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.ROOT_URLCONF = __name__
application = get_wsgi_application()

from antigravity.urls import handler400, handler500  # noqa: E402, F401
from antigravity.urls import urlpatterns as site_patterns  # noqa: E402
from archive.caching import keep_public  # noqa: E402


@lru_cache(maxsize=4)
def body(size: int) -> bytes:
    return b"x" * size


def bare(request: HttpRequest, size: int) -> HttpResponse:
    """As many bytes as the page that it is compared with, made without a query or a template."""
    return keep_public(HttpResponse(body(size)))


urlpatterns = [path("bare/<int:size>", bare), *site_patterns]
