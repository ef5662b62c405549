"""Filters as links: what a list can be narrowed to, with counts, each a plain address."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest


@dataclass(frozen=True)
class Option:
    """One value that a list can be narrowed to: its words, how many rows have it, the address."""

    words: str
    count: int | None
    address: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Facet:
    """A parameter of the address and its values. Where one is chosen, only the way out of it is shown."""

    label: str
    options: list[Option] = field(default_factory=list)
    chosen: str = ""
    without: str = ""

    @property
    def is_shown(self) -> bool:
        """A single value narrows nothing."""
        return bool(self.chosen) or len(self.options) > 1


def address_with(request: HttpRequest, **changes: object) -> str:
    """The present query with some parameters changed, or taken out (None), from its first page."""
    query = request.GET.copy()
    for name, value in {"page": None, **changes}.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def make_facet(
    request: HttpRequest, *, name: str, label: str, chosen: str, counts: Iterable[tuple[object, str, int]]
) -> Facet:
    """A facet of (value, words, count), with the value that the address has."""
    options = [
        Option(words, count, address_with(request, **{name: value}), is_chosen=str(value) == chosen)
        for value, words, count in counts
    ]
    words = next((option.words for option in options if option.is_chosen), chosen)
    return Facet(label, options, words if chosen else "", address_with(request, **{name: None}))
