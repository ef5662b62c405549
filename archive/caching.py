"""How long others may keep a page, and what this site keeps for itself in the cache."""

from collections.abc import Callable
from typing import TypeVar

import redis
import structlog
from django.core.cache import cache
from django.http import HttpResponseBase
from django.utils.cache import patch_cache_control

SHARED_SECONDS = 60  # a proxy may serve a published page this long without asking; a browser always asks
STALE_SECONDS = 30  # and this much longer while it asks, so that nobody waits for the first render

Response = TypeVar("Response", bound=HttpResponseBase)
Value = TypeVar("Value")


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


def kept(key: str, make: Callable[[], Value], *, seconds: int) -> Value:
    """What the cache has under this key; made anew where it has nothing, and while it is away."""
    try:
        found: Value | None = cache.get_or_set(key, make, seconds)
    except redis.RedisError as error:
        structlog.get_logger(__name__).warning("cache_away", detail=str(error))
        return make()
    return make() if found is None else found
