"""All answered questions as a list that can be narrowed and sorted by its address."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional
from qa.caching import tag
from qa.conditions import list_validators
from qa.forms import QuestionListForm
from qa.models import Answer, Question, Source
from qa.views.facets import Facet, Option, address_with, make_facet
from qa.views.home import with_answers

QUESTIONS_A_PAGE = 20
MAX_CATEGORIES = 12
ORDERS = {
    "": ("Newest first", ("-published_at", "-pk")),
    "oldest": ("Oldest first", ("published_at", "pk")),
    "sources": ("Most preprints cited", ("-cited_count", "-published_at")),
}


def _of_category(questions: QuerySet[Question], code: str) -> QuerySet[Question]:
    """Those whose answer cites a preprint of this primary category."""
    return questions.filter(
        published_answer__sources__is_cited=True,
        published_answer__sources__preprint__primary_category=code,
    )


def _narrow(cleaned: dict[str, Any]) -> QuerySet[Question]:
    questions = Question.objects.published()
    if verdict := cleaned.get("verdict"):
        questions = questions.filter(published_answer__verdict=verdict)
    if category := cleaned.get("category"):
        within = _of_category(Question.objects.published(), category).values("pk")
        questions = questions.filter(pk__in=within)
    if identifier := cleaned.get("cites"):
        cites = Source.objects.filter(
            answer=OuterRef("published_answer"), is_cited=True, preprint__identifier=identifier
        )
        questions = questions.filter(Exists(cites))
    return questions


def _preprint(request: HttpRequest, cleaned: dict[str, Any]) -> Facet:
    """The preprint that all of them cite: chosen on its own page, so here is only the way out of it."""
    return make_facet(request, name="cites", label="Cites", chosen=cleaned.get("cites") or "", counts=[])


def _verdicts(request: HttpRequest, cleaned: dict[str, Any]) -> Facet:
    rows = _narrow(cleaned | {"verdict": ""}).order_by().values_list("published_answer__verdict")
    counts = dict(rows.annotate(count=Count("pk")))
    return make_facet(
        request, name="verdict", label="Verdict", chosen=cleaned.get("verdict") or "",
        counts=[
            (value, label.capitalize(), counts[value])
            for value, label in Answer.Verdict.choices
            if value in counts
        ],
    )  # fmt: skip


def _categories(request: HttpRequest, cleaned: dict[str, Any]) -> Facet:
    """By the primary category of the preprints cited: a question may count in several."""
    code = "published_answer__sources__preprint__primary_category"
    rows = _narrow(cleaned | {"category": ""}).filter(published_answer__sources__is_cited=True)
    counted = rows.order_by().values_list(code).annotate(count=Count("pk", distinct=True))
    counts = [(name, name, count) for name, count in counted.order_by("-count", code)[:MAX_CATEGORIES]]
    return make_facet(
        request, name="category", label="Cites from", chosen=cleaned.get("category") or "", counts=counts
    )


def _orders(request: HttpRequest, chosen: str) -> list[Option]:
    return [
        Option(words, None, address_with(request, sort=name or None), is_chosen=name == chosen)
        for name, (words, _) in ORDERS.items()
    ]


@require_safe
@conditional(list_validators)
def questions(request: HttpRequest) -> HttpResponse:
    """Answered questions, newest first unless the address says otherwise; the plain list is canonical."""
    form = QuestionListForm(request.GET)
    form.is_valid()
    cleaned = form.cleaned_data
    order = cleaned.get("sort") or ""
    rows = with_answers(_narrow(cleaned)).order_by(*ORDERS[order][1])
    page = Paginator(rows, QUESTIONS_A_PAGE).get_page(request.GET.get("page"))
    canonical = reverse("qa:questions") + (f"?page={page.number}" if page.number > 1 else "")
    facets = [_preprint(request, cleaned), _verdicts(request, cleaned), _categories(request, cleaned)]
    context = {
        "page": page,
        "canonical": "" if any(cleaned.values()) else canonical,
        "facets": [facet for facet in facets if facet.is_shown],
        "orders": _orders(request, order),
    }
    response = keep_public(render(request, "qa/questions.html", context))
    return tag(response, questions=[one.slug for one in page])
