"""Questions and answers as the API shows them: never a dropped statement, a held or a discarded answer."""

from collections import Counter
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from archive.serializers import APIURLField, PageURLField, RoundedField
from qa.models import (
    MAX_REPORT,
    Answer,
    Citation,
    FollowUp,
    Mark,
    Opinion,
    Question,
    Report,
    Source,
    Spend,
    Statement,
    standing_marks,
)
from qa.reporting import READERS_KINDS

# What AnswerSerializer shows of an answer, and nothing else of it, in one query a line and two for citations.
ANSWER_ROWS = [
    Prefetch(
        "statements",
        Statement.objects.filter(is_dropped=False)
        .order_by("position")
        .prefetch_related(
            Prefetch(
                "citations",
                Citation.objects.select_related("source__preprint")
                .prefetch_related("opinions")
                .order_by("position"),
            )
        ),
    ),
    Prefetch(
        "statements", Statement.objects.filter(is_dropped=True).only("answer"), to_attr="dropped_statements"
    ),
    Prefetch("run__spends", Spend.objects.order_by("pk")),
    Prefetch("sources", Source.objects.select_related("preprint").order_by("-is_cited", "number")),
    Prefetch("follow_ups", FollowUp.objects.shown()),
    standing_marks(),
]


def prefixed(rows: Prefetch, prefix: str) -> Prefetch:
    """The same rows, reached over a relation."""
    return Prefetch(f"{prefix}__{rows.prefetch_through}", rows.queryset, to_attr=rows.to_attr)


class AskedText(serializers.CharField):
    """Any string at all: what makes it a question is for qa.submission to say, with its own reason codes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)
        self.validators = []

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class AskSerializer(serializers.Serializer):
    text = AskedText(help_text="A question in plain language that stands alone, 10 to 500 characters.")
    force = serializers.BooleanField(
        default=False, help_text="Ask although a published question asks the same in other words."
    )


class StatusSerializer(serializers.Serializer):
    """Where a question stands. Poll it with If-None-Match: 304 costs little."""

    slug = serializers.CharField(source="question.slug")
    url = APIURLField("v1:question-detail", "question.slug")
    page_url = PageURLField(source="question.get_absolute_url")
    state = serializers.ChoiceField(Question.State.choices, source="question.state")
    step = serializers.CharField(
        source="run.step",
        default=None,
        help_text="Of the work: queued, searching, …, finished.",
    )
    step_detail = serializers.IntegerField(
        source="run.step_detail", default=None, help_text="Preprints read, or citations checked."
    )
    position = serializers.IntegerField(
        allow_null=True, help_text="Its place in the queue, 1 for the next one. Null unless it is queued."
    )
    waits_for = serializers.CharField(
        source="run.waits_for", default="", help_text="Why it is not tried yet, in words."
    )
    error_code = serializers.CharField(source="run.error_code", default="")
    error = serializers.CharField(source="run.error", default="", help_text="What went wrong, in words.")


class AcceptedSerializer(StatusSerializer):
    duplicate = serializers.BooleanField(help_text="The question was asked before: this is where it stands.")


class ReportSerializer(serializers.Serializer):
    """What is wrong with a page. Who says it is not kept."""

    kind = serializers.ChoiceField([(kind.value, kind.label) for kind in READERS_KINDS])
    text = AskedText(
        default="",
        help_text=f"Plain text, at most {MAX_REPORT:,} characters. `helpful` and `unhelpful` need none.",
    )
    citation = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1, help_text="The `id` of a citation."
    )


class ReportedSerializer(serializers.ModelSerializer[Report]):
    """A report as it was taken in."""

    class Meta:
        model = Report
        fields = ["kind", "text", "citation", "created_at"]


class OpinionSerializer(serializers.ModelSerializer[Opinion]):
    class Meta:
        model = Opinion
        fields = ["model", "model_named", "verdict", "created_at"]


class CitationSerializer(serializers.ModelSerializer[Citation]):
    source = serializers.IntegerField(  # type: ignore[assignment]  # the field's name, no argument of the serializer
        source="source.number", help_text="Number of the source in `sources`."
    )
    identifier = serializers.CharField(source="source.preprint.identifier")
    score = RoundedField(help_text="Support, 0 to 1.")
    evidence = serializers.CharField(help_text="The sentence that the statement rests on, verbatim.")
    opinions = OpinionSerializer(
        many=True, read_only=True, help_text="What a second model says, beside the verdict of the checks."
    )

    class Meta:
        model = Citation
        fields = [
            "id",
            "source",
            "identifier",
            "verdict",
            "score",
            "flags",
            "evidence",
            "evidence_start",
            "evidence_end",
            "reasons",
            "opinions",
        ]


class StatementSerializer(serializers.ModelSerializer[Statement]):
    citations = CitationSerializer(many=True, read_only=True)

    class Meta:
        model = Statement
        fields = ["position", "section", "heading", "text", "is_bullet", "citations"]


class SourceSerializer(serializers.ModelSerializer[Source]):
    identifier = serializers.CharField(source="preprint.identifier")
    url = APIURLField("v1:preprint-detail", "preprint.identifier")
    title = serializers.CharField(source="preprint.title")
    primary_category = serializers.CharField(source="preprint.primary_category")
    similarity = RoundedField(
        allow_null=True, help_text="Calibrated, 0 to 1; null where no calibration exists."
    )
    is_withdrawn = serializers.BooleanField(
        source="preprint.is_withdrawn", help_text="Withdrawn by the archive, now."
    )
    withdrawn_on = serializers.DateField(source="preprint.withdrawn_on", allow_null=True)
    present_version = serializers.IntegerField(
        source="preprint.version", help_text="Of the preprint, now; `preprint_version` is what was cited."
    )

    class Meta:
        model = Source
        fields = [
            "number",
            "identifier",
            "url",
            "title",
            "primary_category",
            "similarity",
            "is_cited",
            "is_withdrawn",
            "withdrawn_on",
            "preprint_version",
            "present_version",
        ]


class FollowUpSerializer(serializers.ModelSerializer[FollowUp]):
    slug = serializers.SerializerMethodField(help_text="Of its published page; null where there is none.")

    class Meta:
        model = FollowUp
        fields = ["text", "slug"]

    def get_slug(self, follow_up: FollowUp) -> str | None:
        page = follow_up.answered_by()
        return page.slug if page else None


class CallSerializer(serializers.ModelSerializer[Spend]):
    """A row of the ledger: one paid call of a model, whether or not it gave anything."""

    class Meta:
        model = Spend
        fields = ["purpose", "model", "tokens_in", "tokens_out", "cost_usd", "error_code"]


class ChecksSerializer(serializers.Serializer):
    """What the checks found, counted; each citation has its own verdict, score, evidence and reasons."""

    statements = serializers.IntegerField()
    dropped = serializers.IntegerField(help_text="Statements that failed and are not part of the page.")
    citations = serializers.DictField(child=serializers.IntegerField(), help_text="By verdict.")
    flags = serializers.DictField(child=serializers.IntegerField(), help_text="Of citations, by name.")


class ProvenanceSerializer(serializers.ModelSerializer[Answer]):
    attempts = serializers.IntegerField(source="run.attempts")
    published_by = serializers.SerializerMethodField(help_text="The gate, or a curator.")
    checks = serializers.SerializerMethodField()
    calls = CallSerializer(
        source="run.spends", many=True, help_text="Every paid call, failed ones and repairs included."
    )

    class Meta:
        model = Answer
        fields = [
            "model_requested",
            "model_named",
            "prompt_version",
            "embedding_model",
            "retrieval",
            "tokens_in",
            "tokens_out",
            "cost_usd",
            "seconds",
            "attempts",
            "calls",
            "checks",
            "published_by",
        ]

    def get_published_by(self, answer: Answer) -> str:
        return "a curator" if answer.published_by_id else "the gate"

    @extend_schema_field(ChecksSerializer)
    def get_checks(self, answer: Answer) -> dict[str, Any]:
        """From the statements that are shown, and the dropped ones, as `ANSWER_ROWS` fetches both."""
        shown = list(answer.statements.all())
        citations = [citation for statement in shown for citation in statement.citations.all()]
        return {
            "statements": len(shown),
            "dropped": len(answer.dropped_statements),  # type: ignore[attr-defined]
            "citations": Counter(citation.verdict for citation in citations),
            "flags": Counter(flag for citation in citations for flag in citation.flags),
        }


class MarkSerializer(serializers.ModelSerializer[Mark]):
    """One reason why an answer is outdated, as its page shows it."""

    identifier = serializers.CharField(source="preprint.identifier")
    detail = serializers.CharField(source="words", help_text="The reason as one sentence.")

    class Meta:
        model = Mark
        fields = ["kind", "identifier", "detail", "since"]


class AnswerHeadSerializer(serializers.ModelSerializer[Answer]):
    """A version in a list."""

    outdated = MarkSerializer(
        source="standing_marks",
        many=True,
        read_only=True,
        help_text="What became of its sources since, the gravest first; empty where nothing is known.",
    )

    class Meta:
        model = Answer
        fields = [
            "version",
            "state",
            "verdict",
            "model_named",
            "is_quotation",
            "created_at",
            "published_at",
            "change_reason",
            "outdated",
        ]


class AnswerSerializer(AnswerHeadSerializer):
    """A version in full: every statement with the verdict on each of its citations."""

    statements = StatementSerializer(many=True, read_only=True)
    sources = SourceSerializer(many=True, read_only=True)
    follow_ups = FollowUpSerializer(many=True, read_only=True)
    provenance = ProvenanceSerializer(source="*", read_only=True)

    class Meta:
        model = Answer
        fields = [
            *AnswerHeadSerializer.Meta.fields,
            "gap",
            "statements",
            "limits",
            "sources",
            "follow_ups",
            "provenance",
        ]


class QuestionHeadSerializer(serializers.ModelSerializer[Question]):
    """A question in a list."""

    url = APIURLField("v1:question-detail", "slug")
    page_url = PageURLField()
    text = serializers.SerializerMethodField(help_text="Empty once it was retracted.")
    answer = AnswerHeadSerializer(source="published_answer", read_only=True, allow_null=True)

    class Meta:
        model = Question
        fields = [
            "slug",
            "url",
            "page_url",
            "text",
            "language",
            "state",
            "asked_at",
            "published_at",
            "closed_at",
            "reason",
            "answer",
        ]

    def get_text(self, question: Question) -> str:
        return "" if question.state == Question.State.RETRACTED else question.text


class SuggestionSerializer(serializers.ModelSerializer[Question]):
    """A published question near what is being typed."""

    url = APIURLField("v1:question-detail", "slug")
    page_url = PageURLField()
    verdict = serializers.CharField(source="published_answer.verdict", read_only=True)

    class Meta:
        model = Question
        fields = ["slug", "url", "page_url", "text", "verdict"]


class RetrievedSerializer(serializers.Serializer):
    identifier = serializers.CharField()
    rank = serializers.IntegerField()
    similarity = RoundedField(allow_null=True)


class QuestionSerializer(QuestionHeadSerializer):
    """A question with its published answer, or with what is known while there is none."""

    answer = AnswerSerializer(  # in full, where the list has its head
        source="published_answer", read_only=True, allow_null=True
    )
    retrieved = RetrievedSerializer(
        many=True,
        read_only=True,
        help_text="Where there is no answer: the preprints found so far, or the nearest ones.",
    )
    status = StatusSerializer(read_only=True)

    class Meta(QuestionHeadSerializer.Meta):
        fields = [*QuestionHeadSerializer.Meta.fields, "retrieved", "status"]
