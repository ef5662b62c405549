"""Pure: a model's output -> a Draft of statements with source numbers. What is malformed is named.

The output is untrusted and may be cut anywhere: it is accepted only when one whole JSON object of the schema
stands in it, because only the closing brace proves that nothing is missing.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from archive.text import RefusedText, clean_line
from qa.markup import find_markers, find_markup, strip_bullet, strip_own_markers

# Roofs: several times what the prompt asks for (150-450 words), so that only a runaway output meets them.
MAX_OUTPUT = 60_000
MAX_SECTIONS = 12
MAX_STATEMENTS = 40
MAX_TEXT = 1_500
MAX_HEADING = 200
MAX_REMARK = 1_000
MAX_FOLLOW_UPS = 10
MAX_FOLLOW_UP = 300
MAX_STATEMENT_SOURCES = 20
VERDICTS = ("answered", "partial", "unanswerable")

# JSON's own escapes, or a backslash of TeX that was not doubled ("\alpha", "\times", "\frac").
ESCAPE = re.compile(
    r"\\(?:\\"
    r"|(?P<tex>[bf](?=[a-zA-Z])|n(?=u\b|abla|eq?\b|ot\b|in\b|i\b)|r(?=ho|ight|m\b|angle|ceil|floor)"
    r"|t(?=heta|imes|au|ext|o\b|ilde|frac|op\b|riangle)|u(?![0-9a-fA-F]{4}))"
    r'|["/bfnrtu]|(?P<other>.))',
    re.DOTALL,
)
OBJECT_START = re.compile(r'\{\s*(?:"|\})')
THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
EMPTY_WORDS = frozenset({"", "-", "–", "n/a", "none", "none.", "null"})


class MalformedOutput(ValueError):
    """An output that is no answer in the schema. `reason` says what is wrong in words of this project's own,
    which an asker may read; `detail` is what the model wrote there, for the model and for logs alone.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclass(frozen=True)
class DraftStatement:
    """One claim as the model wrote it. `invalid_sources`: numbers that name none of the answer's sources."""

    text: str
    sources: tuple[int, ...]
    is_bullet: bool = False
    invalid_sources: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftSection:
    """Statements under one heading, or under none."""

    heading: str | None
    statements: list[DraftStatement]


@dataclass(frozen=True)
class Draft:
    """A whole answer, parsed but not checked. `problems` name what is wrong outside the statements."""

    verdict: str
    sections: list[DraftSection]
    limits: str = ""
    follow_ups: list[str] = field(default_factory=list)
    gap: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def statements(self) -> list[DraftStatement]:
        """All statements in reading order."""
        return [statement for section in self.sections for statement in section.statements]


def parse_output(text: str, *, source_count: int) -> Draft:
    """The Draft in a model's output: fences, prose and reasoning around its JSON are passed over.

    Raises MalformedOutput with the reason: no object, a cut one, several, a wrong key, type, length or count.
    """
    if len(text) > MAX_OUTPUT:
        raise MalformedOutput(f"the output is longer than {MAX_OUTPUT} characters")
    data = find_object(text)
    expect_keys(
        data, required={"verdict", "sections"}, optional={"gap", "limits", "follow_ups"}, where="the answer"
    )
    if data["verdict"] not in VERDICTS:
        raise MalformedOutput(f"verdict must be one of {', '.join(VERDICTS)}")
    sections = read_sections(data["sections"], source_count=source_count)
    remarks = {key: read_remark(data.get(key), where=key) for key in ("gap", "limits")}
    follow_ups = read_follow_ups(data.get("follow_ups"))
    expect_verdict_fits(data["verdict"], sections, gap=remarks["gap"])
    problems = markup_problems(sections, **remarks)
    return Draft(
        verdict=data["verdict"], sections=sections, follow_ups=follow_ups, problems=problems, **remarks
    )


def find_object(text: str, *, holding: str = "verdict") -> dict[str, Any]:
    """The one JSON object with such a key in the text, whatever reasoning, prose or fences stand around it.

    A broken or cut object is never looked into: raises MalformedOutput.
    """
    text = ESCAPE.sub(double_tex, THINKING.sub(" ", text))
    if re.search(r"<think(?:ing)?>", text, re.IGNORECASE):
        raise MalformedOutput("the output ends inside the model's reasoning")
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=unique_keys, parse_constant=refuse_constant)
    found: list[dict[str, Any]] = []
    position = 0
    while start := OBJECT_START.search(text, position):
        try:
            value, position = decoder.raw_decode(text, start.start())
        except json.JSONDecodeError as error:
            raise MalformedOutput(
                f"the JSON is broken or cut at character {error.pos}: {error.msg}"
            ) from error
        except (RecursionError, ValueError) as error:
            raise MalformedOutput(f"the JSON cannot be read: {error}") from error
        if holding in value:
            found.append(value)
    if len(found) != 1:
        raise MalformedOutput(
            f"no JSON object with a {holding} was found" if not found else "several answers in one output"
        )
    return found[0]


def double_tex(match: re.Match[str]) -> str:
    """A backslash that JSON doesn't know or that begins a TeX command, doubled; JSON's own as they are."""
    return "\\" + match.group() if match["tex"] or match["other"] else match.group()


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without repeated keys: which of two values was meant can't be known."""
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise MalformedOutput("a key stands twice in one object")
    return dict(pairs)


def refuse_constant(name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise MalformedOutput(f"{name} is not JSON")


def expect_keys(value: Any, *, required: set[str], optional: set[str], where: str) -> None:
    """Raises MalformedOutput unless the value is an object with exactly these keys."""
    if not isinstance(value, dict):
        raise MalformedOutput(f"{where} must be an object")
    if missing := required - value.keys():
        raise MalformedOutput(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown := value.keys() - required - optional:
        raise MalformedOutput(f"{where} has an unknown key", repr(min(unknown)[:40]))


def expect_verdict_fits(verdict: str, sections: list[DraftSection], *, gap: str) -> None:
    """Raises MalformedOutput where the verdict and what stands beneath it say different things."""
    if verdict != "unanswerable" and not sections:
        raise MalformedOutput(f"the verdict is {verdict}, but there is no statement")
    if verdict == "partial" and not gap:
        raise MalformedOutput("a partial answer must say in gap what stays open")
    if verdict == "answered" and gap:
        raise MalformedOutput("an answer with a gap must have the verdict partial")


def read_sections(value: Any, *, source_count: int) -> list[DraftSection]:
    """Sections that have statements, within the bounds."""
    sections = [
        read_section(item, source_count=source_count)
        for item in expect_list(value, most=MAX_SECTIONS, where="sections")
    ]
    if sum(len(section.statements) for section in sections) > MAX_STATEMENTS:
        raise MalformedOutput(f"more than {MAX_STATEMENTS} statements")
    return [section for section in sections if section.statements]


def read_section(value: Any, *, source_count: int) -> DraftSection:
    """One section; a blank heading is none."""
    expect_keys(value, required={"statements"}, optional={"heading"}, where="a section")
    heading = value.get("heading")
    if heading is not None:
        heading = read_text(heading, most=MAX_HEADING, where="a heading").strip("#* ").rstrip(":") or None
    items = expect_list(value["statements"], most=MAX_STATEMENTS, where="statements")
    return DraftSection(heading, [read_statement(item, source_count=source_count) for item in items])


def read_statement(value: Any, *, source_count: int) -> DraftStatement:
    """One statement. A list sign and its own markers at the end are taken off, the rest is a problem."""
    expect_keys(value, required={"text", "sources"}, optional={"bullet"}, where="a statement")
    is_bullet = value.get("bullet", False)
    if not isinstance(is_bullet, bool):
        raise MalformedOutput("bullet must be true or false")
    numbers = read_numbers(value["sources"])
    sources = tuple(number for number in numbers if 1 <= number <= source_count)
    raw = value["text"] if isinstance(value["text"], str) else None
    text, has_sign = strip_bullet(read_text(value["text"], most=MAX_TEXT, where="a statement's text"))
    text = strip_own_markers(text, sources)
    if not text:
        raise MalformedOutput("a statement's text is empty")
    problems = find_markup(text if raw is None or "\n" not in raw.strip() else raw)
    if find_markers(text):
        problems.append("source marker")
    invalid = tuple(number for number in numbers if number not in sources)
    return DraftStatement(text, sources, is_bullet or has_sign, invalid, tuple(problems))


def read_numbers(value: Any) -> tuple[int, ...]:
    """Source numbers in the order given, each once."""
    numbers = expect_list(value, most=MAX_STATEMENT_SOURCES, where="sources")
    if any(isinstance(number, bool) or not isinstance(number, int) for number in numbers):
        raise MalformedOutput("sources must be whole numbers")
    return tuple(dict.fromkeys(numbers))


def read_text(value: Any, *, most: int, where: str) -> str:
    """A string under the text policy, as one line. Cleaning may lengthen it, so it is measured afterwards."""
    if not isinstance(value, str):
        raise MalformedOutput(f"{where} must be a string")
    try:
        text = clean_line(value)
    except RefusedText as error:
        raise MalformedOutput(f"{where}: {error}") from error
    if len(text) > most:
        raise MalformedOutput(f"{where} is longer than {most} characters")
    return text


def read_remark(value: Any, *, where: str) -> str:
    """The gap or the limits: text, where null and "none" say that there is none."""
    text = "" if value is None else read_text(value, most=MAX_REMARK, where=where)
    return "" if text.casefold() in EMPTY_WORDS else text


def read_follow_ups(value: Any) -> list[str]:
    """Suggested questions, each once; one that holds markup is left out, as nothing rests on it."""
    items = expect_list([] if value is None else value, most=MAX_FOLLOW_UPS, where="follow_ups")
    texts = [strip_bullet(read_text(item, most=MAX_FOLLOW_UP, where="a follow-up"))[0] for item in items]
    return [
        text for text in dict.fromkeys(texts) if text and not find_markup(text) and not find_markers(text)
    ]


def markup_problems(sections: Iterable[DraftSection], *, gap: str, limits: str) -> list[str]:
    """Markup and markers outside the statements."""
    return [*heading_markup(sections), *remark_markup({"gap": gap, "limits": limits})]


def heading_markup(sections: Iterable[DraftSection]) -> list[str]:
    """Markup and markers in headings."""
    headings = [section.heading for section in sections if section.heading]
    return [f"a heading holds {describe(name)}" for heading in headings for name in found_in(heading)]


def remark_markup(remarks: dict[str, str]) -> list[str]:
    """Markup and markers in the gap and the limits."""
    return [
        f"the text under {key} holds {describe(name)}"
        for key, text in remarks.items()
        for name in found_in(text)
    ]


def found_in(text: str) -> list[str]:
    """Markup and markers of a text without sources of its own."""
    return [*find_markup(text), *(["source marker"] if find_markers(text) else [])]


def describe(name: str) -> str:
    """A named problem with its article."""
    if name in ("HTML", "block Markdown"):
        return name
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def expect_list(value: Any, *, most: int, where: str) -> list[Any]:
    """The value, if it is a list within its bound."""
    if not isinstance(value, list):
        raise MalformedOutput(f"{where} must be a list")
    if len(value) > most:
        raise MalformedOutput(f"{where} has more than {most} entries")
    return value
