"""An answer as reference managers take it in. Its author is the site: a model is no author."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from archive.models import Preprint
from archive.references import Kind, Reference
from qa.models import Answer, Mark, Question


def describe_withdrawn(preprints: Iterable[Preprint]) -> list[str]:
    """One sentence for each cited preprint that the archive withdrew since."""
    return [
        f"It cites {preprint.identifier}, withdrawn on {date_format(preprint.withdrawn_on, 'j F Y')}."
        for preprint in preprints
        if preprint.withdrawn_on
    ]


def describe_marks(marks: Iterable[Mark]) -> list[str]:
    """Why the answer is outdated, in words; withdrawals are said by describe_withdrawn, without a sweep."""
    return [mark.words for mark in marks if mark.kind != Mark.Kind.WITHDRAWN]


def cite_answer(
    question: Question, answer: Answer, *, cited: Iterable[Preprint], marks: Iterable[Mark]
) -> Reference:
    """The reference of one published version, at the address that stays that version's."""
    published_at = timezone.localtime(answer.published_at)
    return Reference(
        key=f"{question.slug}-v{answer.version}",
        kind=Kind.WEBPAGE,
        title=question.text,
        authors=(settings.SITE_NAME,),
        published_on=published_at.date(),
        url=f"{settings.SITE_URL}{reverse('qa:version', args=[question.slug, answer.version])}",
        publisher=settings.SITE_NAME,
        version=answer.version,
        notes=(
            f"Answered by {answer.model_named}, version {answer.version}; {answer.get_verdict_display()}.",
            *describe_withdrawn(cited),
            *describe_marks(marks),
        ),
    )
