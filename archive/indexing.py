"""Preprints -> vectors: filled in the background, by as many workers as there are, no preprint twice."""

from collections.abc import Callable, Sequence

import numpy as np
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
PLAIN_WORD = "light"  # that no model refuses: whether it answers at all
log = structlog.get_logger(__name__)


def embed_pending(limit: int, *, on_step: Callable[[int], object] | None = None) -> int:
    """Embeds at most so many of the preprints that need it, in small transactions; how many vectors it were.

    While a new model's vectors are being made, new preprints get one of the serving model first, so that
    nothing is missing from the search meanwhile. Rows are claimed by locking them: another worker skips them,
    and a worker that dies frees them. `on_step` hears how many each step embedded. Raises
    EmbedderUnavailable, with what was done before it kept.
    """
    done = 0
    for model in models_to_fill():
        refused = 0
        try:
            embedded, refused = fill(load_embedder(model), limit - done, on_step=on_step)
            done += embedded
        except EmbedderUnavailable as error:
            if model == settings.EMBEDDING_MODEL:
                raise
            log.warning("former_embedding_model_unavailable", model=model, reason=str(error))
        note_complete(model, refused=refused)
    return done


def count_pending() -> int:
    """How many vectors are still to be made."""
    return sum(Preprint.objects.needs_embedding(model).count() for model in models_to_fill())


def models_to_fill() -> list[str]:
    """The model that serves and the configured one, which mostly are one."""
    return list(dict.fromkeys([serving_model(), settings.EMBEDDING_MODEL]))


def fill(
    embedder: Embedder, limit: int, *, on_step: Callable[[int], object] | None = None
) -> tuple[int, int]:
    """Embeds at most so many preprints under one model, the newest first; how many it were, and how many the
    model refused.
    """
    done, refused, below = 0, 0, None
    while done < limit:
        with transaction.atomic():
            claimed, below = claim(embedder.model, min(BATCH, limit - done), below=below)
            embedded = embed_preprints(claimed, embedder=embedder)
        done += embedded
        refused += len(claimed) - embedded
        if on_step:
            on_step(embedded)
        if below is None:
            break
    return done, refused


def claim(model: str, size: int, *, below: int | None = None) -> tuple[list[Preprint], int | None]:
    """Locks some preprints that need a vector of a model and that no other worker holds, newest first, and
    tells the key below which the next ones are; None after the last.

    What was locked is asked for again: another worker may have embedded it between the look and the lock.
    """
    pending = Preprint.objects.needs_embedding(model)
    if below is not None:
        pending = pending.filter(pk__lt=below)  # what stands above is done: not to be passed over each time
    locked = list(
        pending.select_for_update(skip_locked=True, no_key=True)
        .order_by("-pk")
        .values_list("pk", flat=True)[:size]
    )
    still = Preprint.objects.needs_embedding(model).filter(pk__in=locked).defer("search_vector")
    return list(still.order_by("-pk")), locked[-1] if locked else None


def embed_preprints(
    preprints: QuerySet[Preprint] | Sequence[Preprint], *, embedder: Embedder | None = None
) -> int:
    """Embeds preprints whether or not they need it; how many it were. Raises EmbedderUnavailable."""
    embedder = embedder or load_embedder(settings.EMBEDDING_MODEL)
    rows = list(preprints)
    if not rows:
        return 0
    note_dimensions(embedder)
    pairs = [(row, vector) for row, vector in embed_rows(rows, embedder) if vector is not None]
    Embedding.objects.bulk_create(
        [
            Embedding(preprint=row, model=embedder.model, vector=HalfVector(vector), text_hash=row.text_hash)
            for row, vector in pairs
        ],
        update_conflicts=True,
        unique_fields=["preprint", "model"],
        update_fields=["vector", "text_hash", "created_at"],
    )
    return len(pairs)


def embed_rows(rows: list[Preprint], embedder: Embedder) -> list[tuple[Preprint, np.ndarray | None]]:
    """Each preprint with its vector; with None where the model refuses its text.

    A model that fails with all of them but answers a plain word is asked one by one. Raises
    EmbedderUnavailable where it doesn't answer at all.
    """
    try:
        return list(zip(rows, embedder.embed([text_to_embed(row) for row in rows]), strict=True))
    except EmbedderUnavailable:
        embedder.embed([PLAIN_WORD])
    return [(row, embed_alone(row, embedder)) for row in rows]


def embed_alone(row: Preprint, embedder: Embedder) -> np.ndarray | None:
    """A preprint's vector; of its title alone where the model refuses the abstract, None where that too."""
    for text in (text_to_embed(row), row.title):
        try:
            return embedder.embed([text])[0]
        except EmbedderUnavailable as error:
            log.warning("text_not_embedded", preprint=row.identifier, letters=len(text), reason=str(error))
    return None


def text_to_embed(preprint: Preprint) -> str:
    """What a preprint's vector is made of: one vector for title and abstract."""
    return f"{preprint.title}\n{preprint.abstract}"
