"""The first page: what this is, the ask box, what was answered lately, and what the archive holds."""

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from archive.growth import kept_numbers
from qa.forms import AskForm
from qa.models import Question

RECENT_QUESTIONS = 6


def with_answers(questions: QuerySet[Question]) -> QuerySet[Question]:
    """Published questions as lists show them: with their answer and the number of preprints it cites."""
    cited = Count("published_answer__sources", filter=Q(published_answer__sources__is_cited=True))
    return questions.select_related("published_answer").annotate(cited_count=cited).order_by("-published_at")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    published = Question.objects.published()
    context = {
        "canonical": "/",
        "form": AskForm(),
        "questions": with_answers(published)[:RECENT_QUESTIONS],
        "answer_count": published.count(),
        "archive": kept_numbers(),
    }
    return render(request, "qa/home.html", context)
