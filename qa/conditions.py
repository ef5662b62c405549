"""What pages with answers depend on, found in at most two queries: see archive/conditions.py."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, JSONObject, Now
from django.http import HttpRequest
from psycopg import Cursor

from archive.conditions import Validators, archive_row, make_validators, moments_of
from archive.identifiers import OWN
from archive.models import Preprint
from qa.models import Answer, AnswerRun, FollowUp, Mark, Opinion, Question, Source, Sweep

SLUG, VERSION = "the slug", 32_767  # what stands for them in the compiled query


@lru_cache(maxsize=2)
def _answer_query(*, of_version: bool) -> tuple[str, tuple[Any, ...]]:
    """What the page of an answer depends on, as SQL: compiling it anew would cost more than asking it."""
    which = Q(version=VERSION) if of_version else Q(state=Answer.State.PUBLISHED)
    sources = Source.objects.filter(answer=OuterRef("pk")).order_by("-preprint__updated_at")
    versions = Answer.objects.readable().filter(question=OuterRef("question")).order_by("pk")
    marks = Mark.objects.filter(answer=OuterRef("pk")).order_by("pk")
    follow_ups = FollowUp.objects.filter(answer=OuterRef("pk")).order_by("pk")
    opinions = Opinion.objects.filter(citations__answer=OuterRef("pk")).order_by("pk")
    merged = JSONObject(slug="target__merged_into__slug", state="target__merged_into__state")
    closed_at = Coalesce("target__merged_into__closed_at", "target__closed_at", "target__published_at")
    target = JSONObject(state="target__state", at=closed_at, merged=merged)
    rows = (
        Answer.objects.readable()
        .filter(which, question__slug=SLUG)
        .order_by()
        .annotate(
            revised=ArraySubquery(sources.values("preprint__updated_at")[:1]),
            versions=ArraySubquery(versions.values("published_at")),
            marked=ArraySubquery(marks.values(at=Coalesce("resolved_at", "since"))),
            targets=ArraySubquery(follow_ups.values(said=target)),
            opinions=ArraySubquery(opinions.values(said=JSONObject(pk="pk", at="created_at"))),
        )
        .values_list("revised", "versions", "marked", "targets", "pk", "state", "question__text", "opinions")
    )
    sql, params = rows.query.sql_with_params()
    return str(sql), tuple(params)


def answer_validators(
    request: HttpRequest, slug: str, number: str | None = None, **_: Any
) -> Validators | None:
    """Of the page of a published answer, of an earlier version, and of their formats; one query."""
    sql, params = _answer_query(of_version=number is not None)
    given: dict[Any, Any] = {SLUG: slug, VERSION: int(number or 0)}
    connection.ensure_connection()
    # Django's own cursors prepare nothing, and planning takes twice as long as the rest of the query.
    with connection._prepare_cursor(Cursor(connection.connection)) as cursor:  # type: ignore[attr-defined]
        cursor.execute(sql, [given.get(value, value) for value in params])
        row = cursor.fetchone()
    if row is None:
        return None
    revised, versions, marked, *_rest = row
    targets, opinions = [json.loads(one) for one in row[3]], [json.loads(one) for one in row[-1]]
    dated = [datetime.fromisoformat(one["at"]) for one in (*targets, *opinions) if one["at"]]
    # That a question was held, or let go of, has no date.
    is_dated = all(_is_dated(one["state"]) and _is_dated(one["merged"]["state"]) for one in targets)
    changed_at = [*revised, *versions, *marked, *dated]
    return make_validators(request.path, row, changed_at=changed_at, is_dated=is_dated)


def _is_dated(state: str | None) -> bool:
    closed = (Question.State.RETRACTED, Question.State.REJECTED, Question.State.MERGED)
    return state in (None, Question.State.PUBLISHED, *closed)


def question_validators(request: HttpRequest, slug: str, **_: Any) -> Validators | None:
    """Of what shows all versions of a published question, such as its feed; one query."""
    versions = Answer.objects.readable().filter(question=OuterRef("pk")).order_by("pk")
    marks = Mark.objects.filter(answer__question=OuterRef("pk")).order_by("pk")
    sources = Source.objects.filter(answer__question=OuterRef("pk")).order_by("-preprint__updated_at")
    row = (
        Question.objects.published()
        .filter(slug=slug)
        .order_by("pk")
        .annotate(
            versions=ArraySubquery(versions.values("published_at")),
            marked=ArraySubquery(marks.values(at=Coalesce("resolved_at", "since"))),
            noticed=ArraySubquery(marks.values("preprint__updated_at")),
            revised=ArraySubquery(sources.values("preprint__updated_at")[:1]),
        )
        .values_list("versions", "marked", "noticed", "revised", "text", "published_answer")
        .first()
    )
    if row is None:
        return None
    return make_validators(request.path, row, changed_at=[moment for part in row[:4] for moment in part])


def preprint_validators(request: HttpRequest, identifier: str, **_: Any) -> Validators | None:
    """Of a preprint's page and its formats: the row, the questions that cite it, the archive; two queries.

    The list of similar preprints follows the archive, in which a harvest is the only writer.
    """
    citing = Q(cited_as__is_cited=True, cited_as__answer__state=Answer.State.PUBLISHED)
    if not OWN.fullmatch(identifier):
        return None
    row = (
        Preprint.objects.filter(identifier=identifier)
        .order_by("pk")
        .values_list("pk", "updated_at")
        .annotate(
            count=Count("cited_as", filter=citing),
            answers=Sum("cited_as__answer_id", filter=citing),
            newest_at=Max("cited_as__answer__published_at", filter=citing),
        )
        .first()
    )
    if row is None:
        return None
    archive = _site_row()
    changed_at = [row[1], row[4], *moments_of(archive)]
    is_dated = not archive["is_harvesting"]
    return make_validators(request.get_full_path(), row, archive, changed_at=changed_at, is_dated=is_dated)


def _site_row() -> dict[str, Any]:
    """Where the archive stands, with the last sweep of answers, the last one that had news, and the last
    closing of a question.
    """
    closed = Question.objects.filter(closed_at__isnull=False).order_by("-closed_at")
    news = Sweep.objects.exclude(marked=0, resolved=0).order_by("-pk")
    return archive_row(
        swept=Subquery(Sweep.objects.order_by("-pk").values("pk")[:1]),
        marked_at=Subquery(news.values("finished_at")[:1]),
        closed_at=Subquery(closed.values("closed_at")[:1]),
    )


def list_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of lists of questions and preprints: they change with any publication and any harvest; two queries."""
    published = Answer.objects.filter(state=Answer.State.PUBLISHED).aggregate(
        count=Count("pk"), sum=Sum("pk"), at=Max("published_at")
    )
    archive = _site_row()
    changed_at = [published["at"], *moments_of(archive)]
    return make_validators(
        request.get_full_path(),
        published,
        archive,
        changed_at=changed_at,
        is_dated=not archive["is_harvesting"],
    )


def provider_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of the OAI-PMH provider, which tells of every preprint, and of every question that was published once;
    two queries.
    """
    questions = Question.objects.ever_published().aggregate(
        count=Count("pk"), public=Sum("published_answer"), at=Max("changed_at")
    )
    archive = _site_row()
    return make_validators(
        request.get_full_path(),
        questions,
        archive,
        changed_at=[questions["at"], *moments_of(archive)],
        is_dated=not archive["is_harvesting"],
    )


def gap_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of the list of standing questions; one query. That a curator lists one has no date."""
    listed = ArrayAgg("pk", filter=Q(is_listed=True), order_by="pk")
    standing = Question.objects.standing().aggregate(count=Count("pk"), sum=Sum("pk"), listed=listed)
    return make_validators(request.get_full_path(), standing, changed_at=[], is_dated=False)


def progress_validators(request: HttpRequest, slug: str, **_: Any) -> Validators | None:
    """Of what a waiting page asks for each second: its run's step, and the runs before it; one query."""
    ahead = AnswerRun.objects.filter(
        state=AnswerRun.State.QUEUED, next_try_at__lte=Now(), queued_at__lt=OuterRef("queued_at")
    )
    before = ahead.order_by().annotate(all=Value(1)).values("all").annotate(count=Count("pk")).values("count")
    run = (
        AnswerRun.objects.filter(question__slug=slug, question__state=Question.State.PENDING)
        .order_by("-queued_at", "-pk")
        .annotate(before=Subquery(before))
        .values_list("pk", "state", "step", "step_detail", "waits_for", "before", "retrieved")
        .first()
    )
    return make_validators(request.path, run, changed_at=[], is_dated=False) if run else None
