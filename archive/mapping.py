"""The map's rows: pictures of the archive, and where each preprint lies in them. Their only writer.

archive/projection.py draws a picture; what comes in afterwards is placed beside its nearest neighbours here,
without it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import MD5

from archive.filters import Filters
from archive.models import Embedding, MapPoint, Preprint, Projection
from archive.vectors import find_nearest, serving_model

MAX_DRAWN = 20_000  # preprints in a new picture; of a larger archive a sample, the same each time
MAX_POINTS = 30_000  # with those that were placed since; a page draws no more
SAMPLE = 5_000  # preprints that t-SNE lays out; the others are placed among them
NEIGHBOURS = 5
SHARPNESS = 20.0  # of the weights: a neighbour .05 nearer counts e times as much
JITTER = 0.004  # of the square, so that preprints with the same neighbours don't hide each other
GROWTH = 1.5  # the picture is drawn anew when it has so many times the points that it was drawn with
BATCH = 500


def shown_projection() -> Projection | None:
    """The picture made with the vectors that search uses, or None."""
    return Projection.objects.filter(model=serving_model()).first()


def _embedded() -> QuerySet[Embedding]:
    """Present vectors of available preprints, in an order that is random and never changes."""
    rows = Embedding.objects.filter(model=serving_model(), preprint__withdrawn_on__isnull=True)
    return rows.order_by(MD5("preprint__identifier"))


def needs_drawing() -> bool:
    """Whether there are vectors and no picture of them, or one that has grown too much since."""
    projection = shown_projection()
    if projection is None:
        return _embedded().exists()
    return projection.points.count() >= max(GROWTH * projection.drawn, projection.drawn + 20)


def read_vectors() -> Iterable[tuple[list[int], list[str], np.ndarray]]:
    """Preprint ids, titles and vectors of what a new picture shows, in batches; the sample comes first."""
    rows = _embedded().values_list("preprint_id", "preprint__title", "vector")[:MAX_DRAWN]
    batch: list[tuple[int, str, Any]] = []
    for row in rows.iterator(chunk_size=BATCH):
        batch.append(row)
        if len(batch) == BATCH:
            yield _columns(batch)
            batch = []
    if batch:
        yield _columns(batch)


def _columns(batch: list[tuple[int, str, Any]]) -> tuple[list[int], list[str], np.ndarray]:
    vectors = np.array([vector for *_, vector in batch], dtype=np.float32)
    return [pk for pk, *_ in batch], [title for _, title, _ in batch], vectors


def count_drawable() -> int:
    return min(_embedded().count(), MAX_DRAWN)


def place_among(similarities: np.ndarray, points: np.ndarray, keys: Sequence[int]) -> np.ndarray:
    """Where preprints go: the mean of their nearest neighbours' points, the nearest counting most.

    `similarities` are cosines (n, m) to the m preprints at `points` (m, 2); `keys` move each a little, always
    the same way.
    """
    size = min(NEIGHBOURS, similarities.shape[1])
    nearest = np.argpartition(-similarities, size - 1, axis=1)[:, :size]
    cosines = np.take_along_axis(similarities, nearest, axis=1)
    weights = np.exp(SHARPNESS * (cosines - cosines.max(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    angles = np.array(keys) * 2.399963  # the golden angle spreads consecutive numbers evenly
    aside = JITTER * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.clip((weights[:, :, None] * points[nearest]).sum(axis=1) + aside, 0.0, 1.0)


def save_projection(
    *, version: str, ids: Sequence[int], points: np.ndarray, regions: list[dict[str, Any]]
) -> Projection:
    """Replaces the picture in one transaction: a reader sees the whole old one or the whole new one."""
    with transaction.atomic():
        Projection.objects.filter(model=serving_model()).delete()
        available = set(Preprint.objects.available().filter(pk__in=list(ids)).values_list("pk", flat=True))
        kept = [(pk, point) for pk, point in zip(ids, points, strict=True) if pk in available]
        projection = Projection.objects.create(
            model=serving_model(), version=version, regions=regions, drawn=len(kept)
        )
        MapPoint.objects.bulk_create((_point(projection, pk, point) for pk, point in kept), batch_size=2000)
    return projection


def _point(projection: Projection, pk: int, point: np.ndarray) -> MapPoint:
    x, y = (int(value) for value in np.round(np.clip(point, 0.0, 1.0) * MapPoint.SCALE))
    return MapPoint(projection=projection, preprint_id=pk, x=x, y=y)


def place_pending(limit: int) -> int:
    """Places at most so many of the preprints that were embedded since the picture was drawn; how many."""
    projection = shown_projection()
    if projection is None or projection.points.count() >= MAX_POINTS:
        return 0
    placed = MapPoint.objects.filter(projection=projection, preprint=OuterRef("preprint"))
    since = _embedded().filter(~Exists(placed), created_at__gt=projection.made_at)
    found = [point for row in since[:limit] if (point := _beside_neighbours(projection, row)) is not None]
    MapPoint.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def _beside_neighbours(projection: Projection, row: Embedding) -> MapPoint | None:
    """None where none of the nearest hundred is in the picture itself."""
    vector = np.array(row.vector, dtype=np.float32)
    near = find_nearest(vector, model=row.model, also=[], filters=Filters())
    known = projection.points.filter(preprint__in=list(near)).values_list("preprint_id", "x", "y")
    rows = list(known)
    if not rows:
        return None
    cosines = np.array([[near[pk] for pk, *_ in rows]])
    points = np.array([(x, y) for _, x, y in rows]) / MapPoint.SCALE
    return _point(projection, row.preprint_id, place_among(cosines, points, [row.preprint_id])[0])
