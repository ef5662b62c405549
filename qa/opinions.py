"""What CHECK_MODEL says of an answer's citations: asked once a pair, within its own budget, or left out.

An opinion stands beside the verdicts of qa/checking.py and replaces none. Whatever goes wrong here, the
answer goes on without opinions: they are an addition, not a condition.
"""

from collections.abc import Sequence

import structlog
from django.conf import settings

from qa import budget, llm
from qa.checking import CheckedDraft, CheckSource
from qa.entailment import SCHEMA, Pair, build_messages, read_verdicts
from qa.failures import ProviderError
from qa.llm import Completion
from qa.models import AnswerRun, Opinion, Spend

log = structlog.get_logger()

DEADLINE_SECONDS = 20  # which qa/writing.py leaves of a task's time
MAX_PAIRS = 60  # of one answer; a longer one keeps its further citations without opinions
WHOLE = ("stop", "end_turn")

Opinions = dict[tuple[str, int], Opinion]  # by statement text and source number


def find_opinions(checked: CheckedDraft, sources: Sequence[CheckSource], *, run: AnswerRun) -> Opinions:
    """Opinions on the citations that a page would show; what stands in its source verbatim needs none."""
    if not settings.CHECK_MODEL:
        return {}
    texts = {source.number: source.text for source in sources}
    wanted = {
        (statement.text, citation.source): Pair(statement.text, texts[citation.source])
        for statement in checked.statements
        if not statement.is_dropped
        for citation in statement.citations
        if citation.score < 1
    }
    wanted = dict(list(wanted.items())[:MAX_PAIRS])
    known = read_known(list(wanted.values()))
    fresh = [pair for pair in wanted.values() if pair not in known]
    known |= ask(fresh, run) if fresh else {}
    return {place: known[pair] for place, pair in wanted.items() if pair in known}


def contradicted_by(opinions: Opinions) -> list[str]:
    """The statements that CHECK_MODEL finds contradicted by a text that they cite."""
    found = (text for (text, _), one in opinions.items() if one.verdict == Opinion.Verdict.CONTRADICTED)
    return list(dict.fromkeys(found))


def read_known(pairs: Sequence[Pair]) -> dict[Pair, Opinion]:
    """The opinions that are there already."""
    keys = {pair.key(settings.CHECK_MODEL): pair for pair in pairs}
    return {keys[opinion.key]: opinion for opinion in Opinion.objects.filter(key__in=keys)}


def ask(pairs: Sequence[Pair], run: AnswerRun) -> dict[Pair, Opinion]:
    """One call about some pairs; empty where the budget is used or the model failed."""
    model, messages = settings.CHECK_MODEL, build_messages(pairs)
    try:
        budget.check_breaker(model, purpose=Spend.Purpose.CHECK)
    except budget.Resting:
        log.warning("check_model_rests", model=model)
        return {}
    spend = budget.reserve_check(run, model=model, usd=llm.highest_cost(messages, model=model))
    if spend is None:
        log.warning("check_budget_used", model=model)
        return {}
    try:
        completion = llm.complete_json(
            messages,
            model=model,
            deadline=DEADLINE_SECONDS,
            schema=SCHEMA,
            api_base=settings.CHECK_API_BASE,
        )
    except ProviderError as error:
        log.warning("check_model_failed", model=model, code=error.code, detail=str(error.__cause__ or error))
        budget.settle_failure(spend, error)
        return {}
    budget.settle(spend, completion)
    return keep(spend, pairs, completion)


def keep(spend: Spend, pairs: Sequence[Pair], completion: Completion) -> dict[Pair, Opinion]:
    """Stores what the reply says. Where another worker was first with a pair, its opinion stands."""
    if completion.finish_reason not in WHOLE:
        return {}
    verdicts = read_verdicts(completion.text, count=len(pairs))
    Opinion.objects.bulk_create(
        (
            Opinion(
                key=pairs[place].key(spend.model),
                model=spend.model,
                model_named=completion.model_named,
                verdict=verdict,
                spend=spend,
            )
            for place, verdict in verdicts.items()
        ),
        ignore_conflicts=True,
    )
    return read_known([pairs[place] for place in verdicts])
