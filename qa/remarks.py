"""Pure: what is wrong with an answer outside its statements: headings, the gap, the limits, and the style of
the whole.
"""

from collections.abc import Sequence
from typing import Protocol

from archive.passages import split_sentences
from qa.direction import direction_agrees, direction_differs
from qa.figures import missing_figures
from qa.quotes import missing_quotes
from qa.statements import Draft, DraftSection
from qa.style import reads_as_instruction, repeats_question, stray_words, style_problems, unbalanced
from qa.wording import coverage, squash, terms

SAME_SUBJECT = 0.6  # of a heading's words, from which on a sentence speaks of the same
MOST_SENTENCES = 2  # under gap and limits each, as the prompt asks


class Cited(Protocol):
    """What is read of a source here."""

    @property
    def number(self) -> int: ...
    @property
    def identifier(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def abstract(self) -> str: ...
    @property
    def text(self) -> str: ...


def find_problems(draft: Draft, sources: Sequence[Cited], *, question: str, is_quotation: bool) -> list[str]:
    """What holds an answer whatever its statements say. Style is not judged in quotations."""
    problems = [*draft.problems, *remark_problems(draft, sources, question=question)]
    for section in draft.sections:
        problems += heading_problems(section, sources, question=question, is_quotation=is_quotation)
    if not is_quotation:
        problems += remark_strays(draft, sources, question=question)
        problems += answer_style(draft, sources, question=question)
    return list(dict.fromkeys(problems))


def remark_problems(draft: Draft, sources: Sequence[Cited], *, question: str) -> list[str]:
    """What is wrong with the gap and the limits, which cite nothing and may bring no figures."""
    texts = [question, *(source.text for source in sources)]
    problems = []
    for name, remark in (("gap", draft.gap), ("limits", draft.limits)):
        if figures := missing_figures(remark, texts):
            problems.append(f"{listed([figure.shown for figure in figures])} under {name} is in no source")
        if quotes := missing_quotes(remark, texts):
            problems.append(f"the quotation {listed(quotes)} under {name} is in no source")
        if reads_as_instruction(remark):
            problems.append(f"the text under {name} reads as an order to the reader or to a model")
        if open_part := unbalanced(remark):
            problems.append(f"the {open_part} of the text under {name} isn't closed")
    return problems


def heading_problems(
    section: DraftSection, sources: Sequence[Cited], *, question: str, is_quotation: bool
) -> list[str]:
    """What a heading says that neither its statements, their sources nor the question bear out."""
    heading = section.heading or ""
    numbers = {number for statement in section.statements for number in statement.sources}
    cited = [source for source in sources if source.number in numbers]
    texts = [question, *(source.text for source in cited), *(source.identifier[3:7] for source in cited)]
    problems = []
    if figures := missing_figures(heading, texts):
        shown = listed([figure.shown for figure in figures])
        problems.append(f"{shown} in the heading “{heading}” is neither in its sources nor in the question")
    if quotes := missing_quotes(heading, texts):
        problems.append(
            f"the quotation {listed(quotes)} in the heading “{heading}” is neither in its sources nor in the "
            "question"
        )
    if reads_as_instruction(heading):
        problems.append(f"the heading “{heading}” reads as an order to the reader or to a model")
    if turned := heading_turned(heading, section, cited):
        problems.append(f"the heading “{heading}” may turn its sources around: {turned}")
    known = {term for text in (*texts, *(one.text for one in section.statements)) for term in terms(text)}
    if not is_quotation and (strays := stray_words(heading, known)):
        problems.append(
            f"the heading “{heading}” speaks of {listed(strays)}, and neither the question, its statements "
            "nor their sources do"
        )
    return problems


def heading_turned(heading: str, section: DraftSection, cited: Sequence[Cited]) -> str:
    """Why a heading seems to say the opposite of every sentence near it, under it or cited there; empty
    where one agrees, none is near, or the heading is a cited title's own words.
    """
    own_words = squash(heading.removesuffix("…"))
    if any(own_words in squash(source.title) for source in cited):
        return ""
    wanted = terms(heading)
    sentences = [one.text for one in section.statements]
    sentences += [passage.text for source in cited for passage in split_sentences(source.abstract)]
    near = [one for one in sentences if coverage(wanted, terms(one)) >= SAME_SUBJECT] if wanted else []
    if any(direction_agrees(heading, one) and not direction_differs(heading, one) for one in near):
        return ""
    return next(filter(None, (direction_differs(heading, one) for one in near)), "")


def remark_strays(draft: Draft, sources: Sequence[Cited], *, question: str) -> list[str]:
    """Where the gap and the limits are longer than asked for, or speak of what nobody asked and no source
    says.
    """
    known = {term for text in (question, *(source.text for source in sources)) for term in terms(text)}
    problems = []
    for name, remark in (("gap", draft.gap), ("limits", draft.limits)):
        sentences = [passage.text for passage in split_sentences(remark)]
        if len(sentences) > MOST_SENTENCES:
            problems.append(f"the text under {name} has {len(sentences)} sentences; two are the most")
        problems += [
            f"the text under {name} speaks of {listed(strays)}, and neither the question nor the sources do"
            for sentence in sentences
            if (strays := stray_words(sentence, known, may_lack=True))
        ]
    return problems


def answer_style(draft: Draft, sources: Sequence[Cited], *, question: str) -> list[str]:
    """What is wrong with the style of a written answer: prompts that show through, praise, filler, first
    person.
    """
    abstracts = [source.text for source in sources]
    headings = [section.heading for section in draft.sections if section.heading]
    texts = [draft.gap, *headings, *(statement.text for statement in draft.statements), draft.limits]
    problems = [problem for text in texts for problem in style_problems(text, sources=abstracts)]
    problems += [
        f"the heading “{heading}” repeats the question"
        for heading in headings
        if repeats_question(heading, question)
    ]
    return problems + [f"the heading “{heading}” isn't closed" for heading in headings if unbalanced(heading)]


def listed(items: Sequence[str]) -> str:
    """Items as they stand in a sentence: “a”, “b” and “c”."""
    quoted = [f"“{item}”" for item in items]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
