"""Pure: whether a text asks or requests something at all, and whether it is whole."""

import re

from qa.refusals.words import EMPTY_WORDS, count_content, is_empty_talk, is_known

QUESTION_WORD = re.compile(
    r"""\b(?:what|which|who|whom|whose|why|how|when|where|whether)(?:'?s)?\b
    | \b(?:wich|whic|wat|waht|wht|hwo|wheter)\b
    | ^\W*(?:is|are|was|were|do|does|did|can|could|would|should|will|may|might|must|has|have|had|am
        |isn't|aren't|don't|doesn't|can't|won't)\b""",
    re.IGNORECASE | re.VERBOSE,
)
ASKS_WITHOUT_MARK = (
    re.compile(  # "in which materials does …", "dark energy: what is known"; not "… of which is …"
        r"""(?:^\W*|[,;:.?]\s+)(?:(?:and|but|in|at|on|for|to|by|from|with|of|under)\s+)*
        (?:(?:what|which|who|whom|whose|why|how|when|where|whether)(?:'?s)?|wich|whic|wat|waht|wht|hwo|is|are|was
        |were|do|does|did|can|could|would|should|will|may|might|must|has|have|had|am|isn't|aren't|don't)\b
    | \bwhether\b | \b(?:vs|versus)\b
    | \b(?:know|knows|known|say|says|tell|unclear|sure|question|asks?|asking|idea|out|understand
        |see|explain|curious|wonder(?:ing)?)\b
        .*\b(?:what|which|who|why|how|when|where|if)\b""",
        re.IGNORECASE | re.VERBOSE | re.DOTALL,
    )
)
REQUEST = re.compile(
    r"""^\W*(?:please\s+|could\s+you\s+|can\s+you\s+)*(?:explain|explan|describe|compare|contrast
        |summari[sz]e|list
        |outline|discuss|review|define|name|find|show|give|tell|identify|survey|analy[sz]e|evaluate|assess
        |clarify|enumerate|search|(?:an?\s+)?overview)\b
    | \b(?:looking|searching)\s+for\b | \binterested\s+in\b | \bwonder(?:ing)?\b | \bcurious\s+about\b
    | \b(?:want|like|need|try|trying|wish|love)\s+to\s+(?:know|understand|learn|find|read|see)\b
    | \bneed\s+(?:information|references|evidence|data|literature)\b""",
    re.IGNORECASE | re.VERBOSE,
)
OPENS_IN_THE_MIDDLE = re.compile(
    r"""^\s*[,;:)\]] | ^\s*\([^()]*\)\s+(?:and|or|of|in|is|are|was|were)\b
    | ^\W*(?:and|or|but|because|whereas|while|than|thus|hence|therefore|moreover|furthermore
        |however|whose|due|respectively)\b(?!.*\?\s*$)
    | ^\W*(?:of|in|with|as|for|to|by|on|from|at|see|compared|is\s+due|are\s+due|for\s+example|e\.g|i\.e
        |such)\b
        (?!.*(?:\?\s*$|\b(?:what|which|whom|whose|why|how|do|does|did)\b))
    | ^\W*(?:where\s+(?:the|an?|we|it|all|each)|that\s+the|using\s+(?:an?|the|our)|so\s+that|such\s+that
        |in\s+order\s+to|given\s+by|more\s+\w+\s+than\s+the|less\s+\w+\s+than\s+the)\b(?!.*\?\s*$)
    | ^\W*which\s+(?:was|were|is|are|has|have|had|can|could|will|would|may)\s+
        (?:then|thus|also|again|not|often|usually|in\s+turn|\w+ed|\w+en|due|shown|known
        |built)\b(?!.*\?\s*$)""",
    re.IGNORECASE | re.VERBOSE,
)
CUT_OFF_BEFORE = re.compile(  # a predicate without its subject, or a clause without its sentence
    r"""^\W*(?:thereby|thus|hence|either|except|unless|until|once|despite|subject\s+to|both\s+(?:in|of|for|on|at)
        |not\s+only)\b
    | ^\W*(?!interested\b)\w+ed\s+(?:over|by|from|with|as|for|on|in|under|at|into|against|between|using|to)\b
    | ^\W*(?:shown|given|taken|chosen|known|found|seen|written|driven)\s+
        (?:over|by|from|with|as|for|on|in|under|at|to)\b
    | ^\W*(?:leading|resulting|yielding|allowing|enabling|avoiding|causing|giving|making|showing|suggesting
        |indicating|implying|achieving|reaching|corresponding|depending|owing|assuming|outperforming)\s+
        (?:to|in|from|on|the|an?|us|that|for|up)\b
    | ^\W*(?:has|have|is|are|was|were)\s+
        (?:\w+ly|also|then|thus|been|often|shown|given|due|used|known|\w+ed\s+(?:by|to|with))\b
    | ^\W*(?:can|could|may|might|must|should|will|would|cannot)\s+(?:also\s+|then\s+|thus\s+)?be\s+\w+
    | ^\W*(?:denotes?|improves|depends|yields?|remains|holds|outperforms|achieves|requires|increases|decreases
        |reduces|leads|allows|provides|consists|contains|represents|becomes|vanishes|saturates|scales)\s+
        (?!of\b)\w+
    | ^\W*(?:when|while|if|since|after|before|although|unlike)\s+(?:\w+ed|the|an?|we|it|all|each|there)\b
        (?!.*\b(?:what|which|who|how|why|where)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
NOUN_LEFT_OPEN = re.compile(  # "What is the dependence of the critical temperature on"
    r"\b(?:dependence|effects?|influence|impact|scaling|constraints?|limits?|bounds?|relation(?:ship)?|differences?"
    r"|comparison|sensitivity|response|applications?|contribution|transition|connection|reason|evidence)\b.*"
    r"\b(?:on|of|with|between|in|to|for|from|by|and)\s*$"
    r"|\b\w{3,}(?:tion|sion|ment|ance|ence|ity|ness|ing)\s+(?:of|between)\s*$",  # "the formation of"
    re.IGNORECASE,
)
OF_A_PAPER = re.compile(
    r"""^\W*(?:figure|fig\.?|table|section|sect?\.|theorem|lemma|corollary|proposition|keywords?|abstract
        |appendix
        |eq\.|equation|references|acknowledg\w+|chapter|index\s+terms|msc)\s*(?:[\divx]+\b|:|[A-Z]\b)
    | ^\W*(?:in\s+this\s+(?:work|paper|article|study|letter|section),|we|our|the\s+authors?|here,?\s+we)\s+
        (?:\w+\s+){0,2}(?:propose|present|show|introduce|study|investigate|demonstrate|find|prove|thank
        |results?
        |suggest|method|approach|model|findings|experiments|observe|conclude|derive|report|analy[sz]e
        |develop)\b
        (?!.*\?\s*$)
    | \bet\s+al\.?\s*[,(\[]\s*\d{4} | \(see\s+also\b | ,\s*respectively\W*$
    | \b(?:introduction|related\s+work|methods?|results|discussion|conclusions?|references)\b(?:[\s,]+
        (?:introduction|related\s+work|methods?|methodology|experiments?|results|discussion|conclusions?
        |references)){2,}""",
    re.IGNORECASE | re.VERBOSE,
)
DANGLING = re.compile(
    r"""\b(?:the|a|an|and|or|but|than|that|between|which|whose|because|if|while|such|via|per|their|its|both
        |whereas|although|e\.g|i\.e|number\s+of|due\s+to|based\s+on|lead\s+to|leads\s+to|such\s+as
        |as\s+well\s+as
        |effects?\s+of|impact\s+of|role\s+of|use\s+of|kind\s+of)[\s.,:…]*\??\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
LEFT_OPEN = re.compile(  # "What are qubits made of?" may end so; "How does the use of kernels in" may not
    r"(?P<before>[\w-]+)\s+(?:of|in|on|at|by|for|with|from|to|as|into|through|over|under|during|using|within)"
    r"[\s.,:…]*(?P<mark>\??)\s*$",
    re.IGNORECASE,
)
WAITS_FOR_MORE = re.compile(  # "How can the performance be"; not "Who knows what dark energy is"
    r"^\W*(?:(?:how|why|when|where)\s+)?(?:is|are|can|could|do|does|did|will|would|should|which|what)\b"
    r"(?!.*\b(?:what|which|who|how|why|where|whether|that)\b).*\b(?:be|is|are|was|were)\W*$",
    re.IGNORECASE,
)
MOVES_TO_THE_FRONT = re.compile(
    r"\b(?:what|which|where|who|whom|that)\b|\bhow\s+(?:many|much)\b", re.IGNORECASE
)
FINITE = re.compile(
    r"""\b(?:is|are|was|were|am|be|been|has|have|had|does|do|did|will|would|can|could|should|shall|must|may
        |might
        |i|we|you|he|she|they|it|me|us|my|our|your|his|their|this|these|those|that|please|not|imply|implies
        |lets?|according|because|however|thus|respectively|propose|shows?|suggests?|proves?
        |demonstrates?|denotes?|indicates?|corresponds?|consists?|depends?|depicts?|remains)\b""",
    re.IGNORECASE | re.VERBOSE,
)
ENDS_A_SENTENCE = re.compile(r"[.!](?:\s|$)|\.{2,}|…|=")
KNOWN_KEYWORDS = 2
KNOWN_SHARE = 0.5


def is_fragment(text: str) -> bool:
    """A piece cut out of a text: it begins in the middle, or stops before its end."""
    cuts = (OPENS_IN_THE_MIDDLE, OF_A_PAPER, DANGLING, WAITS_FOR_MORE, NOUN_LEFT_OPEN)
    if any(cut.search(text) for cut in cuts) or text.rstrip().endswith((",", ";")):
        return True
    if not text.rstrip(" \"'”’)").endswith("?") and CUT_OFF_BEFORE.search(text):
        return True
    end = LEFT_OPEN.search(text)
    if end is None:
        return False
    is_passive = re.search(r"(?:ed|en|made|found|built|known|not|up|used)$", end["before"], re.IGNORECASE)
    return not (MOVES_TO_THE_FRONT.search(text) or (end["mark"] and is_passive))


def is_no_question(text: str) -> bool:
    """Neither asks nor requests nor names a subject of research: an assertion, or nothing to look up."""
    if text.rstrip(" \"'”’)").endswith("?"):
        if QUESTION_WORD.search(text) or REQUEST.search(text):
            return len(text.split()) < 2
        return count_known(text) < 1 or len(text.split()) < 2
    return not (ASKS_WITHOUT_MARK.search(text) or REQUEST.search(text) or is_keywords(text))


def is_keywords(text: str) -> bool:
    """What one types into a search box: words of research side by side, without a verb."""
    if FINITE.search(text) or ENDS_A_SENTENCE.search(text.rstrip(" .")):
        return False
    content = {word for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.lower()) if word not in EMPTY_WORDS}
    known = count_known(text)
    return known >= KNOWN_KEYWORDS and known >= KNOWN_SHARE * len(content)


def count_known(text: str) -> int:
    """How many different words of content this archive's sciences use."""
    words = {word for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.lower()) if word not in EMPTY_WORDS}
    return sum(is_known(word) for word in words)


def says_nothing(text: str) -> bool:
    """A question of which no word says what it is about: "Why is that the case?"."""
    return is_empty_talk(text) or (count_content(text) == 0 and not re.search(r"\d|\$", text))
