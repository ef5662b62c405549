"""The doors through which workers enter: one id each, and **kwargs so that old and new senders fit.

A worker that answers questions loads what is large before it forks, so that its children share it.
"""

import gc
from contextlib import suppress
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup, worker_process_init

from archive.embeddings import EmbedderUnavailable, get_embedder
from qa import freshness, idempotency, llm, nearness, pipeline, quotas, reanswering, runs, standing
from qa.dispatching import QUEUE, TASK
from qa.refusals.language import identify_language

VECTORS_A_SWEEP = 500


@shared_task(name=TASK)
def answer_question(run_id: int, **kwargs: object) -> None:
    """Answers the question of a run, unless somebody else does or did."""
    if lease := runs.claim(run_id):
        pipeline.answer(lease)


@shared_task(name="qa.tasks.forget_askers")
def forget_askers(**kwargs: object) -> None:
    """Deletes what is kept about askers once its window of time is over."""
    quotas.forget_askers()
    idempotency.forget_keys()


@shared_task(name="qa.tasks.sweep_freshness")
def sweep_freshness(**kwargs: object) -> None:
    """Marks the answers that the archive's changes touch, and has some of them made again."""
    freshness.sweep()
    reanswering.reanswer_outdated()
    reanswering.tell_curators()


@shared_task(name="qa.tasks.retry_standing")
def retry_standing(**kwargs: object) -> None:
    """Tries standing questions again that new preprints may answer; first gives vectors to old questions."""
    nearness.embed_missing(VECTORS_A_SWEEP)
    standing.sweep()


@celeryd_after_setup.connect
def load_before_forking(instance: Any, **kwargs: object) -> None:
    """LiteLLM and the language table: 300 MB once instead of in every child."""
    if QUEUE in instance.app.amqp.queues.consume_from:
        llm.load()
        identify_language("What is loaded here?")
        gc.collect()
        gc.freeze()  # the collector would write into the shared pages


@worker_process_init.connect
def load_after_forking(**kwargs: object) -> None:
    """The embedding model, whose threads no fork would survive."""
    with suppress(EmbedderUnavailable):
        get_embedder()
