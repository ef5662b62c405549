"""One written draft: the models in their order, the budget around each call, one repair at most."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.conf import settings

from qa import budget, llm, prompts
from qa.checking import CheckSource
from qa.failures import ProviderError
from qa.llm import Completion
from qa.prompts import PromptSource
from qa.runs import Lease, LeaseLost
from qa.statements import Draft, MalformedOutput, parse_output

log = structlog.get_logger()

WHOLE = ("stop", "end_turn")  # any other reason to finish means that something is missing


@dataclass(frozen=True)
class Material:
    """What an answer may rest on, as models are told it and as the checks read it, under the same numbers."""

    question: str
    prompt: list[PromptSource]
    check: list[CheckSource]


@dataclass(frozen=True)
class Written:
    """A draft, and who wrote it."""

    draft: Draft
    model: str
    model_named: str

    @property
    def is_quotation(self) -> bool:
        return llm.is_embedded(self.model)


def write_draft(lease: Lease, material: Material) -> Written:
    """A parsed draft by the first model that can be had. Raises ProviderError, BudgetUsed, LeaseLost.

    Where none can, the error is a passing one if any model's was: that model may be had later.
    """
    errors = []
    for model in (settings.ANSWER_MODEL, *settings.ANSWER_FALLBACK_MODELS):
        try:
            return write_with(model, lease, material)
        except ProviderError as error:
            log.warning("model_failed", model=model, code=error.code, detail=str(error.__cause__ or error))
            errors.append(error)
    raise min(errors, key=lambda error: error.is_lasting)


def write_with(model: str, lease: Lease, material: Material) -> Written:
    """A draft by this model. An output that can't be used is sent back once, with the reason."""
    messages = prompts.build_messages(material.question, material.prompt)
    completion = call(model, lease, material, messages)
    try:
        draft = read(completion, material)
    except MalformedOutput as error:
        messages = prompts.repair_messages(messages, output=completion.text, reason=error.reason)
        completion = call(model, lease, material, messages)
        try:
            draft = read(completion, material)
        except MalformedOutput as again:
            raise ProviderError(
                "malformed", f"The model's answer could not be used: {again.reason}.", is_lasting=True
            ) from again
    return Written(draft, model, completion.model_named)


def read(completion: Completion, material: Material) -> Draft:
    """The draft in a completion. Raises MalformedOutput."""
    if completion.finish_reason not in WHOLE:
        raise MalformedOutput("it was cut off before its end")
    return parse_output(completion.text, source_count=len(material.check))


def call(model: str, lease: Lease, material: Material, messages: Sequence[dict[str, str]]) -> Completion:
    """One call, within the budget and in the ledger; the embedded answerer needs neither."""
    if lease.lost.is_set():
        raise LeaseLost
    if llm.is_embedded(model):
        return _complete(model, material, messages)
    budget.check_breaker(model)
    spend = budget.reserve(lease.run, model=model, usd=llm.highest_cost(messages, model=model))
    try:
        completion = _complete(model, material, messages)
    except ProviderError as error:
        lease.has_paid |= error.was_paid
        budget.settle_failure(spend, error)
        raise
    lease.has_paid = True  # noted before it is booked, which may fail
    budget.settle(spend, completion)
    return completion


def _complete(model: str, material: Material, messages: Sequence[dict[str, str]]) -> Completion:
    return llm.complete(
        messages,
        model=model,
        deadline=settings.LLM_DEADLINE_SECONDS,
        question=material.question,
        sources=material.check,
        response_schema=prompts.ANSWER_SCHEMA,
    )
