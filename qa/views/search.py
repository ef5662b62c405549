"""The search page: preprints and answered questions together. Its address is its whole state."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.conditions import conditional
from archive.excerpts import best_passage
from archive.identifiers import parse
from archive.models import Author, Preprint
from archive.search import FLOOR, TOPIC_FLOOR, Hit, SearchResult
from archive.search import search as search_archive
from archive.spelling import suggest_query
from qa.conditions import list_validators
from qa.forms import SearchForm
from qa.models import Answer, Question
from qa.rendering import WORD, stems_of
from qa.views.facets import Facet, address_with, make_facet
from qa.views.home import with_answers
from qa.views.preprint import find_preprint

FOUND_PREPRINTS = 100
FAR_PREPRINTS = 20
PREPRINTS_A_PAGE = 20
FOUND_QUESTIONS = 8
MAX_CATEGORIES = 10
MAX_YEARS = 12
MAX_WORDS = 12
MIN_RANK = 0.024  # two words in five: ts_rank gives one occurrence 0.0608 / number of words
FEW = 5  # preprints found, below which a misspelling is thought of


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
    return ranked.filter(rank__gt=MIN_RANK).order_by("-rank", "-published_at")


def is_near(hit: Hit) -> bool:
    """Whether a hit is shown at once. Where no similarity is known, every one is."""
    return hit.similarity is None or hit.similarity >= FLOOR


def is_on_topic(hit: Hit) -> bool:
    """Whether a hit bears on the query so much that the archive has something on it."""
    return hit.similarity is None or hit.similarity >= TOPIC_FLOOR


def has_all_words(hit: Hit, query: str) -> bool:
    """Whether a preprint has every word of the query: then it is shown, however far its meaning is."""
    wanted = stems_of(query)
    return bool(wanted) and wanted <= stems_of(f"{hit.preprint.title} {hit.preprint.abstract}")


def list_hits(hits: Sequence[Hit], query: str) -> list[dict[str, Any]]:
    """Each hit with its authors and the sentence that says best why it was found."""
    prefetch_related_objects([hit.preprint for hit in hits], "authors")
    passages = [best_passage(query, hit.preprint.abstract) for hit in hits]
    return [
        {"hit": hit, "excerpt": passage.text if passage else ""}
        for hit, passage in zip(hits, passages, strict=True)
    ]


def _preprint_facets(request: HttpRequest, cleaned: dict[str, Any], hits: Sequence[Hit]) -> list[Facet]:
    """How the found preprints divide: by category, largest first, and by year, newest first.

    A preprint counts in each of its categories: in all of them it is found by the filter.
    """
    codes = Counter(code for hit in hits for code in hit.preprint.categories)
    categories = codes.most_common(MAX_CATEGORIES)
    years = sorted(Counter(hit.preprint.submitted_on.year for hit in hits).items(), reverse=True)
    facets = [
        make_facet(
            request, name="category", label="Category", chosen=cleaned.get("category") or "",
            counts=[(code, code, count) for code, count in categories],
        ),
        make_facet(
            request, name="year", label="Year", chosen=str(cleaned.get("year") or ""),
            counts=[(year, str(year), count) for year, count in years[:MAX_YEARS]],
        ),
    ]  # fmt: skip
    return [facet for facet in facets if facet.is_shown]


def _question_context(request: HttpRequest, cleaned: dict[str, Any]) -> dict[str, Any]:
    """The questions found, and how they divide by their answer's verdict."""
    found = matching_questions(cleaned["q"])
    rows = found.order_by().values_list("published_answer__verdict").annotate(count=Count("pk"))
    counts = dict(rows)
    verdict = cleaned.get("verdict") or ""
    facet = make_facet(
        request, name="verdict", label="Verdict", chosen=verdict,
        counts=[
            (value, label.capitalize(), counts[value])
            for value, label in Answer.Verdict.choices
            if value in counts
        ],
    )  # fmt: skip
    chosen = found.filter(published_answer__verdict=verdict) if verdict else found
    order = chosen.query.order_by
    return {
        "questions": with_answers(chosen).order_by(*order)[:FOUND_QUESTIONS],
        "question_count": counts.get(verdict, 0) if verdict else sum(counts.values()),
        "question_facets": [facet] if facet.is_shown else [],
    }


def _find_preprints(cleaned: dict[str, Any]) -> SearchResult:
    year = cleaned.get("year")
    return search_archive(
        cleaned["q"],
        limit=FOUND_PREPRINTS,
        categories=[cleaned["category"]] if cleaned.get("category") else (),
        submitted_from=date(year, 1, 1) if year else None,
        submitted_to=date(year, 12, 31) if year else None,
    )


def _search_by_words(request: HttpRequest, cleaned: dict[str, Any]) -> dict[str, Any]:
    result = _find_preprints(cleaned)
    near = [hit for hit in result.hits if is_near(hit)]
    near = near or [hit for hit in result.hits if has_all_words(hit, cleaned["q"])]
    far = [hit for hit in result.hits if hit not in near][:FAR_PREPRINTS]
    page = Paginator(near, PREPRINTS_A_PAGE).get_page(request.GET.get("page"))
    is_last = not page.has_next()
    is_poor = len(near) < FEW or not any(is_on_topic(hit) for hit in near)
    meant = suggest_query(cleaned["q"]) if is_poor else ""
    return {
        "page": page,
        "near": list_hits(list(page), cleaned["q"]),
        "far": list_hits(far, cleaned["q"]) if is_last else [],
        "notes": result.notes,
        "is_whole": result.is_whole,
        "facets": _preprint_facets(request, cleaned, near),
        "is_cut": len(near) == FOUND_PREPRINTS,
        "stems": stems_of(cleaned["q"]),
        "meant": meant,
        "meant_address": address_with(request, q=meant) if meant else "",
        "author": _named_author(cleaned["q"]),
        **_question_context(request, cleaned),
    }


def _named_author(query: str) -> str:
    """The query as a name in some author list, or nothing: people also search for whom they know."""
    names = {query, query.title()}
    return Author.objects.filter(name__in=names).values_list("name", flat=True).order_by("name").first() or ""


def _search_by_author(request: HttpRequest, name: str) -> dict[str, Any]:
    rows = Preprint.objects.available().filter(authors__name=name).distinct().prefetch_related("authors")
    page = Paginator(rows.order_by("-submitted_on", "-identifier"), PREPRINTS_A_PAGE)
    return {"by_author": name, "page": page.get_page(request.GET.get("page"))}


@require_safe
@conditional(list_validators)
def search(request: HttpRequest) -> HttpResponse:
    """Words find preprints and questions; an identifier, arXiv id or DOI goes straight to its page."""
    form = SearchForm(request.GET)
    form.is_valid()
    cleaned = form.cleaned_data
    query, is_search = cleaned.get("q", ""), "author" not in request.GET
    context: dict[str, Any] = {"query": query, "cleaned": cleaned, "is_search": is_search}
    context |= {"typed": request.GET.get("q", ""), "trouble": form.errors.get("q")}
    if author := cleaned.get("author"):
        context |= _search_by_author(request, author)
    elif query:
        named = parse(query)
        if named and (found := find_preprint(named)):
            return redirect(found)
        context |= _search_by_words(request, cleaned)
    if not query and not author and not form.errors:
        context["canonical"] = reverse("qa:search")
    response = render(request, "qa/search.html", context)
    if query or author or form.errors:
        response["X-Robots-Tag"] = "noindex"
    if not context.get("is_whole", True):
        response["Cache-Control"] = "no-store"
    return response
