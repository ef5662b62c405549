"""Pure: what a published answer doesn't say: traces of the prompt, praise, filler, first person, orders to the reader.

Add a phrase here when a curator meets one; tests/qa/test_style.py holds an example of each and sentences that must pass.
"""

import re
from collections.abc import Iterable

from qa.markup import MATHS
from qa.wording import squash, terms

SOURCES = r"(?:sources?|preprints?|papers?|documents?|articles?|abstracts?|texts?|passages?|excerpts?|references|materials?|context)"
GIVEN = r"(?:provided|supplied|given|shared|attached|retrieved|uploaded|listed)"

LEAKS = [
    rf"\b{SOURCES}\s+(?:that\s+)?(?:you(?:'ve|\s+have)?|(?:are|were|have\s+been)|as)?\s*{GIVEN}\b(?!\s+(?:by|in|for|with|as|that|to|an?|the)\b)",
    rf"\b{SOURCES}\s+(?:that\s+)?you(?:'ve|\s+have)?\s+{GIVEN}\b",
    rf"\b(?:the|these|those|your|all)\s+{GIVEN}\s+{SOURCES}\b",
    rf"\b(?:based|relying|drawing)\s+(?:only\s+|solely\s+)?(?:up)?on\s+the\s+(?:{GIVEN}\s+)?(?:sources?|context|documents?|preprints?|papers|abstracts|information)\b(?!\s+of)",
    r"\b(?:from|in|according\s+to|per)\s+the\s+(?:context|prompt)\b(?!\s+(?:of|where|that|window|in\s+which))",
    r"\bthe\s+context\s+(?:does|doesn't|says|states|mentions|shows|indicates|contains|lacks)\b",
    r"\b(?:as\s+an?|i\s+am\s+an?|i'm\s+an?)\s+(?:ai|artificial\s+intelligence|(?:large\s+)?language\s+model|assistant|chatbot)\b",
    r"\bmy\s+(?:training|knowledge|instructions|system\s+prompt)\b|\bknowledge\s+cut-?off\b",
    r"\b(?:system|user)\s+(?:prompt|message|instructions?)\b|\b(?:your|the\s+user's)\s+(?:question|query|prompt|request)\b",
    r"(?:^|[\s(])(?:source|preprint|document|paper|abstract)s?\s+(?:no\.?\s*|number\s+|#)?\d{1,2}\b(?!\s*[%.]\d)",
    r"\bi\s+(?:cannot|can't|can\s+not|don't|do\s+not)\s+(?:access|browse|find|provide|determine|answer)\b",
]
PRAISE = [
    r"\b(?:great|good|excellent|fascinating|interesting|insightful|thoughtful|important|wonderful|brilliant)\s+question\b",
    r"\b(?:fascinating|amazing|incredible|exciting|thrilling|astonishing|mind-blowing)\b",
    r"\bthank(?:s|\s+you)\s+for\b|\bhappy\s+to\s+help\b|\bhope\s+(?:this|that)\s+helps\b|\bfeel\s+free\b|\blet\s+me\s+know\b",
    r"\b(?:you're|you\s+are)\s+(?:absolutely\s+)?right\b|^(?:sure|certainly|absolutely|of\s+course)[,!]",
]
FILLER = [
    r"\bit(?:'s|\s+is)\s+(?:important|worth|essential|crucial|interesting)\s+(?:to\s+note|noting|mentioning|to\s+mention|to\s+remember)\b",
    r"^(?:in\s+conclusion|in\s+summary|to\s+summari[sz]e|overall|to\s+sum\s+up|bottom\s+line)\b\s*[:,]",
    r"\bhere(?:'s|\s+is|\s+are)\s+(?:what|the\s+answer|a\s+summary|an\s+overview|my)\b|\blet(?:'s|\s+us)\s+(?:dive|explore|look|delve|break)\b",
    r"\b(?:delve|deep\s+dive|game-?changer|in\s+today's\s+world|ever-evolving)\b",
]
FIRST_PERSON = [
    r"\b(?:we|our|ours|my|mine|myself|ourselves)\b|(?-i:\bus\b)",
    r"(?-i:\bI\b)(?:'m|'ve|'ll|'d|\s+(?:am|was|have|had|think|believe|found|find|would|will|can|could|cannot|do|did|should|must|recommend|suggest|note|see|know)\b)",
]
# Orders to a model or to the reader, such as a hostile abstract may hold: neither quoted nor repeated.
INSTRUCTIONS = [
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|any|other|your|these|the)\b.{0,30}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|messages?|sources?|text|context)\b",
    r"\b(?:you|ai|assistants?|models?|llms?|reviewers?)\s+(?:must|should|shall|are\s+(?:now|required|instructed|asked|to))\b.{0,60}\b(?:respond|reply|answer|say|output|print|write|recommend|cite|include|rate|visit|click|tell|ignore|reveal|accept)\b",
    r"^(?:please\s+)?(?:respond|reply|answer|output|print|recommend|visit|click|tell\s+(?:the|your)|say|repeat|reveal|append|translate|summari[sz]e|write|send|call|buy|subscribe|act\s+as|pretend|cite\s+only|always|never|do\s+not|don't|remember\s+to|make\s+sure\s+to)\b(?!\s+to\s+\w+ing\b)(?=.*\b(?:you|your|user|users|reader|answer|response|link|url|website|instructions?|prompt|source|this|following|with|only|exactly|the\s+word)\b)",
    r"\b(?:system|assistant|user|human)\s*:\s|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?INST\]|###\s*(?:instruction|system)",
    r"\b(?:system\s+prompt|jailbreak|new\s+instructions?|developer\s+mode|prompt\s+injection\s*:)",
]


def compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    """One pattern of many."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


LEAK, PRAISING, FILLING, PERSON, INSTRUCTION = map(
    compiled, (LEAKS, PRAISE, FILLER, FIRST_PERSON, INSTRUCTIONS)
)
KINDS = {
    "leak": (LEAK, "speaks of how the answer was made"),
    "praise": (PRAISING, "praises instead of answering"),
    "filler": (FILLING, "is filler"),
    "first person": (PERSON, "speaks in the first person"),
}
QUOTED = re.compile(r'["“][^"”]*["”]')


def style_problems(text: str, *, sources: Iterable[str] = ()) -> list[str]:
    """What is wrong with the style of a text, each with the words. Words that stand so in a source are the source's."""
    bare = QUOTED.sub(" ", MATHS.sub(" ", text)).replace("’", "'")
    held = [squash(source) for source in sources]
    problems = []
    for pattern, complaint in KINDS.values():
        found = pattern.search(bare)
        if found and not any(squash(found.group()) in source for source in held):
            problems.append(f"“{found.group().strip()}” {complaint}")
    return problems


def reads_as_instruction(text: str) -> bool:
    """Whether a text gives orders to a model or to its reader instead of saying something."""
    return bool(INSTRUCTION.search(text))


def unbalanced(text: str) -> str:
    """What stands open in a text: emphasis, code, maths or braces in maths; empty when nothing does."""
    outside = MATHS.sub(" ", re.sub(r"\\[\\$`*{}]", "", text))
    if outside.count("$") % 2:
        return "maths"
    if outside.count("`") % 2:
        return "code"
    if len(re.findall(r"\*\*", outside)) % 2:
        return "emphasis"
    spans = MATHS.findall(text)
    return "braces" if any(count_braces(span) for span in spans) else ""


def count_braces(maths: str) -> int:
    """How many braces of a formula lack their other half; escaped ones are no braces."""
    depth = strays = 0
    for sign in re.findall(r"(?<!\\)[{}]", maths):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            strays, depth = strays + 1, 0
    return strays + depth


def repeats_question(heading: str, question: str) -> bool:
    """Whether a heading only says the question again: four fifths of their content words are the same."""
    own, asked = set(terms(heading)), set(terms(question))
    return bool(own) and len(own & asked) >= 0.8 * len(own | asked)
