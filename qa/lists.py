"""The lists of questions that anybody may read over the API: which rows, in what order, how narrowed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef
from rest_framework.response import Response

from archive.conditions import Validators
from qa.caching import tag
from qa.conditions import gap_validators, list_validators
from qa.models import Answer, Question, QuestionQuerySet, Source, standing_marks


def heads(questions: QuestionQuerySet) -> QuestionQuerySet:
    """The questions of a list, with what QuestionHeadSerializer shows of their answers."""
    return questions.select_related("published_answer").prefetch_related(standing_marks("published_answer__"))


@dataclass(frozen=True)
class PublicList:
    """Questions that anybody may list: which, in what order, and by what a change of the list is told."""

    rows: QuestionQuerySet
    ordering: tuple[str, str]
    find: Callable[..., Validators]


PUBLISHED_LIST = PublicList(Question.objects.published(), ("-published_at", "-pk"), list_validators)
PUBLIC_LISTS: dict[str, PublicList] = {
    Question.State.PUBLISHED: PUBLISHED_LIST,
    Question.State.RETRACTED: PublicList(
        Question.objects.retracted(), ("-closed_at", "-pk"), list_validators
    ),
    Question.State.UNANSWERABLE: PublicList(Question.objects.gaps(), ("-asked_at", "-pk"), gap_validators),
}


def asked_list(request: Any) -> PublicList:
    """The list that `state` names; a state without one gets the published list, and then the filter's 400."""
    return PUBLIC_LISTS.get(request.GET.get("state", ""), PUBLISHED_LIST)


class QuestionFilter(django_filters.FilterSet):
    """What narrows a list of questions."""

    state = django_filters.ChoiceFilter(
        method="is_listed",
        choices=[(state, state) for state in PUBLIC_LISTS],
        help_text="`published` unless given; `retracted`: day and reason, without the words; "
        "`unanswerable`: the gaps of the archive that curators have listed.",
    )
    verdict = django_filters.ChoiceFilter(
        field_name="published_answer__verdict",
        choices=Answer.Verdict.choices,
        help_text="Of the published answer.",
    )
    category = django_filters.CharFilter(
        method="cites_category", max_length=32, help_text="Of a preprint that the answer cites."
    )
    published_from = django_filters.DateFilter(field_name="published_at", lookup_expr="date__gte")
    published_to = django_filters.DateFilter(field_name="published_at", lookup_expr="date__lte")

    def is_listed(self, queryset: QuestionQuerySet, name: str, value: str) -> QuestionQuerySet:
        """The view has chosen its rows by the state already: what is not public is never in a queryset."""
        return queryset

    def cites_category(self, queryset: QuestionQuerySet, name: str, value: str) -> QuestionQuerySet:
        return queryset.filter(cited_by_published(preprint__categories__contains=[value]))


def cited_by_published(**wanted: Any) -> Exists:
    """That a question's published answer cites a source as wanted."""
    return Exists(Source.objects.filter(answer=OuterRef("published_answer"), is_cited=True, **wanted))


class TaggedList:
    """A list whose pages name the questions on them, for proxies that purge by name."""

    def get_paginated_response(self, data: Any) -> Response:
        response: Response = super().get_paginated_response(data)  # type: ignore[misc]
        return tag(response, questions=[row["slug"] for row in data])
