"""Pure: whether a preprint was withdrawn, from what its comments or its abstract say."""

import re

THING = r"(?:paper|article|submission|manuscript|preprint|work|version|draft|note|document|draft paper)"
NOTICE = re.compile(
    rf"(?:\bth(?:is|e) (?:[\w-]+ )?{THING}s? (?:has been|is|was|is being|will be) (?:\w+ )?withdrawn\b"
    rf"|(?:^|[.;,:]\s*)\W*(?:this )?{THING} (?:now )?withdrawn\b"
    rf"|^\W*withdrawn\b|\b(?:it|this) has been withdrawn\b)",
    re.IGNORECASE,
)
MAX_REASON = 1_000


def find_withdrawal(comments: str, abstract: str) -> str:
    """The notice of withdrawal in a record, in its own words, or "".

    An abstract counts only where it begins with it.
    """
    if match := NOTICE.search(comments):
        return comments[match.start() :].lstrip(".;,: ").rstrip()[:MAX_REASON]
    if NOTICE.match(abstract.lstrip()):
        return abstract.strip()[:MAX_REASON]
    return ""
