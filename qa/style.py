"""Pure: what a published answer doesn't say: traces of the prompt, praise, filler, first person, orders to
the reader, and words from nowhere in what cites nothing.

Add a phrase here when a curator meets one; tests/qa/test_style.py holds an example of each and sentences that
must pass.
"""

import re
from collections.abc import Collection, Iterable

from qa.focus import FRAME_WORDS
from qa.markup import MATHS
from qa.quotes import without_quotes
from qa.verbatim import find_words
from qa.wording import ALIKE_LETTERS, soft_coverage, squash, stem, terms, weight, word_set, words

SOURCES = (
    r"(?:sources?|preprints?|papers?|documents?|articles?|abstracts?|texts?|passages?|excerpts?|references"
    r"|materials?|context)"
)
GIVEN = r"(?:provided|supplied|given|shared|attached|retrieved|uploaded|listed)"
SAYING = r"(?:say|state|mention|describe|report|tell|discuss|conclude|claim|explain|cover|indicate)"

LEAKS = [
    (
        rf"\b{SOURCES}\s+(?:that\s+)?(?:you(?:'ve|\s+have)?|(?:are|were|have\s+been)"
        rf"|as)?\s*{GIVEN}\b(?!\s+(?:by|in|for|with|as|that|to|an?|the)\b)"
    ),
    rf"\b{SOURCES}\s+(?:that\s+)?you(?:'ve|\s+have)?\s+{GIVEN}\b",
    rf"\b(?:the|these|those|your|all)\s+{GIVEN}\s+{SOURCES}\b",
    rf"\b(?:the|these|those)\s+{SOURCES}\s+(?:above|below|at\s+hand)\b|\b(?:above|following)\s+{SOURCES}\b",
    (
        rf"\b(?:based|relying|drawing)\s+(?:only\s+|solely\s+)?(?:up)?on\s+the\s+(?:{GIVEN}\s+)?(?:sources?"
        rf"|context|documents?|preprints?|papers|abstracts|information)\b(?!\s+of)"
    ),
    (
        r"\b(?:from|in|according\s+to|per)\s+the\s+(?:context|prompt)\b(?!\s+(?:of|where|that|window"
        r"|in\s+which))"
    ),
    r"\bthe\s+context\s+(?:does|doesn't|says|states|mentions|shows|indicates|contains|lacks)\b",
    rf"\b(?:do|does|did|can|could|would)\s+(?:the|these|those|this|all|your)\s+(?:\w+\s+)?{SOURCES}\s+{SAYING}\b",
    rf"\b(?:the|this|your)\s+(?:context|prompt)\s+(?:{SAYING}|describes|reports|tells|discusses|concludes)\b",
    rf"\baccording\s+to\s+(?:the|these|those|your|all)\s+{SOURCES}\b(?!\s+(?:of|in|by|where|window|that)\b)",
    (
        r"\b(?:described|mentioned|reported|stated|discussed|listed|named|cited)\s+(?:in|by)\s+(?:the|these|those"
        r"|your)\s+(?:abstracts?|context|passages?|excerpts?|sources)\b(?!\s+(?:of|where|in\s+which)\b)"
    ),
    (
        r"\b(?:as\s+an?|i\s+am\s+an?|i'm\s+an?)\s+(?:ai|artificial\s+intelligence"
        r"|(?:large\s+)?language\s+model|assistant|chatbot)\b"
    ),
    r"\bmy\s+(?:training|knowledge|instructions|system\s+prompt)\b|\bknowledge\s+cut-?off\b",
    (
        r"\b(?:system|user)\s+(?:prompt|message|instructions?)\b|\b(?:your|the\s+user's)\s+(?:question|query"
        r"|prompt|request)\b"
    ),
    (
        r"(?:^|[\s(])(?:source|preprint|document|paper|abstract)s?\s+(?:no\.?\s*|number\s+"
        r"|#)?\d{1,2}\b(?!\s*[%.]\d)"
    ),
    r"\bi\s+(?:cannot|can't|can\s+not|don't|do\s+not)\s+(?:access|browse|find|provide|determine|answer)\b",
]
PRAISE = [
    (
        r"\b(?:great|good|excellent|fascinating|interesting|insightful|thoughtful|important|wonderful"
        r"|brilliant)\s+question\b"
    ),
    r"\b(?:fascinating|amazing|incredible|exciting|thrilling|astonishing|mind-blowing)\b",
    (
        r"\bthank(?:s|\s+you)\s+for\b|\bhappy\s+to\s+help\b|\bhope\s+(?:this|that)\s+helps\b|\bfeel\s+free\b"
        r"|\blet\s+me\s+know\b"
    ),
    r"\b(?:you're|you\s+are)\s+(?:absolutely\s+)?right\b|^(?:sure|certainly|absolutely|of\s+course)[,!]",
]
FILLER = [
    (
        r"\bit(?:'s|\s+is)\s+(?:important|worth|essential|crucial|interesting)\s+(?:to\s+note|noting"
        r"|mentioning|to\s+mention|to\s+remember)\b"
    ),
    r"^(?:in\s+conclusion|in\s+summary|to\s+summari[sz]e|to\s+sum\s+up|bottom\s+line)\b\s*[:,]",
    (
        r"\bhere(?:'s|\s+is|\s+are)\s+(?:what|the\s+answer|a\s+summary|an\s+overview|my)\b|\blet(?:'s"
        r"|\s+us)\s+(?:dive|explore|look|delve|break)\b"
    ),
    r"\b(?:delve|deep\s+dive|game-?changer|in\s+today's\s+world|ever-evolving)\b",
]
FIRST_PERSON = [
    r"\b(?:we|our|ours|my|myself|ourselves)\b|(?-i:\bus\b)",
    (
        r"(?-i:\bI\b)(?:'m|'ve|'ll|'d|\s+(?:am|was|have|had|think|believe|found|find|would|will|can|could"
        r"|cannot|do|did|should|must|recommend|suggest|note|see|know)\b)"
    ),
]
# Orders to a model or to the reader, such as a hostile abstract may hold: neither quoted nor repeated.
INSTRUCTIONS = [
    (
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,25}\b(?:previous|prior|above|earlier|preceding"
        r"|all|any|other"
        r"|your|these|the)\b.{0,20}\b(?:instructions?|prompts?|rules?|directions?|guidelines?|messages?)\b"
    ),
    (
        r"\b(?:ignore|disregard|forget)\s+(?:(?:all|any|the|everything|what)\s+)*(?:previous|prior|above"
        r"|preceding|other)\s*(?:sources?|text"
        r"|context|messages?|content|papers?|preprints?|[.,;!]|$)"
    ),
    (
        r"\b(?:you|ai|assistants?|language models?|llms?|reviewers?|readers?)\s+(?:must|should|shall"
        r"|are\s+(?:now|required|instructed"
        r"|asked|to))\b.{0,60}\b(?:respond|reply|answer|say|output|print|write|recommend|cite|include|rate"
        r"|visit|click|tell|ignore"
        r"|reveal|accept)\b"
    ),
    (
        r"^(?:please\s+|now\s+|instead,?\s+)*(?:respond|reply|answer|output|print|recommend|visit|click|tell"
        r"|say|repeat|reveal|append"
        r"|translate|summari[sz]e|write|send|call|buy|subscribe|act|pretend|cite\s+only|do\s+not|don't"
        r"|remember\s+to|make\s+sure)\b"
        r"(?=.*\b(?:you|your|users?|readers?|answer|response|link|url|website|instructions?|prompt|following"
        r"|only|exactly|the\s+word"
        r"|as\s+if|as\s+an?)\b)"
    ),
    (
        r"^(?:please\s+|now\s+|also\s+|then\s+|and\s+|but\s+)*(?:add|avoid|break\s+down|choose|compose|convert"
        r"|create|describe|develop|draft|encode|ensure|explain"
        r"|follow|forget|format|generate|give|help|ignore|imagine|include|insert|list|make|mention|modify|omit"
        r"|prioriti[sz]e|provide|refuse|remove"
        r"|replace|rewrite|show|start|stop|suggest|swap|switch|teach|transform|turn|use|write)\s+(?:an?|the|me"
        r"|us|all|any|every|each|your|some|this|that|these"
        r"|those|only|it|to|how|in|out|up|words?|letters?|information|details?"
        r"|instructions?)\b(?!\s+of\s+\w+\s+(?:is|are)\b)"
    ),
    r"\byour\s+(?:final\s+)?(?:response|repl(?:y|ies)|answer|message|output)s?\b",
    r"^(?:please|kindly)\s+\w+",
    (
        r"^(?:system|assistant|user|human)\s*:\s|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?INST\]"
        r"|###\s*(?:instruction|system)"
    ),
    (
        r"\bnew\s+instructions?\s*:|\bdeveloper\s+mode\b|\bfrom\s+now\s+on,?\s+you\b"
        r"|\byou\s+are\s+(?:now\s+)?(?:an?|the)\s+\w+"
    ),
]

# What headings, gaps and limits are made of whatever their subject, so that it need not stand in a source.
CONNECTIVES = word_set(
    """
    absent abstract abstracts address addressed agree agreement agrees alone already answer answered
    answers applies apply archive area article aside aspect aspects assess assessed author authors
    bear bears beside beyond bottleneck bottlenecks bottom brief broad broader case cases caveat
    caveats challenge challenges claim claims clear come comes common comparison comparisons compete
    conclude conclusion conclusions concrete condition conditions conflict consider considered
    context contrast contrasting count counts cover covered covers criteria dataset datasets depend
    detail detailed details direct directly disagree disagreement disagreements disagrees discuss
    discussed doubt drawback drawbacks early empirical estimate estimates experiment experimental
    explicit explicitly factor factors figure figures find finding findings finds follow following
    follows found full future gap gaps give gives goal headline help helps hurt hurts implication
    implications implicit independent indirect indirectly item key lack leave leaves less lessons
    limitation limitations limited line lines lose loses matter mention mentions merit mixed name
    named narrow nearest none note notes nothing number numbers obstacle obstacles off offer offs
    open outlook outside part parts pattern picture point points practical practice promise promises
    promising quantified quantify quantitative question questions read real reality remain remaining
    remains report reported reports requirement requirements rest scale scope section sections
    settle settled settles short sides source sources specified specify spell stand stands state
    states step steps still strength strengths struggle struggles summaries support supported
    supports takeaway takeaways test tested tests text texts theory tie tied toy trade trade-off
    trade-offs unanswered uncertain uncertainty unclear unknown unresolved unsettled untested value
    values verify versus view views weakness weaknesses win wins word words workaround workarounds
    world
    """
)
FRAME_STEMS = frozenset(stem(word) for word in CONNECTIVES | FRAME_WORDS)
ABSENCE = re.compile(
    r"^(?:no|none|neither|nothing|not)\b|\b(?:do|does|did|is|are|was|were|has|have)\s+not\b"
    r"|\b(?:remains?|left)\s+(?:open|unclear|unknown|untested)\b",
    re.IGNORECASE,
)
COVERED_FROM = 0.5  # the share of a text's weight that question and sources must cover, else it strays by
STRAY_FROM = 4.0  # its uncovered words of this weight. In a sentence of absence, which names what is missing,
STRAYS_IF_ABSENT, STRAY_FROM_IF_ABSENT = 2, 5.0  # it takes two, and rarer ones.
UNHEARD_FROM = 7.0  # so rare that two of them, uncovered, are a subject of their own


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
AMOUNT = re.compile(r"\$\s?\d")  # money, where a formula would want a second sign
TEX_QUOTE = re.compile(r"`[^`']+'")


def style_problems(text: str, *, sources: Iterable[str] = ()) -> list[str]:
    """What is wrong with the style of a text, each with the words. What stands so in a source is the
    source's.
    """
    sources = list(sources)
    bare = MATHS.sub(" ", without_quotes(text, sources)).replace("’", "'")
    held = [squash(source) for source in sources]
    problems = []
    for kind, (pattern, complaint) in KINDS.items():
        found = pattern.search(bare)
        is_quoted = (
            kind != "first person"
            and found
            and any(find_words(source, squash(found.group())) >= 0 for source in held)
        )
        if found and not is_quoted:
            problems.append(f"“{found.group().strip()}” {complaint}")
    return problems


def reads_as_instruction(text: str) -> bool:
    """Whether a text gives orders to a model or to its reader instead of saying something."""
    return bool(INSTRUCTION.search(text))


def unbalanced(text: str) -> str:
    """What stands open in a text: emphasis, code, maths or braces in maths; empty when nothing does."""
    outside = MATHS.sub(" ", re.sub(r"\\[\\$`*{}]", "", text))
    if outside.count("$") % 2 and len(AMOUNT.findall(outside)) < outside.count("$"):
        return "maths"
    if TEX_QUOTE.sub("", outside).count("`") % 2:
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


def stray_words(text: str, known: Collection[str], *, may_lack: bool = False) -> list[str]:
    """The words by which a sentence or heading without sources leaves its subject; empty where it doesn't.

    `known`: the terms of what it may speak of, which is the question and the cited texts. `may_lack`: whether
    the sentence may say what is missing from them.
    """
    text = re.sub(r"n['’]t\b", " not", text)
    content = (word for word in words(text) if terms(word) and not word[0].isdigit())
    own = {stem(word): word for word in content if stem(word) not in FRAME_STEMS}
    beginnings = {term[:ALIKE_LETTERS] for term in known if len(term) >= ALIKE_LETTERS}
    uncovered = [term for term in own if term not in known and term[:ALIKE_LETTERS] not in beginnings]
    is_absent = may_lack and bool(ABSENCE.search(text))
    rare = STRAY_FROM_IF_ABSENT if is_absent else STRAY_FROM
    strays = [own[term] for term in uncovered if weight(term) >= rare]
    if sum(weight(term) >= UNHEARD_FROM for term in uncovered) > 1:
        return strays
    is_covered = soft_coverage(own, known) >= COVERED_FROM
    return [] if is_covered or (is_absent and len(strays) < STRAYS_IF_ABSENT) else strays
