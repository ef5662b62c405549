"""Pure: whether a preprint was withdrawn, from what its comments or its abstract say.

The words for it were gathered from one half of the comments that benchmarks/data/withdrawals.tsv labels, and
are judged by the other half (docs/benchmarks.md, Harvest).
"""

import re

THING = (
    r"(?:paper|article|submission|manuscript|pre-?print|work|version|draft|note|document|report|letter"
    r"|thesis)s?"
)
WHICH = r"(?:th(?:is|e|ese)|our|my)"
# Of another paper or version than this one.
OTHER = (
    r"(?:earlier|first|second|third|previous|original|former|older?|preceding|initial|prior|withdrawn"
    r"|(?:an)?other|companion|v[0-9]+)\b"
)
NAMED = rf"{WHICH} (?:(?!{OTHER})[\w-]+ ){{0,2}}{THING}"
NOT = r"(?:not|never|no|nor|neither|almost|nearly)\b"
WORDS = rf"(?:(?!{NOT})\w+ )"  # between the parts of a verb: now, temporarily, hereby
HAS_BEEN = (
    rf"(?:ha(?:s|ve) {WORDS}?been|(?:is|are)(?: being)?|will be|must be|should be"
    r"|(?:needs?|has|have|is requested|are requested|is going) to be)"
)
IS = rf"(?:{HAS_BEEN}|was|were)"
DONE = r"(?:withdrawn|retracted)\b"
# From a journal or a conference a paper is withdrawn that stays here.
HERE = r"(?! from (?!(?:the )?(?:arxiv|archive|public)))"
FOLLOWED = (  # by a reason, or by nothing
    r"(?=\W{0,3}$|\s?[-\u2013.,:;()]"
    r"| (?:due|because|by|as|for|pending|since|until|temporarily|to|after|at|on|in)\b)"
)

STATED = (
    rf"(?<!\bof )\b{NAMED} {IS} {WORDS}{{0,2}}{DONE}{HERE}"
    rf"|(?:^\W{{0,3}}|[.;,:(] ?)(?:this )?{THING} (?:{IS} )?{WORDS}{{0,2}}{DONE}{HERE}"
    rf"|^\W{{0,3}}{DONE}{FOLLOWED}{HERE}"
)
ACT = (
    rf"(?:withdraw(?:ing|n)?|withdrew|retract(?:ing|ed)?) {WORDS}?"
    rf"(?:it\b|this(?= (?:as|because|due|since|for)\b|\W{{0,3}}$)|{NAMED}\b){HERE}"
)
COMMENT = re.compile(
    rf"{STATED}"
    rf"|(?-i:Withdrawn|WITHDRAWN|Withdrawing|Withdrew|Retracted){FOLLOWED}{HERE}"
    rf"|\b(?:it|this) {HAS_BEEN} {WORDS}{{0,2}}{DONE}{HERE}"
    rf"|(?P<act>(?<!\bnot )(?<!\bnot to )(?<!\bnever )\b{ACT}"
    r"|\band (?:it )?(?:needs?|has|have) to be (?:withdrawn|retracted)\b"
    r"|\b(?:request(?:s|ed|ing)?|(?:apply(?:ing)?|ask(?:s|ed|ing)?) for)"
    r" (?:(?:its|the|a|full|immediate|for) )*withdrawal\b)",
    re.IGNORECASE,
)
ABSTRACT = re.compile(rf"(?:{STATED}|(?:we|i|the authors?) {WORDS}{{0,4}}{ACT})", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.;!?]\s+")
MAX_COMMENTS = 10_000  # characters that are looked at: as many as are kept
MAX_REASON = 1_000


def find_withdrawal(comments: str, abstract: str) -> str:
    """The notice of withdrawal in a record, in its own words, or "".

    An abstract counts only where it begins with it.
    """
    comments, abstract = " ".join(comments[:MAX_COMMENTS].split()), abstract.strip()
    if match := COMMENT.search(comments):
        start = match.start()
        if match["act"]:  # it begins in the middle: its sentence is the notice
            start = max((end.end() for end in SENTENCE_END.finditer(comments, 0, start)), default=0)
        return comments[start:].lstrip(".;,:( ")[:MAX_REASON]
    return abstract[:MAX_REASON] if ABSTRACT.match(" ".join(abstract[:400].split())) else ""
