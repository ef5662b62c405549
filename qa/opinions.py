"""What CHECK_MODEL says of an answer's citations: asked once a pair, within its own budget, or left out.

An opinion stands beside the verdicts of qa/checking.py and replaces none. Whatever goes wrong here, the
answer goes on without opinions: they are an addition, not a condition.
"""

from collections.abc import Sequence
from decimal import Decimal

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from qa import llm
from qa.checking import CheckedDraft, CheckSource
from qa.entailment import SCHEMA, Pair, build_messages, read_verdicts
from qa.failures import ProviderError
from qa.llm import Completion
from qa.models import CheckCall, Opinion

log = structlog.get_logger()

LEDGER_LOCK = 7_203  # of pg_advisory_xact_lock: comparing with the cap and reserving are one step
DEADLINE_SECONDS = 20  # with a model's 90 s for writing, still under the worker's soft limit of 120 s
MAX_PAIRS = 60  # of one answer; a longer one keeps its further citations without opinions
WHOLE = ("stop", "end_turn")

Opinions = dict[tuple[str, int], Opinion]  # by statement text and source number


def find_opinions(checked: CheckedDraft, sources: Sequence[CheckSource]) -> Opinions:
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
    known |= ask(fresh) if fresh else {}
    return {place: known[pair] for place, pair in wanted.items() if pair in known}


def contradicted_by(opinions: Opinions) -> list[str]:
    """The statements that CHECK_MODEL finds contradicted by a text that they cite."""
    found = (text for (text, _), one in opinions.items() if one.verdict == Opinion.Verdict.CONTRADICTED)
    return list(dict.fromkeys(found))


def read_known(pairs: Sequence[Pair]) -> dict[Pair, Opinion]:
    """The opinions that are there already."""
    keys = {pair.key(settings.CHECK_MODEL): pair for pair in pairs}
    return {keys[opinion.key]: opinion for opinion in Opinion.objects.filter(key__in=keys)}


def ask(pairs: Sequence[Pair]) -> dict[Pair, Opinion]:
    """One call about some pairs; empty where the budget is used or the model failed."""
    model, messages = settings.CHECK_MODEL, build_messages(pairs)
    call = reserve(model, llm.highest_cost(messages, model=model))
    if call is None:
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
        settle(call, cost_usd=call.reserved_usd if error.was_paid else Decimal(0), error_code=error.code)
        return {}
    cost = call.reserved_usd if completion.cost_usd is None else completion.cost_usd
    settle(call, cost_usd=cost, tokens_in=completion.tokens_in, tokens_out=completion.tokens_out)
    return keep(call, pairs, completion)


def keep(call: CheckCall, pairs: Sequence[Pair], completion: Completion) -> dict[Pair, Opinion]:
    """Stores what the reply says. Where another worker was first with a pair, its opinion stands."""
    if completion.finish_reason not in WHOLE:
        return {}
    verdicts = read_verdicts(completion.text, count=len(pairs))
    Opinion.objects.bulk_create(
        (
            Opinion(
                key=pairs[place].key(call.model),
                model=call.model,
                model_named=completion.model_named,
                verdict=verdict,
                call=call,
            )
            for place, verdict in verdicts.items()
        ),
        ignore_conflicts=True,
    )
    return read_known([pairs[place] for place in verdicts])


def reserve(model: str, usd: Decimal) -> CheckCall | None:
    """Sets aside what a call can cost at most; None over the day's cap."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LEDGER_LOCK])
        rows = CheckCall.objects.filter(created_at__gte=today)
        spent = rows.aggregate(usd=Sum(Coalesce("cost_usd", "reserved_usd")))["usd"] or Decimal(0)
        if spent + usd > settings.CHECK_DAILY_BUDGET_USD:
            return None
        return CheckCall.objects.create(model=model, reserved_usd=usd)


def settle(call: CheckCall, **changes: object) -> None:
    """Books what a call cost."""
    CheckCall.objects.filter(pk=call.pk).update(settled_at=timezone.now(), **changes)
