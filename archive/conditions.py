"""Conditional requests: what a page depends on, found in at most two queries, and 304 where nothing changed.

An ETag names the release too, so that a new template never answers 304 for an old page.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from archive.caching import keep_public
from archive.made import make_once
from archive.models import Embedding, HarvestRun, Preprint

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
            modified = int(found.last_modified.timestamp())
            unchanged = get_conditional_response(request, etag=found.etag, last_modified=modified)
            make = partial(view, request, *args, **kwargs)
            response = unchanged or (make_once(request, found.etag, make) if is_kept else make())
            if response.status_code not in (200, 304) or "no-store" in response.get("Cache-Control", ""):
                return response
            response.headers.setdefault("ETag", found.etag)
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
        find = self.conditions.get(getattr(self, "action_map", {}).get(method, method))
        if find:
            setattr(self, method, conditional(find)(getattr(self, method)))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


ARCHIVE_ROW = ("created_at", "pk", "started_at", "finished_at", "changes", "embedded")


def archive_row(**more: Subquery) -> dict[str, Any]:
    """Where the archive stands: its newest preprint, the last harvest, the newest vector; and what is asked.

    Every value is None while the archive is empty. One query.
    """
    run = HarvestRun.objects.order_by("-pk").annotate(changes=F("created") + F("updated") + F("withdrawn"))
    found = Preprint.objects.order_by("-pk").annotate(
        started_at=Subquery(run.values("started_at")[:1]),
        finished_at=Subquery(run.values("finished_at")[:1]),
        changes=Subquery(run.values("changes")[:1]),
        embedded=Subquery(Embedding.objects.order_by("-pk").values("pk")[:1]),
        **more,
    )
    names = (*ARCHIVE_ROW, *more)
    return found.values(*names).first() or dict.fromkeys(names)


def moments_of(row: dict[str, Any]) -> list[datetime | None]:
    """The moments in a row, for Last-Modified."""
    return [value for value in row.values() if isinstance(value, datetime)]


def archive_validators(request: HttpRequest, **_: Any) -> Validators:
    """Of what shows preprints only; one query. A harvest is the only writer of the archive."""
    row = archive_row()
    return make_validators(request.get_full_path(), row, changed_at=moments_of(row))
