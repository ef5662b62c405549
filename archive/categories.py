"""Pure: what arXiv's subject classes are called, from its taxonomy in data/categories.json."""

import json
from functools import lru_cache
from pathlib import Path

TAXONOMY = Path(__file__).resolve().parent / "data" / "categories.json"


@lru_cache(maxsize=1)
def read_taxonomy() -> dict[str, str]:
    return json.loads(TAXONOMY.read_text(encoding="utf-8"))


def category_name(code: str) -> str:
    """A class's name in words, or "" for a code that the taxonomy lacks."""
    return read_taxonomy().get(code, "")
