"""What each tool says in words: Markdown, in which foreign text is no link, image or heading."""

from collections.abc import Iterable, Iterator, Sequence

from qa.markdown import plain_markdown
from qa.mcp.results import (
    WARNING,
    Asked,
    FoundAnswers,
    FoundPreprints,
    NearPreprint,
    QuestionHead,
    QuestionShown,
)

NOTHING_FOUND = "Nothing was found."


def with_warning(text: str) -> str:
    """A text that begins by saying what it is."""
    return f"{WARNING}\n\n{text}"


def _percent(similarity: float | None) -> str:
    return "" if similarity is None else f" · similarity {round(similarity * 100)}%"


def write_preprints(found: FoundPreprints) -> str:
    """The hits as a list, each with the sentence that says why it was found."""
    lines = [plain_markdown(note) for note in found.notes]
    for number, one in enumerate(found.results, start=1):
        withdrawn = f"\n   {plain_markdown(one.withdrawal)}" if one.withdrawal else ""
        passage = f"\n   “{plain_markdown(one.passage)}”" if one.passage else ""
        lines.append(
            f"{number}. [{one.identifier}]({one.address}) {plain_markdown(one.title)} · "
            f"{plain_markdown(one.primary_category)} · {one.submitted_on}{_percent(one.similarity)}"
            f"{withdrawn}{passage}"
        )
    return with_warning("\n".join(lines or [NOTHING_FOUND]))


def _question_lines(questions: Iterable[QuestionHead]) -> Iterator[str]:
    for number, one in enumerate(questions, start=1):
        outdated = f" · outdated: {plain_markdown(one.outdated[0])}" if one.outdated else ""
        yield (
            f"{number}. [{one.slug}]({one.address}) {plain_markdown(one.question)} · {one.verdict} · "
            f"{one.published_on}{outdated}"
        )


def write_answers(found: FoundAnswers) -> str:
    """The answered questions as a list; get_answer has the answers."""
    return with_warning("\n".join(_question_lines(found.results)) or NOTHING_FOUND)


def _nearest_lines(nearest: Sequence[NearPreprint]) -> Iterator[str]:
    if nearest:
        yield "\nNearest preprints:"
    for one in nearest:
        yield (f"- [{one.identifier}]({one.address}) {plain_markdown(one.title)}{_percent(one.similarity)}")


def write_without_answer(shown: QuestionShown) -> str:
    """Where a question stands that has no answer to read."""
    lines = [
        f"# {plain_markdown(shown.question)}\n" if shown.question else "",
        f"State: {shown.state}. {shown.message}",
        *_nearest_lines(shown.nearest),
        f"\nIts address, for ever: {shown.address}",
    ]
    return with_warning("\n".join(filter(None, lines)))


def write_asked(asked: Asked) -> str:
    """What became of a question, and its address; of a near duplicate, the questions to read."""
    named = f"Slug: {asked.slug}\nAddress: {asked.address}"
    text = "\n".join([asked.message, *_question_lines(asked.candidates), named])
    return with_warning(text) if asked.candidates else text
