"""What was taken back, made again or overtaken: one list, the newest first, read by page and feed alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value

from archive.models import Preprint
from qa.models import Answer, Mark, Question

RETRACTED, REANSWERED, OUTDATED = "retracted", "reanswered", "outdated"
GRAVE = [Mark.Kind.WITHDRAWN, Mark.Kind.EVIDENCE_GONE]


@dataclass(frozen=True)
class Correction:
    """One entry. A retracted question's own words are not repeated; its address is."""

    kind: str
    at: datetime
    question: Question
    reason: str
    version: int = 0
    preprint: Preprint | None = None

    @property
    def words(self) -> str:
        """What happened, as one plain sentence."""
        if self.kind == RETRACTED:
            return f"A question and its answer were retracted: {self.reason}"
        if self.kind == REANSWERED:
            return f"Answered again, version {self.version}: {self.reason or 'no reason was given.'}"
        return f"A source has changed: {self.reason}"


def corrections() -> QuerySet[Any, dict[str, Any]]:
    """The entries as {entry, at, row}, the newest first: to be cut into pages for read_corrections()."""
    earlier = Answer.objects.filter(
        question=OuterRef("question"), version__lt=OuterRef("version"), state=Answer.State.SUPERSEDED
    )
    retracted = Question.objects.retracted().order_by()
    reanswered = Answer.objects.readable().filter(Exists(earlier)).order_by()
    outdated = Mark.objects.filter(kind__in=GRAVE, answer__in=Answer.objects.readable()).order_by()
    return (
        entries(retracted, RETRACTED, "closed_at")
        .union(
            entries(reanswered, REANSWERED, "published_at"), entries(outdated, OUTDATED, "since"), all=True
        )
        .order_by("-at", "-row")
    )


def entries(rows: QuerySet[Any], kind: str, moment: str) -> QuerySet[Any, dict[str, Any]]:
    named = rows.annotate(entry=Value(kind, output_field=CharField()), at=F(moment), row=F("pk"))
    return named.values("entry", "at", "row")


def read_corrections(page: Sequence[dict[str, Any]]) -> list[Correction]:
    """The entries of a page in full: three queries for any number of them."""
    ids: dict[str, list[int]] = {RETRACTED: [], REANSWERED: [], OUTDATED: []}
    for entry in page:
        ids[entry["entry"]].append(entry["row"])
    rows: dict[str, dict[int, Any]] = {
        RETRACTED: Question.objects.in_bulk(ids[RETRACTED]),
        REANSWERED: Answer.objects.select_related("question").in_bulk(ids[REANSWERED]),
        OUTDATED: Mark.objects.select_related("preprint", "answer__question").in_bulk(ids[OUTDATED]),
    }
    return [
        describe(entry["entry"], entry["at"], rows[entry["entry"]][entry["row"]])
        for entry in page
        if entry["row"] in rows[entry["entry"]]
    ]


def describe(kind: str, at: datetime, row: Any) -> Correction:
    if kind == RETRACTED:
        return Correction(kind, at, row, row.reason)
    if kind == REANSWERED:
        return Correction(kind, at, row.question, row.change_reason, row.version)
    return Correction(kind, at, row.answer.question, row.words, row.answer.version, row.preprint)
