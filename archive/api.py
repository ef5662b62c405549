"""REST: preprints and the search for them. Read only; what shows preprints with questions is in qa/api.py."""

from typing import Any

import django_filters
from django.conf import settings
from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from archive.conditions import ConditionalViews, archive_validators
from archive.excerpts import best_passage
from archive.identifiers import parse
from archive.models import Preprint, PreprintQuerySet
from archive.search import Hit, search, similar_to
from archive.serializers import (
    MAX_QUERY,
    PreprintSerializer,
    SearchQuerySerializer,
    SearchResultSerializer,
    SimilarSerializer,
)

IDENTIFIER = r"[^/]+(?:/[0-9]{7}(?:v[0-9]+)?)?"  # arXiv ids before 2007 have a slash: quant-ph/9705052


class PreprintFilter(django_filters.FilterSet):
    """What narrows a list of preprints."""

    category = django_filters.CharFilter(
        field_name="categories", method="in_category", max_length=32, help_text="Such as quant-ph."
    )
    submitted_from = django_filters.DateFilter(field_name="submitted_on", lookup_expr="gte")
    submitted_to = django_filters.DateFilter(field_name="submitted_on", lookup_expr="lte")
    withdrawn = django_filters.ChoiceFilter(
        choices=[("true", "withdrawn only"), ("false", "available only")],
        method="is_withdrawn",
        help_text="Both unless given.",
    )
    text = django_filters.CharFilter(
        method="has_text",
        max_length=MAX_QUERY,
        help_text='Words of title and abstract, all of them; "phrases", or and -not work. Ranked: /search/.',
    )

    def in_category(self, queryset: PreprintQuerySet, name: str, value: str) -> PreprintQuerySet:
        return queryset.filter(categories__contains=[value])

    def is_withdrawn(self, queryset: PreprintQuerySet, name: str, value: str) -> PreprintQuerySet:
        return queryset.filter(withdrawn_on__isnull=value == "false")

    def has_text(self, queryset: PreprintQuerySet, name: str, value: str) -> PreprintQuerySet:
        """A withdrawn preprint is found by its identifier, or by whoever asks for withdrawn ones."""
        rows = queryset if self.data.get("withdrawn") == "true" else queryset.available()
        return rows.filter(search_vector=SearchQuery(value, config="english", search_type="websearch"))


def find_preprint(queryset: QuerySet[Preprint], identifier: str) -> Preprint:
    """The preprint that an identifier of this site (in any case) or an arXiv id names. Raises Http404."""
    parsed = parse(identifier)
    if parsed is None:
        raise Http404
    if parsed.kind == "own":
        return get_object_or_404(queryset, identifier=parsed.value)
    if parsed.kind == "arxiv":
        return get_object_or_404(queryset, source="arxiv", source_id=parsed.value)
    raise Http404


def moved_to(preprint: Preprint, view_name: str) -> Response:
    """301 from another name of a preprint to its own identifier's address, on the site's canonical host."""
    address = f"{settings.SITE_URL}{reverse(view_name, args=[preprint.identifier])}"
    return Response(status=301, headers={"Location": address})


def list_hits(hits: list[Hit]) -> list[Hit]:
    """The hits with their preprints' authors, which a search leaves out."""
    prefetch_related_objects([hit.preprint for hit in hits], "authors")
    return hits


@extend_schema_view(
    list=extend_schema(summary="List preprints, newest identifier first"),
    retrieve=extend_schema(
        summary="Read a preprint",
        parameters=[
            OpenApiParameter(
                "identifier",
                location="path",
                description="AG-2024.01-1576. An arXiv id is answered with 301 to the preprint's address.",
            )
        ],
    ),
)
class PreprintViewSet(ConditionalViews, ReadOnlyModelViewSet):
    conditions = dict.fromkeys(("list", "retrieve", "similar"), archive_validators)
    queryset = Preprint.objects.defer("search_vector").prefetch_related("authors")
    serializer_class = PreprintSerializer
    filterset_class = PreprintFilter
    lookup_field = "identifier"
    lookup_value_regex = IDENTIFIER
    ordering = ("-identifier",)  # never changes, so that a cursor keeps its place while preprints are revised

    def get_object(self) -> Preprint:
        return find_preprint(self.get_queryset(), self.kwargs["identifier"])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        preprint = self.get_object()
        if preprint.identifier != self.kwargs["identifier"]:
            return moved_to(preprint, "v1:preprint-detail")
        return Response(self.get_serializer(preprint).data)

    @extend_schema(
        summary="List the preprints nearest to a preprint", filters=False, responses=SimilarSerializer
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def similar(self, request: Request, identifier: str) -> Response:
        hits = list_hits(similar_to(self.get_object()))
        return Response(SimilarSerializer({"results": hits}).data)


class SearchViewSet(ConditionalViews, GenericViewSet):
    """Ranked search over the preprints that are not withdrawn."""

    conditions = {"list": archive_validators}
    filter_backends = ()
    pagination_class = None
    serializer_class = SearchResultSerializer

    @extend_schema(
        summary="Search preprints",
        parameters=[SearchQuerySerializer],
        responses=SearchResultSerializer,
        operation_id="search",
    )
    def list(self, request: Request) -> Response:
        query = SearchQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        found = search(
            wanted["q"],
            limit=wanted["limit"],
            mode=wanted["mode"],
            categories=[wanted["category"]] if "category" in wanted else [],
            submitted_from=wanted.get("submitted_from"),
            submitted_to=wanted.get("submitted_to"),
        )
        shown = {
            "query": wanted["q"],
            "mode": wanted["mode"],
            "notes": found.notes,
            "embedding_model": found.embedding_model,
            "results": [
                {
                    "rank": hit.rank,
                    "similarity": hit.similarity,
                    "score": hit.score,
                    "preprint": hit.preprint,
                    "passage": best_passage(wanted["q"], hit.preprint.abstract),
                }
                for hit in list_hits(found.hits)
            ],
        }
        headers = {} if found.is_whole else {"Cache-Control": "no-store"}
        return Response(SearchResultSerializer(shown).data, headers=headers)
