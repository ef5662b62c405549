"""One page of every kind, with content as real pages have it: for the checks that look at every page."""

from django.core.management import call_command
from django.urls import Resolver404, resolve
from django.utils import timezone

from archive.models import Preprint
from qa.models import AnswerRun, Question
from tests.factories import PreprintFactory
from tests.qa.factories import (
    AnswerRunFactory,
    add_citation,
    make_answer,
    make_closed_question,
    make_failed_question,
    make_held_question,
    make_published_question,
    make_unanswerable_question,
    retrieved,
)

# Pages whose content the rows above give as well; an address that the site does not have is left out.
PLAIN_PAGES = (
    "/",
    "/ask/",
    "/questions",
    "/questions?verdict=partial&sort=oldest",
    "/search",
    "/recent",
    "/map",
    "/about",
    "/method",
    "/gaps",
    "/quality",
    "/privacy",
    "/terms",
    "/accessibility",
    "/corrections",
    "/search?q=quantum+diffusion+models",
    "/search?q=quantm+difusion",
    "/search?author=Ada+Lovelace",
    "/api/",
)


def make_sample() -> dict[str, str]:
    """Makes the rows and returns the address of each kind of page by its name."""
    call_command("load_starter_archive", verbosity=0)
    preprints = list(Preprint.objects.available().order_by("pk")[:8])
    long = PreprintFactory(
        title=r"On $\mathcal{O}(n^2)$ walks of Schr\"odinger's cats",
        abstract=r"We bound $\sum_{i=1}^{n} x_i^2 \le \frac{n(n+1)}{2}$. Noise lowers it to 84.0%.",
        authors=[f"Author {number} of Many" for number in range(60)],
        withdrawn_on=timezone.localdate(),
        withdrawal_reason="An error in lemma 2.",
    )
    call_command("project_map", verbosity=0)
    pages = {path.partition("?")[0].strip("/") or "home": path for path in PLAIN_PAGES[:3]}
    pages |= {path.lstrip("/"): path for path in PLAIN_PAGES[3:] if _exists(path)}
    pages |= _question_pages([*preprints[:5], long])
    pages |= {
        "preprint": preprints[0].get_absolute_url(),
        "withdrawn preprint": long.get_absolute_url(),
        "listing": f"/list/{long.primary_category}/2024-01",
        "nothing here": "/nothing-here",
    }
    return pages


def _exists(path: str) -> bool:
    try:
        resolve(path.partition("?")[0])
    except Resolver404:
        return False
    return True


def _question_pages(preprints: list[Preprint]) -> dict[str, str]:
    """A question in every state that has a page of its own."""
    published = make_published_question(
        text=r"How does noise limit circuits of depth $d$, and what do codes cost?",
        preprints=preprints,
        cited=3,
        statements=7,
        verdict="partial",
        gap="No source says what codes cost.",
    )
    _add_second_version(published, preprints)
    pending = AnswerRunFactory(
        state=AnswerRun.State.RUNNING,
        step="reading",
        step_detail=3,
        retrieved=retrieved(preprints[:3]),
        lease_token="6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
        lease_until=timezone.now() + timezone.timedelta(hours=1),
        attempts=1,
    )
    states = {
        "answer": published,
        "waiting": pending.question,
        "held": make_held_question(preprints=preprints[:2]),
        "not in this archive": make_unanswerable_question(preprints[:3]),
        "failed": make_failed_question(),
        "retracted": make_closed_question(Question.State.RETRACTED),
    }
    pages = {name: question.get_absolute_url() for name, question in states.items()}
    citation = published.published_answer.citations.first()
    pages["report"] = f"{pages['answer']}/report?citation={citation.pk}"
    pages["thanks"] = f"{pages['answer']}/report/thanks"
    pages["old version"] = f"{pages['answer']}/v1"
    if _exists(f"{pages['answer']}/history"):
        pages["history"] = f"{pages['answer']}/history"
    return pages


def _add_second_version(question: Question, preprints: list[Preprint]) -> None:
    """A newer answer with a doubtful citation, which takes the place of the first."""
    first = question.published_answer
    first.state = "superseded"
    first.save()
    second = make_answer(
        question,
        preprints=preprints,
        cited=3,
        statements=7,
        verdict="partial",
        gap="No source says what codes cost.",
        change_reason="A cited preprint has a new version.",
    )
    source, other = second.sources.order_by("number")[:2]
    statement = second.statements.get(position=0)
    if not statement.citations.filter(source=other).exists():
        add_citation(statement, other, verdict="weak", score=0.4, reasons=["Few of its words are there."])
    assert source.is_cited
    question.published_answer = second
    question.save()
