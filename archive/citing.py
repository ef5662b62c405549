"""A preprint as reference managers take it in: what docs and pages call "cite"."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.formats import date_format

from archive.models import Author, Preprint
from archive.references import Kind, Reference


def describe_withdrawal(preprint: Preprint) -> str:
    """The notice of a withdrawal in one sentence; "" for a preprint that is available."""
    if preprint.withdrawn_on is None:
        return ""
    reason = f": {preprint.withdrawal_reason}" if preprint.withdrawal_reason else ""
    return f"Withdrawn on {date_format(preprint.withdrawn_on, 'j F Y')}{reason.rstrip('.')}."


def publisher_of(preprint: Preprint) -> str:
    """Who published it: arXiv, where it came from there; else this archive, for want of another name."""
    return "arXiv" if preprint.arxiv_id else settings.SITE_NAME


def cite_preprint(preprint: Preprint, authors: Sequence[Author]) -> Reference:
    """The reference of a preprint, its authors in their order."""
    withdrawal = describe_withdrawal(preprint)
    return Reference(
        key=preprint.identifier,
        kind=Kind.PREPRINT,
        title=preprint.title,
        authors=tuple(author.name for author in authors),
        published_on=preprint.submitted_on,
        url=f"{settings.SITE_URL}{preprint.get_absolute_url()}",
        publisher=publisher_of(preprint),
        number=preprint.identifier,
        version=preprint.version,
        doi=preprint.doi,
        arxiv_id=preprint.arxiv_id,
        arxiv_category=preprint.primary_category,
        notes=(withdrawal,) if withdrawal else (),
        is_withdrawn=preprint.is_withdrawn,
    )
