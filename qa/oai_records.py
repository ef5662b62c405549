"""Records of OAI-PMH: a preprint's or an answer's header and description, and the names they go by.

What the public may read now is described; what it could read once has a header that says it is gone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch

from archive.identifiers import OWN
from archive.models import Author, Category, Preprint
from qa.dublin_core import Element, describe_answer, describe_preprint
from qa.models import Citation, Question, Source, Statement, standing_marks
from qa.oai_lists import ANSWERS, IN_CATEGORY, PREPRINTS

ANSWER = re.compile(r"ask/([a-z0-9]{10})")
ANSWER_ROWS = [
    Prefetch(
        "published_answer__statements",
        Statement.objects.filter(is_dropped=False)
        .order_by("position")
        .prefetch_related(
            Prefetch(
                "citations",
                Citation.objects.select_related("source__preprint")
                .only("statement", "source__preprint__identifier")
                .order_by("position"),
            )
        ),
    ),
    Prefetch(
        "published_answer__sources",
        Source.objects.select_related("preprint")
        .only("answer", "is_cited", "preprint__identifier")
        .order_by("number"),
    ),
    standing_marks("published_answer__"),
]


@dataclass(frozen=True)
class Item:
    """One record: its name, when it changed, its sets; its description, empty where none is wanted."""

    identifier: str
    changed_at: datetime
    sets: Sequence[str]
    is_deleted: bool
    description: Sequence[Element] = ()


def make_identifier(local: str) -> str:
    """Such as oai:example.org:AG-2024.01-1576 or oai:example.org:ask/k3v9x0q2ab: for ever."""
    return f"oai:{settings.FEED_AUTHORITY}:{local}"


def find_record(identifier: str) -> tuple[list[int], list[int]]:
    """The id of the preprint or of the question that a record is about, in a list; both empty for none."""
    local = identifier.removeprefix(make_identifier(""))
    if local == identifier:
        return [], []
    if OWN.fullmatch(local):
        return list(Preprint.objects.filter(identifier=local).values_list("pk", flat=True)), []
    slug = ANSWER.fullmatch(local)
    rows = Question.objects.ever_published().filter(slug=slug[1]) if slug else Question.objects.none()
    return [], list(rows.values_list("pk", flat=True))


def read_items(preprints: Sequence[int], questions: Sequence[int], *, is_whole: bool) -> list[Item]:
    """Records by their ids, in that order; `is_whole`: with descriptions. A fixed number of queries."""
    return [*_preprint_items(preprints, is_whole=is_whole), *_answer_items(questions, is_whole=is_whole)]


def _preprint_items(ids: Sequence[int], *, is_whole: bool) -> Iterable[Item]:
    rows = Preprint.objects.filter(pk__in=ids).order_by("pk")
    if is_whole:
        authors = Author.objects.order_by("preprint", "position").only("preprint", "name")
        rows = rows.defer("search_vector", "versions").prefetch_related(Prefetch("authors", authors))
    else:
        rows = rows.only("identifier", "updated_at", "withdrawn_on", "categories")
    for preprint in rows:
        yield Item(
            identifier=make_identifier(preprint.identifier),
            changed_at=preprint.updated_at,
            sets=[f"{IN_CATEGORY}{code}" for code in preprint.categories] or [PREPRINTS],
            is_deleted=preprint.is_withdrawn,
            description=describe_preprint(preprint) if is_whole and not preprint.is_withdrawn else (),
        )


def _answer_items(ids: Sequence[int], *, is_whole: bool) -> Iterable[Item]:
    rows = Question.objects.ever_published().filter(pk__in=ids).order_by("pk")
    if is_whole:
        rows = rows.select_related("published_answer").prefetch_related(*ANSWER_ROWS)
    for question in rows:
        is_public = question.state == Question.State.PUBLISHED
        answer = question.published_answer if is_whole and is_public else None
        yield Item(
            identifier=make_identifier(f"ask/{question.slug}"),
            changed_at=question.changed_at,
            sets=[ANSWERS],
            is_deleted=not is_public,
            description=describe_answer(question, answer) if answer else (),
        )


def list_sets() -> list[tuple[str, str]]:
    """Every set: its spec, and its name in words."""
    categories = Category.objects.order_by("code").values_list("code", "name")
    named = [
        (f"{IN_CATEGORY}{code}", f"Preprints: {name} ({code})" if name else code) for code, name in categories
    ]
    return [(PREPRINTS, "Preprints"), *named, (ANSWERS, "Answered questions")]
