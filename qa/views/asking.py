"""The ask form: what was typed goes to qa/submission.py, and its asker to the question's own page."""

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from archive.growth import kept_numbers
from qa.caching import keep_private
from qa.forms import AskForm
from qa.models import Question
from qa.nearness import suggest_questions
from qa.submission import NearDuplicate, QueueFull, QuotaUsed, Refused, asker_key, submit_question

ASKED_COOKIE = "asked"
MAX_REMEMBERED = 20
REMEMBERED_SECONDS = 365 * 24 * 3600


def asked_slugs(request: HttpRequest) -> list[str]:
    """The questions that this browser asked, newest first, as its signed cookie has them."""
    value = request.get_signed_cookie(ASKED_COOKIE, default="")
    return str(value).split(".")[:MAX_REMEMBERED] if value else []


def remember(request: HttpRequest, response: HttpResponse, slug: str) -> None:
    """Puts a question first among those that this browser asked."""
    slugs = [slug, *(other for other in asked_slugs(request) if other != slug)][:MAX_REMEMBERED]
    response.set_signed_cookie(
        ASKED_COOKIE,
        ".".join(slugs),
        max_age=REMEMBERED_SECONDS,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )


def my_questions(request: HttpRequest) -> list[Question]:
    """What this browser asked, in the order it asked; rejected ones are gone."""
    slugs = asked_slugs(request)
    found = Question.objects.exclude(state=Question.State.REJECTED).in_bulk(slugs, field_name="slug")
    return [found[slug] for slug in slugs if slug in found]


def _form_page(
    request: HttpRequest, form: AskForm, *, status: int = 200, same: Sequence[Question] = ()
) -> HttpResponse:
    typed = str(form["question"].value() or "")
    context = {
        "same": same,
        "related": [] if same else suggest_questions(typed),
        "canonical": reverse("qa:ask"),
        "form": form,
        "my_questions": my_questions(request),
        "preprint_count": kept_numbers().preprints,
        "quota_per_hour": settings.ASK_QUOTA_PER_HOUR,
        "quota_per_day": settings.ASK_QUOTA_PER_DAY,
    }
    return keep_private(render(request, "qa/ask.html", context, status=status))


def _receive(request: HttpRequest, form: AskForm) -> HttpResponse:
    """Submits the form's question; trouble is said beside the box, with what was typed still in it."""
    retry_after = 0
    try:
        submission = submit_question(
            form.cleaned_data["question"],
            asker=asker_key(request.META),
            force=form.cleaned_data["force"],
        )
    except NearDuplicate as refusal:
        return _form_page(request, form, status=409, same=refusal.candidates)
    except Refused as refusal:
        form.add_error("question", refusal.message)
        status = 422
    except QuotaUsed as used:
        form.add_error("question", used.message)
        status, retry_after = 429, used.retry_after
    except QueueFull as full:
        form.add_error("question", full.message)
        status, retry_after = 503, full.retry_after
    else:
        response = HttpResponseRedirect(submission.question.get_absolute_url(), status=303)
        remember(request, response, submission.question.slug)
        return response
    page = _form_page(request, form, status=status)
    if retry_after:
        page["Retry-After"] = str(retry_after)
    return page


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """GET: the box, filled in with ?q=. POST: 303 to the question's page."""
    if request.method != "POST":
        return _form_page(request, AskForm(initial={"question": request.GET.get("q", "")}))
    form = AskForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    return _receive(request, form)
