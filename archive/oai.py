"""Gateway: what an OAI-PMH server offers and lists -> pages of Records, and where to go on after each.

A list ends only where the server says so: a token that comes twice, a page that comes twice, or pages without
end that hold nothing are errors, and what was listed before is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from archive.oai_formats import Answer, Identity, ListedSet
from archive.oai_server import Refused, Server
from archive.records import Header, Page

MAX_EMPTY_PAGES = 10  # in a row; the protocol allows none


class TokenExpired(Refused):
    """The server no longer knows the resumption token: the list must be asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records are wanted: a format, a set, and a span of datestamps, both ends included.

    `since` and `until` are days (2024-01-31), or moments (2024-01-31T12:00:00Z) where the server counts them.
    """

    prefix: str = "arXivRaw"
    set_spec: str = ""
    since: str = ""
    until: str = ""

    def arguments(self, verb: str) -> dict[str, str]:
        wanted = {
            "verb": verb,
            "metadataPrefix": self.prefix,
            "set": self.set_spec,
            "from": self.since,
            "until": self.until,
        }
        return {name: value for name, value in wanted.items() if value}


def identify(server: Server) -> Identity:
    """What a server says of itself. Raises HarvestError."""
    answer = server.ask({"verb": "Identify"})
    raise_error(answer)
    (identity,) = (item for item in answer.items if isinstance(item, Identity))
    return identity


def list_sets(server: Server) -> Iterator[ListedSet]:
    """The sets that a server offers; none where it keeps none. Raises HarvestError."""
    for answer in walk(server, {"verb": "ListSets"}):
        yield from (item for item in answer.items if isinstance(item, ListedSet))


def list_headers(server: Server, selection: Selection) -> Iterator[tuple[Header, ...]]:
    """The headers of a server's records, page by page. Raises HarvestError."""
    for answer in walk(server, selection.arguments("ListIdentifiers")):
        yield tuple(item for item in answer.items if isinstance(item, Header))


def list_records(server: Server, selection: Selection, *, token: str = "") -> Iterator[Page]:
    """A server's records in pages, from a resumption token on where there is one. Raises HarvestError."""
    for answer in walk(server, selection.arguments("ListRecords"), token=token):
        yield Page(
            answer.records,
            position=answer.token,
            announced=answer.complete_size,
            listed_at=answer.responded_at,
        )


def walk(server: Server, arguments: dict[str, str], *, token: str = "") -> Iterator[Answer]:
    """The pages of any list, in order. Raises HarvestError where it goes round in circles."""
    seen_tokens, seen_pages, empty_pages = {token}, set[int](), 0
    while True:
        answer = server.ask({"verb": arguments["verb"], "resumptionToken": token} if token else arguments)
        if answer.error_code:
            raise_error(answer, is_middle=bool(token))
            return
        page = hash(answer.items)
        if answer.items and page in seen_pages:
            raise Refused("The server sent the same page twice: its list goes round in circles")
        seen_pages.add(page)
        empty_pages = 0 if answer.items else empty_pages + 1
        if empty_pages > MAX_EMPTY_PAGES:
            raise Refused(f"The server sent {empty_pages} pages without a record, and promises more")
        yield answer
        token = answer.token
        if not token:
            return
        if token in seen_tokens:
            raise Refused(f"The server sent the resumption token {token[:80]!r} twice")
        seen_tokens.add(token)


def raise_error(answer: Answer, *, is_middle: bool = False) -> None:
    """Raises what an error of the protocol means; that a whole list has no records, or no sets, is none."""
    code = answer.error_code
    if not code or (code in ("noRecordsMatch", "noSetHierarchy") and not is_middle):
        return
    if code == "badResumptionToken":
        raise TokenExpired(f"The server no longer knows the resumption token: {answer.error_text}")
    raise Refused(f"The server answered {code}: {answer.error_text}")
