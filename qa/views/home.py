"""The first page: what this is, the ask box, what was answered lately, and what the archive holds."""

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from archive.growth import category_shares
from archive.models import HarvestRun, Preprint
from qa.forms import AskForm
from qa.models import Question

RECENT_QUESTIONS = 6


def with_answers(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Published questions as lists show them: with their answer and the number of preprints it cites."""
    cited = Count("published_answer__sources", filter=Q(published_answer__sources__is_cited=True))
    return questions.select_related("published_answer").annotate(cited_count=cited).order_by("-published_at")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    available = Preprint.objects.available()
    context = {
        "canonical": "/",
        "form": AskForm(),
        "questions": with_answers(Question.objects.published())[:RECENT_QUESTIONS],
        "preprint_count": available.count(),
        "answer_count": Question.objects.published().count(),
        "last_harvest": HarvestRun.objects.filter(state=HarvestRun.State.DONE)
        .order_by("-finished_at")
        .first(),
        "unembedded_count": Preprint.objects.needs_embedding(settings.EMBEDDING_MODEL).count(),
        "categories": category_shares(),
    }
    return render(request, "qa/home.html", context)
