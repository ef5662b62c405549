"""The picture of a published answer, drawn once and kept in the cache."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from archive.caching import keep_public, kept
from archive.conditions import conditional
from qa.caching import tag
from qa.cards import DESIGN, draw_card
from qa.conditions import answer_validators
from qa.metadata import plain_text
from qa.models import Answer

KEPT_SECONDS = 30 * 24 * 3600


def _draw(answer: Answer) -> bytes:
    day = date_format(timezone.localtime(answer.published_at), "j F Y")
    return draw_card(plain_text(answer.question.text), f"{answer.get_verdict_display().capitalize()} · {day}")


def _card_of(answer: Answer) -> bytes:
    """From the cache; drawn where it is not there, or where the cache is away."""
    return kept(f"card:{DESIGN}:{answer.pk}", lambda: _draw(answer), seconds=KEPT_SECONDS)


@require_safe
@conditional(answer_validators)
def card(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """Of a version that the public may read. Raises Http404."""
    versions = Answer.objects.readable().select_related("question")
    answer = get_object_or_404(versions, question__slug=slug, version=int(number))
    response = HttpResponse(_card_of(answer), content_type="image/png")
    return keep_public(tag(response, questions=[slug]))
