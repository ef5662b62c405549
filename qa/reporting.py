"""What readers tell the curators: taken in under limits, closed by a curator."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from archive.text import RefusedText, clean_text
from qa.models import MAX_REPORT, Answer, Citation, Question, Report
from qa.quotas import use_report_quota

VOTES = frozenset({Report.Kind.HELPFUL, Report.Kind.UNHELPFUL})
READERS_KINDS = [kind for kind in Report.Kind if kind != Report.Kind.SITE]
REPORTABLE = frozenset(
    {
        Question.State.PENDING,
        Question.State.PUBLISHED,
        Question.State.HELD,
        Question.State.UNANSWERABLE,
        Question.State.FAILED,
    }
)


class ReportRefused(Exception):
    """The report can't be taken as it is; `message` says why, `field` what it is about."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def find_citation(question: Question, citation_id: int) -> Citation | None:
    """A citation that stands on a readable page of this question."""
    readable = Answer.objects.readable().filter(question=question)
    rows = Citation.objects.filter(answer__in=readable, statement__is_dropped=False)
    return rows.select_related("answer", "statement", "source__preprint").filter(pk=citation_id).first()


@transaction.atomic
def file_report(question: Question, *, kind: str, text: str, citation: Citation | None, asker: str) -> Report:
    """Puts a report into the curators' queue. Raises ReportRefused, and QuotaUsed over the limit.

    A vote needs no words and waits for nobody. `asker` is counted and not kept with the report.
    """
    if kind not in READERS_KINDS:
        raise ReportRefused("kind", "Please choose what is wrong.")
    words = clean_words(text)
    if kind not in VOTES and not words:
        raise ReportRefused("text", "Please say in a sentence or two what is wrong.")
    use_report_quota(asker)
    is_closed = kind in VOTES and not words
    return Report.objects.create(
        question=question,
        answer_id=citation.answer_id if citation else question.published_answer_id,
        citation=citation,
        kind=kind,
        text=words,
        state=Report.State.RESOLVED if is_closed else Report.State.OPEN,
        resolved_at=timezone.now() if is_closed else None,
    )


def clean_words(text: str) -> str:
    """Plain text under the site's text policy. Raises ReportRefused where it can't be kept."""
    try:
        words = clean_text(text).strip()
    except RefusedText as refused:
        raise ReportRefused("text", f"This can't be sent: {refused}.") from refused
    if len(words) > MAX_REPORT:
        raise ReportRefused("text", f"At most {MAX_REPORT:,} characters, please; this has {len(words):,}.")
    return words


def resolve(report: Report, note: str, by: AbstractBaseUser) -> None:
    """Closes a report with what was done about it. A report that is closed already stays as it is."""
    Report.objects.open().filter(pk=report.pk).update(
        state=Report.State.RESOLVED, note=note, resolved_at=timezone.now(), resolved_by=by
    )


def reopen(report: Report) -> None:
    """Puts a closed report back into the queue; its note stays."""
    Report.objects.filter(pk=report.pk).update(state=Report.State.OPEN, resolved_at=None, resolved_by=None)
