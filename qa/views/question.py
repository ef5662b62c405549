"""A question's own page in every state of docs/decisions/0001: one function a state, chosen by the row."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional
from archive.spelling import suggest_query
from qa.caching import keep_private, tag
from qa.conditions import answer_validators, progress_validators
from qa.models import Answer, Question
from qa.nearness import suggest_questions
from qa.views.answer import SourceEntry, answer_context
from qa.views.links import answer_alternates, link_answer
from qa.views.progress import nearest, progress_context


def _pending(request: HttpRequest, question: Question) -> HttpResponse:
    context = progress_context(question) | {"related": suggest_questions(question.text)}
    return keep_private(render(request, "qa/question_pending.html", context))


def _published(request: HttpRequest, question: Question) -> HttpResponse:
    answer = question.published_answer
    if answer is None:  # the database refuses this; it is said for the type checker
        raise Http404
    context = answer_context(question, answer)
    return _answer_page(request, question, answer, context)


def _answer_page(
    request: HttpRequest, question: Question, answer: Answer, context: dict[str, Any]
) -> HttpResponse:
    """The page of an answer or an earlier version, and the headers by which it is kept, cited and dropped."""
    response = keep_public(render(request, "qa/question_published.html", context))
    entries: list[SourceEntry] = [*context["cited"], *context["also_retrieved"]]
    tag(response, questions=[question.slug], preprints=[one.source.preprint.identifier for one in entries])
    return link_answer(response, question, answer, is_old="is_old" in context)


def _held(request: HttpRequest, question: Question) -> HttpResponse:
    return keep_private(render(request, "qa/question_held.html", {"question": question}))


def _unanswerable(request: HttpRequest, question: Question) -> HttpResponse:
    run = question.runs.order_by("-queued_at").first()
    context = {
        "question": question,
        "run": run,
        "nearest": nearest(run) if run else [],
        "related": suggest_questions(question.text),
        "meant": suggest_query(question.text),
    }
    return keep_private(render(request, "qa/question_unanswerable.html", context))


def _failed(request: HttpRequest, question: Question) -> HttpResponse:
    context = {"question": question, "run": question.runs.order_by("-queued_at").first()}
    return keep_private(render(request, "qa/question_failed.html", context))


def _retracted(request: HttpRequest, question: Question) -> HttpResponse:
    return keep_private(render(request, "410.html", {"question": question}, status=410))


def _rejected(request: HttpRequest, question: Question) -> HttpResponse:
    raise Http404


def _merged(request: HttpRequest, question: Question) -> HttpResponse:
    target = question.merged_into
    if target is None:  # as above
        raise Http404
    return HttpResponsePermanentRedirect(target.get_absolute_url())


PAGES: dict[str, Callable[[HttpRequest, Question], HttpResponse]] = {
    Question.State.PENDING: _pending,
    Question.State.PUBLISHED: _published,
    Question.State.HELD: _held,
    Question.State.UNANSWERABLE: _unanswerable,
    Question.State.FAILED: _failed,
    Question.State.RETRACTED: _retracted,
    Question.State.REJECTED: _rejected,
    Question.State.MERGED: _merged,
}


def find_question(slug: str) -> Question:
    """The question at this address, with what its page needs. Raises Http404."""
    rows = Question.objects.select_related(
        "merged_into", "published_answer__run", "published_answer__published_by"
    )
    return get_object_or_404(rows, slug=slug)


@require_safe
@conditional(answer_validators, is_kept=True)
def question(request: HttpRequest, slug: str) -> HttpResponse:
    """Whoever holds the address sees the question's state; only published pages are for indexing."""
    found = find_question(slug)
    return PAGES[found.state](request, found)


@require_safe
@conditional(progress_validators)
def status(request: HttpRequest, slug: str) -> HttpResponse:
    """What the waiting page's script asks for: the state, and the progress as HTML while work goes on."""
    found = get_object_or_404(Question.objects.exclude(state=Question.State.REJECTED), slug=slug)
    html = ""
    if found.state == Question.State.PENDING:
        html = render_to_string("qa/includes/progress.html", progress_context(found))
    return keep_private(JsonResponse({"state": found.state, "html": html}))


def instead_of_versions(request: HttpRequest, question: Question, *, known: bool) -> HttpResponse | None:
    """What stands at every address of a question whose versions can't be read now, or None where they can.

    People cite these addresses: they lead to the tombstone or to the page it was merged into; what was
    published once (`known`) and is held now says so. Raises Http404 for what never was public.
    """
    if question.state == Question.State.PUBLISHED:
        return None
    if question.state in (Question.State.RETRACTED, Question.State.MERGED):
        return PAGES[question.state](request, question)
    if known and question.state in (Question.State.HELD, Question.State.PENDING):
        return PAGES[question.state](request, question)
    raise Http404


@require_safe
@conditional(answer_validators, is_kept=True)
def version(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """An earlier version, as it was published; the present one is at the question's own address."""
    found = find_question(slug)
    once = found.answers.filter(version=number, published_at__isnull=False)
    instead = instead_of_versions(request, found, known=once.exists()) if not found.published_answer else None
    if instead:
        return instead
    readable = Answer.objects.readable().filter(question=found)
    answer = get_object_or_404(readable.select_related("run", "published_by"), version=number)
    if answer.pk == found.published_answer_id:
        return redirect("qa:question", slug=slug)
    context = answer_context(found, answer) | {"is_old": True}
    context["canonical"] = reverse("qa:question", args=[slug])
    context["alternates"] = answer_alternates(found, answer.version)
    response = _answer_page(request, found, answer, context)
    response["X-Robots-Tag"] = "noindex"
    return response
