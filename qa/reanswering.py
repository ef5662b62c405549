"""Answering again what is outdated, by the site's policy and inside its budget; telling curators the rest.

A published page stays as it is until the gate, or a curator, publishes its next version.
"""

from contextlib import suppress
from datetime import datetime

import structlog
from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from qa import publishing
from qa.budget import spent_since
from qa.models import Answer, AnswerRun, Mark, Question, Report, standing_marks

POLICIES: dict[str, list[Mark.Kind]] = {
    "never": [],
    "withdrawn": [Mark.Kind.WITHDRAWN],
    "evidence": [Mark.Kind.WITHDRAWN, Mark.Kind.EVIDENCE_GONE],
    "all": list(Mark.Kind),
}
ASKERS_SHARE = 2  # one part in two of a day's budget is left to people who ask
MAX_REASON = 500  # characters that AnswerRun.change_reason holds
OUTCOMES = {
    AnswerRun.Outcome.HELD: "The new version is held; read it and publish or discard it.",
    AnswerRun.Outcome.UNANSWERABLE: "Nothing in the archive bears on it any more: retract it or let it be.",
    "": "Answering it again failed.",
}

log = structlog.get_logger(__name__)


def reanswer_outdated() -> int:
    """Opens runs for outdated answers, the longest marked first, within today's limits; how many."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    begun = 0
    for question in due_questions()[: room_left(today)]:
        with suppress(publishing.NotAllowed):  # somebody else was faster
            publishing.reanswer(question, reason_for(question), cause=AnswerRun.Reason.FRESHNESS)
            begun += 1
    if begun:
        log.info("reanswers_begun", questions=begun)
    return begun


def room_left(today: datetime) -> int:
    """How many more answers may be made again today: none once half of the day's budget is spent."""
    if spent_since(today) * ASKERS_SHARE > settings.DAILY_BUDGET_USD:
        return 0
    begun = AnswerRun.objects.filter(reason=AnswerRun.Reason.FRESHNESS, queued_at__gte=today).count()
    return max(0, settings.REANSWER_PER_DAY - begun)


def due_questions() -> QuerySet[Question]:
    """Published questions with a mark of the policy's kinds that no run has been opened for since.

    One that waits with a held version is left to the curators.
    """
    wanted = POLICIES[settings.REANSWER_POLICY]
    if not wanted:
        return Question.objects.none()
    marks = Mark.objects.filter(answer=OuterRef("published_answer"), resolved_at=None, kind__in=wanted)
    runs = AnswerRun.objects.filter(question=OuterRef("pk"))
    held = Answer.objects.filter(question=OuterRef("pk"), state=Answer.State.HELD)
    return (
        Question.objects.published()
        .annotate(marked_at=Subquery(marks.order_by("-since").values("since")[:1]))
        .exclude(marked_at=None)
        .exclude(Exists(runs.filter(queued_at__gte=OuterRef("marked_at"))))
        .exclude(Exists(runs.open()) | Exists(held))
        .prefetch_related(standing_marks("published_answer__"))
        .order_by("marked_at", "pk")
    )


def reason_for(question: Question) -> str:
    """Why a further version is made, as the list of versions says it."""
    words = " ".join(mark.words for mark in question.published_answer.standing_marks)  # type: ignore[union-attr]
    return words if len(words) <= MAX_REASON else f"{words[: MAX_REASON - 1]}…"


def tell_curators() -> int:
    """One report for each further version that did not become the page by itself; how many."""
    told = Report.objects.filter(
        question=OuterRef("question"), kind=Report.Kind.SITE, created_at__gte=OuterRef("finished_at")
    )
    runs = (
        AnswerRun.objects.filter(
            Q(state=AnswerRun.State.FAILED)
            | Q(outcome=AnswerRun.Outcome.UNANSWERABLE)
            | Q(outcome=AnswerRun.Outcome.HELD, answer__state=Answer.State.HELD),
            reason__in=[AnswerRun.Reason.FRESHNESS, AnswerRun.Reason.REANSWER],
            question__state=Question.State.PUBLISHED,
            finished_at__gte=F("question__published_answer__published_at"),
        )
        .exclude(Exists(told))
        .select_related("question")
    )
    reports = [
        Report(
            question=run.question,
            answer_id=run.question.published_answer_id,
            kind=Report.Kind.SITE,
            text=f"{OUTCOMES[run.outcome]} {run.error}".strip(),
        )
        for run in runs
    ]
    return len(Report.objects.bulk_create(reports))
