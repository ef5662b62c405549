"""Pure: every statement of a draft against the text that it cites -> verdict, evidence sentence and reasons
in words.

Deterministic, without any model call but the embedder's. The verdicts say "rests on", never "is true". What
follows from them is decided in qa/gating.py.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from archive.embeddings import Embedder
from archive.passages import Passage, split_sentences
from qa.binding import exchanged_figures
from qa.direction import direction_differs
from qa.figures import conflicting_figures, missing_figures, turned_figures
from qa.polarity import MENTIONED_FROM, reversal_score
from qa.quotes import missing_quotes
from qa.remarks import find_problems, listed
from qa.statements import Draft, DraftSection, DraftStatement, describe
from qa.style import reads_as_instruction, unbalanced
from qa.support import SUPPORTED_FROM, UNSUPPORTED_UNDER, CitedText, Support, assess_support
from qa.verbatim import DOUBT, NEGATORS, cut_off, find_holding, find_sentences
from qa.wording import coverage, terms

SUPPORTED, WEAK, UNSUPPORTED, CONTRADICTED = "supported", "weak", "unsupported", "contradicted"
NUMBERS_DIFFER, QUOTE_DIFFERS, DIRECTION_DIFFERS = "numbers_differ", "quote_differs", "direction_differs"
NUMBERS_EXCHANGED = "numbers_exchanged"

# A number differs "for the same quantity" only where the evidence has this share of the statement's other
# words.
SAME_QUANTITY = 0.6
WORD_FOR_WORD = "It stands in the cited text word for word."
WHOLE_SENTENCES = 1.0  # the score of what repeats its source's sentences; none by meaning comes up to it
CLAUSE_END = re.compile(r"[;:]\s|,?\s(?:while|whereas|but|and)\s|,\s(?:which|as)\s|\.\s(?=[A-Z])")
FEWEST_CLAUSE_WORDS = 6  # a shorter part is about anything
FEWEST_CUT_WORDS = 4  # of a clause that stands word for word in a source


@dataclass(frozen=True)
class CheckSource:
    """A source as the model knew it: its number, and the text that statements may rest on."""

    number: int
    identifier: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        """Title and abstract as one text."""
        return f"{self.title}. {self.abstract}"


@dataclass(frozen=True)
class CheckedCitation:
    """That a statement cites a source, and what the checks say: evidence ==
    abstract[evidence_start:evidence_end].
    """

    source: int
    verdict: str
    flags: list[str]
    score: float
    evidence: str
    evidence_start: int
    evidence_end: int
    reasons: list[str]


@dataclass(frozen=True)
class CheckedStatement:
    """A statement with its citations. Dropped: kept in the record with its reasons, not on the page.

    `faults` are the reasons for which it can't stand on a page: outside the first section it is dropped for
    them.
    """

    section: int
    heading: str | None
    text: str
    is_bullet: bool
    is_dropped: bool
    reasons: list[str]
    citations: list[CheckedCitation]
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CheckedDraft:
    """All statements in order, and what is wrong with the answer as a whole."""

    statements: list[CheckedStatement]
    problems: list[str] = field(default_factory=list)


def check_draft(
    draft: Draft, sources: Sequence[CheckSource], *, question: str, is_quotation: bool, embedder: Embedder
) -> CheckedDraft:
    """A draft with the verdicts of its citations. Style is not judged in quotations. Raises
    EmbedderUnavailable.
    """
    desk = Desk(draft, {source.number: source for source in sources}, embedder)
    statements = [
        desk.check_statement(statement, number=number, section=section)
        for number, section in enumerate(draft.sections)
        for statement in section.statements
    ]
    problems = find_problems(draft, sources, question=question, is_quotation=is_quotation)
    return CheckedDraft(statements, problems)


@dataclass(frozen=True)
class Missing:
    """What a statement says that none of the texts it cites has: figures, quotations, and figures that stand
    in another's place there.
    """

    figures: list[str]
    quotes: list[str]
    exchanged: tuple[str, str] | None = None  # the statement's, the text's

    @property
    def flags(self) -> list[str]:
        """The flags of all citations of the statement."""
        flags = ((NUMBERS_DIFFER, self.figures), (QUOTE_DIFFERS, self.quotes))
        return [flag for flag, found in (*flags, (NUMBERS_EXCHANGED, self.exchanged)) if found]

    @property
    def reasons(self) -> list[str]:
        """The same in words."""
        reasons = []
        if self.figures:
            reasons.append(f"{listed(self.figures)} can't be found in the cited text.")
        if self.quotes:
            reasons.append(f"The quotation {listed(self.quotes)} isn't verbatim in the cited text.")
        if self.exchanged:
            own, other = self.exchanged
            reasons.append(f"It says “{own}” where the cited text may say “{other}”.")
        return reasons


class Desk:
    """The cited texts, split and embedded once, beside the statements that cite them."""

    def __init__(self, draft: Draft, sources: dict[int, CheckSource], embedder: Embedder) -> None:
        self.sources = sources
        self.passages = {number: split_sentences(source.abstract) for number, source in sources.items()}
        paraphrased = [statement for statement in draft.statements if self.needs_vectors(statement)]
        cited = {number for statement in paraphrased for number in statement.sources if number in sources}
        texts = [
            part for statement in paraphrased for part in cited_parts(statement.text, len(statement.sources))
        ]
        texts += [passage.text for number in sorted(cited) for passage in self.passages[number]]
        texts = list(dict.fromkeys(texts))
        self.vectors = dict(zip(texts, embedder.embed(texts), strict=True)) if texts else {}

    def needs_vectors(self, statement: DraftStatement) -> bool:
        """Whether any citation has to be judged by meaning: not where the statement stands there verbatim."""
        known = (number for number in statement.sources if number in self.sources)
        return any(self.find_verbatim(statement.text, number) is None for number in known)

    def find_verbatim(self, text: str, number: int) -> Passage | None:
        """The sentence of the source that the statement repeats whole, or the first of several in a row."""
        return find_sentences(text, self.sources[number].abstract, self.passages[number])

    def check_statement(
        self, statement: DraftStatement, *, number: int, section: DraftSection
    ) -> CheckedStatement:
        """All checks of one statement. It is dropped where it can't stand and isn't in the first section."""
        known = [cited for cited in statement.sources if cited in self.sources]
        missing = self.find_missing(statement.text, known)
        parts = cited_parts(statement.text, len(statement.sources))
        citations = [self.check_citation(parts, cited, missing, known) for cited in known]
        faults = statement_faults(statement, citations)
        is_contradicted = any(citation.verdict == CONTRADICTED for citation in citations)
        return CheckedStatement(
            section=number,
            heading=section.heading,
            text=statement.text,
            is_bullet=statement.is_bullet,
            is_dropped=bool(faults) and number > 0 and not is_contradicted,
            reasons=[*faults, *missing.reasons],
            citations=citations,
            faults=faults,
        )

    def find_missing(self, text: str, known: list[int]) -> Missing:
        """Figures and quotations that none of the cited texts has. An identifier tells the year of its
        preprint.
        """
        if not known:
            return Missing([], [])
        texts = [self.sources[number].text for number in known]
        years = [self.sources[number].identifier[3:7] for number in known]
        figures = [figure.shown for figure in missing_figures(text, [*texts, *years])]
        return Missing(figures, missing_quotes(text, texts), exchanged_figures(text, texts))

    def find_support(self, parts: list[str], number: int, missing: Missing) -> Support | None:
        """The support that a source gives a statement or a part of it; None where the source has no text."""
        if verbatim := self.find_verbatim(parts[0], number):
            return Support(WHOLE_SENTENCES, verbatim)
        passages = self.passages[number]
        if not passages:
            return None
        vectors = np.array([self.vectors[passage.text] for passage in passages])
        cited = CitedText(self.sources[number].title, passages, vectors)
        count = len(missing.figures)
        supports = [assess_support(part, self.vectors[part], cited, missing=count) for part in parts]
        best = max(supports, key=lambda support: support.score)
        return replace(best, evidence=find_holding(parts[0], passages) or best.evidence)

    def add_turned(self, missing: Missing, text: str, evidence: str, others: Iterable[int]) -> Missing:
        """What is missing, with the bounds that the evidence sentence turns: "at most 3" may stand elsewhere
        in its source and be about something else.
        """
        turned = turned_figures(text, evidence, [self.sources[number].text for number in others])
        new = [figure.shown for figure in turned if figure.shown not in missing.figures]
        return replace(missing, figures=[*missing.figures, *new])

    def check_citation(
        self, parts: list[str], number: int, missing: Missing, known: list[int]
    ) -> CheckedCitation:
        """One citation: its verdict, flags and evidence, with the reasons that a reader is shown."""
        text = parts[0]
        support = self.find_support(parts, number, missing)
        if support is None:
            nothing = "The cited preprint has no text here."
            return CheckedCitation(number, UNSUPPORTED, missing.flags, 0.0, "", 0, 0, [nothing])
        evidence = support.evidence
        missing = self.add_turned(missing, text, evidence.text, (one for one in known if one != number))
        turned = ""
        if support.score != WHOLE_SENTENCES:
            turned = direction_differs(text, evidence.text) or clause_cut_off(text, self.passages[number])
        verdict, why = decide_verdict(text, support, missing)
        return CheckedCitation(
            source=number,
            verdict=verdict,
            flags=missing.flags + [DIRECTION_DIFFERS] * bool(turned),
            score=round(support.score, 4),
            evidence=evidence.text,
            evidence_start=evidence.start,
            evidence_end=evidence.end,
            reasons=[why, *missing.reasons, *direction_reasons(text, turned, support)],
        )


def direction_reasons(text: str, turned: str, support: Support) -> list[str]:
    """What is to be said of the direction: of the evidence sentence, or else of the sentences near it."""
    if turned:
        return [f"It may point the other way: {turned}."]
    if reversal_score(text, support.near) >= MENTIONED_FROM:
        return ["Other sentences of the cited text may point the other way."]
    return []


def cited_parts(text: str, source_count: int) -> list[str]:
    """The statement, and its clauses where it cites several sources: each of them may bear one."""
    if source_count < 2:
        return [text]
    clauses = [clause.strip(" ,.") for clause in CLAUSE_END.split(text)]
    return [
        text,
        *(clause for clause in clauses if len(clause.split()) >= FEWEST_CLAUSE_WORDS and clause != text),
    ]


def clause_cut_off(text: str, passages: Sequence[Passage]) -> str:
    """What a source says around a clause of a statement that stands there word for word; empty where nothing
    takes it back, or where the statement denies or doubts something itself before it.
    """
    for clause in (part.strip(" ,.") for part in CLAUSE_END.split(text)):
        before = text[: text.find(clause)]
        if len(clause.split()) < FEWEST_CUT_WORDS or NEGATORS.search(before) or DOUBT.search(before):
            continue
        passage = find_holding(clause, passages)
        if passage and (around := cut_off(clause, passage.text)):
            return around
    return ""


def decide_verdict(text: str, support: Support, missing: Missing) -> tuple[str, str]:
    """The verdict and its reason. A differing number contradicts where the quantity is plainly the same."""
    evidence = support.evidence.text
    other_words = [term for term in terms(text) if not term[0].isdigit()]
    if missing.figures and coverage(other_words, terms(evidence)) >= SAME_QUANTITY:
        for own, other in conflicting_figures(text, evidence):
            return CONTRADICTED, f"The statement says {own} where the cited sentence says {other}."
    if support.score < UNSUPPORTED_UNDER:
        return UNSUPPORTED, "No sentence of the cited text says this."
    if support.score < SUPPORTED_FROM:
        return WEAK, "The cited text bears on this, but its nearest sentence says it only in part."
    if missing.figures or missing.quotes:
        return WEAK, "The cited sentence is about this, but not in these figures or words."
    if support.score == WHOLE_SENTENCES:
        return SUPPORTED, WORD_FOR_WORD
    return SUPPORTED, "The cited sentence comes near it in meaning and in words."


def statement_faults(statement: DraftStatement, citations: list[CheckedCitation]) -> list[str]:
    """Why a statement can't stand on a page, whatever its numbers and quotations say."""
    faults = [f"It holds {describe(name)}." for name in statement.problems]
    if statement.invalid_sources:
        faults.append(invalid_reason(statement.invalid_sources))
    if not citations:
        faults.append("It cites nothing.")
    if any(citation.verdict == UNSUPPORTED for citation in citations):
        faults.append("A text that it cites doesn't support it.")
    if reads_as_instruction(statement.text):
        faults.append("It reads as an order to the reader or to a model.")
    if open_part := unbalanced(statement.text):
        faults.append(f"Its {open_part} isn't closed.")
    return faults


def invalid_reason(numbers: Sequence[int]) -> str:
    """That a statement cites source numbers that name nothing. Records keep the sentence, and no row."""
    return f"It cites {listed([str(number) for number in numbers])}, which is none of the sources."


def read_invalid(reasons: Sequence[str]) -> tuple[int, ...]:
    """The source numbers of `invalid_reason` in a statement's recorded reasons."""
    found = (re.fullmatch(r"It cites (.+), which is none of the sources\.", reason) for reason in reasons)
    return tuple(int(number) for match in found if match for number in re.findall(r"-?\d+", match[1]))
