"""Two ways of writing over the same questions: what the checks and the gate say, lengths, cost and time.

Nothing of it is published or stored but the ledger's rows: a comparison is paid out of the same budgets.
"""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from archive.embeddings import get_embedder
from archive.search import search
from qa import llm
from qa.checking import CheckedDraft, check_draft
from qa.failures import ProviderError
from qa.gating import decide
from qa.models import MAX_SOURCES, Citation, Spend
from qa.pipeline import gather, usable_sources
from qa.prompts import Prompt, own_prompt, read_prompt
from qa.writing import ComparisonPayer, Material, Written, write_with

SECONDS_A_DRAFT = 180  # a call and its repair, each within its own deadline


@dataclass(frozen=True)
class Configuration:
    """A model, and the version of the prompt that it is given."""

    model: str
    prompt: Prompt

    @classmethod
    def parse(cls, text: str) -> "Configuration":
        """From MODEL or MODEL@PROMPT, such as openai/gpt-4.1-mini@v2. Raises UnknownPrompt."""
        model, _, name = text.partition("@")
        return cls(model, read_prompt(name) if name else own_prompt())

    def __str__(self) -> str:
        return self.model if llm.is_embedded(self.model) else f"{self.model}@{self.prompt.name}"


@dataclass(frozen=True)
class Trial:
    """One question, written once. `outcome`: a verdict, or "failed" with the reason in `reasons`.

    `is_published` is what the gate would decide; `reasons` is what it has against it. Words, statements and
    citations are those that a page would show; USD and seconds are of the writing alone.
    """

    question: str
    outcome: str
    is_published: bool = False
    reasons: list[str] = field(default_factory=list)
    words: int = 0
    statements: int = 0
    dropped: int = 0
    citations: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: Decimal = Decimal(0)
    seconds: float = 0.0


def find_material(question: str) -> Material | None:
    """The sources that the site itself would answer from; None where the archive has none."""
    sources = usable_sources(search(question, limit=MAX_SOURCES))
    return gather(question, sources) if sources else None


def try_out(configuration: Configuration, material: Material) -> Trial:
    """One draft, checked and judged as an answer would be. Raises BudgetUsed."""
    payer = ComparisonPayer()
    began = time.monotonic()
    written, error = None, ""
    try:
        written = write_with(
            configuration.model,
            payer,
            material,
            until=began + SECONDS_A_DRAFT,
            prompt=configuration.prompt,
        )
    except ProviderError as raised:
        error = raised.message
    seconds = round(time.monotonic() - began, 2)
    found = judge(written, material) if written else {"outcome": "failed", "reasons": [error]}
    return Trial(material.question, seconds=seconds, **found, **booked(payer))


def judge(written: Written, material: Material) -> dict[str, Any]:
    """What the checks found in a draft, and what the gate would do with it."""
    draft = written.draft
    if draft.verdict == "unanswerable":
        return {"outcome": draft.verdict}
    checked = check_draft(
        draft,
        material.check,
        question=material.question,
        is_quotation=written.is_quotation,
        embedder=get_embedder(),
    )
    decision = decide(draft, checked, is_quotation=written.is_quotation)
    counted = count_checks(checked)
    return {"outcome": draft.verdict, "is_published": decision.publish, "reasons": decision.reasons} | counted


def count_checks(checked: CheckedDraft) -> dict[str, Any]:
    """Statements and words that would be shown, and the verdicts and flags of their citations."""
    kept = [statement for statement in checked.statements if not statement.is_dropped]
    citations = [citation for statement in kept for citation in statement.citations]
    return {
        "words": sum(len(statement.text.split()) for statement in kept),
        "statements": len(kept),
        "dropped": len(checked.statements) - len(kept),
        "citations": dict(Counter(citation.verdict for citation in citations)),
        "flags": dict(Counter(flag for citation in citations for flag in citation.flags)),
    }


def booked(payer: ComparisonPayer) -> dict[str, Any]:
    """What the ledger has of a trial's calls."""
    rows = Spend.objects.filter(pk__in=payer.spends)
    sums = rows.aggregate(usd=Sum("cost_usd"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out"))
    return {"calls": len(payer.spends)} | {name: value or 0 for name, value in sums.items()}


def sum_up(trials: Sequence[Trial]) -> dict[str, Any]:
    """The figures of one configuration over all its questions."""
    citations: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for trial in trials:
        citations.update(trial.citations)
        flags.update(trial.flags)
    written = [trial for trial in trials if trial.statements]
    return {
        "questions": len(trials),
        "outcomes": dict(Counter(trial.outcome for trial in trials)),
        "published": sum(trial.is_published for trial in trials),
        "words": statistics.median(trial.words for trial in written) if written else 0,
        "statements": sum(trial.statements for trial in trials),
        "dropped": sum(trial.dropped for trial in trials),
        "citations": {verdict: citations[verdict] for verdict in Citation.Verdict.values},
        "flags": dict(flags),
        "calls": sum(trial.calls for trial in trials),
        "tokens_in": sum(trial.tokens_in for trial in trials),
        "tokens_out": sum(trial.tokens_out for trial in trials),
        "usd": sum((trial.usd for trial in trials), Decimal(0)),
        "seconds": round(statistics.median(trial.seconds for trial in trials), 2) if trials else 0,
    }
