"""Preprints and answers in the fifteen elements of Dublin Core, as every harvester reads them.

https://www.dublincore.org/specifications/dublin-core/dces/. Texts keep their TeX.

Whatever stands here dates its record anew when it changes: Preprint.updated_at, Question.changed_at.
"""

from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from archive.categories import full_category_name
from archive.citing import publisher_of
from archive.models import Preprint
from archive.references import ris_name
from qa.markdown import DISCLAIMER
from qa.metadata import Shown, answer_text
from qa.models import Answer, Mark, Question

PREPRINT_TYPE = "info:eu-repo/semantics/preprint"  # as aggregators of the OpenAIRE guidelines know it
SUMMARY_NOTE = "The description is a summary by this site, not the authors' abstract."


class Element(NamedTuple):
    """One element and its value; an element may come several times."""

    name: str
    value: str


def _url(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def describe_preprint(preprint: Preprint) -> list[Element]:
    """A preprint with its `authors`. The first description is the abstract, the first identifier the page."""
    is_summary = preprint.abstract_kind == Preprint.AbstractKind.SUMMARY
    elements = [
        Element("title", preprint.title),
        *(Element("creator", ris_name(author.name)) for author in preprint.authors.all()),
        *(Element("subject", full_category_name(code)) for code in preprint.categories),
        Element("description", preprint.abstract),
        Element("description", SUMMARY_NOTE if is_summary else ""),
        Element("description", f"Comment: {preprint.comments}" if preprint.comments else ""),
        Element("publisher", publisher_of(preprint)),
        Element("date", preprint.submitted_on.isoformat()),
        Element("date", preprint.revised_on.isoformat() if preprint.revised_on else ""),
        Element("type", PREPRINT_TYPE),
        Element("type", "Text"),
        Element("identifier", _url(preprint.get_absolute_url())),
        Element("identifier", f"https://doi.org/{preprint.doi}" if preprint.doi else ""),
        Element("identifier", preprint.journal_ref),
        Element("source", preprint.arxiv_url),
        Element("language", preprint.language),
        Element("rights", preprint.licence),
    ]
    return [element for element in elements if element.value]


def describe_answer(question: Question, answer: Answer) -> list[Element]:
    """A published answer with its rows, as read_items() has them. Its maker is the site, not a model.

    What it rests on are its sources; the marks that sweeps have set say what became of them.
    """
    shown = _shown(answer)
    marks: list[Mark] = answer.standing_marks  # type: ignore[attr-defined]
    made = f"Answered by {answer.model_named}, version {answer.version}; {answer.get_verdict_display()}."
    version = reverse("qa:version", args=[question.slug, answer.version])
    assert answer.published_at is not None  # the database sees to it
    return [
        Element("title", question.text),
        Element("creator", settings.SITE_NAME),
        Element("description", answer_text(answer, shown)),
        Element("description", made),
        *(Element("description", f"Outdated: {_words(mark)}.") for mark in marks),
        Element("description", DISCLAIMER),
        Element("publisher", settings.SITE_NAME),
        Element("date", answer.published_at.date().isoformat()),
        Element("type", "Text"),
        Element("format", "text/html"),
        Element("identifier", _url(question.get_absolute_url())),
        Element("identifier", _url(version)),
        *(Element("source", _url(preprint.get_absolute_url())) for preprint, _ in shown.cited),
        Element("language", question.language),
        Element("rights", _url(reverse("qa:terms"))),
    ]


def _words(mark: Mark) -> str:
    """Which source, and what became of it; without the day, which a later revision would move on."""
    return f"{mark.preprint.identifier}, {mark.get_kind_display()}"


def _shown(answer: Answer) -> Shown:
    statements = list(answer.statements.all())
    markers = {
        statement.position: [citation.source.preprint.identifier for citation in statement.citations.all()]
        for statement in statements
    }
    cited = [(source.preprint, ()) for source in answer.sources.all() if source.is_cited]
    return Shown(statements=statements, markers=markers, cited=cited)
