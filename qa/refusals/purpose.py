"""Pure: texts that want something else than an answer from research: for oneself, for sale, for an exam."""

import re

PERSONAL = re.compile(
    r"""\bmy\s+(?:\w+\s+){0,2}?(?:girl|boy)?(?:friends?|wife|husband|boss|doctor|son|daughter|child|children
        |kids?|baby|cat
        |dog|pet|mole|homework|exams?|cv|resume|ex|mother|father|mom|mum|dad|parents?|brother|sister|landlord
        |neighbou?rs?|teacher|professor|supervisor|job|salary|house|flat|car|phone|laptop|computer|skin|rash
        |period
        |headaches?|symptoms?|pain|knee|back|heart|blood|scan|diagnosis|birthday|flight|money|taxes|visa|life
        |relationship|marriage|account|order|pills|assignment|grades?|coursework|dissertation|medication
        |weight|hair
        |name|age|future)\b
    | \bshould\s+i\s+(?:break|eat|drink|take|name|call|buy|apply|study|marry|wear|invest|go|move|see|tell
        |date|quit|become
        |visit|watch|sell|learn|stay|leave|get|have|feel|worry|be)\b
    | ^\W*(?:am|will)\s+i\b | \bwill\s+i\b | ^\W*do\s+i\s+(?:have|look|need\s+(?:a|an|surgery))\b
    | ^\W*can\s+i\s+(?:take|eat|drink|catch|die|smoke|get\s+(?:a|an|my|pregnant))\b
    | \bi\s+(?:have|had|feel|suffer|am)\s+(?:\w+\s+){0,3}(?:headache|fever|pain|cough|cancer|rash|pregnant
        |sick|ill|tired
        |depressed|anxious|sad|lonely|dizzy)\b
    | \bnear\s+me\b | \bremind\s+me\b | \bwake\s+me\b | ^\W*(?:please\s+|(?:can|could)\s+you\s+)*(?:book
        |order|buy|call|send
        |cancel|schedule|reserve|pay|e-?mail)\s+(?:me|us|a|an|the|this|my|some)\b
    | \bfind\s+me\s+(?:a|an|some)\s+(?:job|flat|house|girlfriend|boyfriend|flight|hotel|restaurant
        |internship)\b
    | \bwho\s+lives\s+at\b | \bphone\s+number\s+of\b | \bwhere\s+does\s+[A-Z]\w+\s+[A-Z]\w+\s+live\b
    | \bweather\s+(?:like\s+)?(?:in|for|today|tomorrow|tonight)\b | \b(?:tonight|tomorrow|next\s+(?:monday
        |tuesday|wednesday
        |thursday|friday|saturday|sunday|week|weekend)|on\s+(?:monday|tuesday|wednesday|thursday|friday
        |saturday
        |sunday))\b | \b(?:help|assist|advise)\s+me\b | \b(?:review|check|read|look\s+at|proofread
        |correct)\s+my\b""",
    re.IGNORECASE | re.VERBOSE,
)
ADVERTISING = re.compile(
    r"""\bclick\s+here\b | \b(?:sign\s+up|order|buy|book|call|act|apply|register|enrol)\s+(?:now|today|here)\b
    | \bfree\s+(?:shipping|spins|trial|delivery|gift)\b | \bno\s+deposit\b | \b(?:best|lowest|low|great
        |unbeatable)\s+prices?\b
    | \blimited[\s-]+time\b | \d+\s*%\s+(?:off|discount)\b | \bmoney[\s-]back\b | \b(?:special
        |exclusive)\s+offers?\b
    | \b(?:our|my)\s+(?:new\s+|\w+\s+)?(?:website|services?|experts?|pills|hosting|store|shop|webinar
        |channel|bot|products?
        |journal|plans|newsletter|course|app|offer|customers)\b
    | \bcontact\s+(?:me|us)\b | \bwhatsapp\b | \btelegram\b | \bfollow\s+(?:us|me)\b | \bvisit\s+(?:us|our
        |my)\b
    | \bsubscribe\s+(?:to|now)\b | \b(?:earn|make|win)\s+(?:up\s+to\s+)?(?:[$€£]\s*\d|money|passive)\b
        | \bpassive\s+income\b
    | \bfrom\s+home\b | \bdouble\s+your\b | \byou\s+(?:have|'ve)\s+won\b | \bclaim\s+your\b
        | \bin\s+your\s+area\b
    | \bwithout\s+(?:a\s+)?prescription\b | \+?\d[\d\s-]{8,}\d | \b1-800\b | \b[\w.+-]+@[\w-]+\.\w+
    | [$€£]\s*\d+(?:\.\d+)?\s+(?:per|a)\s+(?:month|week|day|hour) | \b24/7\b | \binvites?\s+you\b
        | \bsubmit\s+your\b
    | \bjoin\s+(?:us|our)\b | \bdownload\b.{0,40}\bfree\b | \breplica\b | \bwholesale\b | \bcasino\b
        | \bviagra\b
    | \b(?:essay|thesis|dissertation|assignment|paper)[\s-]writing\b | \bwrite\s+your\s+(?:thesis|essay
        |paper|dissertation)\b
    | \bweight\s+fast\b | \binvest\s+in\s+\w+\s+(?:today|now)\b | \baffordable\b.*\b(?:services?|insurance
        |call|price)\b
    | \bcheap\s+(?:\w+\s+)?(?:flights?|followers|pills|loans?|watches|price|hotels?|tickets?|phones?)\b
        | \bhot\s+singles\b
    | \bseo\s+services\b | \bbacklinks\b | \bfor\s+students,\s+\d | \bfast\s+loans?\b | \bget\s+rich\b""",
    re.IGNORECASE | re.VERBOSE,
)
EXERCISE = re.compile(
    r"""^\W*(?:please\s+)?(?:solve|calculate|compute|derive|prove|simplify|factori[sz]e|factor|balance
        |integrate
        |differentiate|match\s+the|fill\s+in|choose\s+the|select\s+the|true\s+or\s+false|state\s+(?:the
        |[A-Z]\w+'s)
        |complete\s+the|sketch|determine|plot|draw|label|tick|underline|evaluate\s+(?:the\s+)?(?:determinant
        |integral
        |sum|limit|expression|following)|find\s+the\s+(?:derivative|integral|value|roots?|solution|area
        |volume|limit
        |determinant|inverse|eigenvalues?|maximum|minimum|sum)|convert\s+[\d.]+|write\s+down)\b(?!.*\?\s*$)
    | (?:\b[A-D]\)|\([a-dA-D]\)|(?:^|\s)[a-d][).])\s.*(?:\b[A-D]\)|\([a-dA-D]\)|\s[a-d][).])\s
    | [(\[]\s*\d+\s+(?:points?|marks?|pts)\s*[)\]] | ^\W*(?:question|exercise|problem|task|q)\.?\s*\d+\b
    | \bshow\s+(?:all\s+)?(?:your|the)\s+work(?:ing)?\b | \bin\s+(?:about\s+|at\s+most\s+)?\d+\s+words\b
        | \bof\s+\d+\s+words\b
    | \b(?:significant|decimal)\s+(?:figures|places|digits)\b | \b[fgh]\(\s*-?\d+\s*\)\s*\?? \s*$
    | \bwhat\s+is\s+-?[\d.]+\s*(?:times|plus|minus|divided\s+by|over|to\s+the\s+power|[-+*/x×÷^])\s*-?[\d.]+
    | \b(?:square|cube)\s+root\s+of\s+\d | _{3,} | ^\W*(?:true\s+or\s+false|multiple\s+choice)\b
    | \bwhich\s+(?:one\s+)?of\s+the\s+following\s+(?:\w+\s+)?(?:is|are)\s+(?:true|false|correct|not|an?)\b
    | ^\W*(?:an?|two|three|the|if\s+an?)\s+(?:[\w-]+\s+){1,8}(?:[\w./^-]+\s+){0,10}?\d[\d.]*\s*(?:m|cm|km|kg
        |g|n|c|v|s|j|w|hz|k|mol
        |ohm|km/h|m/s|am|pm|degrees|metres|meters|seconds|hours)\b.*[.,]\s+(?:\w+\s+){0,2}?(?:calculate|find
        |how|what|when
        |determine|where|compute)\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def is_personal(text: str) -> bool:
    """Advice on one's own life or health, or an errand."""
    return bool(PERSONAL.search(text))


def is_advertising(text: str) -> bool:
    return bool(ADVERTISING.search(text))


def is_exercise(text: str) -> bool:
    """A task from a textbook or an exam, with its own figures or options."""
    return bool(EXERCISE.search(text))
