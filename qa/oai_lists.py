"""Which records an OAI-PMH list has, page by page, and the token that says where it goes on.

A list goes by primary key, which never changes: what is changed between two pages keeps its place, and comes
once. It ends with the last record that it had when it began; docs/decisions/0019.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import Count, F, Max, QuerySet

from archive.models import Preprint
from qa.models import Question
from qa.oai_arguments import ProtocolError, read_span

ROWS_A_PAGE = 200
PREPRINTS, ANSWERS = "preprints", "answers"
IN_CATEGORY = f"{PREPRINTS}:"
TOKENS = Signer(salt="oai-pmh")
SHAPE = 1  # of a token; one of another shape is refused


class Place(NamedTuple):
    """Where a list stands: what was asked for, the ids that end it, those that were sent last, and counts."""

    verb: str
    set_spec: str
    since: str
    until: str
    last_preprint: int
    last_question: int
    preprint: int = 0
    question: int = 0
    size: int = 0
    sent: int = 0


@dataclass(frozen=True)
class Page:
    """Ids of a page's preprints and questions, and the place after it; None after the last one."""

    preprints: list[int]
    questions: list[int]
    next: Place | None


def begin(arguments: dict[str, str]) -> Place:
    """The beginning of a list, with the number of its records. Raises ProtocolError where it has none."""
    place = Place(
        verb=arguments["verb"],
        set_spec=arguments.get("set", ""),
        since=arguments.get("from", ""),
        until=arguments.get("until", ""),
        last_preprint=0,
        last_question=0,
    )
    counted = {"size": Count("pk"), "last": Max("pk")}
    preprints, questions = (rows.aggregate(**counted) for rows in (_preprints(place), _questions(place)))
    size = preprints["size"] + questions["size"]
    if not size:
        raise ProtocolError("noRecordsMatch", "No record is in this set and was changed in this time.")
    return place._replace(
        last_preprint=preprints["last"] or 0, last_question=questions["last"] or 0, size=size
    )


def read_page(place: Place) -> Page:
    """The records that follow a place. Raises ProtocolError where there are none any more."""
    preprints = _ids(_preprints(place), place, after=place.preprint, last=place.last_preprint)
    questions = []
    if len(preprints) <= ROWS_A_PAGE:
        questions = _ids(_questions(place), place, after=place.question, last=place.last_question)
    is_last = len(preprints) + len(questions) <= ROWS_A_PAGE
    preprints = preprints[:ROWS_A_PAGE]
    questions = questions[: ROWS_A_PAGE - len(preprints)]
    if not preprints and not questions:  # all that was left has gone out of the list's time or set
        raise ProtocolError("badResumptionToken", "The rest of this list has changed; please begin again.")
    following = place._replace(
        preprint=preprints[-1] if preprints else place.preprint,
        question=questions[-1] if questions else place.question,
        sent=place.sent + len(preprints) + len(questions),
    )
    return Page(preprints, questions, None if is_last else following)


def _ids(rows: QuerySet[Any], place: Place, *, after: int, last: int) -> list[int]:
    """The next ids of a list, one more than a page has.

    A list with a span of time is put in order by an expression: else the planner would rather walk along the
    primary keys, past everything that did not change, than read the few that did by their index.
    """
    if after >= last:
        return []
    is_spanned = bool(place.since or place.until)
    rows = rows.alias(place=F("pk") + 0).order_by("place") if is_spanned else rows.order_by("pk")
    return list(rows.filter(pk__gt=after, pk__lte=last).values_list("pk", flat=True)[: ROWS_A_PAGE + 1])


def _preprints(place: Place) -> QuerySet[Preprint]:
    rows = Preprint.objects.order_by()
    if place.set_spec.startswith(IN_CATEGORY):
        rows = rows.filter(categories__contains=[place.set_spec.removeprefix(IN_CATEGORY)])
    elif place.set_spec not in ("", PREPRINTS):
        return rows.none()
    return _in_span(rows, "updated_at", place)


def _questions(place: Place) -> QuerySet[Question]:
    rows = Question.objects.ever_published().order_by()
    return _in_span(rows, "changed_at", place) if place.set_spec in ("", ANSWERS) else rows.none()


def _in_span(rows: QuerySet[Any], moment: str, place: Place) -> QuerySet[Any]:
    begins, ends = read_span({"from": place.since, "until": place.until})
    if begins:
        rows = rows.filter(**{f"{moment}__gte": begins})
    return rows.filter(**{f"{moment}__lt": ends}) if ends else rows


def write_token(place: Place) -> str:
    """A place as one word that nobody else can make."""
    return TOKENS.sign_object([SHAPE, *place])


def read_token(text: str, *, verb: str) -> Place:
    """The place that a token names. Raises ProtocolError."""
    try:
        shape, *fields = TOKENS.unsign_object(text)
    except BadSignature:
        shape, fields = 0, []
    if shape != SHAPE or fields[0] != verb:
        raise ProtocolError("badResumptionToken", "This site gave no such token for this verb.")
    return Place(*fields)


def find_earliest() -> datetime | None:
    """The earliest datestamp of all; None where there is no record."""
    firsts = [
        Preprint.objects.order_by("updated_at", "pk").values_list("updated_at", flat=True).first(),
        Question.objects.ever_published()
        .order_by("changed_at", "pk")
        .values_list("changed_at", flat=True)
        .first(),
    ]
    return min((moment for moment in firsts if moment), default=None)


def find_horizon() -> datetime:
    """The moment before which every change can be seen: now, or when the oldest transaction began.

    A transaction dates its rows before others can see them. A harvest that begins anew at this moment misses
    none of them. Transactions of other roles, such as a backup's, are not known here and change nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT least(statement_timestamp(), min(xact_start)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
        horizon: datetime = cursor.fetchone()[0]
    return horizon
