"""Telling the curators what is wrong with a page: a form of its own, so that pages stay the same for all."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from qa.caching import keep_private
from qa.forms import ReportForm
from qa.models import Citation, Question, Report
from qa.quotas import QuotaUsed, asker_key
from qa.reporting import REPORTABLE, ReportRefused, file_report, find_citation
from qa.views.question import find_question


def cited(question: Question, wanted: str) -> Citation | None:
    """The citation that the form is about, if its page shows it."""
    return find_citation(question, int(wanted)) if wanted.isdecimal() and len(wanted) <= 18 else None


def form_page(
    request: HttpRequest,
    question: Question,
    form: ReportForm,
    *,
    citation: Citation | None,
    status: int = 200,
) -> HttpResponse:
    context = {"question": question, "form": form, "citation": citation}
    return keep_private(render(request, "qa/report.html", context, status=status))


def receive(request: HttpRequest, question: Question, form: ReportForm) -> HttpResponse:
    """Files what the form says; trouble is said beside the field, with what was typed still in it."""
    citation = cited(question, request.POST.get("citation", ""))
    if not form.is_valid():
        return form_page(request, question, form, citation=citation, status=422)
    given = form.cleaned_data
    try:
        file_report(
            question, kind=given["kind"], text=given["text"], citation=citation, asker=asker_key(request.META)
        )
    except ReportRefused as refused:
        form.add_error(refused.field, refused.message)
        return form_page(request, question, form, citation=citation, status=422)
    except QuotaUsed as used:
        form.add_error(None, used.message)
        page = form_page(request, question, form, citation=citation, status=429)
        page["Retry-After"] = str(used.retry_after)
        return page
    return HttpResponseRedirect(reverse("qa:reported", args=[question.slug]), status=303)


def reportable(slug: str) -> Question:
    """The question at this address, where its page can be reported. Raises Http404."""
    question = find_question(slug)
    if question.state not in REPORTABLE:
        raise Http404
    return question


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: the form, filled in with ?kind= and ?citation=. POST: 303 to the thanks."""
    question = reportable(slug)
    if request.method == "POST":
        return receive(request, question, ReportForm(request.POST))
    citation = cited(question, request.GET.get("citation", ""))
    kind = request.GET.get("kind") or (Report.Kind.CITATION if citation else "")
    form = ReportForm(initial={"kind": kind})
    return form_page(request, question, form, citation=citation)


@require_http_methods(["GET", "HEAD"])
def reported(request: HttpRequest, slug: str) -> HttpResponse:
    """Thanks, and what happens next."""
    return keep_private(render(request, "qa/reported.html", {"question": reportable(slug)}))
