"""Bulk exports: everything that is public, one JSON object a line, streamed in constant memory.

Rows are read in pages by primary key: no cursor stays open in the database while a slow client reads.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from archive.caching import keep_public
from archive.conditions import ConditionalViews
from archive.models import Preprint
from archive.serializers import PreprintSerializer
from qa.conditions import list_validators
from qa.models import Question
from qa.serializers import ANSWER_ROWS, AnswerSerializer, QuestionHeadSerializer, prefixed

ROWS_A_PAGE = 200
JSON_LINES = "application/jsonl"


def _pages(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows, a page at a time, in the order of their primary keys."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:ROWS_A_PAGE]):
        yield page
        last = page[-1].pk


def _lines(rows: QuerySet[Any], describe: Callable[[Any], Any]) -> Iterator[bytes]:
    renderer = JSONRenderer()
    for page in _pages(rows):
        yield b"".join(renderer.render(describe(row)) + b"\n" for row in page)


def _stream(name: str, lines: Iterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type=JSON_LINES)
    response["Content-Disposition"] = f'attachment; filename="{name}.jsonl"'
    response["X-Robots-Tag"] = "noindex"
    keep_public(response)
    return response


def _describe_question(question: Any) -> dict[str, Any]:
    return {
        **QuestionHeadSerializer(question).data,
        "answer": AnswerSerializer(question.published_answer).data,
    }


class JSONLinesRenderer(BaseRenderer):
    """Lets a client ask for what it gets: the lines themselves are streamed, not rendered."""

    media_type = JSON_LINES
    format = "jsonl"


class Export(ConditionalViews, APIView):
    """An export changes with any publication and any harvest."""

    conditions = {"get": list_validators}
    renderer_classes = [JSONLinesRenderer, JSONRenderer]


class AnswersExport(Export):
    @extend_schema(
        summary="Export every published answer",
        responses={(200, JSON_LINES): OpenApiResponse(str, "One question with its answer a line.")},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Each line is a question as `/questions/{slug}/` has it, with `answer` in full."""
        rows = Question.objects.published().select_related("published_answer__run")
        answers = rows.prefetch_related(*(prefixed(one, "published_answer") for one in ANSWER_ROWS))
        return _stream("answers", _lines(answers, _describe_question))


class PreprintsExport(Export):
    @extend_schema(
        summary="Export every preprint",
        responses={(200, JSON_LINES): OpenApiResponse(str, "One preprint a line.")},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Each line is a preprint as `/preprints/{identifier}/` has it; withdrawn ones are left out."""
        rows = Preprint.objects.available().defer("search_vector").prefetch_related("authors")
        return _stream("preprints", _lines(rows, lambda row: PreprintSerializer(row).data))
