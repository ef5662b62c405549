"""Pure: question + sources -> messages. The words stand in qa/data/prompts, a folder for each version.

A version never changes: whoever reads it on an answer can read the words that made the answer.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

FOLDER = Path(__file__).resolve().parent / "data" / "prompts"
VERSION_NAME = re.compile(r"v[1-9][0-9]{0,3}")
MAX_ABSTRACT = 6_000  # characters; the longest abstracts of arXiv are beneath
MAX_REPAIRED = 8_000  # characters of an unusable output that are shown to the model again

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["verdict", "gap", "sections", "limits", "follow_ups"],
    "properties": {
        "verdict": {"type": "string", "enum": ["answered", "partial", "unanswerable"]},
        "gap": {"type": "string"},
        "sections": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["heading", "statements"],
                "properties": {
                    "heading": {"type": ["string", "null"]},
                    "statements": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["text", "sources", "bullet"],
                            "properties": {
                                "text": {"type": "string"},
                                "sources": {"type": "array", "items": {"type": "integer"}},
                                "bullet": {"type": "boolean"},
                            },
                        },
                    },
                },
            },
        },
        "limits": {"type": "string"},
        "follow_ups": {"type": "array", "items": {"type": "string"}},
    },
}


@dataclass(frozen=True)
class Prompt:
    """One version of the words: the system message, and what follows an output that can't be used."""

    name: str
    instructions: str
    repair: str

    @property
    def digest(self) -> str:
        """SHA-256 of everything that a model is told, the schema included."""
        parts = (self.instructions, self.repair, json.dumps(ANSWER_SCHEMA, sort_keys=True))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def version(self) -> str:
        """What is recorded with an answer: "v1-3f9a02c1" names the folder and proves its words."""
        return f"{self.name}-{self.digest[:8]}"


class UnknownPrompt(ValueError):
    """No version of the prompt has this name."""


@cache
def read_prompt(name: str) -> Prompt:
    """The version of this name, such as v1. Raises UnknownPrompt."""
    if name not in prompt_names():
        raise UnknownPrompt(f"There is no prompt {name}; there are {', '.join(prompt_names())}.")
    instructions, repair = (
        (FOLDER / name / file).read_text(encoding="utf-8").strip()
        for file in ("instructions.txt", "repair.txt")
    )
    return Prompt(name, instructions, repair)


def prompt_names() -> list[str]:
    """All versions, the oldest first."""
    names = [path.name for path in FOLDER.iterdir() if VERSION_NAME.fullmatch(path.name)]
    return sorted(names, key=lambda name: int(name[1:]))


def own_prompt() -> Prompt:
    """The version that this site writes with."""
    return read_prompt(settings.PROMPT_VERSION)


@dataclass(frozen=True)
class PromptSource:
    """A source as the model gets it."""

    number: int
    title: str
    categories: Sequence[str]
    submitted_on: date
    abstract: str


def build_messages(
    question: str, sources: Sequence[PromptSource], *, prompt: Prompt | None = None
) -> list[dict[str, str]]:
    """The instructions, then the question and its sources between delimiters that nobody could foresee."""
    fence = f"<<{secrets.token_hex(8)}"
    blocks = [fenced(fence, f"Source {source.number}", describe(source)) for source in sources]
    material = "\n\n".join([fenced(fence, "Question", question), *blocks])
    instructions = (prompt or own_prompt()).instructions.replace("{fence}", fence)
    return [{"role": "system", "content": instructions}, {"role": "user", "content": material}]


def repair_messages(
    messages: Sequence[dict[str, str]], *, output: str, reason: str, prompt: Prompt | None = None
) -> list[dict[str, str]]:
    """The same conversation with the output that could not be used, and what was wrong with it."""
    return [
        *messages,
        {"role": "assistant", "content": output[:MAX_REPAIRED]},
        {"role": "user", "content": (prompt or own_prompt()).repair.replace("{reason}", reason)},
    ]


def fenced(fence: str, label: str, text: str) -> str:
    return f"{fence} {label}>>\n{text}\n{fence} end>>"


def describe(source: PromptSource) -> str:
    """A source's title, categories, day and abstract, a line each."""
    return (
        f"Title: {source.title}\nCategories: {', '.join(source.categories)}\n"
        f"Submitted: {source.submitted_on:%d %B %Y}\nAbstract: {source.abstract[:MAX_ABSTRACT]}"
    )
