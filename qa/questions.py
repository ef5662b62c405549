"""Pure: what this site takes as a question: cleaning, and the gate with its reasons.

The rules stand in qa/refusals/. Change one together with its examples in tests/qa/test_questions.py; a reason
says what the asker can do. How good they are: benchmarks/submission.py.
"""

import re
from dataclasses import dataclass

import numpy as np

from archive.text import RefusedText, clean_text
from qa.refusals.addressed import is_chat, is_instruction, is_prying
from qa.refusals.context import leans_on_lost_context
from qa.refusals.form import MAX_LINKS, has_too_many_links, is_code, is_markup, is_unreadable, is_wordless
from qa.refusals.language import is_foreign
from qa.refusals.leaning import leans_by_meaning
from qa.refusals.meaning import QUESTION, find_kind
from qa.refusals.purpose import is_advertising, is_exercise, is_personal
from qa.refusals.sentence import is_fragment, is_no_question

LOCAL_MODEL = "local/all-MiniLM-L6-v2"  # its vectors tell what a text means, whatever model searches
MIN_LENGTH = 10
MAX_LENGTH = 500
SPACES = re.compile(r"[^\S\n]+|(?<=\n)\s+")


@dataclass(frozen=True)
class Refusal:
    """Why a text is not taken: a code for programs, and what the asker can do about it."""

    code: str
    message: str


class Refused(Exception):
    """The text can't become a question here; `message` says what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


TOO_SHORT = Refusal(
    "too_short",
    f"Please write a whole question, {MIN_LENGTH} characters or more, such as “What limits …?”.",
)
TOO_LONG = Refusal(
    "too_long", f"Please shorten the question to {MAX_LENGTH} characters. One question at a time works best."
)
NOT_TEXT = Refusal("not_text", "Please ask in words: this text has none that can be read.")
MARKUP = Refusal(
    "markup", "Please write plain text, without HTML or Markdown. Formulas between $ signs are fine."
)
LINKS = Refusal(
    "links",
    f"Please put the question into words: links are not followed, and at most {MAX_LINKS} may stand in it.",
)
INSTRUCTION = Refusal(
    "instruction_to_model",
    "This reads as an instruction to a language model. Please ask a question that preprints could answer.",
)
LANGUAGE = Refusal("language", "This archive and its answers are in English. Please ask in English.")
LOST_CONTEXT = Refusal(
    "lost_context",
    "The question leans on something that only you can see, such as “this method” or “it”. "
    "Please name it, so that the question can be understood on its own.",
)
NOT_A_QUESTION = Refusal(
    "not_a_question",
    "Please write this as a question or a request for information, such as “How does … affect …?”.",
)

CODE = Refusal("code", "Please ask in words: programs, commands and bare formulas can't be looked up here.")
UNREADABLE = Refusal(
    "unreadable",
    "Please check the spelling: hardly a word of this is known. Formulas belong between $ signs.",
)
PRYING = Refusal(
    "about_this_site",
    "Please ask about research. How this site works is told under “How answers are made”; it keeps nothing "
    "else that could be told.",
)
CHAT = Refusal(
    "chat", "Please ask a question about research: nobody can be talked with here, and an answer is a page."
)
PERSONAL = Refusal(
    "personal",
    "Please ask what research says in general: this archive knows nothing about you and can do no errands.",
)
ADVERTISING = Refusal("advertising", "This reads as advertising. Please ask a question about research.")
EXERCISE = Refusal(
    "exercise",
    "Please ask what research says: tasks with their own figures or options are not solved here.",
)
FRAGMENT = Refusal(
    "fragment", "Please write the whole question: this begins or ends in the middle of a sentence."
)


def clean_question(text: str) -> str:
    """The text under the site's policy, still in its lines. Raises Refused on what no page can hold."""
    if len(text) > MAX_LENGTH * 20:
        raise _refused(TOO_LONG)
    try:
        return SPACES.sub(" ", clean_text(text)).strip()
    except RefusedText as error:
        raise Refused(
            "forbidden_character", f"Please remove a character that can't be stored: {error}."
        ) from error


def accept_question(text: str) -> str:
    """The question as one line, as its page will show it. Raises Refused with the first reason found."""
    cleaned = clean_question(text)
    if refusal := find_refusal(cleaned):
        raise _refused(refusal)
    return " ".join(cleaned.split())


def find_refusal(text: str) -> Refusal | None:
    """The first rule that a cleaned text breaks: its form first, then what it is, then what it lacks."""
    return next((refusal for refusal, breaks in RULES if breaks(text)), None)


def find_refusal_by_meaning(text: str, vector: np.ndarray) -> Refusal | None:
    """Why a text that broke no rule is no question nevertheless; `vector` is the local model's."""
    kind = find_kind(vector)
    if kind == QUESTION:
        return LOST_CONTEXT if leans_by_meaning(text, vector) else None
    return KINDS[kind]


def judge_meaning(text: str, vector: np.ndarray) -> None:
    """Raises Refused where a text with this vector is no question by its meaning."""
    if refusal := find_refusal_by_meaning(text, vector):
        raise _refused(refusal)


RULES = [
    (NOT_TEXT, is_wordless),
    (TOO_SHORT, lambda text: len(text) < MIN_LENGTH),
    (TOO_LONG, lambda text: len(" ".join(text.split())) > MAX_LENGTH),
    (LINKS, has_too_many_links),
    (MARKUP, is_markup),
    (CODE, is_code),
    (INSTRUCTION, is_instruction),
    (PRYING, is_prying),
    (LANGUAGE, is_foreign),
    (UNREADABLE, is_unreadable),
    (ADVERTISING, is_advertising),
    (CHAT, is_chat),
    (PERSONAL, is_personal),
    (EXERCISE, is_exercise),
    (FRAGMENT, is_fragment),
    (LOST_CONTEXT, leans_on_lost_context),
    (NOT_A_QUESTION, is_no_question),
]

KINDS = {
    "instruction": INSTRUCTION,
    "secrets": PRYING,
    "chat": CHAT,
    "spam": ADVERTISING,
    "personal": PERSONAL,
    "exercise": EXERCISE,
}


def _refused(refusal: Refusal) -> Refused:
    return Refused(refusal.code, refusal.message)
