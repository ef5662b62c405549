"""Pure: days and moments as sources write them."""

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?![0-9])")


def read_mail_date(text: str) -> datetime:
    """The moment that mail and HTTP headers write: Mon, 2 Apr 2007 19:18:42 GMT. Raises ValueError alone."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError) as error:  # all of them come of bad dates
        raise ValueError(f"{text[:40]!r} is no date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_day(text: str) -> date | None:
    """The day of a date or time, the first day of a bare month or year; None for none. Raises ValueError."""
    match = DAY.match(text)
    if match is None:
        return None
    return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))


def read_moment(text: str) -> datetime | None:
    """A moment of UTC as OAI-PMH writes it; None for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
