"""Pure: the arguments of an OAI-PMH request -> what it asks for, or the protocol's error.

http://www.openarchives.org/OAI/openarchivesprotocol.html, sections 3.1, 3.3 and 3.6.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MAX_ARGUMENT = 2_000  # characters


class ProtocolError(Exception):
    """One of the protocol's own errors: its code, and in words what is wrong."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Verb(NamedTuple):
    """What a verb must be asked with, and what it may be asked with."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    is_resumable: bool = False


LIST = Verb(("metadataPrefix",), ("from", "until", "set"), is_resumable=True)
VERBS = {
    "GetRecord": Verb(("identifier", "metadataPrefix")),
    "Identify": Verb(),
    "ListIdentifiers": LIST,
    "ListMetadataFormats": Verb((), ("identifier",)),
    "ListRecords": LIST,
    "ListSets": Verb(is_resumable=True),
}
TOKEN = "resumptionToken"  # noqa: S105  # no secret: the name of an argument
NAME = r"[A-Za-z0-9\-_.!~*'()]+"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?"
# What an argument must look like at all: the rest is for those who know the records.
SHAPES = {
    "identifier": re.compile(
        r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
    ),
    "metadataPrefix": re.compile(NAME),
    "set": re.compile(rf"{NAME}(?::{NAME})*"),
    "from": re.compile(MOMENT),
    "until": re.compile(MOMENT),
}


def read_arguments(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A request's arguments with `verb`: each once, known, and in its shape. Raises ProtocolError."""
    pairs = list(given)
    verbs = [value for name, value in pairs if name == "verb"]
    if len(verbs) != 1 or verbs[0] not in VERBS:
        raise ProtocolError("badVerb", f"Give one verb, of these: {', '.join(VERBS)}.")
    arguments = dict(pairs)
    if len(arguments) < len(pairs):
        raise ProtocolError("badArgument", "An argument was given more than once.")
    _check_names(arguments.keys() - {"verb"}, VERBS[verbs[0]])
    for name, value in arguments.items():
        _check_value(name, value)
    read_span(arguments)
    return arguments


def _check_names(names: set[str], verb: Verb) -> None:
    if TOKEN in names and verb.is_resumable:
        if len(names) > 1:
            raise ProtocolError("badArgument", f"With {TOKEN} goes no other argument.")
        return
    if unknown := names - {*verb.needs, *verb.takes}:
        shown = ", ".join(sorted(name[:40] for name in unknown))
        raise ProtocolError("badArgument", f"This verb does not take: {shown}.")
    if missing := [name for name in verb.needs if name not in names]:
        raise ProtocolError("badArgument", f"This verb needs: {', '.join(missing)}.")


def _check_value(name: str, value: str) -> None:
    if len(value) > MAX_ARGUMENT:
        raise ProtocolError("badArgument", f"{name} is longer than {MAX_ARGUMENT:,} characters.")
    if name in SHAPES and not SHAPES[name].fullmatch(value):
        raise ProtocolError("badArgument", f"{name} is not written as the protocol has it.")


def read_span(arguments: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    """The moment that datestamps begin with, and the one before which they end; None where there is none.

    `until` is included in the protocol, whether it is a day or a second. Raises ProtocolError.
    """
    since, until = arguments.get("from", ""), arguments.get("until", "")
    if since and until and len(since) != len(until):
        raise ProtocolError("badArgument", "from and until must both be days, or both be moments.")
    try:
        begins = _moment(since) if since else None
        ends = _moment(until) if until else None
    except ValueError:
        raise ProtocolError("badArgument", "from or until is no date.") from None
    if begins and ends and begins > ends:
        raise ProtocolError("badArgument", "from is later than until.")
    return begins, _after(ends, is_day=len(until) == len("2024-01-31"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _after(moment: datetime | None, *, is_day: bool) -> datetime | None:
    """The moment at which what is included in `until` is over; None where the calendar ends with it."""
    try:
        return moment and moment + (timedelta(days=1) if is_day else timedelta(seconds=1))
    except OverflowError:
        return None
