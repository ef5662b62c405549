"""The picture of a published answer, drawn once and kept in the cache."""

import structlog
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from qa.cards import DESIGN, draw_card
from qa.metadata import plain_text
from qa.models import Answer
from qa.views.caching import keep_public, tag
from qa.views.conditions import answer_validators, conditional

KEPT_SECONDS = 30 * 24 * 3600

log = structlog.get_logger(__name__)


def _draw(answer: Answer) -> bytes:
    day = date_format(timezone.localtime(answer.published_at), "j F Y")
    return draw_card(plain_text(answer.question.text), f"{answer.get_verdict_display().capitalize()} · {day}")


def _card_of(answer: Answer) -> bytes:
    """From the cache; drawn where it is not there, or where the cache is away."""
    key = f"card:{DESIGN}:{answer.pk}"
    try:
        return bytes(cache.get_or_set(key, lambda: _draw(answer), KEPT_SECONDS) or b"")
    except RedisError as error:
        log.warning("card_not_cached", error=str(error))
        return _draw(answer)


@require_safe
@conditional(answer_validators)
def card(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """Of a version that the public may read. Raises Http404."""
    versions = Answer.objects.readable().select_related("question")
    answer = get_object_or_404(versions, question__slug=slug, version=int(number))
    response = HttpResponse(_card_of(answer), content_type="image/png")
    return keep_public(tag(response, questions=[slug]))
