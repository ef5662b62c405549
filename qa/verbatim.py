"""Pure: where a text's words stand in another one, and what a sentence says of them that was cut off.

A fragment is word for word in its source and may still say the opposite: "It is not true that …" in front of
it, "un" at its first word, "is false" behind it. So only whole sentences count as verbatim, and a fragment is
read together with what stands around it.
"""

import re
from collections.abc import Iterator, Sequence

from archive.passages import Passage
from qa.wording import plain, squash

NEGATORS = re.compile(
    r"\b(?:not|no|never|neither|nor|none|nobody|nothing|cannot|without|hardly|barely|scarcely|fails?\s+to"
    r"|failed\s+to|lacks?|unable\s+to|rather\s+than)\b|n't\b",
    re.IGNORECASE,
)
NO_NEGATION = re.compile(
    r"\b(?:not\s+only|no\s+longer\s+than|not\s+just|whether\s+or\s+not|no\s+less\s+than|not\s+least)\b",
    re.IGNORECASE,
)
# In front of a clause: what denies, doubts or only supposes it.
DOUBT = re.compile(
    r"\b(?:contrary\s+to|unlike|whether|if|unless|until|(?:as|even)\s+though|claim(?:s|ed|ing)?"
    r"|belie(?:f|fs|ve[ds]?)|assum\w+|suppos\w+|hypothe\w+|conjectur\w+|speculat\w+|question(?:s|ed)?"
    r"|doubt\w*|challeng(?:e[sd]?|ing)|refut\w+|disprov\w+|debunk\w*|rul(?:e[sd]?|ing)\s+out"
    r"|reject\w*|contradict\w*|false\w*|wrong\w*|untrue|myths?|misconceptions?|unlikely"
    r"|unclear|unknown|few|little|rarely|seldom|fail\w*|prevent\w*|avoid\w*"
    r"|may|might|could|would|should|expect\w*|perhaps|possibl[ey]|possibility|instead\s+of"
    r"|(?:hard|difficult|impossible)\s+to|too\s+\w+\s+(?:for|to))\b",
    re.IGNORECASE,
)
# Behind a clause: what takes it back.
TAKEN_BACK = re.compile(
    r"^\W?(?:(?:is|are|was|were|has|have|does|do|did|can|could|remains?)\s*(?:\w+\s+)?(?:not\b|n't\b|never\b"
    r"|false|wrong|untrue|incorrect|refuted|disproved|unfounded|unsupported|contradicted|open|unclear|unknown)"
    r"|cannot\b|only\s+(?:if|when|where|for|in)\b|unless\b|\?)",
    re.IGNORECASE,
)
AFFIRMED = re.compile(
    r"(?P<before>(?:[\w'-]+\s+){0,5})\b(?:show|find|found|demonstrat|prove|proof|confirm|observ|report"
    r"|establish|reveal|conclude|see|saw|note|learn|indicat|suggest|impl)\w*(?:,[^,]*,|\s+\w+ly)?\s*that$",
    re.IGNORECASE,
)
CLAUSE_START = re.compile(
    r"[;:(]|,(?:\s*(?:and|but|while|whereas|yet|so|which|where)\b)?|\b(?:but|whereas)\b"
)
SUBORDINATE = re.compile(r"\b(?:that|whether|if|how|why)(?:,[^,]*,?)?$")

# Where a statement says in other words what a sentence denies: these deny all that follows.
DENIAL = re.compile(
    r"\b(?:contrary\s+to|(?:not|un)\s?true\s+that|(?:false|wrong)\s+that|(?:refut|disprov|debunk)\w+"
    r"|rul(?:e[sd]?|ing)\s+out|(?:myth|misconception)\s+that|(?:no|little|hardly\s+any)\s+evidence"
    r"|challeng(?:e[sd]?|ing)\s+the\s+(?:claim|view|idea|belief|assumption|notion)|whether)\b"
    r"(?P<denied>[^;]*)",
    re.IGNORECASE,
)
SETTLED = re.compile(
    r"\b(?:find|found|show|shown|demonstrate|confirm|conclude|prove|reveal|answer)\w*\b", re.IGNORECASE
)
# What must not stand beside a word and beside a number, as it would belong to it.
CUT_BEFORE = {False: re.compile(r"\w$|\b(?:non|un|anti)-$"), True: re.compile(r"\w$|\d\.$")}
CUT_AFTER = {False: re.compile(r"\w"), True: re.compile(r"\w|\.\d|,\d{3}(?!\d)")}


def find_words(text: str, wanted: str, start: int = 0) -> int:
    """Where squashed words stand in a squashed text from a place on, cutting no word or number; -1 where they
    don't.
    """
    return next(
        (place for place in find_all(text, wanted) if place >= start and is_whole(text, wanted, place)), -1
    )


def find_all(text: str, wanted: str) -> Iterator[int]:
    """All places of a text in another, those inside words too."""
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        yield place
        place = text.find(wanted, place + 1)


def is_whole(text: str, wanted: str, place: int) -> bool:
    """Whether what stands at a place begins and ends where words and numbers do."""
    before, after = text[:place], text[place + len(wanted) :]
    cuts_first = wanted[0].isalnum() and CUT_BEFORE[wanted[0].isdigit()].search(before)
    cuts_last = wanted[-1].isalnum() and CUT_AFTER[wanted[-1].isdigit()].match(after)
    return not cuts_first and not cuts_last


def find_sentences(text: str, source: str, passages: Sequence[Passage]) -> Passage | None:
    """The first of the source's sentences that a text repeats whole, one or several in a row; None where it
    doesn't.
    """
    wanted = squash(text)
    for first, passage in enumerate(passages):
        if not wanted.startswith(squash(passage.text)):
            continue
        for last in passages[first:]:
            run = squash(source[passage.start : last.end])
            if run == wanted:
                return passage
            if len(run) > len(wanted):
                break
    return None


def find_holding(text: str, passages: Sequence[Passage]) -> Passage | None:
    """The sentence in which a text's words stand in a row, best where nothing around takes them back."""
    holding = [passage for passage in passages if squash(text) in squash(passage.text)]
    return min(holding, key=lambda passage: bool(cut_off(text, passage.text)), default=None)


def cut_off(statement: str, evidence: str) -> str | None:
    """What a sentence says around a statement that repeats a part of it, as the end of a sentence that warns;
    empty where it takes nothing back, None where the statement's words don't stand there in a row.
    """
    wanted, text = squash(statement), squash(evidence)
    if not wanted or wanted not in text:
        return None
    found = [taken_back(text, wanted, place) for place in find_all(text, wanted)]
    return min(found, key=bool)


def taken_back(text: str, wanted: str, place: int) -> str:
    """What denies, doubts or only supposes the words at a place of a squashed sentence; empty where nothing
    does.
    """
    before, after = text[:place], text[place + len(wanted) :]
    if not is_whole(text, wanted, place):
        word = re.search(r"[\w-]*$", before)
        whole = re.match(r"[\w-]*", text[word.start() if word else place :])
        return f"it cuts the source's “{whole.group() if whole else wanted}”"
    if found := TAKEN_BACK.match(after):
        return f"the source goes on with “{found.group().strip()}”"
    before = before.rstrip()
    affirmed = AFFIRMED.search(before)
    governing = affirmed["before"] if affirmed else governing_part(before)
    found = NEGATORS.search(NO_NEGATION.sub(" ", governing)) or DOUBT.search(governing)
    return f"the source has “{found.group()}” in front of it" if found else ""


def governing_part(before: str) -> str:
    """The end of what stands before a clause that may speak of it: an earlier clause doesn't, unless the
    clause hangs on it by a "that".
    """
    return re.split("[;:]", before)[-1] if SUBORDINATE.search(before) else CLAUSE_START.split(before)[-1]


def denied_part(evidence: str) -> tuple[str, str] | None:
    """The words by which a sentence denies or only asks something, and what it denies or asks."""
    found = DENIAL.search(plain(evidence))
    if not found or (found.group().lower().startswith("whether") and SETTLED.search(evidence)):
        return None
    denied = found["denied"]
    return found.group().removesuffix(denied).strip(), denied
