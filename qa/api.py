"""REST: questions, their answers and versions, asking, and the questions that cite a preprint."""

import hashlib
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.formats import date_format
from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from archive.api import find_preprint, moved_to
from archive.conditions import ConditionalViews
from archive.models import Preprint
from qa.api_problems import (
    AskedInOtherWords,
    KeyIsReused,
    QuestionRefused,
    QueueIsFull,
    QuotaExceeded,
    with_wait,
)
from qa.caching import tag
from qa.conditions import answer_validators, list_validators, question_validators
from qa.idempotency import KeyMalformed, KeyReused
from qa.lists import QuestionFilter, TaggedList, asked_list, cited_by_published, heads
from qa.models import Answer, AnswerRun, Question, QuestionQuerySet, standing_marks
from qa.nearness import suggest_questions
from qa.quotas import ask_windows, report_windows
from qa.reporting import ReportRefused, file_report, find_citation
from qa.runs import queue_position
from qa.serializers import (
    ANSWER_ROWS,
    AcceptedSerializer,
    AnswerHeadSerializer,
    AnswerSerializer,
    AskSerializer,
    QuestionHeadSerializer,
    QuestionSerializer,
    ReportedSerializer,
    ReportSerializer,
    StatusSerializer,
    SuggestionSerializer,
    prefixed,
)
from qa.submission import NearDuplicate, QueueFull, QuotaUsed, Refused, submit_question
from qa.throttling import note_quota
from qa.tokens import asker_of
from qa.waiting import LONGEST_SECONDS, wait_for

SUGGESTED_SECONDS = 300  # how long a browser may keep suggestions
WITH_RETRIEVED = [Question.State.PENDING, Question.State.UNANSWERABLE]
UNLISTED = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}  # for whoever has the address


class Retracted(APIException):
    """The answer was retracted: a tombstone with the day and the reason stands at its address."""

    status_code = 410
    default_code = "retracted"


class Merged(APIException):
    """The question lives on under another address."""

    status_code = 301
    default_code = "merged"

    def __init__(self, target: Question) -> None:
        super().__init__("This question was merged into another one.")
        self.headers = {"Location": api_url(target)}


def api_url(question: Question) -> str:
    """The question's address in this API, on the site's canonical host."""
    return f"{settings.SITE_URL}{reverse('v1:question-detail', args=[question.slug])}"


def visible_question(queryset: QuerySet[Question], slug: str) -> Question:
    """The question at an address, as the state table shows it. Raises Http404, Retracted or Merged."""
    question = get_object_or_404(queryset, slug=slug)
    if question.state == Question.State.REJECTED:
        raise Http404
    if question.state == Question.State.RETRACTED and question.closed_at:
        raise Retracted(f"Retracted on {date_format(question.closed_at, 'j F Y')}: {question.reason}")
    if question.merged_into:
        raise Merged(question.merged_into)
    return question


def status_of(question: Question) -> dict[str, Any]:
    """What StatusSerializer shows: the question, its run, and the place of that run in the queue.

    Of a published question it is the run that made its answer: how answering it again fares is the curators'
    affair.
    """
    answer = question.published_answer
    run = answer.run if answer else question.runs.order_by("-pk").first()
    position = queue_position(run) if run and run.state == AnswerRun.State.QUEUED else None
    return {"question": question, "run": run, "position": position}


class WaitSerializer(serializers.Serializer):
    wait = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST_SECONDS,
        help_text="Seconds to wait for news while the question is pending: for a status that is another one "
        "than that of `If-None-Match`, or than now. The answer may come at once where many wait.",
    )


def published_heads() -> QuestionQuerySet:
    """The published questions, with what QuestionHeadSerializer shows of their answers."""
    return heads(Question.objects.published())


class StatusNow(NamedTuple):
    """A question's status as it is shown at one moment, and the ETag of that."""

    shown: dict[str, Any]
    etag: str


def status_now(queryset: QuerySet[Question], slug: str) -> StatusNow:
    """Raises what visible_question() does."""
    shown = StatusSerializer(status_of(visible_question(queryset, slug))).data
    digest = hashlib.blake2b(JSONRenderer().render(shown), digest_size=12).hexdigest()
    return StatusNow(shown, f'"{digest}"')


@extend_schema_view(list=extend_schema(summary="List public questions, newest first"))
class QuestionViewSet(ConditionalViews, TaggedList, mixins.ListModelMixin, GenericViewSet):
    conditions = {
        "list": lambda request: asked_list(request).find(request),
        "suggestions": list_validators,
        "retrieve": answer_validators,
        "answers": question_validators,
        "answer": lambda request, slug, version: answer_validators(request, slug, number=version),
    }
    queryset = Question.objects.all()
    serializer_class = QuestionHeadSerializer
    filterset_class = QuestionFilter
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9]{10}"

    @property
    def ordering(self) -> tuple[str, str]:
        """Of the list."""
        return asked_list(self.request).ordering

    def get_queryset(self) -> QuestionQuerySet:
        """Collections hold what is public; whoever has an address sees what visible_question() allows."""
        if self.action == "list":
            return heads(asked_list(self.request).rows.all())
        return Question.objects.select_related("merged_into", "published_answer__run")

    @extend_schema(
        summary="Ask a question",
        request=AskSerializer,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                location=OpenApiParameter.HEADER,
                description="Such as a UUID. For 24 hours the same request with it gets the same answer.",
            )
        ],
        responses={
            202: OpenApiResponse(AcceptedSerializer, "A new question; `Location` is its address."),
            200: OpenApiResponse(AcceptedSerializer, "It was asked before; `Location` is its address."),
            409: OpenApiResponse(
                description="Published questions ask the same in other words: `candidates`. "
                "`force` asks anyway."
            ),
            422: OpenApiResponse(
                description="The text is no question for this archive: `code` says why. "
                "`idempotency_key_reused`: the key came with another question before."
            ),
            429: OpenApiResponse(description="The quota is used; `Retry-After` says for how long."),
            503: OpenApiResponse(
                description="Too many questions wait; `Retry-After` says when to try again."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Then wait for news at `status/` under the question's address. The same text lands on the same
        question, so that a request may safely be repeated; with `Idempotency-Key` its answer is the same too.
        """
        body = AskSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            submission = submit_question(
                body.validated_data["text"],
                asker=asker_of(request),
                force=body.validated_data["force"],
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        except KeyMalformed as refusal:
            raise ValidationError({"Idempotency-Key": refusal.message}) from refusal
        except KeyReused as refusal:
            raise KeyIsReused(refusal.message) from refusal
        except Refused as refusal:
            raise QuestionRefused(refusal.message, code=refusal.code) from refusal
        except NearDuplicate as refusal:
            raise AskedInOtherWords(refusal) from refusal
        except QuotaUsed as refusal:
            note_quota(request, ask_windows)
            raise with_wait(QuotaExceeded(refusal.message), refusal.retry_after) from refusal
        except QueueFull as refusal:
            raise with_wait(QueueIsFull(refusal.message), refusal.retry_after) from refusal
        note_quota(request, ask_windows)
        status = status_of(submission.question) | {"duplicate": not submission.is_new}
        return Response(
            AcceptedSerializer(status).data,
            status=202 if submission.is_new else 200,
            headers={"Location": api_url(submission.question)},
        )

    @extend_schema(
        summary="Suggest published questions near a text",
        parameters=[OpenApiParameter("q", str, required=True, description="What is being typed.")],
        responses=SuggestionSerializer(many=True),
        filters=False,
    )
    @action(detail=False, filterset_class=None, pagination_class=None)
    def suggestions(self, request: Request) -> Response:
        """At most five, nearest first. Nothing of the text is kept."""
        near = suggest_questions(request.query_params.get("q", ""))
        headers = {"Cache-Control": f"public, max-age={SUGGESTED_SECONDS}"}
        return Response(SuggestionSerializer(near, many=True).data, headers=headers)

    @extend_schema(
        summary="Read a question and its answer",
        responses={
            200: QuestionSerializer,
            301: OpenApiResponse(description="It was merged into the question at `Location`."),
            404: OpenApiResponse(description="There is no such question, or it was rejected."),
            410: OpenApiResponse(description="Its answer was retracted: `detail` says when and why."),
        },
    )
    def retrieve(self, request: Request, slug: str) -> Response:
        question = visible_question(
            self.get_queryset().prefetch_related(
                *(prefixed(rows, "published_answer") for rows in ANSWER_ROWS)
            ),
            slug,
        )
        status = status_of(question)
        run = status["run"]
        question.status = status  # type: ignore[attr-defined]
        question.retrieved = run.retrieved if run and question.state in WITH_RETRIEVED else []  # type: ignore[attr-defined]
        headers = {} if question.state == Question.State.PUBLISHED else UNLISTED
        return tag(Response(QuestionSerializer(question).data, headers=headers), questions=[slug])

    @extend_schema(
        summary="Read where a question stands", parameters=[WaitSerializer], responses=StatusSerializer
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def status(self, request: Request, slug: str) -> Response:
        """With `wait`, the answer comes when there is news, or 304 when the time is over."""
        asked = WaitSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        held = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}

        def is_news(now: StatusNow, first: StatusNow) -> bool:
            is_pending = now.shown["state"] == Question.State.PENDING
            return not is_pending or now.etag not in (held or {first.etag})

        wait = asked.validated_data["wait"]
        now = wait_for(lambda: status_now(self.get_queryset(), slug), is_news, seconds=wait)
        return Response(now.shown, headers={**UNLISTED, "ETag": now.etag})

    @extend_schema(
        summary="Report a problem with a question's page",
        request=ReportSerializer,
        responses={
            201: OpenApiResponse(ReportedSerializer, "It is in the curators' queue."),
            400: OpenApiResponse(
                description="`errors` says what can't be used, such as a citation of another page."
            ),
            422: OpenApiResponse(description="The text can't be taken."),
            429: OpenApiResponse(description="The quota is used; `Retry-After` says for how long."),
        },
    )
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def reports(self, request: Request, slug: str) -> Response:
        question = visible_question(self.get_queryset(), slug)
        body = ReportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        wanted = given.get("citation")
        citation = find_citation(question, wanted) if wanted else None
        if wanted and citation is None:
            raise ValidationError({"citation": "No page of this question shows this citation."})
        try:
            report = file_report(
                question,
                kind=given["kind"],
                text=given["text"],
                citation=citation,
                asker=asker_of(request),
            )
        except ReportRefused as refusal:
            raise QuestionRefused(refusal.message, code="report_refused") from refusal
        except QuotaUsed as refusal:
            note_quota(request, report_windows)
            raise with_wait(QuotaExceeded(refusal.message), refusal.retry_after) from refusal
        note_quota(request, report_windows)
        return Response(ReportedSerializer(report).data, status=201, headers=UNLISTED)

    @extend_schema(
        summary="List the published versions of an answer",
        responses=AnswerHeadSerializer(many=True),
        filters=False,
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def answers(self, request: Request, slug: str) -> Response:
        question = visible_question(self.get_queryset(), slug)
        versions = Answer.objects.readable().filter(question=question).order_by("-version")
        versions = versions.prefetch_related(standing_marks())
        return tag(Response(AnswerHeadSerializer(versions, many=True).data), questions=[slug])

    @extend_schema(summary="Read one version of an answer", responses=AnswerSerializer)
    @action(
        detail=True,
        url_path=r"answers/(?P<version>[1-9][0-9]{0,3})",
        url_name="answer",
        filterset_class=None,
        pagination_class=None,
    )
    def answer(self, request: Request, slug: str, version: str) -> Response:
        question = visible_question(self.get_queryset(), slug)
        versions = Answer.objects.readable().filter(question=question).select_related("run")
        answer = get_object_or_404(versions.prefetch_related(*ANSWER_ROWS), version=int(version))
        return tag(Response(AnswerSerializer(answer).data), questions=[slug])


@extend_schema_view(get=extend_schema(summary="List the published questions whose answer cites a preprint"))
class PreprintQuestionsView(ConditionalViews, TaggedList, ListAPIView):
    conditions = {"get": list_validators}
    serializer_class = QuestionHeadSerializer
    filter_backends = ()
    queryset = Question.objects.none()
    ordering = ("-published_at", "-pk")

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """An arXiv id or lower case is answered with 301 to the identifier's own address."""
        self.preprint = find_preprint(Preprint.objects.only("identifier"), self.kwargs["identifier"])
        if self.preprint.identifier != self.kwargs["identifier"]:
            return moved_to(self.preprint, "v1:preprint-questions")
        return self.list(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Question]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return published_heads().filter(cited_by_published(preprint=self.preprint))
