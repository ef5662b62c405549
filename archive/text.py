"""One policy for every text from outside, harvested or asked: what is refused, what is taken out. Pure.

NFC; U+0000 and lone surrogates are refused; control, bidi, zero-width and tag characters are taken out; at
most four combining marks stay on a base.
"""

import hashlib
import re
import unicodedata

MAX_COMBINING_MARKS = 4

REFUSED = re.compile("[\x00\ud800-\udfff]")
INVISIBLE = re.compile(
    "["
    "\x01-\x08\x0b-\x1f\x7f-\x9f"  # controls; tab and line feed stay
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero width, bidi marks and overrides
    "\ufff9-\ufffb\U000e0000-\U000e0fff"  # interlinear annotation, tags, supplementary variation selectors
    "]"
)
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # however it is written
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
WHITE_SPACE = re.compile(r"\s+")


class RefusedText(ValueError):
    """A text that no cleaning makes safe to keep; the message says why in words."""


def clean_text(text: str) -> str:
    """A text under the policy. Cleaning twice changes nothing. Raises RefusedText on U+0000, surrogates."""
    if found := REFUSED.search(text):
        raise RefusedText(f"the text has the forbidden character U+{ord(found.group()):04X}")
    if text.isascii():
        return INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    text = INVISIBLE.sub("", LINE_ENDS.sub("\n", text))
    return limit_marks(unicodedata.normalize("NFC", text))


def clean_line(text: str) -> str:
    """A text under the policy as one line: single spaces, and none at the ends."""
    flat = text.replace("\n", " ")
    if flat.isascii() and flat.isprintable():  # most texts: nothing to refuse, nothing to take out
        return " ".join(flat.split())
    return WHITE_SPACE.sub(" ", clean_text(text)).strip()


def limit_marks(text: str) -> str:
    """The text with at most four combining marks after each base."""
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MAX_COMBINING_MARKS:
            kept.append(character)
    return "".join(kept)


def xml_text(text: str) -> str:
    """A text without what XML 1.0 can't hold in any way of writing."""
    return NOT_IN_XML.sub("", text)


def hash_text(title: str, abstract: str) -> str:
    """SHA-256 of what is embedded and quoted: a vector whose hash differs belongs to an older text."""
    return hashlib.sha256(f"{title}\n{abstract}".encode()).hexdigest()
