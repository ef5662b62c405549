"""The feeds' addresses: answers, corrections, a category, a search, a question."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import RELEASED_AT, conditional
from archive.models import Category, Preprint
from archive.search import search as search_archive
from qa.caching import keep_private, tag
from qa.conditions import list_validators, question_validators
from qa.corrections import GRAVE, OUTDATED, RETRACTED, describe, read_corrections
from qa.corrections import corrections as all_corrections
from qa.feeds import (
    ENDINGS,
    ENTRIES,
    Entry,
    Feed,
    answer_entry,
    correction_entry,
    make_id,
    preprint_entry,
    to_atom,
    to_json,
    version_entry,
)
from qa.metadata import plain_text
from qa.models import Answer, Mark, Question, Source, standing_marks
from qa.views.search import matching_questions

MAX_QUERY = 500  # characters; the length of the longest question


def _respond(feed: Feed, ending: str) -> HttpResponse:
    text = to_atom(feed) if ending == "atom" else to_json(feed)
    response = HttpResponse(text, content_type=f"{ENDINGS[ending]}; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    questions = dict.fromkeys(entry.question for entry in feed.entries if entry.question)
    return keep_public(tag(response, questions=questions))


def _site_feed(
    request: HttpRequest,
    *name: str,
    title: str,
    query: str = "",
    began_at: datetime = RELEASED_AT,
    **more: Any,
) -> Feed:
    """A feed of the site: `name` makes its id, `query` goes with its address."""
    return Feed(
        id=make_id("feed", *name),
        title=f"{settings.SITE_NAME}: {title}",
        path=request.path + query,
        began_at=began_at,
        **more,
    )


def _answer_entries(questions: QuerySet[Question]) -> list[Entry]:
    newest = questions.select_related("published_answer").order_by("-published_answer__published_at")
    newest = newest.prefetch_related(standing_marks("published_answer__"))
    return [answer_entry(one, one.published_answer) for one in newest[:ENTRIES] if one.published_answer]


def _newest_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.updated_at, reverse=True)[:ENTRIES]


@require_safe
@conditional(list_validators)
def answers(request: HttpRequest, ending: str) -> HttpResponse:
    """Published answers, the newest first."""
    feed = _site_feed(
        request,
        "answers",
        title="answers",
        description="Questions answered from the preprints of the archive.",
        page=reverse("qa:questions"),
        entries=_answer_entries(Question.objects.published()),
    )
    return _respond(feed, ending)


@require_safe
@conditional(list_validators)
def corrections(request: HttpRequest, ending: str) -> HttpResponse:
    """What was retracted, answered again, or lost a source."""
    feed = _site_feed(
        request,
        "corrections",
        title="corrections",
        description="Answers that were retracted or made again, and those whose sources were withdrawn.",
        page=reverse("qa:corrections"),
        entries=[correction_entry(one) for one in read_corrections(list(all_corrections()[:ENTRIES]))],
    )
    return _respond(feed, ending)


@require_safe
@conditional(list_validators)
def category(request: HttpRequest, category: str, ending: str) -> HttpResponse:
    """New preprints of a category, and new answers that cite its preprints. Raises Http404 for none."""
    preprints = Preprint.objects.available().filter(primary_category=category).prefetch_related("authors")
    newest = list(preprints.order_by("-submitted_on", "-identifier")[:ENTRIES])
    if not newest:
        raise Http404
    cites = Source.objects.filter(
        answer=OuterRef("published_answer"), is_cited=True, preprint__categories__contains=[category]
    )
    name = Category.objects.filter(code=category).values_list("name", flat=True).first() or ""
    entries = [preprint_entry(one, one.authors.all()) for one in newest]
    feed = _site_feed(
        request,
        "category",
        category,
        title=category,
        description=f"New preprints in {category} {name}".strip() + ", and answers that cite its preprints.",
        page=reverse("archive:category", args=[category]),
        entries=_newest_first(entries + _answer_entries(Question.objects.published().filter(Exists(cites)))),
    )
    return _respond(feed, ending)


@require_safe
@conditional(list_validators)
def search(request: HttpRequest, ending: str) -> HttpResponse:
    """What a search finds, the newest first: preprints and answers. Raises Http404 without ?q=."""
    query = request.GET.get("q", "").replace("\0", "").strip()[:MAX_QUERY]
    if not query:
        raise Http404
    found = search_archive(query, limit=ENTRIES // 2)
    hits = found.hits
    prefetch_related_objects([hit.preprint for hit in hits], "authors")
    entries = [preprint_entry(hit.preprint, hit.preprint.authors.all()) for hit in hits]
    words = urlencode({"q": query})
    feed = _site_feed(
        request,
        "search",
        words,
        title=plain_text(query),
        query=f"?{words}",
        description="Preprints and answered questions that this search finds.",
        page=f"{reverse('qa:search')}?{words}",
        entries=_newest_first(entries + _answer_entries(matching_questions(query))),
    )
    response = _respond(feed, ending)
    if not found.is_whole:
        response["Cache-Control"] = "no-store"
    return response


def _history(question: Question) -> list[Entry]:
    """Every version that can be read, and what became of their sources."""
    versions = Answer.objects.readable().filter(question=question).order_by("-version")
    versions = versions.prefetch_related(standing_marks())[:ENTRIES]
    marks = Mark.objects.filter(
        answer__in=Answer.objects.readable().filter(question=question), kind__in=GRAVE
    )
    addresses = {question.published_answer_id: question.get_absolute_url()}
    entries = [
        version_entry(
            question,
            one,
            addresses.get(one.pk) or reverse("qa:version", args=[question.slug, one.version]),
        )
        for one in versions
    ]
    rows = marks.select_related("preprint", "answer__question").order_by("-since")[:ENTRIES]
    return entries + [correction_entry(describe(OUTDATED, mark.since, mark)) for mark in rows]


@require_safe
@conditional(question_validators)
def question(request: HttpRequest, slug: str, ending: str) -> HttpResponse:
    """ "Tell me when it changes": versions and corrections of one question, empty until it is answered."""
    found = get_object_or_404(Question.objects.select_related("merged_into"), slug=slug)
    if found.state == Question.State.REJECTED:
        raise Http404
    if found.merged_into:
        return HttpResponsePermanentRedirect(
            reverse("qa:question-feed", args=[found.merged_into.slug, ending])
        )
    is_retracted = found.state == Question.State.RETRACTED
    title = "A retracted question" if is_retracted else plain_text(found.text)
    if is_retracted and found.closed_at:
        entries = [correction_entry(describe(RETRACTED, found.closed_at, found))]
    else:
        entries = _newest_first(_history(found))
    feed = _site_feed(
        request,
        "question",
        slug,
        title=title,
        description="Versions and corrections of this answer.",
        page=found.get_absolute_url(),
        entries=entries,
        began_at=found.asked_at,
    )
    response = _respond(feed, ending)
    return (
        tag(response, questions=[slug]) if found.state == Question.State.PUBLISHED else keep_private(response)
    )
