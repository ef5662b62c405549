"""How many requests to the API an asker may send in a minute, and the headers that say what is left.

Requests are counted in Valkey, in one round trip: reading must cost PostgreSQL nothing more. While Valkey is
away nothing is counted, and everybody may go on. What asking and reporting are allowed is counted in
qa/quotas.py; the headers speak of both, as draft-ietf-httpapi-ratelimit-headers-11 has it.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from qa.models import BEARER_ASKER
from qa.quotas import Window, read_used
from qa.tokens import asker_of

MINUTE = 60
SERVER_SECONDS = 0.5  # for an answer of Valkey; then the request goes on uncounted

log = structlog.get_logger(__name__)


class TooManyRequests(Throttled):
    """More requests than a minute allows."""

    default_code = "too_many_requests"

    def __init__(self, limit: int, wait: int) -> None:
        super().__init__(detail=f"The limit is {limit} requests in a minute. Please go on in {wait} seconds.")
        self.wait = wait


class RequestThrottle(BaseThrottle):
    """The throttle of every view of the API, for anybody and for tokens."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Raises TooManyRequests."""
        count_request(request._request, asker_of(request))
        return True


def count_request(request: HttpRequest, asker: str) -> None:
    """Counts one request, and notes for the headers what is left. Raises TooManyRequests."""
    limit = (
        settings.TOKEN_REQUESTS_PER_MINUTE if asker.startswith(BEARER_ASKER) else settings.REQUESTS_PER_MINUTE
    )
    minute, passed = divmod(int(time.time()), MINUTE)
    try:
        used = _count(f"requests:{asker}:{minute}")
    except redis.RedisError as error:
        log.warning("requests_not_counted", detail=str(error))
        return
    note(request, "requests", limit=limit, seconds=MINUTE, left=max(0, limit - used), wait=MINUTE - passed)
    if used > limit:
        raise TooManyRequests(limit, MINUTE - passed)


def note_quota(request: Request, windows: Callable[[str, Any], list[Window]]) -> None:
    """Notes for the headers what is left of a quota after this request; one query."""
    asker, now = asker_of(request), timezone.now()
    found = windows(asker, now)
    for window, used in zip(found, read_used(asker, found), strict=True):
        left = window.left(used)
        note(
            request._request,
            window.name,
            limit=window.limit,
            seconds=window.seconds,
            left=left,
            wait=window.wait(now),
        )


def note(request: HttpRequest, policy: str, *, limit: int, seconds: int, left: int, wait: int) -> None:
    """Keeps one policy for RateLimitHeaders to write down."""
    policies, limits = noted(request)
    policies.append(f'"{policy}";q={limit};w={seconds}')
    limits.append(f'"{policy}";r={left};t={wait}')
    request.rate_limits = policies, limits  # type: ignore[attr-defined]


def noted(request: HttpRequest) -> tuple[list[str], list[str]]:
    """The policies and what is left of them, as the two headers have them."""
    found: tuple[list[str], list[str]] = getattr(request, "rate_limits", ([], []))
    return found


class RateLimitHeaders:
    """Writes what was noted about a request into its response, whatever became of that on its way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policies, limits = noted(request)
        if policies:
            response["RateLimit-Policy"] = ", ".join(policies)
            response["RateLimit"] = ", ".join(limits)
        return response


@lru_cache(maxsize=1)
def _valkey() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=SERVER_SECONDS, socket_connect_timeout=SERVER_SECONDS
    )


def _count(key: str) -> int:
    """One more under this key, which is forgotten after its minute: both in one step."""
    steps = _valkey().pipeline()
    steps.incr(key)
    steps.expire(key, 2 * MINUTE)
    return int(steps.execute()[0])
