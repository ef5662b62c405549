"""What of a JSON line is not in the record that the archive keeps of it."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from archive.cleaning import CATEGORY
from archive.names import decode_tex
from archive.records import Record

# White space, controls, and what only tells programs how to set the text.
UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")


def find_losses(data: dict[str, Any], kept: Record) -> list[str]:
    """The fields of a line of this site's own shape whose value is lost or altered, each with what it was.

    White space, Unicode's and TeX's ways of writing accents, and what no eye can see are no losses. Nor are
    classes of other bodies among the categories (68T05), of which none looks like one of arXiv's, nor a
    second DOI.
    """
    pairs = {
        "id": (data["id"].removeprefix("arXiv:").lower(), kept.source_id),
        "title": (letters(data["title"]), letters(kept.title)),
        "abstract": (letters(data["abstract"]), letters(kept.abstract)),
        "comments": (letters(data.get("comments") or ""), letters(kept.comments)),
        "authors": (
            [letters(decode_tex(name)) for name in data["authors"]],
            [letters(author.name) for author in kept.authors],
        ),
        "categories": (set(arxiv_categories(data)), set(kept.categories)),
        "primary_category": (data.get("primary_category") or kept.categories[0], kept.categories[0]),
        "submitted": (data["submitted"], str(kept.submitted_on)),
        "updated": (data.get("updated") or "None", str(kept.revised_on)),
        "doi": (bool((data.get("doi") or "").strip()), bool(kept.doi)),
        "withdrawn": (
            bool(data.get("withdrawn")) or bool(kept.withdrawal_reason),
            bool(kept.withdrawal_reason),
        ),
        "lang": (data.get("lang") or "en", kept.language),
    }
    return [f"{field}: {was!r}" for field, (was, now) in pairs.items() if was != now]


def letters(text: str) -> str:
    """A text as an eye sees it: without white space, controls and marks of direction."""
    return UNSEEN.sub("", unicodedata.normalize("NFC", text))


def arxiv_categories(data: dict[str, Any]) -> Iterator[str]:
    for listed in data["categories"]:
        if CATEGORY.fullmatch(listed) or re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", listed):
            yield listed
