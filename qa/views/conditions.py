"""Conditional requests: what a page depends on, found in at most two queries, and 304 where nothing changed.

An ETag names the release too, so that a new template never answers 304 for an old page.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from archive.identifiers import OWN
from archive.models import HarvestRun, Preprint
from qa.models import Answer, FollowUp, Mark, Opinion, Question, Source, Sweep
from qa.views.caching import keep_public
from qa.views.made import make_once

View = Callable[..., HttpResponse]


def _release_files() -> list[Path]:
    """Templates, styles and the code of pages: with any of them a page may change."""
    folders = [("templates", "*.*"), ("static", "*.*"), ("qa", "*.py"), ("archive", "*.py")]
    return sorted(path for folder, names in folders for path in (settings.BASE_DIR / folder).rglob(names))


def _digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=12).hexdigest()


RELEASE = _digest(*(path.read_bytes() for path in _release_files()))
RELEASED_AT = datetime.fromtimestamp(max(path.stat().st_mtime for path in _release_files()), UTC)


@dataclass(frozen=True)
class Validators:
    """The two headers by which a client asks whether what it holds is still good."""

    etag: str
    last_modified: datetime


def make_validators(*parts: Any, changed_at: list[datetime | None]) -> Validators:
    """From all that the response depends on; `changed_at` says when its parts changed last."""
    etag = f'"{_digest(repr((RELEASE, parts)).encode())}"'
    return Validators(etag, max([RELEASED_AT, *(moment for moment in changed_at if moment)]))


def conditional(find: Callable[..., Validators | None], *, is_kept: bool = False) -> Callable[[View], View]:
    """Answers 304 where the client's copy is good, before the view is called; `find` gets its arguments.

    None from `find`: the response is not one to keep. While templates are being written, nothing is.
    With `is_kept` the response is made once, until something that it depends on changes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            found = None if settings.DEBUG else find(request, *args, **kwargs)
            if found is None:
                return view(request, *args, **kwargs)
            modified = int(found.last_modified.timestamp())
            unchanged = get_conditional_response(request, etag=found.etag, last_modified=modified)
            make = partial(view, request, *args, **kwargs)
            response = unchanged or (make_once(request, found.etag, make) if is_kept else make())
            if response.status_code in (200, 304):
                response.headers.setdefault("ETag", found.etag)
                response.headers.setdefault("Last-Modified", http_date(modified))
            return keep_public(response) if unchanged else response

        return answer

    return decorate


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
    target = JSONObject(state="target__state", at="target__published_at")
    rows = (
        Answer.objects.readable()
        .filter(which, question__slug=SLUG)
        .order_by()
        .annotate(
            revised=ArraySubquery(sources.values("preprint__updated_at")[:1]),
            versions=ArraySubquery(versions.values("published_at")),
            marked=ArraySubquery(marks.values(at=Coalesce("resolved_at", "since"))),
            targets=ArraySubquery(follow_ups.values(said=target)),
            opinions=ArraySubquery(opinions.values("pk")),
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
    with connection.cursor() as cursor:
        cursor.execute(sql, [given.get(value, value) for value in params])
        row = cursor.fetchone()
    if row is None:
        return None
    revised, versions, marked, targets, *_rest = row
    answered = [datetime.fromisoformat(at) for one in targets if (at := json.loads(one)["at"])]
    return make_validators(request.path, row, changed_at=[*revised, *versions, *marked, *answered])


def question_validators(request: HttpRequest, slug: str, **_: Any) -> Validators | None:
    """Of the feed of a published question; one query."""
    newest = Count("answers", distinct=True)
    marks = ArrayAgg("answers__marks", distinct=True, default=[])
    row = (
        Question.objects.published()
        .filter(slug=slug)
        .order_by("pk")
        .values_list("published_answer", "text", "published_answer__published_at")
        .annotate(versions=newest, marks=marks, marked_at=Max("answers__marks__since"))
        .first()
    )
    return make_validators(request.path, row, changed_at=[row[2], row[5]]) if row else None


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
    archive = _archive_row()
    changed_at = [row[1], row[4], archive[0], archive[2], archive[3], archive[5]]
    return make_validators(request.get_full_path(), row, archive, changed_at=changed_at)


def _archive_row() -> tuple[Any, ...]:
    """Where the archive stands: its newest preprint, the last harvest, the last closing of a question."""
    run = HarvestRun.objects.order_by("-pk").annotate(changes=F("created") + F("updated") + F("withdrawn"))
    closed = Question.objects.filter(closed_at__isnull=False).order_by("-closed_at")
    newest = Preprint.objects.order_by("-pk").values_list("created_at", "pk")
    found = newest.annotate(
        started_at=Subquery(run.values("started_at")[:1]),
        finished_at=Subquery(run.values("finished_at")[:1]),
        swept=Subquery(Sweep.objects.order_by("-pk").values("pk")[:1]),
        closed_at=Subquery(closed.values("closed_at")[:1]),
        changes=Subquery(run.values("changes")[:1]),
    ).first()
    return found or (None,) * 7


def list_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of lists of questions and preprints: they change with any publication and any harvest; two queries."""
    published = Answer.objects.filter(state=Answer.State.PUBLISHED).aggregate(
        count=Count("pk"), sum=Sum("pk"), at=Max("published_at")
    )
    created_at, pk, started_at, finished_at, swept, closed_at, changes = _archive_row()
    moments = [published["at"], created_at, started_at, finished_at, closed_at]
    return make_validators(
        request.get_full_path(), published, pk, changes, swept, moments, changed_at=moments
    )
