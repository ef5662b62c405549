"""One written draft: the models in their order, the budget around each call, one repair at most."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from django.conf import settings

from qa import budget, llm, prompts
from qa.budget import BudgetUsed
from qa.checking import CheckSource
from qa.failures import ProviderError
from qa.llm import Completion
from qa.models import AnswerRun, Spend
from qa.opinions import DEADLINE_SECONDS
from qa.prompts import Prompt, PromptSource
from qa.runs import Lease, LeaseLost
from qa.statements import Draft, MalformedOutput, parse_output

log = structlog.get_logger()

WHOLE = ("stop", "end_turn")  # any other reason to finish means that something is missing
AGAIN_SECONDS = 300  # before the models are asked again of which one has passing trouble, another no budget
OTHER_STEPS_SECONDS = 20  # search, checks and record, out of the time limit of a task
NO_PROMPT = "none"  # what the embedded answerer is recorded with: it reads the sources, not the words


class Payer(Protocol):
    """On whose account a call is booked: a run under its lease, or a comparison."""

    has_paid: bool
    spends: list[int]  # the rows of the ledger that its calls made
    lost: threading.Event

    @property
    def run(self) -> AnswerRun | None: ...


@dataclass
class ComparisonPayer:
    """A comparison of prompts: no run, and so no answer, comes of its calls."""

    run: None = None
    has_paid: bool = False
    spends: list[int] = field(default_factory=list)
    lost: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Material:
    """What an answer may rest on, as models are told it and as the checks read it, under the same numbers."""

    question: str
    prompt: list[PromptSource]
    check: list[CheckSource]


@dataclass(frozen=True)
class Written:
    """A draft, who wrote it, and after which words."""

    draft: Draft
    model: str
    model_named: str
    prompt_version: str

    @property
    def is_quotation(self) -> bool:
        return llm.is_embedded(self.model)


def write_draft(lease: Lease, material: Material) -> Written:
    """A parsed draft by the first model that can be had. Raises ProviderError, BudgetUsed, LeaseLost.

    Where none can, the error is a passing one if any model's was: that model may be had later. The time is
    shared among the models that are still to be asked, so that a silent one leaves some for the next. What a
    budget can't pay for, the next model may; a page that has its answer waits instead (docs/decisions/0022).
    """
    errors: list[ProviderError] = []
    unpaid: list[BudgetUsed] = []
    models = [settings.ANSWER_MODEL, *settings.ANSWER_FALLBACK_MODELS]
    give_up = time.monotonic() + seconds_to_write()
    for left, model in zip(range(len(models), 0, -1), models, strict=True):
        share = (give_up - time.monotonic()) / left
        try:
            return write_with(model, lease, material, until=time.monotonic() + share)
        except ProviderError as error:
            log.warning("model_failed", model=model, code=error.code, detail=str(error.__cause__ or error))
            errors.append(error)
        except BudgetUsed as used:
            if not used.is_spent or lease.question.published_answer_id:
                raise
            unpaid.append(used)
    if unpaid:
        raise wait_for_any(unpaid, errors)
    raise min(errors, key=lambda error: (error.is_lasting, isinstance(error, budget.Resting)))


def wait_for_any(unpaid: Sequence[BudgetUsed], errors: Sequence[ProviderError]) -> BudgetUsed:
    """The wait for whichever comes first: the budget, or a cheaper model that has passing trouble."""
    first = min(unpaid, key=lambda used: used.seconds)
    is_passing = any(not error.is_lasting for error in errors)
    return BudgetUsed(
        first.waits_for, seconds=min(first.seconds, AGAIN_SECONDS) if is_passing else first.seconds
    )


def seconds_to_write() -> float:
    """What a task's time limit leaves for writing."""
    others = OTHER_STEPS_SECONDS + (DEADLINE_SECONDS if settings.CHECK_MODEL else 0)
    return settings.CELERY_TASK_SOFT_TIME_LIMIT - others


def write_with(
    model: str, payer: Payer, material: Material, *, until: float, prompt: Prompt | None = None
) -> Written:
    """A draft by this model. An output that can't be used is sent back once, with the reason.

    `until` is a moment of time.monotonic(). Raises as write_draft does.
    """
    prompt = prompt or prompts.own_prompt()
    messages = prompts.build_messages(material.question, material.prompt, prompt=prompt)
    completion = call(model, payer, material, messages, until=until)
    try:
        draft = read(completion, material)
    except MalformedOutput as error:
        messages = prompts.repair_messages(messages, output=completion.text, reason=str(error), prompt=prompt)
        completion = call(model, payer, material, messages, until=until)
        try:
            draft = read(completion, material)
        except MalformedOutput as again:
            raise ProviderError(
                "malformed", f"The model's answer could not be used: {again.reason}.", is_lasting=True
            ) from again
    version = NO_PROMPT if llm.is_embedded(model) else prompt.version
    return Written(draft, model, completion.model_named, version)


def read(completion: Completion, material: Material) -> Draft:
    """The draft in a completion. Raises MalformedOutput."""
    if completion.finish_reason not in WHOLE:
        raise MalformedOutput("it was cut off before its end")
    return parse_output(completion.text, source_count=len(material.check))


def call(
    model: str, payer: Payer, material: Material, messages: Sequence[dict[str, str]], *, until: float
) -> Completion:
    """One call, within the budget and in the ledger; the embedded answerer needs neither."""
    if payer.lost.is_set():
        raise LeaseLost
    if llm.is_embedded(model):
        return _complete(model, material, messages, until=until)
    if until <= time.monotonic():  # between two calls, so that nothing of it is paid
        raise ProviderError("too_slow", "The model did not answer in time.")
    purpose = Spend.Purpose.ANSWER if payer.run else Spend.Purpose.COMPARISON
    budget.check_breaker(model, purpose=purpose)
    usd = llm.highest_cost(messages, model=model)
    spend = budget.reserve(payer.run, model=model, usd=usd, purpose=purpose)
    payer.spends.append(spend.pk)
    try:
        completion = _complete(model, material, messages, until=until)
    except ProviderError as error:
        payer.has_paid |= error.was_paid
        budget.settle_failure(spend, error)
        raise
    payer.has_paid = True  # noted before it is booked, which may fail
    budget.settle(spend, completion)
    return completion


def _complete(
    model: str, material: Material, messages: Sequence[dict[str, str]], *, until: float
) -> Completion:
    return llm.complete(
        messages,
        model=model,
        deadline=max(min(settings.LLM_DEADLINE_SECONDS, until - time.monotonic()), 1),
        question=material.question,
        sources=material.check,
        response_schema=prompts.ANSWER_SCHEMA,
    )
