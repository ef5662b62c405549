"""Preprints as the REST API shows them: one shape for lists, pages and search results."""

from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from archive.models import Author, Preprint

MAX_QUERY = 500  # characters; the length of the longest question
MAX_HITS = 50


class SearchMode(TextChoices):
    """Which legs of the search are used."""

    HYBRID = "hybrid", "full text and vectors, fused"
    TEXT = "text", "full text only"
    VECTOR = "vector", "vectors only"


class RoundedField(serializers.FloatField):
    """A measure to four places: more of them would only be noise."""

    def to_representation(self, value: Any) -> Any:
        return round(float(value), 4)


class PageURLField(serializers.URLField):
    """The address of the page that people read, on the site's own canonical host."""

    def __init__(self, source: str = "get_absolute_url", **kwargs: Any) -> None:
        super().__init__(source=source, read_only=True, **kwargs)

    def to_representation(self, value: str) -> str:
        return f"{settings.SITE_URL}{value}"


class APIURLField(serializers.URLField):
    """The address of the object itself in this API, on the site's own canonical host."""

    def __init__(self, view_name: str, source: str, **kwargs: Any) -> None:
        self.view_name = view_name
        super().__init__(source=source, read_only=True, **kwargs)

    def to_representation(self, value: str) -> str:
        return f"{settings.SITE_URL}{reverse(self.view_name, args=[value])}"


class AuthorSerializer(serializers.ModelSerializer[Author]):
    class Meta:
        model = Author
        fields = ["name", "affiliation", "orcid"]


class VersionSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    submitted_on = serializers.CharField(help_text="As the source gives it.")


class WithdrawalSerializer(serializers.Serializer):
    withdrawn_on = serializers.DateField()
    reason = serializers.CharField(source="withdrawal_reason")


class PreprintSerializer(serializers.ModelSerializer[Preprint]):
    url = APIURLField("v1:preprint-detail", "identifier")
    page_url = PageURLField()
    authors = AuthorSerializer(many=True, read_only=True)
    versions = VersionSerializer(many=True, read_only=True)
    arxiv_id = serializers.CharField(read_only=True, help_text="Empty where the source is not arXiv.")
    arxiv_url = serializers.CharField(read_only=True)
    withdrawal = serializers.SerializerMethodField(
        help_text="Empty unless the archive withdrew the preprint."
    )

    class Meta:
        model = Preprint
        fields = [
            "identifier",
            "url",
            "page_url",
            "title",
            "authors",
            "abstract",
            "abstract_kind",
            "primary_category",
            "categories",
            "submitted_on",
            "revised_on",
            "version",
            "versions",
            "arxiv_id",
            "arxiv_url",
            "doi",
            "journal_ref",
            "comments",
            "licence",
            "language",
            "withdrawal",
        ]

    @extend_schema_field(WithdrawalSerializer(allow_null=True))
    def get_withdrawal(self, preprint: Preprint) -> dict[str, Any] | None:
        return dict(WithdrawalSerializer(preprint).data) if preprint.is_withdrawn else None


class HitSerializer(serializers.Serializer):
    rank = serializers.IntegerField()
    similarity = RoundedField(
        allow_null=True,
        help_text="Calibrated, 0 to 1: how likely it is that this preprint bears on the query. Null where no "
        "calibration exists for the embedding model.",
    )
    score = RoundedField(help_text="What ranks the hits; comparable only within one result.")
    preprint = PreprintSerializer()


class PassageSerializer(serializers.Serializer):
    """A sentence of the abstract: abstract[start:end]."""

    text = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()


class SearchHitSerializer(HitSerializer):
    passage = PassageSerializer(
        allow_null=True, help_text="The sentence of the abstract that shares most with the query."
    )


class SimilarSerializer(serializers.Serializer):
    results = HitSerializer(many=True)


class SearchResultSerializer(serializers.Serializer):
    query = serializers.CharField()
    mode = serializers.ChoiceField(SearchMode.choices)
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What limited this search, in words: show them to people."
    )
    embedding_model = serializers.CharField()
    results = SearchHitSerializer(many=True)


class SearchQuerySerializer(serializers.Serializer):
    """The parameters of a search. Unknown ones are ignored."""

    q = serializers.CharField(max_length=MAX_QUERY, help_text="A question or words, in plain language.")
    mode = serializers.ChoiceField(SearchMode.choices, default=SearchMode.HYBRID.value)
    category = serializers.CharField(max_length=32, required=False, help_text="Such as quant-ph.")
    submitted_from = serializers.DateField(required=False)
    submitted_to = serializers.DateField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_HITS, default=8)
