"""REST: what curators decide, for programs that bear a curator's token. A part of qa/api.py."""

from typing import Any, ClassVar

from django.db.models import Model
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from qa.api import UNLISTED, status_of
from qa.authentication import CuratorsToken
from qa.curating import ANSWER_DECISIONS, MAX_REASON, QUESTION_DECISIONS, carry_out
from qa.models import Answer, Question
from qa.publishing import NotAllowed
from qa.serializers import StatusSerializer
from qa.tokens import token_of

DECISIONS = {decision.name: decision for decision in [*ANSWER_DECISIONS, *QUESTION_DECISIONS]}


class DecisionRefused(APIException):
    """The state of the question, or of its answer, does not let this happen: `detail` says why."""

    status_code = 409
    default_code = "not_allowed"


PROBLEMS = {
    401: OpenApiResponse(description="A token is needed, or this one is not good."),
    403: OpenApiResponse(description="The token lacks the scope `curate`, or its owner the permission."),
    404: OpenApiResponse(description="There is no such question."),
    409: OpenApiResponse(description="Its state does not let this happen: `detail` says why."),
}
DECIDED = {200: OpenApiResponse(StatusSerializer, "Done; it is in the history in admin."), **PROBLEMS}


class PublishSerializer(serializers.Serializer):
    version = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=32_767,
        help_text="Of the held answer. May be left out where only one is held.",
    )


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=MAX_REASON, help_text="Why; everybody can read it.")


class MergeSerializer(serializers.Serializer):
    into = serializers.RegexField(
        "^[a-z0-9]{10}$", help_text="The `slug` of the question whose page this address leads to then."
    )


class CuratingViewSet(GenericViewSet):
    """The same decisions as in admin, under the same rules, kept in the name of the token's owner."""

    permission_classes = [CuratorsToken]
    permissions: ClassVar = {"publish": "qa.change_answer"}
    queryset = Question.objects.all()
    serializer_class = StatusSerializer
    filter_backends = ()
    pagination_class = None
    lookup_field = "slug"
    lookup_value_regex = "[a-z0-9]{10}"

    @property
    def permission(self) -> str:
        """What the token's owner must be allowed in admin."""
        return self.permissions.get(self.action, "qa.change_question")

    @extend_schema(summary="Publish a held answer", request=PublishSerializer, responses=DECIDED)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, slug: str) -> Response:
        """It becomes the question's public page, and replaces a version published before."""
        version = read(PublishSerializer, request).get("version")
        return self.decide(held_answer(self.get_object(), version))

    @extend_schema(summary="Retract a published question", request=ReasonSerializer, responses=DECIDED)
    @action(detail=True, methods=["post"])
    def retract(self, request: Request, slug: str) -> Response:
        """The page becomes a tombstone with the day and the reason, which everybody can read, for good."""
        return self.decide(self.get_object(), **read(ReasonSerializer, request))

    @extend_schema(
        summary="Answer a question again",
        request=ReasonSerializer,
        responses={202: OpenApiResponse(StatusSerializer, "A run was opened."), **PROBLEMS},
    )
    @action(detail=True, methods=["post"])
    def reanswer(self, request: Request, slug: str) -> Response:
        """A new version is made. A published page stays as it is until the new version is published."""
        return self.decide(self.get_object(), code=202, **read(ReasonSerializer, request))

    @extend_schema(summary="Merge a question into another one", request=MergeSerializer, responses=DECIDED)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, slug: str) -> Response:
        """Its address leads to the other question's page from now on, for good."""
        into = Question.objects.filter(slug=read(MergeSerializer, request)["into"]).first()
        if into is None:
            raise ValidationError({"into": "There is no such question."})
        return self.decide(self.get_object(), into=into)

    def decide(self, row: Model, *, code: int = 200, **given: Any) -> Response:
        """Carries the action's decision out; the answer says where the question stands then."""
        token = token_of(self.request)
        try:
            carry_out(
                DECISIONS[self.action],
                row,
                by=token.owner,
                given=given,
                through=f"API token “{token.label}”",
            )
        except NotAllowed as refusal:
            raise DecisionRefused(refusal.message) from refusal
        question = self.get_queryset().select_related("published_answer__run").get(slug=self.kwargs["slug"])
        return Response(StatusSerializer(status_of(question)).data, status=code, headers=UNLISTED)


def read(serializer: type[serializers.Serializer], request: Request) -> dict[str, Any]:
    """The body of a request. Raises ValidationError."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return body.validated_data


def held_answer(question: Question, version: int | None) -> Answer:
    """The version to publish. Without a number there must be just one that is held: nothing is published
    that came in the meantime. Raises Http404 and DecisionRefused.
    """
    if version is not None:
        return get_object_or_404(Answer, question=question, version=version)
    held = list(question.answers.filter(state=Answer.State.HELD).order_by("version"))
    if len(held) == 1:
        return held[0]
    numbers = " and ".join(str(answer.version) for answer in held)
    raise DecisionRefused(
        f"The versions {numbers} are held: say which, as `version`." if held else "No version of it is held."
    )
