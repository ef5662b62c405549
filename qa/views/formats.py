"""Answers and preprints in the formats that programs take: Markdown, JSON, BibTeX, RIS, CSL-JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe
from rest_framework.renderers import JSONRenderer

from archive.caching import keep_public
from archive.citing import cite_preprint
from archive.conditions import conditional
from archive.models import Author, Preprint
from archive.references import Reference, to_bibtex, to_csl, to_ris
from archive.serializers import PreprintSerializer
from qa.caching import keep_private, tag
from qa.citing import cite_answer
from qa.conditions import answer_validators, preprint_validators
from qa.markdown import write_answer, write_preprint
from qa.models import Answer, Mark, Question
from qa.serializers import ANSWER_ROWS, AnswerSerializer, QuestionHeadSerializer
from qa.views.links import MEDIA_TYPES, link_format
from qa.views.preprint import CITING_QUESTIONS, newest_citing

REFERENCE_WRITERS: dict[str, Callable[[Reference], str]] = {
    "bib": to_bibtex,
    "ris": to_ris,
    "csl.json": lambda reference: json.dumps([to_csl(reference)], ensure_ascii=False, indent=2) + "\n",
}
DOWNLOADED = ("bib", "ris")  # reference managers open them; a browser would only show text


def _respond(content: str | bytes, *, ending: str, name: str, page: str) -> HttpResponse:
    response = HttpResponse(content, content_type=f"{MEDIA_TYPES[ending]}; charset=utf-8")
    if ending in DOWNLOADED:
        response["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return keep_public(link_format(response, page, ending))


def _as_json(data: Any) -> bytes:
    return bytes(JSONRenderer().render(data, "application/json; indent=2"))


def _write_answer(ending: str, question: Question, answer: Answer) -> str | bytes:
    if ending == "md":
        return write_answer(question, answer)
    if ending == "json":
        question.published_answer = answer  # in this document, also where it is an earlier version
        return _as_json({**QuestionHeadSerializer(question).data, "answer": AnswerSerializer(answer).data})
    cited = [source.preprint for source in answer.sources.all() if source.is_cited]
    marks: list[Mark] = answer.standing_marks  # type: ignore[attr-defined]
    return REFERENCE_WRITERS[ending](cite_answer(question, answer, cited=cited, marks=marks))


def _without_answer(question: Question, ending: str) -> HttpResponse:
    """What stands at the format of a question whose answer can't be read. Raises Http404."""
    if question.merged_into:
        target = reverse("qa:format", args=[question.merged_into.slug, ending])
        return HttpResponsePermanentRedirect(target)
    if question.state == Question.State.RETRACTED and question.closed_at:
        words = f"Retracted on {date_format(question.closed_at, 'j F Y')}: {question.reason}\n"
        return keep_private(HttpResponse(words, status=410, content_type="text/plain; charset=utf-8"))
    raise Http404


def _readable(question: Question, number: str | None) -> QuerySet[Answer]:
    versions = Answer.objects.readable().filter(question=question)
    if number is None:
        versions = versions.filter(state=Answer.State.PUBLISHED)
    else:
        versions = versions.filter(version=int(number))
    return versions.select_related("run").prefetch_related(*ANSWER_ROWS)


@require_safe
@conditional(answer_validators)
def answer(request: HttpRequest, slug: str, ending: str, number: str | None = None) -> HttpResponse:
    """A published answer, or one of its versions, in the format that the address ends in."""
    rows = Question.objects.select_related("merged_into", "published_answer")
    question = get_object_or_404(rows, slug=slug)
    found = _readable(question, number).first()
    if found is None:
        return _without_answer(question, ending)
    response = _respond(
        _write_answer(ending, question, found),
        ending=ending,
        name=f"{question.slug}-v{found.version}",
        page=question.get_absolute_url(),
    )
    sources = [source.preprint.identifier for source in found.sources.all()]
    return tag(response, questions=[slug], preprints=sources)


def _write_preprint(ending: str, preprint: Preprint, authors: Sequence[Author]) -> str | bytes:
    if ending == "md":
        citing = list(newest_citing(preprint)[:CITING_QUESTIONS])
        return write_preprint(preprint, authors, citing)
    if ending == "json":
        return _as_json(PreprintSerializer(preprint).data)
    return REFERENCE_WRITERS[ending](cite_preprint(preprint, authors))


@require_safe
@conditional(preprint_validators)
def preprint(request: HttpRequest, identifier: str, ending: str) -> HttpResponse:
    """A preprint in the format that the address ends in; its identifier in any case."""
    rows = Preprint.objects.defer("search_vector").prefetch_related("authors")
    found = get_object_or_404(rows, identifier=identifier.upper())
    if found.identifier != identifier:
        return HttpResponsePermanentRedirect(reverse("archive:format", args=[found.identifier, ending]))
    response = _respond(
        _write_preprint(ending, found, list(found.authors.all())),
        ending=ending,
        name=found.identifier,
        page=found.get_absolute_url(),
    )
    return tag(response, preprints=[found.identifier])
