"""What each tool takes. A model reads these names, ranges and descriptions, and nothing else of the site."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from archive.serializers import MAX_HITS, MAX_QUERY
from qa.questions import MAX_LENGTH, MIN_LENGTH

MAX_NAME = 300  # characters of an identifier, a slug or an address
MAX_ANSWERS = 20


def refuse_nul(text: str) -> str:
    """A text that PostgreSQL can look for. Raises ValueError."""
    if "\x00" in text:
        raise ValueError("Null characters are not allowed")
    return text


Category = Annotated[
    str,
    Field(max_length=32, description="Such as quant-ph or cs.LG; empty for all."),
    AfterValidator(refuse_nul),
]


class PlainSchema(GenerateJsonSchema):
    """JSON Schema without the titles that only repeat the names: a client pays for every word of it."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


class Arguments(BaseModel):
    """Of a tool. A name that is not known is an error: nothing that was asked for is ignored in silence."""

    model_config = ConfigDict(extra="forbid")


class SearchPreprints(Arguments):
    query: str = Field(
        min_length=1,
        max_length=MAX_QUERY,
        description="A question or words in English, a title, or an identifier.",
    )
    category: Category = ""
    submitted_from: date | None = Field(
        default=None, description="First submitted on this day or later: YYYY-MM-DD."
    )
    submitted_to: date | None = Field(
        default=None, description="First submitted on this day or before: YYYY-MM-DD."
    )
    limit: int = Field(default=8, ge=1, le=MAX_HITS, description="How many preprints at most.")


class GetPreprint(Arguments):
    identifier: str = Field(
        min_length=1,
        max_length=MAX_NAME,
        description="AG-2024.01-1576, an arXiv id, a DOI, or the address of a preprint's page.",
    )


class SearchAnswers(Arguments):
    query: str = Field(min_length=1, max_length=MAX_QUERY, description="A question or words in English.")
    verdict: Literal["", "answered", "partial"] = Field(
        default="", description="Only answers with this verdict; empty for both."
    )
    limit: int = Field(default=5, ge=1, le=MAX_ANSWERS, description="How many answered questions at most.")


class GetAnswer(Arguments):
    question: str = Field(
        min_length=1,
        max_length=MAX_NAME,
        description="The slug of a question, 10 characters of a-z and 0-9, or the address of its page.",
    )
    version: int | None = Field(
        default=None,
        ge=1,
        le=9999,
        description="An earlier version of the answer; the present one unless given.",
    )


class Ask(Arguments):
    question: str = Field(
        description="One question in English that stands alone: no “this method”, no instruction.",
        json_schema_extra={"minLength": MIN_LENGTH, "maxLength": MAX_LENGTH},  # the gate says it in words
    )
    force: bool = Field(
        False, description="Ask although a published question asks the same: only after near_duplicate."
    )
