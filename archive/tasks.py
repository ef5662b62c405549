"""Doors that messages come in by.

The rows tell what is to be done: a lost or doubled message does no harm.
"""

from typing import Any

import structlog
from celery import shared_task

from archive import indexing
from archive.embeddings import EmbedderUnavailable

BATCH = 256  # preprints a message: some seconds' work, far below the time limits
EXPIRES_SECONDS = 55  # beat sends the next one: messages don't pile up

log = structlog.get_logger(__name__)


@shared_task(name="archive.tasks.embed_pending")
def embed_pending(**kwargs: Any) -> None:
    """Embeds a bounded number of preprints, and sends itself again while more are left."""
    try:
        done = indexing.embed_pending(BATCH)
    except EmbedderUnavailable as error:
        log.warning("embedding_unavailable", reason=str(error))
        return
    if done == BATCH:
        embed_pending.apply_async(expires=EXPIRES_SECONDS)
