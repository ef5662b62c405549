"""Pure: questions that lean on something which only their asker sees."""

import re

from qa.refusals.sentence import says_nothing
from qa.refusals.words import EMPTY_WORDS, count_content
from qa.wording import stem, word_set

DOCUMENT = r"""(?:paper|article|study|preprint|manuscript|publication|abstract|document|text|passage|figure
    |table|equation|section|appendix|thread|link|pdf|file|image|snippet|code|answer|summary|excerpt|authors?
    |researchers)"""
POINTED_OUT = r"""(?:assumption|terms?|points?|case|argument|claim|approach|method|part|examples?
        |conditions?|experiment
    |option|idea|statement|sentence|paragraph|bullet|item|reason|result|finding|hypothesis|question|answer
        |one|ones)"""
LOST_CONTEXT = re.compile(
    rf"""\b(?:this|these|that)\s+(?:\w+\s+)?{DOCUMENT}\b(?!-)(?!\s+(?:is|are|can|could|that)\s+(?:a|an|the)\b)
    | \bthe\s+(?:present|given|attached|provided|following|linked|cited|current|previous|last|same|above)\s+
        {DOCUMENT}\b
    | \bthe\s+[\w-]+(?:\s+[\w-]+)?\s+(?:above|below)
        (?=\s*(?:[?.,;!]|$)|\s+(?:is|are|was|were|does|do|did|can|could|has|have|perform|converge\w*
        |work\w*)\b)
    | \b(?:above|previously|earlier|just|already)[\s-]+
        (?:mentioned|described|discussed|stated|given|asked|cited)\b
    | \b(?:mentioned|described|discussed|shown|listed|stated|given|cited|reported)\s+
        (?:above|earlier|before|previously|(?:in|by)\s+(?:the|this)\s+{DOCUMENT})\b
    | \b(?:the|these|those)\s+(?:authors?|researchers)\b(?!\s+(?:of|from|who|behind|in\s+the\s+field)\b)
    | \baforementioned\b | \bhere\s*\?\s*$
    | \bthe\s+(?:former|latter|above|foregoing)\b | \bthe\s+other\s+(?:one|two|ones)\b
    | \bin\s+the\s+(?:title|abstract|introduction|discussion|caption|supplement\w*|appendix)\b
        (?!\s+(?:of|to)\b)
    | \bat\s+that\s+(?:point|stage|step|time|moment)\b
    | \b(?:which|what|either|one)\s+of\s+the\s+(?:two|three|four)\s+
        (?:is|are|was|were|does|do|has|can|would|should|performs?|works?)\b(?!.*\bor\b)
    | \b(?:your|the)\s+(?:last|previous|first|earlier)\s+(?:answer|response|reply|question|message)\b
    | \byou\s+(?:just\s+)?(?:said|mentioned|wrote)\b
    | ^\W*(?:and|but|so)?\s*(?:what|how)\s+about\s+(?:it|that|this|them|those|these)\b
    | ^\W*(?:and|but|so),?\s+(?:what|how|why|is|are|does|do|can)\b
    | ^\W*(?:tell\s+me\s+more|go\s+on|continue|explain\s+(?:more|further|again)|say\s+more|elaborate)\W*$
    | \b(?:elaborate|expand|comment)\s+(?:more\s+)?on\s+(?:the\s+\w+\s+(?:point|part)|that|this|it)\b
    | \bthe\s+(?:first|second|third|fourth|last|next|other|latter|same)\s+{POINTED_OUT}\b
        (?!\s+(?:of|that|where|in\s+(?!(?:equation|eq|figure|table|section)\b)))
    | \b(?:equation|eq\.?|eqn\.?|figure|fig\.?|table|section|sec\.?|theorem|lemma|ref\.?|appendix|chapter
        |page)\s*[(\[]?
        \d[\d.]*\b
    | \b(?:of|in|by|about|like|with|among|is|are)\s+(?:these|those)\s+(?:\w+\s+)?(?:approaches|methods
        |models|findings
        |results|techniques|cases)\b(?=\W*(?:$|is|are))""",
    re.IGNORECASE | re.VERBOSE,
)
# Nouns that name nothing by themselves: after "the", they stand for what was spoken of before.
GENERIC = r"""(?:methods?|algorithms?|models?|approach|approaches|results?|findings?|study|studies|paper
    |preprint|datasets?|data\s+sets?|effects?|experiments?|proposal|technique|framework|procedure|scheme|architecture
    |simulations?|analysis|article|work|abstract|manuscript|phenomenon|protocol|strategy|setup|set-up
    |conclusions?|problem|issue|device|samples?|parameters?|hypothesis|hypotheses|assumptions?|theory|process|system|network
    |classifier|instability|transition|observations?|limitations?|implementation|examples?|baselines?|solution
    |improvements?|claims?|thresholds?|proof|layers?|increase|decrease|differences?|changes?|value|error|accuracy
    |performance|reason|cause|gap|bound|estimate|predictions?|loss|metric|curve|plot|groups?|participants|control
    |intervention|treatment|compound|structure|step|stage|variables?|formula|coefficients?|expression|inequality
    |argument|task|goal|objective|benchmark|features?|components?|module|code|tool|software|library|pipeline
    |workflow|survey|review|trend|pattern|correlation|relationship|connection|mechanism|case|scenario|context
    |setting|contributions?|novelty|advantages?|drawbacks?|benefits?|implications?|consequences?|outcome
    |applications?|motivation|aim|intuition|idea|definition|notation|anomaly|author|authors|researchers|team
    |patients?|subjects?|cohorts?|peaks?|rows?|columns?|panels?|axis|term|terms|lines?|factor\s+of\s+\w+
    |error\s+bars?|learning\s+rate|control\s+group|(?:test|training)\s+(?:set|data)|sample\s+size|source\s+code
    |procedure|construction|measurement|calculation|comparison|evaluation|evidence|constraint|constraints)"""
ON_ITS_OWN = r"""(?=\W*$|\s*[,?;:.]|\s+(?:is|are|was|were|be|been|can|could|will|would|does|do|did|has|have
        |had|may|might
    |must|should|work\w*|perform\w*|compare\w*|differ\w*|scale|scales|fail|fails|converge\w*
        |generali[sz]e\w*|used|found
    |reported|proposed|presented|described|discussed|considered|itself|also|still|really|always|ever|on|at
        |under|when
    |if|while|and|or|mean|use|uses|choose|chose|measure|measured|achieve\w*|reach|suffer|require|requires
        |need|needs
    |assume|assumes|take|takes|make|makes|handle|handles|apply|applies|behave|change|depend|depends|rely
        |relies|look
    |show|shows|showed|say|says|come|comes|stand|stands|stop|stops|go|goes|differ|vary|varies|drop|drops|rise
    |rises|flatten|flattens|peak|peaks|fall|falls|decreased?|increased?|excluded|matched|balanced|blinded|normali[sz]ed
    |reproducible|repeatable|robust|reliable|available|public|plausible|realistic|general|novel|stable|scalable
    |optimal|sufficient|enough|sensitive|accurate|similar|so|too|this|one|two|three
    |were|statistically|chosen|changed|lowered|increased|significant|valid|correct|true|false|conclude|break|appear|occur|improve|help|hold|be\s+\w+|better|to\s+(?:three|two|other|larger|higher|new|real)\b
    |that\s+(?:was|were|is|are)\s+(?:found|used|described|proposed|reported|observed|seen|presented|mentioned)
    |in\s+(?:\d{4}|practice|general|this|the\s+(?:abstract|paper|study|figure)|their|detail|three|two|more))\b)"""
THE_GENERIC = re.compile(
    rf"""\b(?:the|their|his|her|that)\s+
    (?:(?:main|proposed|presented|suggested|described|considered|resulting|reported|obtained|final|overall
        |same|whole
        |new|key|two|three|four|five|six|most\s+important|major|chosen|different|various|original|second|first
        |third|fourth|last|other|above|standard|present|current|author'?s|authors')\s+)*
    {GENERIC}\b(?!-){ON_ITS_OWN}""",
    re.IGNORECASE | re.VERBOSE,
)
BOTH = re.compile(
    r"\b(?:both|the\s+(?:two|three|four))\s+(?:models|methods|approaches|cases|datasets|data\s+sets|results"
    r"|theories|groups)\b"
    r"(?!\s+(?:of|for|in|that))",
    re.IGNORECASE,
)
SUCH = re.compile(
    r"\bsuch\s+(?:an?\s+)?(?!as\b|that\b|thing\b|an?\b)[\w-]+\b(?!\s+as\b)|\bthe\s+same\s+(?:techniques?|effects?|results?|behaviou?r|method"
    r"|problem|thing|approach|trick"
    r"|model|phenomenon|mechanism|issue)\b(?!\s+as\b)",
    re.IGNORECASE,
)
BARE_THAT = re.compile(
    r"^\W*(?:(?:why|how|when|where|what|who)\b\W*)?(?:is|was|does|did|can|could|would|has|do|will|causes?"
    r"|about|of|by)?\s*"
    r"\bthat\s*(?:\?|$|(?:the\s+case|so|true|possible|correct|right|necessary|enough|sufficient|important"
    r"|happens?"
    r"|works?|means?|imply|implies|affects?|different|an?|not|ends?|be|done|measured|explained|compare)\b)",
    re.IGNORECASE,
)
THE_SAME = re.compile(  # "Does the same hold in three dimensions?"
    r"\bthe\s+same\s+(?:holds?|true|apply|applies|happens?|go|goes|works?|possible|observed|seen)\b",
    re.IGNORECASE,
)
SO_MANY = re.compile(  # "Why are the two peaks so different?"
    r"\bthe\s+(?:two|three|four|five)\s+[\w-]+s\b(?!\s+(?:of|for|in|that|which|between|from|with|on)\b)",
    re.IGNORECASE,
)
# "How is the learning rate chosen in federated learning?" says whose it is, after all.
IN_A_FIELD = re.compile(
    r"\b(?:in|for|during|on)\s+(?!(?:the|this|that|these|those|their|its|his|her|our|your|my|a|an|all|both|other"
    r"|two|three|four|which|what|practice|general|higher|lower|larger|more|new|real)\b)[a-z]+[\s-]+[a-z]{3,}",
    re.IGNORECASE,
)
OF_THEM = re.compile(r"\b(?:of|by|with|for|to|from)\s+them\b", re.IGNORECASE)
ASKS_OF_THEM = re.compile(  # "In which journal did they publish it?"
    r"\b(?:do|did|does|have|has|had|are|were|was|is|can|could|would)\s+(?:they|he|she)\b", re.IGNORECASE
)
WITH_BARE_THAT = re.compile(
    r"\b(?:of|by|about|with|to|from|than|like|after|before|for)\s+(?:that|this)\s*(?:\?|$)", re.IGNORECASE
)
BARE_PRONOUN = re.compile(
    r"\b(?:(?!(?-i:IT)\b)it|its|they|them|their|theirs|he|she|his|her)\b", re.IGNORECASE
)
EXPLETIVE = re.compile(  # "Is it possible to …", "What does it take to …", "Does it matter whether …"
    r"""\bit\b(?:'s)?\s+(?:(?!(?:work|perform|apply|scale|use|fail|differ|run|handle|behave|compare|need
        |improve|generali[sz]e
        |reach|achieve|extend|depend|affect|converge|break|look|appear|occur)\w*\b)[\w-]+\s+){0,6}?
        (?:to|that|whether|if|how|why|what|who|where|when)\b""",
    re.IGNORECASE | re.VERBOSE,
)
THIS_NOUN = re.compile(r"\b(?:this|these|those)\b(?:\s+([\w-]+))?", re.IGNORECASE)
EVERYBODY_SEES = word_set(  # "this archive", "these days"
    "year years decade century month day days archive site universe world planet"
)
ROOM_TO_LEAN_ON = 3  # words of content before "this …" that it may stand for
ROOM_AROUND = 5  # words of content around "the loss" that say which loss
ROOM_IN_A_CLAUSE = 2  # where they stand in a clause of their own


def leans_on_lost_context(text: str) -> bool:
    """Whether it speaks of "this instability", "the method" or "it" with nothing before to be meant."""
    if LOST_CONTEXT.search(text) or BARE_THAT.search(text) or says_nothing(text):
        return True
    if leans_on_noun(text):
        return True
    for pattern in (BOTH, SUCH, WITH_BARE_THAT, THE_SAME, SO_MANY, OF_THEM):
        if any(not has_room(text[: match.start()]) for match in pattern.finditer(text)):
            return True
    if any(points_nowhere(text, match) for match in THIS_NOUN.finditer(text)):
        return True
    if any(count_content(text[: match.start()]) <= 1 for match in ASKS_OF_THEM.finditer(text)):
        return True
    plain = EXPLETIVE.sub(" ", text)
    pronoun = BARE_PRONOUN.search(plain)
    return pronoun is not None and count_content(plain[: pronoun.start()]) == 0


def leans_on_noun(text: str) -> bool:
    """Whether it speaks of "the method" without saying of which, before or after it."""
    for match in THE_GENERIC.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if has_room(before) or IN_A_FIELD.search(after):
            continue
        if count_content(f"{before} {after}") < ROOM_AROUND:
            return True
    return False


def points_nowhere(text: str, match: re.Match[str]) -> bool:
    """Whether nothing before "this" or "these", or its noun, could be meant by it."""
    noun, before = (match.group(1) or "").lower(), text[: match.start()]
    if noun in EVERYBODY_SEES or has_room(before):
        return False
    named = {stem(word) for word in re.findall(r"[a-z]+", before.lower()) if word not in EMPTY_WORDS}
    return not noun or stem(noun) not in named


def has_room(before: str) -> bool:
    """Whether what stands before has enough words of content to be what is leant on."""
    count = count_content(before)
    return count >= ROOM_TO_LEAN_ON or (count >= ROOM_IN_A_CLAUSE and bool(re.search(r"[,;:.?!(]", before)))
