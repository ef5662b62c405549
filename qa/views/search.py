"""The search page: preprints and answered questions together. Its address is its whole state."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.core.paginator import Paginator
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.excerpts import best_passage
from archive.identifiers import parse
from archive.models import Preprint
from archive.search import FLOOR, Hit
from archive.search import search as search_archive
from qa.forms import SearchForm
from qa.models import Question
from qa.rendering import WORD, stems_of
from qa.views.home import with_answers
from qa.views.preprint import find_preprint

FOUND_PREPRINTS = 30
FOUND_QUESTIONS = 5
QUESTIONS_A_PAGE = 20
MAX_WORDS = 12
MIN_RANK = 0.024  # two words in five: ts_rank gives one occurrence 0.0608 / number of words


def matching_questions(query: str) -> QuerySet[Question]:
    """Published questions that share words with the query, best first."""
    words = list(dict.fromkeys(word.lower() for word in WORD.findall(query) if len(word) > 2))[:MAX_WORDS]
    if not words:
        return Question.objects.none()
    any_word = SearchQuery(words[0], config="english")
    for word in words[1:]:
        any_word = any_word | SearchQuery(word, config="english")
    vector = SearchVector("text", config="english")
    ranked = Question.objects.published().annotate(rank=SearchRank(vector, any_word))
    found = with_answers(ranked.filter(rank__gt=MIN_RANK))
    return found.order_by("-rank", "-published_at")  # type: ignore[misc]  # the plugin can't see annotations


def count_facets(hits: Sequence[Hit]) -> dict[str, list[tuple[Any, int]]]:
    """How the found preprints divide: by primary category, largest first, and by year, newest first."""
    categories = Counter(hit.preprint.primary_category for hit in hits)
    years = Counter(hit.preprint.submitted_on.year for hit in hits)
    return {"categories": categories.most_common(10), "years": sorted(years.items(), reverse=True)}


def is_near(hit: Hit) -> bool:
    """Whether a hit is shown at once. Where no similarity is known, every one is."""
    return hit.similarity is None or hit.similarity >= FLOOR


def list_hits(hits: Sequence[Hit], query: str) -> list[dict[str, Any]]:
    """Each hit with the sentence that says best why it was found."""
    passages = [best_passage(query, hit.preprint.abstract) for hit in hits]
    return [
        {"hit": hit, "excerpt": passage.text if passage else ""}
        for hit, passage in zip(hits, passages, strict=True)
    ]


def _search_by_words(cleaned: dict[str, Any]) -> dict[str, Any]:
    query, year = cleaned["q"], cleaned.get("year")
    result = search_archive(
        query,
        limit=FOUND_PREPRINTS,
        categories=[cleaned["category"]] if cleaned.get("category") else (),
        submitted_from=date(year, 1, 1) if year else None,
        submitted_to=date(year, 12, 31) if year else None,
    )
    prefetch_related_objects([hit.preprint for hit in result.hits], "authors")
    near = [hit for hit in result.hits if is_near(hit)]
    far = [hit for hit in result.hits if not is_near(hit)] if near else []
    return {
        "near": list_hits(near or result.hits, query),
        "far": list_hits(far, query),
        "notes": result.notes,
        "facets": count_facets(result.hits),
        "questions": matching_questions(query)[:FOUND_QUESTIONS],
        "stems": stems_of(query),
    }


def _search_by_author(name: str) -> dict[str, Any]:
    rows = Preprint.objects.available().filter(authors__name=name).distinct().prefetch_related("authors")
    return {"by_author": name, "preprints": rows.order_by("-submitted_on")[:100]}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Words find preprints and questions; an identifier, arXiv id or DOI goes straight to its page."""
    form = SearchForm(request.GET)
    form.is_valid()
    cleaned = form.cleaned_data
    query, is_search = cleaned.get("q", ""), "author" not in request.GET
    context: dict[str, Any] = {"query": query, "cleaned": cleaned, "is_search": is_search}
    if author := cleaned.get("author"):
        context |= _search_by_author(author)
    elif query:
        named = parse(query)
        if named and (found := find_preprint(named)):
            return redirect(found)
        context |= _search_by_words(cleaned)
    response = render(request, "qa/search.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def questions(request: HttpRequest) -> HttpResponse:
    """All answered questions, newest first."""
    pages = Paginator(with_answers(Question.objects.published()), QUESTIONS_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    canonical = reverse("qa:questions") + (f"?page={page.number}" if page.number > 1 else "")
    return render(request, "qa/questions.html", {"page": page, "canonical": canonical})
