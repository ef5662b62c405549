"""The five tools. The functions of the pages and of REST stand behind them: the same is found and public."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import prefetch_related_objects
from django.http import Http404

from archive.identifiers import parse
from archive.search import search
from qa.api import Merged, Retracted, published_heads, status_of, visible_question
from qa.markdown import write_answer, write_preprint
from qa.mcp import texts
from qa.mcp.arguments import Arguments, Ask, GetAnswer, GetPreprint, SearchAnswers, SearchPreprints
from qa.mcp.results import (
    Asked,
    FoundAnswers,
    FoundPreprints,
    PreprintInFull,
    QuestionShown,
    Result,
    address_of,
    show_answer,
    show_found,
    show_near,
    show_preprint,
    show_question,
)
from qa.models import Answer, AnswerRun, Question, Token, standing_marks
from qa.nearness import suggest_questions
from qa.serializers import ANSWER_ROWS
from qa.submission import NearDuplicate, QueueFull, QuotaUsed, Refused, submit_question
from qa.views.preprint import CITING_QUESTIONS, find_preprint, newest_citing
from qa.views.progress import found_preprints, nearest
from qa.views.search import has_all_words, is_near, list_hits, matching_questions

POLL_SECONDS = 3
SLUG = re.compile(r"(?:.*/ask/)?([a-z0-9]{10})(?:/v([1-9][0-9]{0,3}))?/?")
NOTHING_NEAR = "No preprint of this archive is near to the query: these are the nearest all the same."
WORDS_OF_STATE = {
    Question.State.PUBLISHED: "It is answered: read it with get_answer.",
    Question.State.RETRACTED: "Its answer was retracted: get_answer says when and why.",
    Question.State.HELD: "An answer was written, and a curator reads it before anybody else does. "
    "It may take days: come back to this address instead of waiting.",
    Question.State.UNANSWERABLE: "No preprint in this archive bears on the question closely enough to "
    "answer from it. It is tried again by itself when new preprints come in; until then search_preprints "
    "shows the nearest.",
    Question.State.FAILED: "It was not answered. Asking it again tries it again.",
}

A = TypeVar("A", bound=Arguments)


class ToolFault(Exception):
    """The tool could not do what was asked, and says what to do about it: a result for the model to read."""


@dataclass(frozen=True)
class Reply:
    """What a call gives: for programs, and in words."""

    result: Result
    text: str


@dataclass(frozen=True)
class Tool(Generic[A]):
    """A tool as it is listed; `description` is all that a model has to choose it by."""

    name: str
    title: str
    description: str
    arguments: type[A]
    result: type[Result]
    run: Callable[[A, str], Reply]  # with the key under which who calls is counted
    scope: Token.Scope = Token.Scope.READ  # that a caller's token needs, if there is one


def search_preprints(wanted: SearchPreprints, asker: str) -> Reply:
    """Ranked by words and meaning; by words alone, with a note, where vectors can't be had."""
    found = search(
        wanted.query,
        limit=wanted.limit,
        categories=[wanted.category] if wanted.category else (),
        submitted_from=wanted.submitted_from,
        submitted_to=wanted.submitted_to,
    )
    hits = [
        show_found(row["hit"].preprint, similarity=row["hit"].similarity, passage=row["excerpt"])
        for row in list_hits(found.hits, wanted.query)
    ]
    is_far = not any(is_near(hit) or has_all_words(hit, wanted.query) for hit in found.hits)
    notes = [*found.notes, NOTHING_NEAR] if hits and is_far else found.notes
    result = FoundPreprints(notes=notes, results=hits)
    return Reply(result, texts.write_preprints(result))


def get_preprint(wanted: GetPreprint, asker: str) -> Reply:
    """Raises ToolFault where no preprint has the name."""
    named = parse(wanted.identifier)
    preprint = find_preprint(named) if named else None
    if preprint is None:
        raise ToolFault(
            "not_found: no preprint here has this identifier. Identifiers look like AG-2024.01-1576, "
            "2401.07049 or 10.1000/example; search_preprints finds preprints by words."
        )
    prefetch_related_objects([preprint], "authors")
    citing = list(_with_marks(list(newest_citing(preprint)[:CITING_QUESTIONS])))
    text = write_preprint(preprint, list(preprint.authors.all()), citing)
    return Reply(show_preprint(preprint, citing), texts.with_warning(text))


def _with_marks(questions: list[Question]) -> list[Question]:
    """The questions with what show_question() shows of their answers."""
    prefetch_related_objects(questions, "published_answer", standing_marks("published_answer__"))
    return questions


def search_answers(wanted: SearchAnswers, asker: str) -> Reply:
    """Published questions: first those near in meaning, then those that share words."""
    near = [question.pk for question in suggest_questions(wanted.query)]
    matching = matching_questions(wanted.query).values_list("pk", flat=True)
    order = list(dict.fromkeys([*near, *matching[: 4 * wanted.limit]]))
    rows = published_heads().filter(pk__in=order)
    if wanted.verdict:
        rows = rows.filter(published_answer__verdict=wanted.verdict)
    chosen = sorted(rows, key=lambda question: order.index(question.pk))[: wanted.limit]
    result = FoundAnswers(results=[show_question(question) for question in chosen])
    return Reply(result, texts.write_answers(result))


def get_answer(wanted: GetAnswer, asker: str) -> Reply:
    """What the page shows to whoever has its address. Raises ToolFault where nothing stands there."""
    named = SLUG.fullmatch(wanted.question.strip())
    if not named:
        raise ToolFault("not_found: a slug has 10 characters of a-z and 0-9; search_answers finds questions.")
    try:
        question = _find_question(named[1])
    except Http404:
        raise ToolFault("not_found: there is no such question. search_answers finds questions.") from None
    except Retracted as tombstone:
        return _show_retracted(named[1], str(tombstone.detail))
    version = wanted.version or (int(named[2]) if named[2] else None)
    if question.published_answer or version:
        return _show_version(question, version)
    return _show_progress(question)


def _find_question(slug: str) -> Question:
    """The question at an address, or the one it was merged into. Raises Http404 and Retracted."""
    rows = Question.objects.select_related("merged_into", "published_answer")
    try:
        return visible_question(rows, slug)
    except Merged:
        return _find_question(rows.get(slug=slug).merged_into.slug)  # type: ignore[union-attr]


def _show_version(question: Question, version: int | None) -> Reply:
    """The present version, or the one wanted. Raises ToolFault where nobody may read that."""
    rows = Answer.objects.readable().filter(question=question)
    rows = rows.filter(version=version) if version else rows.filter(state=Answer.State.PUBLISHED)
    answer = rows.select_related("run").prefetch_related(*ANSWER_ROWS).first()
    if answer is None:
        raise ToolFault(
            "not_found: this question has no such version; leave `version` out for the present one."
        )
    message = "" if answer.state == Answer.State.PUBLISHED else "An earlier version."
    result = _shown(question, state=Question.State.PUBLISHED, message=message)
    result.answer = show_answer(question, answer)
    return Reply(result, texts.with_warning(write_answer(question, answer)))


def _shown(question: Question, *, state: str, message: str) -> QuestionShown:
    return QuestionShown(
        slug=question.slug,
        address=address_of(question.get_absolute_url()),
        question=question.text,
        state=state,
        message=message,
        poll_after_seconds=POLL_SECONDS if state == Question.State.PENDING else None,
        answer=None,
        nearest=[],
    )


def _show_retracted(slug: str, notice: str) -> Reply:
    """The tombstone: the day and the reason, no word of the question."""
    result = _shown(Question(slug=slug), state=Question.State.RETRACTED, message=notice)
    return Reply(result, texts.write_without_answer(result))


def _show_progress(question: Question) -> Reply:
    """A question without an answer: where it stands, what to do, and the preprints found so far."""
    status = status_of(question)
    run: AnswerRun | None = status["run"]
    result = _shown(question, state=question.state, message=_message(**status))
    if run and question.state == Question.State.UNANSWERABLE:
        result.nearest = [show_near(one.preprint, one.similarity) for one in nearest(run)]
    elif run and question.state == Question.State.PENDING:
        result.nearest = [show_near(one.preprint, one.similarity) for one in found_preprints(run)]
    return Reply(result, texts.write_without_answer(result))


def _message(*, question: Question, run: AnswerRun | None, position: int | None) -> str:
    """What a question's state means, and what to do, from what qa.api.status_of() knows of it."""
    if question.state != Question.State.PENDING:
        error = run.error if run and question.state == Question.State.FAILED else ""
        return f"{error} {WORDS_OF_STATE[Question.State(question.state)]}".strip()
    step = run.get_step_display() if run else "waiting for a worker"
    place = f", number {position} in the queue" if position else ""
    waits = f" {run.waits_for}" if run and run.waits_for else ""
    return f"Being answered: {step}{place}.{waits} Call get_answer again in {POLL_SECONDS} seconds."


def ask(wanted: Ask, asker: str) -> Reply:
    """Through the gate, the look-up and the quota of every door. Raises ToolFault where it is not taken."""
    try:
        submission = submit_question(wanted.question, asker=asker, force=wanted.force)
    except Refused as refusal:
        raise ToolFault(f"{refusal.code}: {refusal.message}") from refusal
    except QuotaUsed as refusal:
        raise ToolFault(f"quota: {refusal.message}") from refusal
    except QueueFull as refusal:
        raise ToolFault(f"queue_full: {refusal.message}") from refusal
    except NearDuplicate as refusal:
        return _show_near_duplicate(refusal)
    question = submission.question
    result = Asked(
        outcome="accepted" if submission.is_new else "already_asked",
        slug=question.slug,
        address=address_of(question.get_absolute_url()),
        state=question.state,
        message=_message(**status_of(question)),
        poll_after_seconds=POLL_SECONDS if question.state == Question.State.PENDING else None,
        candidates=[],
    )
    return Reply(result, texts.write_asked(result))


def _show_near_duplicate(refusal: NearDuplicate) -> Reply:
    candidates = [show_question(question) for question in _with_marks(refusal.candidates)]
    result = Asked(
        outcome="near_duplicate",
        slug=candidates[0].slug,
        address=candidates[0].address,
        state=Question.State.PUBLISHED,
        message="Nothing was asked: this was answered already, in other words. Read that with get_answer, or "
        "call ask again with force to have it answered all the same.",
        poll_after_seconds=None,
        candidates=candidates,
    )
    return Reply(result, texts.write_asked(result))


TOOLS: dict[str, Tool[Any]] = {
    tool.name: tool
    for tool in (
        Tool(
            name="search_answers",
            title="Search answered questions",
            description="Finds questions that this archive has answered already, by meaning and by words. "
            "Begin here: an answer has every claim checked against the preprint it cites. Read one with "
            "get_answer.",
            arguments=SearchAnswers,
            result=FoundAnswers,
            run=search_answers,
        ),
        Tool(
            name="get_answer",
            title="Read an answer",
            description="A question's published answer: its claims, each with the preprints it cites, the "
            "sentence it rests on and the verdict of an automatic check. Also tells where a question "
            "stands that was asked with ask: while its state is pending, call again after "
            "poll_after_seconds. Cite cite_as.",
            arguments=GetAnswer,
            result=QuestionShown,
            run=get_answer,
        ),
        Tool(
            name="search_preprints",
            title="Search preprints",
            description="Ranked search over the preprints of this archive, by meaning and by words. Each "
            "result has an identifier, a calibrated similarity and the sentence of its abstract that fits "
            "best. Read one with get_preprint. notes says what limited the search.",
            arguments=SearchPreprints,
            result=FoundPreprints,
            run=search_preprints,
        ),
        Tool(
            name="get_preprint",
            title="Read a preprint",
            description="A preprint's title, authors, whole abstract, dates, licence and withdrawal, and the "
            "answered questions that cite it. Full texts are not here: arxiv_url leads to the original.",
            arguments=GetPreprint,
            result=PreprintInFull,
            run=get_preprint,
        ),
        Tool(
            name="ask",
            title="Ask a new question",
            description="Has a question answered from the archive and published on a permanent public "
            "page. Search answers first: asking costs money and is limited by the hour. The answer takes "
            "seconds to minutes: poll get_answer with the slug. outcome near_duplicate means that "
            "published questions ask the same and nothing was asked: read those, or ask again with force. "
            "An error begins with its code and says what to change. Put nothing personal or secret into a "
            "question.",
            arguments=Ask,
            result=Asked,
            run=ask,
            scope=Token.Scope.ASK,
        ),
    )
}
