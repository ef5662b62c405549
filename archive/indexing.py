"""Preprints -> vectors: filled in the background, by as many workers as there are, no preprint twice."""

from collections.abc import Sequence

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from pgvector import HalfVector

from archive.embeddings import Embedder, EmbedderUnavailable, load_embedder
from archive.models import Embedding, Preprint
from archive.vectors import note_complete, note_dimensions, serving_model

BATCH = (
    16  # preprints a transaction: a second's work at most, so that nothing waits long for a worker that dies
)
log = structlog.get_logger(__name__)


def embed_pending(limit: int) -> int:
    """Embeds at most so many of the preprints that need it, in small transactions; how many vectors it were.

    While a new model's vectors are being made, new preprints get one of the serving model first, so that
    nothing is missing from the search meanwhile. Rows are claimed by locking them: another worker skips them,
    and a worker that dies frees them. Raises EmbedderUnavailable, with what was done before it kept.
    """
    done = 0
    for model in models_to_fill():
        try:
            done += fill(load_embedder(model), limit - done)
        except EmbedderUnavailable as error:
            if model == settings.EMBEDDING_MODEL:
                raise
            log.warning("former_embedding_model_unavailable", model=model, reason=str(error))
        note_complete(model)
    return done


def count_pending() -> int:
    """How many vectors are still to be made."""
    return sum(Preprint.objects.needs_embedding(model).count() for model in models_to_fill())


def models_to_fill() -> list[str]:
    """The model that serves and the configured one, which mostly are one."""
    return list(dict.fromkeys([serving_model(), settings.EMBEDDING_MODEL]))


def fill(embedder: Embedder, limit: int) -> int:
    """Embeds at most so many preprints under one model; how many it were."""
    done = 0
    while done < limit:
        with transaction.atomic():
            claimed = claim(embedder.model, min(BATCH, limit - done))
            embed_preprints(claimed, embedder=embedder)
        if not claimed:
            break
        done += len(claimed)
    return done


def claim(model: str, size: int) -> list[Preprint]:
    """Locks some preprints that need a vector of a model and that no other worker holds, newest first."""
    pending = Preprint.objects.needs_embedding(model).select_for_update(skip_locked=True, no_key=True)
    return list(pending.order_by("-pk")[:size])


def embed_preprints(
    preprints: QuerySet[Preprint] | Sequence[Preprint], *, embedder: Embedder | None = None
) -> int:
    """Embeds preprints whether or not they need it; how many it were. Raises EmbedderUnavailable."""
    embedder = embedder or load_embedder(settings.EMBEDDING_MODEL)
    rows = list(preprints)
    if not rows:
        return 0
    note_dimensions(embedder)
    vectors = embedder.embed([text_to_embed(preprint) for preprint in rows])
    Embedding.objects.bulk_create(
        [
            Embedding(preprint=row, model=embedder.model, vector=HalfVector(vector), text_hash=row.text_hash)
            for row, vector in zip(rows, vectors, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["preprint", "model"],
        update_fields=["vector", "text_hash", "created_at"],
    )
    return len(rows)


def text_to_embed(preprint: Preprint) -> str:
    """What a preprint's vector is made of: one vector for title and abstract."""
    return f"{preprint.title}\n{preprint.abstract}"
