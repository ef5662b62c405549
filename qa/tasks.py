"""The doors through which workers enter: one id each, and **kwargs so that old and new senders fit."""

from celery import shared_task

from qa import pipeline, quotas, runs


@shared_task(name="qa.tasks.answer_question")
def answer_question(run_id: int, **kwargs: object) -> None:
    """Answers the question of a run, unless somebody else does or did."""
    if lease := runs.claim(run_id):
        pipeline.answer(lease)


@shared_task(name="qa.tasks.forget_askers")
def forget_askers(**kwargs: object) -> None:
    """Deletes what is kept about askers once its window of time is over."""
    quotas.forget_askers()
