"""Conditional requests: what a page depends on, found in at most two queries, and 304 where nothing changed.

An ETag names the release and the settings that pages show too, so that a new template or address never
answers 304 for an old page.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Aggregate, Exists, F, Max, Subquery, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from archive.caching import keep_public
from archive.made import make_once
from archive.models import Embedding, EmbeddingModel, HarvestRun, Preprint

View = Callable[..., HttpResponse]


def _release_files() -> list[Path]:
    """Templates, styles and the code of pages: with any of them a page may change."""
    code = [("antigravity", "*.py"), ("qa", "*.py"), ("archive", "*.py")]
    folders = [("templates", "*.*"), ("static", "*.*"), *code]
    return sorted(path for folder, names in folders for path in (settings.BASE_DIR / folder).rglob(names))


def _digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=12).hexdigest()


RELEASE = _digest(*(path.read_bytes() for path in _release_files()))
RELEASED_AT = datetime.fromtimestamp(max(path.stat().st_mtime for path in _release_files()), UTC)
SHOWN_SETTINGS = (
    "SITE_URL",
    "SITE_NAME",
    "CONTACT_EMAIL",
    "FEED_AUTHORITY",
    "EMBEDDING_MODEL",
    "RERANK_MODEL",
    "ANSWER_MODEL",
    "ANSWER_FALLBACK_MODELS",
)


@dataclass(frozen=True)
class Validators:
    """The two headers by which a client asks whether what it holds is still good."""

    etag: str
    last_modified: datetime | None


def make_validators(*parts: Any, changed_at: list[datetime | None], is_dated: bool = True) -> Validators:
    """From all that the response depends on; `changed_at` says when its parts changed last.

    Where a change has left no date, `is_dated` is false: then there is no Last-Modified to be wrong.
    """
    shown = [getattr(settings, name) for name in SHOWN_SETTINGS]
    etag = f'"{_digest(repr((RELEASE, shown, parts)).encode())}"'
    changed = max([RELEASED_AT, *(moment for moment in changed_at if moment)])
    return Validators(etag, changed if is_dated else None)


def conditional(find: Callable[..., Validators | None], *, is_kept: bool = False) -> Callable[[View], View]:
    """Answers 304 where the client's copy is good, before the view is called; `find` gets its arguments.

    None from `find`: the response is not one to keep. While templates are being written, nothing is. A view
    that says `no-store` gets no validators: what it shows does not follow from what `find` looked at alone.
    With `is_kept` the response is made once, until something that it depends on changes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            found = None if settings.DEBUG else find(request, *args, **kwargs)
            if found is None:
                return view(request, *args, **kwargs)
            modified = int(found.last_modified.timestamp()) if found.last_modified else None
            unchanged = get_conditional_response(request, etag=found.etag, last_modified=modified)
            make = partial(view, request, *args, **kwargs)
            response = unchanged or (make_once(request, found.etag, make) if is_kept else make())
            if response.status_code not in (200, 304) or "no-store" in response.get("Cache-Control", ""):
                return response
            response.headers.setdefault("ETag", found.etag)
            if modified is not None:
                response.headers.setdefault("Last-Modified", http_date(modified))
            return response if response.has_header("Cache-Control") else keep_public(response)

        return answer

    return decorate


class ConditionalViews:
    """API views that answer 304 before they make anything; `conditions` names the finder of each action, or
    of "get" where a view has no actions.
    """

    conditions: dict[str, Callable[..., Validators | None]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Puts the condition before the method, inside what turns errors into problems."""
        method = str(request.method).lower()
        action = getattr(self, "action_map", {}).get(method) or {"head": "get"}.get(method, method)
        find = self.conditions.get(action)
        if find:
            setattr(self, method, conditional(find)(getattr(self, method)))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


ARCHIVE_ROW = (
    "created_at",
    "pk",
    "changes",
    "harvested_at",
    "is_harvesting",
    "vectors",
    "embedded_at",
    "serving",
    "served_at",
)


def _of_all_runs(what: Aggregate) -> Subquery:
    """One figure of all harvests: an older one that is gone on with changes the archive as a new one does."""
    runs = HarvestRun.objects.order_by().annotate(all=Value(1)).values("all")
    return Subquery(runs.annotate(figure=what).values("figure"))


def archive_row(**more: Subquery) -> dict[str, Any]:
    """Where the archive stands: its newest preprint, what harvests changed, how many vectors were made, and
    by what model it is searched; and what is asked.

    Every value is None while the archive is empty. One query. A vector that is made anew keeps its row, but
    takes a number of the sequence.
    """
    complete = EmbeddingModel.objects.filter(completed_at__isnull=False).order_by("-completed_at")
    running = HarvestRun.objects.filter(state=HarvestRun.State.RUNNING)
    found = Preprint.objects.order_by("-pk").annotate(
        changes=_of_all_runs(Sum(F("created") + F("updated") + F("withdrawn"))),
        harvested_at=_of_all_runs(Max(Coalesce("finished_at", "started_at"))),
        is_harvesting=Exists(running),
        embedded_at=Subquery(Embedding.objects.order_by("-pk").values("created_at")[:1]),
        vectors=RawSQL("SELECT last_value FROM archive_embedding_id_seq", ()),
        serving=ArraySubquery(complete.values("name")),
        served_at=Subquery(complete.values("completed_at")[:1]),
        **more,
    )
    names = (*ARCHIVE_ROW, *more)
    return found.values(*names).first() or dict.fromkeys(names)


def moments_of(row: dict[str, Any]) -> list[datetime | None]:
    """The moments in a row, for Last-Modified."""
    return [value for value in row.values() if isinstance(value, datetime)]


def archive_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of what shows preprints only; one query. A harvest is the only writer of the archive, and says when it
    changed something once it is over.
    """
    row = archive_row()
    return make_validators(
        request.get_full_path(), row, changed_at=moments_of(row), is_dated=not row["is_harvesting"]
    )


def release_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of what shows no row at all; no query."""
    return make_validators(request.path, changed_at=[])
