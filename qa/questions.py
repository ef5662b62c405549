"""Pure: what this site takes as a question: cleaning, and the gate with its reasons.

Change a rule together with its examples in tests/qa/test_questions.py; a reason says what the asker can do.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from archive.text import RefusedText, clean_text

MIN_LENGTH = 10
MAX_LENGTH = 500
MAX_LINKS = 2
FOREIGN_CERTAINTY = 0.6  # py3langid's probability; abbreviations and formulas reach .1 to .5 in any language
FOREIGN_CERTAINTY_BESIDE_ENGLISH = 0.9  # where one English function word stands: "is" is Dutch as well
TAKEN_FOR_ENGLISH = ("la", "pcm", "wa")  # what short English with Latin names or simple words is mistaken for
LATIN_SHARE = 0.5  # of the letters; Greek counts as Latin, since formulas are written in it


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
    "links", "Please put the question into words: links are not followed, and at most two may stand in it."
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

URL = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)

HTML = re.compile(
    r"""<!--|<!doctype
    |</?(?:a|abbr|audio|b|blockquote|body|br|button|code|details|div|em|embed|font|form|h[1-6]|head|hr|html
        |i|iframe|img|input|li|link|marquee|math|meta|object|ol|p|pre|script|select|span|strong|style|sub|sup
        |svg|table|td|textarea|th|title|tr|u|ul|video)(?:\s+[^<>$]*|/[^<>$]*)?>""",
    re.IGNORECASE | re.VERBOSE,
)
MARKDOWN = re.compile(
    r"""^\s{0,3}\#{1,6}\s+\S | ^\s{0,3}>\s+\S | ^\s{0,3}\|.*\|\s*$ | ``` | ~~~  # blocks
    | !?\[[^\]\n]*\]\([^)\n]*\)  # links and images
    | (?<![\w*])\*\*[^\s*][^*\n]*\*\*(?!\w) | (?<!\w)__[^\s_][^_\n]*__(?!\w)  # strong
    | (?:^\s{0,3}(?:[-*+]|\d+[.)])\s+\S[^\n]*(?:\n|\Z)){2,}  # lists""",
    re.MULTILINE | re.VERBOSE,
)

POLITELY = r"^\W*(?:please\s+|now\s+|but\s+|instead,?\s+|(?:can|could|would|will)\s+you\s+)*"
INSTRUCTION_PATTERN = re.compile(
    rf"""{POLITELY}(?:ignore|disregard|forget|override|bypass)\b.{{0,40}}\b
        (?:instruction|prompt|rule|guideline|context|everything|above|previous|prior|polic|training|told|said)
    | \b(?:ignore|disregard|forget|override)\s+
        (?:all|any|every|the|your|my|these|those|previous|prior|preceding|above|what)\b[^.?!]{{0,40}}
        \b(?:instructions?|prompts?|rules|guidelines|messages?|directions|constraints)\b[^?]*$
    | ^\W*(?:you\s+are|you're|you\s+will\s+be|you\s+must|you\s+should|you\s+have\s+to|act\s+as|act\s+like
        |pretend|role-?play|imagine\s+you|behave\s+as|from\s+now\s+on|new\s+instructions?\b
        |system\s*(?:prompt)?\s*:|assistant\s*:|user\s*:)
    | \b(?:you\s+are\s+now|you\s+(?:will|must|should)\s+(?:now\s+)?act\s+as|from\s+now\s+on,?\s+you
        |pretend\s+(?:to\s+be|that\s+you|you)|as\s+an\s+AI\b
        |(?:developer|god|system|override|maintenance|jailbreak|dan)\s+mode\b)
    | \byour\s+(?:\w+\s+)?(?:prompt|instructions?|rules|guidelines|training\s+data|secret|key|password
        |passcode|database|answer|response|reply|replies|message|developer|creator|users?)\b
    | \b(?:reveal|show|print|output|repeat|tell\s+me)\s+(?:me\s+)?(?:the|this)\s+(?:\w+\s+)?
        (?:prompt|instructions)\b
    | {POLITELY}(?:write|compose|draft|create|generate|produce|make|tell)\s+(?:me\s+|us\s+|up\s+)*
        (?:an?|the|some|my|two|three|four|five|\d+)\s+(?:\w+[\s-]+){{0,3}}
        (?:poem|story|essay|song|joke|haiku|limerick|letter|e-?mail|tweet|post|blog|script|code|function
        |program|speech|rap|novel|recipe|review|advert\w*|paragraph|python|abstract)\b
    | {POLITELY}(?:translate|repeat|rewrite|paraphrase|proofread|rephrase|print|output|echo|encode|decode
        |execute|run|reveal|respond|reply|say|answer)\b(?!.*\?\s*$)
    | \b(?:respond|reply|answer)\s+(?:only|just|always|exclusively)?\s*(?:with|in|by|as)\s+
        (?:the|a|an|only|one|json|html|markdown|exactly|["'“‘])(?!.*\?\s*$)
    | <\|(?:im_start|im_end|system|user|assistant|endoftext)\|> | \[/?INST\]
    | \#\#\#\s*(?:instruction|system|response)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

DOCUMENT = r"""(?:paper|article|study|preprint|manuscript|publication|abstract|document|text|passage|figure
    |table|equation|section|appendix|thread|link|pdf|file|image|snippet|code|answer|summary|excerpt|authors?
    |researchers)"""
LOST_CONTEXT_PATTERN = re.compile(
    rf"""\b(?:this|these|that)\s+(?:\w+\s+)?{DOCUMENT}\b(?!-)(?!\s+(?:is|are|can|could|that)\s+(?:a|an|the)\b)
    | \bthe\s+(?:present|given|attached|provided|following|linked|cited|current|previous|last|same|above)\s+
        {DOCUMENT}\b
    | \bthe\s+[\w-]+(?:\s+[\w-]+)?\s+(?:above|below)
        (?=\s*(?:[?.,;!]|$)|\s+(?:is|are|was|were|does|do|did|can|could|has|have|perform)\b)
    | \b(?:above|previously|earlier|just|already)[\s-]+
        (?:mentioned|described|discussed|stated|given|asked|cited)\b
    | \b(?:mentioned|described|discussed|shown|listed|stated|given|cited)\s+
        (?:above|earlier|before|previously)\b
    | \baforementioned\b | \bthe\s+(?:former|latter|above|foregoing)\b | \bthe\s+other\s+(?:one|two|ones)\b
    | \b(?:your|the)\s+(?:last|previous|first|earlier)\s+(?:answer|response|reply|question|message)\b
    | \byou\s+(?:just\s+)?(?:said|mentioned|wrote)\b
    | ^\W*(?:and|but|so)?\s*(?:what|how)\s+about\s+(?:it|that|this|them|those|these)\b
    | ^\W*(?:tell\s+me\s+more|go\s+on|continue|explain\s+(?:more|further|again)|say\s+more|elaborate)\W*$""",
    re.IGNORECASE | re.VERBOSE,
)
BARE_PRONOUN = re.compile(r"\b(?:it|its|they|them|their|theirs|he|she|his|her)\b", re.IGNORECASE)
EXPLETIVE = re.compile(  # "Is it possible to …", "What does it take to …", "Does it matter whether …"
    r"\bit\b(?:'s)?(?:\W+[\w-]+){0,8}?\W+(?:to|that|whether|if|for|when|how|why|what|who|where)\b",
    re.IGNORECASE,
)
THIS_NOUN = re.compile(r"\b(?:this|these|those)\b(?:\s+([\w-]+))?", re.IGNORECASE)
EVERYBODY_SEES = frozenset(  # "this archive", "these days"
    "year years decade century month day days archive site universe world planet".split()  # noqa: SIM905 - words, read as words
)
ROOM_TO_LEAN_ON = 3  # words of content before "this …" that it may stand for

# Words that carry no content of their own; any other can be what "it" or "this" stands for.
EMPTY_WORDS = frozenset(
    """a an the of in on at to for from by with and or but not no is are was were be been being do does did
    can could would should will may might must has have had what which who whom whose why how when where
    whether if as than then so such that this these those it its they them their he she there here about
    into over under between most more much many very still also only just explain describe compare
    please tell me us give show list summarise summarize discuss i we you my our your one any some all
    exactly really ever given far long often well good known""".split()  # noqa: SIM905 - words, read as words
)
QUESTION_WORD = re.compile(
    r"""\b(?:what|which|who|whom|whose|why|how|when|where|whether)\b
    | ^\W*(?:is|are|was|were|do|does|did|can|could|would|should|will|may|might|must|has|have|had|am
        |isn't|aren't|don't|doesn't|can't|won't)\b""",
    re.IGNORECASE | re.VERBOSE,
)
REQUEST = re.compile(
    r"""^\W*(?:please\s+|could\s+you\s+|can\s+you\s+)*(?:explain|describe|compare|contrast|summari[sz]e|list
        |outline|discuss|review|define|name|find|show|give|tell|identify|survey|analy[sz]e|evaluate|assess
        |clarify|enumerate|search|overview)\b""",
    re.IGNORECASE | re.VERBOSE,
)
ENGLISH = frozenset(
    """the what how why which does with between would could should there than when where and can is are do
    of from about""".split()  # noqa: SIM905 - words, read as words
)


def clean_question(text: str) -> str:
    """The text under the site's policy, still in its lines. Raises Refused on what no page can hold."""
    if len(text) > MAX_LENGTH * 20:
        raise _refused(TOO_LONG)
    try:
        return clean_text(text).strip()
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


def is_wordless(text: str) -> bool:
    """Emoji, digits or punctuation only. A text of nothing at all is too short instead."""
    return bool(text) and not any(character.isalpha() for character in text)


def has_too_many_links(text: str) -> bool:
    """More links than may stand in a question, or links and hardly a word beside them."""
    links = URL.findall(text)
    rest = URL.sub(" ", text)
    return len(links) > MAX_LINKS or (bool(links) and len(rest.split()) < 3)


def is_markup(text: str) -> bool:
    return bool(HTML.search(text) or MARKDOWN.search(text))


def is_instruction(text: str) -> bool:
    """Whether it orders a language model about. A question may speak of such texts in quotation marks."""
    unquoted = re.sub(r"[\"“”][^\"“”]*[\"“”]", " ", text) if QUESTION_WORD.match(text) else text
    return bool(INSTRUCTION_PATTERN.search(unquoted))


def is_foreign(text: str) -> bool:
    """Whether neither search leg can work on it: another script, or surely another language.

    Restrained: formulas are left out, and two English function words make a text English.
    """
    bare = URL.sub(" ", re.sub(r"\$[^$]*\$", " ", text))
    letters = [character for character in bare if character.isalpha()]
    latin = sum(
        unicodedata.name(letter, "").startswith(("LATIN", "GREEK", "MATHEMATICAL")) for letter in letters
    )
    if letters and latin / len(letters) < LATIN_SHARE:
        return True
    words = re.findall(r"[^\W\d_]+", bare.lower())
    english = sum(word in ENGLISH for word in words)
    if len(words) < 3 or english >= 2:
        return False
    language, certainty = identify_language(bare)
    if language == "en" or language in TAKEN_FOR_ENGLISH:
        return False
    return certainty >= (FOREIGN_CERTAINTY_BESIDE_ENGLISH if english else FOREIGN_CERTAINTY)


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def identify_language(text: str) -> tuple[str, float]:
    """ISO 639-1 code and its probability."""
    return _identifier().classify(text)


def leans_on_lost_context(text: str) -> bool:
    """Whether it speaks of "this instability" or "it" with nothing before that could be meant."""
    if LOST_CONTEXT_PATTERN.search(text):
        return True
    for match in THIS_NOUN.finditer(text):
        noun = (match.group(1) or "").lower()
        if noun not in EVERYBODY_SEES and count_content(text[: match.start()]) < ROOM_TO_LEAN_ON:
            return True
    plain = EXPLETIVE.sub(" ", text)
    pronoun = BARE_PRONOUN.search(plain)
    return pronoun is not None and count_content(plain[: pronoun.start()]) == 0


def count_content(text: str) -> int:
    """How many words of content stand in a text."""
    return sum(word not in EMPTY_WORDS for word in re.findall(r"[\w-]+", text.lower()))


def is_no_question(text: str) -> bool:
    """Neither asks nor requests: no question mark after some words, no question word, no request."""
    if text.rstrip(" \"'”’)").endswith("?"):
        return len(text.split()) < 3
    return not (QUESTION_WORD.search(text) or REQUEST.search(text))


RULES = [
    (NOT_TEXT, is_wordless),
    (TOO_SHORT, lambda text: len(text) < MIN_LENGTH),
    (TOO_LONG, lambda text: len(" ".join(text.split())) > MAX_LENGTH),
    (LINKS, has_too_many_links),
    (MARKUP, is_markup),
    (INSTRUCTION, is_instruction),
    (LANGUAGE, is_foreign),
    (LOST_CONTEXT, leans_on_lost_context),
    (NOT_A_QUESTION, is_no_question),
]


def _refused(refusal: Refusal) -> Refused:
    return Refused(refusal.code, refusal.message)
