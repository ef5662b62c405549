"""Pure: texts that speak to the machine rather than ask about research: orders, prying for secrets, chat."""

import re

from qa.refusals.sentence import QUESTION_WORD

POLITELY = (
    r"^\W*(?:please\s+|now\s+|but\s+|also,?\s+|then,?\s+|and\s+|instead,?\s+|(?:can|could|would"
    r"|will)\s+you\s+)*"
)
WORK = r"""(?:poem|story|essay|song|joke|haiku|limerick|letter|e-?mail|tweet|post|blog|script|code|function
        |program|speech
    |rap|novel|recipe|review|advert\w*|paragraph|python|abstract|lecture|proposal|title|report|quiz|questions
    |thesis|summary|introduction|conclusion|section|slides|presentation|poster|dialogue|conversation|headline
    |press\s+release|caption|hashtags?|bibliography)"""
INSTRUCTION = re.compile(
    rf"""{POLITELY}(?:ignore|disregard|forget|override|bypass)\b.{{0,40}}\b
        (?:instruction|prompt|rule|guideline|context|everything|above|previous|prior|polic|training|told|said
        |source|preprint)
    | \b(?:ignore|disregard|forget|override)\s+
        (?:all|any|every|the|your|my|these|those|previous|prior|preceding|above|what)\b[^.?!]{{0,40}}
        \b(?:instructions?|prompts?|rules|guidelines|messages?|directions|constraints)\b[^?]*$
    | ^\W*(?:you\s+are|you're|you\s+will|you\s+must|you\s+should|you\s+shall|you\s+have\s+to|act\s+as
        |act\s+like
        |pretend|role-?play|imagine\s+you|behave\s+as|from\s+(?:now|here)\s+on|new\s+(?:instructions?|rules?
        |task)\b
        |system\s*(?:prompt)?\s*:|assistant\s*:|user\s*:|let'?s\s+play|let\s+us\s+play|as\s+(?:my|an?\s+AI)\b)
    | \b(?:you\s+are\s+now|you\s+(?:will|must|should)\s+(?:now\s+)?(?:act|answer|respond|reply|write|say
        |speak)\b
        |from\s+now\s+on,?\s+you|pretend\s+(?:to\s+be|that\s+you|you)|as\s+an\s+AI\b
        |(?:developer|god|system|override|maintenance|jailbreak|dan)\s+mode\b)
    | \b(?:your|the\s+real|the\s+actual)\s+task\s+is\b
    | \byour\s+(?:\w+\s+)?(?:prompt|instructions?|rules|guidelines|training\s+data|secret|key|password
        |passcode|database|answer|response|reply|replies|message|developer|creator|users?|output|reasoning
        |own\s+(?:knowledge|words|opinion))\b
    | \b(?:reveal|show|print|output|repeat|tell\s+me)\s+(?:me\s+)?(?:the|this)\s+(?:\w+\s+)?
        (?:prompt|instructions)\b
    | {POLITELY}(?:write|compose|draft|create|generate|produce|make|tell|invent|prepare)\s+(?:me\s+|us\s+
        |up\s+)*
        (?:an?|the|some|my|two|three|four|five|ten|\d+)\s+(?:[\w-]+\s+(?:and\s+)?){{0,3}}{WORK}\b
    | {POLITELY}(?:translate|repeat|rewrite|paraphrase|proofread|rephrase|print|output|echo|encode|decode
        |execute|run|reveal|respond|reply|say|answer|generate|make\s+(?:the|your|it)|give\s+your|stop
        |start\s+being|end\s+every|begin\s+(?:each|every|your)|think\s+step|do\s+not|don't|never|always
        |convert\s+(?:this|the\s+following)|use\s+(?:only|your|no|many)|keep\s+(?:it|the\s+answer)
        |praise|mention|include|add|put|append|insert)\b(?!.*\?\s*$)
    | {POLITELY}(?:summari[sz]e|shorten|improve|correct|check|edit|analy[sz]e|continue|expand)\s+(?:the|this
        |my|that)
        \s+(?:following|text|paragraph|message|essay|draft|passage|sentence|input|content|document)
    | \b(?:the|this)\s+\w+\s+(?:that\s+)?I\s+(?:will|am\s+going\s+to|have|just)\s*(?:\w+\s+)?
        (?:paste|give|gave|given|send|sent|write|wrote|upload|attach|provide)
    | \b(?:respond|reply|answer)\s+(?:only|just|always|exclusively)?\s*(?:with|in|by|as|like)\s+
        (?:the|a|an|only|one|json|html|markdown|exactly|["'“‘])(?!.*\?\s*$)
    | \b(?:write|give|format)\s+(?:your|the|me|an?)\s+(?:answer|reply|response)\b
    | \b(?:previous|prior|earlier|above|original|hidden)\s+(?:instructions?|rules|prompt)\b(?!.*\?\s*$)
    | \bwhenever\s+(?:you|i)\b
    | <\|(?:im_start|im_end|system|user|assistant|endoftext)\|> | \[/?INST\]
    | \#\#\#\s*(?:instruction|system|response)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
KEPT_BACK = r"""(?:api[\s_-]?keys?|passwords?|secret[\s_-]?(?:keys?|tokens?|code)?|access[\s_-]?tokens?
        |credentials
    |environment\s+variables|env\s+vars?|delimiters?|source\s+code|log\s*files?|config\w*|database
        |ip\s+address\w*
    |e-?mail\s+address\w*|settings)"""
PRYING = re.compile(
    rf"""^\W*(?:please\s+|(?:can|could|would|will)\s+you\s+)*(?:show|give|print|list|dump|tell|reveal|read
        |send|leak
        |display|share|expose|output|return)\b.{{0,60}}\b{KEPT_BACK}\b
    | \b{KEPT_BACK}\b.{{0,40}}\b(?:of\s+th(?:is|e)\s+(?:web)?(?:site|server|page|api|service)|does\s+th(?:is
        |e)\s+
        (?:web)?site|do\s+you)\b
    | \b(?:th(?:is|e)\s+(?:web)?site|the\s+server|admin(?:istrator)?|curator|your)\b.{{0,30}}\b{KEPT_BACK}\b
    | \b(?:were|was|have|been|are)\s+(?:you|your)\s+(?:\w+\s+)?(?:given|told|instructed|prompted|programmed
        |based
        |trained|allowed|forbidden)\b
    | \byou\s+(?:were|have\s+been|are)\s+(?:\w+\s+)?(?:given|told|instructed|prompted|programmed|based
        |trained|running)\b
    | \btold\s+you\b | \byour\s+(?:[\w-]+\s+){{0,2}}(?:context|window|memory|system|model|version
        |developers?|makers?
        |delimiters?|first\s+message)\b
    | \b(?:text|words?|lines?|everything|content|message)\s+(?:above|before|preceding)\s+(?:this|the)\s+
        (?:line|sentence|message|question|word)
    | \bhidden\s+(?:text|instructions?|messages?|prompts?)\b(?!.*\?\s*$)
    | \b(?:previous|other|last|next|earlier)\s+users?\b.{{0,30}}\b(?:ask|said|say|write|wrote|question)
    | \b(?:people|users?|askers?|who)\s+(?:who\s+)?(?:else\s+)?(?:asked|is\s+using|are\s+using
        |uses)\b.{{0,40}}\b
        (?:here|you|this\s+(?:web)?site)\b
    | \bsystem\s+prompt\s+(?:is|says|begins|starts|reads)\b | \bbase-?64\b(?!.*\?\s*$)
    | /etc/\w+ | \bsettings\.py\b | (?<!\w)\.env\b | \bSECRET_KEY\b | \bwithout\s+an?\s+password\b
    | \b(?:decode|decrypt|run|execute)\s+(?:this|the\s+following|it)\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
ASKING_KINDLY = r"""(?:(?:please|kindly|maybe|perhaps|also)\s+)?(?:tell|explain|find|list|show|describe
        |summari[sz]e|give
    |compare|recommend|suggest|name|point|say|clarify|outline|discuss|identify|elaborate|help|provide
        |define)"""
CHAT = re.compile(
    rf"""^\W*(?:are|were|am|do|did|have|will|would|can|could|should|may|might)\s+(?:you|we|i)\s+
        (?:(?:really|even|always|ever|all)\s+)?(?:an?\s+(?:human|robot|bot|machine|person|computer|ai|real
        |chatbot|girl|boy|man|woman)
        |human|real|alive|there|sure|ok|okay|sentient|conscious|chatgpt|gpt\S*|be\s+friends|friends|talk|chat
        |hear|speak|like|love|hate|feel|sleep|dream|remember|ask\s+you|marry|say\s+hello|understand\s+me)\b
    | ^\W*(?:are|were|do|did|have)\s+you\s+(?!know\s+(?:if|whether|of|what|how|why|which|any|about)\b)\w+
    | ^\W*(?:can|could|will|would)\s+you\s+(?!{ASKING_KINDLY}\b)\w+
    | ^\W*(?:what|who|how|where|when|why|which\s+\w+|what\s+\w+)(?:'s|'re|\s+(?:is|are|were|do|did|have|made
        |created|built|wrote|trained|owns|runs|designed))?\s+(?:are\s+)?(?:you|your\s+(?:name|job|age
        |favou?rite\s+\w+
        |opinion|creator|purpose|gender|mood))\b(?!\s+(?:get|make|train|measure|build|prove|choose|avoid
        |compute
        |estimate|define|compare|detect|find|show|test|use|need|call|solve|model|simulate|do\b(?!\s*\?)))
    | \bdo\s+you\s+(?:think|feel|like|want|prefer|love|speak|believe)\b
    | ^\W*(?:many\s+)?(?:thanks|thank\s+you|thx|bye|goodbye|lol|lmao|haha\w*|ok(?:ay)?|wow|congrat\w+
        |well\s+done|good\s+(?:job|work|bot|night)|great\s+(?:answer|job|work|site)|nice\s+(?:answer|job
        |work|site|one|to))\b
    | \b(?:you|your)\s+(?:are|were|is|last|previous)\s+(?:\w+\s+)?(?:wrong|stupid|great|best|awesome|amazing
        |useless|right
        |smart|dumb|answer|reply|response|helpful)\b
    | ^\W*I\s+(?:love|like|hate|am|agree|disagree|was|feel|miss)\b(?!.*\b(?:looking|interested|curious
        |wondering|trying
        |studying|working|unsure|searching|whether|unclear)\b)(?!.*\?\s*$)
    | \bentertain\s+me\b | \btell\s+me\s+(?:a|another)\s+(?:joke|story|secret)\b | \bkeep\s+up\s+the\b
    | \b(?:isn't|aren't|doesn't|don't|wasn't|right|innit)\s*(?:it|they|that)?\s*\?\s*$(?<=n't\sit\?)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|hallo|greetings|dear\s+\w+|good\s+(?:morning|afternoon|evening"
    r"|day))\b(?:\s+(?:there|all"
    r"|everyone|everybody|team|dear|sir|madam))*\s*[,.!:;-]*\s*",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[\"“”][^\"“”]*[\"“”]")
SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")


def is_instruction(text: str) -> bool:
    """Whether it orders a language model about, in one of its sentences.

    A question may speak of such texts in quotation marks.
    """
    unquoted = QUOTED.sub(" ", text) if QUESTION_WORD.match(text) else text
    return any(INSTRUCTION.search(part) for part in [unquoted, *SENTENCE_END.split(unquoted)])


def is_prying(text: str) -> bool:
    """Whether it asks for what this site or its language model was told, or keeps."""
    return bool(PRYING.search(QUOTED.sub(" ", text)))


def is_chat(text: str) -> bool:
    """A greeting, praise, blame, or a question about whoever answers; not a greeting before a question."""
    rest = GREETING.sub("", text)
    return any(CHAT.search(part) for part in SENTENCE_END.split(rest)) or (
        rest != text and not QUESTION_WORD.search(rest)
    )
