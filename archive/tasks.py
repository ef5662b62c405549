"""Doors that messages come in by.

The rows tell what is to be done: a lost or doubled message does no harm.
"""

from typing import Any

import structlog
from celery import shared_task
from django.core.management import call_command

from archive import indexing, mapping, periodic
from archive.embeddings import EmbedderUnavailable, answer_web

BATCH = 256  # preprints a message: some seconds' work, far below the time limits
HARVEST_SECONDS = 40  # a slice: the worker embeds between two of them
HARVEST_SECONDS_AT_MOST = 900  # a slice whose server drips: longer than OAI_ANSWER_SECONDS
DRAWING_SECONDS = 1_200  # t-SNE of the sample takes a minute or two on two free cores
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
        return
    mapping.place_pending(BATCH)
    if mapping.needs_drawing():
        draw_map.apply_async(expires=EXPIRES_SECONDS)


@shared_task(name="archive.tasks.draw_map", soft_time_limit=DRAWING_SECONDS, time_limit=DRAWING_SECONDS + 60)
def draw_map(**kwargs: Any) -> None:
    """Draws the map where there is none or it has outgrown itself; what is shown meanwhile stays."""
    if mapping.needs_drawing():
        call_command("project_map")


@shared_task(
    name="archive.tasks.harvest_due",
    soft_time_limit=HARVEST_SECONDS_AT_MOST,
    time_limit=HARVEST_SECONDS_AT_MOST + 60,
)
def harvest_due(**kwargs: Any) -> None:
    """Harvests a slice of each set that is due by HARVEST_SETS and HARVEST_INTERVAL_HOURS."""
    periodic.harvest_due_sets(HARVEST_SECONDS)


@shared_task(name="archive.tasks.embed_query")
def embed_query(key: str, model: str, texts: list[str], **kwargs: Any) -> None:
    """The vectors of a question for a web process, which waits for them under a key in Valkey."""
    answer_web(key, model, texts)
