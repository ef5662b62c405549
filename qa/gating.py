"""Pure: the publication gate. Whether a checked answer is published without a person, and if not, why, in
words.

All thresholds of publication stand here; their source is the design's "publication gate" unless another is
named.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from qa.checking import (
    CONTRADICTED,
    DIRECTION_DIFFERS,
    NUMBERS_DIFFER,
    NUMBERS_EXCHANGED,
    QUOTE_DIFFERS,
    SUPPORTED,
    CheckedDraft,
    CheckedStatement,
)
from qa.statements import Draft

MIN_SUPPORTED_SHARE = 0.9  # of the citations that the page would show
# Of the statements. A draft of which more fails was not written from its sources, so that what happens to
# pass is no answer to trust either; a third lets one section of three fail (docs/decisions/0016).
MAX_DROPPED_SHARE = 1 / 3
# The prompt asks for 150-450 words; the gate doesn't. A short true answer is a good page, and so is a partial
# one of two sentences with its gap: 25 words are about one sentence and the gap. Models overrun what they are
# asked for by a third without harm; beyond 600 words it is no longer an answer that is read.
MIN_WORDS = 25
MAX_WORDS = 600
PUBLISHED_VERDICTS = ("answered", "partial")


@dataclass(frozen=True)
class GateDecision:
    """Publish, or hold with the reasons that a curator reads."""

    publish: bool
    reasons: list[str]


def decide(
    draft: Draft, checked: CheckedDraft, *, is_quotation: bool = False, contradicted: Sequence[str] = ()
) -> GateDecision:
    """The decision over a checked draft. Without a reason against it, it is published.

    `contradicted`: the statements that CHECK_MODEL finds contradicted by a text that they cite.
    """
    kept = [statement for statement in checked.statements if not statement.is_dropped]
    reasons = [
        *verdict_reasons(draft),
        *[f"{problem[0].upper()}{problem[1:]}." for problem in checked.problems],
        *statement_reasons(checked.statements),
        *share_reasons(checked.statements, kept),
        *[f"The checking model finds it contradicted: “{shorten(text)}”" for text in contradicted],
    ]
    if not is_quotation:
        reasons += length_reasons(draft, kept)
    return GateDecision(not reasons, list(dict.fromkeys(reasons)))


def verdict_reasons(draft: Draft) -> list[str]:
    """Only an answer, whole or partial, is published."""
    return [] if draft.verdict in PUBLISHED_VERDICTS else [f"The verdict is {draft.verdict}."]


def statement_reasons(statements: list[CheckedStatement]) -> list[str]:
    """What single statements and their citations have against publication."""
    reasons = []
    for statement in statements:
        verdicts = {citation.verdict for citation in statement.citations}
        flags = {flag for citation in statement.citations for flag in citation.flags}
        about = f"“{shorten(statement.text)}”"
        if CONTRADICTED in verdicts:
            reasons.append(f"A cited text contradicts {about}")
        if statement.is_dropped:
            continue
        if NUMBERS_DIFFER in flags:
            reasons.append(f"A number isn't in the cited text: {about}")
        if QUOTE_DIFFERS in flags:
            reasons.append(f"A quotation isn't verbatim: {about}")
        if NUMBERS_EXCHANGED in flags:
            reasons.append(f"A number may stand in another's place: {about}")
        if DIRECTION_DIFFERS in flags:
            reasons.append(f"It may turn its source around: {about}")
        reasons += [f"{fault.rstrip('.')}: {about}" for fault in statement.faults]
    return reasons


def share_reasons(statements: list[CheckedStatement], kept: list[CheckedStatement]) -> list[str]:
    """What the answer as a whole has against publication: too little left of it, or too little of it
    supported.
    """
    if not kept:
        return ["No statement is left."]
    reasons = []
    dropped = len(statements) - len(kept)
    if dropped > MAX_DROPPED_SHARE * len(statements):
        reasons.append(f"{dropped} of {len(statements)} statements would be dropped.")
    citations = [citation for statement in kept for citation in statement.citations]
    supported = sum(citation.verdict == SUPPORTED for citation in citations)
    if supported < MIN_SUPPORTED_SHARE * len(citations):
        reasons.append(f"{supported} of {len(citations)} citations are supported; nine in ten are needed.")
    return reasons


def length_reasons(draft: Draft, kept: list[CheckedStatement]) -> list[str]:
    """Written answers are neither a line nor a flood."""
    words = sum(
        len(text.split()) for text in (draft.gap, draft.limits, *(statement.text for statement in kept))
    )
    if words < MIN_WORDS:
        return [f"It has {words} words; {MIN_WORDS} are the least."]
    return [f"It has {words} words; {MAX_WORDS} are the most."] if words > MAX_WORDS else []


def shorten(text: str, length: int = 90) -> str:
    """The beginning of a text, cut at a word."""
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " …"
