"""Pure: a page of records that is no well-formed XML -> the records that are, and the others as bad ones.

Nothing is mended and nothing guessed: what stands around the records must be a whole answer by itself, and
each record is read alone in that frame, or not at all.
"""

import re
from dataclasses import replace

from archive.oai_formats import OAI, Answer, MalformedAnswer, parse_answer
from archive.records import BadRecord, Record

START = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?record(?=[\s>])")
END = re.compile(rb"</(?:[A-Za-z_][\w.-]*:)?record\s*>")
IDENTIFIER = re.compile(r"<(?:\w+:)?identifier>\s*([^<]{1,255}?)\s*</")
MAX_RECORDS = 10_000
MAX_FRAME = 20_000  # bytes: it is read again with each record


def salvage_answer(body: bytes) -> Answer | None:
    """The answer to ListRecords, its unreadable records as BadRecords; None where more than that is wrong."""
    starts = [match.start() for match in START.finditer(body)]
    ends = [match.end() for match in END.finditer(body)]
    if not starts or not ends or len(starts) > MAX_RECORDS:
        return None
    head, tail = body[: starts[0]], body[ends[-1] :]
    if len(head) + len(tail) > MAX_FRAME:
        return None
    try:
        frame = parse_answer(head + tail)
    except MalformedAnswer:
        return None
    if frame.verb != "ListRecords":
        return None
    places = zip(starts, [*starts[1:], ends[-1]], strict=True)
    return replace(frame, items=tuple(read_piece(head, body[start:end], tail) for start, end in places))


def read_piece(head: bytes, piece: bytes, tail: bytes) -> Record | BadRecord:
    try:
        records = parse_answer(head + piece + tail).records
    except MalformedAnswer as error:
        return name_bad(piece, str(error))
    return records[0] if len(records) == 1 else name_bad(piece, "the record is not one but several")


def name_bad(piece: bytes, reason: str) -> BadRecord:
    """A record as it came, with the namespace that it had from its page, so that it can be tried again."""
    raw = piece.decode("utf-8", "replace").strip()
    identifier = IDENTIFIER.search(raw)
    if raw.startswith("<record>"):
        raw = raw.replace("<record>", f'<record xmlns="{OAI.strip("{}")}">', 1)
    return BadRecord(reason.replace("the answer", "the record", 1), raw, identifier[1] if identifier else "")
