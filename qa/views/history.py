"""What changed from version to version of an answer, with the reason of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from archive.caching import keep_public
from archive.conditions import conditional
from qa.caching import tag
from qa.comparing import Change, compare_texts
from qa.conditions import question_validators
from qa.models import Answer, Mark, Question, Source, Statement
from qa.views.question import find_question, instead_of_versions

SHOWN = 20  # newest versions that are compared; the others keep their addresses


@dataclass
class Step:
    """One version, and what is different in it from the version published before, if there is one."""

    answer: Answer
    before: Answer | None = None
    changes: list[Change] = field(default_factory=list)
    sources_added: list[Source] = field(default_factory=list)
    sources_removed: list[Source] = field(default_factory=list)

    @property
    def reworded(self) -> int:
        """How many claims are not as they were."""
        return sum(change.kind != "kept" for change in self.changes)


def versions_of(question: Question) -> list[Answer]:
    """The newest published versions, the newest first, with all that is compared: four queries."""
    return list(
        Answer.objects.readable()
        .filter(question=question)
        .prefetch_related(
            Prefetch("statements", Statement.objects.filter(is_dropped=False).order_by("position")),
            Prefetch(
                "sources", Source.objects.filter(is_cited=True).select_related("preprint").order_by("number")
            ),
            Prefetch("marks", Mark.objects.select_related("preprint").order_by("pk")),
        )
        .order_by("-version")[: SHOWN + 1]
    )


def texts_of(answer: Answer) -> list[str]:
    """What a reader reads of a version, in order: what stays open, the claims, the limits."""
    claims = [statement.text for statement in answer.statements.all()]
    return [text for text in (answer.gap, *claims, answer.limits) if text]


def compare(before: Answer, answer: Answer) -> Step:
    """The step from one version to the next."""
    old = {source.preprint_id: source for source in before.sources.all()}
    new = {source.preprint_id: source for source in answer.sources.all()}
    return Step(
        answer,
        before,
        compare_texts(texts_of(before), texts_of(answer)),
        [source for pk, source in new.items() if pk not in old],
        [source for pk, source in old.items() if pk not in new],
    )


def list_steps(versions: Sequence[Answer]) -> list[Step]:
    """The newest first; the very first version is compared with nothing."""
    steps = [compare(before, answer) for answer, before in pairwise(versions)]
    if versions and len(versions) <= SHOWN:
        steps.append(Step(versions[-1]))
    return steps


@require_safe
@conditional(question_validators)
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every change to a published answer, for whoever read an earlier version."""
    question = find_question(slug)
    known = question.published_at is not None
    if instead := instead_of_versions(request, question, known=known):
        return instead
    context = {"question": question, "steps": list_steps(versions_of(question))}
    response = keep_public(render(request, "qa/history.html", context))
    response["X-Robots-Tag"] = "noindex"
    return tag(response, questions=[slug])
