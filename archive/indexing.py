"""Preprints -> vectors: filled in the background, by as many workers as there are, no preprint twice."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from pgvector import HalfVector

from archive.embeddings import get_embedder
from archive.models import Embedding, Preprint

BATCH = (
    16  # preprints a transaction: a second's work at most, so that nothing waits long for a worker that dies
)


def embed_pending(limit: int) -> int:
    """Embeds at most so many of the preprints that need it, in small transactions; how many it were.

    Rows are claimed by locking them: another worker skips them, and a worker that dies frees them. Raises
    EmbedderUnavailable, with what was done before it kept.
    """
    done = 0
    while done < limit:
        with transaction.atomic():
            claimed = claim(min(BATCH, limit - done))
            embed_preprints(claimed)
        if not claimed:
            break
        done += len(claimed)
    return done


def claim(size: int) -> list[Preprint]:
    """Locks some preprints that need a vector and that no other worker has locked, newest first."""
    pending = Preprint.objects.needs_embedding(get_embedder().model).select_for_update(
        skip_locked=True, no_key=True
    )
    return list(pending.order_by("-pk")[:size])


def embed_preprints(preprints: QuerySet[Preprint] | Sequence[Preprint]) -> int:
    """Embeds preprints whether or not they need it; how many it were. Raises EmbedderUnavailable."""
    embedder = get_embedder()
    rows = list(preprints)
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
