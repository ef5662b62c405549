"""A question becomes an answer: retrieve, judge the evidence, write, check, record.

The story, and what interrupts it. Everything is done under a lease; whoever loses it stops, and nothing of
its work is kept.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog
from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from archive.embeddings import EmbedderUnavailable, get_embedder
from archive.search import NO_VECTORS, Hit, SearchResult, search
from qa import budget, recording, runs
from qa.budget import BudgetUsed, Resting
from qa.checking import CheckedDraft, CheckSource, check_draft
from qa.failures import ProviderError
from qa.followups import choose_follow_ups
from qa.gating import GateDecision, decide
from qa.models import MAX_SOURCES, AnswerRun
from qa.opinions import Opinions, contradicted_by, find_opinions
from qa.prompts import PromptSource
from qa.runs import Lease, LeaseLost
from qa.writing import Material, Written, write_draft

log = structlog.get_logger()

BUG_WAIT_SECONDS = 10
BUG_MESSAGE = "Something went wrong on this site while the question was being answered. It has been logged."
TOO_LONG_MESSAGE = "Answering this question took too long each time it was tried."
NO_EMBEDDER_MESSAGE = "The search by meaning is not available."
DATABASE_MESSAGE = "This site's database has trouble."
ALL_HELD = "On this site every answer waits for a curator."

# SQLSTATE: class 08, and the server going down. An error without one is the client's own: the line is dead.
CONNECTION_LOST = re.compile(r"$|08...$|57P0[1235]$")

Step = AnswerRun.Step


@dataclass
class Stopwatch:
    """Seconds by step, for the record."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - began, 3)


def answer(lease: Lease) -> None:
    """Answers the question of a claimed run, or leaves the run in the state that its trouble asks for."""
    watch = Stopwatch()
    with runs.holding(lease), handling_trouble(lease):
        budget.settle_abandoned(lease.row())
        with watch.step("search"):
            found, sources = retrieve(lease)
        if not sources:
            recording.record_unanswerable(lease, seconds=watch.seconds)
            return
        material = gather(lease.question.text, sources)
        runs.note(lease, step=Step.WRITING)
        with watch.step("write"):
            written = write_draft(lease, material)
        if written.draft.verdict == "unanswerable":
            recording.record_unanswerable(lease, seconds=watch.seconds)
            return
        with watch.step("check"):
            checked, opinions = check(lease, material, written)
            follow_ups = choose_follow_ups(
                lease.question,
                preprint_ids=[hit.preprint.pk for hit in sources],
                suggestions=written.draft.follow_ups,
                dropped=[statement.text for statement in checked.statements if statement.is_dropped],
                embedder=get_embedder(),
            )
        recording.record_answer(
            lease,
            recording.Record(
                found,
                sources,
                written,
                checked,
                judge(written, checked, opinions),
                follow_ups,
                watch.seconds,
                opinions,
            ),
        )


def retrieve(lease: Lease) -> tuple[SearchResult, list[Hit]]:
    """What the search found, and the part of it that may be a source: above the floor, and not withdrawn.

    Raises EmbedderUnavailable.
    """
    runs.note(lease, step=Step.SEARCHING)
    get_embedder()  # a search may do with a former model's vectors, the checks can't: nothing is paid before
    found = search(lease.question.text, limit=MAX_SOURCES)
    if NO_VECTORS in found.notes:
        raise EmbedderUnavailable(NO_VECTORS)
    retrieved = [
        {
            "identifier": hit.preprint.identifier,
            "rank": hit.rank,
            "similarity": hit.similarity,
            "score": hit.score,
        }
        for hit in found.hits
    ]
    sources = usable_sources(found)
    lease.run.retrieved = retrieved
    runs.note(lease, step=Step.READING, step_detail=len(sources), retrieved=retrieved)
    return found, sources


def usable_sources(found: SearchResult) -> list[Hit]:
    """The hits above the floor whose preprints were not withdrawn."""
    return [hit for hit in found.sources if not hit.preprint.is_withdrawn]


def gather(question: str, sources: list[Hit]) -> Material:
    """The sources under their numbers, 1 for the best."""
    numbered = [(number, hit.preprint) for number, hit in enumerate(sources, start=1)]
    return Material(
        question=question,
        prompt=[
            PromptSource(number, one.title, one.categories, one.submitted_on, one.abstract)
            for number, one in numbered
        ],
        check=[CheckSource(number, one.identifier, one.title, one.abstract) for number, one in numbered],
    )


def check(lease: Lease, material: Material, written: Written) -> tuple[CheckedDraft, Opinions]:
    """The draft with every statement checked against the texts that it cites, and CHECK_MODEL's opinions."""
    cited = sum(len(statement.sources) for statement in written.draft.statements)
    runs.note(lease, step=Step.CHECKING, step_detail=cited)
    checked = check_draft(
        written.draft,
        material.check,
        question=material.question,
        is_quotation=written.is_quotation,
        embedder=get_embedder(),
    )
    return checked, find_opinions(checked, material.check, run=lease.run)


def judge(written: Written, checked: CheckedDraft, opinions: Opinions) -> GateDecision:
    """The gate's decision, or its being switched off."""
    decision = decide(
        written.draft, checked, is_quotation=written.is_quotation, contradicted=contradicted_by(opinions)
    )
    if decision.publish and not settings.AUTO_PUBLISH:
        return GateDecision(publish=False, reasons=[ALL_HELD])
    return decision


@contextmanager
def handling_trouble(lease: Lease) -> Iterator[None]:
    """Turns what interrupts the story into the run's state: a question ends with an answer or with words."""
    try:
        yield
    except LeaseLost:
        log.warning("run_fenced", run=lease.run.pk)
    except BudgetUsed as used:
        wait_for_budget(lease, used)
    except ProviderError as error:
        log.warning(
            "provider_failed", run=lease.run.pk, code=error.code, detail=str(error.__cause__ or error)
        )
        retry_or_fail(lease, error)
    except EmbedderUnavailable as error:
        log.warning("embedder_unavailable", run=lease.run.pk, detail=str(error))
        retry_or_fail(lease, ProviderError("no_embedder", NO_EMBEDDER_MESSAGE))
    except SoftTimeLimitExceeded:
        retry_or_fail(lease, ProviderError("too_long", TOO_LONG_MESSAGE, was_paid=True))
    except (OperationalError, InterfaceError) as error:
        log.warning("database_trouble", run=lease.run.pk, detail=str(error))
        retry_when_possible(lease, is_lost=is_connection_lost(error))
    except Exception:
        log.exception("run_broke", run=lease.run.pk)
        retry_or_fail(
            lease, ProviderError("internal", BUG_MESSAGE, was_paid=True, retry_after=BUG_WAIT_SECONDS)
        )


def retry_or_fail(lease: Lease, error: ProviderError, *, gives_back: bool = False) -> None:
    """Puts the run back for another try, or fails it where another would not help or is one too many.

    It uses up an attempt where money may have been spent, unless it `gives_back` even then: what is the
    database's fault. It waits for longer and longer, and never for less than the provider asks.
    """
    is_attempt = (error.was_paid or lease.has_paid) and not gives_back
    asked = error.retry_after or 0
    if isinstance(error, Resting) and not is_attempt:
        runs.postpone(lease, seconds=asked, waits_for=in_sentence(error.message))
    elif error.is_lasting or runs.is_last_try(lease.run, is_attempt=is_attempt):
        with suppress(LeaseLost):
            runs.fail(lease, code=error.code, message=error.message)
    else:
        wait = asked if gives_back else max(asked, runs.backoff(lease.run.retries))
        runs.release(lease, wait=wait, waits_for=in_sentence(error.message), is_attempt=is_attempt)


def in_sentence(message: str) -> str:
    """A message as the rest of a sentence that began before it."""
    return message[0].lower() + message[1:].rstrip(".")


def wait_for_budget(lease: Lease, used: BudgetUsed) -> None:
    """Uses up no try, unless a call was paid before the budget ended: it will be paid again."""
    if not lease.has_paid:
        runs.postpone(lease, seconds=used.seconds, waits_for=used.waits_for)
        return
    message = f"{used.waits_for[0].upper()}{used.waits_for[1:]}."
    retry_or_fail(lease, ProviderError("budget_used", message, was_paid=True, retry_after=used.seconds))


def is_connection_lost(error: Exception) -> bool:
    """Whether the database went away, rather than refused or gave up a statement, such as one on a lock."""
    return bool(CONNECTION_LOST.match(getattr(error.__cause__, "sqlstate", None) or ""))


def retry_when_possible(lease: Lease, *, is_lost: bool) -> None:
    """As soon as the database answers again; lets the lease lapse where it doesn't.

    A lost connection is no fault of the question's: it is tried at once, and gets its attempt back.
    """
    trouble = ProviderError("database", DATABASE_MESSAGE, retry_after=0 if is_lost else None)
    give_up = time.monotonic() + settings.RUN_LEASE_SECONDS
    while time.monotonic() < give_up:
        connection.close()
        try:
            retry_or_fail(lease, trouble, gives_back=is_lost)
        except (OperationalError, InterfaceError):
            time.sleep(0.5)
        else:
            return
