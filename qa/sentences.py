"""Pure: how well a sentence of an abstract reads when it is quoted alone, by its wording only.

Add a pattern together with an example in tests/qa/test_sentences.py.
"""

import re
from collections.abc import Sequence

from archive.passages import Passage
from qa.markup import find_markers, find_markup
from qa.style import reads_as_instruction, unbalanced

FEWEST_WORDS, MOST_WORDS = 6, 60

RESULT = re.compile(
    r"\b(?:we (?:find|found|show|showed|demonstrate|observe|obtain|achieve|prove|establish|conclude"
    r"|report that)"
    r"|results? (?:show|indicate|demonstrate|suggest|reveal)|outperform\w*|achiev\w+|reach(?:es|ed)"
    r"|improv(?:es|ed)"
    r"|reduc(?:es|ed)|show(?:s|ed) that|than)\b|\d\s*%|\d\.\d",
    re.IGNORECASE,
)
OPENER = re.compile(
    r"^(?:(?:here,? )?(?:in this (?:paper|work|article|study|letter|note|thesis|review|report"
    r"|contribution),? )?we"
    r" (?:propose|present|introduce|study|consider|investigate|explore|review|discuss|describe|develop)\b"
    r"|(?:in )?this (?:paper|work|article|study|letter|note|thesis|review|report)\b|the (?:aim|goal"
    r"|purpose) of this)",
    re.IGNORECASE,
)
BACKGROUND = re.compile(
    r"\b(?:in recent years|recently,|(?:has|have) (?:attracted|gained|received|emerged|become|been widely)"
    r"|is (?:a|an|one of"
    r" the) (?:key|major|important|crucial|fundamental|central|challenging|promising)|remains? (?:a|an"
    r"|unclear|challenging"
    r"|elusive)|plays? an? \w+ role|growing interest|widely used|of great (?:interest|importance))\b",
    re.IGNORECASE,
)
CONNECTED = re.compile(
    r"^(?:however|moreover|furthermore|additionally|in addition|also|finally|specifically|in particular"
    r"|nevertheless|besides"
    r"|meanwhile|notably|overall)\b",
    re.IGNORECASE,
)
POINTING = re.compile(
    r"^.{0,70}\b(?:this|these|such|that) (?:process|method|approach|problem|issue|challenge|limitation"
    r"|technique|strategy"
    r"|procedure|failure|gap|question|property|constraint|difficult(?:y|ie))s?\b",
    re.IGNORECASE,
)
# Sentences that lean on the one before them.
LEANING = re.compile(
    r"^(?:its?|they|their|them|such|these|those|he|she|both|that|this (?!(?:paper|work|study|article"
    r"|letter|thesis|review"
    r"|survey|report|note|chapter)\b)|the (?:former|latter|resulting|same|above)|to (?:(?:this|that) end"
    r"|(?:address|overcome"
    r"|tackle|solve|do) (?:this|these|it|so))|in this (?:way|case|context|setting|regime|framework)"
    r"|as a (?:result|consequence)"
    r"|due to (?:this|these|failure)|to \w+ (?:this|these)|then|thus|hence|therefore|consequently"
    r"|for (?:this|that|these|example|instance)|with this"
    r"|by doing so|here,? (?!we)|which|but|and|or|instead|otherwise|conversely|on the (?:other hand"
    r"|contrary)|(?:the )?second(?:ly)?"
    r"|third(?:ly)?|next|in contrast|similarly|one of them|another|some of)\b",
    re.IGNORECASE,
)
NOTICE = re.compile(
    r"\b(?:code|data|dataset|models?|implementation|software|source)\b.{0,60}\b(?:available|released"
    r"|publicly|open-?sourced?"
    r"|github)\b|\bsee\s+(?:also|full|the full)\b|\bpages?,\s|\bet al\b.{0,20}$|\bwithdrawn\b",
    re.IGNORECASE,
)
LIST_ENTRY = re.compile(r"[(\[]?[\divx]{1,4}[.)\]]\s|[a-z]+\b")
# What makes a sentence better or worse to quote, on the scale of relevance (0 to 1).
NUDGES = (
    (RESULT, 0.05),
    (OPENER, -0.05),
    (BACKGROUND, -0.1),
    (CONNECTED, -0.03),
    (POINTING, -0.08),
    (LEANING, -0.08),
)
# An abstract begins with what was known before, up to the sentence that says what was done.
SETTING = -0.12
ACTION = re.compile(
    r"\b(?:we|our|authors?|co-authors|here|i (?:show|study|propose|present|discuss|argue|introduce|review)"
    r"|(?:this|present)"
    r" (?:paper|work|article|study|letter|thesis|report|chapter)|(?:is|are|was|were) (?:proposed|presented"
    r"|introduced|studied"
    r"|investigated|developed|described|shown|demonstrated|evaluated|compared|performed|calculated|derived"
    r"|analy[sz]ed|tested"
    r"|measured))\b|^(?:objectives?|methods?|results?|conclusions?|purpose|approach)\s*[:.]",
    re.IGNORECASE,
)


def is_quotable(text: str) -> bool:
    """Whether a sentence may be quoted: whole, of a readable length, no address, no order, no notice about
    files.
    """
    return (
        FEWEST_WORDS <= len(text.split()) <= MOST_WORDS
        and text.endswith((".", "!", ")", "$"))
        and not LIST_ENTRY.match(text)
        and not NOTICE.search(text)
        and not reads_as_instruction(text)
        and not unbalanced(text)
        and not find_markup(text)
        and not find_markers(text)
    )


def leans(text: str) -> bool:
    """Whether a sentence can't be understood without the one before it."""
    return bool(LEANING.match(text))


def tells_result(text: str) -> bool:
    """Whether a sentence tells what was found."""
    return bool(RESULT.search(text))


def nudge(text: str, *, is_setting: bool) -> float:
    """What a sentence's wording adds to its relevance: results gain, openers and background lose."""
    return sum(value for pattern, value in NUDGES if pattern.search(text)) + (SETTING if is_setting else 0.0)


def first_action(passages: Sequence[Passage]) -> int:
    """The place of the first sentence that says what was done; 0 where none does."""
    return next((place for place, passage in enumerate(passages) if ACTION.search(passage.text)), 0)
