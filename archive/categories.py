"""Pure: what arXiv's subject classes are called, from its taxonomy in data/categories.json."""

import json
from functools import lru_cache
from pathlib import Path

GROUPS = {
    "astro-ph": "Astrophysics",
    "cond-mat": "Condensed Matter",
    "cs": "Computer Science",
    "econ": "Economics",
    "eess": "Electrical Engineering and Systems Science",
    "math": "Mathematics",
    "nlin": "Nonlinear Sciences",
    "physics": "Physics",
    "q-bio": "Quantitative Biology",
    "q-fin": "Quantitative Finance",
    "stat": "Statistics",
}
TAXONOMY = Path(__file__).resolve().parent / "data" / "categories.json"


@lru_cache(maxsize=1)
def read_taxonomy() -> dict[str, str]:
    return json.loads(TAXONOMY.read_text(encoding="utf-8"))


def category_name(code: str) -> str:
    """A class's name in words, or "" for a code that the taxonomy lacks."""
    return read_taxonomy().get(code, "")


@lru_cache(maxsize=1)
def read_codes() -> dict[str, str]:
    """Codes by their names, as oai_dc has them: "Quantum Physics", "Computer Science - Machine Learning"."""
    codes = {}
    for code, name in read_taxonomy().items():
        group = GROUPS.get(code.partition(".")[0])
        codes[f"{group} - {name}" if group and "." in code else name] = code
    return codes


def category_code(name: str) -> str:
    """A class's code from its name with its group's, or "" for a name that the taxonomy lacks."""
    return read_codes().get(name, "")


def full_category_name(code: str) -> str:
    """A class's name with its group's, as category_code() reads it; the code for one that is not known."""
    return read_full_names().get(code, code)


@lru_cache(maxsize=1)
def read_full_names() -> dict[str, str]:
    return {code: name for name, code in read_codes().items()}
